package main

import (
	"context"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/edge"
	"github.com/diemcau/diemcau/sfu"
)

// How long a pull that failed waits before the next, and how long one must have lasted for
// the waiting to begin anew.
const (
	pullSoon   = 500 * time.Millisecond
	pullLate   = 5 * time.Second
	pullLasted = 10 * time.Second
	pullLook   = 250 * time.Millisecond
)

// puller pulls the programmes of all conferences the origin tells of, for ever.
type puller struct {
	media *sfu.Node
	link  *edge.Link
	log   *slog.Logger
	asked atomic.Uint64
}

func newPuller(media *sfu.Node, link *edge.Link, logger *slog.Logger) *puller {
	return &puller{media: media, link: link, log: logger.With(slog.String("part", "edge"))}
}

// Run follows the origin's list until ctx ends.
func (p *puller) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	running := map[conference.ID]context.CancelFunc{}
	tick := time.NewTicker(pullLook)
	defer tick.Stop()
	for {
		open := map[conference.ID]*conference.Info{}
		for _, info := range p.link.Conferences() {
			open[info.ID] = info
			if running[info.ID] == nil {
				life, end := context.WithCancel(ctx)
				running[info.ID] = end
				wg.Go(func() { p.pull(life, info) }) // ends with end, or ctx
			}
		}
		for id, end := range maps.Clone(running) {
			if open[id] == nil {
				end()
				delete(running, id)
			}
		}
		select {
		case <-ctx.Done():
			for _, end := range running {
				end()
			}
			return nil
		case <-tick.C:
		}
	}
}

// pull keeps one programme coming. While it does not, viewers see the slate.
func (p *puller) pull(ctx context.Context, info *conference.Info) {
	log := p.log.With(slog.String("conference", string(info.ID)))
	plane := p.media.Plane(info.ID, info.MainVenue())
	defer plane.EndSessions()
	wait, told := pullSoon, ""
	for {
		_, back := p.link.Up()
		began := time.Now()
		p.asked.Add(1)
		err := plane.Pull(ctx, func(ctx context.Context, rung int, offer string) (string, error) {
			return p.link.Ask(ctx, info.ID, rung, offer)
		})
		if ctx.Err() != nil {
			return
		}
		lasted := time.Since(began) >= pullLasted
		if lasted {
			wait, told = pullSoon, ""
		}
		if err != nil && err.Error() != told {
			told = err.Error()
			log.WarnContext(ctx, "the programme does not come from the origin: it is asked for again", slog.Any("err", err))
		}
		late := time.NewTimer(wait/2 + rand.N(wait/2)) //nolint:gosec // only so that not all come at once
		select {
		case <-ctx.Done():
			late.Stop()
			return
		case <-back: // the origin answers again
			wait = pullSoon
		case <-late.C:
			wait = min(2*wait, pullLate)
		}
		late.Stop()
	}
}

// shows returns the conferences whose programme comes.
func (p *puller) shows() []conference.ID {
	shows := []conference.ID{}
	for _, info := range p.link.Conferences() {
		sends, _ := p.media.Plane(info.ID, info.MainVenue()).Publishers()
		if sends[info.MainVenue()].Video {
			shows = append(shows, info.ID)
		}
	}
	slices.Sort(shows)
	return shows[:min(len(shows), edge.MaxShown)]
}
