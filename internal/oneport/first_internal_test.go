package oneport

import "testing"

// FuzzM6_FirstBytes looks for first bytes whose verdict changes with what follows, and for wishes
// for more bytes than are kept.
func FuzzM6_FirstBytes(f *testing.F) {
	for _, seed := range []string{
		"", "\x16\x03\x01", "GET /", "\x00\x14\x00\x01\x00\x00\x21\x12\xa4\x42", "\x00\x03\x00\x08\x21\x12\xa4\x42\x00\x00",
		"\x05\xff\x00\x01\x05\xeb\x21\x12\xa4\x42", "\x05\xdc\x00\x01\x05\xc8\x21\x12\xa4\x42",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, head []byte) {
		verdict := kindOpen
		for n := range len(head) + 1 {
			what, need := first(head[:n])
			switch {
			case what == kindOpen && (need <= n || need > headSize):
				t.Fatalf("after %d bytes: %d wanted", n, need)
			case verdict != kindOpen && what != verdict:
				t.Fatalf("after %d bytes: %v, it was %v", n, what, verdict)
			case n >= headSize && what == kindOpen:
				t.Fatalf("after %d bytes: no verdict", n)
			}
			verdict = what
		}
		if verdict == kindMedia && (int(head[0])<<8|int(head[1])) > maxFirst {
			t.Fatalf("media of %d bytes", int(head[0])<<8|int(head[1]))
		}
	})
}
