package sfu_test

import (
	"testing"
	"time"

	"github.com/diemcau/diemcau/sfu/h264"
)

// With nobody connected a tap finds the slate and silence; City Hall's pictures follow on
// the same clock, and a keyframe that is asked for comes.
func TestTapReadsTheProgramme(t *testing.T) {
	t.Parallel()
	plane := newPlane(t)
	tap, err := plane.Tap()
	must(t, err)
	defer tap.Close()
	var lastPicture, lastSound int64
	var slate, city, keys int
	look := func() {
		tap.Read(func(rung int, u h264.Unit) {
			if rung != 0 {
				return
			}
			if u.Capture <= lastPicture {
				t.Errorf("a picture of %d after one of %d", u.Capture, lastPicture)
			}
			lastPicture = u.Capture
			switch first := u.NALs[len(u.NALs)-1]; {
			case len(first) == 15 && first[2] == 1:
				city++
				if u.Key {
					keys++
				}
			default:
				slate++
			}
		}, func(at int64, frame []byte) {
			if d := time.Duration(at - lastSound); lastSound != 0 && (d < 19*time.Millisecond || (d+time.Millisecond)%(20*time.Millisecond) > 2*time.Millisecond) {
				t.Errorf("got sound %v after the one before, want whole frames", d)
			}
			lastSound = at
		})
	}
	read := func(what string, ok func() bool) {
		t.Helper()
		until(t, what, func() bool {
			look()
			return ok()
		})
	}
	read("the slate and silence", func() bool { return slate > 5 && lastSound != 0 })
	if d := time.Duration(lastPicture - lastSound).Abs(); d > 2*time.Second {
		t.Errorf("picture and sound of one moment are %v apart", d)
	}
	p := joinVenue(t, plane, hall)
	film(t, p, 1)
	read("city hall", func() bool { return city > 10 })
	before := keys
	tap.Ask()
	read("a keyframe", func() bool { return keys > before })
}
