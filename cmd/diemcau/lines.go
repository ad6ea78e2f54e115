package main

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/home"
	"github.com/diemcau/diemcau/internal/liaison"
	"github.com/diemcau/diemcau/internal/line"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/sfu"
	"github.com/diemcau/diemcau/sfu/floor"
)

const (
	observeEvery = 2 * time.Second
	speakEvery   = 250 * time.Millisecond
	followRetry  = time.Second
)

// lineKeeper has the lines of the venues, wherever their media are: in this node's book when they
// are here, otherwise asked of the node that has them. It implements what the socket, HTTP and
// the other nodes want of them.
type lineKeeper struct {
	*line.Book

	home    *home.Keeper
	liaison *liaison.Client
	live    *live.Node
	media   *sfu.Node
	logger  *slog.Logger
	local   bool // tells of its own lines only
}

// elsewhere returns where a conference's media are; "" is here.
func (l *lineKeeper) elsewhere(id conference.ID) (string, error) {
	if here, _ := l.home.Here(id); here {
		return "", nil
	}
	holder, known := l.home.Holder(id)
	if !known || l.local {
		return "", errNoHome
	}
	return holder.Peer, nil
}

// Report takes what the page of a venue tells.
func (l *lineKeeper) Report(ctx context.Context, id conference.ID, venue conference.VenueID, report line.Report) error {
	away, err := l.elsewhere(id)
	switch {
	case err != nil:
		return err
	case away != "":
		return l.liaison.Report(ctx, away, id, venue, report)
	}
	return l.Book.Report(id, venue, report, time.Now())
}

// History returns a venue's last half hour.
func (l *lineKeeper) History(ctx context.Context, id conference.ID, venue conference.VenueID) ([]line.Sample, error) {
	away, err := l.elsewhere(id)
	switch {
	case err != nil:
		return nil, err
	case away != "":
		return l.liaison.History(ctx, away, id, venue)
	}
	return l.Book.History(id, venue)
}

// PutStill keeps a venue's picture.
func (l *lineKeeper) PutStill(ctx context.Context, id conference.ID, venue conference.VenueID, picture []byte) error {
	away, err := l.elsewhere(id)
	switch {
	case err != nil:
		return err
	case away != "":
		return l.liaison.PutStill(ctx, away, id, venue, picture)
	}
	return l.Book.PutStill(id, venue, picture, time.Now())
}

// Still returns it.
func (l *lineKeeper) Still(ctx context.Context, id conference.ID, venue conference.VenueID) ([]byte, error) {
	away, err := l.elsewhere(id)
	switch {
	case err != nil:
		return nil, err
	case away != "":
		return l.liaison.Still(ctx, away, id, venue)
	}
	return l.Book.Still(id, venue, time.Now())
}

// ours is what this node tells others: its own only, so that two nodes that each believe the
// other has the media do not ask each other for ever.
func (l *lineKeeper) ours() *lineKeeper {
	own := *l
	own.local = true
	return &own
}

// Run measures the lines of every conference whose media are here, and follows those of the
// others, until ctx ends.
func (l *lineKeeper) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	watched := map[conference.ID]bool{}
	tick := time.NewTicker(lookForConferences)
	defer tick.Stop()
	for {
		for _, info := range l.live.Conferences() {
			running, err := l.live.Conference(info.ID)
			if err != nil || watched[info.ID] {
				continue // being opened: the next tick finds it
			}
			watched[info.ID] = true
			wg.Go(func() { l.watch(ctx, info.ID, running) }) // ends with ctx
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (l *lineKeeper) watch(ctx context.Context, id conference.ID, running *live.Conference) {
	for ctx.Err() == nil {
		here, moved := l.home.Here(id)
		if here {
			l.measure(ctx, id, running, moved)
		} else {
			l.follow(ctx, id, moved)
		}
		l.Forget(id)
		l.Speak(id, line.Speaking{})
	}
}

// measure keeps the book until the media go elsewhere.
func (l *lineKeeper) measure(ctx context.Context, id conference.ID, running *live.Conference, moved <-chan struct{}) {
	plane := l.media.Plane(id, running.Snapshot().Info.MainVenue())
	observe, speak := time.NewTicker(observeEvery), time.NewTicker(speakEvery)
	defer observe.Stop()
	defer speak.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-moved:
			return
		case now := <-observe.C:
			measured := plane.Lines()
			readings := make([]line.Reading, len(measured))
			for i := range measured {
				readings[i] = line.Reading(measured[i])
			}
			l.Observe(id, readings, placesOf(running.Snapshot()), now)
		case <-speak.C:
			who, loud := plane.Speaking()
			l.Speak(id, line.Speaking{Now: who, Loud: loud})
		}
	}
}

// placesOf tells whose microphones are heard and who waits.
func placesOf(state *live.Snapshot) map[conference.VenueID]line.Place {
	places := make(map[conference.VenueID]line.Place, len(state.Venues))
	main := state.Info.MainVenue()
	for _, venue := range state.Venues {
		waits := venue.State == floor.StateReady || venue.State == floor.StateQueued || venue.State == floor.StatePreview
		places[venue.ID] = line.Place{Open: venue.ID == main || venue.ID == state.Floor.Holder, Ready: waits}
	}
	return places
}

// follow shows the rows of the node that has the media, until that is another one.
func (l *lineKeeper) follow(ctx context.Context, id conference.ID, moved <-chan struct{}) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	if holder, known := l.home.Holder(id); known {
		left := make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() { // ends with the stream, which it ends when the media move
			select {
			case <-moved:
				stop()
			case <-left:
			}
		})
		err := l.liaison.FollowLines(ctx, holder.Peer, id, func(t liaison.LinesTold) {
			l.Mirror(id, t.Rows, t.Gone, t.Whole)
			if t.Speaking != nil {
				l.Speak(id, *t.Speaking)
			}
		})
		close(left)
		wg.Wait()
		l.logger.DebugContext(ctx, "lines of another node have ended", slog.String("conference", string(id)), slog.Any("err", err))
	}
	select {
	case <-ctx.Done():
	case <-moved:
	case <-time.After(followRetry):
	}
}
