package live

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/diemcau/diemcau/internal/eventlog"
)

// pipe decides and writes. While one batch is under way the next is decided on top of it;
// when the first is written whole, the second follows at once, and the first is taken over
// and answered meanwhile. When it is not, what was decided on it is decided again. Owned
// by run's goroutine.
//
//	waiting ─▶ ahead ─▶ flight ─▶ log.Append ─▶ state ─▶ answers
//	   ▲         │        │ not whole
//	   └─────────┴────────┘
type pipe struct {
	*Conference
	appends chan<- *flight
	waiting []*request // to be decided, in order of arrival
	ahead   *batch     // decided, to be written next; nil: nothing
	flight  *flight    // being written; nil: nothing
}

// flight is an append under way. Its outcome may be read once landed is closed.
type flight struct {
	batch   *batch
	seen    eventlog.Position
	landed  chan struct{}
	results []eventlog.Result
	end     eventlog.Position
	err     error
}

// held is a request answered only if what the answer rests on became durable.
type held struct {
	request *request
	verdict verdict
	answer
}

// proceed decides, writes and answers as far as nothing has to be waited for. Its error
// is fatal.
func (p *pipe) proceed(ctx context.Context) error {
	for {
		if lost := p.ledger.lost(); len(lost) > 0 { // before all others
			p.retract()
			p.waiting = append(lost, p.waiting...)
		}
		if p.flight == nil && p.turns.owes && (p.ahead != nil || len(p.waiting) > 0) {
			p.retract()
			if err := p.waitTurn(ctx); err != nil {
				return err
			}
			p.waiting = p.drain(p.waiting, intake)
			continue
		}
		p.decide()
		switch {
		case p.flight != nil || p.ahead == nil:
			return nil
		case len(p.ahead.entries) > 0:
			p.launch(p.state.at)
			continue
		}
		if err := p.settle(ctx); err != nil {
			return err
		}
	}
}

// room is how many requests may wait.
func (p *pipe) room() int {
	if p.flight != nil {
		return intakeBusy
	}
	return intake
}

// decide decides what waits on top of what is under way, as far as there is room.
func (p *pipe) decide() {
	for len(p.waiting) > 0 {
		r := p.waiting[0]
		if r.epoch != "" && r.epoch != p.state.at.Epoch {
			r.reply(Outcome{}, errOtherEpoch)
			p.waiting = p.waiting[1:]
			continue
		}
		if p.ahead == nil {
			p.ahead = newBatch(p.state, p.sealer, p.now())
			if p.flight != nil {
				p.ahead.stack(p.flight.batch)
			}
		}
		verdict, outcome, err := p.ahead.decide(r)
		if verdict == full {
			if len(p.ahead.judged) > 0 {
				return
			}
			verdict, err = settled, fmt.Errorf("append to %s: %w", p.id, eventlog.ErrTooLarge)
		}
		r.behind = verdict == follows
		r.known = r.known || verdict == settled && err == nil && outcome.Position > 0
		p.ahead.judged = append(p.ahead.judged, held{r, verdict, answer{outcome, err}})
		p.decided.Add(1)
		p.waiting = p.waiting[1:]
	}
}

// launch has what was decided written behind a position.
func (p *pipe) launch(seen eventlog.Position) {
	f := &flight{batch: p.ahead, seen: seen, landed: make(chan struct{})}
	for _, e := range f.batch.entries {
		e.request.tried = true
	}
	p.turns.try(f.batch)
	p.ahead, p.flight = nil, f
	p.appends <- f // has room: nothing else is under way
}

// retract takes back what was decided ahead: what it rests on did not come true, or may not.
func (p *pipe) retract() {
	if p.ahead == nil {
		return
	}
	p.waiting = append(requestsOf(p.ahead.judged), p.waiting...)
	p.ahead = nil
}

// again has requests decided once more, before those that came after them.
func (p *pipe) again(requests []*request) {
	next := make([]*request, 0, len(requests)+len(p.waiting))
	for _, r := range requests {
		if r.rounds++; r.rounds >= maxRounds {
			giveUp([]*request{r}, "others were faster too often")
			continue
		}
		next = append(next, r)
	}
	p.waiting = append(next, p.waiting...)
}

// land takes over what became of the append under way. Its error is fatal.
func (p *pipe) land(ctx context.Context) error {
	f := p.flight
	p.flight = nil
	b := f.batch
	if f.err == nil && len(f.results) == len(b.entries) {
		return p.written(ctx, f)
	}
	p.retract()
	switch {
	case f.err == nil:
		p.again(requestsOf(b.judged))
		return fmt.Errorf("append to %s: %d results for %d commands", p.id, len(f.results), len(b.entries))
	case errors.Is(f.err, eventlog.ErrEpoch), errors.Is(f.err, eventlog.ErrRolledBack):
		if err := p.recover(ctx, f.err); err != nil {
			return p.unreadable(ctx, b.judged, err)
		}
		p.again(requestsOf(b.judged))
	case errors.Is(f.err, eventlog.ErrUnavailable):
		p.logger.WarnContext(ctx, "log is not available", slog.Any("err", f.err))
		b.unsent()
		giveUp(requestsOf(b.judged), "the log cannot be written")
	case errors.Is(f.err, eventlog.ErrTooLarge), errors.Is(f.err, eventlog.ErrMalformed):
		for _, h := range b.judged {
			h.request.reply(Outcome{}, fmt.Errorf("append to %s: %w", p.id, f.err))
		}
	default:
		return p.unclear(ctx, b.judged, f.err)
	}
	return nil
}

// unclear goes on after an append of unknown outcome: the log tells what became of it, now
// or when the same command comes again.
func (p *pipe) unclear(ctx context.Context, judged []held, err error) error {
	p.logger.WarnContext(ctx, "outcome of an append is unknown", slog.Any("err", err))
	for _, h := range judged {
		h.request.unknown++
	}
	for _, r := range p.waiting { // were decided on top of it
		r.known = r.known || r.behind
	}
	if err := p.catchUp(ctx); err != nil {
		return p.unreadable(ctx, judged, err)
	}
	var again []*request
	for _, h := range judged {
		if h.request.unknown < maxUnknown {
			again = append(again, h.request)
			continue
		}
		giveUp([]*request{h.request}, "the log does not answer")
	}
	p.again(again)
	return nil
}

// written takes over what an append wrote and answers. If everything was written, right
// after what we knew, every answer given on the overlay is true now, and so is what was
// decided on top of it: that is written while this one is taken over.
func (p *pipe) written(ctx context.Context, f *flight) error {
	b := f.batch
	own, follows := p.place(b, f.results, f.end)
	whole := follows && !anyStale(f.results)
	p.turns.took(ctx, f.results)
	switch {
	case !whole:
		p.retract()
	case p.ahead != nil && len(p.ahead.entries) > 0 && !p.turns.owes:
		p.launch(f.end)
	}
	if !follows || !p.applyOwn(own) {
		whole = false
		p.retract()
		if err := p.catchUp(ctx); err != nil {
			return p.unreadable(ctx, b.judged, err)
		}
		p.ledger.retry()
	}
	p.confirmed = f.end
	p.rest(b)
	var again []*request
	for _, h := range b.judged {
		h.request.fresh = true
		outcome, known := p.state.outcome(h.request.command.ID)
		switch {
		case h.verdict == writes && known && p.isConfirmed(outcome.Position):
			p.answer(held{h.request, h.verdict, answer{outcome, nil}})
		case h.verdict == settled && whole:
			p.answer(h)
		default:
			again = append(again, h.request)
		}
	}
	if len(again) > 0 {
		p.retract() // they came before it
		p.again(again)
	}
	return nil
}

// rest has what was decided on top of a batch rest on the state, which holds it now.
func (p *pipe) rest(landed *batch) {
	if p.flight != nil {
		p.flight.batch.unstack(landed, p.state)
	}
	if p.ahead != nil {
		p.ahead.unstack(landed, p.state)
	}
}

func anyStale(results []eventlog.Result) bool {
	for i := range results {
		if results[i].Stale != nil {
			return true
		}
	}
	return false
}

// abandon answers all there is, after a fatal error.
func (p *pipe) abandon() {
	p.retract()
	if p.flight != nil {
		p.waiting = append(requestsOf(p.flight.batch.judged), p.waiting...)
	}
	giveUp(p.waiting, "the log cannot be followed")
}

// unreadable answers after an append or a refusal that could not be verified. It returns
// the error if it is fatal.
func (p *pipe) unreadable(ctx context.Context, judged []held, err error) error {
	giveUp(requestsOf(judged), "the log cannot be read")
	if fatal(err) {
		return err
	}
	p.logger.WarnContext(ctx, "log cannot be read", slog.Any("err", err))
	return nil
}

// giveUp answers with what is certain: nothing was written, or nobody knows.
func giveUp(waiting []*request, why string) {
	for _, r := range waiting {
		if r.tried || r.known || r.behind {
			r.reply(Outcome{}, unknownOutcome(why))
			continue
		}
		r.reply(Outcome{}, unavailable(why))
	}
}

func requestsOf(judged []held) []*request {
	requests := make([]*request, len(judged))
	for i, h := range judged {
		requests[i] = h.request
	}
	return requests
}
