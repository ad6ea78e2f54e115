package livestream_test

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/livestream"
	"github.com/diemcau/diemcau/internal/rehearse/clips"
	"github.com/diemcau/diemcau/sfu/h264"
	"github.com/diemcau/diemcau/sfu/slate"
)

const id = conference.ID("c")

// film is a source by the bubble's clock: 15 pictures and 50 frames of sound a second.
type film struct {
	rungs   [][]h264.Unit
	next    []int
	late    []time.Duration // how long after it was asked each rung begins with its keyframe; nil: at once
	begins  []time.Time
	picture time.Time
	sound   time.Time
	closed  atomic.Bool
	stand   atomic.Bool // nothing comes
}

func newFilm(t *testing.T, number int) *film {
	t.Helper()
	f := &film{picture: time.Now(), sound: time.Now()}
	for _, layer := range clips.Layers() {
		clip, err := clips.Load(number, layer)
		if err != nil {
			t.Fatal(err)
		}
		var units []h264.Unit
		for i, nals := range clip.Units {
			u := h264.Unit{Key: i == 0}
			for _, nal := range nals {
				switch nal[0] & 0x1f {
				case 7:
					u.SPS = [][]byte{nal}
				case 8:
					u.PPS = [][]byte{nal}
				case 1, 5:
					u.NALs = append(u.NALs, nal)
				}
			}
			units = append(units, u)
		}
		f.rungs = append(f.rungs, units)
	}
	f.next, f.begins = make([]int, len(f.rungs)), make([]time.Time, len(f.rungs))
	return f
}

func (f *film) Rungs() int { return len(f.rungs) }
func (f *film) Close()     { f.closed.Store(true) }

func (f *film) Ask() {
	if f.late == nil {
		clear(f.next)
		return
	}
	for i, begins := range f.begins {
		if begins.IsZero() {
			f.begins[i] = f.picture.Add(f.late[i])
		}
	}
}

func (f *film) Read(video func(int, h264.Unit), sound func(int64, []byte)) {
	if f.stand.Load() {
		return
	}
	for now := time.Now(); !f.picture.After(now); f.picture = f.picture.Add(clips.FrameTime) {
		for i, units := range f.rungs {
			if !f.begins[i].IsZero() && !f.picture.Before(f.begins[i]) {
				f.begins[i], f.next[i] = time.Time{}, 0
			}
			u := units[f.next[i]%len(units)]
			f.next[i]++
			u.Capture = f.picture.UnixNano()
			video(i, u)
		}
	}
	for now := time.Now(); !f.sound.After(now); f.sound = f.sound.Add(20 * time.Millisecond) {
		sound(f.sound.UnixNano(), slate.Silence())
	}
}

// studio is a Station and the conference it shows.
type studio struct {
	*testing.T
	station *livestream.Station
	dir     string
	infoMu  sync.Mutex // guards info
	info    conference.Info
	here    atomic.Bool
	logs    bytes.Buffer
	film    *film
	stop    func()
}

// newStudio runs a station over dir inside a bubble of synctest.
func newStudio(t *testing.T, dir string, options ...func(*livestream.Config)) *studio {
	t.Helper()
	clock := turn(t, dir)
	s := &studio{T: t, dir: dir, info: conference.Info{ID: id, State: conference.StateOpen, Public: true}}
	s.here.Store(true)
	cfg := livestream.Config{
		Folder: dir, Now: time.Now, Logger: slog.New(slog.NewTextHandler(&s.logs, nil)),
		Conferences: func() []*conference.Info { i := s.now(); return []*conference.Info{&i} },
		Here:        func(conference.ID) bool { return s.here.Load() },
		Open: func(*conference.Info) (livestream.Source, error) {
			s.film = newFilm(t, 1)
			return s.film, nil
		},
	}
	for _, o := range options {
		o(&cfg)
	}
	s.station = livestream.New(cfg)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.station.Run(ctx) }()
	s.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("run: %v", err)
		}
		clock()
	})
	t.Cleanup(s.stop)
	return s
}

// turn sets the bubble's clock to after what was done in dir before, and returns how to note
// the time: every bubble begins at the same one.
func turn(t *testing.T, dir string) (note func()) {
	t.Helper()
	at := time.Date(2026, 11, 29, 8, 0, 0, 0, time.UTC)
	path := dir + ".clock"
	if said, err := os.ReadFile(path); err == nil && dir != "" {
		if at, err = time.Parse(time.RFC3339Nano, string(said)); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(time.Until(at)) //nolint:forbidigo // the bubble's clock
	return func() {
		if dir == "" {
			return
		}
		if err := os.WriteFile(path, []byte(time.Now().Add(time.Second).Format(time.RFC3339Nano)), 0o600); err != nil {
			t.Error(err)
		}
	}
}

func (s *studio) now() conference.Info {
	s.infoMu.Lock()
	defer s.infoMu.Unlock()
	return s.info
}

func (s *studio) become(state conference.State) {
	s.infoMu.Lock()
	defer s.infoMu.Unlock()
	s.info.State = state
}

// wait lets time pass.
func (s *studio) wait(d time.Duration) {
	s.Helper()
	time.Sleep(d) //nolint:forbidigo // the bubble's clock
	synctest.Wait()
}

// file returns what is at an address, "" and the refusal's code when there is nothing.
func (s *studio) file(name string) (string, string) {
	s.Helper()
	info := s.now()
	f, err := s.station.File(&info, name)
	if err != nil {
		return "", strings.TrimSpace(err.Error())
	}
	if f.Data == nil {
		data, err := os.ReadFile(f.Path)
		if err != nil {
			return "", "gone"
		}
		return string(data), ""
	}
	return string(f.Data), ""
}

// must returns what is at an address.
func (s *studio) must(name string) string {
	s.Helper()
	text, code := s.file(name)
	if code != "" {
		s.Fatalf("%s: %s\n%s", name, code, s.logs.String())
	}
	return text
}

// list is a media playlist as it was read.
type list struct {
	sequence        uint64
	segments        []string
	discontinuities int
	ended           bool
}

func (s *studio) list(name string) list {
	s.Helper()
	var l list
	for line := range strings.Lines(s.must(name)) {
		line = strings.TrimSpace(line)
		if n, ok := strings.CutPrefix(line, "#EXT-X-MEDIA-SEQUENCE:"); ok {
			l.sequence, _ = strconv.ParseUint(n, 10, 64)
		}
		switch {
		case line == "#EXT-X-DISCONTINUITY":
			l.discontinuities++
		case line == "#EXT-X-ENDLIST":
			l.ended = true
		case line != "" && line[0] != '#':
			l.segments = append(l.segments, line)
		}
	}
	return l
}

// last is the number of the last segment.
func (l list) last() uint64 { return l.sequence + uint64(len(l.segments)) - 1 }

// download copies everything that the playlists list, as a player would.
func (s *studio) download() string {
	s.Helper()
	dir := s.TempDir()
	put := func(name string) string {
		text := s.must(name)
		if name != livestream.IndexName && strings.HasSuffix(name, ".m3u8") && !strings.Contains(text, "ENDLIST") {
			text += "#EXT-X-ENDLIST\n" // or ffmpeg waits for more
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			s.Fatal(err)
		}
		return text
	}
	put(livestream.IndexName)
	for _, track := range []string{"v0", "v1", "v2", "sound"} {
		for line := range strings.Lines(put(track + ".m3u8")) {
			line = strings.TrimSpace(line)
			if uri, ok := strings.CutPrefix(line, "#EXT-X-MAP:URI="); ok {
				put(strings.Trim(uri, `"`))
			} else if line != "" && line[0] != '#' {
				put(line)
			}
		}
	}
	return dir
}

// decodes lets ffmpeg play a track and returns how many seconds it has. A complaint fails.
func decodes(t *testing.T, path string) float64 {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "ffmpeg", "-v", "error", "-xerror", "-i", path, "-fps_mode", "passthrough", "-enc_time_base", "-1", "-f", "null", "-", "-progress", "pipe:1", "-nostats")
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	if err := cmd.Run(); err != nil || problems.Len() > 0 {
		t.Fatalf("play %s: %v\n%s", filepath.Base(path), err, problems.String())
	}
	seconds := 0.0
	for line := range strings.Lines(out.String()) {
		if v, ok := strings.CutPrefix(strings.TrimSpace(line), "out_time_us="); ok {
			us, _ := strconv.ParseFloat(v, 64)
			seconds = us / 1e6
		}
	}
	return seconds
}
