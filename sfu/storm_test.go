package sfu_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/pion/webrtc/v4"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/sfu"
)

// M7: venues that join, drop, come back to their session or to their place, replace each
// other and leave, all at once and at random, never stand in two tiles; when the storm is
// over the tiles are those who are there.
func TestM7_StormLeavesNoGhost(t *testing.T) {
	t.Parallel()
	plane := newPlane(t)
	city := joinVenue(t, plane, hall)
	film(t, city, 1)
	stage := newPeer(t, shape{videos: 8, audios: 1}).join(plane.JoinStage)
	venues := []conference.VenueID{east, west, "phia-bac"}
	ended := make(chan struct{})
	var watching, storm sync.WaitGroup
	watching.Go(func() { // ends with ended
		for {
			slots, _, change := stage.session.Slots()
			seen := map[conference.VenueID]bool{}
			for _, s := range slots {
				if s.Kind == sfu.SlotTile && s.Venue != "" && seen[s.Venue] {
					t.Errorf("%s stands in two tiles", s.Venue)
				}
				seen[s.Venue] = seen[s.Venue] || s.Kind == sfu.SlotTile
			}
			select {
			case <-change:
			case <-ended:
				return
			}
		}
	})
	last := make([]*peer, len(venues))
	for i, v := range venues {
		// Ends when the venue has done all it does.
		storm.Go(func() { last[i] = weather(t, plane, v, mark(i+2), rand.New(rand.NewPCG(7, uint64(i)))) })
	}
	storm.Wait()
	if t.Failed() {
		close(ended)
		watching.Wait()
		return
	}
	all := append([]conference.VenueID{hall}, venues...)
	until(t, "the tiles are those who are there", func() bool { return sameVenues(tilesOf(stage.session), all) && plane.Stats().Sessions == len(all)+1 })
	last[0].session.Hold().Leave()
	must(t, last[1].pc.Close())
	until(t, "and not those who have left", func() bool {
		return sameVenues(tilesOf(stage.session), []conference.VenueID{hall, venues[2]}) && plane.Stats().Sessions == 3
	})
	close(ended)
	watching.Wait()
}

func sameVenues(a, b []conference.VenueID) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// weather is what one venue goes through; it ends connected.
func weather(t *testing.T, plane *sfu.Plane, v conference.VenueID, m mark, random *rand.Rand) *peer {
	t.Helper()
	page := sfu.Page{Venue: v, Owner: "of " + string(v)}
	line := plug(t)
	p := joinPage(t, plane, page, line)
	_, stop := film(t, p, m)
	for range full(6, 100) {
		switch random.IntN(4) {
		case 0: // its socket and its line break; it comes back to its session
			hold := p.session.Hold()
			line.out.Store(true)
			hold.Park()
			line.out.Store(false)
			s, err := plane.Resume(resumed(page, p.session))
			if err != nil || s != p.session {
				t.Errorf("%s: its session is not given back: %v", v, err)
				return p
			}
			s.Hold()
			must(t, p.offer(&webrtc.OfferOptions{ICERestart: true}, s.Restart))
			continue
		case 1: // its connection cannot be brought back; it comes back to its place
			page.Resume = p.session.Token()
		case 2: // another page of the venue takes the place
			before := p.session
			defer func() {
				if _, err := plane.Resume(resumed(page, before)); !errors.Is(err, &conference.Error{Code: "media.replaced"}) {
					t.Errorf("%s: a replaced page is told %v", v, err)
				}
			}()
		case 3: // it leaves and comes again
			p.session.Hold().Leave()
			<-p.session.Done()
		}
		stop()
		line = plug(t)
		p = joinPage(t, plane, page, line)
		page.Resume = ""
		_, stop = film(t, p, m)
	}
	return p
}
