package livestream_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/livestream"
	"github.com/diemcau/diemcau/sfu/hls"
)

func inParts(cfg *livestream.Config) { cfg.Parts = true }

// await is file for who waits for what is wanted.
func (s *studio) await(ctx context.Context, name string, want *livestream.Awaited) (*livestream.File, string) {
	info := s.now()
	f, err := s.station.Await(ctx, &info, name, want)
	if refused, ok := errors.AsType[*conference.Error](err); ok {
		return nil, refused.Code
	}
	if err != nil {
		return nil, err.Error()
	}
	return f, ""
}

// edge is how far a playlist is.
type edge struct {
	next  livestream.Awaited // what comes after it
	parts []string           // all that are listed
	hint  string
	ended bool
}

func edgeOf(text string) (e edge) {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		name, value, _ := strings.Cut(line, ":")
		uri := func() string { _, u, _ := strings.Cut(value, `URI="`); u, _, _ = strings.Cut(u, `"`); return u }
		switch {
		case name == "#EXT-X-MEDIA-SEQUENCE":
			_, _ = fmt.Sscan(value, &e.next.Sequence)
		case name == "#EXT-X-PART":
			e.parts = append(e.parts, uri())
			e.next.Part++
		case name == "#EXT-X-PRELOAD-HINT":
			e.hint = uri()
		case name == "#EXT-X-ENDLIST":
			e.ended = true
		case name != "" && name[0] != '#':
			e.next = livestream.Awaited{Sequence: e.next.Sequence + 1}
		}
	}
	return e
}

// P4 at low latency, on a clock of its own: through 15 takes a player that waits for each part
// always has what it needs, and is no more than 3 s behind.
func TestP4_LowLatency(t *testing.T) {
	t.Parallel()
	for _, track := range []string{"v0", "v2", hls.SoundName} {
		t.Run(track, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				source := &takes{films: []*film{newFilm(t, 1), newFilm(t, 2), newFilm(t, 3)}, layers: []int{3, 3, 3}}
				source.films[0].late = []time.Duration{300 * time.Millisecond, 200 * time.Millisecond, 0}
				source.films[2].late = []time.Duration{0, 100 * time.Millisecond, 300 * time.Millisecond}
				s := newStudio(t, t.TempDir(), inParts, func(cfg *livestream.Config) {
					cfg.Open = func(*conference.Info) (livestream.Source, error) {
						for _, f := range source.films {
							f.picture, f.sound = time.Now(), time.Now()
						}
						return source, nil
					}
				})
				s.wait(10 * time.Second)
				ctx, cancel := context.WithCancel(t.Context())
				p := &lowPlayer{studio: s, track: track}
				played := make(chan struct{})
				go func() { defer close(played); p.play(ctx) }()
				random := rand.New(rand.NewPCG(4, 3)) // the same every time
				for range 15 {
					s.wait(500*time.Millisecond + time.Duration(random.Int64N(int64(4500*time.Millisecond))))
					source.take()
				}
				s.wait(3 * time.Second)
				cancel()
				<-played
				t.Logf("%s: %d parts, stood still for %v in all, at most %v behind", track, p.got, p.stood, p.worst)
				if p.got < 60 || p.stood > time.Second || p.worst > 3*time.Second {
					t.Errorf("%d parts, stood still for %v in all, %v behind", p.got, p.stood, p.worst)
				}
			})
		})
	}
}

// lowPlayer plays a track's playlist as a player at low latency does: it asks for the next part
// before it is there, and plays so far behind the end as it is told to.
type lowPlayer struct {
	*studio
	track string
	end   time.Time // of what it has
	at    time.Time // what it showed when the last part came
	asof  time.Time
	got   int
	stood time.Duration
	worst time.Duration
}

func (p *lowPlayer) play(ctx context.Context) {
	var want *livestream.Awaited
	have := map[string]bool{}
	for ctx.Err() == nil {
		f, code := p.await(ctx, p.track+".m3u8", want)
		if ctx.Err() != nil {
			return
		}
		if code != "" {
			p.Errorf("%v of %s: %s", want, p.track, code)
			return
		}
		e := edgeOf(string(f.Data))
		if want != nil && (e.next.Sequence < want.Sequence || e.next.Sequence == want.Sequence && e.next.Part <= want.Part) {
			p.Errorf("asked for %v of %s, got what ends before %v", want, p.track, e.next)
			return
		}
		before := p.end
		for _, name := range e.parts {
			if !have[name] {
				have[name] = true
				p.load(ctx, name)
			}
		}
		p.shows(before)
		want = &e.next
	}
}

// load gets a part; a part's name tells when it begins.
func (p *lowPlayer) load(ctx context.Context, name string) {
	f, code := p.await(ctx, name, nil)
	if code != "" {
		p.Errorf("%s: %s", name, code)
		return
	}
	h, err := hls.ReadSegment(f.Data, int64(len(f.Data)))
	begins, stampErr := strconv.ParseInt(strings.TrimSuffix(name[strings.LastIndexByte(name, '-')+1:], ".m4s"), 36, 64)
	if err != nil || stampErr != nil || !f.Immutable {
		p.Errorf("%s: %v, %v; immutable %v", name, err, stampErr, f.Immutable)
		return
	}
	rate := int64(90_000)
	if p.track == hls.SoundName {
		rate = 48_000
	}
	if hole := time.UnixMilli(begins).Sub(p.end).Abs(); p.got > 0 && hole > 10*time.Millisecond {
		p.Errorf("%s begins %v from the end of the one before", name, hole)
	}
	p.got++
	p.end = time.UnixMilli(begins).Add(time.Duration(h.End-h.Start) * time.Second / time.Duration(rate))
}

// shows reckons what is shown now, with what came before this moment.
func (p *lowPlayer) shows(before time.Time) {
	now := time.Now()
	if p.asof.IsZero() {
		p.at, p.asof = p.end.Add(-hls.HoldBack), now
		return
	}
	p.at, p.asof = p.at.Add(now.Sub(p.asof)), now
	if late := p.at.Sub(before); late > 0 {
		p.stood, p.at = p.stood+late, before
	}
	p.worst = max(p.worst, now.Sub(p.at))
}

func TestP4_WaitingForParts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStudio(t, t.TempDir(), inParts)
		s.wait(12 * time.Second)
		ctx := t.Context()
		text := s.must("v1.m3u8")
		e := edgeOf(text)
		for _, tag := range []string{"CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.700", "PART-TARGET=0.500", `RENDITION-REPORT:URI="sound.m3u8",LAST-MSN=`, `,INDEPENDENT=YES`} {
			if !strings.Contains(text, tag) {
				t.Errorf("no %s in\n%s", tag, text)
			}
		}
		// The hinted part, and the playlist that holds what comes next, are waited for.
		for _, c := range []struct {
			name string
			want *livestream.Awaited
			age  time.Duration
		}{
			{e.hint, nil, 365 * 24 * time.Hour},
			{"v1.m3u8", &e.next, time.Second},
			{"v1.m3u8", &livestream.Awaited{Sequence: e.next.Sequence, Part: -1}, time.Second},
		} {
			f, code := s.await(ctx, c.name, c.want)
			if code != "" || f.MaxAge != c.age || c.name == "v1.m3u8" && !strings.Contains(string(f.Data), e.hint) {
				t.Errorf("%s %v: got %q, %v", c.name, c.want, code, f)
			}
		}
		if got := edgeOf(s.must("v1.m3u8")).next; got.Sequence != e.next.Sequence+1 {
			t.Errorf("asked for all of %d, got it when %v came next", e.next.Sequence, got)
		}
		// What is there already is not waited for, and what is far away is refused.
		at := time.Now()
		if _, code := s.await(ctx, "v1.m3u8", &e.next); code != "" || time.Since(at) > 0 {
			t.Errorf("waited %v for what is there: %s", time.Since(at), code)
		}
		if _, code := s.await(ctx, "v1.m3u8", &livestream.Awaited{Sequence: e.next.Sequence + 4}); code != "live.too_far" {
			t.Errorf("got %q for what is far away", code)
		}
		if _, code := s.await(ctx, "v1-9.0-aaa.m4s", nil); code != "live.none" {
			t.Errorf("got %q for a part that nobody hinted at", code)
		}
		// Nothing comes any more: nobody waits for ever.
		s.film.stand.Store(true)
		at = time.Now()
		if _, code := s.await(ctx, "v1.m3u8", &livestream.Awaited{Sequence: edgeOf(s.must("v1.m3u8")).next.Sequence + 1}); code != "live.waited" || time.Since(at) != 3*hls.TargetDuration {
			t.Errorf("got %q after %v", code, time.Since(at))
		}
		s.film.stand.Store(false)
		// Whoever waits at the close is told that it is over.
		s.wait(5 * time.Second)
		go func() { s.wait(100 * time.Millisecond); s.become(conference.StateClosed) }()
		next := edgeOf(s.must("v1.m3u8")).next
		next.Sequence++
		if f, code := s.await(ctx, "v1.m3u8", &next); code != "" || !edgeOf(string(f.Data)).ended {
			t.Errorf("at the close: %q", code)
		}
		if text := s.must("v1.m3u8"); strings.Contains(text, "EXT-X-PART") || strings.Contains(text, "SERVER-CONTROL") {
			t.Errorf("the recording has parts:\n%s", text)
		}
		decodes(t, s.download()+"/index.m3u8")
	})
}

// Who does not ask for parts is given none, and nobody waits.
func TestP4_NoPartsUnlessAskedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStudio(t, "")
		s.wait(10 * time.Second)
		at := time.Now()
		f, code := s.await(t.Context(), "v0.m3u8", &livestream.Awaited{Sequence: 1 << 40})
		if code != "" || time.Since(at) > 0 || strings.Contains(string(f.Data), "PART") {
			t.Errorf("got %q after %v:\n%s", code, time.Since(at), f.Data)
		}
	})
}

// ffmpeg plays a playlist in parts as any other (P8).
func TestP8_FFmpegTakesParts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStudio(t, t.TempDir(), inParts)
		s.wait(20 * time.Second)
		if !strings.Contains(s.must("v0.m3u8"), "#EXT-X-PART:") {
			t.Fatal("there are no parts")
		}
		if got := decodes(t, s.download()+"/index.m3u8"); got < 15 {
			t.Errorf("ffmpeg plays %v s", got)
		}
	})
}
