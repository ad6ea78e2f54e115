package live_test

import (
	"crypto/rand"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/moderation"
	"github.com/diemcau/diemcau/sfu/floor"
)

func TestLifeOfAQuestion(t *testing.T) {
	t.Parallel()
	c := startConference(t, newStore(t))
	asked := ask(t, c, "  Bao giờ tôi được cấp sổ đỏ?  ")
	if asked.State != moderation.StatePending || asked.Code == "" || asked.Repeated {
		t.Errorf("submission: got %+v", asked)
	}
	standing, err := c.Standing(asked.Code)
	if err != nil {
		t.Fatal(err)
	}
	if standing.Question.Body != "Bao giờ tôi được cấp sổ đỏ?" || standing.Ahead != -1 || standing.Code != asked.Code {
		t.Errorf("standing: got %+v", standing)
	}
	id := asked.Question
	refused(t, c, "question.not_claimed", lan, moderation.Approve{ID: id})
	must(t, c, lan, moderation.ClaimCard{ID: id})
	refused(t, c, "question.claimed_by_other", minh, moderation.ClaimCard{ID: id})
	refused(t, c, "question.claimed_by_other", minh, moderation.Approve{ID: id})
	must(t, c, lan, moderation.Approve{ID: id, Short: "Khi nào có sổ đỏ?"})
	refused(t, c, "question.already_approved", minh, moderation.ClaimCard{ID: id})
	must(t, c, stage, moderation.Queue{ID: id})
	if standing, _ = c.Standing(asked.Code); standing.Ahead != 0 {
		t.Errorf("ahead: got %d, want 0", standing.Ahead)
	}
	must(t, c, stage, moderation.Stage{ID: id})
	if got := must(t, c, stage, moderation.Air{ID: id}); got.State != moderation.StateOnAir {
		t.Errorf("air: got %+v", got)
	}
	snapshot := c.Snapshot()
	if snapshot.OnAir != id || len(snapshot.Queue) != 0 || snapshot.Questions[0].Shown() != "Khi nào có sổ đỏ?" {
		t.Errorf("on air: got %+v", snapshot)
	}
	must(t, c, stage, moderation.Answer{ID: id, None: true})
	if got := c.Snapshot(); got.OnAir != "" || got.Questions[0].State != moderation.StateAnswered {
		t.Errorf("answered: got %+v", got)
	}
	refused(t, c, "question.already_answered", citizen, live.WithdrawQuestion{Code: asked.Code})
}

func TestRefusalNamesTheNextDoor(t *testing.T) {
	t.Parallel()
	c := startConference(t, newStore(t))
	asked := ask(t, c, "Tôi tố cáo ông A")
	must(t, c, lan, moderation.ClaimCard{ID: asked.Question})
	refused(t, c, "question.unknown_reason", lan, moderation.Refuse{ID: asked.Question, Reason: "rude"})
	must(t, c, lan, moderation.Refuse{ID: asked.Question, Reason: "complaint", Text: "Mời bác nộp đơn."})
	standing, err := c.Standing(asked.Code)
	if err != nil {
		t.Fatal(err)
	}
	reason, _ := c.Snapshot().Info.Reason("complaint")
	want := &moderation.Refusal{Reason: "complaint", Text: "Mời bác nộp đơn.", NextDoor: reason.NextDoor}
	if diff := cmp.Diff(want, standing.Question.Refusal); diff != "" {
		t.Errorf("refusal (-want +got):\n%s", diff)
	}
}

func TestRepeatedCommand(t *testing.T) {
	t.Parallel()
	c := startConference(t, newStore(t))
	asked := ask(t, c, "Một")
	command := conference.Command{ID: rand.Text(), Actor: lan, Body: moderation.ClaimCard{ID: asked.Question}}
	first, err := c.Do(t.Context(), command)
	if err != nil {
		t.Fatal(err)
	}
	must(t, c, lan, moderation.Release{ID: asked.Question})
	again, err := c.Do(t.Context(), command)
	if err != nil {
		t.Fatal(err)
	}
	first.Repeated = true
	if diff := cmp.Diff(first, again); diff != "" {
		t.Errorf("second answer (-first +again):\n%s", diff)
	}
	if got := c.Snapshot().Questions[0].State; got != moderation.StatePending {
		t.Errorf("the repeated claim was carried out again: %s", got)
	}
}

func TestJ5_ResubmissionAndMismatch(t *testing.T) {
	t.Parallel()
	c := startConference(t, newStore(t))
	key := rand.Text()
	first := must(t, c, citizen, question(key, "Câu hỏi của tôi"))
	other := conference.Actor{Role: conference.RoleCitizen, Session: "another"}
	again := must(t, c, other, question(key, "Câu hỏi  của tôi\n"))
	if again.Code != first.Code || again.Question != first.Question || !again.Repeated {
		t.Errorf("resubmission: got %+v, want %+v repeated", again, first)
	}
	refused(t, c, "idempotency_mismatch", citizen, question(key, "Câu hỏi khác"))
	if n := len(c.Snapshot().Questions); n != 1 {
		t.Errorf("questions: got %d, want 1", n)
	}
	must(t, c, admin, conference.Close{})
	late := must(t, c, citizen, question(key, "Câu hỏi của tôi"))
	if late.Code != first.Code {
		t.Errorf("resubmission after the close: got %s, want %s", late.Code, first.Code)
	}
	refused(t, c, "conference.not_open", citizen, question(rand.Text(), "Muộn"))
}

func TestJ5_SameKeyAtOnce(t *testing.T) {
	t.Parallel()
	c := startConference(t, newStore(t))
	key := rand.Text()
	outcomes := make(chan live.Outcome, 20)
	for range cap(outcomes) {
		go func() { // ends with its answer, waited for below
			outcome, err := c.Do(t.Context(), conference.Command{ID: rand.Text(), Actor: citizen, Body: question(key, "Cùng lúc")})
			if err != nil {
				t.Error(err)
			}
			outcomes <- outcome
		}()
	}
	codes, firsts := make(map[string]bool), 0
	for range cap(outcomes) {
		outcome := <-outcomes
		codes[outcome.Code] = true
		if !outcome.Repeated {
			firsts++
		}
	}
	if len(codes) != 1 || firsts != 1 || len(c.Snapshot().Questions) != 1 {
		t.Errorf("got %d codes, %d first answers, %d questions; want 1, 1, 1", len(codes), firsts, len(c.Snapshot().Questions))
	}
}

func TestJ9_BadSubmissions(t *testing.T) {
	t.Parallel()
	c := startConference(t, newStore(t))
	key := rand.Text()
	long := make([]rune, moderation.MaxBodyRunes+1)
	for i := range long {
		long[i] = 'ộ'
	}
	for _, test := range []struct {
		name, code string
		change     func(*live.SubmitQuestion)
	}{
		{"empty", "question.empty", func(q *live.SubmitQuestion) { q.Body = "" }},
		{"invisible", "question.empty", func(q *live.SubmitQuestion) { q.Body = "\u200b\u202e\x00 \n" }},
		{"too long", "question.too_long", func(q *live.SubmitQuestion) { q.Body = string(long) }},
		{"huge", "question.too_long", func(q *live.SubmitQuestion) { q.Body = strings.Repeat("\u0301", 1<<20) }},
		{"topic", "question.unknown_topic", func(q *live.SubmitQuestion) { q.Topic = "y-te" }},
		{"venue", "question.unknown_venue", func(q *live.SubmitQuestion) { q.Venue = "sao-hoa" }},
		{"short key", "question.bad_key", func(q *live.SubmitQuestion) { q.IdempotencyKey = "abc" }},
		{"odd key", "question.bad_key", func(q *live.SubmitQuestion) { q.IdempotencyKey = "đây là một khóa không hợp lệ" }},
	} {
		q := question(key, "Được")
		test.change(&q)
		refused(t, c, test.code, citizen, q)
	}
	refused(t, c, "question.unknown_code", citizen, live.WithdrawQuestion{Code: "nope"})
	refused(t, c, "command.unknown", citizen, moderation.Submit{ID: "x"})
	if _, err := c.Do(t.Context(), conference.Command{Actor: lan, Body: moderation.ClaimCard{}}); !errors.Is(err, &conference.Error{Code: "command.bad_id"}) {
		t.Errorf("no command id: got %v", err)
	}
	if n := len(c.Snapshot().Questions); n != 0 {
		t.Errorf("questions: got %d, want 0", n)
	}
	must(t, c, citizen, question(key, string(long[1:])))
}

func TestFloorThroughTheLog(t *testing.T) {
	t.Parallel()
	c := startConference(t, newStore(t))
	at := c.Snapshot().Position
	must(t, c, system, floor.Connect{Venue: "ba-dinh"})
	refused(t, c, "venue.not_ready", stage, floor.Give{Venue: "ba-dinh"})
	must(t, c, stage, floor.Ready{Venue: "ba-dinh"})
	must(t, c, stage, floor.RaiseHand{Venue: "ba-dinh", Note: "Bà Tâm hỏi"})
	must(t, c, stage, floor.Give{Venue: "ba-dinh", LimitMs: 60_000})
	refused(t, c, "floor.already_held", stage, floor.Give{Venue: "ba-dinh"})
	must(t, c, stage, floor.CityHall{})
	changes, _, err := c.Since(at)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, change := range changes {
		got = append(got, change.Event.Type)
	}
	want := []string{
		floor.EventConnected, floor.EventReady, floor.EventHandRaised, floor.EventGiven,
		floor.EventTakenBack, floor.EventCityHall,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if given := changes[3]; given.Floor.Holder != "ba-dinh" || given.Venue.State != floor.StateLive || given.Queue != nil {
		t.Errorf("given: got %+v", given)
	}
	if got := c.Snapshot().Venues[1]; got.State != floor.StateReady || !got.HandAt.IsZero() {
		t.Errorf("venue after its turn: got %+v", got)
	}
}
