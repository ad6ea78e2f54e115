package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"net/http"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/diemcau/diemcau/internal/access"
	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/internal/livestream"
	"github.com/diemcau/diemcau/internal/replay"
	"github.com/diemcau/diemcau/moderation"
	"github.com/diemcau/diemcau/signaling"
	"github.com/diemcau/diemcau/signaling/protocol"
)

// How long a replay may be answered as it was, by this node and by caches, in seconds.
const (
	replayFor     = time.Second
	replayAge     = 5
	replayAgeDone = 60
)

// replays are the answers to everybody, as they were last made.
type replays struct {
	mu   sync.Mutex // guards last
	last map[conference.ID]*replayed
}

// replayed is an answer and what it was made of. Nobody changes it.
type replayed struct {
	cursor    string
	recording *livestream.Recording
	made      time.Time
	body      []byte
	etag      string
}

// replay tells what was on air when: GET /api/v1/conferences/{conference}/replay →
// protocol.Replay. It is open as the programme is.
func (s *Server) replay(c echo.Context) error {
	running, info, err := s.info(c)
	if err != nil {
		return err
	}
	header := c.Response().Header()
	if !info.Public {
		actor, err := s.authorise(c, info.ID, access.ActionMediaWatch)
		if err != nil {
			return err
		}
		return answer(c, http.StatusOK, s.replayFor(running, s.recording(info), actor.Role))
	}
	r, err := s.replayed(running, info)
	if err != nil {
		return err
	}
	age := replayAge
	if info.State == conference.StateClosed {
		age = replayAgeDone
	}
	header.Set("Cache-Control", fmt.Sprintf("public, max-age=%d", age))
	header.Set("ETag", r.etag)
	header.Set(echo.HeaderContentType, "application/json; charset=utf-8")
	http.ServeContent(c.Response(), c.Request(), "", time.Time{}, bytes.NewReader(r.body))
	return nil
}

// replayed returns the answer to everybody: made anew at most once a second, and only when
// something has changed.
func (s *Server) replayed(running *live.Conference, info *conference.Info) (*replayed, error) {
	cursor, recording, now := running.Snapshot().Cursor, s.recording(info), s.cfg.Now()
	s.replays.mu.Lock()
	last := s.replays.last[info.ID]
	s.replays.mu.Unlock()
	if last != nil && (last.cursor == cursor && last.recording == recording || now.Sub(last.made).Abs() < replayFor) {
		return last, nil
	}
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(s.replayFor(running, recording, conference.RoleCitizen)); err != nil {
		return nil, fmt.Errorf("encode the replay: %w", err)
	}
	h := fnv.New64a()
	_, _ = h.Write(body.Bytes()) // never fails
	r := &replayed{cursor: cursor, recording: recording, made: now, body: body.Bytes(), etag: fmt.Sprintf(`"%016x"`, h.Sum64())}
	s.replays.mu.Lock()
	s.replays.last[info.ID] = r
	s.replays.mu.Unlock()
	return r, nil
}

// recording returns what is kept here of a conference; nil: nothing.
func (s *Server) recording(info *conference.Info) *livestream.Recording {
	if s.cfg.Livestream == nil {
		return nil
	}
	return s.cfg.Livestream.Recording(info)
}

// replayFor puts together what was on air and what was kept.
func (s *Server) replayFor(running *live.Conference, recording *livestream.Recording, role conference.Role) protocol.Replay {
	snapshot, story := running.Snapshot(), running.Story()
	info := snapshot.Info
	p := places{recording: recording, live: info.State == conference.StateOpen, removed: running.Recording().RemovedAt}
	out := protocol.Replay{
		Conference: signaling.Shown(info), Recording: p.tell(info),
		Questions: []protocol.ReplayQuestion{}, Turns: []protocol.ReplayTurn{},
	}
	questions := make(map[conference.QuestionID]*moderation.Question, len(snapshot.Questions))
	for _, q := range snapshot.Questions {
		questions[q.ID] = q
	}
	at := map[conference.QuestionID]int{}
	for _, a := range story.Airings {
		i, listed := at[a.Question]
		if !listed {
			view, ok := signaling.Replayed(role, info, questions[a.Question])
			if !ok {
				continue
			}
			i = len(out.Questions)
			at[a.Question] = i
			out.Questions = append(out.Questions, protocol.ReplayQuestion{Question: view})
		}
		q := &out.Questions[i]
		moment, kept := p.moment(a.Span)
		q.Moments = append(q.Moments, moment)
		if kept && !a.Until.IsZero() {
			q.MP4 = moviePath(info.ID, "questions/"+string(a.Question))
		}
	}
	for _, t := range story.Turns {
		moment, _ := p.moment(t.Span)
		out.Turns = append(out.Turns, protocol.ReplayTurn{Venue: string(t.Venue), Moment: moment})
	}
	return out
}

// places finds what was on air in a recording.
type places struct {
	recording *livestream.Recording // nil: nothing was kept
	live      bool
	removed   time.Time
}

// tell describes the recording.
func (p *places) tell(info *conference.Info) protocol.Recording {
	switch {
	case p.live:
		return protocol.Recording{State: protocol.RecordingLive}
	case p.recording == nil && !p.removed.IsZero():
		return protocol.Recording{State: protocol.RecordingRemoved, RemovedAt: p.removed.UTC().Format(time.RFC3339)}
	case p.recording == nil || info.State != conference.StateClosed:
		return protocol.Recording{State: protocol.RecordingNone}
	}
	out := protocol.Recording{
		State: protocol.RecordingKept, URL: livePath + string(info.ID) + "/" + livestream.IndexName, MP4: moviePath(info.ID, "recording"),
	}
	for _, stretch := range p.recording.Stretches() {
		out.Stretches = append(out.Stretches, protocol.Stretch{
			At: stretch.At, FromMs: stretch.Offset.Milliseconds(), LengthMs: stretch.Length.Milliseconds(),
		})
		out.LengthMs = (stretch.Offset + stretch.Length).Milliseconds()
	}
	return out
}

// moment tells when something was on air and where that is; kept: some of it was.
func (p *places) moment(s replay.Span) (m protocol.Moment, kept bool) {
	m.At = s.From
	if !s.Until.IsZero() {
		m.Until = s.Until.UTC().Format(time.RFC3339Nano)
	}
	if p.recording == nil {
		return m, false
	}
	begins, ends, kept := p.recording.Place(livestream.Span(s))
	if kept && !p.live { // what is live has no beginning that a player could count from
		from, to := begins.Milliseconds(), ends.Milliseconds()
		m.FromMs, m.ToMs = &from, &to
	}
	return m, kept
}
