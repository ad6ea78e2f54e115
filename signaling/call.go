package signaling

import (
	"context"
	"log/slog"
	"slices"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/moderation"
	"github.com/diemcau/diemcau/signaling/protocol"
)

// callsShown is how many people to call are listed at once.
const callsShown = 500

// callsCommand answers question.calls: everybody who left a number, for those who call back.
func (c *conn) callsCommand(ctx context.Context, m *protocol.ClientMessage) {
	who := audience{role: c.actor.Role}
	err := c.limit(ctx, m)
	if err == nil && !who.callsBack() {
		err = conference.Refuse(conference.KindForbidden, "access.denied", "")
	}
	if err != nil {
		c.reply(m.ID, nil, err)
		return
	}
	calls := c.calls(who)
	c.traceTold(ctx, slog.Int("listed", len(calls.List)))
	c.reply(m.ID, &protocol.OK{Calls: calls}, nil)
}

// calls lists who is to be called, those who have waited longest first, and behind them
// who was called, the latest first.
func (c *conn) calls(who audience) *protocol.Calls {
	var waiting, called []*moderation.Question
	for _, q := range c.room.conf.Snapshot().Questions {
		switch {
		case q.Contact == nil || q.Contact.Phone == "":
		case q.Contact.Called == nil:
			waiting = append(waiting, q)
		default:
			called = append(called, q)
		}
	}
	slices.SortStableFunc(called, func(a, b *moderation.Question) int {
		return b.Contact.Called.At.Compare(a.Contact.Called.At)
	})
	out := &protocol.Calls{Waiting: len(waiting), Called: len(called), List: []protocol.Call{}}
	for _, q := range append(waiting, called...) {
		if len(out.List) == callsShown {
			break
		}
		if call, may := c.call(who, q); may {
			out.List = append(out.List, call)
		}
	}
	return out
}

// call is one person to call; false for the roles that may not know.
func (c *conn) call(who audience, q *moderation.Question) (protocol.Call, bool) {
	contact := who.contact(q)
	if contact == nil {
		return protocol.Call{}, false
	}
	call := protocol.Call{ID: string(q.ID), Contact: *contact}
	if s, err := c.room.conf.StandingOf(q.ID); err == nil {
		call.Code = s.Code
	}
	if made := q.Contact.Called; made != nil {
		call.Made = &protocol.CallMade{At: made.At, Person: made.Person}
	}
	return call, true
}
