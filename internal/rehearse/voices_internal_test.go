package rehearse

import (
	"encoding/binary"
	"math"
	"sync"
	"testing"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
	"github.com/thesyncim/gopus"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/signaling/protocol"
)

// decibels is how loud one frequency is in sound of 48 kHz, in dB of full scale (Goertzel,
// under a Hann window).
func decibels(samples []float64, hertz int) float64 {
	w := 2 * math.Cos(2*math.Pi*float64(hertz)/soundRate)
	var a, b float64
	for i, s := range samples {
		hann := 1 - math.Cos(2*math.Pi*float64(i)/float64(len(samples)))
		a, b = s*hann+w*a-b, a
	}
	return 20 * math.Log10(max(1e-9, 2*math.Sqrt(max(0, a*a+b*b-w*a*b))/float64(len(samples))))
}

// listener decodes what a hall is sent, slot by slot.
type listener struct {
	testing.TB

	heardMu sync.Mutex // guards what follows
	voices  map[string]*gopus.Decoder
	heard   map[string][]float64
}

// listens makes a hall's page keep all it is sent to play.
func listens(tb testing.TB, v *venue) *listener {
	tb.Helper()
	l := &listener{TB: tb, voices: map[string]*gopus.Decoder{}, heard: map[string][]float64{}}
	v.sound = l.take
	return l
}

func (l *listener) take(mid string, q *rtp.Packet) {
	l.heardMu.Lock()
	defer l.heardMu.Unlock()
	dec := l.voices[mid]
	if dec == nil {
		var err error
		if dec, err = gopus.NewDecoder(gopus.DefaultDecoderConfig(soundRate, 1)); err != nil {
			l.Error(err)
			return
		}
		l.voices[mid] = dec
	}
	var pcm [5760]float32
	n, err := dec.Decode(q.Payload, pcm[:])
	if err != nil {
		l.Errorf("decode a packet on %s: %v", mid, err)
	}
	for _, s := range pcm[:n] {
		l.heard[mid] = append(l.heard[mid], float64(s))
	}
}

// last returns the last seconds a slot was sent; nil: it was not sent as much.
func (l *listener) last(mid string, seconds int) []float64 {
	l.heardMu.Lock()
	defer l.heardMu.Unlock()
	all := l.heard[mid]
	if len(all) < seconds*soundRate {
		return nil
	}
	return append([]float64(nil), all[len(all)-seconds*soundRate:]...)
}

// forget begins anew.
func (l *listener) forget() {
	l.heardMu.Lock()
	defer l.heardMu.Unlock()
	clear(l.heard)
}

// slotsOf returns what a hall's slots of a kind are sent, by mid: whose it is.
func (v *venue) slotsOf(kind protocol.SlotKind) map[string]conference.VenueID {
	v.mu.Lock()
	defer v.mu.Unlock()
	found := map[string]conference.VenueID{}
	for mid, s := range v.slots {
		if s.Kind == kind {
			found[mid] = conference.VenueID(s.Venue)
		}
	}
	return found
}

// P3's figures: an open microphone's tone in the mix, a tone nobody may hear, and how long
// it is listened.
const (
	heardAt   = -40 // dB of full scale, at least; the halls hum at -12
	unheardAt = -50 // dB below the same tone where it is heard
	listenFor = 2   // seconds
	rounds    = 10  // of listening: a machine that stands still tears sounds
)

// P3: City Hall's microphone and that of a hall that has the floor are open. Both are in what
// a WHEP viewer is sent, in HLS and in the recording, and a third hall hears both, each in a
// slot of its own. The hall that speaks hears City Hall, and of itself nothing.
func TestP3_BothVoicesAndNoneOfItsOwn(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 3)
	h.tones = []int{toneOf(0, 3), toneOf(1, 3), toneOf(2, 3)}
	at := h.place(h.network)
	var halls []*venue
	var ears []*listener
	for i := range 3 {
		v := h.prepare(at, i)
		halls, ears = append(halls, v), append(ears, listens(t, v))
		h.begins(v)
	}
	h.ready(3)
	v := h.view()
	h.take(venueID(1))
	h.until("all hear whom they are to hear", func() bool {
		for i, want := range []map[conference.VenueID]bool{{venueID(1): true}, {venueID(0): true}, {venueID(0): true, venueID(1): true}} {
			for mid, id := range halls[i].slotsOf(protocol.SlotVoice) {
				if want[id] && ears[i].last(mid, 1) != nil {
					delete(want, id)
				}
			}
			if len(want) > 0 {
				return false
			}
		}
		return true
	})
	for round := 0; !h.voices(v.track(webrtc.RTPCodecTypeAudio), halls, ears); round++ {
		if round == rounds {
			t.Fatalf("in none of %d rounds everybody was heard", rounds)
		}
	}
	h.until("HLS has both voices", func() bool { return h.both(h.heardIn("sound.m3u8"), "HLS") != nil })
	h.closes()
	if h.both(h.heardIn("sound.m3u8"), "recording") == nil {
		t.Error("the recording lacks a voice")
	}
}

// voices listens to the viewer and to the halls at once. False: somebody was not heard, as
// when the machine stood still. Who must not be heard is judged where the others are.
func (h *house) voices(sound *track, halls []*venue, ears []*listener) bool {
	h.Helper()
	for _, l := range ears {
		l.forget()
	}
	from := sound.count()
	h.until("there are some seconds of it", func() bool {
		enough := sound.count()-from > (listenFor+1)*loopPackets
		for i, l := range ears {
			for mid, id := range halls[i].slotsOf(protocol.SlotVoice) {
				enough = enough && (id == "" || l.last(mid, listenFor) != nil)
			}
		}
		return enough
	})
	samples, _ := sound.pcm(h, from)
	loud := h.both(samples, "WHEP")
	if loud == nil {
		return false
	}
	for i, l := range ears {
		sum := make([]float64, listenFor*soundRate) // all that is played in the hall
		for mid := range halls[i].slotsOf(protocol.SlotVoice) {
			for j, s := range l.last(mid, listenFor) {
				sum[j] += s
			}
		}
		for j := range loud {
			if got := decibels(sum, h.tones[j]); i != j && got < heardAt {
				h.Logf("%s hears %s at %.1f dB only", venueID(i), venueID(j), got)
				return false
			}
		}
		for j, level := range loud {
			if got := decibels(sum, h.tones[j]); i == j && got > level+unheardAt {
				h.Errorf("%s hears itself at %.1f dB, the public at %.1f", venueID(i), got, level)
			}
		}
		if got := decibels(sum, h.tones[2]); got > loud[1]+unheardAt {
			h.Errorf("%s hears %s, which has no floor, at %.1f dB", venueID(i), venueID(2), got)
		}
	}
	return true
}

// both looks in the last seconds of a sound for some in which the tones of both open
// microphones are, wants the third's not to be there, and returns how loud they are; nil:
// there are none such.
func (h *house) both(samples []float64, where string) []float64 {
	h.Helper()
	for back := range rounds {
		end := len(samples) - back*soundRate
		if end < listenFor*soundRate {
			break
		}
		part := samples[end-listenFor*soundRate : end]
		loud := []float64{decibels(part, h.tones[0]), decibels(part, h.tones[1])}
		if min(loud[0], loud[1]) < heardAt {
			continue
		}
		closed := decibels(part, h.tones[2])
		h.Logf("%s: the open microphones at %.1f and %.1f dB, the closed one at %.1f", where, loud[0], loud[1], closed)
		if closed > loud[0]+unheardAt {
			h.Errorf("%s: the closed microphone of %s is heard: %.1f dB at %d Hz", where, venueID(2), closed, h.tones[2])
		}
		return loud
	}
	return nil
}

// heardIn decodes a track as it is listed now.
func (h *house) heardIn(track string) []float64 {
	h.Helper()
	if h.file(track) == nil {
		return nil
	}
	return h.sound(h.savedTrack(track))
}

// sound decodes a file's sound.
func (h *house) sound(path string) []float64 {
	h.Helper()
	raw := h.ffmpeg(path, "-map", "0:a:0", "-ac", "1", "-ar", "48000", "-f", "f32le", "-")
	samples := make([]float64, len(raw)/4)
	for i := range samples {
		samples[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:])))
	}
	return samples
}
