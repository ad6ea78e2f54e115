package signaling_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	mrand "math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog/sqlitelog"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/internal/secret"
	"github.com/diemcau/diemcau/moderation"
	"github.com/diemcau/diemcau/signaling/protocol"
)

// running starts a real conference on a real log, opened.
func running(tb testing.TB) *live.Conference {
	tb.Helper()
	quiet := slog.New(slog.DiscardHandler)
	store, err := sqlitelog.Open(context.Background(), tb.TempDir(), quiet)
	if err != nil {
		tb.Fatal(err)
	}
	node := live.New(live.Config{Store: store, Secret: secret.New(bytes.Repeat([]byte{9}, 32)), Logger: quiet, Now: time.Now})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- node.Run(ctx) }()
	tb.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			tb.Errorf("node: %v", err)
		}
		if err := store.Close(); err != nil {
			tb.Error(err)
		}
	})
	for node.Opened() != nil { // it has no signal: who needs one asks /readyz
		runtime.Gosched()
	}
	admin := conference.Actor{Role: conference.RoleAdmin, Session: "admin"}
	info := *newFakeConference().info
	info.State = ""
	if err := node.Create(context.Background(), admin, info); err != nil {
		tb.Fatal(err)
	}
	c, err := node.Conference(fakeID)
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := c.Do(context.Background(), conference.Command{ID: rand.Text(), Actor: admin, Body: conference.Open{}}); err != nil {
		tb.Fatal(err)
	}
	return c
}

func submission(key, text string) protocol.QuestionSubmit {
	return protocol.QuestionSubmit{IdempotencyKey: key, Body: text, Topic: "land"}
}

// cutter is a conference whose answers are held back, so that the socket can be cut
// between what was made durable and its answer.
type cutter struct {
	*live.Conference
	durable chan struct{}
	goOn    chan struct{}
}

func (c *cutter) Do(ctx context.Context, command conference.Command) (live.Outcome, error) {
	outcome, err := c.Conference.Do(ctx, command)
	c.durable <- struct{}{}
	<-c.goOn
	return outcome, err
}

// TestJ5_SocketCutDuringSubmission: the socket is cut after the question was written and
// before the answer; a new socket without cookie repeats the key and gets the code; there
// is one question; the same key with another text is refused.
func TestJ5_SocketCutDuringSubmission(t *testing.T) {
	t.Parallel()
	conf := running(t)
	cut := &cutter{Conference: conf, durable: make(chan struct{}), goOn: make(chan struct{})}
	cutting := serve(t, cut)
	key := rand.Text()
	p := cutting.join(conference.RoleCitizen, "", "")
	p.snapshot()
	p.send(protocol.ClientMessage{
		Type: "command", ID: commandID(), Name: "question.submit",
		Data: json.RawMessage(mustJSON(submission(key, "Bao giờ cấp sổ?"))),
	})
	<-cut.durable
	_ = p.ws.Close()
	close(cut.goOn)

	h := serve(t, conf)
	var codes []string
	for range 3 { // new sockets, new command ids, the same key
		p := h.join(conference.RoleCitizen, "", "")
		p.snapshot()
		r := p.command(commandID(), "question.submit", submission(key, "Bao giờ cấp sổ?"))
		if r.OK == nil || r.OK.Code == "" || r.OK.State != moderation.StatePending {
			t.Fatalf("got %s", mustJSON(r))
		}
		codes = append(codes, r.OK.Code)
		r = p.command(commandID(), "question.submit", submission(key, "Một câu khác"))
		if r.Error == nil || r.Error.Code != "idempotency_mismatch" || r.Error.Message == "" {
			t.Errorf("got %s, want idempotency_mismatch", mustJSON(r))
		}
	}
	if codes[0] != codes[1] || codes[1] != codes[2] {
		t.Errorf("got codes %v, want one", codes)
	}
	if got := conf.Snapshot().Questions; len(got) != 1 {
		t.Errorf("got %d questions, want 1", len(got))
	}
	p = h.join(conference.RoleCitizen, "", "")
	p.snapshot()
	p.send(protocol.ClientMessage{Type: "follow", Code: codes[0]})
	if s := p.want("standing").Standing; s.Body != "Bao giờ cấp sổ?" || s.Code != codes[0] {
		t.Errorf("got %+v", s)
	}
}

// TestJ4_TwoModeratorsRaceOverSockets: five questions, two moderators who claim and
// approve all of them at once; each is decided once, the loser is told why and sees the
// question as it is, and a repeated command gets its first answer.
func TestJ4_TwoModeratorsRaceOverSockets(t *testing.T) {
	t.Parallel()
	conf := running(t)
	h := serve(t, conf)
	phone := h.join(conference.RoleCitizen, "", "")
	phone.snapshot()
	var questions []string
	for i := range 5 {
		r := phone.command(commandID(), "question.submit", submission(rand.Text(), fmt.Sprintf("Câu %d", i)))
		if r.OK == nil {
			t.Fatalf("got %s", mustJSON(r))
		}
		questions = append(questions, r.OK.Question)
	}
	var wg sync.WaitGroup
	approved := make([][]string, 2)
	for who := range 2 {
		p := h.dial("dc.moderator=" + h.gate.add(conference.RoleModerator, "", fmt.Sprintf("mod-%d", who)))
		p.hello(protocol.Hello{Protocols: []int{1}, Role: conference.RoleModerator})
		p.snapshot()
		wg.Go(func() {
			for _, id := range questions {
				claim := commandID()
				r := p.command(claim, "question.claim", protocol.QuestionRef{ID: id})
				if again := p.command(claim, "question.claim", protocol.QuestionRef{ID: id}); (again.OK == nil) != (r.OK == nil) {
					t.Errorf("repeated claim got %s after %s", mustJSON(again), mustJSON(r))
				}
				if r.OK == nil {
					if r.Error.Kind != conference.KindConflict || r.Error.Question == nil || r.Error.Question.ID != id {
						t.Errorf("loser got %s", mustJSON(r))
					}
				}
				approve := p.command(commandID(), "question.approve", protocol.QuestionApprove{ID: id})
				if (approve.OK == nil) != (r.OK == nil) {
					t.Errorf("approve got %s after claim %s", mustJSON(approve), mustJSON(r))
				}
				if approve.OK != nil {
					approved[who] = append(approved[who], id)
				}
			}
		})
	}
	wg.Wait()
	if got := len(approved[0]) + len(approved[1]); got != len(questions) {
		t.Errorf("%d approvals of %d questions", got, len(questions))
	}
	for _, q := range conf.Snapshot().Questions {
		if q.State != moderation.StateApproved {
			t.Errorf("question %s is %s", q.ID, q.State)
		}
	}
	var seen []string
	for _, e := range phone.events(len(questions)) {
		seen = append(seen, e.Question.ID)
	}
	if len(seen) != len(questions) {
		t.Errorf("the phone saw %v", seen)
	}
}

// TestQ5_NothingLostNothingTwice: clients of several roles are cut at random while a
// real conference runs; what each has read in the end is what the log holds for its
// role, and what they hold is what a fresh snapshot shows.
func TestQ5_NothingLostNothingTwice(t *testing.T) {
	t.Parallel()
	conf := running(t)
	h := serve(t, conf)
	last := conf.Snapshot().Position
	roles := []conference.Role{conference.RoleCitizen, conference.RoleModerator, conference.RoleScreen, conference.RoleStage}
	const clients, steps = 200, 60
	done := make(chan struct{})
	var wg sync.WaitGroup
	held := make([]*mirror, clients)
	for i := range clients {
		role := roles[i%len(roles)]
		cookie := ""
		if role != conference.RoleCitizen {
			cookie = "dc." + string(role) + "=" + h.gate.add(role, "", fmt.Sprintf("s%d", i))
		}
		held[i] = newMirror(t, h, role, cookie, uint64(i))
		held[i].connect()
		wg.Go(func() { held[i].follow(done) })
	}
	act(t, conf, steps)
	close(done)
	wg.Wait()
	end := conf.Snapshot()
	for i, m := range held {
		m.readTo(end.Cursor)
		fresh := newMirror(t, h, m.role, m.cookie, 99)
		fresh.connect()
		fresh.readTo(end.Cursor) // a snapshot may be 250 ms old; the events follow
		if diff := cmp.Diff(fresh.view, m.view); diff != "" {
			t.Errorf("client %d (%s) holds something else than a snapshot (-snapshot +held):\n%s", i, m.role, diff)
		}
		if diff := cmp.Diff(logged(t, conf, last, m.role), m.texts); diff != "" {
			t.Errorf("client %d (%s) (-log +read):\n%s", i, m.role, diff)
		}
	}
}

// act lets questions live through the rules.
func act(t *testing.T, conf *live.Conference, steps int) {
	t.Helper()
	moderator := conference.Actor{Role: conference.RoleModerator, Session: "m", Person: "Lan"}
	stage := conference.Actor{Role: conference.RoleStage, Session: "s", Person: "Hùng"}
	do := func(actor conference.Actor, body conference.Body) live.Outcome {
		outcome, err := conf.Do(context.Background(), conference.Command{ID: rand.Text(), Actor: actor, Body: body})
		if err != nil {
			t.Errorf("%s: %v", body.CommandType(), err)
		}
		return outcome
	}
	for i := range steps {
		q := do(conference.Actor{Role: conference.RoleCitizen}, live.SubmitQuestion{
			IdempotencyKey: rand.Text(), Body: fmt.Sprintf("Câu %d", i), Topic: "land", Channel: moderation.ChannelWeb,
		})
		id := q.Question
		do(moderator, moderation.ClaimCard{ID: id})
		switch i % 4 {
		case 0:
			do(moderator, moderation.Refuse{ID: id, Reason: "offTopic"})
		case 1:
			do(moderator, moderation.Approve{ID: id, Short: "Ngắn"})
			do(conference.Actor{Role: conference.RoleCitizen}, live.WithdrawQuestion{Code: q.Code})
		case 2:
			do(moderator, moderation.Approve{ID: id})
			do(stage, moderation.Queue{ID: id})
		case 3:
			do(moderator, moderation.Approve{ID: id})
			do(stage, moderation.Queue{ID: id})
			do(stage, moderation.Air{ID: id})
			do(stage, moderation.Answer{ID: id, None: true})
		}
	}
}

// logged is what the log holds for a role, one line an event.
func logged(t *testing.T, conf *live.Conference, after uint64, role conference.Role) []string {
	t.Helper()
	var out []string
	public := map[moderation.State]bool{
		moderation.StateApproved: true, moderation.StateQueued: true, moderation.StateStaged: true,
		moderation.StateOnAir: true, moderation.StateAnswered: true,
	}
	staff := role == conference.RoleModerator || role == conference.RoleStage
	for {
		changes, _, err := conf.Since(after)
		if err != nil {
			t.Fatal(err)
		}
		if len(changes) == 0 {
			return out
		}
		for _, c := range changes {
			after = c.Event.Position
			switch {
			case c.Question == nil:
			case staff || public[c.Question.State]:
				out = append(out, fmt.Sprintf("%s %s", c.Question.ID, c.Question.State))
			case c.Previous != nil && public[c.Previous.State]:
				out = append(out, fmt.Sprintf("%s gone", c.Question.ID))
			}
		}
	}
}

// mirror is a client that is cut at random and comes back with its cursor.
type mirror struct {
	t      *testing.T
	h      *harness
	role   conference.Role
	cookie string
	random *mrand.Rand
	p      *peer
	view   view
	texts  []string
}

// view is what a client holds.
type view struct {
	Questions map[string]protocol.Question
	Queue     []string
	OnAir     string
}

func newMirror(t *testing.T, h *harness, role conference.Role, cookie string, seed uint64) *mirror {
	t.Helper()
	return &mirror{t: t, h: h, role: role, cookie: cookie, random: mrand.New(mrand.NewPCG(seed, 7))}
}

func (m *mirror) connect() {
	m.t.Helper()
	cursor := ""
	if m.p != nil {
		cursor = m.p.cursor
	}
	m.p = m.h.dial(m.cookie)
	m.p.hello(protocol.Hello{Protocols: []int{1}, Role: m.role, Cursor: cursor})
	if cursor != "" {
		if !m.p.welcome.Resumed {
			m.t.Errorf("%s was not resumed at %s", m.role, cursor)
		}
		return
	}
	s := m.p.snapshot()
	m.view = view{Questions: map[string]protocol.Question{}, Queue: s.Queue, OnAir: s.OnAir}
	for _, q := range s.Questions {
		m.view.Questions[q.ID] = q
	}
}

// follow reads until done, cutting its own socket now and then.
func (m *mirror) follow(done <-chan struct{}) {
	for {
		select {
		case <-done:
			return
		default:
		}
		if m.random.IntN(40) == 0 {
			_ = m.p.ws.Close()
			m.connect()
			continue
		}
		m.one()
	}
}

func (m *mirror) readTo(cursor string) {
	for m.p.cursor != cursor {
		m.one()
	}
}

// one takes one message.
func (m *mirror) one() {
	m.t.Helper()
	got, err := m.p.read()
	if err != nil {
		m.t.Fatalf("%s: %v", m.role, err)
	}
	if got.Events == nil {
		return
	}
	for _, e := range got.Events.Events {
		if e.Question != nil {
			m.view.Questions[e.Question.ID] = *e.Question
			m.texts = append(m.texts, fmt.Sprintf("%s %s", e.Question.ID, e.Question.State))
		}
		if e.Gone != "" {
			delete(m.view.Questions, e.Gone)
			m.texts = append(m.texts, e.Gone+" gone")
		}
		if e.Queue != nil {
			m.view.Queue = *e.Queue
		}
		if e.OnAir != nil {
			m.view.OnAir = *e.OnAir
		}
	}
}
