package hls

import "encoding/binary"

// boxes writes boxes of ISO/IEC 14496-12.
type boxes struct{ b []byte }

// box writes a box whose contents f writes.
func (w *boxes) box(name string, f func()) {
	at := len(w.b)
	w.u32(0)
	w.text(name)
	f()
	binary.BigEndian.PutUint32(w.b[at:], uint32(len(w.b)-at))
}

// full writes a box with version and flags.
func (w *boxes) full(name string, version uint8, flags uint32, f func()) {
	w.box(name, func() {
		w.u32(uint32(version)<<24 | flags)
		f()
	})
}

func (w *boxes) u8(v uint8)     { w.b = append(w.b, v) }
func (w *boxes) u16(v uint16)   { w.b = binary.BigEndian.AppendUint16(w.b, v) }
func (w *boxes) u32(v uint32)   { w.b = binary.BigEndian.AppendUint32(w.b, v) }
func (w *boxes) u64(v uint64)   { w.b = binary.BigEndian.AppendUint64(w.b, v) }
func (w *boxes) text(s string)  { w.b = append(w.b, s...) }
func (w *boxes) bytes(b []byte) { w.b = append(w.b, b...) }
func (w *boxes) zeros(n int)    { w.b = append(w.b, make([]byte, n)...) }
func (w *boxes) put32(at int, v uint32) {
	binary.BigEndian.PutUint32(w.b[at:], v)
}

// matrix is the unity matrix of mvhd and tkhd.
func (w *boxes) matrix() {
	for _, v := range []uint32{0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000} {
		w.u32(v)
	}
}
