package moderation_test

import (
	"errors"
	"testing"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/moderation"
)

// TestCalled: a call is noted once, with who made it, and can be taken back; nobody is
// called who left no number; the question itself is not changed by it.
func TestCalled(t *testing.T) {
	t.Parallel()
	b := moderation.NewBoard()
	desk := conference.Actor{Role: conference.RoleRegistrar, Session: "ban-1", Person: "Hương"}
	refused := func(code string, body conference.Body) {
		t.Helper()
		if _, err := carry(t, b, desk, body); !errors.Is(err, &conference.Error{Code: code}) {
			t.Errorf("%s: got %v, want %s", body.CommandType(), err, code)
		}
	}
	noted := func(events int, undo bool) *moderation.Question {
		t.Helper()
		decision, err := carry(t, b, desk, moderation.MarkCalled{ID: "q1", Undo: undo})
		if err != nil || len(decision.Drafts) != events {
			t.Fatalf("undo %t: got %d events, %v, want %d", undo, len(decision.Drafts), err, events)
		}
		return b.Question("q1")
	}
	for id, phone := range map[conference.QuestionID]string{"q1": "0912345678", "q2": ""} {
		submit := moderation.Submit{ID: id, Body: "x", Topic: "so-do", Channel: moderation.ChannelDesk, Phone: phone, Organisation: "HTX"}
		if _, err := carry(t, b, desk, submit); err != nil {
			t.Fatal(err)
		}
	}
	refused("question.unknown", moderation.MarkCalled{ID: "q0"})
	refused("question.no_contact", moderation.MarkCalled{ID: "q2"})
	noted(0, true)
	before := *b.Question("q1")
	after := noted(1, false)
	if called := after.Contact.Called; called == nil || called.Person != "Hương" {
		t.Errorf("got %+v", called)
	}
	if after.Version != before.Version || !after.ChangedAt.Equal(before.ChangedAt) || before.Contact.Called != nil {
		t.Errorf("the question was changed: %+v, before %+v", after, before)
	}
	refused("question.already_called", moderation.MarkCalled{ID: "q1"})
	if called := noted(1, true).Contact.Called; called != nil {
		t.Errorf("taken back: got %+v", called)
	}
	noted(1, false)
}
