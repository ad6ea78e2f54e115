package hls

import (
	"encoding/binary"
	"time"

	"github.com/diemcau/diemcau/sfu/h264"
)

// Frame is the usual length of a frame of sound.
const Frame = 20 * time.Millisecond

const frameTicks = soundRate / 50

// silence is one frame of it (RFC 6716 §3.1: CELT, full band, 20 ms, mono).
var silence = []byte{0xf8, 0xff, 0xfe} //nolint:gochecknoglobals // a constant

// track is one rung, or the sound: the segment being filled.
type track struct {
	index  int
	rate   int64
	format *Format

	open       bool
	waiting    bool   // for a keyframe
	number     uint64 // of the group at hand
	samples    []sample
	data       []byte
	startNanos int64
	lastNanos  int64 // when the last sample was captured
	due        int64 // ticks; sound: when the next frame begins

	parts          []Part // of the segment being filled
	cutAt, cutFrom int    // where in samples and data the part at hand begins
}

// ticks and nanosOf convert times since the epoch, rounded; exact for any length of conference.
func (t *track) ticks(nanos int64) int64 {
	sec, rest := nanos/int64(time.Second), nanos%int64(time.Second)
	return sec*t.rate + (rest*t.rate+int64(time.Second)/2)/int64(time.Second)
}

func nanosOf(ticks, rate int64) int64 {
	return ticks/rate*int64(time.Second) + ticks%rate*int64(time.Second)/rate
}

// add puts a picture at the end of the segment. A keyframe brings its parameter sets though
// the init has them: who ignores an init in the middle (ffmpeg does), or joins the files,
// goes on all the same.
func (t *track) add(at int64, u *h264.Unit) {
	before := len(t.data)
	for _, nals := range [][][]byte{u.SPS, u.PPS, u.NALs} {
		for _, nal := range nals {
			t.data = binary.BigEndian.AppendUint32(t.data, uint32(len(nal)))
			t.data = append(t.data, nal...)
		}
	}
	t.note(at, u.Capture, u.Key, len(t.data)-before)
}

// addSound puts a frame of sound at the end of the segment.
func (t *track) addSound(at, nanos int64, frame []byte) {
	t.data = append(t.data, frame...)
	t.note(at, nanos, true, len(frame))
}

func (t *track) note(at, nanos int64, key bool, size int) {
	if len(t.samples) == 0 {
		t.startNanos = nanos
	}
	t.samples = append(t.samples, sample{at: at, size: uint32(size), key: key})
	t.lastNanos = nanos
}

// cut ends the segment at a time.
func (t *track) cut(end, nanos int64, p *Packager) Segment {
	t.part(end, p)
	s := Segment{
		Format: t.format, Data: fragment(uint32(t.number), t.samples, end, t.data),
		Start:       t.when(t.samples[0].at, p.cfg.Epoch),
		Duration:    time.Duration(nanosOf(end-t.samples[0].at, t.rate)),
		Independent: t.samples[0].key,
		Parts:       t.parts,
	}
	t.samples, t.data, t.startNanos = t.samples[:0], t.data[:0], nanos
	t.parts, t.cutAt, t.cutFrom = nil, 0, 0
	return s
}

// when is the time of a tick.
func (t *track) when(at int64, epoch time.Time) time.Time {
	return epoch.Add(time.Duration(nanosOf(at, t.rate)))
}

// usual is how long a sample of the segment lasts.
func (t *track) usual() time.Duration {
	if n := len(t.samples); n > 1 {
		return time.Duration(nanosOf(t.samples[n-1].at-t.samples[n-2].at, t.rate))
	}
	return Frame
}

// clear forgets the segment; the track begins again with a keyframe.
func (t *track) clear() {
	t.open, t.waiting, t.samples, t.data = false, false, nil, nil
	t.parts, t.cutAt, t.cutFrom = nil, 0, 0
}

// frameLength returns how long a packet of Opus lasts, in samples of 48 kHz (RFC 6716 §3.1).
func frameLength(packet []byte) int64 {
	config := packet[0] >> 3
	var frame int64 // samples
	switch {
	case config < 12:
		frame = []int64{480, 960, 1920, 2880}[config&3]
	case config < 16:
		frame = []int64{480, 960}[config&1]
	default:
		frame = []int64{120, 240, 480, 960}[config&3]
	}
	count := int64(1)
	switch packet[0] & 3 {
	case 1, 2:
		count = 2
	case 3:
		count = 0
		if len(packet) > 1 {
			count = int64(packet[1] & 0x3f)
		}
	}
	if n := frame * count; n > 0 && n <= 5760 {
		return n
	}
	return frameTicks
}
