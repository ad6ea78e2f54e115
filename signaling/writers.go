package signaling

import (
	"sync"
	"time"
)

// writers is the bounded set of goroutines that write to sockets. A socket with
// something to send stands in the queue at most once, so the queue is as long as there
// are sockets.
//
// A write blocks for at most writeWithin. So that a few peers that stopped reading do not
// hold everybody up, a writer that has been in one write for stuckAfter is replaced; it
// leaves when its write has ended and there are enough others.
type writers struct {
	least int

	mu      sync.Mutex // guards all below
	ready   sync.Cond
	queue   []*conn
	busy    map[*conn]time.Time // since when a writer has been writing to it
	running int
	stuck   int
	closed  bool
}

const (
	stuckAfter = 100 * time.Millisecond
	maxWriters = 512
	turn       = 64 // messages to one socket before the next has its turn
)

func newWriters(least int) *writers {
	w := &writers{least: least, busy: map[*conn]time.Time{}}
	w.ready.L = &w.mu
	return w
}

// put queues a socket that has something to send; the caller has marked it scheduled.
func (w *writers) put(c *conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return
	}
	w.queue = append(w.queue, c)
	w.ready.Signal()
}

// wanted returns how many writers to start now and counts them as running. With all
// maxWriters held up, the sockets that have been stuck are cut off at once.
func (w *writers) wanted() int {
	w.mu.Lock()
	w.stuck = 0
	var cut []*conn
	for c, since := range w.busy {
		if time.Since(since) > stuckAfter {
			w.stuck++
			cut = append(cut, c)
		}
	}
	want := min(w.least+w.stuck, maxWriters)
	start := max(want-w.running, 0)
	if w.closed {
		start = 0
	}
	w.running += start
	full := w.stuck >= maxWriters
	w.mu.Unlock()
	if full {
		for _, c := range cut {
			c.abort()
		}
	}
	return start
}

// run writes until the set is closed or has become too large.
func (w *writers) run() {
	for {
		c := w.next()
		if c == nil {
			return
		}
		again := c.write(turn)
		w.mu.Lock()
		delete(w.busy, c)
		if again && !w.closed {
			w.queue = append(w.queue, c)
		}
		w.mu.Unlock()
	}
}

func (w *writers) next() *conn {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.queue) == 0 && !w.closed && w.running <= w.least+w.stuck {
		w.ready.Wait()
	}
	if len(w.queue) == 0 || w.running > w.least+w.stuck {
		w.running--
		w.ready.Signal() // this one may have taken the signal of a socket
		return nil
	}
	c := w.queue[0]
	w.queue[0] = nil
	if w.queue = w.queue[1:]; len(w.queue) == 0 {
		w.queue = nil
	}
	w.busy[c] = time.Now()
	return c
}

// started notes that a new write to the socket begins, so that many quick writes do not
// count as one slow one.
func (w *writers) started(c *conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.busy[c] = time.Now()
}

// close ends all writers; what is queued is written first, nothing is taken any more.
func (w *writers) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	w.ready.Broadcast()
}
