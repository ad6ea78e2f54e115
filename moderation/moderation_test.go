package moderation_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/moderation"
)

func openInfo() *conference.Info {
	return &conference.Info{
		ID: "dat-dai", State: conference.StateOpen, Reasons: conference.DefaultReasons(),
		Venues: []conference.Venue{{ID: "thanh-pho", Main: true}}, Topics: []conference.Topic{{ID: "so-do"}},
	}
}

// carry decides a command and applies its events.
func carry(t *testing.T, b *moderation.Board, actor conference.Actor, body conference.Body) (conference.Decision, error) {
	t.Helper()
	decision, err := b.Decide(openInfo(), conference.Command{ID: "c", Actor: actor, Body: body}, time.Time{})
	if err != nil {
		return decision, err
	}
	for _, draft := range decision.Drafts {
		data, err := json.Marshal(draft.Data)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := b.Apply(conference.Event{Type: draft.Type, V: draft.V, Actor: actor, Data: data, Private: draft.Private}); err != nil {
			t.Fatal(err)
		}
	}
	return decision, nil
}

func TestWordsArePrivate(t *testing.T) {
	t.Parallel()
	b, mod := moderation.NewBoard(), conference.Actor{Role: conference.RoleModerator, Session: "lan"}
	const words = "TỪ-NGỮ-RIÊNG"
	for _, id := range []conference.QuestionID{"q1", "q2"} {
		for _, body := range []conference.Body{
			moderation.Submit{ID: id, Body: words, Topic: "so-do", Channel: moderation.ChannelWeb},
			moderation.ClaimCard{ID: id},
		} {
			mustBeSilent(t, b, mod, body, words)
		}
	}
	mustBeSilent(t, b, mod, moderation.Approve{ID: "q1", Short: words}, words)
	mustBeSilent(t, b, mod, moderation.Refuse{ID: "q2", Reason: "unclear", Text: words, NextDoor: words}, words)
	if q := b.Question("q2"); q.Refusal.Text != words || q.Refusal.NextDoor != words || b.Question("q1").Shown() != words {
		t.Error("the words did not reach the state")
	}
}

func mustBeSilent(t *testing.T, b *moderation.Board, actor conference.Actor, body conference.Body, words string) {
	t.Helper()
	decision, err := carry(t, b, actor, body)
	if err != nil {
		t.Fatal(err)
	}
	for _, draft := range decision.Drafts {
		data, err := json.Marshal(draft.Data)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(data), words) {
			t.Errorf("%s tells the words in its data: %s", draft.Type, data)
		}
	}
}

func TestErasedRefusalKeepsADoor(t *testing.T) {
	t.Parallel()
	b := moderation.NewBoard()
	for _, event := range []conference.Event{
		{Type: moderation.EventSubmitted, Data: json.RawMessage(`{"question":"q1","topic":"so-do","channel":"web","bodyDigest":"00"}`)},
		{Type: moderation.EventClaimed, Data: json.RawMessage(`{"question":"q1"}`)},
		{Type: moderation.EventRefused, Data: json.RawMessage(`{"question":"q1","reason":"unclear","nextDoor":"Điểm cầu"}`)},
	} {
		if _, _, err := b.Apply(event); err != nil {
			t.Fatal(err)
		}
	}
	if q := b.Question("q1"); q.Body != "" || q.Refusal.Text != "" || q.Refusal.NextDoor != "Điểm cầu" {
		t.Errorf("erased refusal: got %+v %+v", q, q.Refusal)
	}
}

func TestJ9_Limits(t *testing.T) {
	t.Parallel()
	b, mod := moderation.NewBoard(), conference.Actor{Session: "lan"}
	for _, body := range []conference.Body{
		moderation.Submit{ID: "q1", Body: strings.Repeat("ộ", 600), Topic: "so-do", Channel: moderation.ChannelWeb},
		moderation.ClaimCard{ID: "q1"},
	} {
		if _, err := carry(t, b, mod, body); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		code string
		body conference.Body
	}{
		{"question.too_long", moderation.Submit{ID: "q2", Body: strings.Repeat("ộ", 601), Topic: "so-do", Channel: moderation.ChannelWeb}},
		{"question.empty", moderation.Submit{ID: "q2", Topic: "so-do", Channel: moderation.ChannelWeb}},
		{"question.unknown_channel", moderation.Submit{ID: "q2", Body: "x", Topic: "so-do", Channel: "fax"}},
		{"question.short_too_long", moderation.Approve{ID: "q1", Short: strings.Repeat("x", 601)}},
		{"question.text_too_long", moderation.Refuse{ID: "q1", Reason: "unclear", Text: strings.Repeat("x", 1001)}},
		{"question.text_too_long", moderation.Refuse{ID: "q1", Reason: "unclear", NextDoor: strings.Repeat("x", 501)}},
		{"question.unknown_reason", moderation.Refuse{ID: "q1", Reason: "rude"}},
		{"command.unknown", conference.Open{}},
	} {
		if _, err := carry(t, b, mod, test.body); !errors.Is(err, &conference.Error{Code: test.code}) {
			t.Errorf("%s: got %v, want %s", test.body.CommandType(), err, test.code)
		}
	}
}

func TestApplyBrokenEvents(t *testing.T) {
	t.Parallel()
	b := moderation.NewBoard()
	for _, event := range []conference.Event{
		{Type: moderation.EventSubmitted, Data: json.RawMessage(`[]`)},
		{Type: moderation.EventClaimed, Data: json.RawMessage(`7`)},
		{Type: moderation.EventClaimed, Data: json.RawMessage(`{"question":"none"}`)},
	} {
		if _, _, err := b.Apply(event); err == nil {
			t.Errorf("%s %s: no error", event.Type, event.Data)
		}
	}
	if before, after, err := b.Apply(conference.Event{Type: "floor.given"}); before != nil || after != nil || err != nil {
		t.Error("an event of another part changed the board")
	}
}
