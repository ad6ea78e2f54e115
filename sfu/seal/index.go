package seal

// Index is a packet's number in 48 bits: roll-over counter and sequence number (RFC 3711 §3.3.1).
type Index uint64

// First returns the index a stream begins with, from 16 random bits. It leaves half of the
// numbers before the first roll-over: a receiver that loses the first packets must not
// mistake the roll-over counter (RFC 3711 §3.3.1: initial values below 2^15 are advised).
// It is never 0.
func First(random uint16) Index { return Index(random%(1<<15-1)) + 1 }

// Seq returns the sequence number on the wire.
func (i Index) Seq() uint16 { return uint16(i) } // modulo 2^16

// ROC returns the roll-over counter.
func (i Index) ROC() uint32 { return uint32(i >> 16) }

// Nearest returns the index with the sequence number seq that is newest or older, as a
// receiver means it that asks for a lost packet; ok is false when there is none.
func (i Index) Nearest(seq uint16) (at Index, ok bool) {
	back := Index(uint16(i) - seq) // modulo 2^16
	return i - back, back <= i
}

// windowSize is how far behind the newest index an older one may still be used.
const windowSize = 512

// Window knows which indices were used, so that none is used for two packets. The zero
// value is ready.
type Window struct {
	newest Index
	bits   [windowSize / 64]uint64
}

// Use takes an index; it reports false when it was used before or is too old to tell.
func (w *Window) Use(at Index) bool {
	switch {
	case at > w.newest:
		if at-w.newest >= windowSize {
			w.bits = [windowSize / 64]uint64{}
		} else {
			for i := w.newest + 1; i < at; i++ {
				w.bits[i%windowSize/64] &^= 1 << (i % 64)
			}
		}
		w.newest = at
	case w.newest-at >= windowSize:
		return false
	case w.bits[at%windowSize/64]&(1<<(at%64)) != 0:
		return false
	}
	w.bits[at%windowSize/64] |= 1 << (at % 64)
	return true
}
