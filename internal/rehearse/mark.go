package rehearse

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/diemcau/diemcau/internal/conference"
)

// mark says whose picture a frame is and which one. The publisher puts it into every
// access unit as an SEI message "user data unregistered" (ITU-T H.264 §D.1.7), so that a
// receiver knows what it sees without a decoder.
type mark struct {
	venue conference.VenueID
	frame uint64 // counts up for ever, whatever frame of the clip it is; the same in all layers
	layer int    // 0 is the highest
}

// markUUID names our user data: 16 bytes, none of them zero, so that with text behind
// them no emulation prevention is ever needed.
const markUUID = "\xd1\xe3\xc4\x75diemcau-mark"

const (
	nalSEI            = 6
	seiUserData       = 5
	seiTrailing       = 0x80
	nalSTAPA          = 24
	nalFUA            = 28
	fuStart           = 0x80
	fuEnd             = 0x40
	nalTypeMask       = 0x1f
	nalRefMask        = 0x60
	seiHeaderBytes    = 3 // NAL header, payload type, payload size
	maxMarkBytes      = 200
	markMinimumLength = seiHeaderBytes + len(markUUID)
)

// nal returns the mark as an SEI NAL unit.
func (m mark) nal() []byte {
	text := string(m.venue) + " " + strconv.FormatUint(m.frame, 10) + " " + strconv.Itoa(m.layer)
	b := make([]byte, 0, markMinimumLength+len(text)+1)
	b = append(b, nalSEI, seiUserData, byte(len(markUUID)+len(text)))
	b = append(b, markUUID...)
	b = append(b, text...)
	return append(b, seiTrailing)
}

// readMark reads a NAL unit; false: it is no mark.
func readMark(nal []byte) (mark, bool) {
	if len(nal) < markMinimumLength || len(nal) > markMinimumLength+maxMarkBytes || nal[0]&nalTypeMask != nalSEI || nal[1] != seiUserData {
		return mark{}, false
	}
	size := int(nal[2])
	if size < len(markUUID) || seiHeaderBytes+size > len(nal) {
		return mark{}, false
	}
	body := nal[seiHeaderBytes : seiHeaderBytes+size]
	if !bytes.HasPrefix(body, []byte(markUUID)) {
		return mark{}, false
	}
	words := strings.Split(string(body[len(markUUID):]), " ")
	if len(words) != 3 {
		return mark{}, false
	}
	frame, err := strconv.ParseUint(words[1], 10, 64)
	if err != nil {
		return mark{}, false
	}
	layer, err := strconv.Atoi(words[2])
	if err != nil {
		return mark{}, false
	}
	return mark{venue: conference.VenueID(words[0]), frame: frame, layer: layer}, true
}

// contents is what an RTP payload (RFC 6184, packetization mode 1) begins.
type contents struct {
	mark   mark
	marked bool
	idr    bool
	sps    bool
	slice  bool // a picture's slice begins here, IDR or not
}

func inspect(payload []byte) contents {
	var c contents
	if len(payload) == 0 {
		return c
	}
	switch payload[0] & nalTypeMask {
	case nalSTAPA:
		for b := payload[1:]; len(b) > 2; {
			n := int(b[0])<<8 | int(b[1])
			if n == 0 || n > len(b)-2 {
				break
			}
			c.see(b[2 : 2+n])
			b = b[2+n:]
		}
	case nalFUA:
		if len(payload) > 1 && payload[1]&fuStart != 0 {
			c.kind(payload[1] & nalTypeMask)
		}
	default:
		c.see(payload)
	}
	return c
}

func (c *contents) see(nal []byte) {
	c.kind(nal[0] & nalTypeMask)
	if m, ok := readMark(nal); ok {
		c.mark, c.marked = m, true
	}
}

func (c *contents) kind(kind byte) {
	switch kind {
	case 1:
		c.slice = true
	case 5:
		c.slice, c.idr = true, true
	case 7:
		c.sps = true
	}
}

// packetize makes RTP payloads of an access unit: small NAL units share a STAP-A, large
// ones are cut into FU-A.
func packetize(unit [][]byte, mtu int) [][]byte {
	var out [][]byte
	var group [][]byte
	size := 1
	flush := func() {
		switch len(group) {
		case 0:
		case 1:
			out = append(out, group[0])
		default:
			out = append(out, aggregate(group, size))
		}
		group, size = nil, 1
	}
	for _, nal := range unit {
		if 1+2+len(nal) > mtu {
			flush()
			out = append(out, fragment(nal, mtu)...)
			continue
		}
		if size+2+len(nal) > mtu {
			flush()
		}
		group = append(group, nal)
		size += 2 + len(nal)
	}
	flush()
	return out
}

func aggregate(group [][]byte, size int) []byte {
	b := make([]byte, 1, size)
	for _, nal := range group {
		b[0] = max(b[0], nal[0]&nalRefMask)
		b = append(b, byte(len(nal)>>8), byte(len(nal)))
		b = append(b, nal...)
	}
	b[0] |= nalSTAPA
	return b
}

func fragment(nal []byte, mtu int) [][]byte {
	indicator, kind := nal[0]&^nalTypeMask|nalFUA, nal[0]&nalTypeMask
	rest := nal[1:]
	var out [][]byte
	for first := true; len(rest) > 0; first = false {
		n := min(len(rest), mtu-2)
		header := kind
		if first {
			header |= fuStart
		}
		if n == len(rest) {
			header |= fuEnd
		}
		out = append(out, append([]byte{indicator, header}, rest[:n]...))
		rest = rest[n:]
	}
	return out
}
