package signaling_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/diemcau/diemcau/internal/access"
	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/moderation"
	"github.com/diemcau/diemcau/sfu/floor"
)

// fakeConference is a conference without rules and log, so that tests can say exactly
// which changes come when.
type fakeConference struct {
	mu        sync.Mutex // guards all below
	epoch     string
	kept      int // changes kept; older ones are a gap
	info      *conference.Info
	questions map[conference.QuestionID]*moderation.Question
	order     []conference.QuestionID
	queue     []conference.QuestionID
	onAir     conference.QuestionID
	changes   []live.Change
	more      chan struct{}
	votes     map[conference.QuestionID]int
	votedAt   uint64
	do        func(context.Context, conference.Command) (live.Outcome, error)
}

const fakeID conference.ID = "hue"

func start() time.Time { return time.Date(2022, 10, 28, 1, 0, 0, 0, time.UTC) }

func newFakeConference() *fakeConference {
	return &fakeConference{
		epoch: "a1", kept: 4096,
		info: &conference.Info{
			ID: fakeID, Title: "Đối thoại", State: conference.StateOpen, Public: true, StartsAt: start(),
			Venues:  []conference.Venue{{ID: "main", Name: "UBND", Main: true}, {ID: "phu-loc", Name: "Phú Lộc"}},
			Topics:  []conference.Topic{{ID: "land", Name: "Đất đai"}},
			Reasons: conference.DefaultReasons(),
		},
		questions: map[conference.QuestionID]*moderation.Question{},
		more:      make(chan struct{}),
	}
}

func (f *fakeConference) cursor(position uint64) string {
	return fmt.Sprintf("%s.%d.%08x", f.epoch, position, position*2654435761)
}

// put makes one change: a question in a state.
func (f *fakeConference) put(id conference.QuestionID, state moderation.State, text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	position := uint64(len(f.changes)) + 1
	before := f.questions[id]
	at := start().Add(time.Duration(position) * time.Second)
	q := &moderation.Question{
		ID: id, State: state, Version: position, Topic: "land", Channel: moderation.ChannelWeb,
		Body: text, SubmittedAt: at, ChangedAt: at,
	}
	if before == nil {
		f.order = append(f.order, id)
	} else {
		q.SubmittedAt = before.SubmittedAt
	}
	f.questions[id] = q
	f.add(live.Change{
		Event:    conference.Event{Position: position, Type: "question." + string(state), V: 1, At: at},
		Question: q, Previous: before, OnAir: f.onAir,
	})
}

// add appends a change and wakes who waits; f.mu is held.
func (f *fakeConference) add(c live.Change) {
	c.Event.Position = uint64(len(f.changes)) + 1
	c.Cursor = f.cursor(c.Event.Position)
	f.changes = append(f.changes, c)
	close(f.more)
	f.more = make(chan struct{})
}

// restore begins a new epoch with an empty history, as after a restored backup.
func (f *fakeConference) restore(epoch string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.epoch, f.changes, f.order = epoch, nil, nil
	f.questions = map[conference.QuestionID]*moderation.Question{}
	close(f.more)
	f.more = make(chan struct{})
}

// rollBack begins a new epoch whose history is as long as the old one, but without words.
func (f *fakeConference) rollBack(epoch string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.epoch, f.order = epoch, nil
	f.questions = map[conference.QuestionID]*moderation.Question{}
	changes := make([]live.Change, len(f.changes))
	for i := range changes {
		event := conference.Event{Position: uint64(i) + 1, Type: "log.rolledBack", V: 1, At: start()}
		changes[i] = live.Change{Event: event, Cursor: f.cursor(event.Position)}
	}
	f.changes = changes
	close(f.more)
	f.more = make(chan struct{})
}

func (f *fakeConference) Snapshot() *live.Snapshot {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := &live.Snapshot{
		Position: uint64(len(f.changes)), Cursor: f.cursor(uint64(len(f.changes))),
		Info: f.info, Queue: f.queue, OnAir: f.onAir, At: start(),
		Floor: &floor.Floor{Main: "main"},
	}
	for _, v := range f.info.Venues {
		s.Venues = append(s.Venues, &floor.Venue{ID: v.ID, State: floor.StateOffline})
	}
	for _, id := range f.order {
		s.Questions = append(s.Questions, f.questions[id])
	}
	return s
}

func (f *fakeConference) Since(after uint64) ([]live.Change, <-chan struct{}, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	end := uint64(len(f.changes))
	if after > end || end-after > uint64(f.kept) {
		return nil, nil, live.ErrGap
	}
	out := f.changes[after:min(end, after+1024)]
	return append([]live.Change(nil), out...), f.more, nil
}

// Similar finds the questions with the very words.
func (f *fakeConference) Similar(words string, _ int) []live.Likeness {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []live.Likeness
	for _, id := range f.order {
		if q := f.questions[id]; q.Body == words {
			out = append(out, live.Likeness{Question: q, Score: 1})
		}
	}
	return out
}

func (f *fakeConference) Votes(after uint64) (map[conference.QuestionID]int, uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.votedAt == after {
		return nil, after
	}
	return f.votes, f.votedAt
}

// vote gives the next position and new totals; no event comes of it.
func (f *fakeConference) vote(totals map[conference.QuestionID]int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.votes = totals
	f.votedAt++
}

func (f *fakeConference) Resume(cursor string) (uint64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	parts := strings.Split(cursor, ".")
	if len(parts) != 3 {
		return 0, live.ErrGap
	}
	position, err := strconv.ParseUint(parts[1], 10, 64)
	if err != nil || position > uint64(len(f.changes)) || f.cursor(position) != cursor ||
		uint64(len(f.changes))-position > uint64(f.kept) {
		return 0, live.ErrGap
	}
	return position, nil
}

func (f *fakeConference) Do(ctx context.Context, command conference.Command) (live.Outcome, error) {
	f.mu.Lock()
	do := f.do
	f.mu.Unlock()
	if do == nil {
		return live.Outcome{}, nil
	}
	return do(ctx, command)
}

func (f *fakeConference) handle(do func(context.Context, conference.Command) (live.Outcome, error)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.do = do
}

func (f *fakeConference) Standing(code string) (live.Standing, error) {
	return f.StandingOf(conference.QuestionID(strings.ToLower(strings.TrimPrefix(code, "CODE-"))))
}

func (f *fakeConference) StandingOf(id conference.QuestionID) (live.Standing, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	q := f.questions[id]
	if q == nil {
		return live.Standing{}, conference.Refuse(conference.KindNotFound, "question.unknown_code", "")
	}
	return live.Standing{Conference: f.info.ID, Code: "CODE-" + string(id), Question: q, Ahead: -1}, nil
}

// fakeGate knows sessions by cookie.
type fakeGate struct {
	mu       sync.Mutex // guards sessions and err
	sessions map[string]access.Session
	err      error
	revoked  chan string
}

func newFakeGate() *fakeGate {
	return &fakeGate{sessions: map[string]access.Session{}, revoked: make(chan string, 16)}
}

func (g *fakeGate) add(role conference.Role, venue conference.VenueID, ref string) (cookie string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	cookie = "cookie-" + ref
	g.sessions[cookie] = access.Session{Ref: ref, Conference: fakeID, Role: role, Venue: venue, Person: "Nguyễn Văn A"}
	return cookie
}

func (g *fakeGate) drop(cookie string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.sessions, cookie)
}

func (g *fakeGate) Session(_ context.Context, cookie string) (*access.Session, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.err != nil {
		return nil, g.err
	}
	s, ok := g.sessions[cookie]
	if !ok {
		return nil, conference.Refuse(conference.KindUnauthorised, "session.unknown", "")
	}
	return &s, nil
}

func (g *fakeGate) Revoked(ctx context.Context) (<-chan string, error) {
	out := make(chan string)
	go func() {
		defer close(out)
		for {
			select {
			case ref := <-g.revoked:
				select {
				case out <- ref:
				case <-ctx.Done():
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	return out, nil
}

func mustJSON(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(data)
}
