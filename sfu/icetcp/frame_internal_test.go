package icetcp

import (
	"bufio"
	"bytes"
	"strings"
	"testing"
)

// FuzzM6_Frames reads hostile streams: frames are bounded, names are found in place.
func FuzzM6_Frames(f *testing.F) {
	f.Add([]byte("\x00\x05media\x00\x00\x00\x04more"))
	f.Add([]byte("\x00\x24\x00\x01\x00\x10\x21\x12\xa4\x42abcdefghijkl\x00\x06\x00\x09abcd:peer\x00\x00\x00"))
	f.Add([]byte("\xff\xff\x00"))
	f.Fuzz(func(t *testing.T, stream []byte) {
		r, b := bufio.NewReader(bytes.NewReader(stream)), make([]byte, maxFrame)
		for read := 0; ; {
			n, err := readFrame(r, b)
			if err != nil {
				return
			}
			read += lengthOf + n
			if n > maxFrame || read > len(stream) {
				t.Fatalf("frame of %d bytes, %d read of %d", n, read, len(stream))
			}
			if name := session(b[:n]); !bytes.Contains(b[:n], []byte(name)) || strings.Contains(name, ":") {
				t.Fatalf("name %q", name)
			}
		}
	})
}
