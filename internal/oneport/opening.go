package oneport

import (
	"container/list"
	"net"
	"net/netip"
	"sync"
)

// opening are the connections that have not said yet what they are. When there are too
// many, of all or of one address, the one that has been opening longest is closed.
type opening struct {
	max   int // of all
	share int // of one address

	heldMu sync.Mutex // guards held, of, pushed
	held   *list.List // of *opener, oldest first
	of     map[netip.Addr]int
	pushed uint64
}

// opener is one of them. Its address is known once a PROXY header was read.
type opener struct {
	conn net.Conn
	from netip.Addr // invalid: not known yet
	at   *list.Element
}

func newOpening(most int) *opening {
	return &opening{max: most, share: max(1, most/4), held: list.New(), of: make(map[netip.Addr]int)}
}

// add takes a connection in.
func (o *opening) add(conn net.Conn) *opener {
	o.heldMu.Lock()
	entry := &opener{conn: conn}
	entry.at = o.held.PushBack(entry)
	var out *opener
	if o.held.Len() > o.max {
		out = o.oldest(netip.Addr{})
	}
	o.heldMu.Unlock()
	out.close()
	return entry
}

// place says whose a connection is.
func (o *opening) place(entry *opener, from netip.Addr) {
	o.heldMu.Lock()
	var out *opener
	if entry.at != nil && from.IsValid() {
		entry.from = from
		if o.of[from]++; o.of[from] > o.share {
			out = o.oldest(from)
		}
	}
	o.heldMu.Unlock()
	out.close()
}

// remove forgets a connection: it has opened, or is closed.
func (o *opening) remove(entry *opener) {
	o.heldMu.Lock()
	defer o.heldMu.Unlock()
	o.drop(entry)
}

// oldest drops and returns the oldest of an address; of all, when it is invalid. The
// caller holds heldMu and closes what it gets after that.
func (o *opening) oldest(from netip.Addr) *opener {
	for at := o.held.Front(); at != nil; at = at.Next() {
		if entry, is := at.Value.(*opener); is && (!from.IsValid() || entry.from == from) {
			o.drop(entry)
			o.pushed++
			return entry
		}
	}
	return nil
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
