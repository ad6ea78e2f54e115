package live_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/moderation"
)

// endLease ends a holder's lease as 90 s without a sign would.
func endLease(t *testing.T, store eventlog.Store, id conference.QuestionID, session string) {
	t.Helper()
	key := "lease:" + string(theID) + ":" + string(id) + ":" + session
	ended, err := store.Ephemeral().CompareAndSet(t.Context(), key, []byte("1"), nil, 0)
	if err != nil || !ended {
		t.Fatalf("there is no lease to end: %t, %v", ended, err)
	}
}

func find(s *live.Snapshot, id conference.QuestionID) *moderation.Question {
	i := slices.IndexFunc(s.Questions, func(q *moderation.Question) bool { return q.ID == id })
	return s.Questions[i]
}

// TestQ2_LapsedLease: a card whose holder is gone goes back by itself, and a colleague can
// have it at once; one that is kept stays.
func TestQ2_LapsedLease(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	c := startConference(t, store)
	kept, lost := ask(t, c, "Giữ").Question, ask(t, c, "Mất").Question
	must(t, c, lan, moderation.ClaimCard{ID: kept})
	must(t, c, lan, moderation.ClaimCard{ID: lost})
	refused(t, c, "question.claimed_by_other", minh, moderation.ClaimCard{ID: lost})
	refused(t, c, "question.claimed_by_other", minh, live.KeepCard{ID: lost})
	must(t, c, lan, live.KeepCard{ID: kept})
	endLease(t, store, lost, "mod-lan")
	waitFor(t, c, "the card", func(s *live.Snapshot) bool { return find(s, lost).State == moderation.StatePending })
	refused(t, c, "question.not_claimed", lan, live.KeepCard{ID: lost})
	if q := find(c.Snapshot(), kept); q.State != moderation.StateClaimed || q.Claim.Session != "mod-lan" {
		t.Errorf("the card that was kept: got %+v", q)
	}
}

// TestQ2_TakeOver: whoever asks for it gets a colleague's card, and whoever lost it is told.
func TestQ2_TakeOver(t *testing.T) {
	t.Parallel()
	c := startConference(t, newStore(t))
	id := ask(t, c, "Ai giữ?").Question
	must(t, c, lan, moderation.ClaimCard{ID: id})
	refused(t, c, "question.claimed_by_other", minh, moderation.ClaimCard{ID: id})
	must(t, c, minh, moderation.ClaimCard{ID: id, TakeOver: true})
	refused(t, c, "question.claimed_by_other", lan, moderation.Approve{ID: id})
	refused(t, c, "question.claimed_by_other", lan, live.KeepCard{ID: id})
	must(t, c, minh, live.KeepCard{ID: id})
	must(t, c, minh, moderation.Approve{ID: id})
}

// TestCarriedOver: what waited for airtime at the close is carried over by the system, with
// nobody's help; what was decided otherwise is left alone.
func TestCarriedOver(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, c, other *live.Conference) {
		t.Helper()
		want := map[conference.QuestionID]moderation.State{}
		for body, state := range map[string]moderation.State{
			"Chờ": moderation.StatePending, "Duyệt": moderation.StateCarriedOver, "Xếp": moderation.StateCarriedOver,
			"Đang hỏi": moderation.StateCarriedOver, "Từ chối": moderation.StateRefused,
		} {
			id := ask(t, c, body).Question
			want[id] = state
			if body == "Chờ" {
				continue
			}
			must(t, c, lan, moderation.ClaimCard{ID: id})
			if body == "Từ chối" {
				must(t, c, lan, moderation.Refuse{ID: id, Reason: "unclear"})
				continue
			}
			must(t, c, lan, moderation.Approve{ID: id})
			if body != "Duyệt" {
				must(t, c, stage, moderation.Queue{ID: id})
			}
			if body == "Đang hỏi" {
				must(t, c, stage, moderation.Air{ID: id})
			}
		}
		must(t, c, admin, conference.Close{})
		for _, node := range []*live.Conference{c, other} {
			end := waitFor(t, node, "all three", func(s *live.Snapshot) bool {
				left := slices.DeleteFunc(slices.Clone(s.Questions), func(q *moderation.Question) bool {
					return q.State != moderation.StateCarriedOver
				})
				return len(left) == 3
			})
			if end.OnAir != "" || len(end.Queue) != 0 {
				t.Errorf("on air %q, queue %v after the close", end.OnAir, end.Queue)
			}
			for id, state := range want {
				if got := find(end, id).State; got != state {
					t.Errorf("%s is %s, want %s", find(end, id).Body, got, state)
				}
			}
		}
	})
}

// TestScreened: a rule brings a citizen's words to a closer look, when they are amended
// too; what staff typed in is not looked at.
func TestScreened(t *testing.T) {
	t.Parallel()
	node := live.New(live.Config{
		Store: newStore(t), Secret: masterKey(7), Logger: slog.New(slog.DiscardHandler), Now: time.Now,
		Screen: func(words string) string {
			if strings.Contains(words, "https://") {
				return "link"
			}
			return ""
		},
	})
	runNode(t, node)
	c := conferenceOn(t, node)
	state := func(channel moderation.Channel, body string) live.Outcome {
		submit := question("khoa-"+string(channel)+"-0123456789", body)
		submit.Channel = channel
		return must(t, c, citizen, submit)
	}
	if got := state(moderation.ChannelWeb, "Xem https://a.vn"); got.State != moderation.StateHeld || find(c.Snapshot(), got.Question).Hold.Rule != "link" {
		t.Errorf("with a link: got %+v", got)
	}
	if got := state(moderation.ChannelHall, "Xem https://a.vn"); got.State != moderation.StatePending {
		t.Errorf("typed in by staff: got %+v", got)
	}
	asked := ask(t, c, "Hỏi ngắn")
	must(t, c, lan, moderation.ClaimCard{ID: asked.Question})
	must(t, c, lan, moderation.GiveBack{ID: asked.Question, Text: "Ở đâu?"})
	if got := must(t, c, citizen, live.AmendQuestion{Code: asked.Code, Body: "Ở https://b.vn"}); got.State != moderation.StateHeld {
		t.Errorf("amended: got %+v", got)
	}
	refused(t, c, "question.unknown_code", citizen, live.AmendQuestion{Code: "00000-00000-0", Body: "x"})
	refused(t, c, "question.not_returned", citizen, live.AmendQuestion{Code: asked.Code, Body: "Lần nữa"})
}

// TestMergedStanding: the asker of a merged question follows the one that stands for it.
func TestMergedStanding(t *testing.T) {
	t.Parallel()
	c := startConference(t, newStore(t))
	mine, other := ask(t, c, "Của tôi"), ask(t, c, "Của người khác")
	for _, id := range []conference.QuestionID{mine.Question, other.Question} {
		must(t, c, lan, moderation.ClaimCard{ID: id})
	}
	must(t, c, lan, moderation.Merge{ID: mine.Question, Into: other.Question})
	must(t, c, lan, moderation.Approve{ID: other.Question})
	must(t, c, stage, moderation.Queue{ID: other.Question})
	got, err := c.Standing(mine.Code)
	if err != nil {
		t.Fatal(err)
	}
	if got.Question.ID != mine.Question || got.Code != mine.Code || got.Into == nil || got.Into.ID != other.Question ||
		got.Into.State != moderation.StateQueued || got.Ahead != 0 {
		t.Errorf("got %+v", got)
	}
}

// TestVotes_totals: totals come with the position they rest on, of public questions only,
// and only when they may have changed; the log knows no voter's secret.
func TestVotes_totals(t *testing.T) {
	t.Parallel()
	c := startConference(t, newStore(t))
	id := ask(t, c, "Ai ủng hộ?").Question
	const secret = "bi-mat-cua-thiet-bi-1"
	refused(t, c, "question.unknown", citizen, live.VoteQuestion{ID: id, Voter: secret, On: true})
	refused(t, c, "question.bad_voter", citizen, live.VoteQuestion{ID: id, Voter: "ngắn", On: true})
	must(t, c, lan, moderation.ClaimCard{ID: id})
	must(t, c, lan, moderation.Approve{ID: id})
	for _, voter := range []string{secret, secret, "bi-mat-cua-thiet-bi-2"} {
		must(t, c, citizen, live.VoteQuestion{ID: id, Voter: voter, On: true})
	}
	totals, at := c.Votes(0)
	if diff := cmp.Diff(map[conference.QuestionID]int{id: 2}, totals); diff != "" {
		t.Errorf("totals (-want +got):\n%s", diff)
	}
	if again, same := c.Votes(at); again != nil || same != at {
		t.Errorf("nothing was voted, got %v at %d", again, same)
	}
	must(t, c, lan, moderation.Undo{ID: id})
	if totals, _ := c.Votes(at); len(totals) != 0 {
		t.Errorf("not public any more: got %v", totals)
	}
	changes, _, err := c.Since(0)
	if err != nil {
		t.Fatal(err)
	}
	voted := 0
	for _, change := range changes {
		if change.Event.Type != moderation.EventVoted {
			continue
		}
		voted++
		if strings.Contains(string(change.Event.Data), secret) || change.Question != nil {
			t.Errorf("got %+v with %s", change, change.Event.Data)
		}
	}
	if voted != 2 {
		t.Errorf("%d votes in the log, want 2: a repeated one says nothing", voted)
	}
}

// TestQ4_NoLeaseNoClaim: while the store of the leases is away no card is claimed, and
// none is taken from its holder.
func TestQ4_NoLeaseNoClaim(t *testing.T) {
	t.Parallel()
	store := &leaseless{Store: newStore(t), looked: make(chan struct{}, 64)}
	c := startConference(t, store)
	held, free := ask(t, c, "Có người giữ").Question, ask(t, c, "Chưa ai giữ").Question
	must(t, c, lan, moderation.ClaimCard{ID: held})
	store.away.Store(true)
	refused(t, c, "log.unavailable", minh, moderation.ClaimCard{ID: free})
	refused(t, c, "log.unavailable", minh, moderation.ClaimCard{ID: held})
	refused(t, c, "log.unavailable", lan, live.KeepCard{ID: held})
	for range 2 { // whoever tends the cards has looked, and looked again
		<-store.looked
	}
	if q := find(c.Snapshot(), held); q.State != moderation.StateClaimed {
		t.Errorf("the card was taken on a doubt: %+v", q)
	}
	store.away.Store(false)
	must(t, c, minh, moderation.ClaimCard{ID: free})
	must(t, c, lan, moderation.Approve{ID: held})
}

// leaseless is a store whose leases can be away.
type leaseless struct {
	eventlog.Store
	away   atomic.Bool
	looked chan struct{} // one for each look that failed
}

func (s *leaseless) Ephemeral() eventlog.Ephemeral { return &awayLeases{s.Store.Ephemeral(), s} }

type awayLeases struct {
	eventlog.Ephemeral
	store *leaseless
}

var errAway = errors.New("the store is away")

func (e *awayLeases) isAway(key string) bool {
	return strings.HasPrefix(key, "lease:") && e.store.away.Load()
}

func (e *awayLeases) Get(ctx context.Context, key string) ([]byte, error) {
	if e.isAway(key) {
		select {
		case e.store.looked <- struct{}{}:
		default:
		}
		return nil, errAway
	}
	return e.Ephemeral.Get(ctx, key)
}

func (e *awayLeases) CompareAndSet(ctx context.Context, key string, old, value []byte, ttl time.Duration) (bool, error) {
	if e.isAway(key) {
		return false, errAway
	}
	return e.Ephemeral.CompareAndSet(ctx, key, old, value, ttl)
}

// TestQ11_CalledOnce: of two desks on two nodes that have called the same asker one is
// noted and the other is told; nobody's socket gets an event with it; a start keeps it.
func TestQ11_CalledOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, a, b *live.Conference) {
		t.Helper()
		submit := question("khoa-goi-lai-0123456789", "Bao giờ gọi?")
		submit.Channel, submit.Phone = moderation.ChannelPhone, "0912345678"
		id := must(t, a, lan, submit).Question
		waitFor(t, b, "the question", func(s *live.Snapshot) bool { return len(s.Questions) == 1 })
		huong := conference.Actor{Role: conference.RoleRegistrar, Session: "ban-1", Person: "Hương"}
		hoa := conference.Actor{Role: conference.RoleRegistrar, Session: "ban-2", Person: "Hoa"}
		errs := make([]error, 2)
		var both sync.WaitGroup
		for i, who := range []conference.Actor{huong, hoa} {
			both.Go(func() { _, errs[i] = do(t, []*live.Conference{a, b}[i], who, moderation.MarkCalled{ID: id}) })
		}
		both.Wait()
		if (errs[0] == nil) == (errs[1] == nil) || !errors.Is(errors.Join(errs...), &conference.Error{Code: "question.already_called"}) {
			t.Fatalf("got %v and %v, want one of them told that the other has called", errs[0], errs[1])
		}
		winner := map[bool]string{true: "Hương", false: "Hoa"}[errs[0] == nil]
		for _, node := range []*live.Conference{a, b} {
			s := waitFor(t, node, "the note", func(s *live.Snapshot) bool { return s.Questions[0].Contact.Called != nil })
			if called := s.Questions[0].Contact.Called; called.Person != winner {
				t.Errorf("noted %+v, want %s", called, winner)
			}
			changes, _, err := node.Since(0)
			if err != nil {
				t.Fatal(err)
			}
			for _, change := range changes {
				if change.Event.Type == moderation.EventCalled && (change.Question != nil || change.Previous != nil) {
					t.Errorf("a call is a change of the question: %+v", change)
				}
			}
		}
	})
}
