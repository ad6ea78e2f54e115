package sfu_test

import (
	"slices"
	"testing"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/sfu"
	"github.com/diemcau/diemcau/sfu/h264"
	"github.com/diemcau/diemcau/sfu/slate"
)

// A tap of one venue has its picture whoever is on air, and its sound only while it may be
// heard, silence else; nothing of the other halls.
func TestP6_AVenuesOwnPictureAndSound(t *testing.T) {
	t.Parallel()
	plane := newPlane(t)
	tap := plane.VenueTap(east)
	defer tap.Close()
	page := shape{mic: true, camera: true, videos: 2, audios: 4}
	city, e := joinAs(t, plane, hall, page), joinAs(t, plane, east, page)
	speak(t, city, words(1))
	speak(t, e, words(2))
	film(t, city, 1)
	film(t, e, 2)
	var pictures, keys, words, silent int
	var last int64
	look := func() {
		tap.Read(func(rung int, u h264.Unit) {
			if rung != 0 || u.Capture <= last {
				t.Errorf("a picture of rung %d at %d after one at %d", rung, u.Capture, last)
			}
			last = u.Capture
			if u.NALs[len(u.NALs)-1][2] != 2 {
				t.Error("the picture of another hall")
			}
			pictures++
			if u.Key {
				keys++
			}
		}, func(_ int64, frame []byte) {
			if slices.Equal(frame, slate.Silence()) {
				silent++
			} else {
				words++
			}
		})
	}
	read := func(what string, ok func() bool) {
		t.Helper()
		until(t, what, func() bool { look(); return ok() })
	}
	read("its picture, and silence", func() bool { return pictures > 20 && silent > 1 })
	if words > 0 {
		t.Errorf("%d frames of sound of a hall that may not be heard", words)
	}
	if on := plane.OnAir(); !slices.Equal(on, []conference.VenueID{hall}) {
		t.Errorf("on air are %v", on)
	}
	plane.SetFloor(sfu.Floor{Holder: east})
	if on := plane.OnAir(); !slices.Equal(on, []conference.VenueID{hall, east}) {
		t.Errorf("on air are %v", on)
	}
	read("its sound", func() bool { return words > 20 })
	before := keys
	tap.Ask()
	read("a keyframe", func() bool { return keys > before })
}
