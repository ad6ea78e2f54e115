package sfu

import (
	"container/list"
	"sync"
	"sync/atomic"
)

// maxOpening is how many viewers of a node may be connecting at a time.
const maxOpening = 1024

// opening are the viewers that have been answered and are not connected yet. An answer costs
// whoever asks a few hundred bytes and us an ICE agent, so there is a limit; refusing beyond
// it would keep out those who do mean to come, so the oldest are given up instead.
type opening struct {
	mu     sync.Mutex // guards order, place
	order  list.List  // of *Viewer, oldest first
	place  map[*Viewer]*list.Element
	pushed atomic.Uint64
}

// begin adds a viewer, and gives up the oldest when there are more than limit.
func (o *opening) begin(v *Viewer, limit int) {
	o.mu.Lock()
	if o.place == nil {
		o.place = make(map[*Viewer]*list.Element)
	}
	o.place[v] = o.order.PushBack(v)
	var oldest *Viewer
	if o.order.Len() > limit {
		front := o.order.Front()
		oldest, _ = o.order.Remove(front).(*Viewer)
		delete(o.place, oldest)
	}
	o.mu.Unlock()
	if oldest != nil {
		o.pushed.Add(1)
		oldest.Close()
	}
}

// end takes a viewer out that is connected, or gone.
func (o *opening) end(v *Viewer) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if e := o.place[v]; e != nil {
		o.order.Remove(e)
		delete(o.place, v)
	}
}

func (o *opening) len() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.order.Len()
}

// maxOpening is Config.MaxOpening or what it is by itself.
func (n *Node) maxOpening() int {
	if n.cfg.MaxOpening > 0 {
		return n.cfg.MaxOpening
	}
	return maxOpening
}

// Intrusion counts what was kept out of the media port since the start, for metrics.
type Intrusion struct {
	Unknown  uint64 // datagrams of no protocol spoken here
	STUN     uint64 // malformed checks, and checks for no session of ours
	Stranger uint64 // DTLS, RTP and RTCP from addresses of no session
	Pushed   uint64 // viewers given up before they were connected, for newer ones
	Opening  int    // viewers that are connecting now
}

// Intrusion returns the counters.
func (n *Node) Intrusion() Intrusion {
	d := &n.door
	return Intrusion{
		Unknown: d.refused[causeUnknown].Load(), STUN: d.refused[causeSTUN].Load(), Stranger: d.refused[causeStranger].Load(),
		Pushed: n.opening.pushed.Load(), Opening: n.opening.len(),
	}
}
