package sfu_test

import (
	"testing"

	"github.com/diemcau/diemcau/sfu"
)

// isSlate accepts pictures that no test camera made, beginning with parameter sets.
func isSlate(all []received) bool {
	if len(all) < 20 {
		return false
	}
	for _, q := range all[len(all)-20:] {
		if _, _, ok := from(q.Packet); ok {
			return false
		}
	}
	return true
}

// With nobody there the programme shows the slate; City Hall replaces it, the slate covers
// City Hall when asked, and it is one stream all the time.
func TestProgrammeAlwaysRuns(t *testing.T) {
	t.Parallel()
	plane := newPlane(t)
	viewer := watch(t, plane, shape{videos: 1, audios: 1})
	pictures, sound := viewer.slot(sfu.SlotProgramme, video, 0), viewer.slot(sfu.SlotProgramme, audio, 0)
	all := viewer.wait(pictures, "the slate", isSlate)
	if kind := all[0].Payload[0] & 0x1f; kind != 7 && kind != 24 {
		t.Errorf("the slate begins with NAL unit type %d, want parameter sets", kind)
	}
	viewer.wait(sound, "silence", func(all []received) bool { return len(all) > 50 })

	city := joinVenue(t, plane, hall)
	film(t, city, 1)
	viewer.wait(pictures, "city hall", sees(1))
	shown := city.slot(sfu.SlotProgramme, video, 0)
	city.waitSlot(shown, hall)
	plane.SetFloor(sfu.Floor{Slate: true})
	viewer.wait(pictures, "the slate again", isSlate)
	city.waitSlot(shown, "")
	plane.SetFloor(sfu.Floor{})
	viewer.wait(pictures, "city hall again", sees(1))
	contiguous(t, viewer, pictures)
	contiguous(t, viewer, sound)
}

// A holder that falls silent is left for City Hall.
func TestProgrammeFallsBackToCityHall(t *testing.T) {
	t.Parallel()
	plane := newPlane(t)
	city, w := joinVenue(t, plane, hall), joinVenue(t, plane, west)
	film(t, city, 1)
	_, stop := film(t, w, 3)
	viewer := watch(t, plane, shape{videos: 1, audios: 1})
	pictures := viewer.slot(sfu.SlotProgramme, video, 0)
	plane.SetFloor(sfu.Floor{Holder: west})
	viewer.wait(pictures, "west", sees(3))
	stop()
	viewer.wait(pictures, "city hall", sees(1))
	contiguous(t, viewer, pictures)
}

// A viewer may watch one venue; it hears it only while the venue has the floor.
func TestWatchOneVenue(t *testing.T) {
	t.Parallel()
	plane := newPlane(t)
	w := joinSimulcast(t, plane, west)
	film(t, w, 3)
	speak(t, w, words(3))
	viewer := watchVenue(t, plane, west, shape{videos: 1, audios: 1})
	pictures, sound := viewer.slot(sfu.SlotProgramme, video, 0), viewer.slot(sfu.SlotProgramme, audio, 0)
	viewer.wait(pictures, "the highest layer", layerIs(3, 0))
	if got := viewer.packets(sound); len(got) != 0 {
		t.Errorf("got %d sound packets of a venue without the floor", len(got))
	}
	plane.SetFloor(sfu.Floor{Holder: west})
	viewer.wait(sound, "the venue's sound", hears(3))
}

// An encoder goes before the page of its venue while it is connected, and the page comes
// back when it leaves.
func TestEncoderGoesBeforePage(t *testing.T) {
	t.Parallel()
	plane := newPlane(t)
	page := joinVenue(t, plane, hall)
	film(t, page, 1)
	e := joinVenue(t, plane, east)
	mid := e.slot(sfu.SlotReturn, video, 0)
	e.wait(mid, "the page", sees(1))
	obs := publish(t, plane, hall, shape{mic: true, camera: true})
	film(t, obs, 2)
	e.wait(mid, "the encoder", sees(2))
	obs.session.Close()
	e.wait(mid, "the page again", sees(1))
	contiguous(t, e, mid)
	if page.session == nil || plane.Stats().Sessions < 2 {
		t.Error("the page was thrown out")
	}
}
