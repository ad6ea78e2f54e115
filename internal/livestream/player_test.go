package livestream_test

import (
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/livestream"
	"github.com/diemcau/diemcau/sfu/h264"
	"github.com/diemcau/diemcau/sfu/hls"
)

// takes is a programme cut between cameras: one in three sizes, an encoder with one, another
// camera. Whoever has no layer for a rung sends nothing there. Each rung is cut at its own
// keyframe, which the encoders make one after the other.
type takes struct {
	films  []*film
	layers []int // how many rungs each one sends, the largest first

	mu    sync.Mutex // guards what follows and where the films are
	on    int        // whose sound is heard
	shown [3]int     // whose picture is on each rung
}

func (s *takes) Rungs() int { return s.films[0].Rungs() }
func (s *takes) Close()     {}

func (s *takes) Ask() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.films {
		f.Ask()
	}
}

func (s *takes) Read(video func(int, h264.Unit), sound func(int64, []byte)) {
	for _, hand := range s.due(video, sound) {
		hand()
	}
}

// due is what has come since, to be handed on without the lock.
func (s *takes) due(video func(int, h264.Unit), sound func(int64, []byte)) (due []func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, f := range s.films {
		f.Read(func(rung int, u h264.Unit) {
			if u.Key && i == s.on {
				s.shown[rung] = i
			}
			if i == s.shown[rung] && rung < s.layers[i] {
				due = append(due, func() { video(rung, u) })
			}
		}, func(at int64, frame []byte) {
			if i == s.on {
				due = append(due, func() { sound(at, frame) })
			}
		})
	}
	return due
}

// take cuts to the next one at its keyframe.
func (s *takes) take() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.on = (s.on + 1) % len(s.films)
	s.films[s.on].Ask()
}

// viewer plays one track's playlist the way a player does: it begins some way behind the end,
// reads the playlist again and again, and stands still where it has no more.
type viewer struct {
	*studio
	track      string
	behind     time.Duration // what it begins with
	reload     time.Duration
	segments   map[string]bool
	end        time.Time // of what it has
	at         time.Time // what it shows
	read       time.Time
	playing    bool
	stall      time.Duration
	worstStall time.Duration
	worstDelay time.Duration
}

// step lets d pass.
func (v *viewer) step(d time.Duration) {
	v.Helper()
	v.wait(d)
	now := time.Now()
	if now.Sub(v.read) >= v.reload {
		v.read = now
		v.load()
	}
	if !v.playing {
		if v.end.IsZero() {
			return
		}
		v.playing, v.at = true, v.end.Add(-v.behind)
	}
	switch next := v.at.Add(d); {
	case !next.After(v.end):
		v.at, v.stall = next, 0
	default:
		v.stall += d
	}
	v.worstStall = max(v.worstStall, v.stall)
	v.worstDelay = max(v.worstDelay, now.Sub(v.at))
}

// load reads the playlist and gets what is new; every segment follows the one before.
func (v *viewer) load() {
	v.Helper()
	text, code := v.file(v.track + ".m3u8")
	if code != "" {
		return
	}
	var start time.Time
	fresh := false
	rate := int64(90_000)
	if v.track == hls.SoundName {
		rate = 48_000
	}
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		switch {
		case name == "#EXT-X-MAP":
			fresh = true
		case name == "#EXT-X-PROGRAM-DATE-TIME":
			start, _ = time.Parse(time.RFC3339, value)
		case name != "" && name[0] != '#' && v.segments[name]:
			fresh = false
		case name != "" && name[0] != '#':
			v.segments[name] = true
			data := v.must(name)
			head, err := hls.ReadSegment([]byte(data), int64(len(data)))
			if err != nil {
				v.Fatalf("%s: %v", name, err)
			}
			if fresh && v.track != hls.SoundName && !head.Independent {
				v.Errorf("%s has a new init and no keyframe: a player throws its pictures away", name)
			}
			if hole := start.Sub(v.end).Abs(); !v.end.IsZero() && hole > 10*time.Millisecond {
				v.Errorf("%s begins %v from the end of the one before", name, hole)
			}
			fresh = false
			v.end = start.Add(time.Duration(head.End-head.Start) * time.Second / time.Duration(rate))
		}
	}
}

// P4 on a clock of its own, which no busy machine can hold up: through 15 takes (soak: 50)
// between a camera in three sizes, an encoder with one and another camera a player of any variant, the
// small one foremost, always has what it needs, and is never more than 8 s behind.
func TestP4_NoVariantKeepsAPlayerWaiting(t *testing.T) {
	t.Parallel()
	n := 15
	if os.Getenv("DIEMCAU_SOAK") != "" {
		n = 50
	}
	for _, track := range []string{"v0", "v2", "sound"} {
		t.Run(track, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				source := &takes{films: []*film{newFilm(t, 1), newFilm(t, 2), newFilm(t, 3)}, layers: []int{3, 1, 2}}
				source.films[0].late = []time.Duration{900 * time.Millisecond, 500 * time.Millisecond, 100 * time.Millisecond}
				source.films[2].late = []time.Duration{0, 1200 * time.Millisecond, 700 * time.Millisecond}
				s := newStudio(t, "", func(cfg *livestream.Config) {
					cfg.Open = func(*conference.Info) (livestream.Source, error) {
						for _, f := range source.films {
							f.picture, f.sound = time.Now(), time.Now()
						}
						return source, nil
					}
				})
				s.wait(10 * time.Second)
				// As the page's player does it: web/src/player/hls.ts.
				v := &viewer{studio: s, track: track, behind: 4500 * time.Millisecond, reload: 2 * time.Second, segments: map[string]bool{}}
				random := rand.New(rand.NewPCG(4, 50)) // the same every time
				const tick = 100 * time.Millisecond
				for range n {
					pause := 500*time.Millisecond + time.Duration(random.Int64N(int64(4500*time.Millisecond)))
					for d := time.Duration(0); d < pause; d += tick {
						v.step(tick)
					}
					source.take()
				}
				t.Logf("%s: the longest stall %v, at most %v behind", track, v.worstStall, v.worstDelay)
				if v.worstStall > time.Second || v.worstDelay > 8*time.Second || len(v.segments) < n {
					t.Errorf("a stall of %v, %v behind, %d segments", v.worstStall, v.worstDelay, len(v.segments))
				}
				if resets := s.station.Stats().Resets; resets > 0 {
					t.Errorf("the programme began anew %d times", resets)
				}
			})
		})
	}
}
