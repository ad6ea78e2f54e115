package signaling

import (
	"context"
	"errors"
	"strconv"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/limits"
	"github.com/diemcau/diemcau/signaling/protocol"
)

// asker returns on whose account the socket's commands are counted: the session's, or,
// for a citizen, the socket's own; and the address's in both cases.
func (c *conn) asker() limits.Asker {
	a := limits.Asker{Address: c.from, Session: c.actor.Session, Conference: c.room.id}
	if a.Session == "" {
		a.Socket = strconv.FormatUint(c.number, 36)
	}
	return a
}

// limit refuses a command that comes too often, or without the proof of work that is
// needed now. Refusals: those of limits.Take and limits.Submit.
func (c *conn) limit(ctx context.Context, m *protocol.ClientMessage) error {
	asked := c.hub.cfg.Limits
	switch m.Name {
	case "question.submit":
		d, err := body[protocol.QuestionSubmit](m.Data)
		if err != nil {
			return err
		}
		if err := asked.Take(ctx, limits.Submission, c.asker()); err != nil {
			return err
		}
		return asked.Submit(ctx, c.asker(), d.Proof, d.IdempotencyKey)
	case "question.vote":
		return asked.Take(ctx, limits.Vote, c.asker())
	case "question.similar", "question.calls":
		return asked.Take(ctx, limits.Search, c.asker())
	case "question.withdraw", "question.contact":
		return asked.Peek(limits.Miss, c.asker()) // by tracking code, which might be guessed
	case "question.amend":
		if err := asked.Peek(limits.Miss, c.asker()); err != nil {
			return err
		}
		return asked.Take(ctx, limits.Submission, c.asker())
	}
	return nil
}

// missed counts a tracking code that does not exist, whatever it was tried for.
func (c *conn) missed(ctx context.Context, err error) {
	if errors.Is(err, &conference.Error{Code: "question.unknown_code"}) {
		_ = c.hub.cfg.Limits.Take(ctx, limits.Miss, c.asker()) // who guesses too often is told so the next time
	}
}

// limited adds to a refusal when to come back and what to solve first.
func limited(p *protocol.Problem, err error) {
	refusal, is := errors.AsType[*limits.Error](err)
	if !is {
		return
	}
	// Many may wait behind one address: they come back one after the other.
	p.RetryAfterMs = max(refusal.After.Milliseconds(), 1) + jitter(retryBase).Milliseconds()
	if refusal.Challenge != nil {
		challenge := protocol.Challenge(*refusal.Challenge)
		p.Challenge = &challenge
	}
}
