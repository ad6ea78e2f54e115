package sfu

import (
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/diemcau/diemcau/sfu/burst"
	"github.com/diemcau/diemcau/sfu/netio"
)

// When a shard sends what it has.
const (
	flushTick    = time.Millisecond
	frameWait    = 20 * time.Millisecond // for the rest of a frame, when whole frames are sent
	soundWait    = 4 * time.Millisecond  // for a run whose tail a sound packet can be
	shardTick    = 100 * time.Millisecond
	loadWindow   = 500 * time.Millisecond
	shardInbox   = 64
	shardAsks    = 4096 // what receivers asked for; more is dropped, they ask again
	wholeFrom    = 700  // thousandths of a loadWindow spent sending: then whole frames
	wholeUntil   = 350
	fullFrom     = 900 // and then no further viewers
	outputBuffer = 96 << 10
)

// shard serves a part of the viewers from one goroutine, which is the only one that uses
// their keys and numbers. It is woken once a flush, however many packets and viewers there are.
type shard struct {
	number int
	log    *slog.Logger
	now    func() time.Time
	writer *netio.Writer
	mode   Flush

	orders  chan order
	asks    chan ask
	wake    chan struct{}
	frame   chan struct{} // a frame is complete
	armed   atomic.Bool   // a flush is coming
	whole   atomic.Bool   // whole frames are sent: the load is high
	load    atomic.Int32  // thousandths of the time that are spent sending, smoothed
	viewers atomic.Int32

	// Owned by run.
	groups  []*group
	batch   batch
	plan    burst.Planner
	out     []byte
	scratch []byte
	busy    time.Duration // of the window
	window  time.Time
}

// group is the viewers of one rung of an audience in a shard.
type group struct {
	audience *audience
	rung     int
	coming   []*Viewer     // from another rung, at the next keyframe
	read     [media]uint64 // packets of each stream that were sent
	viewers  []*Viewer
	turn     int       // who is first in the next flush
	since    time.Time // a sound packet waits since then
}

// order changes who is served; done is closed when it is.
type order struct {
	viewer *Viewer
	leaves bool
	done   chan struct{}
}

func newShard(n *Node, number int) (*shard, error) {
	w, err := n.socket.Writer(number)
	if err != nil {
		return nil, err
	}
	return &shard{
		number: number, log: n.log, now: n.cfg.Now, writer: w, mode: n.cfg.Flush,
		orders: make(chan order, shardInbox), asks: make(chan ask, shardAsks),
		wake: make(chan struct{}, 1), frame: make(chan struct{}, 1),
		out: make([]byte, outputBuffer), scratch: make([]byte, 0, netio.MaxPacket),
	}, nil
}

// signal says that there is something to send; the packet path calls it.
func (s *shard) signal(frameEnds bool) {
	if s.armed.CompareAndSwap(false, true) {
		select {
		case s.wake <- struct{}{}:
		default:
		}
	}
	if frameEnds && s.whole.Load() {
		select {
		case s.frame <- struct{}{}:
		default:
		}
	}
}

// run serves until done is closed.
func (s *shard) run(done <-chan struct{}) {
	flush := time.NewTimer(time.Hour)
	flush.Stop()
	tick := time.NewTicker(shardTick)
	defer flush.Stop()
	defer tick.Stop()
	s.window = s.now()
	s.whole.Store(s.mode == FlushFrames)
	for {
		select {
		case <-done:
			return
		case o := <-s.orders:
			s.obey(o)
		case a := <-s.asks:
			s.answer(a)
		case <-s.wake:
			wait := flushTick
			if s.whole.Load() {
				wait = frameWait
			}
			flush.Reset(wait)
		case <-s.frame:
			flush.Stop()
			s.flushAt(flush)
		case <-flush.C:
			s.flushAt(flush)
		case now := <-tick.C:
			s.measure(now)
			s.reports(s.now())
		}
	}
}

func (s *shard) flushAt(timer *time.Timer) {
	s.armed.Store(false)
	if s.flush() {
		timer.Reset(soundWait) // unless something comes before
	}
}

// measure decides, once a window, how packets are sent.
func (s *shard) measure(now time.Time) {
	elapsed := now.Sub(s.window)
	if elapsed < loadWindow {
		return
	}
	// Smoothed over two seconds: a burst of joins is no overload.
	load := (3*s.load.Load() + int32(s.busy*1000/elapsed)) / 4
	s.busy, s.window = 0, now
	s.load.Store(load)
	switch whole := s.whole.Load(); {
	case s.mode != FlushAuto:
	case !whole && load > wholeFrom:
		s.whole.Store(true)
		s.log.Warn("sending whole frames: the load is high", slog.Int("load", int(load)))
	case whole && load < wholeUntil:
		s.whole.Store(false)
	}
}

// obey lets a viewer in or out.
func (s *shard) obey(o order) {
	defer close(o.done)
	v := o.viewer
	g := s.groupOf(v.audience, v.rung)
	if o.leaves {
		s.stay(v)
		g.viewers = without(g.viewers, v)
		v.audience.watched[v.rung].Add(-1)
		return
	}
	g.begin()
	g.viewers = append(g.viewers, v)
	v.audience.watched[v.rung].Add(1)
	for m := range media {
		v.legs[m].stream = v.audience.stream(m, v.rung)
	}
}

// without takes a viewer out of a list; the order does not matter.
func without(all []*Viewer, v *Viewer) []*Viewer {
	for i, other := range all {
		if other == v {
			all[i] = all[len(all)-1]
			all[len(all)-1] = nil
			return all[:len(all)-1]
		}
	}
	return all
}

func (s *shard) groupOf(a *audience, rung int) *group {
	for _, g := range s.groups {
		if g.audience == a && g.rung == rung {
			return g
		}
	}
	g := &group{audience: a, rung: rung}
	s.groups = append(s.groups, g)
	return g
}

// stream returns what the group is sent of a medium.
func (g *group) stream(m medium) *stream { return g.audience.stream(m, g.rung) }

// begin makes a group ready for its first viewer: what came before is nobody's.
func (g *group) begin() {
	if len(g.viewers)+len(g.coming) == 0 {
		for m := range media {
			g.read[m] = g.stream(m).head.Load()
		}
	}
}

// flush sends what has come; it reports whether a sound packet waits for company.
func (s *shard) flush() (waits bool) {
	start := s.now()
	// Those that viewers come to are last: by then the viewers have all that was before.
	for _, coming := range []bool{false, true} {
		for _, g := range s.groups {
			if len(g.viewers)+len(g.coming) > 0 && (len(g.coming) > 0) == coming && s.flushGroup(g, start) {
				waits = true
			}
		}
	}
	s.busy += s.now().Sub(start)
	return waits
}

func (s *shard) flushGroup(g *group, now time.Time) (waits bool) {
	b := &s.batch
	b.reset()
	for m := range media {
		if m == beside && !hasSecond(g.rung) {
			g.read[m] = g.stream(m).head.Load()
			continue
		}
		if !b.collect(g.stream(m), m, &g.read[m]) {
			g.lost(m, now)
		}
	}
	s.arrive(g, now)
	runs, alone := s.plan.Plan(b.sizes[:b.pictures], b.sizes[b.pictures:])
	if alone > 0 && g.since.IsZero() {
		g.since = now
	}
	if alone > 0 && now.Sub(g.since) < soundWait-flushTick && alone == len(b.entries)-b.pictures && !s.moving(g.audience) {
		// They wait for the tail of a run.
		g.read[sound] -= b.taken[sound]
		runs, waits = runs[:len(runs)-alone], true
	} else {
		g.since = time.Time{}
	}
	if len(runs) > 0 {
		b.pad(runs)
		n := len(g.viewers)
		g.turn++
		for i := range n {
			s.serve(g.viewers[(g.turn+i)%n], runs, now)
		}
	}
	b.release()
	return waits
}

// lost lets all viewers begin again: the shard fell behind by more than the ring holds.
func (g *group) lost(m medium, now time.Time) {
	for _, v := range g.viewers {
		v.legs[m].lost()
		v.counters.late.Add(1)
	}
	if m != sound {
		g.stream(m).cut.askKey(now.UnixNano())
	}
}
