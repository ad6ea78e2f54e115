package sfu_test

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/sfu"
)

// cable is a socket that can be unplugged.
type cable struct {
	net.PacketConn

	out atomic.Bool
}

func plug(t *testing.T) *cable {
	t.Helper()
	conn, err := (&net.ListenConfig{}).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return &cable{PacketConn: conn}
}

func (c *cable) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		n, from, err := c.PacketConn.ReadFrom(b)
		if err != nil || !c.out.Load() {
			return n, from, err
		}
	}
}

func (c *cable) WriteTo(b []byte, to net.Addr) (int, error) {
	if c.out.Load() {
		return len(b), nil
	}
	return c.PacketConn.WriteTo(b, to)
}

// joinPage joins as the page says; a venue sends.
func joinPage(t *testing.T, plane *sfu.Plane, page sfu.Page, socket net.PacketConn) *peer {
	t.Helper()
	s := shape{mic: true, camera: true, videos: 2, audios: 3, socket: socket}
	if page.Venue == "" {
		s = shape{videos: 4, audios: 1, socket: socket}
	}
	return newPeer(t, s).join(func(ctx context.Context, offer string) (*sfu.Session, string, error) {
		return plane.Join(ctx, page, offer)
	})
}

// resumed returns the page with the token of its session.
func resumed(page sfu.Page, s *sfu.Session) sfu.Page {
	page.Resume = s.Token()
	return page
}

// tilesOf returns the venues in the tiles of a session.
func tilesOf(s *sfu.Session) []conference.VenueID {
	var shown []conference.VenueID
	slots, _, _ := s.Slots()
	for _, slot := range slots {
		if slot.Kind == sfu.SlotTile && slot.Venue != "" {
			shown = append(shown, slot.Venue)
		}
	}
	return shown
}

// A page whose line was down for so long that its venue counts as away comes back to the
// same session: the same connection, SSRCs and slots, and one tile, not two.
func TestM7_PageComesBackToItsSession(t *testing.T) {
	t.Parallel()
	plane := newPlane(t)
	city := joinVenue(t, plane, hall)
	film(t, city, 1)
	stage := joinPage(t, plane, sfu.Page{}, nil)
	line := plug(t)
	page := sfu.Page{Venue: east, Owner: "s1"}
	e := joinPage(t, plane, page, line)
	film(t, e, 2)
	programme := e.slot(sfu.SlotProgramme, video, 0)
	e.wait(programme, "city hall", sees(1))
	until(t, "two tiles", func() bool { return len(tilesOf(stage.session)) == 2 })
	before, token := e.session, e.session.Token()

	line.out.Store(true)
	until(t, "the tile goes, then the venue", func() bool {
		all, _ := plane.Publishers()
		return len(tilesOf(stage.session)) == 1 && len(all) == 1
	})
	if before.Token() != token || plane.Stats().Sessions != 3 {
		t.Errorf("got %d sessions, want the one that is away to wait for its page", plane.Stats().Sessions)
	}
	line.out.Store(false)
	had, returned := len(e.packets(programme)), len(e.packets(e.slot(sfu.SlotReturn, video, 0)))
	same, err := plane.Resume(resumed(page, before))
	must(t, err)
	if same != before {
		t.Fatal("it is another session")
	}
	must(t, e.offer(&webrtc.OfferOptions{ICERestart: true}, same.Restart))
	all := e.wait(programme, "pictures again", func(all []received) bool { return len(all) > had+30 })
	for i, p := range all[1:] {
		if p.SSRC != all[0].SSRC || (i >= had && p.SequenceNumber != all[i].SequenceNumber+1) {
			t.Fatalf("packet %d has SSRC %d and number %d after %d and %d", i+1, p.SSRC, p.SequenceNumber, all[i].SSRC, all[i].SequenceNumber)
		}
	}
	e.wait(e.slot(sfu.SlotReturn, video, 0), "City Hall again", func(all []received) bool { return len(all) > returned+30 })
	until(t, "two tiles again", func() bool { return len(tilesOf(stage.session)) == 2 })
	if plane.Stats().Sessions != 3 {
		t.Errorf("got %d sessions, want 3", plane.Stats().Sessions)
	}
}

// A page that lost its connection makes another one in the same place: the old session is
// gone at once, nobody is told that it was another page, and a stage keeps its tiles.
func TestM7_PageComesBackWithAnotherConnection(t *testing.T) {
	t.Parallel()
	plane := newPlane(t)
	city := joinVenue(t, plane, hall)
	film(t, city, 1)
	for _, page := range []sfu.Page{{Venue: east, Owner: "s1"}, {Owner: "s2"}} {
		first := joinPage(t, plane, page, nil)
		first.session.Tiles([]conference.VenueID{hall})
		second := joinPage(t, plane, resumed(page, first.session), nil)
		ends(t, first.session)
		if first.session.Replaced() || second.session.Token() == first.session.Token() {
			t.Errorf("%+v: the page is told that another one took its place, or has the old token", page)
		}
		second.wait(second.slot(sfu.SlotProgramme, video, 0), "city hall", sees(1))
		if page.Venue == "" {
			film(t, joinVenue(t, plane, west), 3)
			until(t, "the tiles it chose", func() bool {
				all, _ := plane.Publishers()
				return all[west].Video && len(tilesOf(second.session)) == 1 && tilesOf(second.session)[0] == hall
			})
		}
		_, err := plane.Resume(resumed(page, first.session))
		wantCode(t, err, "media.unknown_session")
	}
}

// A page whose place another page took does not take it back by itself, however it tries.
func TestM7_TakenPlaceIsNotTakenBack(t *testing.T) {
	t.Parallel()
	plane := newPlane(t)
	page := sfu.Page{Venue: east, Owner: "s1"}
	first := joinPage(t, plane, page, nil)
	second := joinPage(t, plane, sfu.Page{Venue: east, Owner: "s2"}, nil)
	ends(t, first.session)
	_, err := plane.Resume(resumed(page, first.session))
	wantCode(t, err, "media.replaced")
	_, _, err = plane.Join(t.Context(), resumed(page, first.session), offerOf(t, true))
	wantCode(t, err, "media.replaced")
	if second.session.Replaced() {
		t.Error("the second page lost its place")
	}
	third := joinPage(t, plane, page, nil) // its operator pressed the button
	ends(t, second.session)
	if !second.session.Replaced() || third.session.Replaced() {
		t.Error("who pressed the button has not got the place")
	}
}

// A token is worth nothing for another role session, venue, role or conference.
func TestM7_TokenIsBound(t *testing.T) {
	t.Parallel()
	node := newNode(t, sfu.Config{})
	plane := node.Plane("c", hall)
	page := sfu.Page{Venue: east, Owner: "s1"}
	token := joinPage(t, plane, page, nil).session.Token()
	if len(token) < 26 { // base32 of 128 bits
		t.Errorf("the token has %d characters", len(token))
	}
	for name, other := range map[string]sfu.Page{
		"another role session": {Venue: east, Owner: "s2", Resume: token},
		"another venue":        {Venue: west, Owner: "s1", Resume: token},
		"a stage":              {Owner: "s1", Resume: token},
		"a part of it":         {Venue: east, Owner: "s1", Resume: token[:20]},
		"none":                 {Venue: east, Owner: "s1"},
	} {
		if _, err := plane.Resume(other); err == nil {
			t.Errorf("%s: the token is taken", name)
		}
	}
	page.Resume = token
	if _, err := node.Plane("another", hall).Resume(page); err == nil {
		t.Error("another conference takes the token")
	}
	if _, err := plane.Resume(page); err != nil {
		t.Errorf("its own: %v", err)
	}
	node.EndOwner("s1")
	until(t, "a revoked session has no media", func() bool { return plane.Stats().Sessions == 0 })
}

// A page that does not come back is forgotten: one without a socket, one without media.
// One socket that took the session over does not care for what the one before says.
func TestM7_PageThatStaysAwayIsForgotten(t *testing.T) {
	t.Parallel()
	plane := newNode(t, sfu.Config{ResumeWithin: 4 * time.Second}).Plane("c", hall)
	parked := joinPage(t, plane, sfu.Page{Venue: east, Owner: "s1"}, nil)
	parked.session.Hold().Park()
	line := plug(t)
	silent := joinPage(t, plane, sfu.Page{Venue: west, Owner: "s2"}, line)
	line.out.Store(true)
	taken := joinPage(t, plane, sfu.Page{Venue: hall, Owner: "s3"}, nil)
	old := taken.session.Hold()
	now := taken.session.Hold()
	old.Park()
	old.Leave()
	ends(t, parked.session)
	ends(t, silent.session)
	until(t, "one is left", func() bool { return plane.Stats().Sessions == 1 })
	select {
	case <-taken.session.Done():
		t.Error("a socket that is no more ended the session")
	default:
	}
	now.Leave()
	ends(t, taken.session)
}

// goneContext is the context of somebody who went away at the last moment: what looks at it
// learns so, what waits for it does not yet.
type goneContext struct{ done <-chan struct{} }

func gone(ctx context.Context) context.Context { return goneContext{ctx.Done()} }

func (goneContext) Deadline() (deadline time.Time, ok bool) { return time.Time{}, false }
func (c goneContext) Done() <-chan struct{}                 { return c.done }
func (goneContext) Err() error                              { return context.Canceled }
func (goneContext) Value(any) any                           { return nil }

// TestM11_AJoinNobodyWaitsForTakesNoPlace: the offer a page made on a socket it has given up
// does not take the place from the one it made on the next.
func TestM11_AJoinNobodyWaitsForTakesNoPlace(t *testing.T) {
	t.Parallel()
	plane := newPlane(t)
	page := sfu.Page{Venue: "a", Owner: "s"}
	now := joinPage(t, plane, page, nil)
	err := newPeer(t, shape{mic: true, camera: true, videos: 2, audios: 3}).offer(nil, func(ctx context.Context, offer string) (string, error) {
		_, answer, err := plane.Join(gone(ctx), page, offer)
		return answer, err
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the join called off", err)
	}
	select {
	case <-now.session.Done():
		t.Error("the page's session was replaced")
	default:
	}
}
