package signaling

import (
	"context"
	"errors"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/signaling/protocol"
)

// adoptWithin is how long a page's hello waits for its media, which may be on another node.
const adoptWithin = 3 * time.Second

const maxTiles = 64

var (
	errNoMedia   = conference.Refuse(conference.KindUnavailable, "media.unavailable", "")
	errNotJoined = conference.Refuse(conference.KindNotFound, "media.unknown_session", "")
)

// mediaCommand carries a media command out and answers it. It ends with its socket, unlike
// what goes into the record: a page that has come back asks anew, and an offer that waited
// for media on their way to another node must not take the place from the newer one.
func (c *conn) mediaCommand(ctx context.Context, m *protocol.ClientMessage) {
	ctx, release := c.whileHere(ctx)
	defer release()
	var ok *protocol.OK
	var err error
	switch m.Name {
	case "media.join":
		ok, err = c.joinMedia(ctx, m)
	case "media.restart":
		ok, err = c.restartMedia(ctx, m)
	case "media.tiles":
		ok, err = c.chooseTiles(m)
	case "media.talk":
		ok, err = c.talkTo(ctx, m)
	case "media.look":
		ok, err = c.lookAt(m)
	case "media.leave":
		if s := c.startOver(nil); s != nil {
			s.Close()
		}
		ok = &protocol.OK{}
	default:
		err = errUnknownCommand(m.Name)
	}
	if errors.Is(err, context.Canceled) {
		err = errNoMedia // nobody waits for it
	}
	c.reply(m.ID, ok, err)
	if m.Name == "media.join" && err == nil {
		c.watchMedia()
	}
}

// whileHere returns a context that ends with the socket too.
func (c *conn) whileHere(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	leaving := c.leaving()
	// Stops with the socket or the command; run waits for it.
	c.commands.Go(func() {
		select {
		case <-leaving:
			cancel()
		case <-ctx.Done():
		}
	})
	return ctx, cancel
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
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if before := c.startOver(cancel); before != nil {
		offer.MediaToken = before.Token()
		defer before.Close()
	}
	session, answer, err := c.hub.cfg.Media.Join(ctx, c.room.id, c.actor, offer)
	if err == nil && !c.settle(ctx, session) {
		session.Close()
		err = errNoMedia
	}
	if err != nil {
		return nil, err
	}
	return &protocol.OK{SDP: answer, MediaToken: session.Token(), ICEServers: c.iceServers(session)}, nil
}

// iceServers returns what relays the page's media, with credentials that are good for five
// minutes. Those of another node are the ones of its last answer.
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

// talkTo lets the page's microphone be heard in one venue.
func (c *conn) talkTo(ctx context.Context, m *protocol.ClientMessage) (*protocol.OK, error) {
	talk, err := body[protocol.MediaTalk](m.Data)
	if err != nil {
		return nil, err
	}
	session := c.currentMedia()
	if session == nil {
		return nil, errNotJoined
	}
	if err := session.Talk(ctx, conference.VenueID(talk.Venue)); err != nil {
		return nil, err //nolint:wrapcheck // a refusal, or it says what was tried
	}
	return &protocol.OK{}, nil
}

// maxLooks is how many slots one message may tell of: as many as an offer has m-lines.
const maxLooks = 64

func (c *conn) lookAt(m *protocol.ClientMessage) (*protocol.OK, error) {
	look, err := body[protocol.MediaLook](m.Data)
	if err != nil {
		return nil, err
	}
	if len(look.Slots) > maxLooks {
		return nil, errBadBody
	}
	session := c.currentMedia()
	if session == nil {
		return nil, errNotJoined
	}
	session.Look(look.Slots)
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
		if slots.Slots == nil {
			slots.Slots = []protocol.Slot{}
		}
		if c.currentMedia() != session {
			return
		}
		c.send(&protocol.ServerMessage{Type: typeSlots, Slots: &slots})
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

// startOver returns the session the socket has and lets it have none, and cancels the join
// that is under way; cancel is for the one that begins now, or nil.
func (c *conn) startOver(cancel context.CancelFunc) MediaSession {
	c.mediaMu.Lock()
	defer c.mediaMu.Unlock()
	if c.joining != nil {
		c.joining()
	}
	before := c.media
	c.media, c.joining = nil, cancel
	return before
}

// settle gives the socket the session it joined; false: nobody waits for it any more.
func (c *conn) settle(ctx context.Context, session MediaSession) bool {
	c.mediaMu.Lock()
	defer c.mediaMu.Unlock()
	if ctx.Err() != nil {
		return false
	}
	c.media, c.joining = session, nil
	return true
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
	session := c.startOver(nil)
	if session == nil {
		return
	}
	c.mu.Lock()
	final := c.unloaded || (c.closing != nil && c.closing.code >= protocol.CloseNoProtocol)
	c.mu.Unlock()
	if final {
		session.Close()
		return
	}
	session.Park()
}

// adoptMedia takes over the media session that a page comes back to with a token.
func (c *conn) adoptMedia(ctx context.Context, token string) bool {
	if token == "" || c.hub.cfg.Media == nil || !c.hub.cfg.May(c.actor.Role, "media.join") {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, adoptWithin)
	defer cancel()
	session, err := c.hub.cfg.Media.Resume(ctx, c.room.id, c.actor, token)
	if err != nil {
		return false // it joins, and is told then why it may not
	}
	if !c.settle(ctx, session) {
		session.Park() // as if it had not been found
		return false
	}
	return true
}
