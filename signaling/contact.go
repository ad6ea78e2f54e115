package signaling

import (
	"context"
	"log/slog"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/signaling/protocol"
)

// contactCommand answers question.contact: whom to call back about the question with a
// tracking code. The code is the asker's leave to look, and keeps a desk from reading
// everybody's number.
func (c *conn) contactCommand(ctx context.Context, m *protocol.ClientMessage) {
	found, err := c.contact(ctx, m)
	if err != nil {
		c.missed(ctx, err)
		c.reply(m.ID, nil, err)
		return
	}
	c.reply(m.ID, &protocol.OK{Contact: found}, nil)
}

func (c *conn) contact(ctx context.Context, m *protocol.ClientMessage) (*protocol.Contact, error) {
	d, err := body[protocol.QuestionCode](m.Data)
	if err != nil {
		return nil, err
	}
	if err := c.limit(ctx, m); err != nil {
		return nil, err
	}
	s, err := c.room.conf.Standing(d.Code)
	if err != nil {
		return nil, err
	}
	found := audience{role: c.actor.Role}.contact(s.Question)
	if found == nil {
		return nil, conference.Refuse(conference.KindForbidden, "access.denied", "")
	}
	c.traceTold(ctx, slog.String("question", string(s.Question.ID)))
	return found, nil
}

// traceTold leaves a trace of which session was told whom to call back; never the number.
func (c *conn) traceTold(ctx context.Context, what slog.Attr) {
	c.logger.LogAttrs(ctx, slog.LevelInfo, "whom to call back was told", what,
		slog.String("role", string(c.actor.Role)), slog.String("session", c.actor.Session))
}
