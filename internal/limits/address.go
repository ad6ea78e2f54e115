package limits

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Network returns what counts as one address: an IPv4 address, or the /64 of an IPv6
// address, which is what one household gets. The zero address gives the zero Prefix,
// which is an address like any other.
func Network(address netip.Addr) netip.Prefix {
	address = address.Unmap().WithZone("")
	bits := 32
	if address.Is6() {
		bits = 64
	}
	prefix, err := address.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return prefix
}

// From returns where a request comes from: its peer's network, or, when the peer is a
// trusted proxy, that of the nearest address in X-Forwarded-For that is not one.
func (l *Limits) From(r *http.Request) netip.Prefix {
	peer := parseAddress(r.RemoteAddr)
	if !l.trusted(peer) {
		return Network(peer)
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		address := parseAddress(strings.TrimSpace(hop))
		if !address.IsValid() {
			break // what stands further left was written by nobody we trust
		}
		if peer = address; !l.trusted(peer) {
			break
		}
	}
	return Network(peer)
}

func (l *Limits) trusted(address netip.Addr) bool {
	return slices.ContainsFunc(l.cfg.TrustedProxies, func(p netip.Prefix) bool { return p.Contains(address) })
}

// parseAddress reads "192.0.2.7", "192.0.2.7:80", "2001:db8::1" or "[2001:db8::1]:80".
func parseAddress(text string) netip.Addr {
	if at, err := netip.ParseAddrPort(text); err == nil {
		return at.Addr().Unmap().WithZone("")
	}
	address, err := netip.ParseAddr(strings.Trim(text, "[]"))
	if err != nil {
		return netip.Addr{}
	}
	return address.Unmap().WithZone("")
}
