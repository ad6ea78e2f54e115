package bus

import "time"

// recentFrames is how many frames back a late packet still finds its timestamp: more than
// the three seconds a player waits for it, at 30 a second.
const recentFrames = 128

// The output runs after the server clock by stretching or squeezing the time between
// frames by at most 1/slew; by 1/nearSlew when it is more than nearOff away, which is when
// one sees that picture and sound are not together; by 1/fastSlew when it is more than
// farOff away; further ahead it jumps. So the timestamps of one source always rise.
const (
	slew     = 16
	nearSlew = 4
	fastSlew = 2
	nearOff  = 40 * time.Millisecond
	farOff   = 300 * time.Millisecond
)

// writer numbers one medium of the programme. Its counters do not wrap; what goes out is
// their low bits.
type writer struct {
	rate   int64
	start  int64 // timestamp at the epoch
	seq    int64 // highest sent
	ts     int64 // newest sent
	sent   bool
	seqOff int64 // of the source on air: out = in + off
	floor  int64 // lowest sequence number of the source on air that may be sent
	frames [recentFrames]frame
	n      int  // frames of the source on air so far
	open   bool // the newest frame's marker has not been sent
}

type frame struct{ in, out int64 }

func newWriter(rate int64, seq uint16, ts uint32) writer {
	return writer{rate: rate, start: int64(ts), seq: int64(seq) - 1}
}

// stamp returns the timestamp of an instant.
func (w *writer) stamp(t time.Duration) uint32 { return uint32(w.start + ticks(t, w.rate)) }

// next numbers the next packet of a stream made here (the mixer's sound).
func (w *writer) next(t time.Duration) (uint16, uint32) {
	ts := w.start + ticks(t, w.rate)
	if w.sent {
		ts = max(ts, w.ts+1)
	}
	w.seq, w.ts, w.sent = w.seq+1, ts, true
	return uint16(w.seq), uint32(ts)
}

// cut makes first the next packet after all that were sent.
func (w *writer) cut(first packet) {
	w.seqOff = w.seq + 1 - first.seq
	w.floor = first.seq
	w.n = 0
	w.open = false
}

// rewrite numbers a packet of the source on air; false: it belongs before the cut, or
// its frame is forgotten.
func (w *writer) rewrite(p packet) (uint16, uint32, bool) {
	if p.seq < w.floor {
		return 0, 0, false
	}
	ts, ok := w.timestamp(p)
	if !ok {
		return 0, 0, false
	}
	seq := p.seq + w.seqOff
	w.seq = max(w.seq, seq)
	w.sent = true
	if ts == w.ts {
		w.open = !p.marker && w.open
	}
	return uint16(seq), uint32(ts), true
}

// timestamp returns the timestamp of the packet's frame.
func (w *writer) timestamp(p packet) (int64, bool) {
	if w.n == 0 {
		return w.newFrame(p, w.first(p)), true
	}
	last := w.frame(w.n - 1)
	if p.ts > last.in {
		return w.newFrame(p, w.advance(p, last)), true
	}
	for i := w.n - 1; i >= max(0, w.n-recentFrames); i-- {
		f := w.frame(i)
		if f.in == p.ts {
			return f.out, true
		}
		if f.in < p.ts {
			return w.between(p.ts, f, w.frame(i+1))
		}
	}
	return 0, false
}

// first places the first frame after a cut: where it was captured, but after the last.
func (w *writer) first(p packet) int64 {
	ts := w.start + ticks(p.at, w.rate)
	if w.sent {
		ts = max(ts, w.ts+w.rate/1000)
	}
	return ts
}

// advance places the next frame of the same source.
func (w *writer) advance(p packet, last frame) int64 {
	step := p.ts - last.in
	off := w.start + ticks(p.at, w.rate) - (last.out + step)
	near, far := ticks(nearOff, w.rate), ticks(farOff, w.rate)
	limit := step / slew
	switch {
	case off > far:
		limit = off
	case off < -far:
		limit = step / fastSlew
	case off > near, off < -near:
		limit = step / nearSlew
	}
	return last.out + max(1, step+max(-limit, min(limit, off)))
}

// between places a frame none of whose packets came in time: as far on the way between its
// neighbours as it was captured, since the time between them may have been squeezed.
func (w *writer) between(in int64, older, newer frame) (int64, bool) {
	out := older.out + (in-older.in)*(newer.out-older.out)/(newer.in-older.in)
	return out, older.out < out && out < newer.out
}

func (w *writer) newFrame(p packet, out int64) int64 {
	w.frames[w.n%recentFrames] = frame{in: p.ts, out: out}
	w.n++
	w.ts = out
	w.open = true
	return out
}

func (w *writer) frame(i int) frame { return w.frames[i%recentFrames] }
