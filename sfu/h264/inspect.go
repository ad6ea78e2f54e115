package h264

import "encoding/hex"

// NAL unit types (ITU-T H.264 table 7-1, RFC 6184 table 1).
const (
	typeIDR   = 5
	typeSPS   = 7
	typePPS   = 8
	typeSTAPA = 24
	typeFUA   = 28
)

// Contents tells which NAL units begin in an RTP payload.
type Contents struct {
	SPS, PPS []byte // the whole NAL unit, inside the payload; nil when there is none
	IDR      bool   // the first bytes of an IDR slice are here
	Junk     bool   // not a payload of RFC 6184
}

// Inspect reads one RTP payload in packetization mode 1 (single NAL unit, STAP-A, FU-A).
func Inspect(payload []byte) Contents {
	var c Contents
	if len(payload) == 0 {
		return c // padding
	}
	switch kind := payload[0] & 0x1f; {
	case kind >= 1 && kind <= 23:
		c.see(payload)
	case kind == typeSTAPA:
		c.aggregate(payload[1:])
	case kind == typeFUA:
		if len(payload) < 2 {
			c.Junk = true
			return c
		}
		const start = 0x80
		c.IDR = payload[1]&start != 0 && payload[1]&0x1f == typeIDR
	default:
		c.Junk = true
	}
	return c
}

func (c *Contents) aggregate(b []byte) {
	for len(b) > 0 {
		if len(b) < 3 {
			c.Junk = true
			return
		}
		n := int(b[0])<<8 | int(b[1])
		if n == 0 || n > len(b)-2 {
			c.Junk = true
			return
		}
		c.see(b[2 : 2+n])
		b = b[2+n:]
	}
}

func (c *Contents) see(nal []byte) {
	switch nal[0] & 0x1f {
	case typeIDR:
		c.IDR = true
	case typeSPS:
		c.SPS = nal
	case typePPS:
		c.PPS = nal
	}
}

// ProfileLevelID returns the six hex digits of RFC 6184 §8.1 ("42e01f") of an SPS, or "".
func ProfileLevelID(sps []byte) string {
	if len(sps) < 4 {
		return ""
	}
	return hex.EncodeToString(sps[1:4])
}
