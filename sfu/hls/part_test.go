package hls_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/diemcau/diemcau/sfu/hls"
)

// The parts of a segment are the same samples at the same times, none is longer than what the
// playlist says, and who puts them together plays every picture, through takes.
func TestP8_PartsAreTheSegments(t *testing.T) {
	t.Parallel()
	camera, other := [3]*source{}, [3]*source{}
	for rung := range 3 {
		camera[rung], other[rung] = filmed(t, 1, rung), still(t)
	}
	s := newStudioOf(t, hls.PartTarget, camera[:]...)
	s.play(3 * time.Second)
	for i := range 6 {
		next := [][3]*source{other, camera}[i%2]
		for rung := range 3 {
			s.take(rung, next[rung])
			s.play(200 * time.Millisecond)
		}
		s.play(1700 * time.Millisecond)
	}
	groups := s.finish()
	whole(t, groups, false)
	dir := t.TempDir()
	for k, track := range names(groups[0]) {
		var film bytes.Buffer
		want := 0
		for _, g := range groups {
			segment := g.Tracks[k]
			if g.Discontinuity {
				film.Write(segment.Format.Init)
			}
			at, samples := segment.Start, 0
			for n, part := range segment.Parts {
				h, err := hls.ReadSegment(part.Data, int64(len(part.Data)))
				if err != nil {
					t.Fatalf("group %d track %d part %d: %v", g.Sequence, k, n, err)
				}
				if d := part.Start.Sub(at).Abs(); d > time.Microsecond {
					t.Errorf("group %d track %d part %d begins %v from the end of the one before", g.Sequence, k, n, d)
				}
				if part.Duration > hls.PartTarget+20*time.Millisecond || part.Independent != h.Independent {
					t.Errorf("group %d track %d part %d lasts %v, independent %v", g.Sequence, k, n, part.Duration, part.Independent)
				}
				at, samples = at.Add(part.Duration), samples+h.Samples
				film.Write(part.Data)
			}
			if d := at.Sub(segment.Start.Add(segment.Duration)).Abs(); d > time.Microsecond || samples != header(t, segment).Samples {
				t.Errorf("group %d track %d: its parts end %v from its end, with %d samples of %d", g.Sequence, k, d, samples, header(t, segment).Samples)
			}
			want += samples
		}
		kind, path := "v", filepath.Join(dir, track+".mp4")
		if track == hls.SoundName {
			kind = "a"
		}
		if err := os.WriteFile(path, film.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := decode(t, path, kind); got != want {
			t.Errorf("%s: ffmpeg plays %d of the %d pictures or sounds in the parts", track, got, want)
		}
	}
}

// A group is shown in parts once it is settled whether it has a discontinuity: when every track
// has come to it.
func TestP4_TheGroupAtHand(t *testing.T) {
	t.Parallel()
	s := newStudioOf(t, hls.PartTarget, filmed(t, 1, 0), filmed(t, 1, 1))
	if _, ok := s.packager.Partial(); ok {
		t.Error("there is a group before there is a picture")
	}
	s.play(4 * time.Second)
	before, ok := s.packager.Partial()
	last := s.groups[len(s.groups)-1]
	if !ok || before.Sequence != last.Sequence+1 || len(before.Tracks) != 3 {
		t.Fatalf("got group %d of %d tracks after %d", before.Sequence, len(before.Tracks), last.Sequence)
	}
	var seen []hls.Partial
	for _, next := range []*source{still(t), filmed(t, 2, 0)} {
		s.take(0, next) // the other rung comes along later
		for range 12 {
			s.play(100 * time.Millisecond)
			if g, ok := s.packager.Partial(); ok {
				seen = append(seen, g)
			}
		}
		s.take(1, filmed(t, 3, 1))
		s.play(time.Second)
	}
	s.finish()
	for _, g := range seen {
		became := s.group(g.Sequence)
		if became == nil || became.Discontinuity != g.Discontinuity {
			t.Fatalf("group %d was shown in parts, discontinuity %v, and became another one, or none", g.Sequence, g.Discontinuity)
		}
		for k, parts := range g.Tracks {
			kept := became.Tracks[k].Parts
			for n, part := range parts {
				if n >= len(kept) || !bytes.Equal(kept[n].Data, part.Data) {
					t.Errorf("group %d: part %d of track %d is another one later", g.Sequence, n, k)
				}
			}
			if !g.Next[k].IsZero() && (len(parts) >= len(kept) || !kept[len(parts)].Start.Equal(g.Next[k])) {
				t.Errorf("group %d track %d: part %d was said to begin at %v", g.Sequence, k, len(parts), g.Next[k])
			}
		}
	}
}

func TestP8_PlaylistInParts(t *testing.T) {
	t.Parallel()
	list := entries()[1:]
	parts := func(at time.Time, n int, key bool) (all []hls.Part) {
		for i := range n {
			all = append(all, hls.Part{Start: at.Add(time.Duration(i) * 500 * time.Millisecond), Duration: 500 * time.Millisecond, Independent: key && i == 0})
		}
		return all
	}
	list[2].Parts = parts(list[2].Start, 2, true)
	list[2].Parts[1].Duration = 493 * time.Millisecond
	at := list[2].Start.Add(time.Second)
	want := `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:2
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.700
#EXT-X-PART-INF:PART-TARGET=0.500
#EXT-X-MEDIA-SEQUENCE:41
#EXT-X-DISCONTINUITY-SEQUENCE:2
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MAP:URI="v1-33.mp4"
#EXT-X-PROGRAM-DATE-TIME:2022-10-28T01:00:02.005Z
#EXTINF:2.00000,
v1-41.m4s
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI="v1-42.mp4"
#EXT-X-PROGRAM-DATE-TIME:2022-10-28T01:00:04.005Z
#EXTINF:2.00000,
v1-42.m4s
#EXT-X-PROGRAM-DATE-TIME:2022-10-28T01:00:06.005Z
#EXT-X-PART:DURATION=0.50000,URI="v1-43.0-l9rsf2et.m4s",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.49300,URI="v1-43.1-l9rsf2sp.m4s"
#EXTINF:2.49900,
v1-43.m4s
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI="v1-44.mp4"
#EXT-X-PROGRAM-DATE-TIME:2022-10-28T01:00:07.005Z
#EXT-X-PART:DURATION=0.50000,URI="v1-44.0-l9rsf36l.m4s",INDEPENDENT=YES
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="v1-44.1-x.m4s"
#EXT-X-RENDITION-REPORT:URI="sound.m3u8",LAST-MSN=44,LAST-PART=1
`
	got := hls.MediaInParts("v1", list, hls.Ahead{
		Partial: &hls.Entry{Sequence: 44, Init: 44, Discontinuity: true, Number: 4, Start: at, Independent: true, Parts: parts(at, 1, true)},
		Hint:    "v1-44.1-x.m4s",
		Reports: []hls.Report{{Track: hls.SoundName, Sequence: 44, Part: 1}},
	})
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
