package live_test

import (
	"crypto/rand"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog"
	"github.com/diemcau/diemcau/internal/eventlog/eventlogtest"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/moderation"
	"github.com/diemcau/diemcau/sfu/floor"
)

// onBoth runs a test with the usual conference on two nodes: over one SQLite store, and
// over one Redis with a connection each.
func onBoth(t *testing.T, test func(t *testing.T, a, b *live.Conference)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		store := newStore(t)
		first, _ := startNode(t, store)
		a := conferenceOn(t, first)
		second, _ := startNode(t, store)
		test(t, a, conferenceOn(t, second))
	})
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		server := eventlogtest.StartRedis(t)
		first, _ := startNode(t, openRedis(t, server))
		a := conferenceOn(t, first)
		second, _ := startNode(t, openRedis(t, server))
		test(t, a, conferenceOn(t, second))
	})
}

func openRedis(t *testing.T, server *eventlogtest.Redis) eventlog.Store {
	t.Helper()
	return openRedisAt(t, server.URL)
}

// TestJ4_TwoNodesOneWinner: two moderators on two nodes reach for the same card at once.
// One holds it; the other is told who, may not decide it, and the holder still may.
func TestJ4_TwoNodesOneWinner(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, a, b *live.Conference) {
		t.Helper()
		for range 20 {
			oneWinner(t, a, b)
		}
	})
}

func oneWinner(t *testing.T, a, b *live.Conference) {
	t.Helper()
	asked := ask(t, a, "Ai trước?")
	nodes, actors := []*live.Conference{a, b}, []conference.Actor{lan, minh}
	errs := make([]error, len(actors))
	var wg sync.WaitGroup
	for i, who := range actors {
		wg.Go(func() { _, errs[i] = do(t, nodes[i], who, moderation.ClaimCard{ID: asked.Question}) }) // ends with its answer
	}
	wg.Wait()
	won := slices.Index(errs, nil)
	if won < 0 {
		t.Fatalf("nobody could claim: %v", errs)
	}
	lost := 1 - won
	if err := errs[lost]; !errors.Is(err, &conference.Error{Code: "question.claimed_by_other"}) {
		t.Errorf("the second claim: got %v, want question.claimed_by_other", err)
	}
	refused(t, nodes[lost], "question.claimed_by_other", actors[lost], moderation.Approve{ID: asked.Question})
	must(t, nodes[won], actors[won], moderation.Approve{ID: asked.Question})
	refused(t, nodes[lost], "question.already_approved", actors[lost], moderation.Approve{ID: asked.Question})
	for _, c := range []*live.Conference{a, b} {
		end := waitFor(t, c, "the end", func(s *live.Snapshot) bool { return s.Position >= asked.Position+2 })
		if q := end.Questions[len(end.Questions)-1]; q.State != moderation.StateApproved || q.Version != 3 || q.Claim != nil {
			t.Errorf("question: got %+v, want approved at version 3", q)
		}
	}
}

// TestJ10_TwoNodesAgree lets two nodes write at the same time and compares what they and
// a third one see in the end.
func TestJ10_TwoNodesAgree(t *testing.T) {
	t.Parallel()
	onBoth(t, agree)
}

func agree(t *testing.T, a, b *live.Conference) {
	t.Helper()
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
	onBoth(t, sameKey)
}

func sameKey(t *testing.T, a, b *live.Conference) {
	t.Helper()
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

// TestSideBySideIsInTheLog: that City Hall stands beside the holder is on every node, and on
// one that starts afterwards; it stays while the floor goes round and City Hall has it back.
func TestSideBySideIsInTheLog(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	first, stop := startNode(t, store)
	a := conferenceOn(t, first)
	second, _ := startNode(t, store)
	b := conferenceOn(t, second)
	beside := func(on bool) func(*live.Snapshot) bool {
		return func(s *live.Snapshot) bool { return s.Floor.Beside == on }
	}
	must(t, a, stage, floor.Beside{On: true})
	waitFor(t, b, "side by side", beside(true))
	before := b.Snapshot().Position
	must(t, b, stage, floor.Beside{On: true})
	if after := b.Snapshot().Position; after != before {
		t.Errorf("what is on already was written again: position %d after %d", after, before)
	}
	must(t, b, stage, floor.Slate{On: true})
	must(t, b, stage, floor.CityHall{})
	if f := b.Snapshot().Floor; !f.Beside || f.Slate {
		t.Errorf("back at City Hall: got %+v, want side by side and no slate", f)
	}
	stop()
	third, _ := startNode(t, store)
	c := conferenceOn(t, third)
	if !c.Snapshot().Floor.Beside {
		t.Error("a node that starts afterwards does not know")
	}
	must(t, c, stage, floor.Beside{})
	waitFor(t, b, "one picture", beside(false))
}
