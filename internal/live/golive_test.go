package live_test

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog"
	"github.com/diemcau/diemcau/internal/eventlog/eventlogtest"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/internal/registration"
	"github.com/diemcau/diemcau/moderation"
	"github.com/diemcau/diemcau/sfu/floor"
)

// testConference runs the usual conference in test mode, open.
func testConference(tb testing.TB, node *live.Node) *live.Conference {
	tb.Helper()
	made := info()
	made.Test = true
	if err := node.Create(tb.Context(), admin, made); err != nil {
		tb.Fatal(err)
	}
	c, err := node.Conference(theID)
	if err != nil {
		tb.Fatal(err)
	}
	if c.Snapshot().Info.State == conference.StatePlanned {
		must(tb, c, admin, conference.Open{})
	}
	return c
}

// TestGoLiveWipesTheTest: what was asked in a test is not there any more, in nobody's view
// and, for the words, not in the store; the same asker may ask again; nor does it come back
// after a restart.
func TestGoLiveWipesTheTest(t *testing.T) {
	t.Parallel()
	stores := map[string]func(t *testing.T) eventlog.Store{
		"sqlite": func(t *testing.T) eventlog.Store { t.Helper(); return newStore(t) },
		"redis":  func(t *testing.T) eventlog.Store { t.Helper(); return openRedis(t, eventlogtest.StartRedis(t)) },
	}
	for name, open := range stores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wipes(t, open(t))
		})
	}
}

func wipes(t *testing.T, store eventlog.Store) {
	t.Helper()
	node, stop := startNode(t, store)
	c := testConference(t, node)
	key := rand.Text()
	tried := must(t, c, citizen, question(key, "Câu hỏi thử số một"))
	must(t, c, lan, moderation.ClaimCard{ID: tried.Question})
	must(t, c, lan, moderation.Approve{ID: tried.Question, Visibility: moderation.VisibilityText})
	must(t, c, stage, moderation.Queue{ID: tried.Question})
	must(t, c, stage, moderation.Stage{ID: tried.Question})
	must(t, c, stage, moderation.Air{ID: tried.Question})
	must(t, c, admin, openSeats(2))
	seat := register(t, c, 1)
	before := c.Snapshot()
	live := conference.Command{ID: rand.Text(), Actor: admin, Body: conference.GoLive{}}
	if _, err := c.Do(t.Context(), live); err != nil {
		t.Fatal(err)
	}
	again, err := c.Do(t.Context(), live)
	if err != nil || !again.Repeated {
		t.Errorf("the same command again: got %+v, %v", again, err)
	}
	wantClean(t, c)
	if _, err := c.Resume(before.Cursor); err == nil {
		t.Error("a page of the test goes on instead of starting over")
	}
	if _, err := c.Standing(tried.Code); !errors.Is(err, &conference.Error{Code: "question.unknown_code"}) {
		t.Errorf("the code of the test leads to %v", err)
	}
	if _, err := c.Ticket(seat.Ticket); err == nil || len(c.Tickets()) != 0 {
		t.Errorf("the ticket of the test is good: %v, %d registrations", err, len(c.Tickets()))
	}
	waitErased(t, store, "Câu hỏi thử số một")
	refused(t, c, "conference.not_open", citizen, question(key, "Câu hỏi thật"))
	must(t, c, admin, conference.Open{})
	if meant := must(t, c, citizen, question(key, "Câu hỏi thật")); meant.Repeated || meant.Code == "" {
		t.Errorf("the same asker's real question: got %+v", meant)
	}
	if again := register(t, c, 1); again.State != "confirmed" {
		t.Errorf("who registered in the test registers: got %+v", again)
	}
	stop()
	node, _ = startNode(t, store)
	c, err = node.Conference(theID)
	if err != nil {
		t.Fatal(err)
	}
	after := c.Snapshot()
	if len(after.Questions) != 1 || after.Questions[0].Body != "Câu hỏi thật" || after.Info.Test {
		t.Errorf("after a restart: %d questions, info %+v", len(after.Questions), after.Info)
	}
}

func wantClean(t *testing.T, c *live.Conference) {
	t.Helper()
	s := c.Snapshot()
	if len(s.Questions) != 0 || len(s.Queue) != 0 || s.OnAir != "" || s.Info.Test || s.Info.State != conference.StatePlanned {
		t.Errorf("left: %d questions, queue %v, on air %q, info %+v", len(s.Questions), s.Queue, s.OnAir, s.Info)
	}
	if story := c.Story(); len(story.Airings) != 0 {
		t.Errorf("the story of the test is still told: %+v", story)
	}
}

// waitErased returns when no record has a sealed field. It has no signal: the store is asked.
func waitErased(t *testing.T, store eventlog.Store, words string) {
	t.Helper()
	log, err := store.Log(t.Context(), theID)
	if err != nil {
		t.Fatal(err)
	}
	for left := -1; left != 0; {
		records, _, err := log.Read(t.Context(), 0, 1024)
		if err != nil {
			t.Fatal(err)
		}
		left = 0
		for _, record := range records {
			left += len(record.Sealed)
			if strings.Contains(string(record.Canonical), words) {
				t.Fatal("words are in the open data")
			}
		}
	}
}

// TestGoLiveWithADecisionUnderWay: a moderator on another node refuses in the very moment
// the conference goes live. The refusal reaches the log after it and rests on nothing;
// both nodes go on, and so does one that reads it all from the start.
func TestGoLiveWithADecisionUnderWay(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	first, _ := startNode(t, store)
	a := testConference(t, first)
	between := &faultyLog{}
	second, _ := startNode(t, &faultyStore{Store: store, log: between})
	b, err := second.Conference(theID)
	if err != nil {
		t.Fatal(err)
	}
	tried := ask(t, a, "Câu hỏi thử")
	waitFor(t, b, "the question", func(s *live.Snapshot) bool { return len(s.Questions) == 1 })
	must(t, b, lan, moderation.ClaimCard{ID: tried.Question})
	between.set(func(through appendFunc) appendFunc {
		return func(ctx context.Context, seen eventlog.Position, commands []eventlog.Command) ([]eventlog.Result, eventlog.Position, error) {
			between.set(nil, nil)
			live := conference.Command{ID: rand.Text(), Actor: admin, Body: conference.GoLive{}}
			if _, err := a.Do(ctx, live); err != nil {
				t.Error(err)
			}
			return through(ctx, seen, commands)
		}
	}, nil)
	if _, err := do(t, b, lan, moderation.Refuse{ID: tried.Question, Reason: "offTopic"}); err != nil {
		t.Errorf("the decision under way is told %v", err)
	}
	must(t, a, admin, conference.Open{})
	waitFor(t, b, "opening", func(s *live.Snapshot) bool { return s.Info.State == conference.StateOpen })
	meant := ask(t, b, "Câu hỏi thật")
	third, _ := startNode(t, store)
	c, err := third.Conference(theID)
	if err != nil {
		t.Fatal(err)
	}
	for name, on := range map[string]*live.Conference{"a": a, "b": b, "c": c} {
		s := waitFor(t, on, "the real question", func(s *live.Snapshot) bool { return len(s.Questions) == 1 })
		if s.Questions[0].ID != meant.Question {
			t.Errorf("%s shows %v", name, s.Questions[0])
		}
	}
}

// TestEditOfWhatIsInUse: a venue or a topic that something rests on does not go.
func TestEditOfWhatIsInUse(t *testing.T) {
	t.Parallel()
	node, _ := startNode(t, newStore(t))
	if err := node.Create(t.Context(), admin, info()); err != nil {
		t.Fatal(err)
	}
	c, err := node.Conference(theID)
	if err != nil {
		t.Fatal(err)
	}
	desk := conference.Actor{Role: conference.RoleRegistrar, Session: "desk"}
	typed := question(rand.Text(), "Câu hỏi gửi trước")
	typed.Channel, typed.Venue = moderation.ChannelDesk, "ha-dong"
	must(t, c, desk, typed)
	edit := func(change func(*conference.Info)) conference.Edit {
		now := c.Snapshot().Info
		next := *now
		change(&next)
		return conference.Edit{Revision: now.Revision, Info: next}
	}
	without := func(n int) func(*conference.Info) {
		return func(i *conference.Info) {
			i.Venues = append(append([]conference.Venue(nil), i.Venues[:n]...), i.Venues[n+1:]...)
		}
	}
	refused(t, c, "conference.venue_in_use", admin, edit(without(2)))
	refused(t, c, "conference.topic_in_use", admin, edit(func(i *conference.Info) { i.Topics = i.Topics[1:] }))
	must(t, c, system, floor.Connect{Venue: "ba-dinh"})
	refused(t, c, "conference.venue_in_use", admin, edit(without(1)))
	must(t, c, system, floor.Disconnect{Venue: "ba-dinh"})
	must(t, c, admin, edit(without(1)))
	s := c.Snapshot()
	if len(s.Venues) != 2 || len(s.Info.Venues) != 2 {
		t.Errorf("got %d venues on the board, %d in the info", len(s.Venues), len(s.Info.Venues))
	}
	refused(t, c, "conference.changed", admin, conference.Edit{Info: *s.Info})
}

// TestEditOfSeats: seats may become more; not fewer than are taken; nor does a venue go that
// somebody has registered for.
func TestEditOfSeats(t *testing.T) {
	t.Parallel()
	node, _ := startNode(t, newStore(t))
	if err := node.Create(t.Context(), admin, info()); err != nil {
		t.Fatal(err)
	}
	c, err := node.Conference(theID)
	if err != nil {
		t.Fatal(err)
	}
	must(t, c, admin, openSeats(2))
	register(t, c, 1)
	register(t, c, 2)
	waits := register(t, c, 3)
	seats := func(n int) conference.Edit {
		next := *c.Snapshot().Info
		next.Venues = slices.Clone(next.Venues)
		for i := range next.Venues {
			if next.Venues[i].ID == "ba-dinh" {
				next.Venues[i].Seats = n
			}
		}
		return conference.Edit{Revision: next.Revision, Info: next}
	}
	refused(t, c, "registration.seats_taken", admin, seats(1))
	gone := seats(2)
	gone.Info.Venues = slices.DeleteFunc(gone.Info.Venues, func(v conference.Venue) bool { return v.ID == "ba-dinh" })
	refused(t, c, "conference.venue_in_use", admin, gone)
	before := seats(5)
	must(t, c, admin, before)
	waitFor(t, c, "an offer to who waits", func(*live.Snapshot) bool {
		s, err := c.Ticket(waits.Ticket)
		return err == nil && s.Registration.State == registration.StateOffered
	})
	refused(t, c, "conference.changed", admin, before)
}
