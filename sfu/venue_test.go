package sfu_test

import (
	"context"
	"testing"

	"github.com/pion/webrtc/v4"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/sfu"
)

const (
	video = webrtc.RTPCodecTypeVideo
	audio = webrtc.RTPCodecTypeAudio
)

func joinVenue(t *testing.T, plane *sfu.Plane, v conference.VenueID) *peer {
	t.Helper()
	return newPeer(t, shape{mic: true, camera: true, videos: 2, audios: 3}).join(
		func(ctx context.Context, offer string) (*sfu.Session, string, error) {
			return plane.JoinVenue(ctx, v, offer)
		})
}

func sees(m mark) func([]received) bool {
	return func(all []received) bool {
		if len(all) == 0 {
			return false
		}
		last, _, ok := from(all[len(all)-1].Packet)
		return ok && last == m
	}
}

func hears(m mark) func([]received) bool {
	return func(all []received) bool {
		return len(all) > 0 && all[len(all)-1].Payload[2] == byte(m)
	}
}

// Three venues see and hear City Hall and whoever has the floor.
func TestJ1_VenuesSeeAndHearEachOther(t *testing.T) {
	t.Parallel()
	plane := newPlane(t)
	city, e, w := joinVenue(t, plane, hall), joinVenue(t, plane, east), joinVenue(t, plane, west)
	for i, p := range []*peer{city, e, w} {
		film(t, p, mark(i+1))
		speak(t, p, words(mark(i+1)))
	}
	e.wait(e.slot(sfu.SlotProgramme, video, 0), "city hall in the programme", sees(1))
	e.wait(e.slot(sfu.SlotReturn, video, 0), "city hall in the return", sees(1))
	e.wait(e.slot(sfu.SlotVoice, audio, 0), "city hall's voice", hears(1))

	plane.SetFloor(sfu.Floor{Holder: west})
	city.wait(city.slot(sfu.SlotProgramme, video, 0), "west in city hall's programme", sees(3))
	city.wait(city.slot(sfu.SlotReturn, video, 0), "west in city hall's return", sees(3))
	city.wait(city.slot(sfu.SlotVoice, audio, 0), "west's voice at city hall", hears(3))
	e.wait(e.slot(sfu.SlotProgramme, video, 0), "west in east's programme", sees(3))
	e.wait(e.slot(sfu.SlotVoice, audio, 1), "west's voice in the east", hears(3))
	w.wait(w.slot(sfu.SlotProgramme, video, 0), "city hall for the holder", sees(1))
	w.wait(w.slot(sfu.SlotVoice, audio, 0), "city hall's voice for the holder", hears(1))

	plane.SetFloor(sfu.Floor{})
	e.wait(e.slot(sfu.SlotProgramme, video, 0), "city hall again", sees(1))
}
