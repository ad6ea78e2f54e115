package sfu_test

import (
	"context"
	"math"
	"testing"

	"github.com/pion/rtp"
	"github.com/thesyncim/gopus"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/sfu"
)

func watch(t *testing.T, plane *sfu.Plane, s shape) *peer {
	t.Helper()
	return watchVenue(t, plane, "", s)
}

func watchVenue(t *testing.T, plane *sfu.Plane, v conference.VenueID, s shape) *peer {
	t.Helper()
	p := newPeer(t, s)
	return p.negotiate(func(ctx context.Context, offer string) (answer string, err error) {
		p.viewer, answer, err = plane.Watch(ctx, v, offer)
		return answer, err
	})
}

// Not one sound packet of a venue without the floor reaches another venue, the stage or
// the programme; the SFU counts what it dropped.
func TestJ3_VenueWithoutFloorIsDropped(t *testing.T) {
	t.Parallel()
	plane := newPlane(t)
	city, e, w := joinVenue(t, plane, hall), joinVenue(t, plane, east), joinVenue(t, plane, west)
	watch(t, plane, shape{videos: 1, audios: 1})
	speak(t, city, words(1))
	speak(t, e, words(2))
	speak(t, w, words(3))
	until(t, "west's packets counted", func() bool { return plane.Stats().Venues[west].AudioDropped >= 50 })
	e.wait(e.slot(sfu.SlotVoice, audio, 0), "city hall's voice", hears(1))

	plane.SetFloor(sfu.Floor{Holder: west})
	e.wait(e.slot(sfu.SlotVoice, audio, 1), "west's voice", hears(3))
	city.wait(city.slot(sfu.SlotVoice, audio, 0), "west's voice", hears(3))

	plane.SetFloor(sfu.Floor{})
	forwarded := plane.Stats().Venues[west].AudioForwarded
	dropped := plane.Stats().Venues[west].AudioDropped
	until(t, "west dropped again", func() bool { return plane.Stats().Venues[west].AudioDropped >= dropped+50 })
	// One packet may have been on its way through when the floor was taken.
	if got := plane.Stats().Venues[west].AudioForwarded; got > forwarded+1 {
		t.Errorf("got %d packets forwarded after the floor was taken, want 0", got-forwarded)
	}
	if s := plane.Stats().Venues[east]; s.AudioForwarded != 0 || s.AudioDropped == 0 {
		t.Errorf("got %+v for the venue that never had the floor, want nothing forwarded", s)
	}
	for _, p := range []*peer{city, e, w} {
		slots, _, _ := p.session.Slots()
		for _, s := range slots {
			for _, q := range p.packets(s.MID) {
				if s.Kind == sfu.SlotVoice && q.Payload[2] == 2 {
					t.Fatalf("a sound packet of the venue that never had the floor on mid %s", s.MID)
				}
			}
		}
	}
	for _, q := range w.packets(w.slot(sfu.SlotVoice, audio, 0)) {
		if q.Payload[2] == 3 {
			t.Fatal("the venue heard itself")
		}
	}
}

// Both open microphones are in the programme: two tones are found in what a viewer decodes.
// It runs alone: with the race detector the codec needs the machine for itself.
func TestJ3_BothMicrophonesInProgramme(t *testing.T) { //nolint:paralleltest // see above
	plane := newPlane(t)
	city, w, e := joinVenue(t, plane, hall), joinVenue(t, plane, west), joinVenue(t, plane, east)
	viewer := watch(t, plane, shape{videos: 1, audios: 1})
	plane.SetFloor(sfu.Floor{Holder: west})
	a, b, c := tone(t, 440), tone(t, 1000), tone(t, 2500)
	speak(t, city, a)
	speak(t, w, b)
	speak(t, e, c)
	mid := viewer.slot(sfu.SlotProgramme, audio, 0)
	decoder, err := gopus.NewDecoder(gopus.DefaultDecoderConfig(48000, 1))
	must(t, err)
	pcm := make([]float32, 5760)
	next, loud := 0, [3]float64{}
	viewer.wait(mid, "two tones in the mix", func(all []received) bool {
		for ; next < len(all); next++ {
			n, err := decoder.Decode(all[next].Payload, pcm)
			if err != nil {
				t.Fatalf("decode packet %d: %v", next, err)
			}
			for i, hz := range []float64{440, 1000, 2500} {
				loud[i] = max(loud[i], goertzel(pcm[:n], hz))
			}
			if loud[0] > 0.05 && loud[1] > 0.05 {
				return true
			}
		}
		return false
	})
	if loud[2] > 0.01 {
		t.Errorf("got amplitude %.3f of the venue without the floor, want none", loud[2])
	}
}

// tone makes Opus packets of a sine. A second of it is encoded beforehand and repeated.
func tone(t *testing.T, hz float64) func() []byte {
	t.Helper()
	enc, err := gopus.NewEncoder(gopus.EncoderConfig{SampleRate: 48000, Channels: 1, Application: gopus.ApplicationAudio})
	must(t, err)
	packets := make([][]byte, 50)
	pcm, n := make([]float32, 960), 0
	for i := range packets {
		for j := range pcm {
			pcm[j] = float32(0.25 * math.Sin(2*math.Pi*hz*float64(n)/48000))
			n++
		}
		out := make([]byte, 1500)
		size, err := enc.Encode(pcm, out)
		must(t, err)
		packets[i] = out[:size]
	}
	next := -1
	return func() []byte {
		next++
		return packets[next%len(packets)]
	}
}

// goertzel returns the amplitude of one frequency.
func goertzel(pcm []float32, hz float64) float64 {
	var re, im float64
	for i, s := range pcm {
		re += float64(s) * math.Cos(2*math.Pi*hz*float64(i)/48000)
		im += float64(s) * math.Sin(2*math.Pi*hz*float64(i)/48000)
	}
	return 2 * math.Hypot(re, im) / float64(len(pcm))
}

// A viewer keeps one SSRC, contiguous numbers and rising timestamps through three changes
// of the floor, and every cut begins with parameter sets.
func TestJ1_ViewerKeepsOneStreamThroughFloorChanges(t *testing.T) {
	t.Parallel()
	plane := newPlane(t)
	city, e, w := joinVenue(t, plane, hall), joinVenue(t, plane, east), joinVenue(t, plane, west)
	for i, p := range []*peer{city, e, w} {
		film(t, p, mark(i+1))
		speak(t, p, words(mark(i+1)))
	}
	viewer := watch(t, plane, shape{videos: 1, audios: 1})
	pictures := viewer.slot(sfu.SlotProgramme, video, 0)
	viewer.wait(pictures, "city hall", sees(1))
	for _, step := range []struct {
		floor sfu.Floor
		want  mark
	}{{sfu.Floor{Holder: west}, 3}, {sfu.Floor{Holder: east}, 2}, {sfu.Floor{}, 1}} {
		plane.SetFloor(step.floor)
		viewer.wait(pictures, "the new source", sees(step.want))
	}
	contiguous(t, viewer, pictures)
	all := viewer.packets(pictures)
	var last mark
	for i, q := range all {
		m, _, ok := from(q.Packet)
		if !ok {
			continue
		}
		if m != last && (i == 0 || !startsPicture(all[i-1].Packet)) {
			t.Errorf("the cut to %d at packet %d does not begin with parameter sets", m, i)
		}
		last = m
	}
	contiguous(t, viewer, viewer.slot(sfu.SlotProgramme, audio, 0))
}

func startsPicture(p rtp.Packet) bool { return len(p.Payload) > 0 && p.Payload[0]&0x1f == 24 }

// contiguous checks one SSRC, numbers without a hole and timestamps that do not go back.
func contiguous(t *testing.T, p *peer, mid string) {
	t.Helper()
	all := p.wait(mid, "enough packets", func(all []received) bool { return len(all) >= 30 })
	for i := 1; i < len(all); i++ {
		a, b := all[i-1], all[i]
		if b.SSRC != all[0].SSRC {
			t.Fatalf("packet %d has SSRC %d, want %d", i, b.SSRC, all[0].SSRC)
		}
		if b.SequenceNumber != a.SequenceNumber+1 {
			t.Fatalf("packet %d has number %d after %d", i, b.SequenceNumber, a.SequenceNumber)
		}
		if int32(b.Timestamp-a.Timestamp) < 0 {
			t.Fatalf("packet %d has timestamp %d after %d", i, b.Timestamp, a.Timestamp)
		}
		if a.Marker && b.Timestamp == a.Timestamp && len(a.Payload) > 20 {
			t.Fatalf("packet %d has the timestamp of the finished picture", i)
		}
	}
}
