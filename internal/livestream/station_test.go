package livestream_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/livestream"
)

// From the first group to the recording: live with a window that moves, whole afterwards.
func TestP8_LiveThenTheRecording(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := newStudio(t, dir)
		s.wait(time.Second)
		if _, code := s.file("index.m3u8"); code != "live.not_yet" {
			t.Errorf("got %q before the first group, want live.not_yet", code)
		}
		s.wait(59 * time.Second)
		live := s.list("v0.m3u8")
		if len(live.segments) != 15 || live.ended || live.discontinuities != 0 {
			t.Errorf("got %d segments, ended %v, %d discontinuities, want a window of 15", len(live.segments), live.ended, live.discontinuities)
		}
		for _, track := range []string{"v1.m3u8", "v2.m3u8", "sound.m3u8"} {
			if l := s.list(track); l.sequence != live.sequence || len(l.segments) != len(live.segments) {
				t.Errorf("%s begins at %d with %d segments, v0 at %d with %d", track, l.sequence, len(l.segments), live.sequence, len(live.segments))
			}
		}
		if text := s.must("index.m3u8"); strings.Count(text, "#EXT-X-STREAM-INF") != 4 || !strings.Contains(text, `CODECS="avc1.42c01f,Opus",RESOLUTION=1280x720`) {
			t.Errorf("got\n%s", text)
		}
		before := s.must(live.segments[0])
		s.wait(time.Minute) // it has left the playlist and the memory
		if s.must(live.segments[0]) != before {
			t.Error("a segment is another one now")
		}
		if seconds := decodes(t, filepath.Join(s.download(), "index.m3u8")); seconds < 25 {
			t.Errorf("the live window plays for %.1f s", seconds)
		}
		s.become(conference.StateClosed)
		s.wait(time.Second)
		all := s.list("v0.m3u8")
		if !all.ended || len(all.segments) < 55 || len(all.segments) > 75 {
			t.Errorf("got a recording of %d segments, ended %v", len(all.segments), all.ended)
		}
		if seconds := decodes(t, filepath.Join(s.download(), "index.m3u8")); seconds < 118 || seconds > 122 {
			t.Errorf("the recording plays for %.1f s, want 120", seconds)
		}
		if !s.film.closed.Load() || s.station.Stats().Live != 0 {
			t.Error("the programme is still read")
		}
		if _, code := s.file("v0-1.m4s"); code != "gone" {
			t.Errorf("got %q for a segment there never was", code)
		}
		for _, name := range []string{"../c/v0-1.m4s", "..", ".v0-1.m4s.part", "v0.mp4", "x.m3u8", ""} {
			if _, code := s.file(name); code != "live.none" {
				t.Errorf("%q: got %q, want live.none", name, code)
			}
		}
	})
	synctest.Test(t, func(t *testing.T) { // the next start
		s := newStudio(t, dir)
		s.become(conference.StateClosed)
		s.wait(time.Second)
		if l := s.list("sound.m3u8"); !l.ended || len(l.segments) < 55 {
			t.Errorf("got a recording of %d segments after a restart", len(l.segments))
		}
	})
}

// A server that is killed goes on where it was: the numbers go on, a discontinuity tells,
// what was half written is left out and nothing earlier is lost.
func TestP6_ARestartGoesOnWithTheNumbers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var last uint64
	var kept []string
	for run := range 3 {
		synctest.Test(t, func(t *testing.T) {
			s := newStudio(t, dir)
			if run > 0 {
				s.wait(300 * time.Millisecond)
				if l := s.list("v0.m3u8"); l.last() != last || l.ended {
					t.Errorf("run %d: the playlist ends with %d before anything new, want %d", run, l.last(), last)
				}
			}
			s.wait(13 * time.Second)
			l := s.list("v1.m3u8")
			if l.discontinuities != run || l.last() <= last {
				t.Errorf("run %d: got %d discontinuities and last number %d after %d", run, l.discontinuities, l.last(), last)
			}
			for _, name := range kept {
				if !strings.Contains(s.must("v1.m3u8"), name+"\n") && len(l.segments) < 15 {
					t.Errorf("run %d: %s is no longer listed", run, name)
				}
			}
			decodes(t, filepath.Join(s.download(), "v1.m3u8"))
			s.stop()
			l = s.list("v1.m3u8")
			last, kept = l.last(), l.segments
		})
		// What a kill in the middle of a group leaves behind.
		if run == 0 {
			half := []byte("\x00\x00\x00\x18styp")
			for _, name := range []string{".v0-%.m4s.part", "v0-%.m4s", "v1-%.m4s", "sound-%.mp4"} {
				name = strings.ReplaceAll(name, "%", itoa(last+1))
				if err := os.WriteFile(filepath.Join(dir, string(id), name), half, 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	synctest.Test(t, func(t *testing.T) {
		s := newStudio(t, dir)
		s.become(conference.StateClosed)
		s.wait(time.Second)
		l := s.list("v0.m3u8")
		if l.discontinuities != 2 || l.last() != last {
			t.Errorf("the recording has %d discontinuities and ends with %d, want 2 and %d", l.discontinuities, l.last(), last)
		}
		decodes(t, filepath.Join(s.download(), "index.m3u8"))
	})
}

// A file that lost its end: its group is left out, the others play.
func TestADamagedFileCostsItsGroupOnly(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := newStudio(t, dir)
		s.wait(20 * time.Second)
		l := s.list("v0.m3u8")
		s.stop()
		path := filepath.Join(dir, string(id), l.segments[3])
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data[:len(data)-1], 0o600); err != nil {
			t.Fatal(err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		s := newStudio(t, dir)
		s.become(conference.StateClosed)
		s.wait(time.Second)
		l := s.list("v0.m3u8")
		if l.discontinuities != 1 || len(l.segments) < 8 {
			t.Errorf("got %d segments and %d discontinuities, want all but one and 1", len(l.segments), l.discontinuities)
		}
		decodes(t, filepath.Join(s.download(), "index.m3u8"))
	})
}

// Disk full: shown from memory, an alarm, nothing earlier damaged; kept again when there is
// room, with what it takes to play.
func TestP6_DiskFull(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		var full atomic.Bool
		s := newStudio(t, dir, func(cfg *livestream.Config) {
			cfg.Write = func(path string, data []byte) error {
				if full.Load() && strings.Contains(path, "v1-") {
					return &os.PathError{Op: "write", Path: path, Err: syscall.ENOSPC}
				}
				return os.WriteFile(path, data, 0o600)
			}
		})
		s.wait(10 * time.Second)
		full.Store(true)
		at := s.list("v0.m3u8").last()
		s.wait(20 * time.Second)
		l := s.list("v0.m3u8")
		if l.last() < at+8 || l.discontinuities != 0 {
			t.Errorf("the programme went from %d to %d in 20 s, %d discontinuities", at, l.last(), l.discontinuities)
		}
		decodes(t, filepath.Join(s.download(), "index.m3u8"))
		if st := s.station.Stats(); st.Unkept != 1 || st.Failures == 0 {
			t.Errorf("got %+v", st)
		}
		if s.station.Alarm() == "" || strings.Count(s.logs.String(), "shown but not kept") != 1 {
			t.Errorf("alarm %q, log:\n%s", s.station.Alarm(), s.logs.String())
		}
		full.Store(false)
		s.wait(10 * time.Second)
		if s.station.Alarm() != "" || !strings.Contains(s.logs.String(), "kept again") {
			t.Errorf("alarm %q after there is room again", s.station.Alarm())
		}
		s.become(conference.StateClosed)
		s.wait(time.Second)
		rec := s.list("v2.m3u8")
		if rec.discontinuities != 1 || !rec.ended || len(rec.segments) < 8 {
			t.Errorf("got a recording of %d segments with %d discontinuities", len(rec.segments), rec.discontinuities)
		}
		decodes(t, filepath.Join(s.download(), "index.m3u8"))
	})
}

// Nothing at all could be kept: at the close players are told that no more will come.
func TestP6_TheEndIsToldThoughNothingWasKept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := newStudio(t, dir, func(cfg *livestream.Config) {
			cfg.Write = func(path string, _ []byte) error {
				return &os.PathError{Op: "write", Path: path, Err: syscall.ENOSPC}
			}
		})
		s.wait(10 * time.Second)
		live := s.list("v0.m3u8")
		s.become(conference.StateClosed)
		s.wait(time.Second)
		for _, track := range []string{"v0.m3u8", "v2.m3u8", "sound.m3u8"} {
			if l := s.list(track); !l.ended || l.last() < live.last() {
				t.Errorf("%s ends with %d, ended %v; live it came to %d", track, l.last(), l.ended, live.last())
			}
		}
		decodes(t, filepath.Join(s.download(), "index.m3u8"))
	})
}

func TestQuota(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := newStudio(t, dir, func(cfg *livestream.Config) { cfg.Quota = 1 << 20 })
		s.wait(time.Minute)
		if room, of := s.station.Room(); of != 1<<20 || room > 1<<19 {
			t.Errorf("got room for %d of %d", room, of)
		}
		var size int64
		files, err := os.ReadDir(filepath.Join(dir, string(id)))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if info, err := f.Info(); err == nil {
				size += info.Size()
			}
		}
		if size > 1<<20 || size < 1<<19 || size != s.station.Stats().Used {
			t.Errorf("%d bytes were kept, %d counted, of a quota of %d", size, s.station.Stats().Used, 1<<20)
		}
		if !strings.Contains(s.logs.String(), "--record-quota") || !strings.Contains(s.logs.String(), "little room") {
			t.Errorf("nobody was told:\n%s", s.logs.String())
		}
		if l := s.list("v0.m3u8"); len(l.segments) != 15 {
			t.Errorf("got %d segments live", len(l.segments))
		}
	})
}

// A disk that hangs does not hold the programme up.
func TestASlowDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := newStudio(t, dir, func(cfg *livestream.Config) {
			cfg.Write = func(path string, data []byte) error {
				time.Sleep(2 * time.Second) //nolint:forbidigo // the bubble's clock
				return os.WriteFile(path, data, 0o600)
			}
		})
		s.wait(2 * time.Minute)
		if l := s.list("v0.m3u8"); len(l.segments) != 15 {
			t.Errorf("got %d segments", len(l.segments))
		}
		if s.station.Stats().Failures == 0 {
			t.Error("nobody noticed")
		}
		decodes(t, filepath.Join(s.download(), "v0.m3u8"))
	})
}

func TestNothingIsKeptWithoutAFolder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStudio(t, "")
		s.wait(90 * time.Second)
		s.become(conference.StateClosed)
		s.wait(time.Second)
		if l := s.list("v0.m3u8"); !l.ended || len(l.segments) != 15 {
			t.Errorf("got %d segments, ended %v", len(l.segments), l.ended)
		}
		decodes(t, filepath.Join(s.download(), "index.m3u8"))
	})
}

// A test is shown, and leaves nothing behind.
func TestATestIsNotKept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := newStudio(t, dir, func(cfg *livestream.Config) {
			conferences := cfg.Conferences
			cfg.Conferences = func() []*conference.Info {
				all := conferences()
				all[0].Test = true
				return all
			}
		})
		s.wait(30 * time.Second)
		if l := s.list("v0.m3u8"); len(l.segments) == 0 {
			t.Error("nothing is shown")
		}
		left, err := os.ReadDir(dir)
		if err != nil || len(left) > 0 {
			t.Errorf("kept: %v (%v)", left, err)
		}
	})
}

// With several nodes only the one that has the media shows them.
func TestAnotherNodeShowsIt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := newStudio(t, dir)
		s.wait(10 * time.Second)
		at := s.list("v0.m3u8").last()
		s.here.Store(false)
		s.wait(2 * time.Second)
		if _, code := s.file("v0.m3u8"); code != "live.not_yet" {
			t.Errorf("got %q though the media have gone", code)
		}
		if !s.film.closed.Load() {
			t.Error("the programme is still read")
		}
		s.wait(3 * time.Minute)
		s.here.Store(true)
		s.wait(10 * time.Second)
		if l := s.list("v0.m3u8"); l.sequence < at+180 || len(l.segments) > 6 {
			t.Errorf("got %d segments from %d on, want new ones after those of the other node (%d)", len(l.segments), l.sequence, at)
		}
	})
}

func TestRetention(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := newStudio(t, dir, func(cfg *livestream.Config) { cfg.Keep = 30 * 24 * time.Hour })
		s.wait(10 * time.Second)
		s.become(conference.StateClosed)
		s.wait(10 * time.Second)
		old := time.Now().Add(-29 * 24 * time.Hour)
		if err := os.Chtimes(filepath.Join(dir, string(id)), old, old); err != nil {
			t.Fatal(err)
		}
		s.wait(2 * time.Hour)
		s.list("v0.m3u8")
		s.wait(25 * time.Hour)
		if _, code := s.file("v0.m3u8"); code != "live.none" {
			t.Errorf("got %q after the time to keep it, want live.none", code)
		}
		if _, err := os.Stat(filepath.Join(dir, string(id))); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the folder is still there: %v", err)
		}
		if used := s.station.Stats().Used; used != 0 {
			t.Errorf("%d bytes are counted", used)
		}
	})
}

func TestAPlannedConferenceHasNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := newStudio(t, dir, func(cfg *livestream.Config) { cfg.Here = func(conference.ID) bool { return false } })
		s.become(conference.StatePlanned)
		s.wait(time.Second)
		if _, code := s.file("index.m3u8"); code != "live.none" {
			t.Errorf("got %q", code)
		}
	})
}
