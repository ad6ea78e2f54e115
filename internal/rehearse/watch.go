package rehearse

import (
	"time"
)

// repairTime is how long a missing packet may be repaired before its frame counts as
// not decodable.
const repairTime = time.Second

const watchPackets = 4096 // packets kept while one before them is missing

// watch checks the picture of one slot: is every frame complete, does every frame's
// reference exist, whose is it. It does not decode: a frame is decodable when all its
// packets came and it is a keyframe or the frame after a decodable one of the same venue.
// Owned by the reader of the slot.
type watch struct {
	set     bool
	highest int64
	next    int64 // the sequence number to be looked at
	ring    [watchPackets]seen

	frame     frame
	reference mark // the last decodable frame
	chain     bool // reference is set

	patience time.Duration // how long a missing packet may be repaired
	// keyAfter is how long when a whole keyframe has come after it: a player that shows
	// pictures at their time goes on with that; 0: patience.
	keyAfter time.Duration
	stats    watchStats
	saw      func(mark) // called for every decodable frame
}

// watchStats is what a watch counted.
type watchStats struct {
	packets    int
	lost       int // packets that never came, repair included
	late       int // packets that came out of order: repaired or reordered
	frames     int
	broken     int // frames that were not decodable
	unfinished int // … because packets were missing
	orphans    int // … because what they refer to was missing
	keyframes  int
	cuts       int // changes from one venue to another
}

func (s *watchStats) add(o watchStats) {
	s.packets += o.packets
	s.lost += o.lost
	s.late += o.late
	s.frames += o.frames
	s.broken += o.broken
	s.unfinished += o.unfinished
	s.orphans += o.orphans
	s.keyframes += o.keyframes
	s.cuts += o.cuts
}

// seen is one packet of the ring.
type seen struct {
	seq     int64
	present bool
	missed  time.Duration // when a later one came before it; 0: none did
	ts      uint32
	marker  bool
	empty   bool
	contents
}

// frame is the access unit being put together.
type frame struct {
	open, broken bool
	ts           uint32
	contents
}

func newWatch(saw func(mark)) *watch {
	return &watch{saw: saw, patience: repairTime}
}

// push takes one packet as it arrived.
func (w *watch) push(seq16 uint16, ts uint32, marker bool, payload []byte, now time.Duration) {
	if !w.set {
		w.set, w.highest, w.next = true, int64(seq16), int64(seq16)
	}
	seq := w.highest + int64(int16(seq16-uint16(w.highest)))
	w.stats.packets++
	if seq < w.highest {
		w.stats.late++
	}
	before := w.highest
	w.highest = max(w.highest, seq)
	if seq < w.next {
		return // doubled, or given up
	}
	if seq-w.next >= watchPackets {
		w.giveUp(seq - watchPackets + 1)
	}
	for s := max(before+1, w.next); s < seq; s++ {
		w.ring[s%watchPackets] = seen{seq: s, missed: max(now, 1)}
	}
	w.ring[seq%watchPackets] = seen{
		seq: seq, present: true, ts: ts, marker: marker, empty: len(payload) == 0, contents: inspect(payload),
	}
	w.sweep(now)
}

// sweep looks at all packets that can be looked at by now.
func (w *watch) sweep(now time.Duration) {
	for w.next <= w.highest {
		p := &w.ring[w.next%watchPackets]
		if p.present && p.seq == w.next {
			w.take(p)
			p.present = false
			w.next++
			continue
		}
		waited := patient(p, w.next, now)
		if start, ok := w.fresh(); ok {
			w.giveUp(start)
			continue
		}
		if w.keyAfter > 0 && waited >= w.keyAfter {
			if key, whole := w.keyframe(w.next); whole {
				w.giveUp(key)
				continue
			}
		}
		if waited < w.patience {
			return
		}
		w.giveUp(w.present(w.next))
	}
}

// patient returns for how long the packet of a number, that is not there, is waited for.
func patient(p *seen, seq int64, now time.Duration) time.Duration {
	if p.seq != seq || p.missed == 0 {
		*p = seen{seq: seq, missed: max(now, 1)}
	}
	return now - p.missed
}

// hole is how many packets in a row nobody waits for when a keyframe has come after them.
const hole = 100

// fresh returns where a whole keyframe begins behind a hole: a player goes on from there.
func (w *watch) fresh() (int64, bool) {
	start := w.present(w.next)
	if start-w.next < hole {
		return 0, false
	}
	open := false
	for seq := start; seq <= w.highest; seq++ {
		p := &w.ring[seq%watchPackets]
		switch {
		case !p.present || p.seq != seq:
			open = false
			continue
		case p.sps:
			start, open = seq, true
		}
		if open && p.marker {
			return start, true
		}
	}
	return 0, false
}

// keyframe returns the first packet of the next keyframe from seq on that is there whole.
func (w *watch) keyframe(seq int64) (first int64, whole bool) {
	first = -1
	for ; seq <= w.highest; seq++ {
		p := &w.ring[seq%watchPackets]
		switch {
		case !p.present || p.seq != seq:
			first = -1
		case p.sps:
			first = seq
		}
		if first >= 0 && p.marker && p.ts == w.ring[first%watchPackets].ts {
			return first, true
		}
	}
	return 0, false
}

// present returns the first number from seq on that is there.
func (w *watch) present(seq int64) int64 {
	for ; seq < w.highest; seq++ {
		if p := &w.ring[seq%watchPackets]; p.present && p.seq == seq {
			break
		}
	}
	return seq
}

// giveUp counts the packets before seq that are missing as lost.
func (w *watch) giveUp(seq int64) {
	for ; w.next < seq; w.next++ {
		if p := &w.ring[w.next%watchPackets]; p.present && p.seq == w.next {
			w.take(p)
			p.present = false
			continue
		}
		w.stats.lost++
		if w.frame.open {
			w.frame.broken = true
		} else {
			w.frame = frame{open: true, broken: true}
		}
	}
}

// take looks at the next packet in order.
func (w *watch) take(p *seen) {
	if p.empty {
		return // padding
	}
	if w.frame.open && w.frame.ts != p.ts && (w.frame.slice || p.sps || !w.frame.broken) {
		w.frame.broken = true // its end never came
		w.finish()
	}
	if !w.frame.open {
		w.frame = frame{open: true}
	}
	f := &w.frame
	f.ts = p.ts
	f.idr = f.idr || p.idr
	f.sps = f.sps || p.sps
	f.slice = f.slice || p.slice
	if p.marked {
		f.mark, f.marked = p.mark, true
	}
	if p.marker {
		w.finish()
	}
}

// finish judges the frame.
func (w *watch) finish() {
	f := w.frame
	w.frame = frame{}
	w.stats.frames++
	if f.broken || !f.slice {
		w.stats.broken++
		w.stats.unfinished++
		w.chain = false
		return
	}
	if (!f.idr || !f.sps) && !w.follows(f) {
		w.stats.broken++
		w.stats.orphans++
		w.chain = false
		return
	}
	if f.idr {
		w.stats.keyframes++
	}
	if w.chain && w.reference.venue != f.mark.venue {
		w.stats.cuts++
	}
	w.chain, w.reference = true, f.mark
	w.saw(f.mark)
}

// follows reports whether the frame's reference was decoded. Frames without a mark (the
// slate, publishers that are not ours) are taken to follow one another.
func (w *watch) follows(f frame) bool {
	if !w.chain {
		return false
	}
	if !f.marked {
		return w.reference.venue == ""
	}
	return f.mark.venue == w.reference.venue && f.mark.frame == w.reference.frame+1
}
