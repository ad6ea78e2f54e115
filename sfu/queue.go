package sfu

import "time"

const (
	queueMemory = 10 * time.Second       // the shortest way is that of one to two of them
	queueMoment = 50 * time.Millisecond  // a picture's packets are sent over some time: the first tells
	queueStands = 100 * time.Millisecond // longer than jitter; a cheap router holds 200 ms
	queueAnew   = 2 * time.Second        // the source's clock was set, or its timestamps wrapped
)

// queue tells whether packets of a source wait before the bottleneck of its line: they come
// later after their capture than they did. One goroutine uses it; the zero value is ready.
type queue struct {
	base, way least
}

// add takes how long after its capture a packet came, by any clock that runs evenly, in
// nanoseconds; packets sent again are left out.
func (q *queue) add(transit, now int64) {
	if d := time.Duration(transit - q.base.value()); q.base.set && (d > queueAnew || d < -queueAnew) {
		*q = queue{}
	}
	q.base.add(transit, now, int64(queueMemory))
	q.way.add(transit, now, int64(queueMoment))
}

// stands reports whether a queue stood when the last packets came.
func (q *queue) stands() bool { return q.way.value()-q.base.value() > int64(queueStands) }

// least is the smallest value of the last one to two windows.
type least struct {
	set               bool
	start             int64
	current, previous int64
}

func (l *least) add(value, now, window int64) {
	switch {
	case !l.set || now-l.start >= 2*window:
		l.set, l.start, l.current, l.previous = true, now, value, value
	case now-l.start >= window:
		l.start, l.previous, l.current = now, l.current, value
	default:
		l.current = min(l.current, value)
	}
}

func (l *least) value() int64 { return min(l.current, l.previous) }
