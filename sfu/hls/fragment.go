package hls

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"time"
)

// sample is one picture or one frame of sound in the segment being filled.
type sample struct {
	at   int64 // ticks since the epoch
	size uint32
	key  bool
}

// Flags of a sample (ISO/IEC 14496-12 §8.8.3.1).
const (
	flagsKey   = 0x02000000 // depends on nothing
	flagsOther = 0x01010000 // depends on others, no sync sample
)

// fragment writes a segment: styp, moof, mdat. Each sample lasts until the next begins, the
// last one until end.
func fragment(number uint32, samples []sample, end int64, data []byte) []byte {
	const head = 200 // bytes of all but the table and the data, at most
	w := &boxes{b: make([]byte, 0, head+12*len(samples)+len(data))}
	w.box("styp", func() {
		w.text("msdh")
		w.u32(0)
		w.text("msdhmsix")
	})
	moof := len(w.b)
	var offset int
	w.box("moof", func() {
		w.full("mfhd", 0, 0, func() { w.u32(number) })
		w.box("traf", func() {
			const baseIsMoof = 0x020000
			w.full("tfhd", 0, baseIsMoof, func() { w.u32(1) })
			w.full("tfdt", 1, 0, func() { w.u64(uint64(samples[0].at)) })
			const offsetDurationSizeFlags = 0x000001 | 0x000100 | 0x000200 | 0x000400
			w.full("trun", 0, offsetDurationSizeFlags, func() {
				w.u32(uint32(len(samples)))
				offset = len(w.b)
				w.u32(0)
				for i, s := range samples {
					until := end
					if i+1 < len(samples) {
						until = samples[i+1].at
					}
					w.u32(uint32(until - s.at))
					w.u32(s.size)
					if s.key {
						w.u32(flagsKey)
					} else {
						w.u32(flagsOther)
					}
				}
			})
		})
	})
	w.put32(offset, uint32(len(w.b)-moof+8))
	w.box("mdat", func() { w.bytes(data) })
	return w.b
}

// Header is what a segment's own bytes tell.
type Header struct {
	Start, End  int64 // ticks since the epoch
	Samples     int   // pictures, or frames of sound
	Independent bool  // begins with a keyframe, or is sound
}

var (
	errTorn  = errors.New("not a whole segment")
	errShape = errors.New("not a segment of this packager")
)

// ReadSegment reads a segment that a Packager made, from its first bytes; all of it has size
// bytes. Error: it is torn, not one, or more bytes are needed.
func ReadSegment(head []byte, size int64) (Header, error) {
	t, err := readTable(head, size)
	if err != nil {
		return Header{}, err
	}
	return t.header, nil
}

// table is a segment's table of samples.
type table struct {
	header Header
	rows   []byte // of row bytes each: duration, size, flags
	data   int64  // where the first sample is in the segment
	bytes  int64  // of all samples
}

const row = 12

// readTable is ReadSegment.
func readTable(head []byte, size int64) (table, error) {
	var t table
	top, data, err := readTop(head, size)
	if err != nil {
		return t, err
	}
	traf, err := descend(top["moof"], "traf")
	if err != nil {
		return t, err
	}
	tfdt, trun := traf["tfdt"], traf["trun"]
	if len(tfdt) != 12 || len(trun) < 12+row {
		return t, errShape
	}
	h := &t.header
	h.Start = int64(binary.BigEndian.Uint64(tfdt[4:]))
	h.End = h.Start
	count := binary.BigEndian.Uint32(trun[4:])
	t.rows, t.data, t.bytes = trun[12:], data, size-data
	if uint64(len(t.rows)) != row*uint64(count) {
		return t, errShape
	}
	var samples int64
	for rows := t.rows; len(rows) > 0; rows = rows[row:] {
		h.End += int64(binary.BigEndian.Uint32(rows))
		samples += int64(binary.BigEndian.Uint32(rows[4:]))
	}
	if samples != t.bytes || h.Start < 0 {
		return t, errShape
	}
	h.Samples = int(count)
	h.Independent = binary.BigEndian.Uint32(t.rows[8:]) == flagsKey
	return t, nil
}

// readTop returns the boxes before mdat, which is the last one, and where its contents begin.
func readTop(head []byte, size int64) (map[string][]byte, int64, error) {
	for at := 0; at+8 <= len(head); {
		n := int64(binary.BigEndian.Uint32(head[at:]))
		if string(head[at+4:at+8]) == "mdat" {
			if n < 8 || int64(at)+n != size {
				return nil, 0, errTorn
			}
			top, err := children(head[:at])
			return top, int64(at + 8), err
		}
		if n < 8 || int64(at)+n > int64(len(head)) {
			return nil, 0, errTorn
		}
		at += int(n)
	}
	return nil, 0, errTorn
}

// Track is what an initialization segment's own bytes tell.
type Track struct {
	Epoch time.Time
	Rate  int64 // ticks per second
	Format
}

// ReadInit reads an initialization segment that a Packager made.
func ReadInit(b []byte) (Track, error) {
	top, err := children(b)
	if err != nil {
		return Track{}, err
	}
	trak, err := descend(top["moov"], "trak")
	if err != nil {
		return Track{}, err
	}
	mdia, err := children(trak["mdia"])
	if err != nil {
		return Track{}, err
	}
	stbl, err := descend(mdia["minf"], "stbl")
	if err != nil {
		return Track{}, err
	}
	mdhd, tkhd, stsd := mdia["mdhd"], trak["tkhd"], stbl["stsd"]
	if len(mdhd) < 24 || len(tkhd) < 96 || len(stsd) < 16 {
		return Track{}, errShape
	}
	t := Track{
		Epoch: time.Unix(int64(binary.BigEndian.Uint64(mdhd[4:]))-since1904, 0).UTC(),
		Rate:  int64(binary.BigEndian.Uint32(mdhd[20:])),
	}
	t.Init, t.entry = b, stsd[8:]
	t.Width = int(binary.BigEndian.Uint32(tkhd[88:]) >> 16)
	t.Height = int(binary.BigEndian.Uint32(tkhd[92:]) >> 16)
	switch name := string(stsd[12:16]); name {
	case "Opus":
		t.Codec = name
	case "avc1":
		const entry = 86 // bytes of the sample entry before avcC
		if len(stsd) < 8+entry+8+4 {
			return Track{}, errShape
		}
		t.Codec = "avc1." + hex.EncodeToString(stsd[8+entry+8+1:][:3])
	default:
		return Track{}, errShape
	}
	if t.Rate == 0 {
		return Track{}, errShape
	}
	return t, nil
}

// descend returns the children of a child.
func descend(b []byte, name string) (map[string][]byte, error) {
	all, err := children(b)
	if err != nil {
		return nil, err
	}
	return children(all[name])
}

// children returns the contents of the boxes in b by name, the last of each. Error: they
// are not whole.
func children(b []byte) (map[string][]byte, error) {
	all := map[string][]byte{}
	for len(b) > 0 {
		if len(b) < 8 {
			return nil, errTorn
		}
		n := uint64(binary.BigEndian.Uint32(b))
		if n < 8 || n > uint64(len(b)) {
			return nil, errTorn
		}
		all[string(b[4:8])] = b[8:n]
		b = b[n:]
	}
	return all, nil
}
