package signaling

import (
	"context"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/signaling/protocol"
)

// parkFor is how long a page's media goes on without a socket: a proxy that cuts the
// socket must not cut the picture of a hall.
const parkFor = 15 * time.Second

// mediaKey names the page media belongs to.
type mediaKey struct {
	conference conference.ID
	session    string
}

// parkedMedia waits for its page to come back.
type parkedMedia struct {
	session MediaSession
	until   time.Time
}

const maxTiles = 64

var (
	errNoMedia   = conference.Refuse(conference.KindUnavailable, "media.unavailable", "")
	errNotJoined = conference.Refuse(conference.KindNotFound, "media.unknown_session", "")
)

// mediaCommand carries a media command out and answers it.
func (c *conn) mediaCommand(ctx context.Context, m *protocol.ClientMessage) {
	var ok *protocol.OK
	var err error
	switch m.Name {
	case "media.join":
		ok, err = c.joinMedia(ctx, m)
	case "media.restart":
		ok, err = c.restartMedia(ctx, m)
	case "media.tiles":
		ok, err = c.chooseTiles(m)
	case "media.leave":
		if s := c.takeMedia(nil); s != nil {
			s.Close()
		}
		ok = &protocol.OK{}
	default:
		err = errUnknownCommand(m.Name)
	}
	c.reply(m.ID, ok, err)
	if m.Name == "media.join" && err == nil {
		c.watchMedia()
	}
}

func (c *conn) joinMedia(ctx context.Context, m *protocol.ClientMessage) (*protocol.OK, error) {
	offer, err := body[protocol.MediaOffer](m.Data)
	if err != nil {
		return nil, err
	}
	if c.hub.cfg.Media == nil {
		return nil, errNoMedia
	}
	// A page joins anew when it has given up what it had. That goes on until the new session
	// has taken its place in the plane, but its end is no news for the page any more.
	if before := c.takeMedia(nil); before != nil {
		defer before.Close()
	}
	session, answer, err := c.hub.cfg.Media.Join(ctx, c.room.id, c.actor, offer.SDP)
	if err != nil {
		return nil, err
	}
	c.takeMedia(session)
	return &protocol.OK{SDP: answer, ICEServers: c.iceServers(session)}, nil
}

// iceServers returns what relays the page's media, with fresh credentials.
func (c *conn) iceServers(session MediaSession) []protocol.ICEServer {
	if elsewhere, is := session.(interface{ ICEServers() []protocol.ICEServer }); is {
		return elsewhere.ICEServers() // on another node, which has a relay of its own
	}
	if c.relay == "" {
		return nil
	}
	username, credential := c.hub.cfg.Relay.Credentials(string(c.room.id) + "/" + c.actor.Session)
	return []protocol.ICEServer{{URLs: []string{c.relay}, Username: username, Credential: credential}}
}

func (c *conn) restartMedia(ctx context.Context, m *protocol.ClientMessage) (*protocol.OK, error) {
	offer, err := body[protocol.MediaOffer](m.Data)
	if err != nil {
		return nil, err
	}
	session := c.currentMedia()
	if session == nil {
		return nil, errNotJoined
	}
	answer, err := session.Restart(ctx, offer.SDP)
	if err != nil {
		return nil, err
	}
	return &protocol.OK{SDP: answer, ICEServers: c.iceServers(session)}, nil
}

func (c *conn) chooseTiles(m *protocol.ClientMessage) (*protocol.OK, error) {
	tiles, err := body[protocol.MediaTiles](m.Data)
	if err != nil {
		return nil, err
	}
	if len(tiles.Venues) > maxTiles {
		return nil, errBadBody
	}
	session := c.currentMedia()
	if session == nil {
		return nil, errNotJoined
	}
	venues := make([]conference.VenueID, 0, len(tiles.Venues))
	for _, v := range tiles.Venues {
		venues = append(venues, conference.VenueID(v))
	}
	session.Tiles(venues)
	return &protocol.OK{}, nil
}

// watchMedia sends the slots of the socket's media session until it ends or is replaced.
func (c *conn) watchMedia() {
	session := c.currentMedia()
	if session == nil {
		return
	}
	// Stops with the media session or the socket; run waits for it.
	c.commands.Go(func() { c.guard("slots", func() { c.sendSlots(session) }) })
}

func (c *conn) sendSlots(session MediaSession) {
	leaving := c.leaving()
	for {
		slots, changed := session.Slots()
		if slots == nil {
			slots = []protocol.Slot{}
		}
		if c.currentMedia() != session {
			return
		}
		c.send(&protocol.ServerMessage{Type: typeSlots, Slots: &protocol.Slots{Slots: slots}})
		select {
		case <-changed:
		case <-session.Done():
			if c.dropMedia(session) {
				c.send(&protocol.ServerMessage{
					Type:  typeSlots,
					Slots: &protocol.Slots{Slots: []protocol.Slot{}, Ended: true, Replaced: Replaced(session)},
				})
			}
			return
		case <-leaving:
			return
		}
	}
}

// takeMedia puts a session in the place of the one before, which it returns.
func (c *conn) takeMedia(session MediaSession) MediaSession {
	c.mediaMu.Lock()
	defer c.mediaMu.Unlock()
	before := c.media
	c.media = session
	return before
}

// dropMedia forgets a session if it is the present one.
func (c *conn) dropMedia(session MediaSession) bool {
	c.mediaMu.Lock()
	defer c.mediaMu.Unlock()
	if c.media != session {
		return false
	}
	c.media = nil
	return true
}

func (c *conn) currentMedia() MediaSession {
	c.mediaMu.Lock()
	defer c.mediaMu.Unlock()
	return c.media
}

// leaveMedia parks the socket's media for the page to come back to, or ends it when the
// page has gone or may not come back.
func (c *conn) leaveMedia() {
	session := c.takeMedia(nil)
	if session == nil {
		return
	}
	c.mu.Lock()
	final := c.unloaded || (c.closing != nil && c.closing.code >= protocol.CloseNoProtocol)
	key := mediaKey{c.room.id, c.actor.Session}
	c.mu.Unlock()
	if final || key.session == "" {
		session.Close()
		return
	}
	if before := c.hub.park(key, session); before != nil {
		before.Close()
	}
}

// adoptMedia takes over the media its page left when the socket before broke.
func (c *conn) adoptMedia() bool {
	if c.actor.Session == "" {
		return false
	}
	session := c.hub.unpark(mediaKey{c.room.id, c.actor.Session})
	if session == nil {
		return false
	}
	select {
	case <-session.Done():
		return false
	default:
	}
	c.takeMedia(session)
	return true
}

// park returns the session that was parked under the key before.
func (h *Hub) park(key mediaKey, session MediaSession) MediaSession {
	h.mu.Lock()
	defer h.mu.Unlock()
	before := h.parked[key].session
	h.parked[key] = parkedMedia{session, h.cfg.Now().Add(parkFor)}
	return before
}

func (h *Hub) unpark(key mediaKey) MediaSession {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.parked[key]
	delete(h.parked, key)
	return p.session
}

// closeParked ends the media whose time is over; all of it when now is zero.
func (h *Hub) closeParked(now time.Time) {
	var over []MediaSession
	h.mu.Lock()
	for key, p := range h.parked {
		if now.IsZero() || now.After(p.until) {
			over = append(over, p.session)
			delete(h.parked, key)
		}
	}
	h.mu.Unlock()
	for _, session := range over {
		session.Close()
	}
}
