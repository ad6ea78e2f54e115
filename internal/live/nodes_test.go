package live_test

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/moderation"
	"github.com/diemcau/diemcau/sfu/floor"
)

// twoNodes runs the usual conference on two nodes over one store.
func twoNodes(t *testing.T) (a, b *live.Conference) {
	t.Helper()
	store := newStore(t)
	first, _ := startNode(t, store)
	a = conferenceOn(t, first)
	second, _ := startNode(t, store)
	return a, conferenceOn(t, second)
}

func TestJ4_TwoNodesOneWinner(t *testing.T) {
	t.Parallel()
	a, b := twoNodes(t)
	for range 20 {
		asked := ask(t, a, "Ai trước?")
		type result struct {
			who conference.Actor
			err error
		}
		results := make(chan result, 2)
		race := func(c *live.Conference, who conference.Actor) {
			_, err := c.Do(t.Context(), conference.Command{ID: rand.Text(), Actor: who, Body: moderation.ClaimCard{ID: asked.Question}})
			if err == nil {
				_, err = c.Do(t.Context(), conference.Command{ID: rand.Text(), Actor: who, Body: moderation.Approve{ID: asked.Question}})
			}
			results <- result{who, err}
		}
		go race(a, lan) // both end with their results
		go race(b, minh)
		var winners []conference.Actor
		for range 2 {
			r := <-results
			switch {
			case r.err == nil:
				winners = append(winners, r.who)
			case !errors.Is(r.err, &conference.Error{Code: "question.claimed_by_other"}) &&
				!errors.Is(r.err, &conference.Error{Code: "question.already_approved"}):
				t.Errorf("the loser was told %v", r.err)
			}
		}
		if len(winners) != 1 {
			t.Fatalf("winners: got %v, want one", winners)
		}
		for _, c := range []*live.Conference{a, b} {
			end := waitFor(t, c, "the end", func(s *live.Snapshot) bool { return s.Position >= asked.Position+2 })
			if q := end.Questions[len(end.Questions)-1]; q.State != moderation.StateApproved || q.Version != 3 || q.Claim != nil {
				t.Errorf("question: got %+v, want approved at version 3", q)
			}
		}
	}
}

// TestJ10_TwoNodesAgree lets two nodes write at the same time and compares what they and
// a third one see in the end.
func TestJ10_TwoNodesAgree(t *testing.T) {
	t.Parallel()
	a, b := twoNodes(t)
	var wg sync.WaitGroup
	for i, c := range []*live.Conference{a, b} {
		for range 10 {
			wg.Go(func() { // ends when its commands are answered
				for range 5 {
					asked := ask(t, c, "Từ hai máy")
					must(t, c, []conference.Actor{lan, minh}[i], moderation.ClaimCard{ID: asked.Question})
					must(t, c, stage, floor.Slate{On: i == 0})
				}
			})
		}
	}
	wg.Wait()
	end := max(a.Snapshot().Position, b.Snapshot().Position)
	caughtUp := func(s *live.Snapshot) bool { return s.Position >= end }
	if diff := cmp.Diff(waitFor(t, a, "the end", caughtUp), waitFor(t, b, "the end", caughtUp)); diff != "" {
		t.Errorf("nodes differ (-a +b):\n%s", diff)
	}
	wantQuestions(t, a, 100)
}

func TestJ5_SameKeyOnTwoNodes(t *testing.T) {
	t.Parallel()
	a, b := twoNodes(t)
	for range 10 {
		key := rand.Text()
		codes := make(chan string, 2)
		for _, c := range []*live.Conference{a, b} {
			go func() { // ends with its answer
				outcome, err := c.Do(t.Context(), conference.Command{ID: rand.Text(), Actor: citizen, Body: question(key, "Một câu")})
				if err != nil {
					t.Error(err)
				}
				codes <- outcome.Code
			}()
		}
		if one, two := <-codes, <-codes; one != two || one == "" {
			t.Errorf("codes %q and %q, want the same", one, two)
		}
	}
	if a.Snapshot().Position != b.Snapshot().Position {
		waitFor(t, a, "the end", func(s *live.Snapshot) bool { return len(s.Questions) == 10 })
	}
	wantQuestions(t, a, 10)
}

// TestJ6_RestartRestores stops a node and starts another on the same data.
func TestJ6_RestartRestores(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	store := openSQLite(t, dir)
	node, stop := startNode(t, store)
	c := conferenceOn(t, node)
	asked := ask(t, c, "Còn không?")
	command := conference.Command{ID: rand.Text(), Actor: lan, Body: moderation.ClaimCard{ID: asked.Question}}
	first, err := c.Do(t.Context(), command)
	if err != nil {
		t.Fatal(err)
	}
	must(t, c, lan, moderation.Approve{ID: asked.Question, Short: "Còn?"})
	must(t, c, stage, moderation.Queue{ID: asked.Question})
	must(t, c, system, floor.Connect{Venue: "ba-dinh"})
	must(t, c, stage, floor.Ready{Venue: "ba-dinh"})
	must(t, c, stage, floor.Give{Venue: "ba-dinh"})
	before := c.Snapshot()
	changes, _, err := c.Since(0)
	if err != nil {
		t.Fatal(err)
	}
	stop()
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}

	store = openSQLite(t, dir)
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	node, _ = startNode(t, store)
	c = conferenceOn(t, node)
	if diff := cmp.Diff(before, c.Snapshot()); diff != "" {
		t.Errorf("state after the restart (-before +after):\n%s", diff)
	}
	again, _, err := c.Since(0)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(changes, again); diff != "" {
		t.Errorf("changes after the restart (-before +after):\n%s", diff)
	}
	for _, change := range changes {
		if pos, err := c.Resume(change.Cursor); err != nil || pos != change.Event.Position {
			t.Errorf("resume at %d: got %d, %v", change.Event.Position, pos, err)
		}
	}
	repeated, err := c.Do(t.Context(), command)
	first.Repeated = true
	if err != nil || repeated != first {
		t.Errorf("repeated command: got %+v %v, want %+v", repeated, err, first)
	}
	if standing, err := node.Lookup(asked.Code); err != nil || standing.Question.ID != asked.Question {
		t.Errorf("lookup after the restart: got %+v %v", standing, err)
	}
}

func TestOtherSecretRefusesToRun(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	if err := newNode(store).Create(t.Context(), admin, info()); err != nil {
		t.Fatal(err)
	}
	other := live.New(live.Config{Store: store, Secret: masterKey(8), Logger: slog.New(slog.DiscardHandler), Now: time.Now})
	if err := other.Run(t.Context()); !errors.Is(err, live.ErrOtherSecret) {
		t.Errorf("run with another secret: got %v, want ErrOtherSecret", err)
	}
}

func TestCreate(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	node, _ := startNode(t, store)
	other, _ := startNode(t, store)
	errs := make(chan error, 2)
	for _, n := range []*live.Node{node, other} {
		go func() { errs <- n.Create(t.Context(), admin, info()) }() // ends with its answer
	}
	for range 2 {
		if err := <-errs; err != nil {
			t.Errorf("the same conference on two nodes: %v", err)
		}
	}
	changed := info()
	changed.Title = "Khác"
	if err := node.Create(t.Context(), admin, changed); !errors.Is(err, &conference.Error{Code: "conference.exists"}) {
		t.Errorf("another conference under the id: got %v", err)
	}
	changed.Venues = nil
	if err := node.Create(t.Context(), admin, changed); !errors.Is(err, &conference.Error{Code: "conference.bad_info"}) {
		t.Errorf("bad info: got %v", err)
	}
	if infos := node.Conferences(); len(infos) != 1 || infos[0].ID != theID || infos[0].State != conference.StatePlanned {
		t.Errorf("conferences: got %+v", infos)
	}
	if err := node.Ready(t.Context()); err != nil {
		t.Errorf("ready: %v", err)
	}
	if _, err := node.Conference("none"); !errors.Is(err, &conference.Error{Code: "conference.unknown"}) {
		t.Errorf("unknown conference: got %v", err)
	}
	if _, err := node.Lookup("nonsense"); !errors.Is(err, &conference.Error{Code: "question.unknown_code"}) {
		t.Errorf("unknown code: got %v", err)
	}
	c, err := node.Conference(theID)
	if err != nil {
		t.Fatal(err)
	}
	refused(t, c, "conference.not_open", citizen, question(rand.Text(), "Sớm"))
	must(t, c, admin, conference.Open{})
	refused(t, c, "conference.already_open", admin, conference.Open{})
}

// TestRestoredLog exchanges the log under a running conference for another one.
func TestRestoredLog(t *testing.T) {
	t.Parallel()
	otherStore := newStore(t)
	other := startConference(t, otherStore)
	ask(t, other, "Từ bản sao lưu")
	backup, err := otherStore.Log(t.Context(), theID)
	if err != nil {
		t.Fatal(err)
	}
	c, log := startFaulty(t)
	for range 5 {
		ask(t, c, "Sẽ mất")
	}
	old := c.Snapshot()
	log.swap(backup)
	ask(t, c, "Sau khi khôi phục")
	got := c.Snapshot()
	if len(got.Questions) != 2 || got.Questions[0].Body != "Từ bản sao lưu" {
		t.Errorf("after the restore: got %d questions", len(got.Questions))
	}
	if _, err := c.Resume(old.Cursor); !errors.Is(err, live.ErrGap) {
		t.Errorf("resume with the old cursor: got %v, want ErrGap", err)
	}
	if _, _, err := c.Since(old.Position); !errors.Is(err, live.ErrGap) {
		t.Errorf("since the old position: got %v, want ErrGap", err)
	}
	if _, err := c.Resume(got.Cursor); err != nil {
		t.Errorf("resume with the new cursor: %v", err)
	}
}

func TestJ10_ErasedWords(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	node, stop := startNode(t, store)
	c := conferenceOn(t, node)
	asked := ask(t, c, "Xóa tôi đi")
	changes, _, err := c.Since(asked.Position - 1)
	if err != nil {
		t.Fatal(err)
	}
	log, err := store.Log(t.Context(), theID)
	if err != nil {
		t.Fatal(err)
	}
	erasure := eventlog.Erasure{EventID: changes[0].Event.ID, Field: moderation.FieldBody}
	if err := log.Erase(t.Context(), []eventlog.Erasure{erasure}); err != nil {
		t.Fatal(err)
	}
	stop()
	node, _ = startNode(t, store)
	standing, err := conferenceOn(t, node).Standing(asked.Code)
	if err != nil || standing.Question.Body != "" || standing.Question.State != moderation.StatePending {
		t.Errorf("erased question: got %+v %v", standing.Question, err)
	}
}

// TestStopAnswersEverybody stops a node in the middle of submissions: who was
// acknowledged is there afterwards, once, and nobody waits for ever.
func TestJ6_StopAnswersEverybody(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	node, stop := startNode(t, store)
	c := conferenceOn(t, node)
	type result struct {
		id  conference.QuestionID
		err error
	}
	results := make(chan result, 200)
	for range cap(results) {
		go func() { // ends with its answer
			outcome, err := c.Do(context.Background(), conference.Command{ID: rand.Text(), Actor: citizen, Body: question(rand.Text(), "Dừng")})
			results <- result{outcome.Question, err}
		}()
	}
	acknowledged := make(map[conference.QuestionID]bool)
	for i := range cap(results) {
		r := <-results
		var refusal *conference.Error
		switch {
		case r.err == nil:
			acknowledged[r.id] = true
		case !errors.As(r.err, &refusal) || refusal.Kind != conference.KindUnavailable:
			t.Errorf("answer of a stopping node: %v", r.err)
		}
		if i == 20 {
			stop()
		}
	}
	node, _ = startNode(t, store)
	found := make(map[conference.QuestionID]int)
	for _, q := range conferenceOn(t, node).Snapshot().Questions {
		found[q.ID]++
	}
	for id := range acknowledged {
		if found[id] != 1 {
			t.Errorf("acknowledged question %s is there %d times", id, found[id])
		}
	}
}

func TestJ10_ResumeFromEveryPosition(t *testing.T) {
	t.Parallel()
	c := startConference(t, newStore(t))
	const asked = 4200 // more than the ring keeps
	var wg sync.WaitGroup
	for range 210 {
		wg.Go(func() { // ends when its questions are stored
			for range asked / 210 {
				ask(t, c, "Đầy vòng")
			}
		})
	}
	wg.Wait()
	end := c.Snapshot()
	oldest := end.Position - 4096
	if _, _, err := c.Since(oldest - 1); !errors.Is(err, live.ErrGap) {
		t.Errorf("since before the ring: got %v, want ErrGap", err)
	}
	if _, _, err := c.Since(end.Position + 1); !errors.Is(err, live.ErrGap) {
		t.Errorf("since the future: got %v, want ErrGap", err)
	}
	for at := oldest; at < end.Position; {
		changes, _, err := c.Since(at)
		if err != nil || len(changes) == 0 || len(changes) > 1024 {
			t.Fatalf("since %d: %d changes, %v", at, len(changes), err)
		}
		for _, change := range changes {
			at++
			if change.Event.Position != at {
				t.Fatalf("position %d where %d should be", change.Event.Position, at)
			}
			if pos, err := c.Resume(change.Cursor); err != nil || pos != at {
				t.Fatalf("resume at %d: got %d, %v", at, pos, err)
			}
		}
	}
	for _, cursor := range []string{"", "x", "a.b.c", end.Cursor + "0", "00000000000000ff" + end.Cursor[16:]} {
		if _, err := c.Resume(cursor); !errors.Is(err, live.ErrGap) {
			t.Errorf("resume at %q: got %v, want ErrGap", cursor, err)
		}
	}
}
