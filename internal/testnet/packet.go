package testnet

import (
	"encoding/binary"
	"net/netip"
)

// Protocol is the IP protocol number.
type Protocol uint8

// The protocols the firewall knows.
const (
	ICMP Protocol = 1
	TCP  Protocol = 6
	UDP  Protocol = 17
)

// Packet is one IPv4 packet on its way.
type Packet struct {
	Protocol Protocol
	// Src and Dst have port 0 where the protocol has none, and in later fragments.
	Src, Dst netip.AddrPort
	// SYN: a TCP connection begins (without ACK).
	SYN bool
	// Payload is what TCP or UDP carries; valid until the function that got it returns.
	Payload []byte
	// Size counts the IP header too.
	Size int

	raw []byte
}

const (
	ipHeader  = 20
	udpHeader = 8
	tcpHeader = 20
)

// parse reads an IPv4 packet; ok is false for all else (IPv6 neighbours' talk).
func parse(raw []byte) (p Packet, ok bool) {
	if len(raw) < ipHeader || raw[0]>>4 != 4 {
		return Packet{}, false
	}
	header := int(raw[0]&15) * 4
	if header < ipHeader || header > len(raw) {
		return Packet{}, false
	}
	src, dst := netip.AddrFrom4([4]byte(raw[12:16])), netip.AddrFrom4([4]byte(raw[16:20]))
	p = Packet{
		Protocol: Protocol(raw[9]), Size: len(raw), raw: raw,
		Src: netip.AddrPortFrom(src, 0), Dst: netip.AddrPortFrom(dst, 0),
	}
	body := raw[header:]
	later := binary.BigEndian.Uint16(raw[6:8])&0x1fff != 0 // a fragment without ports
	switch {
	case later:
	case p.Protocol == UDP && len(body) >= udpHeader:
		p.ports(body)
		p.Payload = body[udpHeader:]
	case p.Protocol == TCP && len(body) >= tcpHeader:
		p.ports(body)
		p.SYN = body[13]&0x12 == 0x02
		if offset := int(body[12]>>4) * 4; offset <= len(body) {
			p.Payload = body[offset:]
		}
	}
	return p, true
}

func (p *Packet) ports(body []byte) {
	p.Src = netip.AddrPortFrom(p.Src.Addr(), binary.BigEndian.Uint16(body))
	p.Dst = netip.AddrPortFrom(p.Dst.Addr(), binary.BigEndian.Uint16(body[2:]))
}
