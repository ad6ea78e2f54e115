package livestream_test

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Eyevinn/hls-m3u8/m3u8"
	"github.com/Eyevinn/mp4ff/avc"
	"github.com/Eyevinn/mp4ff/mp4"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/livestream"
)

// stranger reads a programme with parsers that were written by others, strictly, and checks what
// RFC 8216bis asks of playlists against what is in the segments.
type stranger struct {
	*testing.T

	fetch func(name string) string
	inits map[string]*mp4.File
	seen  struct{ segments, parts, breaks int }
}

func newStranger(t *testing.T, fetch func(string) string) *stranger {
	t.Helper()
	return &stranger{T: t, fetch: fetch, inits: map[string]*mp4.File{}}
}

func (r *stranger) list(name string) m3u8.Playlist {
	r.Helper()
	text := r.fetch(name)
	p, _, err := m3u8.DecodeFrom(strings.NewReader(text), true)
	if err != nil {
		r.Fatalf("%s: %v\n%s", name, err, text)
	}
	ver, why := uint8(0), ""
	switch p := p.(type) {
	case *m3u8.MasterPlaylist:
		ver, why = p.CalcMinVersion()
	case *m3u8.MediaPlaylist:
		ver, why = p.CalcMinVersion()
	}
	if p.Version() < ver {
		r.Errorf("%s says version %d, and needs %d: %s", name, p.Version(), ver, why)
	}
	return p
}

// programme reads all that an index names.
func (r *stranger) programme() {
	r.Helper()
	index, ok := r.list(livestream.IndexName).(*m3u8.MasterPlaylist)
	if !ok || len(index.Variants) == 0 {
		r.Fatalf("the index is no multivariant playlist:\n%s", r.fetch(livestream.IndexName))
	}
	lists := map[string]*m3u8.MediaPlaylist{}
	for _, v := range index.Variants {
		lists[v.URI] = r.media(v.URI, v.Codecs, v.Resolution, v.Bandwidth)
		sound := ""
		for _, a := range v.Alternatives {
			if a.GroupId == v.Audio && a.Type == "AUDIO" {
				sound = a.URI
			}
		}
		if v.Resolution != "" && sound == "" {
			r.Errorf("%s has no sound: group %q", v.URI, v.Audio)
		}
		if sound != "" && lists[sound] == nil {
			lists[sound] = r.media(sound, "Opus", "", 0)
		}
	}
	r.alike(lists)
}

// alike: what is in one track's list is in every other's, under the same numbers.
func (r *stranger) alike(lists map[string]*m3u8.MediaPlaylist) {
	r.Helper()
	var first *m3u8.MediaPlaylist
	for name, p := range lists {
		if first == nil {
			first = p
		}
		if p.SeqNo != first.SeqNo || p.DiscontinuitySeq != first.DiscontinuitySeq || p.TargetDuration != first.TargetDuration || p.Closed != first.Closed {
			r.Errorf("%s begins at %d after %d discontinuities, another at %d after %d", name, p.SeqNo, p.DiscontinuitySeq, first.SeqNo, first.DiscontinuitySeq)
		}
		for i, s := range p.GetAllSegments() {
			other := first.GetAllSegments()[i]
			if s.Discontinuity != other.Discontinuity || s.SeqId != other.SeqId {
				r.Errorf("%s: segment %d has another number, or a discontinuity of its own", name, s.SeqId)
			}
		}
	}
}

// media reads a track's playlist and all that it names.
func (r *stranger) media(name, codecs, resolution string, most uint32) *m3u8.MediaPlaylist {
	r.Helper()
	p, ok := r.list(name).(*m3u8.MediaPlaylist)
	if !ok {
		r.Fatalf("%s is no media playlist", name)
	}
	all := p.GetAllSegments()
	if len(all) == 0 {
		r.Fatalf("%s has no segment", name)
	}
	var init *mp4.File
	ended := uint64(0)
	for i, s := range all {
		switch {
		case s.Map != nil:
			init = r.init(s.Map.URI, codecs, resolution)
		case i == 0 && p.Map != nil:
			init = r.init(p.Map.URI, codecs, resolution)
		}
		if s.Discontinuity {
			r.seen.breaks++
			ended = 0
			if i > 0 && s.Map == nil {
				r.Errorf("%s: a discontinuity before %s, and no new map", name, s.URI)
			}
		}
		if init == nil {
			r.Fatalf("%s has no map before %s", name, s.URI)
		}
		body := r.fetch(s.URI)
		if math.Round(s.Duration) > float64(p.TargetDuration) {
			r.Errorf("%s lasts %.3f s, the target is %d (§4.4.3.1)", s.URI, s.Duration, p.TargetDuration)
		}
		if rate := float64(8*len(body)) / s.Duration; most > 0 && resolution == "" && rate > 1.1*float64(most) {
			r.Errorf("%s takes %.0f bits/s, its variant promised %d", s.URI, rate, most)
		}
		begins, ends := r.segment(s.URI, body, init, s.Duration, true)
		if ended != 0 && begins != ended {
			r.Errorf("%s begins at %d, the one before it ended at %d", s.URI, begins, ended)
		}
		ended = ends
		r.seen.segments++
	}
	for _, part := range p.PartialSegments {
		if part.Duration > p.PartTargetDuration+1e-6 {
			r.Errorf("%s lasts %.3f s, the target is %.3f", part.URI, part.Duration, p.PartTargetDuration)
		}
		r.segment(part.URI, r.fetch(part.URI), init, part.Duration, part.Independent)
		r.seen.parts++
	}
	if len(p.PartialSegments) > 0 && (p.PreloadHints == nil || p.PreloadHints.Type != "PART" || p.ServerControl == nil || !p.ServerControl.CanBlockReload || p.ServerControl.PartHoldBack < 3*p.PartTargetDuration) {
		r.Errorf("%s in parts: hint %+v, control %+v", name, p.PreloadHints, p.ServerControl)
	}
	return p
}

// init reads an initialisation segment and checks that it is what the index promised.
func (r *stranger) init(name, codecs, resolution string) *mp4.File {
	r.Helper()
	if known := r.inits[name]; known != nil {
		return known
	}
	f := r.boxes(name, r.fetch(name))
	if f.Init == nil || len(f.Init.Moov.Traks) != 1 || f.Init.Moov.Mvex == nil || len(f.Segments) > 0 {
		r.Fatalf("%s is no initialisation segment of one track", name)
	}
	stsd := f.Init.Moov.Trak.Mdia.Minf.Stbl.Stsd
	if resolution == "" {
		if o := stsd.Opus; o == nil || o.Dops == nil || o.Dops.InputSampleRate != 48_000 || o.SampleRate != 48_000 || codecs != "Opus" {
			r.Errorf("%s: the sound is %+v, promised was %q", name, o, codecs)
		}
	} else {
		r.picture(name, stsd.AvcX, codecs, resolution)
	}
	r.inits[name] = f
	return f
}

// picture checks the entry of a picture.
func (r *stranger) picture(name string, entry *mp4.VisualSampleEntryBox, codecs, resolution string) {
	r.Helper()
	if entry == nil || entry.AvcC == nil || len(entry.AvcC.SPSnalus) == 0 || len(entry.AvcC.PPSnalus) == 0 {
		r.Fatalf("%s has no parameter sets", name)
	}
	sps, err := avc.ParseSPSNALUnit(entry.AvcC.SPSnalus[0], true)
	if err != nil {
		r.Fatalf("%s: %v", name, err)
	}
	size, told := fmt.Sprintf("%dx%d", sps.Width, sps.Height), fmt.Sprintf("%dx%d", entry.Width, entry.Height)
	codec := avc.CodecString("avc1", sps)
	if size != resolution || told != resolution || !strings.HasPrefix(strings.ToLower(codecs), strings.ToLower(codec)) {
		r.Errorf("%s is %s (%s) as %s, promised were %s and %q", name, size, told, codec, resolution, codecs)
	}
}

// boxes reads a file's boxes; written again by the same parser they are the same bytes.
func (r *stranger) boxes(name, body string) *mp4.File {
	r.Helper()
	f, err := mp4.DecodeFile(strings.NewReader(body))
	if err != nil {
		r.Fatalf("%s: %v", name, err)
	}
	f.FragEncMode = mp4.EncModeBoxTree
	var again bytes.Buffer
	if err := f.Encode(&again); err != nil || again.String() != body {
		r.Errorf("%s: written again it is %d bytes instead of %d, %v", name, again.Len(), len(body), err)
	}
	return f
}

// segment reads a segment or a part; it returns where it begins and ends, in its track's ticks.
func (r *stranger) segment(name, body string, init *mp4.File, seconds float64, independent bool) (begins, ends uint64) {
	r.Helper()
	f := r.boxes(name, body)
	trak := init.Init.Moov.Trak
	picture := trak.Mdia.Minf.Stbl.Stsd.AvcX != nil
	n := 0
	for _, s := range f.Segments {
		for _, fragment := range s.Fragments {
			samples, err := fragment.GetFullSamples(init.Init.Moov.Mvex.Trex)
			if err != nil {
				r.Fatalf("%s: %v", name, err)
			}
			for _, q := range samples {
				if n == 0 {
					begins, ends = q.DecodeTime, q.DecodeTime
				}
				if q.DecodeTime != ends || q.Dur == 0 || len(q.Data) == 0 {
					r.Fatalf("%s: sample %d of %d bytes is at %d for %d, the one before it ended at %d", name, n, len(q.Data), q.DecodeTime, q.Dur, ends)
				}
				r.sample(fmt.Sprintf("%s: sample %d", name, n), q, picture, n == 0 && independent)
				ends += uint64(q.Dur)
				n++
			}
		}
	}
	if is := float64(ends-begins) / float64(trak.Mdia.Mdhd.Timescale); n == 0 || math.Abs(is-seconds) > 0.001 {
		r.Errorf("%s: %d samples last %.4f s, the playlist says %.4f", name, n, is, seconds)
	}
	return begins, ends
}

func (r *stranger) sample(name string, q mp4.FullSample, picture, key bool) {
	r.Helper()
	if key && !q.IsSync() {
		r.Errorf("%s begins what is independent, and is no keyframe", name)
	}
	if !picture {
		return
	}
	nals, err := avc.GetNalusFromSample(q.Data)
	if err != nil || len(nals) == 0 || avc.IsIDRSample(q.Data) != q.IsSync() {
		r.Errorf("%s: %d NAL units, %v, IDR %v, marked so %v", name, len(nals), err, avc.IsIDRSample(q.Data), q.IsSync())
	}
}

// P8: parsers of others, the strict ones, read all that there is: live, in parts, at an edge
// (which keeps nothing), after a restart, the recording, and a venue by itself.
func TestP8_ParsersOfOthersReadIt(t *testing.T) {
	t.Parallel()
	of := func(s *studio) *stranger { return newStranger(s.T, s.must) }
	t.Run("live, then the recording, over a restart", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		synctest.Test(t, func(t *testing.T) {
			s := newStudio(t, dir)
			s.wait(70 * time.Second)
			of(s).programme()
		})
		synctest.Test(t, func(t *testing.T) {
			s := newStudio(t, dir)
			s.wait(10 * time.Second)
			s.become(conference.StateClosed)
			s.wait(time.Second)
			r := of(s)
			if r.programme(); r.seen.breaks == 0 || r.seen.segments < 4*35 {
				t.Errorf("got %+v", r.seen)
			}
		})
	})
	t.Run("in parts", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s := newStudio(t, t.TempDir(), inParts)
			s.wait(21*time.Second + 700*time.Millisecond)
			r := of(s)
			if r.programme(); r.seen.parts < 12 {
				t.Errorf("got %+v", r.seen)
			}
		})
	})
	t.Run("at an edge", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s := newStudio(t, "")
			s.wait(20 * time.Second)
			of(s).programme()
		})
	})
	t.Run("a venue by itself", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s := newStudio(t, t.TempDir(), recordVenues(t, &atomic.Bool{}))
			s.wait(20 * time.Second)
			newStranger(t, func(name string) string {
				text, code := s.venueFile("main", name)
				if code != "" {
					t.Fatalf("%s: %s", name, code)
				}
				return text
			}).programme()
		})
	})
}
