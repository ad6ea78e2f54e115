package signaling_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"testing"
	"time"

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
	return runningIn(tb, tb.TempDir())
}

// runningIn is running on the log in a folder; it stops with the test.
func runningIn(tb testing.TB, folder string) *live.Conference {
	tb.Helper()
	conf, stop, err := openConference(context.Background(), folder)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := stop(); err != nil {
			tb.Error(err)
		}
	})
	return conf
}

// openConference starts a node on the log in a folder, and makes and opens the conference
// unless it is there. stop ends the node.
func openConference(ctx context.Context, folder string) (conf *live.Conference, stop func() error, err error) {
	quiet := slog.New(slog.DiscardHandler)
	store, err := sqlitelog.Open(ctx, folder, quiet)
	if err != nil {
		return nil, nil, err
	}
	node := live.New(live.Config{Store: store, Secret: secret.New(bytes.Repeat([]byte{9}, 32)), Logger: quiet, Now: time.Now})
	running, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- node.Run(running) }()
	stop = func() error {
		cancel()
		return errors.Join(<-ended, store.Close())
	}
	for node.Opened() != nil { // it has no signal: who needs one asks /readyz
		runtime.Gosched()
	}
	admin := conference.Actor{Role: conference.RoleAdmin, Session: "admin"}
	if conf, err = node.Conference(fakeID); err == nil {
		return conf, stop, nil
	}
	info := *newFakeConference().info
	info.State = ""
	if err = node.Create(ctx, admin, info); err == nil {
		conf, err = node.Conference(fakeID)
	}
	if err == nil {
		_, err = conf.Do(ctx, conference.Command{ID: rand.Text(), Actor: admin, Body: conference.Open{}})
	}
	if err != nil {
		return nil, nil, errors.Join(err, stop())
	}
	return conf, stop, nil
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
