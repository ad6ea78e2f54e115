package hls_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/diemcau/diemcau/sfu/hls"
)

// whole checks what must hold of groups whatever happened: contiguous numbers; each
// segment begins where the one before ended; boundaries together; bytes tell the same.
func whole(t *testing.T, groups []hls.Group, wantKeys bool) {
	t.Helper()
	if len(groups) < 2 {
		t.Fatalf("got %d groups, want more", len(groups))
	}
	for i, g := range groups {
		if want := groups[0].Sequence + uint64(i); g.Sequence != want {
			t.Fatalf("got group %d after %d", g.Sequence, want-1)
		}
		for k, s := range g.Tracks {
			h, err := hls.ReadSegment(s.Data, int64(len(s.Data)))
			if err != nil {
				t.Fatalf("group %d track %d: %v", g.Sequence, k, err)
			}
			if h.Independent != s.Independent {
				t.Errorf("group %d track %d: its bytes say independent %v", g.Sequence, k, h.Independent)
			}
			if wantKeys && !s.Independent {
				t.Errorf("group %d track %d does not begin with a keyframe", g.Sequence, k)
			}
			if g.Discontinuity || i == 0 {
				continue
			}
			before := groups[i-1].Tracks[k]
			if before.Format != s.Format {
				t.Errorf("group %d track %d: another format without a discontinuity", g.Sequence, k)
			}
			if h0, _ := hls.ReadSegment(before.Data, int64(len(before.Data))); h0.End != h.Start {
				t.Errorf("group %d track %d begins at tick %d, the one before ended at %d", g.Sequence, k, h.Start, h0.End)
			}
			if d := s.Start.Sub(g.Tracks[0].Start).Abs(); d > hls.Apart+100*time.Millisecond {
				t.Errorf("group %d track %d begins %v from the first track", g.Sequence, k, d)
			}
		}
	}
}

func TestGroupsAreCutAtKeyframesOfAllRungs(t *testing.T) {
	t.Parallel()
	s := newStudio(t, filmed(t, 1, 0), filmed(t, 1, 1), filmed(t, 1, 2))
	s.play(20 * time.Second)
	groups := s.finish()
	whole(t, groups, true)
	if len(groups) < 9 || len(groups) > 13 {
		t.Errorf("got %d groups of 20 s", len(groups))
	}
	for _, g := range groups[:len(groups)-1] {
		for k, track := range g.Tracks {
			if track.Duration < hls.Shortest || track.Duration >= 2500*time.Millisecond {
				t.Errorf("group %d track %d lasts %v", g.Sequence, k, track.Duration)
			}
		}
	}
	if !groups[0].Discontinuity || groups[0].Sequence != 7 {
		t.Errorf("got first group %d, discontinuity %v, want 7 with inits", groups[0].Sequence, groups[0].Discontinuity)
	}
	for _, g := range groups[1:] {
		if g.Discontinuity {
			t.Errorf("group %d has a discontinuity though nothing changed", g.Sequence)
		}
	}
	if f := groups[0].Tracks[1].Format; f.Width != 640 || f.Height != 360 {
		t.Errorf("got %d×%d for the middle rung", f.Width, f.Height)
	}
}

// Takes between encoders and sizes: cut at once, new inits, one discontinuity in all
// tracks, and ffmpeg decodes every picture.
func TestP1_TakesDecodeWithoutAnError(t *testing.T) {
	t.Parallel()
	cameras := [3][3]*source{}
	for rung := range 3 {
		cameras[0][rung], cameras[1][rung] = filmed(t, 1, rung), filmed(t, 2, rung)
		cameras[2][rung] = still(t)
	}
	s := newStudio(t, cameras[0][:]...)
	s.play(3 * time.Second)
	const takes = 20
	for i := range takes {
		next := cameras[(i+1)%3]
		for rung := range 3 {
			s.take(rung, next[rung])
		}
		s.play(time.Duration(500+i*i*997%2500) * time.Millisecond)
	}
	s.play(3 * time.Second)
	groups := s.finish()
	whole(t, groups, true)
	discontinuities := 0
	for _, g := range groups[1:] {
		if g.Discontinuity {
			discontinuities++
		}
	}
	// From clip to clip the sets may be the same; to the slate and back they are not.
	if discontinuities < takes/2 {
		t.Errorf("got %d discontinuities in %d takes", discontinuities, takes)
	}
	dir := keep(t, groups)
	for k, track := range names(groups[0]) {
		kind, want := "v", 0
		if track == hls.SoundName {
			kind = "a"
		}
		for _, g := range groups {
			want += header(t, g.Tracks[k]).Samples
		}
		if got := decode(t, filepath.Join(dir, track+".m3u8"), kind); got != want || want < 300 {
			t.Errorf("%s: got %d pictures or sounds from ffmpeg, want the %d that were put in", track, got, want)
		}
	}
}

func header(t *testing.T, s hls.Segment) hls.Header {
	t.Helper()
	h, err := hls.ReadSegment(s.Data, int64(len(s.Data)))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestARungWithoutPicturesIsFilledByTheNearest(t *testing.T) {
	t.Parallel()
	high, low := filmed(t, 1, 0), filmed(t, 1, 2)
	s := newStudio(t, high, filmed(t, 1, 1), low)
	s.play(5 * time.Second)
	s.take(2, nil) // a weak uplink sends no third layer
	s.take(1, nil)
	s.play(6 * time.Second)
	s.take(2, low)
	s.play(6 * time.Second)
	groups := s.finish()
	whole(t, groups, false)
	at := func(d time.Duration) hls.Group {
		for _, g := range groups {
			if end := g.Tracks[0].Start.Add(g.Tracks[0].Duration); end.After(epoch.Add(time.Second + d)) {
				return g
			}
		}
		t.Fatalf("nothing at %v", d)
		return hls.Group{}
	}
	for _, c := range []struct {
		at     time.Duration
		widths [3]int
	}{
		{4 * time.Second, [3]int{1280, 640, 320}},
		{10 * time.Second, [3]int{1280, 1280, 1280}},
		{16 * time.Second, [3]int{1280, 320, 320}},
	} {
		for k, want := range c.widths {
			if got := at(c.at).Tracks[k].Format.Width; got != want {
				t.Errorf("at %v: rung %d is %d wide, want %d", c.at, k, got, want)
			}
		}
	}
	if s.packager.Resets() != 0 {
		t.Errorf("got %d resets, want the tracks to go on", s.packager.Resets())
	}
	keep(t, groups)
}

// An encoder with one keyframe in ten seconds that heeds no request.
func TestCutsWithoutAKeyframeRatherThanNever(t *testing.T) {
	t.Parallel()
	slow := filmed(t, 3, 0)
	slow.interval *= 5 // 30 pictures in 10 s
	s := newStudio(t, slow)
	s.deaf = true
	s.play(25 * time.Second)
	groups := s.finish()
	whole(t, groups, false)
	keys := 0
	for _, g := range groups {
		if g.Tracks[0].Independent {
			keys++
		}
		if d := g.Tracks[0].Duration; d >= 3*time.Second {
			t.Errorf("group %d lasts %v", g.Sequence, d)
		}
	}
	if keys == len(groups) || keys < 2 {
		t.Errorf("got %d of %d groups that begin with a keyframe", keys, len(groups))
	}
	if s.asked < 10 {
		t.Errorf("a keyframe was asked for %d times only", s.asked)
	}
	decode(t, filepath.Join(keep(t, groups), "v0.m3u8"), "v")
}

// One clock: after an hour, and takes, a picture and a sound of one moment have the same
// decode time, to the tick.
func TestP2_PictureAndSoundHaveOneClockForAnHour(t *testing.T) {
	t.Parallel()
	first, second := filmed(t, 1, 2), still(t)
	s := newStudio(t, first)
	s.play(4 * time.Second)
	for range 60 {
		s.now = s.now.Add(50 * time.Second) // nobody was there
		s.due[0], s.sound = s.now, s.now
		s.take(0, second)
		s.play(5 * time.Second)
		s.take(0, first)
		s.play(5 * time.Second)
	}
	groups := s.finish()
	for _, g := range groups {
		for k, rate := range []int64{90_000, 48_000} {
			h := header(t, g.Tracks[k])
			told := epoch.Add(time.Duration(h.Start) * time.Second / time.Duration(rate))
			if d := told.Sub(g.Tracks[k].Start).Abs(); d > time.Microsecond {
				t.Fatalf("group %d track %d: bytes and playlist are %v apart", g.Sequence, k, d)
			}
			// Pictures and sounds were captured at whole multiples of 1/15, 1/10 and 1/50 s.
			if off := (h.Start + 1) % (rate / 150); off > 2 {
				t.Fatalf("group %d track %d begins at %v, which nobody captured", g.Sequence, k, told)
			}
		}
	}
	if last := groups[len(groups)-1]; last.Tracks[1].Start.Sub(epoch) < time.Hour {
		t.Errorf("the last group is at %v", last.Tracks[1].Start.Sub(epoch))
	}
}

func TestSilenceIsPutWhereSoundIsMissing(t *testing.T) {
	t.Parallel()
	s := newStudio(t, filmed(t, 1, 2))
	s.play(3 * time.Second)
	s.mute = true
	s.play(5 * time.Second)
	s.mute = false
	s.play(3 * time.Second)
	groups := s.finish()
	whole(t, groups, true)
	frames := 0
	for _, g := range groups {
		frames += header(t, g.Tracks[1]).Samples
	}
	if frames < 540 || frames > 551 {
		t.Errorf("got %d frames of sound in 11 s, want 550", frames)
	}
}

func TestMemoryIsBoundedWhenATrackEnds(t *testing.T) {
	t.Parallel()
	s := newStudio(t, filmed(t, 1, 2))
	s.play(3 * time.Second)
	s.take(0, nil)
	s.play(30 * time.Second)
	if got := s.packager.Resets(); got == 0 {
		t.Fatal("the packager waits for pictures for ever")
	}
	s.take(0, filmed(t, 2, 2))
	s.play(6 * time.Second)
	groups := s.finish()
	if last := groups[len(groups)-1]; last.Tracks[0].Start.Before(epoch.Add(34 * time.Second)) {
		t.Errorf("the last group is at %v: nothing came after the pause", last.Tracks[0].Start.Sub(epoch))
	}
	for i, g := range groups[1:] {
		if g.Sequence != groups[i].Sequence+1 {
			t.Errorf("got group %d after %d", g.Sequence, groups[i].Sequence)
		}
	}
}

func TestInitTellsWhatItIs(t *testing.T) {
	t.Parallel()
	s := newStudio(t, filmed(t, 1, 1))
	s.play(4 * time.Second)
	g := s.finish()[0]
	for k, want := range []hls.Track{
		{Epoch: epoch, Rate: 90_000, Format: hls.Format{Codec: g.Tracks[0].Format.Codec, Width: 640, Height: 360}},
		{Epoch: epoch, Rate: 48_000, Format: hls.Format{Codec: "Opus"}},
	} {
		got, err := hls.ReadInit(g.Tracks[k].Format.Init)
		if err != nil {
			t.Fatal(err)
		}
		if got.Epoch != want.Epoch || got.Rate != want.Rate || got.Codec != want.Codec || got.Width != want.Width || got.Height != want.Height {
			t.Errorf("got %v %d %s %d×%d, want %v %d %s %d×%d", got.Epoch, got.Rate, got.Codec, got.Width, got.Height,
				want.Epoch, want.Rate, want.Codec, want.Width, want.Height)
		}
	}
	data := g.Tracks[0].Data
	for _, n := range []int{0, 1, 7, 8, 100, len(data) / 2, len(data) - 1} {
		if _, err := hls.ReadSegment(data[:n], int64(n)); err == nil {
			t.Errorf("the first %d of %d bytes passed as a whole segment", n, len(data))
		}
	}
	if _, err := hls.ReadInit(data); err == nil {
		t.Error("a segment passed as an init")
	}
}
