package sfu_test

import (
	"bytes"
	"context"
	"math"
	"testing"
	"time"

	"github.com/thesyncim/gopus"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/sfu"
)

// joinAs joins with as many slots of sound as a page has, or fewer.
func joinAs(t *testing.T, plane *sfu.Plane, v conference.VenueID, s shape) *peer {
	t.Helper()
	return newPeer(t, s).join(func(ctx context.Context, offer string) (*sfu.Session, string, error) {
		if v == "" {
			return plane.JoinStage(ctx, offer)
		}
		return plane.JoinVenue(ctx, v, offer)
	})
}

// whistle is a second of a tone that a decoder finds again.
func whistle(t *testing.T) func() []byte {
	t.Helper()
	enc, err := gopus.NewEncoder(gopus.EncoderConfig{SampleRate: 48000, Channels: 1, Application: gopus.ApplicationAudio})
	must(t, err)
	n, pcm, packet := 0, make([]float32, 960), make([]byte, 1500)
	return func() []byte {
		for i := range pcm {
			pcm[i] = 0.3 * float32(math.Sin(2*math.Pi*1000*float64(n+i)/48000))
		}
		n += len(pcm)
		size, err := enc.Encode(pcm, packet)
		if err != nil {
			return nil
		}
		return bytes.Clone(packet[:size])
	}
}

// whistles is how loud the tone is in packets, of full scale.
func whistles(t *testing.T, all []received) float64 {
	t.Helper()
	dec, err := gopus.NewDecoder(gopus.DefaultDecoderConfig(48000, 1))
	must(t, err)
	w, a, b, n := 2*math.Cos(2*math.Pi*1000/48000), 0.0, 0.0, 0
	for _, q := range all {
		var pcm [5760]float32
		size, err := dec.Decode(q.Payload, pcm[:])
		must(t, err)
		for _, s := range pcm[:size] {
			a, b = float64(s)+w*a-b, a
		}
		n += size
	}
	return 2 * math.Sqrt(max(0, a*a+b*b-w*a*b)) / float64(max(1, n))
}

// soundMIDs are the m-lines on which a client receives sound.
func soundMIDs(p *peer) []string {
	var mids []string
	for _, tr := range p.pc.GetTransceivers() {
		if tr.Kind() == audio && (tr.Sender() == nil || tr.Sender().Track() == nil) {
			mids = append(mids, tr.Mid())
		}
	}
	return mids
}

// talks waits until the page is told that the stage talks to it, or does no more, and returns
// the slot.
func talks(p *peer, on bool) (mid string) {
	p.t.Helper()
	deadline := time.After(patience)
	for {
		slots, _, change := p.session.Slots()
		found := false
		for _, s := range slots {
			if s.Stage {
				found, mid = true, s.MID
			}
		}
		if found == on {
			return mid
		}
		select {
		case <-change:
		case <-deadline:
			p.t.Fatalf("the stage talks: %v, want %v: %v", found, on, slots)
		}
	}
}

// The stage talks to one hall: that hall hears it in a slot of its own and is told so; no other
// hall, no stage, no viewer of the programme or of that hall gets a sound of it. It ends with
// a word, and with the page.
func TestTalkbackReachesOneHallOnly(t *testing.T) {
	t.Parallel()
	plane := newPlane(t)
	page := shape{mic: true, camera: true, videos: 2, audios: 4}
	city, e, w := joinAs(t, plane, hall, page), joinAs(t, plane, east, page), joinAs(t, plane, west, page)
	plane.SetFloor(sfu.Floor{Holder: west})
	speak(t, city, words(1))
	speak(t, w, words(3))
	speak(t, e, words(2)) // who sends nothing counts as away before long
	stage := joinAs(t, plane, "", shape{mic: true, videos: 1, audios: 4})
	other := joinAs(t, plane, "", shape{mic: true, videos: 1, audios: 4})
	deaf := joinAs(t, plane, "quan-nam", shape{mic: true, camera: true, videos: 2, audios: 3})
	programme, seen := watch(t, plane, shape{videos: 1, audios: 1}), watchVenue(t, plane, east, shape{videos: 1, audios: 1})
	speak(t, stage, whistle(t))
	e.wait(e.slot(sfu.SlotVoice, audio, 1), "the hall that speaks", hears(3))

	wantCode(t, stage.session.Talk("nobody"), "media.no_talkback")
	wantCode(t, stage.session.Talk("quan-nam"), "media.no_talkback")
	wantCode(t, joinAs(t, plane, "", shape{videos: 1, audios: 4}).session.Talk(east), "media.no_microphone")
	must(t, stage.session.Talk(east))
	wantCode(t, other.session.Talk(east), "media.talk_taken")
	mid := talks(e, true)
	if mid != e.slot(sfu.SlotVoice, audio, 2) {
		t.Errorf("the stage is heard in %s, want the last slot for voices", mid)
	}
	e.wait(mid, "a second of the stage", func(all []received) bool { return len(all) >= 50 && whistles(t, all) > 0.1 })
	contiguous(t, e, mid)

	heard := programme.wait(programme.slot(sfu.SlotProgramme, audio, 0), "the mix", func(all []received) bool { return len(all) > 100 })
	if got := whistles(t, heard[len(heard)-50:]); got > 0.01 {
		t.Errorf("the stage is in the programme's sound at %.4f", got)
	}
	for name, p := range map[string]*peer{"City Hall": city, "west": w, "a stage": other, "who talks": stage, "a hall without room": deaf, "a viewer of the hall": seen} {
		for _, m := range soundMIDs(p) {
			if got := whistles(t, p.all(m)); got > 0.01 {
				t.Errorf("%s hears the stage on %s at %.4f", name, m, got)
			}
		}
		if p.session == nil {
			continue
		}
		slots, _, _ := p.session.Slots()
		for _, s := range slots {
			if s.Stage {
				t.Errorf("%s is told that the stage talks to it", name)
			}
		}
	}

	must(t, stage.session.Talk(""))
	talks(e, false)
	count := len(e.all(mid))
	must(t, other.session.Talk(east)) // it is free now; it says nothing
	must(t, other.session.Talk(""))
	if more := len(e.all(mid)) - count; more > 5 {
		t.Errorf("%d packets came after the end", more)
	}
	must(t, stage.session.Talk(east))
	talks(e, true)
	stage.session.Hold().Park() // the page's socket broke
	talks(e, false)
	stage.session.Hold()
	until(t, "the stage is back, and silent", func() bool { return stage.session.Talk("") == nil })
	must(t, stage.session.Talk(east))
	talks(e, true)
	stage.session.Close()
	talks(e, false)
	plane.SetFloor(sfu.Floor{})
	e.wait(e.slot(sfu.SlotVoice, audio, 0), "City Hall", hears(1))
}
