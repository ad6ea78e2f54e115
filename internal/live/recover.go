package live

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog"
)

// EventRolledBack notes in a log that it once held more: a failover or a restore has taken
// it back. It is the first event of a new epoch and about EntityLog.
const EventRolledBack = "log.rolledBack"

// EntityLog stands for the log itself.
const EntityLog conference.Entity = "log"

// RolledBack is the data of EventRolledBack, version 1: the end that the node knew which
// noticed it. What is behind the event's own place of it was lost, or written again since.
type RolledBack struct {
	Epoch    string `json:"epoch"`
	Position uint64 `json:"position"`
	Hash     string `json:"hash"`
}

// recover goes on with a log that does not continue what was read: it sees to it that the
// log has a new epoch, reads it from the start, and leaves what the log has lost of this
// node's acknowledgements to be written again (pipe). Every follower meets one gap.
func (c *Conference) recover(ctx context.Context, why error) error {
	before := c.state.at
	if err := c.renew(ctx); err != nil {
		return fmt.Errorf("renew log of %s: %w", c.id, err)
	}
	if err := c.rebuild(ctx); err != nil {
		return err
	}
	missing := c.ledger.reread(c.state, c.now())
	c.keepLeases(ctx)
	c.logger.ErrorContext(ctx, "log was restored or rolled back: everybody starts over", slog.Any("err", why),
		slog.Group("log", slog.Uint64("before", before.Pos), slog.Uint64("now", c.state.at.Pos), slog.Int("missing", missing)))
	return nil
}

// keepLeases begins the leases of all cards anew that are in somebody's hands, or will be
// when the claim is written again: the store may have lost them with the events.
func (c *Conference) keepLeases(ctx context.Context) {
	holders := make(map[conference.QuestionID]string)
	claimed, _ := c.inHand()
	for _, q := range claimed {
		holders[q.ID] = q.Claim.Session
	}
	maps.Copy(holders, c.ledger.claims())
	for id, session := range holders {
		if err := c.keepLease(ctx, id, session); err != nil {
			c.logger.WarnContext(ctx, "lease is lost", slog.String("question", string(id)), slog.Any("err", err))
			return // the store is away: so is the log
		}
	}
}

// renew gives the log a new epoch, unless another node has, or it is not lost after all.
func (c *Conference) renew(ctx context.Context) error {
	note, err := rolledBack(c.state.at)
	if err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, c.limit)
	defer cancel()
	_, err = c.log.Renew(limited, c.state.at, eventlog.NewEpoch(), note)
	if errors.Is(err, eventlog.ErrEpoch) || errors.Is(err, eventlog.ErrHeld) {
		return nil
	}
	return err
}

func rolledBack(lost eventlog.Position) (eventlog.Command, error) {
	data, err := json.Marshal(RolledBack{Epoch: lost.Epoch, Position: lost.Pos, Hash: lost.Hash})
	if err != nil {
		return eventlog.Command{}, fmt.Errorf("encode %s: %w", EventRolledBack, err)
	}
	event := conference.Event{
		ID: rand.Text(), Type: EventRolledBack, V: 1, Cause: rand.Text(),
		Actor:  conference.Actor{Role: conference.RoleSystem},
		Entity: EntityLog, Bumps: []conference.Entity{EntityLog}, Data: data,
	}
	canonical, err := eventlog.Encode(event)
	if err != nil {
		return eventlog.Command{}, err
	}
	draft := eventlog.Draft{ID: event.ID, Canonical: canonical, Bumps: event.Bumps}
	return eventlog.Command{ID: event.Cause, Drafts: []eventlog.Draft{draft}}, nil
}
