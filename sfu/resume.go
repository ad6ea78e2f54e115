package sfu

import (
	"context"
	"crypto/subtle"
	"time"

	"github.com/pion/webrtc/v4"

	"github.com/diemcau/diemcau/internal/conference"
)

// How long a page may be away.
const (
	// resumeWithin is how long a session goes on whose page was lost: its media, its socket,
	// or both. Whoever comes back until then finds its PeerConnection, SSRCs and slots.
	resumeWithin = time.Minute
	// takenFor is how long a page is told that another one took its place: it may have been
	// without a line meanwhile, and must not take the place back by itself.
	takenFor = time.Hour
	maxTaken = 1024 // of a conference; the oldest are forgotten first
)

// Page says whose page joins or comes back.
type Page struct {
	// Venue is the page's venue; "": it is a stage page.
	Venue conference.VenueID
	// Owner is the role session of the page; a token is worth nothing without it.
	Owner string
	// Resume is the token of the session the page had; "": it had none.
	Resume string
}

// errReplaced refuses a page whose place another one took.
var errReplaced = conference.Refuse(conference.KindConflict, "media.replaced", "")

func (g Page) role() role {
	if g.Venue == "" {
		return roleStage
	}
	return roleVenue
}

// Join connects a venue or stage page: mic and camera of a venue up, fixed slots down
// (docs/protocol.md). A venue is connected once: a page with no token takes the place from
// the page before, one with the token of its own session goes on in its place, and one whose
// place another page took is refused with media.replaced (KindConflict).
func (p *Plane) Join(ctx context.Context, page Page, offer string) (*Session, string, error) {
	return p.join(ctx, page.role(), page, offer)
}

// Resume returns the session a page had, to go on with it: its PeerConnection is as it was,
// or waits for Restart. Refusals: media.unknown_session, media.replaced (KindConflict).
func (p *Plane) Resume(page Page) (*Session, error) {
	p.planeMu.Lock()
	defer p.planeMu.Unlock()
	return p.find(page)
}

// find returns the session a token is for; with planeMu held.
func (p *Plane) find(page Page) (*Session, error) {
	unknown := conference.Refuse(conference.KindNotFound, "media.unknown_session", "")
	if page.Resume == "" {
		return nil, unknown
	}
	if _, taken := p.taken[page.Resume]; taken {
		return nil, errReplaced
	}
	for _, s := range p.sessions {
		if s.is(page) && !s.ended() {
			return s, nil
		}
	}
	return nil, unknown
}

// is reports whether the session is the one the page's token is for.
func (s *Session) is(page Page) bool {
	return subtle.ConstantTimeCompare([]byte(s.page.Resume), []byte(page.Resume)) == 1 &&
		s.page.Owner == page.Owner && s.venue == page.Venue && s.role == page.role()
}

// took remembers that another page took the place of a session; with planeMu held.
func (p *Plane) took(s *Session, now time.Time) {
	oldest := ""
	for token, at := range p.taken {
		if now.Sub(at) > takenFor {
			delete(p.taken, token)
		} else if oldest == "" || at.Before(p.taken[oldest]) {
			oldest = token
		}
	}
	if len(p.taken) >= maxTaken {
		delete(p.taken, oldest)
	}
	p.taken[s.page.Resume] = now
}

// Token returns what the session's page comes back with: 128 random bits in base32, good
// until the session ends, for the same role session, venue and conference. It is a secret.
func (s *Session) Token() string { return s.page.Resume }

// Hold is a page's grip on its session through one socket. All methods may be called
// concurrently; those of a hold that another socket's took over do nothing.
type Hold struct {
	session *Session
	turn    uint64
}

// Hold takes the session for a socket, from the page's socket before.
func (s *Session) Hold() *Hold {
	s.holdMu.Lock()
	defer s.holdMu.Unlock()
	s.turn++
	s.parkedAt = time.Time{}
	return &Hold{session: s, turn: s.turn}
}

// Park says that the socket broke: the page has a minute to come back with the token.
func (h *Hold) Park() {
	s := h.session
	s.holdMu.Lock()
	defer s.holdMu.Unlock()
	if s.turn == h.turn && s.parkedAt.IsZero() {
		s.parkedAt = s.plane.now()
	}
}

// Leave ends the session: the page went away.
func (h *Hold) Leave() {
	s := h.session
	s.holdMu.Lock()
	mine := s.turn == h.turn
	s.holdMu.Unlock()
	if mine {
		s.Close()
	}
}

// over reports whether the page was away for too long.
func (s *Session) over(now time.Time) bool {
	s.holdMu.Lock()
	parked := s.parkedAt
	s.holdMu.Unlock()
	within := s.plane.node.resumeWithin()
	if !parked.IsZero() && now.Sub(parked) > within {
		return true
	}
	lost := s.lost.Load()
	return lost != 0 && now.UnixNano()-lost > int64(within)
}

// gone reports whether the page has been silent for so long that its venue counts as away:
// it is not shown, not heard, and in nobody's tile, though it may still come back.
func (s *Session) gone(now time.Time) bool {
	lost := s.lost.Load()
	_, after := s.plane.node.silence()
	return lost != 0 && now.UnixNano()-lost > int64(after)
}

// steady follows the connection: a page that is lost may come back, an encoder makes a new
// session.
func (s *Session) steady(state webrtc.PeerConnectionState) {
	switch state {
	case webrtc.PeerConnectionStateConnected:
		s.connected.Store(true)
		s.lost.Store(0)
		s.plane.changed()
	case webrtc.PeerConnectionStateConnecting, webrtc.PeerConnectionStateDisconnected:
		if s.connected.Load() { // connecting again is a restart of ICE
			s.lost.CompareAndSwap(0, s.plane.now().UnixNano())
		}
	case webrtc.PeerConnectionStateFailed:
		if s.role == roleEncoder || !s.connected.Load() {
			s.Close()
		}
		s.lost.CompareAndSwap(0, s.plane.now().UnixNano())
	case webrtc.PeerConnectionStateClosed:
		s.Close()
	case webrtc.PeerConnectionStateUnknown, webrtc.PeerConnectionStateNew:
	}
}

// EndOwner ends every session of a role session that was revoked, with or without a socket.
func (n *Node) EndOwner(owner string) {
	for _, p := range n.all() {
		p.planeMu.Lock()
		var over []*Session
		for _, s := range p.sessions {
			if s.page.Owner != "" && s.page.Owner == owner {
				over = append(over, s)
			}
		}
		p.planeMu.Unlock()
		for _, s := range over {
			s.Close()
		}
	}
}
