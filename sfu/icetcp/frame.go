package icetcp

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
)

const (
	// maxFrame is the longest frame taken, in bytes: pion reads no more at once.
	maxFrame = 8192
	lengthOf = 2 // bytes of the length in front

	stunHeader   = 20
	stunUsername = 0x0006
)

var errFrame = errors.New("frame is too long")

// readFrame reads one frame into b, which has maxFrame bytes.
func readFrame(r *bufio.Reader, b []byte) (int, error) {
	var length [lengthOf]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return 0, err
	}
	n := int(binary.BigEndian.Uint16(length[:]))
	if n > min(len(b), maxFrame) {
		return 0, errFrame
	}
	return io.ReadFull(r, b[:n])
}

// session returns the receiver's half of the user name of a STUN message, the local ICE
// user fragment (RFC 8445 §7.2.2); "" when there is none.
func session(message []byte) string {
	if len(message) < stunHeader {
		return ""
	}
	for rest := message[stunHeader:]; len(rest) >= 4; {
		kind, n := binary.BigEndian.Uint16(rest), int(binary.BigEndian.Uint16(rest[2:]))
		if rest = rest[4:]; n > len(rest) {
			return ""
		}
		if kind == stunUsername {
			for i, c := range rest[:n] {
				if c == ':' {
					return string(rest[:i])
				}
			}
			return ""
		}
		rest = rest[min(len(rest), (n+3)&^3):]
	}
	return ""
}
