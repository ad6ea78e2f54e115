package oneport

import "encoding/binary"

// kind is what a connection speaks.
type kind uint8

const (
	kindOpen  kind = iota // not known yet
	kindTLS               // a TLS record with a handshake
	kindMedia             // a STUN binding request behind a length: ICE-TCP
	kindRelay             // a STUN request: TURN
	kindText              // a letter: HTTP
	kindJunk
)

const (
	// headSize is how many bytes always tell: length, STUN type, STUN length, cookie.
	headSize = 10
	// cookie is in every STUN message (RFC 8489 §5).
	cookie = 0x2112A442
	// stunHeader is its length in bytes.
	stunHeader = 20
	// maxFirst bounds the first message of ICE-TCP; Chromium's has about 150 bytes.
	maxFirst = 1500

	recordHandshake = 0x16
	bindingRequest  = 0x0001
)

// first tells by its first bytes what a connection speaks. Kind kindOpen means that it
// takes need bytes to tell, which is more than there are and at most headSize; no other
// verdict changes with more bytes. The three forms cannot be confused: a length of
// 0x16… would be above maxFirst, and a cookie where TURN has it would make the ICE-TCP
// message longer than maxFirst.
func first(head []byte) (what kind, need int) {
	if len(head) == 0 {
		return kindOpen, 1
	}
	switch c := head[0]; {
	case c == recordHandshake:
		return kindTLS, 0
	case c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z':
		return kindText, 0
	case c > maxFirst>>8: // neither a short length nor a STUN request
		return kindJunk, 0
	case len(head) < headSize:
		return kindOpen, headSize
	}
	length := int(binary.BigEndian.Uint16(head))
	within := int(binary.BigEndian.Uint16(head[4:]))
	switch {
	case binary.BigEndian.Uint32(head[4:]) == cookie && head[0]&0xC0 == 0 && head[3]&3 == 0:
		return kindRelay, 0
	case binary.BigEndian.Uint32(head[6:]) == cookie &&
		binary.BigEndian.Uint16(head[2:]) == bindingRequest &&
		length == within+stunHeader && length <= maxFirst:
		return kindMedia, 0
	}
	return kindJunk, 0
}
