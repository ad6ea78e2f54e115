package livestream_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/livestream"
)

// movie writes the MP4 of spans, whole and in ranges, and returns its path.
func (s *studio) movie(spans ...livestream.Span) string {
	s.Helper()
	info := s.now()
	m, err := s.station.Movie(&info, spans)
	if err != nil {
		s.Fatal(err)
	}
	var whole bytes.Buffer
	if err := m.Write(&whole, 0, m.Size()); err != nil {
		s.Fatal(err)
	}
	if int64(whole.Len()) != m.Size() {
		s.Fatalf("%d bytes were written, %d announced", whole.Len(), m.Size())
	}
	n := m.Size()
	for _, r := range [][2]int64{{0, 1}, {3, 77}, {n / 2, n/2 + 100_000}, {n - 1, n}, {1000, n}, {n, n}, {0, n + 5}} {
		var part bytes.Buffer
		if err := m.Write(&part, r[0], r[1]); err != nil {
			s.Fatal(err)
		}
		if !bytes.Equal(part.Bytes(), whole.Bytes()[r[0]:min(r[1], n)]) {
			s.Errorf("the bytes %d–%d are others than in the whole", r[0], r[1])
		}
	}
	path := filepath.Join(s.TempDir(), "movie.mp4")
	if err := os.WriteFile(path, whole.Bytes(), 0o600); err != nil {
		s.Fatal(err)
	}
	return path
}

// probed is what ffprobe says of a file: seconds and, by kind of track, samples and where it begins.
type probed struct {
	seconds float64
	samples map[string]int
	begins  map[string]float64
}

func probe(t *testing.T, path string) probed {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "ffprobe", "-v", "error", "-count_frames", "-show_streams", "-show_format", "-of", "json", path)
	var problems bytes.Buffer
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil || problems.Len() > 0 {
		t.Fatalf("ffprobe: %v\n%s", err, problems.String())
	}
	var said struct {
		Streams []struct {
			Type   string `json:"codec_type"`     //nolint:tagliatelle // ffprobe's
			Start  string `json:"start_time"`     //nolint:tagliatelle // ffprobe's
			Frames string `json:"nb_read_frames"` //nolint:tagliatelle // ffprobe's
		} `json:"streams"`
		Format struct {
			Duration string `json:"duration"`
		} `json:"format"`
	}
	if err := json.Unmarshal(out, &said); err != nil {
		t.Fatal(err)
	}
	p := probed{samples: map[string]int{}, begins: map[string]float64{}}
	p.seconds, _ = strconv.ParseFloat(said.Format.Duration, 64)
	for _, s := range said.Streams {
		p.samples[s.Type], _ = strconv.Atoi(s.Frames)
		p.begins[s.Type], _ = strconv.ParseFloat(s.Start, 64)
	}
	return p
}

func near(got, want, by float64) bool { return math.Abs(got-want) <= by }

// The whole recording as one file: two halves with another camera and a hole of half an
// hour between them. ffprobe counts every picture and every frame of sound, ffmpeg plays it
// without a complaint, and the hole is left out.
func TestP8_TheRecordingAsMP4(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const first, second = 21.0, 16.0
	synctest.Test(t, func(t *testing.T) {
		s := newStudio(t, dir)
		s.wait(first * time.Second)
	})
	synctest.Test(t, func(t *testing.T) {
		s := newStudio(t, dir, func(cfg *livestream.Config) {
			open := cfg.Open
			cfg.Open = func(info *conference.Info) (livestream.Source, error) {
				_, err := open(info)
				smaller := newFilm(t, 2)
				smaller.rungs[0] = smaller.rungs[1]
				return smaller, err
			}
			cfg.Here = func(conference.ID) bool { return time.Since(begin(t, dir)) > 30*time.Minute }
		})
		s.wait(30*time.Minute + second*time.Second)
		s.become(conference.StateClosed)
		s.wait(time.Second)
		path := s.movie()
		got := probe(t, path)
		if !near(got.seconds, first+second, 1) {
			t.Errorf("it lasts %.2f s, want %.0f", got.seconds, first+second)
		}
		if !near(float64(got.samples["video"]), 15*(first+second), 15) || !near(float64(got.samples["audio"]), 50*(first+second), 50) {
			t.Errorf("got %v, want 15 pictures and 50 frames of sound for each of %.0f s", got.samples, first+second)
		}
		if got.begins["video"] > 0.5 || got.begins["audio"] > 0.5 {
			t.Errorf("the tracks begin at %v", got.begins)
		}
		if seconds := decodes(t, path); !near(seconds, first+second, 1) {
			t.Errorf("ffmpeg plays %.2f s", seconds)
		}
		if n := descriptions(t, path); n != 2 {
			t.Errorf("got %d sample descriptions of the picture, want one for each camera", n)
		}
	})
}

// begin is when what is in dir.clock ended.
func begin(t *testing.T, dir string) time.Time {
	t.Helper()
	said, err := os.ReadFile(dir + ".clock")
	if err != nil {
		t.Error(err)
	}
	at, err := time.Parse(time.RFC3339Nano, string(said))
	if err != nil {
		t.Error(err)
	}
	return at
}

// descriptions counts the sample entries of the first track.
func descriptions(t *testing.T, path string) int {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(data, []byte("stsd"))
	return int(data[at+11])
}

// A question's film: what was on air of it and no more than the groups around, also when it
// was on air twice; the same of a conference that is live still.
func TestP8_AQuestionAsMP4(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := newStudio(t, dir)
		began := time.Now()
		s.wait(90 * time.Second)
		span := func(from, until int) livestream.Span {
			return livestream.Span{From: began.Add(time.Duration(from) * time.Second), Until: began.Add(time.Duration(until) * time.Second)}
		}
		for _, c := range []struct {
			name  string
			spans []livestream.Span
			want  float64
		}{
			{"once", []livestream.Span{span(20, 32)}, 12},
			{"twice", []livestream.Span{span(10, 20), span(50, 58)}, 18},
			{"from before the beginning", []livestream.Span{span(-60, 8)}, 8},
			{"on air still", []livestream.Span{{From: began.Add(80 * time.Second)}}, 10},
		} {
			path := s.movie(c.spans...)
			parts := float64(len(c.spans))
			if got := probe(t, path); got.seconds < c.want-3 || got.seconds > c.want+5*parts {
				t.Errorf("%s: it lasts %.2f s, want %.0f and what is left of the groups around", c.name, got.seconds, c.want)
			}
			if seconds := decodes(t, path); seconds < c.want-3 {
				t.Errorf("%s: ffmpeg plays %.2f s", c.name, seconds)
			}
		}
		info := s.now()
		if _, err := s.station.Movie(&info, []livestream.Span{span(-60, -30)}); err == nil {
			t.Error("there is a movie of what was never kept")
		}
		// A segment that is gone, or another one: said, not sent.
		m, err := s.station.Movie(&info, []livestream.Span{span(20, 32)})
		if err != nil {
			t.Fatal(err)
		}
		files, err := filepath.Glob(filepath.Join(dir, string(id), "v0-*.m4s"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if err := os.Truncate(f, 100); err != nil {
				t.Fatal(err)
			}
		}
		if err := m.Write(&bytes.Buffer{}, 0, m.Size()); err == nil {
			t.Error("a movie of damaged segments was written without an error")
		}
		if _, err := s.station.Movie(&info, nil); err == nil || errors.Is(err, os.ErrNotExist) {
			t.Errorf("got %v of damaged segments", err)
		}
	})
}

// Where in the recording something is that was on air at some time: gaps are left out.
func TestRecording_place(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var began, again time.Time
	synctest.Test(t, func(t *testing.T) {
		s := newStudio(t, dir)
		began = time.Now()
		s.wait(20 * time.Second)
	})
	synctest.Test(t, func(t *testing.T) {
		start := begin(t, dir)
		s := newStudio(t, dir, func(cfg *livestream.Config) {
			cfg.Here = func(conference.ID) bool { return time.Since(start) > 10*time.Minute }
		})
		s.wait(10 * time.Minute)
		again = time.Now()
		s.wait(20 * time.Second)
		s.become(conference.StateClosed)
		s.wait(time.Second)
		info := s.now()
		r := s.station.Recording(&info)
		all := r.Stretches()
		if len(all) != 2 || all[1].At.Sub(again).Abs() > 2*time.Second || all[1].Offset != all[0].Length {
			t.Fatalf("got %+v, want two, the second from %v on", all, again)
		}
		if got := listed(s.must("v0.m3u8")); (got - all[1].Offset - all[1].Length).Abs() > time.Millisecond {
			t.Errorf("the playlist says %v, the stretches %v", got, all[1].Offset+all[1].Length)
		}
		type place struct {
			Begins, Ends time.Duration
			OK           bool
		}
		for _, c := range []struct {
			name        string
			from, until time.Time
			want        place
		}{
			{"within", began.Add(5 * time.Second), began.Add(9 * time.Second), place{5 * time.Second, 9 * time.Second, true}},
			{"into the gap", began.Add(15 * time.Second), began.Add(5 * time.Minute), place{15 * time.Second, all[0].Length, true}},
			{"across the gap", began.Add(15 * time.Second), again.Add(5 * time.Second), place{15 * time.Second, all[1].Offset + 5*time.Second, true}},
			{"in the gap", began.Add(2 * time.Minute), began.Add(3 * time.Minute), place{}},
			{"before it", began.Add(-time.Minute), began.Add(3 * time.Second), place{0, 3 * time.Second, true}},
			{"to the end", again.Add(5 * time.Second), time.Time{}, place{all[1].Offset + 5*time.Second, all[1].Offset + all[1].Length, true}},
		} {
			var got place
			got.Begins, got.Ends, got.OK = r.Place(livestream.Span{From: c.from, Until: c.until})
			by := time.Duration(1500) * time.Millisecond // where the first picture was
			if (got.Begins-c.want.Begins).Abs() > by || (got.Ends-c.want.Ends).Abs() > by || got.OK != c.want.OK {
				t.Errorf("%s: %s", c.name, cmp.Diff(c.want, got))
			}
		}
	})
}

// listed adds up what a playlist says.
func listed(text string) time.Duration {
	var all time.Duration
	for line := range strings.Lines(text) {
		if n, ok := strings.CutPrefix(line, "#EXTINF:"); ok {
			d, _ := strconv.ParseFloat(strings.TrimRight(n, ",\n"), 64)
			all += time.Duration(d * float64(time.Second))
		}
	}
	return all
}
