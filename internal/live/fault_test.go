package live_test

import (
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"testing"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/moderation"
)

// faultyStore lets a test stand between the conference and its log.
type faultyStore struct {
	eventlog.Store
	log *faultyLog
}

func (s *faultyStore) Log(ctx context.Context, id conference.ID) (eventlog.Log, error) {
	log, err := s.Store.Log(ctx, id)
	if err != nil {
		return nil, err
	}
	s.log.logMu.Lock()
	defer s.log.logMu.Unlock()
	if s.log.through == nil {
		s.log.through = log
	}
	return s.log, nil
}

type appendFunc func(ctx context.Context, seen eventlog.Position, commands []eventlog.Command) ([]eventlog.Result, eventlog.Position, error)

// faultyLog asks onAppend and onRead, when they are set, instead of the through log.
type faultyLog struct {
	logMu    sync.Mutex // guards all fields
	through  eventlog.Log
	onAppend func(through appendFunc) appendFunc
	onRead   func() error
}

func (l *faultyLog) set(onAppend func(through appendFunc) appendFunc, onRead func() error) {
	l.logMu.Lock()
	defer l.logMu.Unlock()
	l.onAppend, l.onRead = onAppend, onRead
}

func (l *faultyLog) swap(through eventlog.Log) {
	l.logMu.Lock()
	defer l.logMu.Unlock()
	l.through = through
}

func (l *faultyLog) now() (eventlog.Log, func(appendFunc) appendFunc, func() error) {
	l.logMu.Lock()
	defer l.logMu.Unlock()
	return l.through, l.onAppend, l.onRead
}

func (l *faultyLog) Append(ctx context.Context, seen eventlog.Position, commands []eventlog.Command) ([]eventlog.Result, eventlog.Position, error) {
	through, onAppend, _ := l.now()
	if onAppend != nil {
		return onAppend(through.Append)(ctx, seen, commands)
	}
	return through.Append(ctx, seen, commands)
}

func (l *faultyLog) Renew(ctx context.Context, lost eventlog.Position, epoch string, note eventlog.Command) (eventlog.Position, error) {
	through, _, _ := l.now()
	return through.Renew(ctx, lost, epoch, note)
}

func (l *faultyLog) Read(ctx context.Context, after uint64, limit int) ([]eventlog.Record, eventlog.Position, error) {
	through, _, onRead := l.now()
	if onRead != nil {
		if err := onRead(); err != nil {
			return nil, eventlog.Position{}, err
		}
	}
	return through.Read(ctx, after, limit)
}

func (l *faultyLog) Wait(ctx context.Context, after uint64) error {
	through, _, _ := l.now()
	return through.Wait(ctx, after)
}

func (l *faultyLog) Erase(ctx context.Context, fields []eventlog.Erasure) error {
	through, _, _ := l.now()
	return through.Erase(ctx, fields)
}

func startFaulty(t *testing.T) (*live.Conference, *faultyLog) {
	t.Helper()
	log := &faultyLog{}
	return startConference(t, &faultyStore{Store: newStore(t), log: log}), log
}

// lost writes and loses the reply; unsent loses the request.
func lost(through appendFunc) appendFunc {
	return func(ctx context.Context, seen eventlog.Position, commands []eventlog.Command) ([]eventlog.Result, eventlog.Position, error) {
		if _, _, err := through(ctx, seen, commands); err != nil {
			return nil, eventlog.Position{}, err
		}
		return nil, eventlog.Position{}, eventlog.ErrUnknownOutcome
	}
}

func unsent(appendFunc) appendFunc { return failing(eventlog.ErrUnknownOutcome)(nil) }

func failing(err error) func(appendFunc) appendFunc {
	return func(appendFunc) appendFunc {
		return func(context.Context, eventlog.Position, []eventlog.Command) ([]eventlog.Result, eventlog.Position, error) {
			return nil, eventlog.Position{}, err
		}
	}
}

// once uses the fault for the first append only.
func once(log *faultyLog, fault func(appendFunc) appendFunc) {
	log.set(func(through appendFunc) appendFunc {
		log.set(nil, nil)
		return fault(through)
	}, nil)
}

func wantQuestions(t *testing.T, c *live.Conference, want int) {
	t.Helper()
	if got := len(c.Snapshot().Questions); got != want {
		t.Errorf("questions: got %d, want %d", got, want)
	}
}

func TestJ10_LostReplyIsSuccess(t *testing.T) {
	t.Parallel()
	c, log := startFaulty(t)
	once(log, lost)
	if got := ask(t, c, "Mất trả lời"); got.Code == "" || got.Repeated {
		t.Errorf("got %+v, want the first result", got)
	}
	wantQuestions(t, c, 1)
}

func TestJ10_LostRequestIsSentAgain(t *testing.T) {
	t.Parallel()
	c, log := startFaulty(t)
	once(log, unsent)
	ask(t, c, "Mất yêu cầu")
	wantQuestions(t, c, 1)
}

// TestJ10_LateWrite lets a request that timed out reach the log after its repetition was
// decided: the repetition is stale then, and found to be written.
func TestJ10_LateWrite(t *testing.T) {
	t.Parallel()
	c, log := startFaulty(t)
	var late func() error
	once(log, func(through appendFunc) appendFunc {
		return func(ctx context.Context, seen eventlog.Position, commands []eventlog.Command) ([]eventlog.Result, eventlog.Position, error) {
			late = func() error {
				_, _, err := through(context.WithoutCancel(ctx), seen, commands)
				return err
			}
			once(log, func(through appendFunc) appendFunc {
				return func(ctx context.Context, seen eventlog.Position, commands []eventlog.Command) ([]eventlog.Result, eventlog.Position, error) {
					if err := late(); err != nil {
						t.Error(err)
					}
					return through(ctx, seen, commands)
				}
			})
			return nil, eventlog.Position{}, eventlog.ErrUnknownOutcome
		}
	})
	if got := ask(t, c, "Đến muộn"); got.Repeated {
		t.Errorf("got %+v, want the first result", got)
	}
	wantQuestions(t, c, 1)
	once(log, nil)
	if late == nil {
		t.Error("nothing came late")
	}
}

func TestJ10_UnknownIsPendingThenKnown(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		fault   func(appendFunc) appendFunc
		readErr error
	}{
		{"never sent", unsent, nil},
		{"written but unreadable", lost, eventlog.ErrUnavailable},
		{"never sent and unreadable", unsent, eventlog.ErrUnavailable},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c, log := startFaulty(t)
			log.set(test.fault, func() error { return test.readErr })
			command := conference.Command{ID: rand.Text(), Actor: citizen, Body: question(rand.Text(), "Chưa rõ")}
			if _, err := c.Do(t.Context(), command); !errors.Is(err, &conference.Error{Code: "log.pending"}) {
				t.Fatalf("got %v, want log.pending", err)
			}
			log.set(nil, nil)
			got, err := c.Do(t.Context(), command)
			if err != nil || got.Code == "" {
				t.Errorf("again: got %+v, %v", got, err)
			}
			wantQuestions(t, c, 1)
		})
	}
}

// TestJ10_WhoRepeatsIsToldNoLess: a page that comes back and sends its question again while
// the first append hangs is told what the first is told: nobody knows. Told that nothing was
// written it would ask once more, as another question.
func TestJ10_WhoRepeatsIsToldNoLess(t *testing.T) {
	t.Parallel()
	unreadable := func() error { return eventlog.ErrUnavailable }
	for _, test := range []struct {
		name string
		// together: both are decided while something else is written, else the first is under way.
		together bool
	}{{"in one append", true}, {"behind an append", false}} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c, log := startSlow(t, newStore(t))
			command := conference.Command{ID: rand.Text(), Actor: citizen, Body: question(rand.Text(), "Hỏi hai lần")}
			send := func() <-chan error {
				answer := make(chan error, 1)
				go func() { // ends with the answer, which is waited for
					_, err := c.Do(context.Background(), command)
					answer <- err
				}()
				return answer
			}
			ahead := func() <-chan error {
				before := live.Decided(c)
				answer := send()
				live.WaitDecided(c, before+1)
				return answer
			}
			var first, second <-chan error
			if test.together {
				log.hold()
				other := log.give(c, citizen, question(rand.Text(), "Câu khác"))
				<-log.held
				first, second = ahead(), ahead()
				log.set(lost, unreadable)
				log.release <- struct{}{}
				if got := <-other; got.err != nil {
					t.Fatal(got.err)
				}
			} else {
				log.set(func(through appendFunc) appendFunc {
					return func(ctx context.Context, seen eventlog.Position, commands []eventlog.Command) ([]eventlog.Result, eventlog.Position, error) {
						log.held <- struct{}{}
						<-log.release
						return lost(through)(ctx, seen, commands)
					}
				}, nil)
				first = send()
				<-log.held
				second = ahead()
				log.set(failing(eventlog.ErrUnavailable), unreadable)
				log.release <- struct{}{}
			}
			for name, answer := range map[string]<-chan error{"first": first, "second": second} {
				if err := <-answer; !errors.Is(err, &conference.Error{Code: "log.pending"}) {
					t.Errorf("the %s was told %v, want log.pending", name, err)
				}
			}
			log.set(nil, nil)
			if got, err := c.Do(t.Context(), command); err != nil || got.Code == "" {
				t.Errorf("again: got %+v, %v", got, err)
			}
			asked := 1
			if test.together {
				asked = 2
			}
			wantQuestions(t, c, asked)
		})
	}
}

// TestJ10_WhoRepeatsIsToldThatNothingWasWritten: when that is certain.
func TestJ10_WhoRepeatsIsToldThatNothingWasWritten(t *testing.T) {
	t.Parallel()
	c, log := startSlow(t, newStore(t))
	log.hold()
	other := log.give(c, citizen, question(rand.Text(), "Câu khác"))
	<-log.held
	body := question(rand.Text(), "Hỏi hai lần")
	first, second := log.giveAhead(c, citizen, body), log.giveAhead(c, citizen, body)
	log.set(failing(eventlog.ErrUnavailable), nil)
	log.release <- struct{}{}
	<-other
	for name, answer := range map[string]<-chan settledAs{"first": first, "second": second} {
		if got := <-answer; !errors.Is(got.err, &conference.Error{Code: "log.unavailable"}) {
			t.Errorf("the %s was told %v, want log.unavailable", name, got.err)
		}
	}
}

func TestUnavailableWritesNothing(t *testing.T) {
	t.Parallel()
	c, log := startFaulty(t)
	log.set(failing(eventlog.ErrUnavailable), nil)
	refused(t, c, "log.unavailable", citizen, question(rand.Text(), "Đầy đĩa"))
	wantQuestions(t, c, 0)
	// A refusal that cannot be verified is none.
	refused(t, c, "log.unavailable", lan, moderation.ClaimCard{ID: "none"})
	log.set(nil, nil)
	refused(t, c, "question.unknown", lan, moderation.ClaimCard{ID: "none"})
	ask(t, c, "Lại được")
	wantQuestions(t, c, 1)
}

// TestReadersDoNotWait holds an append back: readers see the state before it, at once.
func TestReadersDoNotWait(t *testing.T) {
	t.Parallel()
	c, log := startFaulty(t)
	sent, release := make(chan struct{}), make(chan struct{})
	once(log, func(through appendFunc) appendFunc {
		return func(ctx context.Context, seen eventlog.Position, commands []eventlog.Command) ([]eventlog.Result, eventlog.Position, error) {
			close(sent)
			<-release
			return through(ctx, seen, commands)
		}
	})
	before := c.Snapshot()
	done := make(chan error, 1)
	go func() { // ends when release is closed
		_, err := c.Do(t.Context(), conference.Command{ID: rand.Text(), Actor: citizen, Body: question(rand.Text(), "Chờ")})
		done <- err
	}()
	<-sent
	if got := c.Snapshot(); got.Position != before.Position || len(got.Questions) != 0 {
		t.Errorf("a reader sees what is not durable: %+v", got)
	}
	_, more, err := c.Since(before.Position)
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-more:
		t.Error("readers were woken before the event was durable")
	default:
	}
	close(release)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	<-more
	wantQuestions(t, c, 1)
}

// TestRefusalWaitsForWhatItRestsOn has two moderators claim in one batch whose append is
// lost: the second is refused only because the first was durable.
func TestRefusalWaitsForWhatItRestsOn(t *testing.T) {
	t.Parallel()
	c, log := startFaulty(t)
	asked := ask(t, c, "Ai nhận?")
	sent, release := make(chan struct{}), make(chan struct{})
	// The first append is under way until both claims are decided, ahead of it.
	once(log, func(through appendFunc) appendFunc {
		return func(ctx context.Context, seen eventlog.Position, commands []eventlog.Command) ([]eventlog.Result, eventlog.Position, error) {
			close(sent)
			<-release
			defer once(log, failing(eventlog.ErrUnavailable)) // both claims' batch
			return through(ctx, seen, commands)
		}
	})
	errs := make(chan error, 3)
	give := func(actor conference.Actor, body conference.Body) {
		_, err := c.Do(t.Context(), conference.Command{ID: rand.Text(), Actor: actor, Body: body})
		errs <- err
	}
	go give(citizen, question(rand.Text(), "Giữ chỗ")) // all three end with their answers, read below
	<-sent
	before := live.Decided(c)
	go give(lan, moderation.ClaimCard{ID: asked.Question})
	go give(minh, moderation.ClaimCard{ID: asked.Question})
	live.WaitDecided(c, before+2)
	close(release)
	lostRaces := 0
	for range 3 {
		if err := <-errs; errors.Is(err, &conference.Error{Code: "question.claimed_by_other"}) {
			lostRaces++
		}
	}
	if got := c.Snapshot().Questions[0]; got.State != moderation.StatePending || lostRaces != 0 {
		t.Errorf("question %s, %d refused because of a claim that was never written", got.State, lostRaces)
	}
}
