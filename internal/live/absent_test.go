package live_test

import (
	"crypto/rand"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/internal/registration"
	"github.com/diemcau/diemcau/moderation"
)

// brings registers somebody who brings a question along.
func brings(t *testing.T, c *live.Conference, phone, words string) live.Outcome {
	t.Helper()
	body := person(rand.Text(), phone)
	body.Question = words
	return must(t, c, citizen, body)
}

// TestAbsent: whoever was invited and stood at no door when it was over did not come, and
// the question they brought along is answered in writing, by whom the topic says or who was
// named; of whoever came, and whose question found another end, nothing is said. A device
// that tells its looks late takes it back, on every node.
func TestAbsent(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, c, other *live.Conference) {
		t.Helper()
		must(t, c, admin, openSeats(9))
		came, away, late := brings(t, c, "0912000001", "Người đến"), brings(t, c, "0912000002", "Người vắng"), brings(t, c, "0912000003", "Người đến muộn")
		unread, turned := brings(t, c, "0912000004", "Chưa đọc"), brings(t, c, "0912000005", "Khiếu nại")
		for _, asked := range []live.Outcome{came, away, late} {
			must(t, c, lan, moderation.ClaimCard{ID: asked.Question})
			must(t, c, lan, moderation.Approve{ID: asked.Question})
		}
		must(t, c, lan, moderation.ClaimCard{ID: turned.Question})
		must(t, c, lan, moderation.Refuse{ID: turned.Question, Reason: "unclear"})
		must(t, c, registrar, registration.CheckIn{ID: came.Registered.ID, Venue: "ba-dinh"})
		if s := c.Snapshot(); len(s.Absent) != 0 {
			t.Errorf("absent before the close: %v", s.Absent)
		}
		closing := must(t, c, admin, conference.Close{})
		want := slices.Sorted(slices.Values([]conference.QuestionID{away.Question, late.Question, unread.Question, turned.Question}))
		for _, node := range []*live.Conference{c, other} {
			end := waitFor(t, node, "carried over", func(s *live.Snapshot) bool {
				return find(s, away.Question).State == moderation.StateCarriedOver && find(s, late.Question).State == moderation.StateCarriedOver
			})
			if diff := cmp.Diff(want, end.Absent); diff != "" {
				t.Errorf("whose askers did not come (-want +got):\n%s", diff)
			}
			changes, _, err := node.Since(closing.Position - 1)
			if err != nil || len(changes[0].Absent) != len(want) || !changes[0].Absent[away.Question] {
				t.Errorf("the close tells %+v, %v", changes[0].Absent, err)
			}
			inWriting(t, node, away, true, true)
			inWriting(t, node, came, false, false)
			inWriting(t, node, unread, true, true)
			inWriting(t, node, turned, true, false)
		}
		look := must(t, c, registrar, registration.CheckIn{ID: late.Registered.ID, Venue: "ba-dinh", Device: "d", Scan: "1", Offline: true})
		for _, node := range []*live.Conference{c, other} {
			waitFor(t, node, "the late look", func(s *live.Snapshot) bool { return s.Position >= look.Position })
			inWriting(t, node, late, false, false)
			changes, _, err := node.Since(look.Position - 1)
			if told, is := changes[0].Absent[late.Question]; err != nil || !is || told || len(changes[0].Absent) != 1 {
				t.Errorf("the late look tells %+v, %v", changes[0].Absent, err)
			}
		}
		official := conference.Actor{Role: conference.RoleOfficial, Person: "Hà"}
		must(t, c, official, moderation.AssignPromise{ID: away.Question, Agency: "Sở Xây dựng", Due: "2099-01-01"})
		if s, err := c.Ticket(away.Registered.Ticket); err != nil || s.Agency != "Sở Xây dựng" {
			t.Errorf("the agency that was named: %q, %v", s.Agency, err)
		}
		must(t, c, citizen, registration.Erase{ID: away.Registered.ID})
		if s := c.Snapshot(); slices.Contains(s.Absent, away.Question) {
			t.Error("who is forgotten is told of as absent")
		}
	})
}

// inWriting looks at a ticket and its question.
func inWriting(t *testing.T, c *live.Conference, of live.Outcome, absent, written bool) {
	t.Helper()
	agency := ""
	if written {
		agency = "Sở TN&MT"
	}
	ticket, err := c.Ticket(of.Registered.Ticket)
	if err != nil || ticket.Absent != absent || ticket.InWriting != written || ticket.Agency != agency || ticket.Tracking != of.Code {
		t.Errorf("%s: absent %v, in writing %v by %q, %q, %v; want %v, %v, %q", ticket.Registration.ID, ticket.Absent, ticket.InWriting, ticket.Agency, ticket.Tracking, err, absent, written, agency)
	}
	asked, err := c.StandingOf(of.Question)
	if err != nil || asked.Absent != written || asked.Agency != agency {
		t.Errorf("%q: absent %v, by %q, %v; want %v, %q", asked.Question.Body, asked.Absent, asked.Agency, err, written, agency)
	}
}
