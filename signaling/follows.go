package signaling

import (
	"context"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/limits"
	"github.com/diemcau/diemcau/signaling/protocol"
)

// followMessage starts or ends following a tracking code. Looking codes up is limited
// for each socket, so that nobody finds one by trying.
func (c *conn) followMessage(ctx context.Context, m *protocol.ClientMessage) {
	if m.Type == "unfollow" {
		if id, ok := c.follows[m.Code]; ok {
			delete(c.follows, m.Code)
			c.room.call(func() { c.room.unfollow(c, id) })
		}
		return
	}
	if err := c.follow(ctx, m.Code); err != nil {
		c.reply(m.ID, nil, err)
	}
}

func (c *conn) follow(ctx context.Context, code string) error {
	if id, ok := c.follows[code]; ok {
		c.room.call(func() { c.room.follow(c, id) })
		return nil
	}
	if len(c.follows) >= protocol.MaxFollowsPerPeer {
		return conference.Refuse(conference.KindInvalid, "follow.too_many", "")
	}
	if !c.lookups.take(c.hub.clock(), lookupsEvery, lookupsBurst) {
		return conference.Refuse(conference.KindRateLimited, "rate.limited", "")
	}
	if err := c.hub.cfg.Limits.Peek(limits.Miss, c.asker()); err != nil {
		return err
	}
	s, err := c.room.conf.Standing(code)
	if err != nil {
		c.missed(ctx, err)
		return err
	}
	if c.follows == nil {
		c.follows = map[string]conference.QuestionID{}
	}
	c.follows[code] = s.Question.ID
	c.room.call(func() { c.room.follow(c, s.Question.ID) })
	return nil
}
