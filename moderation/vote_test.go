package moderation_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/moderation"
)

// TestVotes: one vote per voter, which can be taken back; a merged question's voters count
// once for the question that stands for it, and come back with it.
func TestVotes(t *testing.T) {
	t.Parallel()
	b, mod := moderation.NewBoard(), conference.Actor{Role: conference.RoleModerator, Session: "lan"}
	step := func(body conference.Body) int {
		t.Helper()
		decision, err := carry(t, b, mod, body)
		if err != nil {
			t.Fatalf("%s: %v", body.CommandType(), err)
		}
		return len(decision.Drafts)
	}
	for _, id := range []conference.QuestionID{"q1", "q2", "q3"} {
		step(moderation.Submit{ID: id, Body: "x", Topic: "so-do", Channel: moderation.ChannelWeb})
		step(moderation.ClaimCard{ID: id})
	}
	for id, code := range map[conference.QuestionID]string{"q1": "question.unknown", "q0": "question.unknown"} {
		if _, err := carry(t, b, mod, moderation.Vote{ID: id, Voter: "a", On: true}); !errors.Is(err, &conference.Error{Code: code}) {
			t.Errorf("vote for %s: got %v, want %s", id, err, code)
		}
	}
	step(moderation.Approve{ID: "q1"})
	step(moderation.Approve{ID: "q2"})
	step(moderation.Approve{ID: "q3", Visibility: moderation.VisibilityPrivate})
	if _, err := carry(t, b, mod, moderation.Vote{ID: "q3", Voter: "a", On: true}); !errors.Is(err, &conference.Error{Code: "question.unknown"}) {
		t.Errorf("a private question takes votes: %v", err)
	}
	for voter, id := range map[string]conference.QuestionID{"a": "q1", "b": "q1", "c": "q2"} {
		if step(moderation.Vote{ID: id, Voter: voter, On: true}) != 1 || step(moderation.Vote{ID: id, Voter: voter, On: true}) != 0 {
			t.Errorf("%s does not have one vote", voter)
		}
	}
	step(moderation.Vote{ID: "q2", Voter: "a", On: true})
	want := func(what string, totals map[conference.QuestionID]int) {
		t.Helper()
		if diff := cmp.Diff(totals, b.Votes()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	want("apart", map[conference.QuestionID]int{"q1": 2, "q2": 2})
	step(moderation.Merge{ID: "q2", Into: "q1"})
	want("merged", map[conference.QuestionID]int{"q1": 3})
	step(moderation.Undo{ID: "q2"})
	want("apart again", map[conference.QuestionID]int{"q1": 2, "q2": 2})
	step(moderation.Vote{ID: "q1", Voter: "b"})
	want("one taken back", map[conference.QuestionID]int{"q1": 1, "q2": 2})
	step(moderation.Queue{ID: "q1"})
	step(moderation.Air{ID: "q1"})
	if _, err := carry(t, b, mod, moderation.Vote{ID: "q1", Voter: "d", On: true}); !errors.Is(err, &conference.Error{Code: "question.votes_closed"}) {
		t.Errorf("on air: got %v", err)
	}
}
