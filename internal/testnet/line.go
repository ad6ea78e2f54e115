package testnet

import (
	"math/rand/v2"
	"time"
)

// Line says what one direction of a host's line does to packets. The zero Line is perfect.
type Line struct {
	// Loss is the share of packets that vanish, 0 to 1.
	Loss float64
	// Delay is added to every packet.
	Delay time.Duration
	// Jitter is the most a packet waits beyond Delay, evenly spread. Packets keep their
	// order, as in a queue.
	Jitter time.Duration
	// Reorder is the share of packets, 0 to 1, that are held back by ReorderBy and so
	// overtaken.
	Reorder float64
	// ReorderBy is how long a reordered packet is held back; 0: 20 ms.
	ReorderBy time.Duration
	// Rate is the bottleneck in bits/s of IP packets; 0: none.
	Rate int
	// Burst is how many bytes pass at once after a pause of a bottleneck; 0: 3,000.
	Burst int
	// Queue bounds what waits before the bottleneck, as time it takes to send; one packet
	// always finds room. What comes beyond is dropped. 0: 200 ms.
	Queue time.Duration
	// Down loses everything, what is on the way included.
	Down bool
}

const (
	defaultReorderBy = 20 * time.Millisecond
	defaultBurst     = 3000
	defaultQueue     = 200 * time.Millisecond
)

// Verdict is what became of a packet.
type Verdict string

// The verdicts.
const (
	Delivered  Verdict = "delivered"
	Lost       Verdict = "lost"       // by Line.Loss
	Overflowed Verdict = "overflowed" // no room in Line.Queue
	Down       Verdict = "down"       // Line.Down
	Blocked    Verdict = "blocked"    // by the firewall
	Unroutable Verdict = "unroutable" // nobody has the address
)

// Counts are a direction's packets since the start.
type Counts struct {
	Packets    int // that came to the line
	Lost       int
	Overflowed int
	Down       int
	Reordered  int // held back
}

// direction is one Line at work. It has no clock: time is the packets' own.
type direction struct {
	line   Line
	rng    *rand.Rand
	free   time.Time // when the bottleneck has sent all it was given
	last   time.Time // when the last packet in order leaves
	counts Counts
}

func newDirection(seed, stream uint64) *direction {
	return &direction{rng: rand.New(rand.NewPCG(seed, stream))} //nolint:gosec // repeatable is the point
}

// pass decides on a packet of size bytes that comes at a time: when it leaves, or why not.
// Every packet takes three random numbers whatever the line does, so that a setting does
// not change the decisions of another.
func (d *direction) pass(at time.Time, size int) (due time.Time, v Verdict) {
	lose, hold, wait := d.rng.Float64(), d.rng.Float64(), d.rng.Float64()
	l := &d.line
	d.counts.Packets++
	switch {
	case l.Down:
		d.counts.Down++
		return time.Time{}, Down
	case lose < l.Loss:
		d.counts.Lost++
		return time.Time{}, Lost
	}
	due = at
	if l.Rate > 0 {
		var ok bool
		if due, ok = d.bottleneck(at, size); !ok {
			d.counts.Overflowed++
			return time.Time{}, Overflowed
		}
	}
	due = due.Add(l.Delay + time.Duration(wait*float64(l.Jitter)))
	if hold < l.Reorder {
		d.counts.Reordered++
		return due.Add(orDefault(l.ReorderBy, defaultReorderBy)), Delivered
	}
	if due.Before(d.last) {
		due = d.last
	}
	d.last = due
	return due, Delivered
}

// bottleneck is a token bucket before which a bounded queue waits.
func (d *direction) bottleneck(at time.Time, size int) (sent time.Time, ok bool) {
	l := &d.line
	if d.free.Sub(at) > orDefault(l.Queue, defaultQueue) {
		return time.Time{}, false
	}
	// A pause saves up to Burst bytes.
	if full := at.Add(-l.takes(orDefault(l.Burst, defaultBurst))); d.free.Before(full) {
		d.free = full
	}
	d.free = d.free.Add(l.takes(size))
	if d.free.Before(at) {
		return at, true
	}
	return d.free, true
}

// takes returns how long the bottleneck needs for so many bytes.
func (l *Line) takes(bytes int) time.Duration {
	return time.Duration(float64(bytes) * 8 / float64(l.Rate) * float64(time.Second))
}

// set changes the line. A new delay or rate is not held up by what the old one kept.
func (d *direction) set(l Line) {
	d.line = l
	d.free, d.last = time.Time{}, time.Time{}
}

func orDefault[T int | time.Duration](v, standard T) T {
	if v == 0 {
		return standard
	}
	return v
}
