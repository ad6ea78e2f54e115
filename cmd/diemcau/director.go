package main

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/diemcau/diemcau/internal/access"
	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/sfu"
	"github.com/diemcau/diemcau/sfu/floor"
)

const (
	lookForConferences = 250 * time.Millisecond
	directorRetry      = 500 * time.Millisecond
)

// director is the one wire between the two planes: it tells the media plane who has the
// floor, and the record who sends media. Neither plane knows the other. Only the node that
// has a conference's media tells; the others know the floor, so that they can take over.
//
//	live changes ──▶ Plane.SetFloor        Plane.Publishers ──▶ venue.connect / disconnect
type director struct {
	conferences func() []*conference.Info
	here        func(id conference.ID) (bool, <-chan struct{}) // home.Keeper's
	settle      func(id conference.ID)                         // is told when it may have moved
	open        func(id conference.ID, main conference.VenueID) (record, plane, error)
	count       func(eventType string) // is told of every event after the start
	logger      *slog.Logger
}

// record is what the director needs of a running conference; *live.Conference is one.
type record interface {
	Snapshot() *live.Snapshot
	Since(after uint64) ([]live.Change, <-chan struct{}, error)
	Resume(cursor string) (uint64, error)
	Do(ctx context.Context, command conference.Command) (live.Outcome, error)
}

// plane is what the director needs of its media; *sfu.Plane is one.
type plane interface {
	SetFloor(f sfu.Floor)
	Publishers() (map[conference.VenueID]sfu.Publisher, <-chan struct{})
	EndSessions()
}

func newDirector(
	records *live.Node, media *sfu.Node, pages joins, count func(string), logger *slog.Logger,
) *director {
	return &director{
		conferences: records.Conferences, here: pages.home.Here, settle: pages.Settle,
		open: func(id conference.ID, main conference.VenueID) (record, plane, error) {
			running, err := records.Conference(id)
			if err != nil {
				return nil, nil, err
			}
			return running, media.Plane(id, main), nil
		},
		count:  count,
		logger: logger.With(slog.String("part", "director")),
	}
}

// Run directs every conference of this node, new ones included, until ctx ends.
func (d *director) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	directed := map[conference.ID]bool{}
	tick := time.NewTicker(lookForConferences)
	defer tick.Stop()
	for {
		for _, info := range d.conferences() {
			if directed[info.ID] {
				continue
			}
			rec, media, err := d.open(info.ID, info.MainVenue())
			if err != nil {
				continue // it is being opened; the next tick finds it
			}
			directed[info.ID] = true
			one := &direction{
				record: rec, plane: media, count: d.count, here: func() (bool, <-chan struct{}) { return d.here(info.ID) },
				settle: func() { d.settle(info.ID) }, seen: map[conference.VenueID]bool{},
				logger: d.logger.With(slog.String("conference", string(info.ID))),
			}
			wg.Go(func() { one.run(ctx) }) // ends with ctx
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// direction is one conference being directed. Owned by the goroutine of run.
type direction struct {
	record record
	plane  plane
	here   func() (bool, <-chan struct{})
	settle func()
	count  func(eventType string)
	logger *slog.Logger

	position  uint64
	cursor    string
	connected map[conference.VenueID]bool // as the record has it
	// seen are the publishers whose picture or sound has arrived; they count as connected
	// until their session ends, however still a camera stands.
	seen map[conference.VenueID]bool
}

func (d *direction) run(ctx context.Context) {
	var before <-chan struct{} // closed when the media had moved
	for first := true; ; first = false {
		more, err := d.follow(first)
		if errors.Is(err, live.ErrGap) {
			more, err = d.follow(true)
		}
		if err != nil {
			d.logger.WarnContext(ctx, "changes cannot be read", slog.Any("err", err))
		}
		here, moved := d.here()
		if moved != before {
			before = moved
			d.settle()
		}
		publishers, changed := d.plane.Publishers()
		settled := true
		if here {
			settled = d.reconcile(ctx, publishers)
		} else {
			d.plane.EndSessions() // if there are any: they come back where the media are now
		}
		var retry <-chan time.Time
		if !settled || err != nil {
			retry = time.After(directorRetry)
		}
		select {
		case <-ctx.Done():
			return
		case <-more:
		case <-changed:
		case <-moved:
		case <-retry:
		}
	}
}

// follow takes what changed in the record, from a snapshot when whole, and obeys.
func (d *direction) follow(whole bool) (<-chan struct{}, error) {
	if whole {
		state := d.record.Snapshot()
		d.position, d.cursor, d.connected = state.Position, state.Cursor, map[conference.VenueID]bool{}
		for _, venue := range state.Venues {
			d.connected[venue.ID] = venue.Connected
		}
		d.obey(state.Floor)
	}
	for {
		changes, more, err := d.record.Since(d.position)
		if err != nil {
			return nil, err
		}
		for i := range changes {
			d.position, d.cursor = changes[i].Event.Position, changes[i].Cursor
			d.count(changes[i].Event.Type)
			if venue := changes[i].Venue; venue != nil {
				d.connected[venue.ID] = venue.Connected
			}
			d.obey(changes[i].Floor)
		}
		if len(changes) == 0 {
			// A log that was rolled back may have grown to the very same position.
			_, err := d.record.Resume(d.cursor)
			return more, err
		}
	}
}

func (d *direction) obey(state *floor.Floor) {
	if state == nil {
		return
	}
	d.plane.SetFloor(sfu.Floor{Holder: state.Holder, Preview: state.Preview, Slate: state.Slate, Beside: state.Beside})
}

// reconcile tells the record which venues came and went; false: not all of it was taken.
func (d *direction) reconcile(ctx context.Context, publishers map[conference.VenueID]sfu.Publisher) bool {
	settled := true
	for venue, publisher := range publishers {
		d.seen[venue] = d.seen[venue] || publisher.Video || publisher.Audio
		if d.seen[venue] && !d.connected[venue] {
			settled = d.tell(ctx, venue, floor.Connect{Venue: venue}) && settled
		}
	}
	for venue, connected := range d.connected {
		if _, publishes := publishers[venue]; publishes {
			continue
		}
		delete(d.seen, venue)
		if connected {
			settled = d.tell(ctx, venue, floor.Disconnect{Venue: venue}) && settled
		}
	}
	return settled
}

func (d *direction) tell(ctx context.Context, venue conference.VenueID, body conference.Body) bool {
	_, err := d.record.Do(ctx, conference.Command{
		ID: access.NewID(), Actor: conference.Actor{Role: conference.RoleSystem}, Body: body,
	})
	if err != nil && ctx.Err() == nil {
		d.logger.WarnContext(ctx, "venue cannot be noted", slog.String("venue", string(venue)), slog.Any("err", err))
		return false
	}
	return true
}
