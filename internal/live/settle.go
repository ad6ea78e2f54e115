package live

import (
	"context"
	"errors"
	"log/slog"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog"
)

// settle answers requests that write nothing; nothing is under way. A refusal that rests on
// the state is given only when the state has been the log's end since the request came:
// another node's event may have made it wrong. And what an answer rests on must be
// confirmed: it may be another node's event, or our own whose replicas did not answer in
// time. One fence tells both. Its error is fatal.
func (p *pipe) settle(ctx context.Context) error {
	judged := p.ahead.judged
	p.ahead = nil
	var open []held
	var again []*request
	for _, h := range judged {
		switch {
		case h.verdict == follows: // what it followed has been written, or not
			again = append(again, h.request)
		case p.rests(h):
			p.answer(h)
		default:
			open = append(open, h)
		}
	}
	defer func() { p.again(again) }()
	if len(open) == 0 {
		return nil
	}
	moved, err := p.fence(ctx)
	switch {
	case errors.Is(err, eventlog.ErrEpoch), errors.Is(err, eventlog.ErrRolledBack):
		if err := p.recover(ctx, err); err != nil {
			return p.unreadable(ctx, open, err)
		}
		again = append(requestsOf(open), again...)
		return nil
	case fatal(err):
		return p.unreadable(ctx, open, err)
	case err != nil:
		p.logger.WarnContext(ctx, "what was read is not confirmed", slog.Any("err", err))
		giveUp(requestsOf(open), "the log does not confirm what was read")
		return nil
	}
	for _, h := range open {
		h.request.fresh = true
	}
	if moved {
		again = append(requestsOf(open), again...)
		return nil
	}
	for _, h := range open {
		p.answer(h)
	}
	return nil
}

// rests reports whether an answer rests on what is certain.
func (p *pipe) rests(h held) bool {
	switch {
	case mayChange(h.answer):
		return h.request.fresh && p.isConfirmed(p.state.at.Pos)
	case h.err == nil:
		return p.isConfirmed(h.outcome.Position)
	}
	return true // wrong in any state
}

// mayChange reports whether an answer rests on the state, which others may have changed:
// a lost race, something unknown, or nothing to do.
func mayChange(a answer) bool {
	if a.err == nil {
		return a.outcome.Position == 0
	}
	var refusal *conference.Error
	return errors.As(a.err, &refusal) &&
		(refusal.Kind == conference.KindConflict || refusal.Kind == conference.KindNotFound)
}
