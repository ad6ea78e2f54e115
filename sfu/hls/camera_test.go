package hls_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/diemcau/diemcau/internal/rehearse/clips"
	"github.com/diemcau/diemcau/sfu/h264"
	"github.com/diemcau/diemcau/sfu/hls"
	"github.com/diemcau/diemcau/sfu/slate"
)

var epoch = time.Date(2022, 10, 28, 1, 0, 0, 0, time.UTC)

// source is an encoder: pictures in a loop, the first one of which is a keyframe. It can be
// told to begin again with it.
type source struct {
	units    []h264.Unit
	interval time.Duration
	next     int
}

// filmed is a layer of a rehearsal clip: 0 is 1280×720, 2 is 320×180.
func filmed(t *testing.T, number, layer int) *source {
	t.Helper()
	clip, err := clips.Load(number, clips.Layers()[layer])
	if err != nil {
		t.Fatal(err)
	}
	s := &source{interval: clips.FrameTime}
	for _, unit := range clip.Units {
		s.units = append(s.units, assemble(t, packets(unit)))
	}
	return s
}

// still is the slate, another encoder's work.
func still(t *testing.T) *source {
	t.Helper()
	player, err := slate.New()
	if err != nil {
		t.Fatal(err)
	}
	s := &source{interval: slate.FrameTime}
	for i := range 20 {
		var payloads [][]byte
		for _, p := range player.Next(epoch.Add(time.Duration(i) * slate.FrameTime)) {
			payloads = append(payloads, bytes.Clone(p.Payload))
		}
		s.units = append(s.units, assemble(t, payloads))
	}
	return s
}

// packets are RTP payloads: single NAL units, long ones in fragments.
func packets(nals [][]byte) [][]byte {
	const mtu = 1100
	var out [][]byte
	for _, nal := range nals {
		if len(nal) <= mtu {
			out = append(out, nal)
			continue
		}
		for i := 1; i < len(nal); i += mtu {
			head := nal[0] & 0x1f
			if i == 1 {
				head |= 0x80
			}
			end := min(i+mtu, len(nal))
			if end == len(nal) {
				head |= 0x40
			}
			out = append(out, append([]byte{nal[0]&0xe0 | 28, head}, nal[i:end]...))
		}
	}
	return out
}

// assemble needs sets once: a unit without is given those of nobody.
func assemble(t *testing.T, payloads [][]byte) h264.Unit {
	t.Helper()
	var a h264.Assembler
	key := []byte{0x67, 0x42, 0xe0, 0x1f, 0x8c}
	units := a.Push(nil, h264.Packet{Seq: 0, TS: 1, Payload: key})
	units = a.Push(units, h264.Packet{Seq: 1, TS: 1, Payload: []byte{0x68, 0xce, 0x3c, 0x80}})
	units = a.Push(units, h264.Packet{Seq: 2, TS: 1, Marker: true, Payload: []byte{0x65, 0x88}})
	for i, p := range payloads {
		units = a.Push(units, h264.Packet{Seq: uint64(3 + i), TS: 2, Marker: i == len(payloads)-1, Payload: p})
	}
	if len(units) != 2 {
		t.Fatalf("got %d units, want 2", len(units))
	}
	return units[1]
}

// show returns the next picture as captured at a time.
func (s *source) show(at time.Time) h264.Unit {
	u := s.units[s.next%len(s.units)]
	s.next++
	u.Capture = at.UnixNano()
	return u
}

// studio plays sources into a packager, on a clock of its own.
type studio struct {
	t        *testing.T
	packager *hls.Packager
	now      time.Time
	rungs    []*source
	due      []time.Time
	sound    time.Time
	deaf     bool // encoders do not obey requests for keyframes
	mute     bool
	asked    int
	groups   []hls.Group
}

func newStudio(t *testing.T, rungs ...*source) *studio {
	t.Helper()
	return newStudioOf(t, 0, rungs...)
}

// newStudioOf makes parts of a length as well.
func newStudioOf(t *testing.T, part time.Duration, rungs ...*source) *studio {
	t.Helper()
	s := &studio{t: t, now: epoch.Add(time.Second), rungs: rungs, due: make([]time.Time, len(rungs))}
	s.packager = hls.New(hls.Config{Rungs: len(rungs), Epoch: epoch, First: 7, Part: part, Ask: func() {
		s.asked++
		for _, r := range s.rungs {
			if r != nil && !s.deaf {
				r.next = 0
			}
		}
	}})
	for i := range s.due {
		s.due[i] = s.now
	}
	s.sound = s.now
	return s
}

// take shows another source on a rung from its keyframe on; nil: it is silent.
func (s *studio) take(rung int, next *source) {
	if next != nil {
		next.next = 0
	}
	s.rungs[rung] = next
}

// play lets time pass in steps of 10 ms.
func (s *studio) play(d time.Duration) {
	for end := s.now.Add(d); s.now.Before(end); s.now = s.now.Add(10 * time.Millisecond) {
		for i, r := range s.rungs {
			for r != nil && !s.now.Before(s.due[i]) {
				s.packager.Video(i, r.show(s.due[i]))
				s.due[i] = s.due[i].Add(r.interval)
			}
			if r == nil {
				s.due[i] = s.now
			}
		}
		for !s.now.Before(s.sound) {
			if !s.mute {
				s.packager.Sound(s.sound.UnixNano(), slate.Silence())
			}
			s.sound = s.sound.Add(hls.Frame)
		}
		s.packager.Tick(s.now.UnixNano())
		s.groups = append(s.groups, s.packager.Take()...)
	}
}

// group returns a group that is whole; nil: it is not yet.
func (s *studio) group(sequence uint64) *hls.Group {
	for i := range s.groups {
		if s.groups[i].Sequence == sequence {
			return &s.groups[i]
		}
	}
	return nil
}

func (s *studio) finish() []hls.Group {
	s.packager.Finish()
	s.groups = append(s.groups, s.packager.Take()...)
	return s.groups
}

// names are the tracks of a group.
func names(g hls.Group) []string {
	var all []string
	for i := range len(g.Tracks) - 1 {
		all = append(all, hls.VideoName(i))
	}
	return append(all, hls.SoundName)
}

// keep writes groups as a player finds them and returns the folder.
func keep(t *testing.T, groups []hls.Group) string {
	t.Helper()
	dir := t.TempDir()
	entries := map[string][]hls.Entry{}
	init, number := uint64(0), uint64(0)
	put := func(name string, data []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for i, g := range groups {
		if g.Discontinuity {
			init = g.Sequence
			if i > 0 {
				number++
			}
		}
		for k, name := range names(g) {
			s := g.Tracks[k]
			if g.Discontinuity {
				put(hls.InitFile(name, g.Sequence), s.Format.Init)
			}
			put(hls.SegmentFile(name, g.Sequence), s.Data)
			entries[name] = append(entries[name], hls.Entry{
				Sequence: g.Sequence, Init: init, Discontinuity: g.Discontinuity, Number: number,
				Start: s.Start, Duration: s.Duration, Independent: s.Independent,
			})
		}
	}
	var rungs []hls.Variant
	for k, name := range names(groups[0]) {
		put(name+".m3u8", hls.Media(name, entries[name], true))
		f := groups[0].Tracks[k].Format
		rungs = append(rungs, hls.Variant{Track: name, Codec: f.Codec, Width: f.Width, Height: f.Height, Peak: 1e6, Average: 1e6})
	}
	last := len(rungs) - 1
	put("index.m3u8", hls.Multivariant(rungs[:last], rungs[last], "vi"))
	return dir
}

// decode lets ffmpeg decode a playlist and returns how many pictures or sounds came out. Any
// complaint fails the test.
func decode(t *testing.T, path, kind string) int {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "ffmpeg", "-v", "error", "-xerror", "-i", path, "-map", "0:"+kind, "-f", "framecrc", "-")
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	if err := cmd.Run(); err != nil || problems.Len() > 0 {
		t.Fatalf("decode %s: %v\n%s", filepath.Base(path), err, problems.String())
	}
	lines := strings.Split(out.String(), "\n")
	return len(slices.DeleteFunc(lines, func(l string) bool { return l == "" || l[0] == '#' }))
}
