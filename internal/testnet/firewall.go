package testnet

import "net/netip"

// Firewall is what the border of a host lets pass, in both directions. What it blocks
// vanishes without an answer, which is the hardest kind for those who wait.
type Firewall uint8

// The firewalls.
const (
	Open       Firewall = iota
	NoUDP               // all but UDP
	OnlyTCP443          // nothing but TCP from or to port 443
	OnlyTLS443          // and of that only connections whose client begins with a TLS record (0x16)
)

const (
	httpsPort    = 443
	tlsHandshake = 0x16
)

// flow is a TCP connection to port 443.
type flow struct{ client, server netip.AddrPort }

// border is a firewall at work.
type border struct {
	rule  Firewall
	flows map[flow]bool // whether the client's first byte was TLS; connections that have spoken
}

// blocks decides on a packet that crosses the border.
func (b *border) blocks(p *Packet) bool {
	switch b.rule {
	case Open:
		return false
	case NoUDP:
		return p.Protocol == UDP
	case OnlyTCP443, OnlyTLS443:
	}
	toServer := p.Dst.Port() == httpsPort
	if p.Protocol != TCP || (!toServer && p.Src.Port() != httpsPort) {
		return true
	}
	if b.rule == OnlyTCP443 {
		return false
	}
	f := flow{client: p.Src, server: p.Dst}
	if !toServer {
		f = flow{client: p.Dst, server: p.Src}
	}
	if p.SYN {
		delete(b.flows, f) // the port is used again
	}
	speaksTLS, spoken := b.flows[f]
	if !spoken && toServer && len(p.Payload) > 0 {
		speaksTLS, spoken = p.Payload[0] == tlsHandshake, true
		b.flows[f] = speaksTLS
	}
	return spoken && !speaksTLS
}

// set changes the rule. A connection made before is judged by the next thing its client
// says, as behind a firewall that was just switched on.
func (b *border) set(rule Firewall) {
	b.rule = rule
	b.flows = make(map[flow]bool)
}
