package sfu

import (
	"slices"
	"sync/atomic"

	"github.com/pion/webrtc/v4"

	"github.com/diemcau/diemcau/sfu/rewrite"
	"github.com/diemcau/diemcau/sfu/ring"
)

// cut joins one feed after another into one stream with contiguous numbers and rising
// timestamps. Route says what is wanted; the switch happens on the packet path, at the
// first packet of the new feed that decoding can start at, and until then the old one goes on.
//
// The state below gate belongs to whoever is inside the gate: always the goroutine of one
// feed. That makes the packet path free of locks.
type cut struct {
	want atomic.Pointer[wish]
	runs atomic.Pointer[[]run] // newest first; replaced at a switch, so that anybody may read
	out  func(n numbers, p *ring.Packet)

	gate     gate
	current  *wish
	rw       rewrite.Rewriter
	lastSent int64         // capture time of the newest packet, nanoseconds
	oldest   atomic.Uint64 // outgoing number below which nothing is sent again

	attached []*feed // feeds it is an output of; guarded by the plane's planeMu
}

// wish is one decision to show a feed; every decision is a new wish, even for the same feed.
type wish struct {
	feed *feed
	// hurry ends the old picture at once: the line does not take it, and what is sent of it
	// stands before the keyframe in the same queue.
	hurry bool
	// missed is the keyframe that came while the gate was busy; written by feed's goroutine only.
	missed uint64
	done   atomic.Bool // the switch has happened
}

// run is one stretch of the outgoing stream that came from one feed.
type run struct {
	feed  *feed
	start uint64 // first outgoing sequence number
	shift uint64 // outgoing = incoming + shift, modulo 2^64
	tsOff uint32
}

// keptRuns is how many runs can still be retransmitted.
const keptRuns = 4

// numbers are the outgoing ones of a packet.
type numbers struct {
	seq uint64
	ts  uint32
}

func newCut(rw rewrite.Rewriter, out func(numbers, *ring.Packet)) *cut {
	c := &cut{rw: rw, out: out}
	c.runs.Store(&[]run{})
	return c
}

// show wishes for a feed, nil for nothing; in a hurry, the one before ends at once. The same
// wish again changes nothing.
func (c *cut) show(f *feed, hurry bool) {
	old := c.want.Load()
	switch {
	case f == nil:
		c.want.Store(nil)
	case old == nil || old.feed != f:
		c.want.Store(&wish{feed: f, hurry: hurry})
	}
}

// point shows a feed, nil for nothing, and becomes its output; with the plane's planeMu held.
func (c *cut) point(f *feed, hurry bool) {
	c.show(f, hurry)
	if f != nil {
		f.attach(c)
	}
	w := c.want.Load()
	c.attached = slices.DeleteFunc(c.attached, func(old *feed) bool {
		// A picture goes on until the new one's keyframe has come.
		if old == f || (w != nil && !w.done.Load() && old.isVideo()) {
			return false
		}
		old.detach(c)
		return true
	})
	if f != nil && !slices.Contains(c.attached, f) {
		c.attached = append(c.attached, f)
	}
}

// detach ends the showing of everything; with the plane's planeMu held.
func (c *cut) detach() {
	for _, f := range c.attached {
		f.detach(c)
	}
	c.attached = nil
}

// abandon forgets what was sent: none of it is sent again.
func (c *cut) abandon() { c.runs.Store(&[]run{}) }

// supersede says that nothing before an outgoing number is worth sending again: the line
// does not take that picture.
func (c *cut) supersede(seq uint64) { c.oldest.Store(seq) }

// askKey asks the source that is wanted for a keyframe.
func (c *cut) askKey(now int64) {
	if w := c.want.Load(); w != nil {
		w.feed.keys.ask(now)
	}
}

// timestamp returns the outgoing timestamp of an instant, and false before the first packet.
func (c *cut) timestamp(now int64) (uint32, bool) {
	runs := *c.runs.Load()
	if len(runs) == 0 {
		return 0, false
	}
	ts, ok := runs[0].feed.clock.timestamp(now, runs[0].feed.rate)
	return ts + runs[0].tsOff, ok // modulo 2^32
}

// waiting returns the feed whose keyframe is waited for, or nil.
func (c *cut) waiting() *feed {
	if w := c.want.Load(); w != nil && !w.done.Load() && w.feed.kind == webrtc.RTPCodecTypeVideo {
		return w.feed
	}
	return nil
}

// forward takes the next packet of a feed. It is the packet path: no lock, no allocation
// except at a switch.
func (c *cut) forward(f *feed, p *ring.Packet) {
	w := c.want.Load()
	if c.gate.enter(f.id) {
		switch {
		case c.current == w && w != nil:
			c.write(p)
		case w == nil:
			c.current = nil
		case w.feed != f && f.kind == webrtc.RTPCodecTypeVideo && c.current != nil && c.current.feed == f:
			if !w.hurry {
				c.write(p) // the new source has no keyframe yet
			}
		case w.feed == f && startsAt(f, p):
			c.begin(w, p)
			c.write(p)
		}
		c.gate.leave(f.id)
		return
	}
	if w == nil || w.feed != f || (w.missed == 0 && !startsAt(f, p)) {
		return
	}
	if !c.gate.take(f.id) {
		if w.missed == 0 {
			w.missed = p.Seq
		}
		return
	}
	c.takeOver(w, p)
	c.gate.leave(f.id)
}

func startsAt(f *feed, p *ring.Packet) bool {
	return p.Key || f.kind == webrtc.RTPCodecTypeAudio
}

// takeOver begins with p, or with the keyframe that was missed and all that followed it.
func (c *cut) takeOver(w *wish, p *ring.Packet) {
	from := p.Seq
	if w.missed != 0 && w.missed < from {
		from = w.missed
	}
	begun := false
	for seq := from; seq < p.Seq; seq++ {
		q := w.feed.store.Get(seq)
		if q == nil {
			continue
		}
		if !begun && startsAt(w.feed, q) {
			c.begin(w, q)
			begun = true
		}
		if begun {
			c.write(q)
		}
		q.Release()
	}
	if !begun {
		if !startsAt(w.feed, p) {
			w.missed = 0
			return
		}
		c.begin(w, p)
	}
	c.write(p)
}

// begin starts a run with the packet.
func (c *cut) begin(w *wish, p *ring.Packet) {
	var elapsed uint32
	if c.lastSent != 0 && p.Capture > c.lastSent {
		elapsed = uint32(min(ticksOf(p.Capture-c.lastSent, w.feed.rate), 1<<30))
	}
	c.rw.Switch(p.Seq, p.TS, elapsed)
	old := *c.runs.Load()
	next := make([]run, 0, keptRuns)
	next = append(next, run{
		feed: w.feed, start: c.rw.Next(), shift: c.rw.Shift(), tsOff: c.rw.TSOffset(),
	})
	next = append(next, old[:min(len(old), keptRuns-1)]...)
	c.runs.Store(&next)
	c.current = w
	w.done.Store(true)
}

func (c *cut) write(p *ring.Packet) {
	seq, ts, ok := c.rw.Rewrite(p.Seq, p.TS)
	if !ok {
		return
	}
	if p.Capture > c.lastSent {
		c.lastSent = p.Capture
	}
	c.out(numbers{seq: seq, ts: ts}, p)
}

// find returns the stored packet behind an outgoing sequence number, to be released, or nil.
func (c *cut) find(seq uint64) (*ring.Packet, numbers) {
	if seq < c.oldest.Load() {
		return nil, numbers{}
	}
	for _, r := range *c.runs.Load() {
		if seq < r.start {
			continue
		}
		p := r.feed.store.Get(seq - r.shift)
		if p == nil {
			return nil, numbers{}
		}
		return p, numbers{seq: seq, ts: p.TS + r.tsOff}
	}
	return nil, numbers{}
}
