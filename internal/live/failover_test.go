package live_test

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog"
	"github.com/diemcau/diemcau/internal/eventlog/eventlogtest"
	"github.com/diemcau/diemcau/internal/eventlog/redislog"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/moderation"
)

// noticeWithin is how long a rollback may go unnoticed.
const noticeWithin = 5 * time.Second

// soak reports whether the full figures are asked for.
func soak() bool { return os.Getenv("DIEMCAU_SOAK") == "1" }

// sized returns the figure of CI or that of a soak.
func sized(ci, full int) int {
	if soak() {
		return full
	}
	return ci
}

func openRedisAt(tb testing.TB, url string) *redislog.Store {
	tb.Helper()
	store, err := redislog.Open(tb.Context(), url, slog.New(slog.DiscardHandler))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := store.Close(); err != nil {
			tb.Error(err)
		}
	})
	return store
}

// pair is a conference on two nodes, each with a line of its own to a Redis that has a
// replica.
type pair struct {
	master, replica *eventlogtest.Redis
	lines           [2]*eventlogtest.Proxy
	nodes           [2]*live.Conference
}

func startPair(t *testing.T, parameters string) *pair {
	t.Helper()
	p := &pair{master: eventlogtest.StartRedis(t)}
	p.replica = eventlogtest.StartReplica(t, p.master)
	for i := range p.nodes {
		p.lines[i] = eventlogtest.StartProxy(t, p.master.Address())
		node, _ := startNode(t, openRedisAt(t, p.lines[i].URL()+parameters))
		p.nodes[i] = patientlyOn(t, node)
	}
	return p
}

// patientlyOn is conferenceOn for a log whose replica may be slow to confirm.
func patientlyOn(t *testing.T, node *live.Node) *live.Conference {
	t.Helper()
	again := func(err error) bool {
		refusal, is := errors.AsType[*conference.Error](err)
		return is && (refusal.Kind == conference.KindPending || refusal.Kind == conference.KindUnavailable)
	}
	for again(node.Create(t.Context(), admin, info())) {
		continue
	}
	c, err := node.Conference(theID)
	if err != nil {
		t.Fatal(err)
	}
	for {
		_, err := do(t, c, admin, conference.Open{})
		if err == nil || errors.Is(err, &conference.Error{Code: "conference.already_open"}) {
			return c
		}
		if !again(err) {
			t.Fatal(err)
		}
	}
}

// failOver kills the master and leads both nodes to the replica.
func (p *pair) failOver() {
	p.master.Kill()
	p.replica.Promote()
	for _, line := range p.lines {
		line.Redirect(p.replica.Address())
	}
}

// wantRecord reads the log past the nodes: its chain is whole, and every question of the
// list was submitted once. It returns the number of rollbacks noted.
func wantRecord(t *testing.T, store eventlog.Store, asked ...conference.QuestionID) (rollbacks int) {
	t.Helper()
	log, err := store.Log(t.Context(), theID)
	if err != nil {
		t.Fatal(err)
	}
	records, end, err := eventlogtest.ReadAll(t.Context(), log, 1000)
	if err != nil {
		t.Fatal(err)
	}
	if last, err := eventlog.Verify(eventlog.Position{Epoch: end.Epoch}, records); err != nil || last != end {
		t.Fatalf("verified to %+v of %+v: %v", last, end, err)
	}
	submitted := make(map[conference.Entity]int)
	for _, record := range records {
		event, err := eventlog.Decode(record)
		if err != nil {
			t.Fatal(err)
		}
		switch event.Type {
		case moderation.EventSubmitted:
			submitted[event.Entity]++
		case live.EventRolledBack:
			rollbacks++
		}
	}
	for _, id := range asked {
		if n := submitted[id.Entity()]; n != 1 {
			t.Errorf("acknowledged question %s is there %d times, want once", id, n)
		}
	}
	return rollbacks
}

// TestQ3_WithWaitNothingIsLost: the replica hears nothing more, the master goes on. What
// only the master has is told as pending, and nothing that was acknowledged is missing
// when the replica has taken over.
func TestQ3_WithWaitNothingIsLost(t *testing.T) {
	t.Parallel()
	for range sized(1, 20) {
		p := startPair(t, "?replicas=1&replica_timeout=200ms")
		var acked []conference.QuestionID
		for i := range 10 {
			acked = append(acked, askUntilAnswered(t, p.nodes[i%2]))
		}
		p.replica.CutOff()
		var pending []conference.Command
		for i := range 4 {
			command := conference.Command{ID: rand.Text(), Actor: citizen, Body: question(rand.Text(), "Chưa chắc")}
			for range 2 { // a repeated cause waits again
				if _, err := p.nodes[i%2].Do(t.Context(), command); !errors.Is(err, &conference.Error{Code: "log.pending"}) {
					t.Fatalf("asked of a master without replica: got %v, want log.pending", err)
				}
			}
			// Nor is it told on the other node, which has read the event.
			waitFor(t, p.nodes[1-i%2], "the unconfirmed question", func(s *live.Snapshot) bool { return len(s.Questions) > 10+i })
			if _, err := p.nodes[1-i%2].Do(t.Context(), command); !errors.Is(err, &conference.Error{Code: "log.pending"}) {
				t.Fatalf("repeated on the other node: got %v, want log.pending", err)
			}
			pending = append(pending, command)
		}
		p.failOver()
		eventlogtest.StartReplica(t, p.replica)
		for i, command := range pending {
			acked = append(acked, untilAnswered(t, p.nodes[i%2], command).Question)
		}
		if rollbacks := wantRecord(t, openRedisAt(t, p.lines[0].URL()), acked...); rollbacks != 1 {
			t.Errorf("%d rollbacks noted, want 1: both nodes had read what was lost", rollbacks)
		}
		waitFor(t, p.nodes[0], "all questions", func(s *live.Snapshot) bool { return len(s.Questions) == len(acked) })
	}
}

// untilAnswered repeats a command until it is acknowledged.
func untilAnswered(tb testing.TB, c *live.Conference, command conference.Command) live.Outcome {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), hangsAfter)
	defer cancel()
	for {
		outcome, err := c.Do(ctx, command)
		var refusal *conference.Error
		switch {
		case err == nil:
			return outcome
		case tb.Context().Err() != nil:
			return outcome
		case ctx.Err() != nil:
			tb.Errorf("%s: not answered within %v, the last answer was %v", command.Body.CommandType(), hangsAfter, err)
			return outcome
		case !errors.As(err, &refusal) || refusal.Kind != conference.KindPending && refusal.Kind != conference.KindUnavailable:
			tb.Errorf("%s: %v", command.Body.CommandType(), err)
			return outcome
		}
	}
}

// TestQ3_WithoutWaitRollbackIsHealed: acknowledged events are lost with the master. Both
// nodes notice in time, the log gets one new epoch, followers start over once, and what
// each node acknowledged is there again, also what rested on the other's.
func TestQ3_WithoutWaitRollbackIsHealed(t *testing.T) {
	t.Parallel()
	for range sized(1, 20) {
		p := startPair(t, "")
		a, b := p.nodes[0], p.nodes[1]
		before := ask(t, a, "Không mất")
		waitFor(t, b, "the first question", func(s *live.Snapshot) bool { return len(s.Questions) == 1 })
		p.replica.CatchUp(p.master)
		p.replica.CutOff()
		lost := []live.Outcome{ask(t, a, "Mất một"), ask(t, b, "Mất hai"), ask(t, a, "Mất ba")}
		crossing(t, a, b, lost[0].Question)
		must(t, b, minh, moderation.ClaimCard{ID: lost[1].Question})
		old := waitFor(t, a, "the second claim", func(s *live.Snapshot) bool { return s.Questions[2].Claim != nil })
		followers := []*follower{follow(t, a, old), follow(t, b, waitFor(t, b, "the end", func(s *live.Snapshot) bool { return s.Position >= old.Position }))}
		p.failOver()
		began := time.Now()
		for _, c := range p.nodes {
			waitFor(t, c, "a new epoch", func(s *live.Snapshot) bool { return epochOf(s.Cursor) != epochOf(old.Cursor) })
		}
		if took := time.Since(began); took > noticeWithin {
			t.Errorf("noticed after %v, want at most %v", took, noticeWithin)
		}
		for _, c := range p.nodes {
			end := waitFor(t, c, "everything again", func(s *live.Snapshot) bool { return healed(s, lost) })
			if len(end.Questions) != 4 {
				t.Errorf("%d questions, want 4", len(end.Questions))
			}
			// The lease was lost with the claim; the card is still in the same hands.
			if due := live.Chores(t.Context(), c); due != 0 {
				t.Errorf("%d cards are to be put back, want none", due)
			}
			if standing, err := c.StandingOf(lost[1].Question); err != nil || standing.Question.Claim == nil || standing.Question.Claim.Session != minh.Session {
				t.Errorf("the claimed card: %+v, %v", standing.Question, err)
			}
			for _, outcome := range lost {
				if standing, err := c.Standing(outcome.Code); err != nil || standing.Question.ID != outcome.Question {
					t.Errorf("code %s: %+v, %v", outcome.Code, standing, err)
				}
			}
			if _, err := c.Resume(old.Cursor); !errors.Is(err, live.ErrGap) {
				t.Errorf("resume with a lost cursor: got %v, want %v", err, live.ErrGap)
			}
		}
		for _, f := range followers {
			if gaps := f.stop(); gaps != 1 {
				t.Errorf("a follower started over %d times, want once", gaps)
			}
		}
		asked := []conference.QuestionID{before.Question, lost[0].Question, lost[1].Question, lost[2].Question}
		if rollbacks := wantRecord(t, openRedisAt(t, p.lines[0].URL()), asked...); rollbacks != 1 {
			t.Errorf("%d rollbacks noted, want 1", rollbacks)
		}
	}
}

// crossing has one node decide what the other one took.
func crossing(t *testing.T, a, b *live.Conference, id conference.QuestionID) {
	t.Helper()
	waitFor(t, b, "the question", func(s *live.Snapshot) bool { return len(s.Questions) > 3 })
	must(t, b, lan, moderation.ClaimCard{ID: id})
	must(t, b, lan, moderation.Approve{ID: id, Short: "Duyệt"})
	waitFor(t, a, "the approval", func(s *live.Snapshot) bool { return s.Questions[1].State == moderation.StateApproved })
	must(t, a, stage, moderation.Queue{ID: id})
	waitFor(t, b, "the queue", func(s *live.Snapshot) bool { return len(s.Queue) == 1 })
}

// healed reports whether all lost questions are back, the first in the running order, the
// second claimed.
func healed(s *live.Snapshot, lost []live.Outcome) bool {
	there := 0
	for _, q := range s.Questions {
		for _, outcome := range lost {
			if q.ID == outcome.Question && (q.ID != lost[1].Question || q.Claim != nil) {
				there++
			}
		}
	}
	return there == len(lost) && len(s.Queue) == 1 && s.Queue[0] == lost[0].Question
}

func epochOf(cursor string) string {
	epoch, _, _ := strings.Cut(cursor, ".")
	return epoch
}

// follower follows a conference as the pages do and counts how often it starts over.
type follower struct {
	cancel context.CancelFunc
	ended  sync.WaitGroup
	gaps   int
}

func follow(t *testing.T, c *live.Conference, from *live.Snapshot) *follower {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	f := &follower{cancel: cancel}
	f.ended.Go(func() { f.run(ctx, c, from) }) // ended by stop
	t.Cleanup(func() { f.stop() })
	return f
}

func (f *follower) run(ctx context.Context, c *live.Conference, from *live.Snapshot) {
	for at := from.Position; ; {
		changes, more, err := c.Since(at)
		if err != nil {
			f.gaps++
			at = c.Snapshot().Position
			continue
		}
		if len(changes) > 0 {
			at = changes[len(changes)-1].Event.Position
			continue
		}
		select {
		case <-more:
		case <-ctx.Done():
			return
		}
	}
}

func (f *follower) stop() int {
	f.cancel()
	f.ended.Wait()
	return f.gaps
}
