package signaling_test

import (
	"crypto/rand"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/moderation"
	"github.com/diemcau/diemcau/signaling/protocol"
)

// votesOf reads watermarks until one tells votes.
func votesOf(p *peer) map[string]int {
	p.t.Helper()
	for {
		if m := p.want("watermark"); m.Watermark.Votes != nil {
			return m.Watermark.Votes
		}
	}
}

// TestVotes_toldToThoseWhoSeeQuestions: totals that changed come once, with the chain
// intact, to every role that sees questions; a snapshot has all; a total that is no more
// is told as 0.
func TestVotes_toldToThoseWhoSeeQuestions(t *testing.T) {
	t.Parallel()
	var conf *fakeConference
	bubble(t, with(&conf), func(t *testing.T, h *harness) {
		t.Helper()
		conf.put("q1", moderation.StateApproved, "x")
		citizen, registrar := h.join(conference.RoleCitizen, "", ""), h.join(conference.RoleRegistrar, "", "")
		citizen.snapshot()
		registrar.snapshot()
		conf.vote(map[conference.QuestionID]int{"q1": 2, "q2": 1})
		if diff := cmp.Diff(map[string]int{"q1": 2, "q2": 1}, votesOf(citizen)); diff != "" {
			t.Errorf("totals (-want +got):\n%s", diff)
		}
		conf.vote(map[conference.QuestionID]int{"q1": 3})
		if diff := cmp.Diff(map[string]int{"q1": 3, "q2": 0}, votesOf(citizen)); diff != "" {
			t.Errorf("what changed (-want +got):\n%s", diff)
		}
		late := h.join(conference.RoleCitizen, "", "")
		if diff := cmp.Diff(map[string]int{"q1": 3}, late.snapshot().Votes); diff != "" {
			t.Errorf("snapshot (-want +got):\n%s", diff)
		}
		for range 3 {
			if m := registrar.want("watermark"); m.Watermark.Votes != nil {
				t.Errorf("the registrar is told %v", m.Watermark.Votes)
			}
		}
	})
}

// TestFollow_mergedQuestion: who follows a merged question is told what becomes of the one
// that stands for it, before and after a reconnect.
func TestFollow_mergedQuestion(t *testing.T) {
	t.Parallel()
	conf := running(t)
	moderator := conference.Actor{Role: conference.RoleModerator, Session: "m-1", Person: "Lan"}
	do := func(actor conference.Actor, body conference.Body) live.Outcome {
		t.Helper()
		outcome, err := conf.Do(t.Context(), conference.Command{ID: rand.Text(), Actor: actor, Body: body})
		if err != nil {
			t.Fatal(err)
		}
		return outcome
	}
	ask := func(words string) live.Outcome {
		t.Helper()
		asked := do(conference.Actor{Role: conference.RoleCitizen}, live.SubmitQuestion{
			IdempotencyKey: rand.Text(), Body: words, Topic: "land", Channel: moderation.ChannelWeb,
		})
		do(moderator, moderation.ClaimCard{ID: asked.Question})
		return asked
	}
	mine, other := ask("Của tôi"), ask("Của người khác")
	h := serve(t, conf)
	p := h.join(conference.RoleScreen, "", "") // sees neither yet
	p.snapshot()
	standing := func(state moderation.State) *protocol.StandIn {
		t.Helper()
		for {
			m, err := p.read()
			if err != nil {
				t.Fatalf("waiting for %s: %v", state, err)
			}
			if s := m.Standing; s != nil && (s.Into == nil && s.State == state || s.Into != nil && s.Into.State == state) {
				return s.Into
			}
		}
	}
	p.send(protocol.ClientMessage{Type: "follow", Code: mine.Code})
	standing(moderation.StateClaimed)
	do(moderator, moderation.Merge{ID: mine.Question, Into: other.Question})
	if into := standing(moderation.StateClaimed); into == nil || into.Text != "" {
		t.Errorf("not public yet: got %+v", into)
	}
	do(moderator, moderation.Approve{ID: other.Question})
	if into := standing(moderation.StateApproved); into == nil || into.Text != "Của người khác" {
		t.Errorf("approved: got %+v", into)
	}
	p = h.join(conference.RoleCitizen, "", "")
	p.snapshot()
	p.send(protocol.ClientMessage{Type: "follow", Code: mine.Code})
	standing(moderation.StateApproved)
	do(conference.Actor{Role: conference.RoleStage, Session: "st"}, moderation.Queue{ID: other.Question})
	if into := standing(moderation.StateQueued); into == nil {
		t.Error("after a reconnect nobody stands for it")
	}
}
