package mixer

import (
	"fmt"
	"time"

	"github.com/thesyncim/gopus"

	"github.com/diemcau/diemcau/internal/conference"
)

const (
	maxWaiting   = 16
	fifoSamples  = 16_384 // > one packet of 120 ms and a frame
	maxConcealed = 5      // frames of 20 ms made up in a row before the input falls silent
	maxGap       = maxConcealed * FrameSamples
	maxDrift     = FrameSamples / 2 // 10 ms: the venue's sound card against our clock
	driftWeight  = 16
	softStart    = 5 * time.Millisecond
)

// waiting is one packet of the jitter buffer.
type waiting struct {
	used bool
	ts   int64
	at   int64 // sample position it was captured at
	n    int
	data [maxOpusBytes]byte
}

// input is one microphone: a jitter buffer, a decoder and the decoded sound, which
// covers the positions [head, end).
type input struct {
	id      conference.VenueID
	closing bool
	fade    ramp
	start   ramp // softens the beginning after a pause
	loud    loudness
	decoder *gopus.Decoder

	packets  [maxWaiting]waiting
	set      bool
	lastTS   int64
	anchored bool
	nextTS   int64 // timestamp of the sample at end
	drift    int64 // smoothed, × driftWeight
	late     lateness
	missing  int // frames concealed in a row

	head, end int64
	fifo      [fifoSamples]float32
	frame     [FrameSamples]float32
	pcm       [5760]float32
}

func (in *input) init() error {
	dec, err := gopus.NewDecoder(gopus.DefaultDecoderConfig(Rate, 1))
	if err != nil {
		return fmt.Errorf("make an input's decoder: %w", err)
	}
	in.decoder = dec
	return nil
}

func (in *input) open() {
	if in.closing {
		in.restart()
	}
	in.closing = false
	in.fade.to(1, Fade)
}

func (in *input) close() {
	in.closing = true
	in.fade.to(0, Fade)
}

// restart forgets everything but who it is and how loud.
func (in *input) restart() {
	for i := range in.packets {
		in.packets[i].used = false
	}
	in.set, in.anchored = false, false
	in.late = lateness{}
	in.head, in.end = 0, 0
	in.decoder.Reset()
}

func (in *input) free() {
	in.restart()
	in.id, in.closing = "", false
	in.fade = ramp{}
}

// push takes a packet captured at position at; pos is the first sample not yet mixed.
func (in *input) push(timestamp uint32, at, pos int64, payload []byte) {
	if len(payload) == 0 || len(payload) > maxOpusBytes || at < 0 {
		return
	}
	if !in.set {
		in.set, in.lastTS = true, int64(timestamp)
	}
	ts := in.lastTS + int64(int32(timestamp-uint32(in.lastTS)))
	in.lastTS = max(in.lastTS, ts)
	at += in.late.add(pos-at, at)
	if in.anchored && ts < in.nextTS && at < in.end {
		return // too late: it has been concealed
	}
	var slot *waiting
	for i := range in.packets {
		w := &in.packets[i]
		if w.used && w.ts == ts {
			return
		}
		if !w.used && slot == nil {
			slot = w
		}
	}
	if slot == nil {
		return
	}
	slot.used, slot.ts, slot.at = true, ts, at
	slot.n = copy(slot.data[:], payload)
}

// mixInto adds the frame that begins at pos, and frees the input once it has faded out.
func (in *input) mixInto(mix *[FrameSamples]float32, pos int64) {
	if in.closing && in.fade.silent() {
		in.free()
		return
	}
	in.fill(pos)
	for i := range in.frame {
		in.frame[i] = 0
		if p := pos + int64(i); p >= in.head && p < in.end {
			in.frame[i] = in.fifo[p%fifoSamples] * in.start.advance()
		}
	}
	from, to := in.loud.measure(in.frame[:])
	for i, s := range in.frame {
		mix[i] += s * in.fade.advance() * (from + (to-from)*float32(i)/FrameSamples)
	}
	in.head = max(in.head, min(pos+FrameSamples, in.end))
}

// fill decodes or conceals until the frame at pos is covered, or there is nothing.
func (in *input) fill(pos int64) {
	for in.end < pos+FrameSamples || !in.anchored {
		w := in.earliest()
		if !in.anchored {
			if w == nil || w.at >= pos+FrameSamples {
				return
			}
			in.anchor(w)
		}
		switch {
		case w != nil && w.ts <= in.nextTS:
			in.decode(w)
		case w != nil && w.ts-in.nextTS > maxGap, w == nil && in.missing >= maxConcealed:
			in.anchored = false
		case w != nil:
			in.conceal(min(w.ts-in.nextTS, FrameSamples), w)
		default:
			in.conceal(FrameSamples, nil)
		}
	}
}

func (in *input) earliest() *waiting {
	var first *waiting
	for i := range in.packets {
		if w := &in.packets[i]; w.used && (first == nil || w.ts < first.ts) {
			first = w
		}
	}
	return first
}

// anchor begins the sound anew where the packet was captured.
func (in *input) anchor(w *waiting) {
	in.anchored, in.missing, in.drift = true, 0, 0
	in.nextTS = w.ts
	in.head, in.end = w.at, w.at
	in.start = ramp{}
	in.start.to(1, softStart)
}

// decode appends the packet that is next. When its place has moved away from where it
// was captured, because two clocks drift apart, the input is anchored again.
func (in *input) decode(w *waiting) {
	w.used = false
	if w.ts < in.nextTS {
		if w.at < in.end {
			return
		}
		in.anchor(w) // the input was just put back: there is room for it after all
	}
	in.drift += (w.at - in.end) - in.drift/driftWeight
	if d := in.drift / driftWeight; d > maxDrift || d < -maxDrift {
		in.anchor(w)
	}
	n, err := in.decoder.Decode(w.data[:w.n], in.pcm[:])
	if err != nil || n == 0 {
		in.conceal(FrameSamples, nil)
		return
	}
	in.missing = 0
	in.append(in.pcm[:n])
}

// conceal makes up n samples, from the next packet's redundancy if it is there.
func (in *input) conceal(n int64, next *waiting) {
	in.missing++
	var (
		got int
		err error
	)
	if next != nil && n == FrameSamples && next.ts-in.nextTS == FrameSamples && gopus.PacketHasLBRR(next.data[:next.n]) {
		got, err = in.decoder.DecodeWithFEC(next.data[:next.n], in.pcm[:n], true)
	} else {
		got, err = in.decoder.Decode(nil, in.pcm[:n])
	}
	if err != nil || int64(got) < n {
		clear(in.pcm[:n])
	}
	in.append(in.pcm[:n])
}

func (in *input) append(pcm []float32) {
	for i, s := range pcm {
		in.fifo[(in.end+int64(i))%fifoSamples] = s
	}
	in.end += int64(len(pcm))
	in.nextTS += int64(len(pcm))
}

const (
	lateWindow = 10 * Rate      // how long a late packet is remembered: one to two of them
	lateMargin = Rate / 50      // 20 ms more than the latest needed
	lateEase   = 2 * lateMargin // the delay shrinks only by this much at once, or not at all
)

// lateness is how much later than Delay an input's packets come, in samples: the most of
// the last 10–20 s. It moves in steps, because every move is heard.
type lateness struct {
	set               bool
	start             int64
	current, previous int64
	delay             int64
}

// add takes how late a packet is and when it was captured, and returns by how much the
// input is to be put back.
func (l *lateness) add(late, at int64) int64 {
	late = max(0, late)
	switch {
	case !l.set || at-l.start >= 2*lateWindow:
		l.set, l.start, l.current, l.previous = true, at, late, late
	case at-l.start >= lateWindow:
		l.start, l.previous, l.current = at, l.current, late
	default:
		l.current = max(l.current, late)
	}
	most := max(l.current, l.previous)
	if most > l.delay || most < l.delay-lateMargin-lateEase {
		l.delay = 0
		if most > 0 {
			l.delay = min(most+lateMargin, samples(MaxLate))
		}
	}
	return l.delay
}
