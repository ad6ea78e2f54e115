package sfu

import (
	"math"
	"testing"
	"time"

	"github.com/thesyncim/gopus"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/sfu/bus"
	"github.com/diemcau/diemcau/sfu/mixer"
	"github.com/diemcau/diemcau/sfu/ring"
)

// wire is the programme of one node on its way to another, by one clock that the test turns:
// a hall flashes and beeps at the full second, a node mixes, a second node pulls from it.
type wire struct {
	testing.TB

	now          time.Time
	origin, edge *screen
	hall, pulled [2]*feed // picture and sound, as a node gets them
	encoder      *gopus.Encoder
	frames       [2]int // sent by the hall
	way          []onTheWay
}

// screen is somebody who watches and hears a programme.
type screen struct {
	*programme

	next    [2]uint64
	decoder *gopus.Decoder
	flashes []time.Duration // by the full second of the programme's clock
	beeps   []time.Duration
	loud    []int // how many milliseconds each beep lasts
}

type onTheWay struct {
	here time.Time
	to   *screen
	e    entry
}

const (
	wirePicture = 40 * time.Millisecond
	wireBeep    = 200 * time.Millisecond
	wireStep    = 5 * time.Millisecond
	wireMain    = conference.VenueID("hall")
)

func newWire(t *testing.T) *wire {
	t.Helper()
	w := &wire{TB: t, now: time.Unix(1_666_918_800, 0)}
	clock := func() time.Time { return w.now }
	w.origin, w.edge = newScreen(t, Config{Now: clock}), newScreen(t, Config{Now: clock, Edge: true})
	var err error
	if w.encoder, err = gopus.NewEncoder(gopus.EncoderConfig{SampleRate: mixer.Rate, Channels: 1, Application: gopus.ApplicationAudio}); err != nil {
		t.Fatal(err)
	}
	for _, feeds := range []*[2]*feed{&w.hall, &w.pulled} {
		*feeds = [2]*feed{newVideoFeed(1, videoRing), newAudioFeed(2)}
	}
	return w
}

func newScreen(t *testing.T, cfg Config) *screen {
	t.Helper()
	p, err := newProgramme(wireMain, &feedIDs{}, cfg)
	if err != nil {
		t.Fatal(err)
	}
	p.changed = func() {}
	p.taps.Store(1)
	dec, err := gopus.NewDecoder(gopus.DefaultDecoderConfig(mixer.Rate, 1))
	if err != nil {
		t.Fatal(err)
	}
	return &screen{programme: p, decoder: dec}
}

// play lets d pass. The hall's sound takes late on its way, what the edge pulls takes transit.
func (w *wire) play(d, late time.Duration, transit func(time.Time) time.Duration) {
	w.Helper()
	for end := w.now.Add(d); w.now.Before(end); w.now = w.now.Add(wireStep) {
		w.film(late)
		w.watch(w.edge, func(int, *ring.Packet) {})
		w.pull(transit(w.now))
		rest := w.way[:0]
		for _, p := range w.way {
			if p.here.After(w.now) {
				rest = append(rest, p)
				continue
			}
			p.e.at = w.now
			p.to.take(p.e)
		}
		w.way = rest
		for _, s := range []*screen{w.origin, w.edge} {
			if err := s.tick(w.now); err != nil {
				w.Fatal(err)
			}
		}
	}
}

func (w *wire) send(to *screen, after time.Duration, e entry) {
	e.source.Venue = wireMain
	w.way = append(w.way, onTheWay{w.now.Add(after), to, e})
}

// film sends what the hall has taken by now: a white picture, which stands for a keyframe
// here, and the beginning of a beep at the full second.
func (w *wire) film(late time.Duration) {
	w.Helper()
	began := time.Unix(1_666_918_800, 0)
	for ; began.Add(time.Duration(w.frames[0]) * wirePicture).Before(w.now); w.frames[0]++ {
		at := time.Duration(w.frames[0]) * wirePicture
		w.hall[0].put(ring.Meta{Seq: uint64(w.frames[0]), TS: uint32(at * bus.VideoRate / time.Second), Marker: true, Key: at%time.Second == 0}, []byte{1})
		w.send(w.origin, 0, entry{kind: entryVideo, feed: w.hall[0], seq: uint64(w.frames[0])})
		if at%time.Second == 0 {
			for kind, rate := range map[entryKind]uint32{entryVideoReport: bus.VideoRate, entryAudioReport: bus.AudioRate} {
				w.send(w.origin, 0, entry{kind: kind, ntp: toNTP(began.Add(at).UnixNano()), rtp: uint32(ticksOf(int64(at), rate))})
			}
		}
	}
	for ; began.Add(time.Duration(w.frames[1]) * mixer.Frame).Before(w.now); w.frames[1]++ {
		at := time.Duration(w.frames[1]) * mixer.Frame
		pcm, packet := make([]float32, mixer.FrameSamples), make([]byte, 1500)
		for i := range pcm {
			pcm[i] = 0.002 * float32(math.Sin(2*math.Pi*300*float64(i)/mixer.Rate)) // a hall is never quite silent
			if at%time.Second < wireBeep {
				pcm[i] = 0.3 * float32(math.Sin(2*math.Pi*1000*float64(i)/mixer.Rate))
			}
		}
		n, err := w.encoder.Encode(pcm, packet)
		if err != nil {
			w.Fatal(err)
		}
		w.hall[1].put(ring.Meta{Seq: uint64(w.frames[1]), TS: uint32(w.frames[1] * mixer.FrameSamples)}, packet[:n])
		w.send(w.origin, late, entry{kind: entryAudio, feed: w.hall[1], seq: uint64(w.frames[1])})
	}
}

// pull sends what the origin gives out, and every quarter of a second its sender reports.
func (w *wire) pull(transit time.Duration) {
	w.Helper()
	w.watch(w.origin, func(i int, q *ring.Packet) {
		w.pulled[i].put(ring.Meta{Seq: q.Seq, TS: q.TS, Marker: q.Marker, Key: q.Key}, q.Payload)
		w.send(w.edge, transit, entry{kind: []entryKind{entryVideo, entryAudio}[i], feed: w.pulled[i], seq: q.Seq})
	})
	for i, from := range w.origin.feeds() {
		if rtp, ok := from.clock.timestamp(w.now.UnixNano(), from.rate); ok && w.now.UnixMilli()%250 == 0 {
			w.send(w.edge, transit, entry{kind: []entryKind{entryVideoReport, entryAudioReport}[i], ntp: toNTP(w.now.UnixNano()), rtp: rtp})
		}
	}
}

func (s *screen) feeds() [2]*feed { return [2]*feed{s.rungs[0].video, s.audio} }

// watch reads on, and notes when there is a flash, and when a beep begins.
func (w *wire) watch(s *screen, each func(int, *ring.Packet)) {
	w.Helper()
	for i, f := range s.feeds() {
		if newest, ok := f.store.Newest(); ok && s.next[i] == 0 {
			s.next[i] = newest
		}
		for q := f.store.Get(s.next[i]); q != nil; q = f.store.Get(s.next[i]) {
			s.next[i]++
			each(i, q)
			at := time.Duration(q.Capture)
			if i == 1 {
				s.hear(w, at, q.Payload)
			} else if q.Key && len(q.Payload) == 1 { // not the slate's
				s.flashes = append(s.flashes, at)
			}
			q.Release()
		}
	}
}

func (s *screen) hear(tb testing.TB, at time.Duration, payload []byte) {
	tb.Helper()
	var pcm [5760]float32
	n, err := s.decoder.Decode(payload, pcm[:])
	if err != nil {
		tb.Fatal(err)
	}
	const window = mixer.Rate / 1000
	for i := 0; i+window <= n; i += window {
		level := float32(0)
		for _, x := range pcm[i : i+window] {
			level = max(level, x, -x)
		}
		here := at + time.Duration(i)*time.Second/mixer.Rate
		if level < 0.03 {
			continue
		}
		if last := len(s.beeps) - 1; last < 0 || here-s.beeps[last] > 2*wireBeep {
			s.beeps, s.loud = append(s.beeps, here), append(s.loud, 0)
		}
		s.loud[len(s.loud)-1]++
	}
}

// together checks that of the last seconds every flash has its beep, whole and at its moment.
func (s *screen) together(tb testing.TB, where string, seconds int) {
	tb.Helper()
	if len(s.flashes) < seconds+1 || len(s.beeps) < seconds+1 {
		tb.Errorf("%s: %d flashes and %d beeps, want more than %d", where, len(s.flashes), len(s.beeps), seconds)
		return
	}
	// The last of both may not be over.
	for _, flash := range s.flashes[len(s.flashes)-1-seconds : len(s.flashes)-1] {
		best, lasts := time.Hour, 0
		for i, beep := range s.beeps {
			if off := beep - flash; off.Abs() < best.Abs() {
				best, lasts = off, s.loud[i]
			}
		}
		if best.Abs() > 25*time.Millisecond || time.Duration(lasts)*time.Millisecond < wireBeep*3/4 {
			tb.Errorf("%s: a beep of %d ms comes %v after its flash", where, lasts, best)
		}
	}
}

// P7: sound that comes late to the origin is put back with its picture. The edge hears it
// all the same, in step, though the origin's pictures come long before it then, and its own
// line stumbles too.
func TestP7_SoundThatIsLateAtTheOriginIsHeardAtTheEdge(t *testing.T) {
	t.Parallel()
	w := newWire(t)
	stumbles := func(now time.Time) time.Duration { // 10 – 160 ms
		return 10*time.Millisecond + time.Duration(now.UnixMilli()/wireStep.Milliseconds()*7919%150)*time.Millisecond
	}
	for _, part := range []struct{ late, long time.Duration }{
		{mixer.Delay + mixer.MaxLate - 20*time.Millisecond, 7 * time.Second},
		{0, 23 * time.Second}, // until it is forgotten
		{mixer.Delay + mixer.MaxLate - 20*time.Millisecond, 7 * time.Second},
	} {
		w.play(part.long, part.late, stumbles)
		t.Logf("late by %v: put back by %v at the origin, by %v at the edge", part.late, w.origin.mixer.Late(wireMain), w.edge.mixer.Late(wireMain))
		w.origin.together(t, "origin", 3)
		w.edge.together(t, "edge", 3)
	}
}
