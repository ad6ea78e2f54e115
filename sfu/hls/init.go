package hls

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"github.com/diemcau/diemcau/sfu/h264"
)

// Ticks per second.
const (
	videoRate = 90_000
	soundRate = 48_000
)

// since1904 is 1970 in the seconds of ISO/IEC 14496-12.
const since1904 = 2_082_844_800

// Format is what a track's pictures or sound are.
type Format struct {
	Codec         string // as in CODECS of RFC 8216: "avc1.42e01f", "Opus"
	Width, Height int    // 0 for sound
	Init          []byte // the initialization segment; nobody changes it

	sps, pps [][]byte
	entry    []byte // the sample entry of stsd, of what was read
}

// same reports whether a keyframe's sets are those of the format.
func (f *Format) same(u *h264.Unit) bool {
	return f != nil && slices.EqualFunc(f.sps, u.SPS, bytes.Equal) && slices.EqualFunc(f.pps, u.PPS, bytes.Equal)
}

// videoFormat is the format that begins with a keyframe. Error: an SPS that cannot be read.
func videoFormat(u *h264.Unit, epoch time.Time) (*Format, error) {
	sps := u.SPS[0]
	picture, err := h264.ReadPicture(sps)
	if err != nil {
		return nil, fmt.Errorf("read the pictures' format: %w", err)
	}
	f := &Format{
		Codec: "avc1." + h264.ProfileLevelID(sps),
		Width: picture.Width, Height: picture.Height, sps: u.SPS, pps: u.PPS,
	}
	f.Init = initSegment(epoch, medium{videoRate, "vide", picture.Width, picture.Height}, func(w *boxes) {
		w.box("avc1", func() {
			w.zeros(6)
			w.u16(1) // data reference
			w.zeros(16)
			w.u16(uint16(picture.Width))
			w.u16(uint16(picture.Height))
			w.u32(0x480000) // 72 dpi
			w.u32(0x480000)
			w.u32(0)
			w.u16(1) // frames a sample
			w.zeros(32)
			w.u16(24) // depth
			w.u16(0xffff)
			w.box("avcC", func() { configuration(w, f, picture) })
		})
	})
	return f, nil
}

// configuration is the decoder's configuration record (ISO/IEC 14496-15 §5.3.3.1).
func configuration(w *boxes, f *Format, p h264.Picture) {
	sps := f.sps[0]
	w.u8(1)
	w.bytes(sps[1:4])
	w.u8(0xff) // lengths have 4 bytes
	w.u8(0xe0 | uint8(len(f.sps)))
	for _, set := range f.sps {
		w.u16(uint16(len(set)))
		w.bytes(set)
	}
	w.u8(uint8(len(f.pps)))
	for _, set := range f.pps {
		w.u16(uint16(len(set)))
		w.bytes(set)
	}
	if profile := sps[1]; profile != 66 && profile != 77 && profile != 88 {
		w.u8(0xfc | uint8(p.Chroma))
		w.u8(0xf8 | uint8(p.LumaDepth-8))
		w.u8(0xf8 | uint8(p.ChromaDepth-8))
		w.u8(0)
	}
}

// soundFormat is Opus in one channel (the mix has one). The codec's name has a capital, or
// Safari does not take it.
func soundFormat(epoch time.Time) *Format {
	const channels = 1
	return &Format{Codec: "Opus", Init: initSegment(epoch, medium{rate: soundRate, handler: "soun"}, func(w *boxes) {
		w.box("Opus", func() {
			w.zeros(6)
			w.u16(1) // data reference
			w.zeros(8)
			w.u16(channels)
			w.u16(16) // bits a sample
			w.u32(0)
			w.u32(soundRate << 16)
			w.box("dOps", func() {
				w.u8(0)
				w.u8(channels)
				// No pre-skip: a track begins in the middle of the sound, not at the
				// encoder's start, and nothing may be cut off or moved.
				w.u16(0)
				w.u32(soundRate)
				w.u16(0) // gain
				w.u8(0)  // mapping
			})
		})
	})}
}

// medium is what a track's header tells of it.
type medium struct {
	rate          uint32 // ticks of its clock a second
	handler       string // "vide" or "soun"
	width, height int    // 0 for sound
}

// initSegment writes ftyp and moov of one track. The epoch is kept as the creation time, so
// that a segment's file and its init tell when it was captured.
func initSegment(epoch time.Time, m medium, entry func(w *boxes)) []byte {
	created := uint64(epoch.Unix() + since1904)
	w := &boxes{}
	w.box("ftyp", func() {
		w.text("iso6")
		w.u32(1)
		w.text("iso6cmfcmp41")
	})
	w.box("moov", func() {
		w.full("mvhd", 1, 0, func() {
			w.u64(created)
			w.u64(created)
			w.u32(1000)
			w.u64(0)
			w.u32(0x10000) // rate
			w.u16(0x100)   // volume
			w.zeros(10)
			w.matrix()
			w.zeros(24)
			w.u32(2) // next track
		})
		w.box("trak", func() {
			w.full("tkhd", 1, 3, func() {
				w.u64(created)
				w.u64(created)
				w.u32(1) // track
				w.u32(0)
				w.u64(0)
				w.zeros(12)
				w.u16(volume(m.handler))
				w.u16(0)
				w.matrix()
				w.u32(uint32(m.width) << 16)
				w.u32(uint32(m.height) << 16)
			})
			w.box("mdia", func() { media(w, created, m, entry) })
		})
		w.box("mvex", func() {
			w.full("trex", 0, 0, func() {
				w.u32(1) // track
				w.u32(1) // sample description
				w.zeros(12)
			})
		})
	})
	return w.b
}

func volume(handler string) uint16 {
	if handler == "soun" {
		return 0x100
	}
	return 0
}

func media(w *boxes, created uint64, m medium, entry func(w *boxes)) {
	w.full("mdhd", 1, 0, func() {
		w.u64(created)
		w.u64(created)
		w.u32(m.rate)
		w.u64(0)
		w.u16(0x15<<10 | 0x0e<<5 | 0x04) // "und"
		w.u16(0)
	})
	handler(w, m.handler)
	w.box("minf", func() {
		kind(w, m.handler)
		w.box("stbl", func() {
			w.full("stsd", 0, 0, func() {
				w.u32(1)
				entry(w)
			})
			w.full("stts", 0, 0, func() { w.u32(0) })
			w.full("stsc", 0, 0, func() { w.u32(0) })
			w.full("stsz", 0, 0, func() { w.zeros(8) })
			w.full("stco", 0, 0, func() { w.u32(0) })
		})
	})
}

// handler says what a track is.
func handler(w *boxes, name string) {
	w.full("hdlr", 0, 0, func() {
		w.u32(0)
		w.text(name)
		w.zeros(12)
		w.text("programme\x00")
	})
}

// kind writes the header of a track's kind, and that its samples are in this file.
func kind(w *boxes, handler string) {
	if handler == "vide" {
		w.full("vmhd", 0, 1, func() { w.zeros(8) })
	} else {
		w.full("smhd", 0, 0, func() { w.zeros(4) })
	}
	w.box("dinf", func() {
		w.full("dref", 0, 0, func() {
			w.u32(1)
			w.full("url ", 0, 1, func() {})
		})
	})
}
