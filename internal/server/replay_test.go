package server_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/diemcau/diemcau/internal/access"
	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/internal/livestream"
	"github.com/diemcau/diemcau/internal/rehearse/clips"
	"github.com/diemcau/diemcau/internal/server"
	"github.com/diemcau/diemcau/moderation"
	"github.com/diemcau/diemcau/sfu/floor"
	"github.com/diemcau/diemcau/sfu/h264"
	"github.com/diemcau/diemcau/sfu/hls"
	"github.com/diemcau/diemcau/sfu/slate"
	"github.com/diemcau/diemcau/signaling/protocol"
)

// tape writes a recording of a conference as a station keeps it: from one time to another,
// one size of the picture.
func tape(t *testing.T, dir string, from, until time.Time) {
	t.Helper()
	clip, err := clips.Load(1, clips.Layers()[2])
	if err != nil {
		t.Fatal(err)
	}
	p := hls.New(hls.Config{Rungs: 1, Epoch: from.Truncate(time.Second).Add(-10 * time.Second), First: 100, Ask: func() {}})
	sound := from
	for at, i := from, 0; at.Before(until); at, i = at.Add(clips.FrameTime), i+1 {
		u := h264.Unit{Key: i%clips.Frames == 0, Capture: at.UnixNano()}
		for _, nal := range clip.Units[i%clips.Frames] {
			switch nal[0] & 0x1f {
			case 7:
				u.SPS = [][]byte{nal}
			case 8:
				u.PPS = [][]byte{nal}
			case 1, 5:
				u.NALs = append(u.NALs, nal)
			}
		}
		p.Video(0, u)
		for ; !sound.After(at); sound = sound.Add(hls.Frame) {
			p.Sound(sound.UnixNano(), slate.Silence())
		}
	}
	p.Finish()
	put := func(name string, data []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, g := range p.Take() {
		for i, s := range g.Tracks {
			name := []string{hls.VideoName(0), hls.SoundName}[i]
			if g.Discontinuity {
				put(hls.InitFile(name, g.Sequence), s.Format.Init)
			}
			put(hls.SegmentFile(name, g.Sequence), s.Data)
		}
	}
}

// newTheatre is a house with a station over a folder that the test fills.
func newTheatre(t *testing.T) (h *house, dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, place), 0o750); err != nil {
		t.Fatal(err)
	}
	station := livestream.New(livestream.Config{
		Folder: dir, Now: time.Now, Logger: slog.New(slog.DiscardHandler),
		Conferences: func() []*conference.Info { return h.live.Conferences() },
		Here:        func(conference.ID) bool { return false },
	})
	h = newHouse(t, func(cfg *server.Config) { cfg.Livestream, cfg.VenueRecordings = station, station })
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { // ends with cancel
		if err := station.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() { cancel(); wg.Wait() })
	return h, filepath.Join(dir, place)
}

// must carries a command out.
func (h *house) must(role conference.Role, body conference.Body) live.Outcome {
	h.Helper()
	return h.mustIn(place, role, body)
}

// mustIn is must in another conference.
func (h *house) mustIn(id conference.ID, role conference.Role, body conference.Body) live.Outcome {
	h.Helper()
	running, err := h.live.Conference(id)
	if err != nil {
		h.Fatal(err)
	}
	actor := conference.Actor{Role: role, Session: string(role), Person: "Lan"}
	out, err := running.Do(h.Context(), conference.Command{ID: access.NewID(), Actor: actor, Body: body})
	if err != nil {
		h.Fatalf("%s: %v", body.CommandType(), err)
	}
	return out
}

// approved asks a question and approves it.
func (h *house) approved(text string, visibility moderation.Visibility) live.Outcome {
	h.Helper()
	asked := h.must(conference.RoleCitizen, live.SubmitQuestion{
		IdempotencyKey: access.NewID(), Body: text, Topic: "cap-giay-lan-dau", Channel: moderation.ChannelWeb, Name: "Bà Hoa", MayName: true,
	})
	h.must(conference.RoleModerator, moderation.ClaimCard{ID: asked.Question})
	h.must(conference.RoleModerator, moderation.Approve{ID: asked.Question, Visibility: visibility})
	return asked
}

// air puts a question on air and ends it.
func (h *house) air(id conference.QuestionID, end conference.Body) {
	h.Helper()
	h.must(conference.RoleStage, moderation.Queue{ID: id})
	h.must(conference.RoleStage, moderation.Air{ID: id})
	h.must(conference.RoleStage, end)
}

func (h *house) replay() protocol.Replay {
	h.Helper()
	got := h.do(request{method: http.MethodGet, path: api + "/replay", origin: "https://news.example"})
	if got.status != http.StatusOK || got.header.Get("Access-Control-Allow-Origin") != "*" || !strings.HasPrefix(got.header.Get("Cache-Control"), "public") {
		h.Fatalf("got %d %v %s", got.status, got.header, got.body)
	}
	var r protocol.Replay
	if err := json.Unmarshal([]byte(got.body), &r); err != nil {
		h.Fatal(err)
	}
	return r
}

// until asks for the replay until it is as wanted.
func (h *house) until(what string, want func(r *protocol.Replay) bool) protocol.Replay {
	h.Helper()
	late := time.NewTimer(time.Minute)
	defer late.Stop()
	for {
		r := h.replay()
		if want(&r) {
			return r
		}
		select {
		case <-late.C:
			h.Fatalf("the replay never had %s: %+v", what, r)
		case <-time.After(50 * time.Millisecond): // between two looks
		}
	}
}

// The chapters of a conference: what was asked when, who had the floor, what was concluded;
// only what everybody may read, with the name only where the asker and a moderator agreed.
// After the close each is placed in the recording, and is a film of its own.
func TestP8_ReplayByQuestion(t *testing.T) {
	t.Parallel()
	h, dir := newTheatre(t)
	h.must(conference.RoleSystem, floor.Connect{Venue: "ba-vi"})
	h.must(conference.RoleVenue, floor.Ready{Venue: "ba-vi"})
	answered := h.approved("Bao giờ cấp sổ đỏ?", moderation.VisibilityTextName)
	twice := h.approved("Đường vành đai đền bù thế nào?", moderation.VisibilityText)
	never := h.approved("Câu chưa nêu", moderation.VisibilityText)
	began := time.Now()
	h.must(conference.RoleStage, floor.Give{Venue: "ba-vi"})
	h.air(twice.Question, moderation.Recall{ID: twice.Question})
	h.air(answered.Question, moderation.Answer{ID: answered.Question, Agency: "Sở Nông nghiệp và Môi trường", Due: "2099-12-20", Text: "Sở trả lời."})
	if got := h.until("an answer", func(r *protocol.Replay) bool { return len(r.Questions) == 2 }); got.Recording.State != protocol.RecordingLive ||
		got.Questions[0].Moments[0].FromMs != nil || got.Questions[1].MP4 != "" {
		t.Errorf("while it is live: got %+v", got)
	}
	h.must(conference.RoleStage, moderation.Queue{ID: twice.Question})
	h.must(conference.RoleStage, moderation.Air{ID: twice.Question})
	tape(t, dir, began.Add(-10*time.Second), time.Now().Add(8*time.Second))
	h.must(conference.RoleAdmin, conference.Close{})

	r := h.until("a recording", func(r *protocol.Replay) bool {
		return r.Recording.State == protocol.RecordingKept && len(r.Questions) == 2 && r.Questions[0].Question.State == moderation.StateCarriedOver
	})
	if len(r.Recording.Stretches) != 1 || r.Recording.LengthMs < 17_000 || r.Recording.URL != "/live/"+place+"/index.m3u8" {
		t.Errorf("got %+v", r.Recording)
	}
	if got := r.Questions[0]; got.Question.Text != "Đường vành đai đền bù thế nào?" || got.Question.Name != "" || len(got.Moments) != 2 || got.Moments[1].Until == "" {
		t.Errorf("asked twice: got %+v", got)
	}
	q := r.Questions[1]
	if q.Question.Name != "Bà Hoa" || q.Question.Conclusion == nil || q.Question.Conclusion.Agency == "" || q.Question.Version != 0 || q.Question.Channel != "" {
		t.Errorf("answered: got %+v", q.Question)
	}
	if from := q.Moments[0].FromMs; from == nil || *from < 9_000 || *from > 10_000+time.Since(began).Milliseconds() || *q.Moments[0].ToMs < *from {
		t.Errorf("got %+v, want some 10 s into the recording", q.Moments)
	}
	if len(r.Turns) != 1 || r.Turns[0].Venue != "ba-vi" || r.Turns[0].Moment.FromMs == nil || r.Turns[0].Moment.Until == "" {
		t.Errorf("got turns %+v", r.Turns)
	}
	h.film(q.MP4, "", 1)
	h.film(r.Recording.MP4, "", 17)
	for _, path := range []string{"questions/" + string(never.Question) + ".mp4", "questions/x.mp4", "questions/" + string(answered.Question)} {
		h.wantProblem(h.do(request{method: http.MethodGet, path: "/live/" + place + "/" + path}), http.StatusNotFound, "live.none")
	}
	found := h.do(request{method: http.MethodPost, path: "/api/v1/questions/lookup", body: `{"code":"` + answered.Code + `"}`})
	if !strings.Contains(found.body, `"replay":"`+string(answered.Question)+`"`) {
		t.Errorf("the asker is not told where it is: %s", found.body)
	}
}

// film downloads a movie as browsers do, and lets ffprobe look at it.
func (h *house) film(path, bearer string, seconds float64) {
	h.Helper()
	ask := func(method, path string, header map[string]string) answer {
		r := request{method: method, path: path, header: header, bearer: bearer}
		if bearer != "" {
			r.origin = "-"
		}
		return h.do(r)
	}
	whole := ask(http.MethodGet, path+"?save=1", nil)
	if whole.status != http.StatusOK || whole.header.Get("Content-Type") != "video/mp4" || whole.header.Get("Accept-Ranges") != "bytes" {
		h.Fatalf("%s: got %d %v %.200s", path, whole.status, whole.header, whole.body)
	}
	_, encoded, _ := strings.Cut(whole.header.Get("Content-Disposition"), "filename*=UTF-8''")
	if name, err := url.PathUnescape(encoded); err != nil || !strings.Contains(name, "Đối thoại") || !strings.HasSuffix(name, ".mp4") || !strings.HasPrefix(whole.header.Get("Content-Disposition"), "attachment;") {
		h.Errorf("got %q, %v", whole.header.Get("Content-Disposition"), err)
	}
	etag := whole.header.Get("ETag")
	for _, c := range []struct {
		name, asked, ifRange string
		status               int
		want                 string
	}{
		{"from", "bytes=100-199", "", http.StatusPartialContent, whole.body[100:200]},
		{"to the end", "bytes=1000-", etag, http.StatusPartialContent, whole.body[1000:]},
		{"the last", "bytes=-50", "", http.StatusPartialContent, whole.body[len(whole.body)-50:]},
		{"of another file", "bytes=100-199", `"x"`, http.StatusOK, whole.body},
		{"two", "bytes=1-2,5-6", "", http.StatusOK, whole.body},
		{"behind the end", "bytes=99999999-", "", http.StatusRequestedRangeNotSatisfiable, ""},
	} {
		header := map[string]string{"Range": c.asked}
		if c.ifRange != "" {
			header["If-Range"] = c.ifRange
		}
		got := ask(http.MethodGet, path, header)
		if got.status != c.status || got.body != c.want {
			h.Errorf("%s: got %d and %d bytes, want %d and %d", c.name, got.status, len(got.body), c.status, len(c.want))
		}
	}
	if got := ask(http.MethodHead, path, nil); got.status != http.StatusOK || got.header.Get("Content-Length") != strconv.Itoa(len(whole.body)) {
		h.Errorf("HEAD: got %d %v", got.status, got.header)
	}
	if got := ask(http.MethodGet, path, map[string]string{"If-None-Match": etag}); got.status != http.StatusNotModified {
		h.Errorf("who has it gets %d", got.status)
	}
	file := filepath.Join(h.TempDir(), "film.mp4")
	if err := os.WriteFile(file, []byte(whole.body), 0o600); err != nil {
		h.Fatal(err)
	}
	out, err := exec.CommandContext(h.Context(), "ffprobe", "-v", "error", "-show_entries", "format=duration:stream=codec_name", "-of", "default=nw=1", file).CombinedOutput()
	said := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		said[strings.TrimSpace(line)] = true
	}
	if err != nil || !said["codec_name=h264"] || !said["codec_name=opus"] {
		h.Errorf("ffprobe: %v\n%s", err, out)
	}
	length, _ := time.ParseDuration(strings.TrimPrefix(slices.Collect(maps.Keys(withPrefix(said, "duration=")))[0], "duration=") + "s")
	if length.Seconds() < seconds {
		h.Errorf("%s lasts %v, want at least %.0f s", path, length, seconds)
	}
}

func withPrefix(all map[string]bool, prefix string) map[string]bool {
	return maps.Collect(func(yield func(string, bool) bool) {
		for name := range all {
			if strings.HasPrefix(name, prefix) && !yield(name, true) {
				return
			}
		}
	})
}

// What was on air once and is not for everybody any more is in no chapter and no film.
func TestReplay_whatIsNotForEverybody(t *testing.T) {
	t.Parallel()
	h, dir := newTheatre(t)
	kept := h.approved("Câu còn lại", moderation.VisibilityText)
	withdrawn := h.approved("Câu sẽ rút", moderation.VisibilityText)
	began := time.Now()
	for _, q := range []live.Outcome{withdrawn, kept} {
		h.air(q.Question, moderation.Recall{ID: q.Question})
	}
	h.until("both", func(r *protocol.Replay) bool { return len(r.Questions) == 2 })
	h.must(conference.RoleCitizen, live.WithdrawQuestion{Code: withdrawn.Code})
	tape(t, dir, began.Add(-5*time.Second), time.Now().Add(5*time.Second))
	h.must(conference.RoleAdmin, conference.Close{})
	r := h.until("a recording", func(r *protocol.Replay) bool { return r.Recording.State == protocol.RecordingKept })
	var texts []string
	for _, q := range r.Questions {
		texts = append(texts, q.Question.Text)
	}
	if diff := cmp.Diff([]string{"Câu còn lại"}, texts); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	h.wantProblem(h.do(request{method: http.MethodGet, path: "/live/" + place + "/questions/" + string(withdrawn.Question) + ".mp4"}), http.StatusNotFound, "live.none")
	// A conference that is not public is for those who may watch it.
	private := "/api/v1/conferences/" + other + "/replay"
	theirs := func(g *access.Grant) { g.Conference = other }
	h.wantProblem(h.do(request{method: http.MethodGet, path: private, origin: "-"}), http.StatusUnauthorized, "session.unknown")
	h.wantProblem(h.do(request{method: http.MethodGet, path: private, bearer: h.token(conference.RoleStage), origin: "-"}), http.StatusForbidden, "access.denied")
	// Staff too are shown there what everybody may read, and no more of it.
	asked := h.mustIn(other, conference.RoleCitizen, live.SubmitQuestion{IdempotencyKey: access.NewID(), Body: "Câu nội bộ", Topic: "cap-giay-lan-dau", Channel: moderation.ChannelWeb})
	for _, step := range []struct {
		role conference.Role
		body conference.Body
		want bool
	}{
		{conference.RoleModerator, moderation.ClaimCard{ID: asked.Question}, false},
		{conference.RoleModerator, moderation.Approve{ID: asked.Question}, false},
		{conference.RoleStage, moderation.Queue{ID: asked.Question}, false},
		{conference.RoleStage, moderation.Air{ID: asked.Question}, true},
		{conference.RoleStage, moderation.Recall{ID: asked.Question}, true},
		{conference.RoleCitizen, live.WithdrawQuestion{Code: asked.Code}, false},
	} {
		h.mustIn(other, step.role, step.body)
		got := h.do(request{method: http.MethodGet, path: private, bearer: h.token(conference.RoleStage, theirs), origin: "-"})
		if got.status != http.StatusOK || got.header.Get("Cache-Control") != "no-store" || strings.Contains(got.body, "Câu nội bộ") != step.want || strings.Contains(got.body, `"channel"`) {
			t.Errorf("after %s: got %d %v %s, want it shown: %t", step.body.CommandType(), got.status, got.header, got.body, step.want)
		}
	}
	h.wantProblem(h.do(request{method: http.MethodGet, path: "/live/" + other + "/recording.mp4", bearer: h.token(conference.RoleStage, theirs), origin: "-"}), http.StatusConflict, "live.not_over")
}

// So many films at a time and no more, for an address and for all.
func TestMovies_atATime(t *testing.T) {
	t.Parallel()
	h, dir := newTheatre(t)
	tape(t, dir, time.Now(), time.Now().Add(5*time.Second))
	h.must(conference.RoleAdmin, conference.Close{})
	r := h.until("a recording", func(r *protocol.Replay) bool { return r.Recording.State == protocol.RecordingKept })
	ends := h.server.HoldMovies()
	busy := h.do(request{method: http.MethodGet, path: r.Recording.MP4})
	h.wantProblem(busy, http.StatusServiceUnavailable, "live.busy")
	if busy.header.Get("Retry-After") == "" {
		t.Error("nobody says when to come back")
	}
	ends()
	if got := h.do(request{method: http.MethodGet, path: r.Recording.MP4}); got.status != http.StatusOK {
		t.Errorf("got %d when there is room", got.status)
	}
}
