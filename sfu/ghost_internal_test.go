package sfu

import (
	"log/slog"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"
	"pgregory.net/rapid"

	"github.com/diemcau/diemcau/internal/conference"
)

// shadow is what a page of the model thinks of its session.
type shadow struct {
	session *Session
	hold    *Hold
	page    Page
	lost    bool
}

// ghosts drives a plane whose sessions have no connection: the test says what their
// connections do, and what time it is.
type ghosts struct {
	plane   *Plane
	clock   time.Time
	offer   *offer
	pages   []*shadow // every page there ever was, the newest last
	watcher *Session  // a stage with a tile for everybody
}

func newGhosts(t *rapid.T) *ghosts {
	g := &ghosts{clock: time.Unix(1_666_918_800, 0)}
	g.plane = newPlane(&Node{cfg: Config{Now: func() time.Time { return g.clock }}, log: slog.New(slog.DiscardHandler)}, "c", "v0")
	if g.plane.broken != nil {
		t.Fatal(g.plane.broken)
	}
	up := func(m webrtc.RTPCodecType, mid string) line {
		return line{mid: mid, media: m, up: true, codec: format{payload: 96}}
	}
	g.offer = &offer{lines: []line{up(webrtc.RTPCodecTypeAudio, "0"), up(webrtc.RTPCodecTypeVideo, "1")}}
	stage := &offer{}
	for _, mid := range []string{"0", "1", "2", "3", "4"} {
		stage.lines = append(stage.lines, line{mid: mid, media: webrtc.RTPCodecTypeVideo, down: true, codec: format{payload: 96}})
	}
	g.watcher = newSession(g.plane, roleStage, Page{}, stage)
	if err := g.plane.admit(t.Context(), g.watcher, nil); err != nil {
		t.Fatal(err)
	}
	g.watcher.steady(webrtc.PeerConnectionStateConnected)
	return g
}

// join lets a page come, with the token it says.
func (g *ghosts) join(t *rapid.T, page Page) {
	g.plane.planeMu.Lock()
	before, err := g.plane.find(page)
	g.plane.planeMu.Unlock()
	if err == errReplaced { //nolint:errorlint // it is returned as it is
		return
	}
	s := newSession(g.plane, roleVenue, page, g.offer)
	s.pub.addLayer(&cameraLayer{feed: newVideoFeed(g.plane.ids.next(), lowRing)})
	if err := g.plane.admit(t.Context(), s, before); err != nil {
		t.Fatal(err)
	}
	s.steady(webrtc.PeerConnectionStateConnected)
	page.Resume = s.Token()
	g.pages = append(g.pages, &shadow{session: s, hold: s.Hold(), page: page})
}

// settle lets what has ended be taken down, as a session's own goroutine does, and routes.
func (g *ghosts) settle() {
	g.plane.planeMu.Lock()
	all := slices.Collect(maps.Values(g.plane.sessions))
	g.plane.planeMu.Unlock()
	for _, s := range all {
		if s.over(g.clock) {
			s.Close()
		}
	}
	for _, p := range g.pages {
		if p.session.ended() {
			g.plane.remove(p.session)
		} else if !p.lost {
			layers, _ := p.session.pub.feeds()
			layers[0].feed.arrives(g.clock.UnixNano())
		}
	}
	g.plane.route()
}

// tiles are the venues in the tiles of the watcher, in order.
func (g *ghosts) tiles() []conference.VenueID {
	var shown []conference.VenueID
	slots, _, _ := g.watcher.Slots()
	for _, s := range slots {
		if s.Kind == SlotTile && s.Venue != "" {
			shown = append(shown, s.Venue)
		}
	}
	return shown
}

// living are the venues that have a session whose media stands.
func (g *ghosts) living(t *rapid.T) []conference.VenueID {
	var all []conference.VenueID
	for _, p := range g.pages {
		if p.session.ended() || p.lost {
			continue
		}
		if slices.Contains(all, p.page.Venue) {
			t.Fatalf("%s is connected twice", p.page.Venue)
		}
		all = append(all, p.page.Venue)
	}
	slices.Sort(all)
	return all
}

// Venues join, drop, park, come back with a token of now or of before, are replaced, and
// leave, at random: the tiles are the venues whose media stands, each once; nobody is away
// for longer than a minute; and a token gives back the session it is for or none.
func TestM7_NeverAGhost(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g := newGhosts(t)
		defer g.plane.close()
		pick := func(t *rapid.T) *shadow {
			if len(g.pages) == 0 {
				t.Skip() // no page is there yet: rapid draws another step
			}
			return rapid.SampledFrom(g.pages).Draw(t, "page")
		}
		t.Repeat(map[string]func(*rapid.T){
			"join": func(t *rapid.T) {
				venue := rapid.SampledFrom([]conference.VenueID{"v0", "v1", "v2", "v3"}).Draw(t, "venue")
				g.join(t, Page{Venue: venue, Owner: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "owner")})
			},
			"join again": func(t *rapid.T) { g.join(t, pick(t).page) },
			"resume": func(t *rapid.T) {
				p := pick(t)
				s, err := g.plane.Resume(p.page)
				switch {
				case err == nil && (s != p.session || s.ended()):
					t.Fatal("the token gives another session, or one that has ended")
				case err != nil && !p.session.ended():
					t.Fatalf("a living session is not given back: %v", err)
				case err == nil:
					p.hold = s.Hold()
				}
			},
			"lose": func(t *rapid.T) {
				p := pick(t)
				p.lost = true
				p.session.steady(webrtc.PeerConnectionStateDisconnected)
			},
			"regain": func(t *rapid.T) {
				p := pick(t)
				p.lost = false
				p.session.steady(webrtc.PeerConnectionStateConnected)
			},
			"park":  func(t *rapid.T) { pick(t).hold.Park() },
			"leave": func(t *rapid.T) { pick(t).hold.Leave() },
			"time": func(t *rapid.T) {
				g.clock = g.clock.Add(time.Duration(rapid.IntRange(1, 40).Draw(t, "s")) * time.Second)
			},
			"": func(t *rapid.T) {
				g.settle()
				want := g.living(t)
				got := slices.Sorted(slices.Values(g.tiles()))
				// Who has just fallen silent may stand in a tile for the two seconds a layer lives.
				got = slices.DeleteFunc(got, func(v conference.VenueID) bool {
					return !slices.Contains(want, v) && slices.ContainsFunc(g.pages, func(p *shadow) bool {
						layers, _ := p.session.pub.feeds()
						return p.page.Venue == v && !p.session.ended() && layers[0].feed.alive(g.clock, layerAlive)
					})
				})
				if !slices.Equal(got, want) {
					t.Fatalf("the tiles show %v, living are %v", got, want)
				}
				for _, p := range g.pages {
					if lost := p.session.lost.Load(); !p.session.ended() && lost != 0 && g.clock.Sub(time.Unix(0, lost)) > resumeWithin {
						t.Fatal("a session is kept for longer than a minute")
					}
				}
			},
		})
	})
}
