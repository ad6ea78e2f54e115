package sfu

import (
	"container/list"
	"net/netip"
	"sync"
	"sync/atomic"
)

// maxOpening is how many viewers of a node may be connecting at a time.
const maxOpening = 1024

// openingPart is the part of them that one address may be.
const openingPart = 4

// opening are the viewers that are being answered or were, and are not connected yet. An
// answer costs whoever asks a few hundred bytes and us an ICE agent, so there is a limit, of
// all and of an address; refusing beyond it would keep out those who do mean to come, so the
// oldest are given up instead, first of all those that have sent nothing. That honest ones
// have time enough is the affair of who limits how fast they come (limits.Watch).
type opening struct {
	mu     sync.Mutex // guards order, place, of
	order  list.List  // of *Viewer, oldest first
	place  map[*Viewer]*list.Element
	of     map[netip.Prefix]int
	pushed atomic.Uint64
}

// begin adds a viewer, and gives up an older one when there are more than limit, or of its
// address more than its part.
func (o *opening) begin(v *Viewer, limit int) {
	o.mu.Lock()
	if o.place == nil {
		o.place, o.of = make(map[*Viewer]*list.Element), make(map[netip.Prefix]int)
	}
	var out *Viewer
	switch {
	case v.from.IsValid() && o.of[v.from] >= max(1, limit/openingPart):
		out = o.oldest(func(other *Viewer) bool { return other.from == v.from })
	case o.order.Len() >= limit:
		out = o.oldest(func(*Viewer) bool { return true })
	}
	o.remove(out)
	o.place[v] = o.order.PushBack(v)
	o.of[v.from]++
	o.mu.Unlock()
	if out != nil {
		o.pushed.Add(1)
		out.Close()
	}
}

// oldest returns the oldest of those meant that has sent nothing; when all have sent
// something, the oldest. With mu held.
func (o *opening) oldest(meant func(*Viewer) bool) *Viewer {
	var first *Viewer
	for e := o.order.Front(); e != nil; e = e.Next() {
		v, is := e.Value.(*Viewer)
		switch {
		case !is || !meant(v):
		case v.silent():
			return v
		case first == nil:
			first = v
		}
	}
	return first
}

// end takes a viewer out that is connected, or gone.
func (o *opening) end(v *Viewer) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.remove(v)
}

// remove is end with mu held; nil is nobody.
func (o *opening) remove(v *Viewer) {
	e := o.place[v]
	if e == nil {
		return
	}
	o.order.Remove(e)
	delete(o.place, v)
	if o.of[v.from]--; o.of[v.from] == 0 {
		delete(o.of, v.from)
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
