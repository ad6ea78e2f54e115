package signaling

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/diemcau/diemcau/internal/access"
	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/signaling/protocol"
)

const sessionWithin = 5 * time.Second

// hello answers the first message; false when the socket is being closed.
func (c *conn) hello(ctx context.Context, data []byte) bool {
	m, err := decode(data)
	if err != nil || m.Type != "hello" || m.Hello == nil {
		c.bye(protocol.CloseBadMessage, byeBadMessage, 0)
		return false
	}
	hello := m.Hello
	if !slices.Contains(hello.Protocols, protocol.Version) {
		c.bye(protocol.CloseNoProtocol, byeNoProtocol, 0)
		return false
	}
	if hello.Lang == protocol.LangEn {
		c.lang = protocol.LangEn
	}
	session, err := c.signIn(ctx, hello)
	c.cookies = nil
	if err != nil {
		if isKind(err, conference.KindUnauthorised) {
			c.bye(protocol.CloseNotSignedIn, byeNotSignedIn, 0)
			return false
		}
		c.logger.ErrorContext(ctx, "session cannot be read", slog.Any("err", err))
		c.bye(protocol.CloseInternal, byeInternal, 0)
		return false
	}
	welcome := &protocol.Welcome{
		Protocol:   protocol.Version,
		Role:       session.Role,
		Venue:      string(session.Venue),
		Person:     session.Person,
		Session:    session.Ref,
		ServerTime: c.hub.cfg.Now().UTC(),
		Server:     c.hub.server,
		Demo:       session.Demo,
		Media:      c.adoptMedia(ctx, hello.MediaToken),
	}
	if err := c.enter(welcome, hello.Cursor); err != nil {
		c.logger.ErrorContext(ctx, "socket cannot join", slog.String("role", string(session.Role)), slog.Any("err", err))
		c.bye(protocol.CloseInternal, byeInternal, 0)
		return false
	}
	if welcome.Media {
		c.watchMedia()
	}
	c.room.call(func() { c.room.tellAllLines(c) })
	return true
}

var errNotSignedIn = conference.Refuse(conference.KindUnauthorised, "session.unknown", "")

// signIn returns the session hello asks for; without a role: the citizen's empty one.
func (c *conn) signIn(ctx context.Context, hello *protocol.Hello) (*access.Session, error) {
	session, cookie := &access.Session{Role: conference.RoleCitizen}, ""
	if hello.Role != "" && hello.Role != conference.RoleCitizen {
		ctx, cancel := context.WithTimeout(ctx, sessionWithin)
		defer cancel()
		var err error
		if session, cookie, err = c.session(ctx, hello); err != nil {
			return nil, err
		}
	}
	c.mu.Lock()
	c.actor, c.cookie = session.Actor(), cookie
	c.mu.Unlock()
	return session, nil
}

// session finds the one cookie that stands for the role and venue in this conference.
func (c *conn) session(ctx context.Context, hello *protocol.Hello) (*access.Session, string, error) {
	if c.program {
		return nil, "", errNotSignedIn
	}
	name := cookieBase + string(hello.Role)
	if hello.Role == conference.RoleVenue {
		name = cookieVenue + hello.Venue
	}
	var found *access.Session
	var cookie string
	for have, value := range c.cookies {
		anyVenue := hello.Role == conference.RoleVenue && hello.Venue == "" && strings.HasPrefix(have, cookieVenue)
		if have != name && !anyVenue {
			continue
		}
		s, err := c.hub.cfg.Gate.Session(ctx, value)
		if isKind(err, conference.KindUnauthorised) {
			continue
		}
		if err != nil {
			return nil, "", err
		}
		// An administrator of all conferences is one of this one.
		if s.Role != hello.Role || s.Conference != c.room.id && s.Conference != "" ||
			(hello.Venue != "" && hello.Role == conference.RoleVenue && string(s.Venue) != hello.Venue) {
			continue
		}
		if found != nil {
			return nil, "", errNotSignedIn // several venues: hello must say which
		}
		found, cookie = s, value
	}
	if found == nil {
		return nil, "", errNotSignedIn
	}
	return found, cookie, nil
}

// enter sends welcome and joins the room after the cursor, or with a snapshot.
func (c *conn) enter(welcome *protocol.Welcome, cursor string) error {
	position, err := uint64(0), live.ErrGap
	if cursor != "" {
		position, err = c.room.conf.Resume(cursor)
	}
	resume := err == nil
	for {
		var s start
		if !c.room.call(func() { s = c.room.admit(c, position, resume) }) {
			return errStopped
		}
		if s.err != nil {
			return s.err
		}
		var missed []*protocol.ServerMessage
		if s.bridge {
			missed, err = c.room.bridge(audience{c.actor.Role, s.public}, position, cursor, &s)
			if errors.Is(err, live.ErrGap) {
				resume = false
				continue
			}
			if err != nil {
				return err
			}
		}
		welcome.Resumed = s.resumed
		return c.begin(welcome, &s, missed)
	}
}

// begin sends what comes before the ring and joins it.
func (c *conn) begin(welcome *protocol.Welcome, s *start, missed []*protocol.ServerMessage) error {
	c.send(&protocol.ServerMessage{Type: typeWelcome, Welcome: welcome})
	if s.snapshot != nil {
		c.sendPrepared(s.snapshot, 0)
	}
	for _, m := range missed {
		if err := c.sendBounded(m); err != nil {
			return err
		}
	}
	c.join(s.ring, s.index)
	return nil
}

// bridge makes the messages from a client's cursor to where its ring goes on.
func (r *room) bridge(who audience, position uint64, cursor string, s *start) ([]*protocol.ServerMessage, error) {
	var out []*protocol.ServerMessage
	var events []protocol.Event
	for position < s.to {
		changes, _, err := r.conf.Since(position)
		if err != nil {
			return nil, err
		}
		if len(changes) == 0 {
			return nil, live.ErrGap
		}
		for i := range changes {
			if position = changes[i].Event.Position; position > s.to {
				break
			}
			if e, ok := who.event(&changes[i]); ok {
				events = append(events, e)
			}
			if len(events) == eventsChunk && position < s.to {
				out = append(out, chain(cursor, changes[i].Cursor, events))
				cursor, events = changes[i].Cursor, nil
			}
		}
	}
	// What was voted meanwhile is not among the changes: the totals are told again.
	out = append(out, chain(cursor, s.toCursor, events))
	if votes := who.votes(s.votes); len(votes) > 0 {
		out = append(out, watermark(s.toCursor, s.toCursor, votes))
	}
	return out, nil
}

func isKind(err error, kind conference.Kind) bool {
	var refusal *conference.Error
	return errors.As(err, &refusal) && refusal.Kind == kind
}
