package live_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	mrand "math/rand/v2"
	"os"
	"sync"
	"testing"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/moderation"
)

// race is the figures of TestQ2_ModeratorsRace.
func race() (moderators, questions int) {
	if os.Getenv("DIEMCAU_SOAK") == "1" {
		return 50, 2000
	}
	return 20, 200
}

// TestQ2_ModeratorsRace lets moderators on two nodes reach for the same questions. Each
// command is sent twice, from either node, and the waiting for replies is given up at
// random. No question is decided twice, none has two holders, and a repeated command gets
// its first answer.
func TestQ2_ModeratorsRace(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, a, b *live.Conference) {
		t.Helper()
		moderators, questions := race()
		var ids []conference.QuestionID
		for i := range questions {
			ids = append(ids, ask(t, a, fmt.Sprintf("Câu %d", i)).Question)
		}
		var wg sync.WaitGroup
		for n := range moderators {
			m := &racer{
				t: t, nodes: []*live.Conference{a, b}, random: mrand.New(mrand.NewPCG(uint64(n), 7)),
				actor: conference.Actor{Role: conference.RoleModerator, Session: fmt.Sprintf("mod-%d", n), Person: fmt.Sprintf("M%d", n)},
			}
			wg.Go(func() { // ends when every question was reached for
				for _, i := range m.random.Perm(len(ids)) {
					m.reachFor(ids[i])
				}
			})
		}
		wg.Wait()
		end := max(a.Snapshot().Position, b.Snapshot().Position)
		for _, node := range []*live.Conference{a, b} {
			s := waitFor(t, node, "the end", func(s *live.Snapshot) bool { return s.Position >= end })
			for _, q := range s.Questions {
				if q.State != moderation.StateApproved && q.State != moderation.StateRefused {
					t.Errorf("%s is %s", q.ID, q.State)
				}
			}
		}
		decidedOnce(t, a, questions)
	})
}

// decidedOnce reads the log as it was kept: every question was claimed by whoever decided
// it, and decided once.
func decidedOnce(t *testing.T, c *live.Conference, questions int) {
	t.Helper()
	holder, decided := map[conference.QuestionID]string{}, map[conference.QuestionID]int{}
	first := c.Snapshot().Position
	if first > 4096 {
		first -= 4096 // what is kept in memory; the soak's log is longer
	} else {
		first = 0
	}
	for after := first; ; {
		changes, _, err := c.Since(after)
		if err != nil {
			t.Fatal(err)
		}
		if len(changes) == 0 {
			break
		}
		for _, change := range changes {
			after = change.Event.Position
			if change.Question == nil {
				continue
			}
			id, who := change.Question.ID, change.Event.Actor.Session
			switch change.Event.Type {
			case moderation.EventClaimed:
				if other := holder[id]; other != "" {
					t.Errorf("%s: claimed by %s while %s held it", id, who, other)
				}
				holder[id] = who
			case moderation.EventApproved, moderation.EventRefused:
				if decided[id]++; decided[id] > 1 || holder[id] != who && first == 0 {
					t.Errorf("%s: decided %d times, by %s, held by %s", id, decided[id], who, holder[id])
				}
			}
		}
	}
	if first == 0 && len(decided) != questions {
		t.Errorf("%d questions decided, want %d", len(decided), questions)
	}
}

// racer is one moderator with a bad line.
type racer struct {
	t      *testing.T
	nodes  []*live.Conference
	actor  conference.Actor
	random *mrand.Rand
}

// reachFor claims a question and decides it if the claim was won.
func (m *racer) reachFor(id conference.QuestionID) {
	if !m.twice(moderation.ClaimCard{ID: id}) {
		return
	}
	var decision conference.Body = moderation.Approve{ID: id}
	if m.random.IntN(2) == 0 {
		decision = moderation.Refuse{ID: id, Reason: "unclear"}
	}
	if !m.twice(decision) {
		m.t.Errorf("%s holds %s and may not decide it", m.actor.Session, id)
	}
}

// twice gives a command on one node and again on either, and reports whether it was
// carried out. A reply nobody waited for is fetched by the repetition.
func (m *racer) twice(body conference.Body) bool {
	command := conference.Command{ID: rand.Text(), Actor: m.actor, Body: body}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if m.random.IntN(4) == 0 {
		go cancel() // the line breaks at any moment, or not in time
	}
	first, errFirst := m.nodes[m.random.IntN(2)].Do(ctx, command)
	again, errAgain := m.nodes[m.random.IntN(2)].Do(context.Background(), command)
	lost := isKind(errFirst, conference.KindPending) || isKind(errFirst, conference.KindUnavailable)
	if !lost && ((errFirst == nil) != (errAgain == nil) || first.Position != again.Position || first.State != again.State) {
		m.t.Errorf("%s: first %+v, %v; again %+v, %v", body.CommandType(), first, errFirst, again, errAgain)
	}
	if errAgain != nil && !isKind(errAgain, conference.KindConflict) {
		m.t.Errorf("%s: %v", body.CommandType(), errAgain)
	}
	return errAgain == nil
}

func isKind(err error, kind conference.Kind) bool {
	refusal, is := errors.AsType[*conference.Error](err)
	return is && refusal.Kind == kind
}
