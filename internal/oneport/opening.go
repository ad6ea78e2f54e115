package oneport

import (
	"container/list"
	"net"
	"net/netip"
	"sync"
	"time"
)

// opening are the connections that have not said yet what they are. When there are too
// many, of all or of one address, room is made by one that has said nothing, or is taking
// long; when there is none the newest is closed. To close the oldest always, as this did
// once, lets nobody in when a crowd comes back: each is pushed out just before it has
// finished.
type opening struct {
	max     int // of all
	share   int // of one address
	stalled time.Duration

	heldMu sync.Mutex // guards held, of, pushed
	held   *list.List // of *opener, oldest first
	of     map[netip.Addr]int
	pushed uint64
}

// opener is one of them. Its address is known once a PROXY header was read.
type opener struct {
	conn  net.Conn
	from  netip.Addr // invalid: not known yet
	at    *list.Element
	since time.Time
	spoke bool // it has said what it is
}

func newOpening(most int, stalled time.Duration) *opening {
	return &opening{max: most, share: max(1, most/4), stalled: stalled, held: list.New(), of: make(map[netip.Addr]int)}
}

// add takes a connection in; nil: there is no room, and it was closed.
func (o *opening) add(conn net.Conn) *opener {
	o.heldMu.Lock()
	entry := &opener{conn: conn, since: time.Now()}
	var out *opener
	if o.held.Len() >= o.max {
		if out = o.stuck(netip.Addr{}); out == nil {
			out, entry = entry, nil
		}
		o.drop(out)
		o.pushed++
	}
	if entry != nil {
		entry.at = o.held.PushBack(entry)
	}
	o.heldMu.Unlock()
	out.close()
	return entry
}

// place says whose a connection is; when there is no room for one more of its address and
// none is stuck, it is closed.
func (o *opening) place(entry *opener, from netip.Addr) {
	o.heldMu.Lock()
	var out *opener
	if entry.at != nil && from.IsValid() {
		if o.of[from] >= o.share {
			if out = o.stuck(from); out == nil {
				out = entry
			}
			o.drop(out)
			o.pushed++
		}
		if entry.at != nil {
			entry.from = from
			o.of[from]++
		}
	}
	o.heldMu.Unlock()
	out.close()
}

// heard notes that a connection has said what it is.
func (o *opening) heard(entry *opener) {
	o.heldMu.Lock()
	defer o.heldMu.Unlock()
	entry.spoke = true
}

// remove forgets a connection: it has opened, or is closed.
func (o *opening) remove(entry *opener) {
	o.heldMu.Lock()
	defer o.heldMu.Unlock()
	o.drop(entry)
}

// stuck returns the oldest of an address, of all when it is invalid, that has said nothing,
// or else one that takes long; nil: there is none. With heldMu held.
func (o *opening) stuck(from netip.Addr) *opener {
	var slow *opener
	for at := o.held.Front(); at != nil; at = at.Next() {
		entry, is := at.Value.(*opener)
		switch {
		case !is || from.IsValid() && entry.from != from:
		case !entry.spoke:
			return entry
		case slow == nil && time.Since(entry.since) >= o.stalled:
			slow = entry
		}
	}
	return slow
}

// drop forgets a connection once. The caller holds heldMu.
func (o *opening) drop(entry *opener) {
	if entry.at == nil {
		return
	}
	o.held.Remove(entry.at)
	entry.at = nil
	if !entry.from.IsValid() {
		return
	}
	if o.of[entry.from]--; o.of[entry.from] == 0 {
		delete(o.of, entry.from)
	}
}

// closeAll closes all that are opening.
func (o *opening) closeAll() {
	o.heldMu.Lock()
	var all []*opener
	for at := o.held.Front(); at != nil; at = at.Next() {
		if entry, is := at.Value.(*opener); is {
			all = append(all, entry)
		}
	}
	o.heldMu.Unlock()
	for _, entry := range all {
		entry.close()
	}
}

// count returns how many are opening, and how many were closed to make room.
func (o *opening) count() (now int, pushed uint64) {
	o.heldMu.Lock()
	defer o.heldMu.Unlock()
	return o.held.Len(), o.pushed
}

func (e *opener) close() {
	if e != nil {
		_ = e.conn.Close() // it is being given up
	}
}
