package signaling_test

import (
	"context"
	"fmt"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/moderation"
	"github.com/diemcau/diemcau/signaling/protocol"
)

func TestHub_snapshotThenEvents(t *testing.T) {
	t.Parallel()
	conf := newFakeConference()
	conf.put("q1", moderation.StateApproved, "Câu một")
	conf.put("q2", moderation.StatePending, "Câu hai")
	h := serve(t, conf)

	citizen := h.join(conference.RoleCitizen, "", "")
	moderator := h.join(conference.RoleModerator, "", "")
	if citizen.welcome.Resumed || citizen.welcome.Role != conference.RoleCitizen {
		t.Errorf("got welcome %+v", citizen.welcome)
	}
	if moderator.welcome.Session != "ref-moderator" || moderator.welcome.Person == "" {
		t.Errorf("got welcome %+v", moderator.welcome)
	}
	if got := citizen.snapshot().Questions; len(got) != 1 || got[0].ID != "q1" || got[0].Version != 0 {
		t.Errorf("citizen sees %+v, want q1 without staff fields", got)
	}
	if got := moderator.snapshot().Questions; len(got) != 2 || got[1].State != moderation.StatePending {
		t.Errorf("moderator sees %+v, want both", got)
	}

	conf.put("q2", moderation.StateClaimed, "Câu hai")
	conf.put("q2", moderation.StateApproved, "Câu hai")
	if got := moderator.events(2); got[0].Question.State != moderation.StateClaimed {
		t.Errorf("moderator gets %+v, want claimed first", got)
	}
	if got := citizen.events(1); got[0].Question == nil || got[0].Question.ID != "q2" {
		t.Errorf("citizen gets %+v, want q2", got)
	}
	conf.put("q2", moderation.StateWithdrawn, "Câu hai")
	if got := citizen.events(1)[0]; got.Gone != "q2" || got.Question != nil || got.Type != "question.gone" {
		t.Errorf("citizen gets %+v, want q2 gone", got)
	}
}

func TestHub_resumeAfterEveryPosition(t *testing.T) {
	t.Parallel()
	conf := newFakeConference()
	h := serve(t, conf)
	watcher := h.join(conference.RoleModerator, "", "")
	watcher.snapshot()
	const n = 40
	for i := range n {
		conf.put(conference.QuestionID(fmt.Sprintf("q%d", i%7)), moderation.StatePending, strconv.Itoa(i))
	}
	watcher.events(n)
	for from := range n + 1 {
		p := h.join(conference.RoleModerator, "", conf.cursor(uint64(from)))
		if !p.welcome.Resumed {
			t.Fatalf("from %d: not resumed", from)
		}
		var want, got []string
		for i := from; i < n; i++ {
			want = append(want, strconv.Itoa(i))
		}
		if from < n {
			for _, e := range p.events(n - from) {
				got = append(got, e.Question.Text)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("from %d (-want +got):\n%s", from, diff)
		}
		_ = p.ws.Close()
	}
}

func TestHub_badCursorsGetASnapshot(t *testing.T) {
	t.Parallel()
	conf := newFakeConference()
	conf.put("q1", moderation.StateApproved, "x")
	h := serve(t, conf)
	for _, cursor := range []string{"x", "..", "a1.1.00000000", "b2" + conf.cursor(1)[2:], "a1.99999999999999999999.0", conf.cursor(2)} {
		p := h.join(conference.RoleCitizen, "", cursor)
		if p.welcome.Resumed {
			t.Errorf("cursor %q was resumed", cursor)
		}
		if s := p.snapshot(); len(s.Questions) != 1 {
			t.Errorf("cursor %q: got %+v", cursor, s)
		}
	}
}

func TestHub_restoredLogClosesToResync(t *testing.T) {
	t.Parallel()
	conf := newFakeConference()
	conf.put("q1", moderation.StateApproved, "x")
	h := serve(t, conf)
	p := h.join(conference.RoleCitizen, "", "")
	p.snapshot()
	conf.restore("b2")
	bye, code := p.closed()
	if code != protocol.CloseResync || bye == nil || bye.Reason != "resync" {
		t.Errorf("got %+v and code %d", bye, code)
	}
	p = h.join(conference.RoleCitizen, "", p.cursor)
	if p.welcome.Resumed {
		t.Error("a cursor of the old epoch was resumed")
	}
	p.snapshot()
	conf.put("q2", moderation.StateApproved, "y")
	p.events(1)
}

// TestQ3_restoredLogOfTheSameLength: the position alone does not tell that everything
// before it is another history.
func TestQ3_restoredLogOfTheSameLength(t *testing.T) {
	t.Parallel()
	conf := newFakeConference()
	conf.put("q1", moderation.StateApproved, "x")
	h := serve(t, conf)
	p := h.join(conference.RoleCitizen, "", "")
	p.snapshot()
	conf.rollBack("b2")
	if bye, code := p.closed(); code != protocol.CloseResync || bye == nil || bye.Reason != "resync" {
		t.Errorf("got %+v and code %d", bye, code)
	}
	p = h.join(conference.RoleCitizen, "", p.cursor)
	if s := p.snapshot(); p.welcome.Resumed || len(s.Questions) != 0 {
		t.Errorf("resumed %v with %d questions, want a snapshot of none", p.welcome.Resumed, len(s.Questions))
	}
}

func TestHub_followedQuestion(t *testing.T) {
	t.Parallel()
	conf := newFakeConference()
	conf.put("q1", moderation.StatePending, "Câu một")
	h := serve(t, conf)
	p := h.join(conference.RoleCitizen, "", "")
	p.snapshot()
	p.send(protocol.ClientMessage{Type: "follow", Code: "CODE-Q1"})
	if s := p.want("standing").Standing; s.State != moderation.StatePending || s.Body != "Câu một" {
		t.Errorf("got %+v", s)
	}
	conf.put("q1", moderation.StateClaimed, "Câu một")
	if s := p.want("standing").Standing; s.State != moderation.StateClaimed {
		t.Errorf("got %+v", s)
	}
	p.send(protocol.ClientMessage{Type: "follow", ID: "follow-1", Code: "CODE-none"})
	if r := p.reply("follow-1"); r.Error == nil || r.Error.Code != "question.unknown_code" {
		t.Errorf("got %s", mustJSON(r))
	}
	p.send(protocol.ClientMessage{Type: "unfollow", Code: "CODE-Q1"})
	// The reply to a command sent after it shows that unfollow was carried out.
	p.command(commandID(), "question.submit", protocol.QuestionSubmit{})
	conf.put("q1", moderation.StateApproved, "Câu một")
	p.events(1)
}

func TestHub_repliesGoBeforeEvents(t *testing.T) {
	t.Parallel()
	conf := newFakeConference()
	h := serve(t, conf)
	conf.handle(func(_ context.Context, c conference.Command) (live.Outcome, error) {
		if c.Actor.Role != conference.RoleVenue || c.Actor.Venue != "phu-loc" {
			t.Errorf("actor is %+v", c.Actor)
		}
		s, ok := c.Body.(live.SubmitQuestion)
		if !ok || s.Venue != "phu-loc" || s.Channel != moderation.ChannelHall {
			t.Errorf("body is %+v", c.Body)
		}
		return live.Outcome{Question: "q1", Code: "CODE-Q1", State: moderation.StatePending}, nil
	})
	p := h.join(conference.RoleVenue, "phu-loc", "")
	p.snapshot()
	r := p.command(commandID(), "question.submit", protocol.QuestionSubmit{
		IdempotencyKey: "0123456789abcdef", Body: "Hỏi", Topic: "land", Venue: "main",
	})
	if r.OK == nil || r.OK.Code != "CODE-Q1" || r.OK.State != moderation.StatePending {
		t.Errorf("got %s", mustJSON(r))
	}
}
