package livestream

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/sfu/h264"
	"github.com/diemcau/diemcau/sfu/hls"
)

// Source is the programme of a conference; *sfu.Tap is one. One goroutine uses it.
type Source interface {
	Rungs() int
	// Read gives what has come since; times are nanoseconds since 1970 on the server's clock.
	Read(video func(rung int, u h264.Unit), sound func(at int64, frame []byte))
	// Ask asks for a keyframe of every rung.
	Ask()
	Close()
}

const (
	poll = 100 * time.Millisecond
	// window is how many groups a live playlist lists; twice as many are kept in memory, for
	// players that read an older playlist.
	window = 15
	// patience is how long a group waits for the disk before it is shown without it.
	patience = 3 * time.Second
	// queue is how many groups may wait for the disk; more are shown without it.
	queue = 16
	// resumeWithin is how old what was shown before a restart may be to be listed still.
	resumeWithin = time.Minute
)

// channel is one conference being shown.
type channel struct {
	id      conference.ID
	venue   conference.VenueID // whose own picture and sound it is; "": the programme
	station *Station
	log     *slog.Logger
	folder  *folder // nil: nothing is kept
	shown   atomic.Pointer[snapshot]
	reel    reel // added to by whoever resumes, then by write, then by end
	live    atomic.Bool
	failing atomic.Bool // what is shown is not kept

	// Owned by run.
	source   Source
	packager *hls.Packager
	groups   []kept // the last 2 × window
	listed   int    // index of the first that may be listed
	number   uint64 // discontinuity sequence number of the last
	init     uint64
	pending  []*pending
	resets   uint64 // of the packager, as far as they were counted
	parts    int    // of the group at hand that are shown
}

// pending is a group that waits for the disk.
type pending struct {
	group hls.Group
	since time.Time
	done  bool
}

// job is a group on its way to the disk and back.
type job struct {
	wait *pending
	err  error
}

// run shows the conference until over says so or ctx ends. Over reports whether to go on,
// and whether the conference was closed.
func (c *channel) run(ctx context.Context, over func() (stop, closed bool)) {
	defer c.source.Close()
	jobs, results := make(chan job, queue), make(chan job, 2*queue)
	var wg sync.WaitGroup
	wg.Go(func() { c.write(jobs, results) }) // ends when jobs is closed, below
	kept := make(chan struct{})
	var sealing sync.WaitGroup
	sealing.Go(func() { c.sealing(ctx, kept) }) // ends when kept is closed, below
	tick := time.NewTicker(poll)
	defer tick.Stop()
	closed := false
	for running := true; running; {
		select {
		case <-ctx.Done():
			running = false
		case done := <-results:
			c.settle(done)
		case <-tick.C:
			c.work(jobs)
			var stop bool
			stop, closed = over()
			running = !stop
		}
	}
	c.packager.Finish()
	c.hand(jobs)
	close(jobs)
	wg.Wait()
	for len(results) > 0 {
		c.settle(<-results)
	}
	for _, p := range c.pending {
		p.done = true
	}
	c.publish()
	c.live.Store(false)
	c.failing.Store(false)
	if closed {
		c.end()
	}
	close(kept)
	sealing.Wait()
}

// work takes what has come and hands on what is whole.
func (c *channel) work(jobs chan<- job) {
	now := c.station.cfg.Now()
	c.source.Read(c.packager.Video, c.packager.Sound)
	c.packager.Tick(now.UnixNano())
	c.hand(jobs)
	if n := c.packager.Resets(); n > c.resets {
		c.station.resets.Add(n - c.resets)
		c.resets = n
	}
	for _, p := range c.pending {
		if !p.done && now.Sub(p.since) >= patience {
			c.alarm(errSlow)
			p.done = true
		}
	}
	c.publish()
}

// hand gives the groups that are whole to the disk.
func (c *channel) hand(jobs chan<- job) {
	for _, g := range c.packager.Take() {
		p := &pending{group: g, since: c.station.cfg.Now()}
		c.pending = append(c.pending, p)
		if c.venue == "" {
			c.station.groups.Add(1)
		}
		if c.folder == nil {
			p.done = true
			continue
		}
		select {
		case jobs <- job{wait: p}:
		default:
			c.alarm(errSlow)
			p.done = true
		}
	}
}

// write is the goroutine that writes groups.
func (c *channel) write(jobs <-chan job, results chan<- job) {
	missing := true // the first one needs its inits, and one after others that were not kept
	last, init := uint64(0), uint64(0)
	for j := range jobs {
		g := &j.wait.group
		missing = missing || g.Sequence != last+1
		if missing || g.Discontinuity {
			init = g.Sequence
		}
		if j.err = c.station.spares(c.venue); j.err == nil {
			j.err = c.station.keep(c.folder, *g, missing)
		}
		missing = j.err != nil
		last = g.Sequence
		if j.err == nil {
			t, bytes := &g.Tracks[0], int64(0)
			for _, all := range g.Tracks {
				bytes += int64(len(all.Data))
			}
			c.reel.add(cut{
				sequence: last, init: init, start: t.Start.UnixNano(), lasts: t.Duration, independent: t.Independent,
			}, bytes)
			c.reel.show()
		}
		results <- j // has room for all that can be on the way
	}
}

// settle notes what became of a group.
func (c *channel) settle(j job) {
	j.wait.done = true
	if j.err != nil {
		c.alarm(j.err)
	} else if c.failing.CompareAndSwap(true, false) {
		c.log.Info("the programme is kept again")
	}
	c.publish()
}

// alarm says once that the programme is not kept.
func (c *channel) alarm(err error) {
	if c.venue != "" { // the programme goes first
		if c.failing.CompareAndSwap(false, true) {
			c.log.Warn("a venue's own recording is not kept", slog.Any("err", err))
		}
		return
	}
	c.station.failures.Add(1)
	if c.failing.CompareAndSwap(false, true) {
		c.log.Error("the programme is shown but not kept", slog.Any("err", err))
	}
}

// publish shows the groups that are settled, in their order.
func (c *channel) publish() {
	before := len(c.pending)
	for len(c.pending) > 0 && c.pending[0].done {
		c.add(c.pending[0].group)
		c.pending = c.pending[1:]
	}
	ahead, parts := c.ahead()
	if len(c.pending) == before && parts == c.parts {
		return
	}
	c.parts = parts
	c.listed = max(c.listed, len(c.groups)-window)
	c.show(show(c.groups, c.listed, false, c.dir(), ahead))
}

// show puts a snapshot in the place of the one before, and tells those who wait.
func (c *channel) show(s *snapshot) {
	if before := c.shown.Swap(s); before != nil {
		close(before.over)
	}
}

func (c *channel) dir() string {
	if c.folder == nil {
		return ""
	}
	return c.folder.dir
}

func (c *channel) add(g hls.Group) {
	if g.Discontinuity {
		c.init = g.Sequence
		if len(c.groups) > 0 {
			c.number++
		}
	}
	k := kept{Entry: hls.Entry{Sequence: g.Sequence, Init: c.init, Discontinuity: g.Discontinuity, Number: c.number}}
	for _, s := range g.Tracks {
		k.tracks = append(k.tracks, track{
			start: s.Start, duration: s.Duration, bytes: len(s.Data), independent: s.Independent, format: s.Format, data: s.Data, parts: s.Parts,
		})
	}
	c.groups = append(c.groups, k)
	if old := len(c.groups) - 1 - partsKept; old >= 0 {
		for i := range c.groups[old].tracks {
			c.groups[old].tracks[i].parts = nil
		}
	}
	if over := len(c.groups) - 2*window; over > 0 {
		c.groups = append([]kept(nil), c.groups[over:]...)
		c.listed = max(0, c.listed-over)
	}
}

// end shows the recording. Where nothing was kept the last that was shown is ended: players
// would otherwise wait for more for ever.
func (c *channel) end() {
	var r recording
	if c.folder != nil {
		var err error
		if r, err = c.folder.read(); err != nil {
			c.log.Error("the recording cannot be read", slog.Any("err", err))
		}
		c.reel.take(r.groups)
		c.reel.show()
	}
	switch {
	case len(r.groups) > 0:
		c.show(show(r.groups, 0, true, c.folder.dir, nil))
	case len(c.groups) > 0:
		c.show(show(c.groups, c.listed, true, c.dir(), nil))
	}
}

// resume goes on where the recording ends.
func (c *channel) resume(now time.Time) {
	cfg := hls.Config{Rungs: c.source.Rungs(), Epoch: now.Truncate(time.Second).Add(-10 * time.Second), Ask: c.source.Ask}
	// Numbers go on by at least one a second even where another node has gone on with them:
	// an address never shows anything else than what it showed, to any cache.
	cfg.First = uint64(max(0, now.Unix()-numbersSince))
	if c.folder != nil {
		c.recall(&cfg, now)
	}
	if c.station.cfg.Parts && c.venue == "" {
		cfg.Part = hls.PartTarget
	}
	c.packager = hls.New(cfg)
}

// recall takes over what the folder holds.
func (c *channel) recall(cfg *hls.Config, now time.Time) {
	r, err := c.folder.read()
	if err != nil {
		c.log.Error("the recording cannot be read", slog.Any("err", err))
	}
	for _, name := range r.damaged {
		c.log.Error("a file of the recording is damaged and left out", slog.String("file", name))
	}
	n := len(r.groups)
	if n == 0 {
		return
	}
	c.reel.take(r.groups)
	c.reel.show()
	last := r.groups[n-1]
	end := last.tracks[0].start.Add(last.tracks[0].duration)
	if r.epoch.Before(now) {
		cfg.Epoch = r.epoch
	}
	c.number = last.Number
	c.groups, c.init = r.groups[max(0, n-window):], last.Init
	c.listed = len(c.groups)
	if now.Sub(end) < resumeWithin {
		c.listed, cfg.First = 0, last.Sequence+1
		c.show(show(c.groups, 0, false, c.folder.dir, nil))
	}
	cfg.First = max(cfg.First, last.Sequence+1)
}
