package sfu

import (
	"encoding/binary"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// cause is why a datagram was dropped at the door.
type cause uint8

const (
	causeUnknown  cause = iota // of no protocol spoken here (RFC 7983), or too short
	causeSTUN                  // STUN that is malformed, or a check for no session of ours
	causeStranger              // DTLS, RTP or RTCP from an address no session's check came from
	causes
)

const (
	// maxAddresses is how many addresses one session may be at; the oldest is forgotten.
	maxAddresses = 16
	// keptFragments is how many ICE sessions of one session are let in: the old one goes on
	// until the checks of a restart have come.
	keptFragments = 2
	guestShards   = 256
)

// door looks at every datagram of the media port before anybody else does, and drops what
// cannot be for us: only a connectivity check that names a session of ours lets an address
// in. Looking takes no lock but for checks from addresses that are not known.
//
//	socket ─▶ door ─▶ viewers' RTCP │ pion's mux ─▶ agents
//	            └─▶ dropped, by cause
type door struct {
	expectedMu sync.RWMutex // guards expected, hosts, and the replacing of guests
	expected   map[string]*guest
	hosts      map[any][]*guest

	guests  [guestShards]atomic.Pointer[map[netip.AddrPort]*guest]
	refused [causes]atomic.Uint64
}

// guest is one ICE session that is waited for, and where its checks came from.
type guest struct {
	ufrag string
	at    []netip.AddrPort // oldest first
}

// expect lets in who names a local user fragment, for a session. It may be called again
// after a restart of ICE.
func (d *door) expect(session any, ufrag string) {
	d.expectedMu.Lock()
	defer d.expectedMu.Unlock()
	if d.expected == nil {
		d.expected, d.hosts = make(map[string]*guest), make(map[any][]*guest)
	}
	if ufrag == "" || d.expected[ufrag] != nil {
		return
	}
	g := &guest{ufrag: ufrag}
	d.expected[ufrag] = g
	d.hosts[session] = append(d.hosts[session], g)
	for len(d.hosts[session]) > keptFragments {
		d.forget(d.hosts[session][0])
		d.hosts[session] = d.hosts[session][1:]
	}
}

// heard reports whether a check for a session has come.
func (d *door) heard(session any) bool {
	d.expectedMu.RLock()
	defer d.expectedMu.RUnlock()
	return slices.ContainsFunc(d.hosts[session], func(g *guest) bool { return len(g.at) > 0 })
}

// leave forgets a session and its addresses.
func (d *door) leave(session any) {
	d.expectedMu.Lock()
	defer d.expectedMu.Unlock()
	for _, g := range d.hosts[session] {
		d.forget(g)
	}
	delete(d.hosts, session)
}

// forget forgets one ICE session; with expectedMu held.
func (d *door) forget(g *guest) {
	delete(d.expected, g.ufrag)
	for _, addr := range g.at {
		d.replace(addr, g, nil)
	}
	g.at = nil
}

// lets reports whether a datagram is let in; from is an unmapped address.
func (d *door) lets(b []byte, from netip.AddrPort) bool {
	known := d.guest(from)
	switch kindOf(b) {
	case kindSTUN:
		ufrag, request := checkOf(b)
		if known != nil && (!request || ufrag == known.ufrag) {
			return true
		}
		if request && d.admit(ufrag, from) {
			return true
		}
		d.refused[causeSTUN].Add(1)
	case kindMedia:
		if known != nil {
			return true
		}
		d.refused[causeStranger].Add(1)
	case kindBadSTUN:
		d.refused[causeSTUN].Add(1)
	case kindUnknown:
		d.refused[causeUnknown].Add(1)
	}
	return false
}

// admit lets an address in whose check names a session; false: it names none.
func (d *door) admit(ufrag string, from netip.AddrPort) bool {
	d.expectedMu.RLock()
	g := d.expected[ufrag]
	d.expectedMu.RUnlock()
	if g == nil {
		return false
	}
	d.expectedMu.Lock()
	defer d.expectedMu.Unlock()
	if d.expected[ufrag] != g {
		return false
	}
	if len(g.at) == maxAddresses {
		d.replace(g.at[0], g, nil)
		g.at = slices.Delete(g.at, 0, 1)
	}
	g.at = append(g.at, from)
	d.replace(from, nil, g)
	return true
}

func (d *door) guest(from netip.AddrPort) *guest {
	if m := d.guests[shardOf(from)].Load(); m != nil {
		return (*m)[from]
	}
	return nil
}

// replace changes who is at an address, if was is there (nil: whoever); with expectedMu held.
func (d *door) replace(addr netip.AddrPort, was, now *guest) {
	place := &d.guests[shardOf(addr)]
	next := make(map[netip.AddrPort]*guest)
	if old := place.Load(); old != nil {
		if was != nil && (*old)[addr] != was {
			return
		}
		maps.Copy(next, *old)
	}
	if now == nil {
		delete(next, addr)
	} else {
		next[addr] = now
	}
	place.Store(&next)
}

func shardOf(a netip.AddrPort) uint8 {
	ip := a.Addr().As16()
	return ip[14] ^ ip[15] ^ uint8(a.Port()) ^ uint8(a.Port()>>8)
}

// kind is what a datagram is by its first bytes.
type kind uint8

const (
	kindUnknown kind = iota
	kindSTUN
	kindBadSTUN // would be, but for its header
	kindMedia   // DTLS, RTP or RTCP
)

const (
	stunHeader = 20
	stunCookie = 0x2112a442
)

// kindOf tells what a datagram is (RFC 7983 §7).
func kindOf(b []byte) kind {
	switch {
	case len(b) == 0:
		return kindUnknown
	case b[0] <= 3:
		if len(b) < stunHeader || binary.BigEndian.Uint32(b[4:]) != stunCookie ||
			int(binary.BigEndian.Uint16(b[2:])) != len(b)-stunHeader || len(b)%4 != 0 {
			return kindBadSTUN
		}
		return kindSTUN
	case b[0] >= 20 && b[0] <= 63:
		const record = 13 // DTLS 1.2 header (RFC 6347 §4.1)
		if len(b) < record {
			return kindUnknown
		}
		return kindMedia
	case b[0] >= 128 && b[0] <= 191:
		const least = 8 // an RTCP packet with nothing in it
		if len(b) < least {
			return kindUnknown
		}
		return kindMedia
	}
	return kindUnknown
}

// checkOf returns the user fragment of ours that a connectivity check names (RFC 8445
// §7.2.2), and whether it is a binding request at all; b is of kindSTUN.
func checkOf(b []byte) (ufrag string, request bool) {
	const bindingRequest, username = 1, 6
	if binary.BigEndian.Uint16(b) != bindingRequest {
		return "", false
	}
	for rest := b[stunHeader:]; len(rest) >= 4; {
		kind, n := binary.BigEndian.Uint16(rest), int(binary.BigEndian.Uint16(rest[2:]))
		if n > len(rest)-4 {
			break
		}
		if kind == username {
			ours, _, _ := strings.Cut(string(rest[4:4+n]), ":")
			return ours, true
		}
		rest = rest[min(4+(n+3)&^3, len(rest)):]
	}
	return "", true
}
