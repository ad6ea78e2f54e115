package mixer_test

import (
	"math"
	"testing"
	"time"

	"github.com/thesyncim/gopus"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/sfu/mixer"
)

var epoch = time.Date(2022, 10, 28, 1, 0, 0, 0, time.UTC)

// voice is a microphone that hears one sine tone.
type voice struct {
	id      conference.VenueID
	hertz   float64
	encoder *gopus.Encoder
	n       int
	pcm     [mixer.FrameSamples]float32
	packet  [1500]byte
}

func newVoice(tb testing.TB, id conference.VenueID, hertz float64) *voice {
	tb.Helper()
	enc, err := gopus.NewEncoder(gopus.EncoderConfig{SampleRate: mixer.Rate, Channels: 1, Application: gopus.ApplicationVoIP})
	if err != nil {
		tb.Fatal(err)
	}
	return &voice{id: id, hertz: hertz, encoder: enc}
}

// next returns the timestamp and payload of the next 20 ms.
func (v *voice) next(tb testing.TB) (uint32, []byte) {
	tb.Helper()
	ts := uint32(v.n)
	for i := range v.pcm {
		v.pcm[i] = 0.3 * float32(math.Sin(2*math.Pi*v.hertz*float64(v.n+i)/mixer.Rate))
	}
	v.n += mixer.FrameSamples
	n, err := v.encoder.Encode(v.pcm[:], v.packet[:])
	if err != nil {
		tb.Fatal(err)
	}
	return ts, v.packet[:n]
}

// listener decodes the mix.
type listener struct {
	decoder *gopus.Decoder
	heard   []float64
	last    time.Time
}

func newListener(tb testing.TB) *listener {
	tb.Helper()
	dec, err := gopus.NewDecoder(gopus.DefaultDecoderConfig(mixer.Rate, 1))
	if err != nil {
		tb.Fatal(err)
	}
	return &listener{decoder: dec}
}

func (l *listener) hear(tb testing.TB, out mixer.Output) {
	tb.Helper()
	if !l.last.IsZero() && out.At.Sub(l.last) != mixer.Frame {
		tb.Fatalf("frame at %v follows one at %v, want 20 ms between them", out.At, l.last)
	}
	l.last = out.At
	var pcm [5760]float32
	n, err := l.decoder.Decode(out.Payload, pcm[:])
	if err != nil {
		tb.Fatalf("decode the mix: %v", err)
	}
	if n != mixer.FrameSamples {
		tb.Fatalf("got a frame of %d samples, want %d", n, mixer.FrameSamples)
	}
	for _, s := range pcm[:n] {
		l.heard = append(l.heard, float64(s))
	}
}

// level is the amplitude of one frequency (Goertzel).
func level(pcm []float64, hertz float64) float64 {
	w := 2 * math.Cos(2*math.Pi*hertz/mixer.Rate)
	var a, b float64
	for _, s := range pcm {
		a, b = s+w*a-b, a
	}
	return 2 * math.Sqrt(a*a+b*b-w*a*b) / float64(len(pcm))
}

func last(pcm []float64, d time.Duration) []float64 {
	return pcm[len(pcm)-int(d.Seconds()*mixer.Rate):]
}

// studio is a mix with who speaks and who listens. Drop tells which packet is lost.
type studio struct {
	m      *mixer.Mixer
	l      *listener
	voices []*voice
	drop   func(n int) bool
}

// play runs the mix for a while; drop tells which packet of which voice is lost.
func (s studio) play(tb testing.TB, from time.Time, d time.Duration) time.Time {
	tb.Helper()
	now := from
	for n := 0; now.Before(from.Add(d)); n++ {
		for _, v := range s.voices {
			ts, payload := v.next(tb)
			if s.drop == nil || !s.drop(n) {
				s.m.Push(v.id, ts, now, payload)
			}
		}
		now = now.Add(mixer.Frame)
		for {
			out, ok, err := s.m.Next(now)
			if err != nil {
				tb.Fatal(err)
			}
			if !ok {
				break
			}
			s.l.hear(tb, out)
		}
	}
	return now
}

func newMixer(tb testing.TB) *mixer.Mixer {
	tb.Helper()
	m, err := mixer.New(mixer.Config{Epoch: epoch})
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

func TestJ3_BothMicrophonesAreHeard(t *testing.T) {
	t.Parallel()
	m, l := newMixer(t), newListener(t)
	cityHall, hall, closed := newVoice(t, "city-hall", 440), newVoice(t, "hall", 1000), newVoice(t, "closed", 2500)
	m.Open("city-hall")
	m.Open("hall")
	now := studio{m: m, l: l, voices: []*voice{cityHall, hall, closed}}.play(t, epoch.Add(time.Second), 2*time.Second)

	heard := last(l.heard, time.Second)
	noise := level(heard, 1700)
	for _, v := range []*voice{cityHall, hall} {
		if got := level(heard, v.hertz); got < 0.2 || got < 100*noise {
			t.Errorf("%s: got level %.4f at %.0f Hz beside noise %.5f, want ≥ 0.2 and 40 dB above it", v.id, got, v.hertz, noise)
		}
	}
	if got := level(heard, closed.hertz); got > 0.003 {
		t.Errorf("closed: got level %.4f, want none (≤ 0.003)", got)
	}

	// The floor goes on: the hall falls silent, the next one is heard.
	m.Close("hall")
	m.Open("closed")
	studio{m: m, l: l, voices: []*voice{cityHall, hall, closed}}.play(t, now, 2*time.Second)
	heard = last(l.heard, time.Second)
	if got := level(heard, hall.hertz); got > 0.003 {
		t.Errorf("hall after it lost the floor: got level %.4f, want none", got)
	}
	if got := level(heard, closed.hertz); got < 0.2 {
		t.Errorf("closed after it got the floor: got level %.4f, want ≥ 0.2", got)
	}
}

func TestLossIsConcealed(t *testing.T) {
	t.Parallel()
	m, l := newMixer(t), newListener(t)
	v := newVoice(t, "hall", 440)
	m.Open("hall")
	studio{m: m, l: l, voices: []*voice{v}, drop: func(n int) bool { return n%10 == 7 }}.play(t, epoch.Add(time.Second), 3*time.Second)
	heard := last(l.heard, 2*time.Second)
	for i := 0; i+mixer.FrameSamples <= len(heard); i += mixer.FrameSamples {
		if got := level(heard[i:i+mixer.FrameSamples], 440); got < 0.05 {
			t.Fatalf("frame %d: got level %.4f, want the gap to be concealed", i/mixer.FrameSamples, got)
		}
	}
}

func TestSilenceWhenNobodySpeaks(t *testing.T) {
	t.Parallel()
	m, l := newMixer(t), newListener(t)
	m.Open("hall")
	studio{m: m, l: l}.play(t, epoch.Add(time.Second), time.Second)
	if got := len(l.heard); got < 40*mixer.FrameSamples {
		t.Errorf("got %d samples in a second of silence, want a frame every 20 ms", got)
	}
	for _, s := range l.heard {
		if math.Abs(s) > 0.001 {
			t.Fatalf("got sample %v, want silence", s)
		}
	}
}

func TestSlateMutesTheMix(t *testing.T) {
	t.Parallel()
	m, l := newMixer(t), newListener(t)
	v := newVoice(t, "hall", 440)
	m.Open("hall")
	now := studio{m: m, l: l, voices: []*voice{v}}.play(t, epoch.Add(time.Second), time.Second)
	m.SetMuted(true)
	now = studio{m: m, l: l, voices: []*voice{v}}.play(t, now, time.Second)
	if got := level(last(l.heard, 500*time.Millisecond), 440); got > 0.001 {
		t.Errorf("got level %.4f under the slate, want none", got)
	}
	m.SetMuted(false)
	studio{m: m, l: l, voices: []*voice{v}}.play(t, now, time.Second)
	if got := level(last(l.heard, 500*time.Millisecond), 440); got < 0.2 {
		t.Errorf("got level %.4f after the slate, want ≥ 0.2", got)
	}
}

func TestLoudVoicesDoNotClip(t *testing.T) {
	t.Parallel()
	m, l := newMixer(t), newListener(t)
	voices := []*voice{
		newVoice(t, "a", 300), newVoice(t, "b", 310), newVoice(t, "c", 320), newVoice(t, "d", 330),
	}
	for _, v := range voices {
		if !m.Open(v.id) {
			t.Fatalf("open %s: no input left", v.id)
		}
	}
	if m.Open("e") {
		t.Error("a fifth input was opened, want four")
	}
	studio{m: m, l: l, voices: voices}.play(t, epoch.Add(time.Second), 3*time.Second)
	heard := last(l.heard, 2*time.Second)
	for _, s := range heard {
		if math.Abs(s) > 1.05 {
			t.Fatalf("got sample %.3f, want the limiter to hold it under full scale", s)
		}
	}
	for _, v := range voices {
		if got := level(heard, v.hertz); got < 0.1 {
			t.Errorf("%s: got level %.4f, want ≥ 0.1", v.id, got)
		}
	}
}

func TestDriftingClockStaysInPlace(t *testing.T) {
	t.Parallel()
	m, l := newMixer(t), newListener(t)
	v := newVoice(t, "hall", 440)
	m.Open("hall")
	now := epoch.Add(time.Second)
	sent := now
	for range 1500 { // 30 s at a sound card 0.1 % slow
		for !sent.After(now) {
			ts, payload := v.next(t)
			m.Push("hall", ts, sent, payload)
			sent = sent.Add(mixer.Frame + 20*time.Microsecond)
		}
		now = now.Add(mixer.Frame)
		for {
			out, ok, err := m.Next(now)
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				break
			}
			l.hear(t, out)
		}
	}
	heard := last(l.heard, 20*time.Second)
	silent := 0
	for i := 0; i+mixer.FrameSamples <= len(heard); i += mixer.FrameSamples {
		if level(heard[i:i+mixer.FrameSamples], 440) < 0.05 {
			silent++
		}
	}
	if silent > 0 {
		t.Errorf("got %d silent frames of 1000, want none", silent)
	}
}

// TestLatePacketsAreWaitedFor: on a line, or a machine, that delays packets by more than
// the jitter buffer, the voice stays whole after the first stumbles.
func TestLatePacketsAreWaitedFor(t *testing.T) {
	t.Parallel()
	m, l := newMixer(t), newListener(t)
	v := newVoice(t, "hall", 440)
	m.Open("hall")
	type onTheWay struct {
		ts       uint32
		at, here time.Time
		payload  []byte
	}
	var way []onTheWay
	now := epoch.Add(time.Second)
	for n := range 500 {
		ts, payload := v.next(t)
		late := time.Duration(n*7919%160) * time.Millisecond
		way = append(way, onTheWay{ts, now, now.Add(late), append([]byte(nil), payload...)})
		now = now.Add(mixer.Frame)
		kept := way[:0]
		for _, p := range way {
			if p.here.After(now) {
				kept = append(kept, p)
				continue
			}
			m.Push("hall", p.ts, p.at, p.payload)
		}
		way = kept
		for {
			out, ok, err := m.Next(now)
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				break
			}
			l.hear(t, out)
		}
	}
	heard := last(l.heard, 8*time.Second)
	for i := 0; i+mixer.FrameSamples <= len(heard); i += mixer.FrameSamples {
		if got := level(heard[i:i+mixer.FrameSamples], 440); got < 0.08 {
			t.Fatalf("frame %d: got level %.4f, want the voice to be whole", i/mixer.FrameSamples, got)
		}
	}
	if late := m.Late("hall"); late < 80*time.Millisecond || late > mixer.MaxLate {
		t.Errorf("the voice is put back by %v, packets came up to 140 ms after their time", late)
	}
}

func BenchmarkMix(b *testing.B) {
	for _, open := range []int{1, 2, 4} {
		b.Run(string(rune('0'+open))+"open", func(b *testing.B) {
			m := newMixer(b)
			var voices []*voice
			var packets [][]byte
			for i := range open {
				v := newVoice(b, conference.VenueID(rune('a'+i)), 300+float64(i)*100)
				m.Open(v.id)
				voices = append(voices, v)
				_, p := v.next(b)
				packets = append(packets, append([]byte(nil), p...))
			}
			now := epoch.Add(time.Second)
			b.ReportAllocs()
			for b.Loop() {
				for i, v := range voices {
					m.Push(v.id, uint32(v.n), now, packets[i])
					v.n += mixer.FrameSamples
				}
				now = now.Add(mixer.Frame)
				for {
					_, ok, err := m.Next(now)
					if err != nil {
						b.Fatal(err)
					}
					if !ok {
						break
					}
				}
			}
		})
	}
}
