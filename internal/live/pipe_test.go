package live_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/moderation"
)

// slowLog holds every append until it is let go.
type slowLog struct {
	*faultyLog
	held    chan struct{} // receives when an append has come
	release chan struct{}
}

// startSlow starts a node whose appends are held once hold is called.
func startSlow(t *testing.T, store eventlog.Store) (*live.Conference, *slowLog) {
	t.Helper()
	log := &slowLog{&faultyLog{}, make(chan struct{}), make(chan struct{})}
	node := live.New(live.Config{
		Store: &faultyStore{Store: store, log: log.faultyLog}, Secret: masterKey(7), Logger: slog.New(slog.DiscardHandler), Now: time.Now,
	})
	runNode(t, node)
	return conferenceOn(t, node), log
}

func (l *slowLog) hold() {
	l.set(func(through appendFunc) appendFunc {
		return func(ctx context.Context, seen eventlog.Position, commands []eventlog.Command) ([]eventlog.Result, eventlog.Position, error) {
			if len(commands) > 0 {
				l.held <- struct{}{}
				<-l.release
			}
			return through(ctx, seen, commands)
		}
	}, nil)
}

type settledAs struct {
	live.Outcome
	err error
}

func (l *slowLog) give(c *live.Conference, actor conference.Actor, body conference.Body) <-chan settledAs {
	answer := make(chan settledAs, 1)
	go func() { // ends with the answer, which every test waits for
		outcome, err := c.Do(context.Background(), conference.Command{ID: rand.Text(), Actor: actor, Body: body})
		answer <- settledAs{outcome, err}
	}()
	return answer
}

// giveAhead gives a command while an append is under way, and returns when it is decided.
func (l *slowLog) giveAhead(c *live.Conference, actor conference.Actor, body conference.Body) <-chan settledAs {
	before := live.Decided(c)
	answer := l.give(c, actor, body)
	live.WaitDecided(c, before+1)
	return answer
}

// TestQ8_AheadIsNotDurable: what is decided ahead, on what is still being written, is
// neither shown nor acknowledged, though the batch before it was.
func TestQ8_AheadIsNotDurable(t *testing.T) {
	t.Parallel()
	c, log := startSlow(t, newStore(t))
	log.hold()
	first := log.give(c, citizen, question(rand.Text(), "Câu thứ nhất"))
	<-log.held
	second := log.giveAhead(c, citizen, question(rand.Text(), "Câu thứ hai"))
	wantQuestions(t, c, 0)
	log.release <- struct{}{}
	if a := <-first; a.err != nil || a.Position == 0 {
		t.Errorf("first: %+v", a)
	}
	<-log.held
	wantQuestions(t, c, 1)
	log.set(failing(eventlog.ErrUnavailable), nil)
	third := log.giveAhead(c, citizen, question(rand.Text(), "Câu thứ ba"))
	log.release <- struct{}{}
	if a := <-second; a.err != nil || a.Position == 0 {
		t.Errorf("second: %+v", a)
	}
	if a := <-third; !isKind(a.err, conference.KindUnavailable) {
		t.Errorf("third, which was never written: %+v", a)
	}
	wantQuestions(t, c, 2)
}

// TestQ8_AheadOfAStaleBatch: a claim is under way and the approval that rests on it is
// decided ahead, when another node claims the question. The versions the approval checks
// are then the expected ones, so only deciding again can refuse it.
func TestQ8_AheadOfAStaleBatch(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	c, log := startSlow(t, store)
	other, _ := startNode(t, store)
	id := ask(t, c, "Ai duyệt câu này?").Question
	log.hold()
	claim := log.give(c, lan, moderation.ClaimCard{ID: id})
	<-log.held
	approval := log.giveAhead(c, lan, moderation.Approve{ID: id})
	must(t, conferenceOn(t, other), minh, moderation.ClaimCard{ID: id})
	log.set(nil, nil)
	log.release <- struct{}{}
	for name, answer := range map[string]<-chan settledAs{"claim": claim, "approval": approval} {
		if a := <-answer; !errors.Is(a.err, &conference.Error{Code: "question.claimed_by_other"}) {
			t.Errorf("%s: got %+v, want question.claimed_by_other", name, a)
		}
	}
	if q := c.Snapshot().Questions[0]; q.State != moderation.StateClaimed || q.Claim.Session != minh.Session {
		t.Errorf("question is %s, held by %+v; want claimed by %s", q.State, q.Claim, minh.Session)
	}
}

// TestM8_ManyAtOnceShareAppends: a table's rows are written in their order by few appends;
// a row that is refused, or stands there twice, is answered for itself.
func TestM8_ManyAtOnceShareAppends(t *testing.T) {
	t.Parallel()
	c, log := startFaulty(t)
	var appends atomic.Int32
	log.set(func(through appendFunc) appendFunc {
		return func(ctx context.Context, seen eventlog.Position, commands []eventlog.Command) ([]eventlog.Result, eventlog.Position, error) {
			if len(commands) > 0 {
				appends.Add(1)
			}
			return through(ctx, seen, commands)
		}
	}, nil)
	const rows = 64
	commands := make([]conference.Command, rows, rows+3)
	for n := range commands {
		commands[n] = conference.Command{ID: rand.Text(), Actor: admin, Body: question(rand.Text(), fmt.Sprint("Câu ", n))}
	}
	twice := commands[3]
	twice.ID = rand.Text()
	commands = append(commands, twice,
		conference.Command{ID: rand.Text(), Actor: admin, Body: question("short", "Khóa ngắn")},
		conference.Command{ID: rand.Text(), Actor: lan, Body: moderation.ClaimCard{ID: "none"}})
	results := c.SubmitAll(t.Context(), commands)
	for n, q := range c.Snapshot().Questions {
		if want := fmt.Sprint("Câu ", n); results[n].Err != nil || q.Body != want || results[n].Outcome.Code == "" {
			t.Fatalf("question %d: got %q and %+v, want %q", n, q.Body, results[n], want)
		}
	}
	wantQuestions(t, c, rows)
	if got := results[rows]; got.Err != nil || !got.Outcome.Repeated || got.Outcome.Code != results[3].Outcome.Code {
		t.Errorf("the row that stands there twice: got %+v", got)
	}
	for n, code := range []string{"question.bad_key", "command.unknown"} {
		if err := results[rows+1+n].Err; !errors.Is(err, &conference.Error{Code: code}) {
			t.Errorf("got %v, want %s", err, code)
		}
	}
	if got := appends.Load(); got > rows/2 {
		t.Errorf("%d rows took %d appends", rows, got)
	}
}
