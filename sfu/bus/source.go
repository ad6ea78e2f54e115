package bus

import "time"

// packet is a Packet with its counters unwrapped and placed on the server clock.
type packet struct {
	ref      uint64
	seq, ts  int64
	at       time.Duration // captured
	marker   bool
	keyframe bool
}

// venue is what the bus knows of a candidate.
type venue struct {
	clock  Clock
	lag    time.Duration // of its sound, and so of its pictures
	layers [Layers]layer
	last   time.Duration // last packet of any layer
	since  time.Duration // sending without a long pause since
	known  bool
}

func (v *venue) heard(t time.Duration) {
	if !v.known || t-v.last >= SilentAfter {
		v.since = t
	}
	v.known, v.last = true, max(v.last, t)
}

func (v *venue) alive(t time.Duration) bool { return v != nil && v.known && t-v.last < SilentAfter }

// sends reports whether a layer goes on: all layers are of the same pictures, so one that
// is silent while another is not has ended, however few pictures a second there are.
func (v *venue) sends(l uint8, t time.Duration) bool {
	return v.layers[l].alive(t) && v.last-v.layers[l].last < layerEndedAfter
}

// steady reports whether a layer has been sent for a while.
func (v *venue) steady(l uint8, t time.Duration) bool {
	return v.sends(l, t) && t-v.layers[l].since >= layerSteadyAfter
}

// best returns the layer that fits a rung best of those that send now.
func (v *venue) best(rung uint8, t time.Duration) (uint8, bool) {
	var best uint8
	found := false
	for i := range v.layers {
		if l := uint8(i); v.sends(l, t) && (!found || distance(rung, l) < distance(rung, best)) {
			best, found = l, true
		}
	}
	return best, found
}

// distance orders layers for a rung: itself, the lower ones, then the higher ones.
func distance(rung, layer uint8) int {
	if layer >= rung {
		return int(layer - rung)
	}
	return Layers + int(rung-layer)
}

// recentPackets is how many packets before a keyframe's mark are kept, in case they are
// its beginning and came in the wrong order.
const recentPackets = 64

// layer is what the bus knows of one candidate stream.
type layer struct {
	seq    unwrap16
	ts     unwrap32
	seen   window
	known  bool
	last   time.Duration
	since  time.Duration
	recent [recentPackets]packet
	next   int // how many there were
	key    int // next after the newest keyframe's mark; 0: there was none
}

// accept unwraps a packet's counters; false: a duplicate, or far too old.
func (l *layer) accept(p Packet, t time.Duration) (packet, bool) {
	q := packet{
		ref: p.Ref, seq: l.seq.next(p.Seq), ts: l.ts.next(p.Timestamp),
		marker: p.Marker, keyframe: p.Keyframe,
	}
	if !l.seen.add(q.seq) {
		return packet{}, false
	}
	if !l.known || t-l.last >= layerSilentAfter {
		l.since = t
	}
	l.known, l.last = true, max(l.last, t)
	return q, true
}

func (l *layer) alive(t time.Duration) bool { return l.known && t-l.last < layerSilentAfter }

func (l *layer) remember(q packet) {
	l.recent[l.next%recentPackets] = q
	l.next++
	if q.keyframe {
		l.key = l.next
	}
}

// keyframe returns the mark of the newest keyframe, while it and all after it are kept.
func (l *layer) keyframe() (packet, bool) {
	if l.key == 0 || l.next-l.key >= recentPackets {
		return packet{}, false
	}
	return l.recent[(l.key-1)%recentPackets], true
}

// whole reports whether nothing is missing since a packet that is kept.
func (l *layer) whole(since packet) bool {
	for seq := since.seq; seq < l.seen.highest; seq++ {
		if !l.seen.has(seq) {
			return false
		}
	}
	return true
}

func (l *layer) forgetRecent() {
	l.recent = [recentPackets]packet{}
	l.next, l.key = 0, 0
}

// windowPackets is how far back a repaired packet may come: 2,048 packets are more
// than 2 s of 8 Mbit/s.
const windowPackets = 2048

// window remembers which of the last sequence numbers have been seen.
type window struct {
	set     bool
	highest int64
	bits    [windowPackets / 64]uint64
}

// add notes a number and reports whether it is new.
func (w *window) add(seq int64) bool {
	if !w.set {
		w.set, w.highest = true, seq
		w.mark(seq)
		return true
	}
	if seq <= w.highest-windowPackets {
		return false
	}
	if seq > w.highest {
		if seq-w.highest >= windowPackets {
			w.bits = [windowPackets / 64]uint64{}
		} else {
			for s := w.highest + 1; s < seq; s++ {
				w.bits[s&(windowPackets-1)/64] &^= 1 << (s & 63)
			}
		}
		w.highest = seq
		w.mark(seq)
		return true
	}
	if w.has(seq) {
		return false
	}
	w.mark(seq)
	return true
}

func (w *window) has(seq int64) bool {
	if !w.set || seq > w.highest || seq <= w.highest-windowPackets {
		return false
	}
	return w.bits[seq&(windowPackets-1)/64]&(1<<(seq&63)) != 0
}

func (w *window) mark(seq int64) { w.bits[seq&(windowPackets-1)/64] |= 1 << (seq & 63) }
