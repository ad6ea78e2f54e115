package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/sfu"
	"github.com/diemcau/diemcau/sfu/floor"
)

// fakeRecord is a record of venues and floor that takes connect and disconnect.
type fakeRecord struct {
	mu       sync.Mutex // guards what follows
	changes  []live.Change
	base     uint64 // position of the snapshot
	floor    *floor.Floor
	venues   map[conference.VenueID]bool
	more     chan struct{}
	commands []string
	fails    int
	gap      bool
	epoch    string // of the cursors
}

func newFakeRecord(connected ...conference.VenueID) *fakeRecord {
	r := &fakeRecord{floor: &floor.Floor{Main: "main"}, venues: map[conference.VenueID]bool{"main": false, "a": false, "b": false}, more: make(chan struct{})}
	for _, venue := range connected {
		r.venues[venue] = true
	}
	return r
}

func (r *fakeRecord) Snapshot() *live.Snapshot {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := &live.Snapshot{Position: r.base + uint64(len(r.changes)), Floor: r.floor, Cursor: r.epoch}
	for id, connected := range r.venues {
		s.Venues = append(s.Venues, &floor.Venue{ID: id, Connected: connected})
	}
	return s
}

func (r *fakeRecord) Since(after uint64) ([]live.Change, <-chan struct{}, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.gap {
		r.gap = false
		return nil, nil, live.ErrGap
	}
	return r.changes[after-r.base:], r.more, nil
}

// Resume takes the cursors of the present epoch.
func (r *fakeRecord) Resume(cursor string) (uint64, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if cursor != r.epoch {
		return 0, live.ErrGap
	}
	return r.base, nil
}

// replace puts another history of the same length in the place of this one.
func (r *fakeRecord) replace(f *floor.Floor) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.epoch, r.floor = "b", f
	close(r.more)
	r.more = make(chan struct{})
}

func (r *fakeRecord) Do(_ context.Context, command conference.Command) (live.Outcome, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if command.Actor.Role != conference.RoleSystem || len(command.ID) < 22 {
		return live.Outcome{}, errors.New("not the system's command")
	}
	if r.fails > 0 {
		r.fails--
		return live.Outcome{}, conference.Refuse(conference.KindUnavailable, "log.unavailable", "")
	}
	switch body := command.Body.(type) {
	case floor.Connect:
		r.note(body.Venue, true)
	case floor.Disconnect:
		r.note(body.Venue, false)
	default:
		return live.Outcome{}, fmt.Errorf("got %T", body)
	}
	return live.Outcome{}, nil
}

func (r *fakeRecord) note(venue conference.VenueID, connected bool) {
	r.venues[venue] = connected
	r.commands = append(r.commands, fmt.Sprintf("%s:%v", venue, connected))
	r.append(live.Change{Venue: &floor.Venue{ID: venue, Connected: connected}})
}

func (r *fakeRecord) append(change live.Change) {
	change.Event = conference.Event{Position: r.base + uint64(len(r.changes)) + 1, Type: "test"}
	r.changes = append(r.changes, change)
	close(r.more)
	r.more = make(chan struct{})
}

// give changes the floor from outside.
func (r *fakeRecord) give(state floor.Floor) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.floor = &state
	r.append(live.Change{Floor: &state})
}

func (r *fakeRecord) taken() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := r.commands
	r.commands = nil
	return out
}

// fakePlane is a media plane whose publishers the test sets.
type fakePlane struct {
	mu         sync.Mutex // guards what follows
	floors     []sfu.Floor
	publishers map[conference.VenueID]sfu.Publisher
	changed    chan struct{}
	away       bool // another node has the media
	moved      chan struct{}
	settled    int
}

func newFakePlane() *fakePlane {
	return &fakePlane{
		publishers: map[conference.VenueID]sfu.Publisher{}, changed: make(chan struct{}), moved: make(chan struct{}),
	}
}

// EndSessions ends what publishes.
func (p *fakePlane) EndSessions() {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.publishers)
}

// here is the home keeper's word.
func (p *fakePlane) here(conference.ID) (bool, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.away, p.moved
}

func (p *fakePlane) settle(conference.ID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.settled++
}

// move lets another node have the media, or this one.
func (p *fakePlane) move(away bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.away = away
	close(p.moved)
	p.moved = make(chan struct{})
}

func (p *fakePlane) SetFloor(f sfu.Floor) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.floors = append(p.floors, f)
}

func (p *fakePlane) Publishers() (map[conference.VenueID]sfu.Publisher, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.publishers), p.changed
}

func (p *fakePlane) set(publisher *sfu.Publisher) {
	const venue = conference.VenueID("a")
	p.mu.Lock()
	defer p.mu.Unlock()
	if publisher == nil {
		delete(p.publishers, venue)
	} else {
		p.publishers[venue] = *publisher
	}
	close(p.changed)
	p.changed = make(chan struct{})
}

func (p *fakePlane) last() sfu.Floor {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.floors[len(p.floors)-1]
}

// direct runs a director on the fakes until the test ends.
func direct(t *testing.T, rec *fakeRecord, media *fakePlane) {
	t.Helper()
	d := &director{
		conferences: func() []*conference.Info {
			return []*conference.Info{{ID: "c", Venues: []conference.Venue{{ID: "main", Main: true}}}}
		},
		open:   func(conference.ID, conference.VenueID) (record, plane, error) { return rec, media, nil },
		here:   media.here,
		settle: media.settle,
		count:  newTally().count,
		logger: slog.New(slog.DiscardHandler),
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }() // ends with cancel
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	synctest.Wait()
}

func TestDirector_mediaObeysTheFloor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		record, plane := newFakeRecord(), newFakePlane()
		record.floor = &floor.Floor{Main: "main", Holder: "a"}
		direct(t, record, plane)
		if got, want := plane.last(), (sfu.Floor{Holder: "a"}); got != want {
			t.Errorf("at the start: got %+v, want %+v", got, want)
		}
		record.give(floor.Floor{Main: "main", Holder: "b", Preview: "a"})
		record.give(floor.Floor{Main: "main", Slate: true})
		synctest.Wait()
		if got, want := plane.last(), (sfu.Floor{Slate: true}); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	})
}

func TestDirector_recordKnowsWhoSends(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		record, plane := newFakeRecord("b"), newFakePlane()
		direct(t, record, plane)
		if diff := cmp.Diff([]string{"b:false"}, record.taken()); diff != "" {
			t.Errorf("connected without media at the start (-want +got):\n%s", diff)
		}
		plane.set(&sfu.Publisher{Venue: "a"})
		synctest.Wait()
		if got := record.taken(); len(got) != 0 {
			t.Errorf("a connection that sends nothing yet: got %v", got)
		}
		plane.set(&sfu.Publisher{Venue: "a", Video: true})
		synctest.Wait()
		if diff := cmp.Diff([]string{"a:true"}, record.taken()); diff != "" {
			t.Errorf("sends (-want +got):\n%s", diff)
		}
		plane.set(&sfu.Publisher{Venue: "a"}) // a still camera, a muted microphone
		synctest.Wait()
		if got := record.taken(); len(got) != 0 {
			t.Errorf("a pause is no farewell: got %v", got)
		}
		plane.set(nil)
		synctest.Wait()
		if diff := cmp.Diff([]string{"a:false"}, record.taken()); diff != "" {
			t.Errorf("gone (-want +got):\n%s", diff)
		}
	})
}

func TestDirector_triesAgainAndStartsOverAfterAGap(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		record, plane := newFakeRecord(), newFakePlane()
		direct(t, record, plane)
		record.mu.Lock()
		record.fails, record.gap = 3, true
		record.mu.Unlock()
		plane.set(&sfu.Publisher{Venue: "a", Audio: true})
		time.Sleep(4 * directorRetry) // on synctest's clock
		synctest.Wait()
		if diff := cmp.Diff([]string{"a:true"}, record.taken()); diff != "" {
			t.Errorf("commands (-want +got):\n%s", diff)
		}
		record.give(floor.Floor{Main: "main", Holder: "a"})
		synctest.Wait()
		if got := plane.last().Holder; got != "a" {
			t.Errorf("got holder %q, want a", got)
		}
	})
}

// TestDirector_noticesAnotherHistoryOfTheSameLength: after a rollback the log may stand at
// the very position it had, with another holder of the floor.
func TestDirector_noticesAnotherHistoryOfTheSameLength(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		record, plane := newFakeRecord(), newFakePlane()
		direct(t, record, plane)
		record.give(floor.Floor{Main: "main", Holder: "a"})
		synctest.Wait()
		record.replace(&floor.Floor{Main: "main", Holder: "b"})
		synctest.Wait()
		if got := plane.last().Holder; got != "b" {
			t.Errorf("got holder %q, want b", got)
		}
	})
}

// TestM11_OnlyTheHomeTells: a node that has no media must not tell that venues are gone,
// and its own sessions end when another node takes over.
func TestM11_OnlyTheHomeTells(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		record, plane := newFakeRecord("a", "b"), newFakePlane()
		plane.move(true)
		plane.set(&sfu.Publisher{Venue: "a", Video: true})
		direct(t, record, plane)
		record.give(floor.Floor{Main: "main", Holder: "b"})
		synctest.Wait()
		if got := record.taken(); len(got) != 0 {
			t.Errorf("told without having the media: %v", got)
		}
		if got, _ := plane.Publishers(); len(got) != 0 {
			t.Errorf("sessions go on beside the home: %v", got)
		}
		if got := plane.last().Holder; got != "b" {
			t.Errorf("does not know the floor it may take over: got holder %q, want b", got)
		}
		before := plane.settled
		plane.move(false)
		synctest.Wait()
		if before == 0 || plane.settled != before+1 {
			t.Errorf("got %d, then %d times that sessions elsewhere are looked at, want one more with the move", before, plane.settled)
		}
		if diff := cmp.Diff(map[conference.VenueID]bool{"main": false, "a": false, "b": false}, record.venues); diff != "" {
			t.Errorf("after the take-over, before anybody came back (-want +got):\n%s", diff)
		}
	})
}
