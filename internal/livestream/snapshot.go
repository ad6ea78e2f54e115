package livestream

import (
	"fmt"
	"hash/fnv"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/diemcau/diemcau/sfu/hls"
)

// File is an answer: Data, or what is at Path. Nobody changes it.
type File struct {
	Type      string
	ETag      string // quoted
	Data      []byte
	Path      string // when Data is nil
	MaxAge    time.Duration
	Immutable bool // the address never shows anything else
}

const (
	typePlaylist = "application/vnd.apple.mpegurl"
	typeVideo    = "video/mp4"
	typeSound    = "audio/mp4"

	// IndexName is the playlist a player begins with.
	IndexName = "index.m3u8"

	playlistAge  = time.Second
	indexAge     = 2 * time.Second
	recordingAge = time.Minute
	foreverAge   = 365 * 24 * time.Hour

	// language of the sound.
	language = "vi"
)

// snapshot is everything a conference answers with at one moment.
type snapshot struct {
	files map[string]*File
	dir   string        // where what is not in files may be; "": nowhere
	ahead *ahead        // nil: there are no parts
	over  chan struct{} // closed when another one is shown
}

// file looks an answer up; nil: there is none.
func (s *snapshot) file(name string) *File {
	if f := s.files[name]; f != nil {
		return f
	}
	parsed, ok := parse(name)
	if s.dir == "" || !ok {
		return nil
	}
	return &File{
		Type: typeOf(parsed.track), Path: filepath.Join(s.dir, name), ETag: strconv.Quote(name), MaxAge: foreverAge, Immutable: true,
	}
}

func typeOf(track string) string {
	if track == hls.SoundName {
		return typeSound
	}
	return typeVideo
}

// show makes the answers for groups that follow each other. Listed are all of them from
// index from on; those before are still to be had. Ahead is what is shown of the group at
// hand; nil: there are no parts.
func show(groups []kept, from int, ended bool, dir string, ahead *ahead) *snapshot {
	s := &snapshot{files: map[string]*File{}, dir: dir, ahead: ahead, over: make(chan struct{})}
	for _, g := range groups {
		for i, t := range g.tracks {
			name := trackName(i, len(g.tracks))
			if t.data != nil {
				s.forever(hls.SegmentFile(name, g.Sequence), name, t.data)
				s.forever(hls.InitFile(name, g.Init), name, t.format.Init)
			}
			s.parts(name, g.Sequence, t.parts)
		}
	}
	listed := groups[from:]
	if len(listed) == 0 {
		return s
	}
	ahead.put(s, &listed[len(listed)-1])
	age, first := playlistAge, indexAge
	if ended {
		age, first = recordingAge, recordingAge
	}
	n := 0
	for _, g := range listed {
		n = max(n, len(g.tracks))
	}
	var variants []hls.Variant
	for i := range n {
		name := trackName(i, n)
		list := entries(i, n, listed)
		if ahead != nil {
			s.playlist(name+".m3u8", hls.MediaInParts(name, list, ahead.of(i, n, listed)), age)
		} else {
			s.playlist(name+".m3u8", hls.Media(name, list, ended), age)
		}
		variants = append(variants, variant(name, i, n, listed))
	}
	s.playlist(IndexName, hls.Multivariant(variants[:n-1], variants[n-1], language), first)
	return s
}

// of returns a track of a group; a rung that the group lacks (another release made it) is
// shown in its smallest.
func (k *kept) of(i, n int) (track, int) {
	if i == n-1 {
		return k.tracks[len(k.tracks)-1], len(k.tracks) - 1
	}
	i = min(i, len(k.tracks)-2)
	return k.tracks[i], i
}

// entries are those of track i of n.
func entries(i, n int, groups []kept) []hls.Entry {
	all := make([]hls.Entry, len(groups))
	for g := range groups {
		t, at := groups[g].of(i, n)
		e := groups[g].Entry
		e.Start, e.Duration, e.Independent = t.start, t.duration, t.independent
		e.Track = trackName(at, len(groups[g].tracks))
		if g >= len(groups)-partsListed {
			e.Parts = t.parts
		}
		all[g] = e
	}
	return all
}

// variant measures a track.
func variant(name string, i, n int, groups []kept) hls.Variant {
	v := hls.Variant{Track: name}
	var bytes int64
	var lasts time.Duration
	for g := range groups {
		t, _ := groups[g].of(i, n)
		bytes += int64(t.bytes)
		lasts += t.duration
		if t.duration >= time.Second { // a short one between two takes is mostly its keyframe
			v.Peak = max(v.Peak, hls.Rate(int64(t.bytes), t.duration))
		}
		v.Codec, v.Width, v.Height = t.format.Codec, t.format.Width, t.format.Height
	}
	v.Average = hls.Rate(bytes, lasts)
	v.Peak = max(v.Peak, v.Average)
	return v
}

func (s *snapshot) forever(name, track string, data []byte) {
	if s.files[name] == nil {
		s.files[name] = &File{
			Type: typeOf(track), ETag: strconv.Quote(name), Data: data, MaxAge: foreverAge, Immutable: true,
		}
	}
}

func (s *snapshot) playlist(name string, data []byte, age time.Duration) {
	h := fnv.New64a()
	_, _ = h.Write(data) // never fails
	s.files[name] = &File{Type: typePlaylist, ETag: fmt.Sprintf(`"%016x"`, h.Sum64()), Data: data, MaxAge: age}
}

// isPlaylist reports whether a name is one that a conference has as soon as it has anything.
func isPlaylist(name string) bool {
	track, found := strings.CutSuffix(name, ".m3u8")
	if _, ok := parse(track + "-0.m4s"); found && (name == IndexName || ok) {
		return true
	}
	return false
}
