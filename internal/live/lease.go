package live

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/outbox"
	"github.com/diemcau/diemcau/moderation"
)

const (
	// leaseFor is how long a card is held without a sign of its holder. Only the store's
	// clock counts it, so that a node's own clock cannot end a lease early.
	leaseFor  = 90 * time.Second
	tendEvery = 2 * time.Second
)

// leaseKey is a key per holder: what somebody does who cannot have the card does not
// touch the holder's lease.
func (c *Conference) leaseKey(id conference.QuestionID, session string) string {
	return "lease:" + string(c.id) + ":" + string(id) + ":" + session
}

// keepLease begins or prolongs a lease.
func (c *Conference) keepLease(ctx context.Context, id conference.QuestionID, session string) error {
	ctx, cancel := context.WithTimeout(ctx, logTimeout)
	defer cancel()
	key, leased := c.leaseKey(id, session), []byte("1")
	for _, old := range [][]byte{leased, nil, leased} { // it may end, or begin, in between
		done, err := c.leases.CompareAndSet(ctx, key, old, leased, leaseFor)
		if err != nil {
			return unavailable("the lease cannot be kept")
		}
		if done {
			return nil
		}
	}
	return unavailable("the lease cannot be kept")
}

// hasLease reports whether a session's lease of a card runs.
func (c *Conference) hasLease(ctx context.Context, id conference.QuestionID, session string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, logTimeout)
	defer cancel()
	value, err := c.leases.Get(ctx, c.leaseKey(id, session))
	return value != nil, err
}

// lease begins the actor's lease, so that no card is ever claimed without one, and returns the
// holder whose lease has lapsed, or "". Who cannot have the card changes nothing by asking.
func (c *Conference) lease(ctx context.Context, id conference.QuestionID, actor conference.Actor) (lapsed string, err error) {
	if err := c.keepLease(ctx, id, actor.Session); err != nil {
		return "", err
	}
	holder, err := c.holder(id)
	if err != nil || holder == actor.Session {
		return "", nil //nolint:nilerr // what is wrong with it the rules tell
	}
	if runs, err := c.hasLease(ctx, id, holder); err != nil || runs {
		return "", nil //nolint:nilerr // nobody's card is taken on a doubt
	}
	return holder, nil
}

// holder returns the session that holds a card. Refusals: question.unknown,
// question.not_claimed.
func (c *Conference) holder(id conference.QuestionID) (string, error) {
	c.stateMu.RLock()
	defer c.stateMu.RUnlock()
	q := c.state.questions.Question(id)
	if q == nil {
		return "", conference.Refuse(conference.KindNotFound, "question.unknown", string(id))
	}
	if q.Claim == nil {
		return "", conference.Refuse(conference.KindConflict, "question.not_claimed", string(q.State))
	}
	return q.Claim.Session, nil
}

func (c *Conference) keepCard(ctx context.Context, body KeepCard, actor conference.Actor) (Outcome, error) {
	holder, err := c.holder(body.ID)
	if err != nil {
		return Outcome{}, err
	}
	if holder != actor.Session {
		return Outcome{}, conference.Refuse(conference.KindConflict, "question.claimed_by_other", "session "+holder)
	}
	if err := c.keepLease(ctx, body.ID, actor.Session); err != nil {
		return Outcome{}, err
	}
	return Outcome{Question: body.ID, State: moderation.StateClaimed}, nil
}

// tend does what nobody asks for: it puts cards back whose lease has lapsed, and carries
// over what still waits when the conference has closed. All nodes do it; the log lets one win.
func (c *Conference) tend(ctx context.Context) {
	ticker := time.NewTicker(tendEvery)
	defer ticker.Stop()
	for {
		epoch := c.epoch() // a rollback may take leases with it, which recover then begins anew
		for _, body := range c.chores(ctx) {
			command := conference.Command{ID: rand.Text(), Actor: conference.Actor{Role: conference.RoleSystem}, Body: body}
			_, err := c.give(ctx, &request{command: command, answer: make(chan answer, 1), epoch: epoch})
			if ctx.Err() != nil {
				return
			}
			if refusal, is := errors.AsType[*conference.Error](err); err != nil && (!is || refusal.Kind != conference.KindConflict) {
				c.logger.WarnContext(ctx, "what is due could not be done", slog.String("command", body.CommandType()), slog.Any("err", err))
				break // the log is away; the next round tries again
			}
		}
		if err := c.eraseNow(ctx); err != nil && ctx.Err() == nil {
			c.logger.WarnContext(ctx, "what is erased is still in the store", slog.Any("err", err))
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// epoch returns the epoch of the durable state.
func (c *Conference) epoch() string {
	c.stateMu.RLock()
	defer c.stateMu.RUnlock()
	return c.state.at.Epoch
}

// chores returns what is due now.
func (c *Conference) chores(ctx context.Context) []conference.Body {
	var due []conference.Body
	claimed, waiting := c.inHand()
	for _, q := range claimed {
		if runs, err := c.hasLease(ctx, q.ID, q.Claim.Session); err == nil && !runs {
			due = append(due, moderation.Release{ID: q.ID, Session: q.Claim.Session})
		}
	}
	for _, q := range waiting {
		due = append(due, moderation.CarryOver{ID: q.ID})
	}
	if c.lettersToBegin() {
		due = append(due, outbox.Begin{})
	}
	return append(due, c.dueRegistrations()...)
}

// inHand returns the claimed questions, and those to be carried over.
func (c *Conference) inHand() (claimed, waiting []*moderation.Question) {
	c.stateMu.RLock()
	defer c.stateMu.RUnlock()
	closed := c.state.info.State == conference.StateClosed
	for _, q := range c.state.questions.Questions() {
		if q.State == moderation.StateClaimed {
			claimed = append(claimed, q)
		} else if closed && q.AwaitsAirtime() {
			waiting = append(waiting, q)
		}
	}
	return claimed, waiting
}
