package signaling_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/moderation"
	"github.com/diemcau/diemcau/signaling/protocol"
)

// TestQ11_CallsAreTheDesks: the list of whom to call is told to a registrar and an
// administrator and to no other role, by the table and by the audience behind it: who left a
// number, those who have waited longest first, then who was called, the latest first.
func TestQ11_CallsAreTheDesks(t *testing.T) {
	t.Parallel()
	conf := newFakeConference()
	for id, contact := range map[conference.QuestionID]*moderation.Contact{
		"q1": {Phone: "0912345671", Called: &moderation.Call{At: start().Add(time.Minute), Person: "Hương"}},
		"q2": {Phone: "0912345672"},
		"q3": {Phone: "0912345673", Called: &moderation.Call{At: start().Add(time.Hour), Person: "Hoa"}},
		"q4": {Organisation: "HTX không có số"},
		"q5": nil,
		"q6": {Phone: "0912345676"},
	} {
		conf.put(id, moderation.StatePending, "Bao giờ có sổ?")
		conf.questions[id].Contact = contact
	}
	conf.order = []conference.QuestionID{"q1", "q2", "q3", "q4", "q5", "q6"}
	everyRole(t, conf, func(role conference.Role, p *peer) {
		r := p.command(commandID(), "question.calls", protocol.Nothing{})
		if role != conference.RoleRegistrar && role != conference.RoleAdmin {
			if r.Error == nil || r.Error.Code != "access.denied" || r.OK != nil {
				t.Errorf("%s: got %s, want access.denied", role, mustJSON(r))
			}
			return
		}
		if r.OK == nil || r.OK.Calls == nil {
			t.Fatalf("%s: got %s", role, mustJSON(r))
		}
		var order []string
		for _, call := range r.OK.Calls.List {
			order = append(order, call.ID)
		}
		got := r.OK.Calls
		if !slices.Equal(order, []string{"q2", "q6", "q3", "q1"}) || got.Waiting != 2 || got.Called != 2 || got.List[0].Code != "CODE-q2" ||
			got.List[0].Contact.Phone != "0912345672" || got.List[0].Made != nil || got.List[2].Made.Person != "Hoa" {
			t.Errorf("%s: got %s", role, mustJSON(got))
		}
	})
}

// TestCalled_comesIn: a note of a call reaches the rules with whoever made it.
func TestCalled_comesIn(t *testing.T) {
	t.Parallel()
	conf := newFakeConference()
	got := make(chan conference.Command, 1)
	conf.handle(func(_ context.Context, command conference.Command) (live.Outcome, error) {
		got <- command
		return live.Outcome{}, nil
	})
	h := serve(t, conf)
	p := h.join(conference.RoleRegistrar, "", "")
	p.snapshot()
	p.command(commandID(), "question.called", protocol.QuestionCalled{ID: "q1", Undo: true})
	if c := <-got; c.Body != (moderation.MarkCalled{ID: "q1", Undo: true}) || c.Actor.Role != conference.RoleRegistrar || c.Actor.Session == "" {
		t.Errorf("got %+v", c)
	}
	m := h.join(conference.RoleModerator, "", "")
	m.snapshot()
	if r := m.command(commandID(), "question.called", protocol.QuestionCalled{ID: "q1"}); r.Error == nil || r.Error.Code != "access.denied" {
		t.Errorf("a moderator: got %s", mustJSON(r))
	}
}
