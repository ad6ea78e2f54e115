package signaling

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/moderation"
	"github.com/diemcau/diemcau/sfu/floor"
	"github.com/diemcau/diemcau/signaling/protocol"
)

// Which roles are what is written here a second time, by hand.
func allRoles() []conference.Role {
	return []conference.Role{
		conference.RoleCitizen, conference.RoleVenue, conference.RoleModerator, conference.RoleStage,
		conference.RoleScreen, conference.RoleRegistrar, conference.RoleOfficial, conference.RoleAdmin, conference.RoleSystem, "king", "",
	}
}

func oneOf(role conference.Role, list string) bool {
	return role != "" && slices.Contains(strings.Fields(list), string(role))
}

func full(state moderation.State) *moderation.Question {
	t := time.Date(2022, 10, 28, 1, 0, 0, 0, time.UTC)
	return &moderation.Question{
		ID: "q1", State: state, Version: 7, Topic: "land", Venue: "phu-loc", Channel: moderation.ChannelHall,
		Body: "SECRET body", Short: "Shown words", BodyDigest: "SECRET digest", SubmittedAt: t, ChangedAt: t,
		Claim:   &moderation.Claim{Session: "SECRET session", Person: "SECRET person", At: t},
		Refusal: &moderation.Refusal{Reason: "SECRET reason", Text: "SECRET text", NextDoor: "SECRET door"},
		OnAirAt: t, AnsweredAt: t,
		First: "SECRET first words", Name: "SECRET name", MayName: true, Visibility: moderation.VisibilityText,
		Hold:       &moderation.Hold{Rule: "SECRET rule", Person: "SECRET person", Proposed: &moderation.Refusal{Text: "SECRET text"}},
		Return:     &moderation.Return{Text: "SECRET question", Person: "SECRET person", At: t},
		Revisions:  []moderation.Revision{{At: t, Person: "SECRET person", Short: "SECRET wording"}},
		Decisions:  []moderation.Decision{{At: t, Person: "SECRET person", State: moderation.StateRefused}},
		Conclusion: &moderation.Conclusion{Agency: "Sở", Due: "2022-11-20", Person: "SECRET person", At: t},
		MergedInto: "q2",
		Contact:    &moderation.Contact{Phone: "CONTACT phone", Organisation: "CONTACT organisation"},
	}
}

// staffFields are the fields of protocol.Question under its comment "Staff".
func staffFields(t *testing.T) []string {
	t.Helper()
	var out []string
	typ := reflect.TypeFor[protocol.Question]()
	after := false
	for field := range typ.Fields() {
		name := field.Name
		after = after || name == "Version"
		if after {
			out = append(out, name)
		}
	}
	if len(out) != 13 {
		t.Fatalf("protocol.Question has the staff fields %v: decide who sees the new one and mend this test", out)
	}
	return out
}

// TestAudience_Q11_promises: a reply that is not public reaches the staff, the officials
// and, under the tracking code, the asker; notes never the public.
func TestAudience_Q11_promises(t *testing.T) {
	t.Parallel()
	q := full(moderation.StateWritten)
	q.Notes = []moderation.Note{{Person: "Minh", Text: "SECRET note"}}
	for _, public := range []bool{true, false} {
		q.Reply = &moderation.Reply{Text: "SECRET reply", Public: public}
		for _, role := range allRoles() {
			got := audience{role: role, public: true}.question(q)
			inside := oneOf(role, "moderator stage admin official")
			if (got.Reply != nil) != (inside || public) || (got.Notes != nil) != inside {
				t.Errorf("%q, public %v: got %+v and %+v", role, public, got.Reply, got.Notes)
			}
		}
		if s := Standing(live.Standing{Question: q}); s.Reply == nil || len(s.Notes) != 1 {
			t.Errorf("the asker gets %+v and %+v", s.Reply, s.Notes)
		}
	}
}

// TestAudience_Q11_nameAndPrivate: the public reads a name only when its owner agreed and a
// moderator showed it, and nothing of a private question.
func TestAudience_Q11_nameAndPrivate(t *testing.T) {
	t.Parallel()
	for _, role := range allRoles() {
		a := audience{role: role, public: true}
		isStaff := oneOf(role, "moderator stage admin")
		for _, may := range []bool{true, false} {
			for _, shows := range []moderation.Visibility{moderation.VisibilityPrivate, moderation.VisibilityText, moderation.VisibilityTextName} {
				q := full(moderation.StateOnAir)
				q.MayName, q.Visibility = may, shows
				if got, want := a.sees(q), isStaff || a.questions() && role != "official" && shows != moderation.VisibilityPrivate; got != want {
					t.Errorf("%q sees a %s question: %v, want %v", role, shows, got, want)
				}
				want := isStaff || may && shows == moderation.VisibilityTextName
				if got := a.question(q).Name != ""; got != want {
					t.Errorf("%q reads the name (agreed %v, %s): %v, want %v", role, may, shows, got, want)
				}
			}
		}
	}
}

// TestAudience_Q11_matrix: role × state × what happened: who sees the question, and which of
// its fields, with every field of protocol.Question looked at.
func TestAudience_Q11_matrix(t *testing.T) {
	t.Parallel()
	staff := staffFields(t)
	for _, role := range allRoles() {
		for _, public := range []bool{true, false} {
			for _, state := range append(moderation.States(), "unheardOf") {
				a := audience{role: role, public: public}
				isStaff := oneOf(role, "moderator stage admin")
				isOut := oneOf(role, "venue screen") || (role == "citizen" && public)
				isOfficial := role == "official"
				want := isStaff || isOfficial && oneOf(conference.Role(state), "partAnswered answered written carriedOver") || isOut && oneOf(conference.Role(state), "approved queued staged onAir recalled partAnswered answered carriedOver")
				change := &live.Change{Event: conference.Event{Type: "question.x", V: 1}, Question: full(state)}
				e, ok := a.event(change)
				if got := e.Question != nil; got != want || (want && !ok) {
					t.Errorf("%q public=%v sees %s: %v, want %v", role, public, state, got, want)
				}
				if e.Question == nil {
					continue
				}
				v := reflect.ValueOf(*e.Question)
				for _, field := range staff {
					want := isStaff || isOfficial && field == "Original"
					if set := !v.FieldByName(field).IsZero(); set != want {
						t.Errorf("%q gets %s: %v, want %v", role, field, set, want)
					}
				}
				data, err := json.Marshal(e)
				if err != nil {
					t.Fatal(err)
				}
				if strings.Contains(string(data), "CONTACT") {
					t.Errorf("an event tells %q whom to call: %s", role, data)
				}
				if !isOfficial && strings.Contains(string(data), "SECRET") != isStaff || strings.Contains(string(data), "digest") {
					t.Errorf("%q gets %s", role, data)
				}
			}
		}
	}
}

// TestAudience_Q11_contact: role × state × field: whom to call back is told to the registrar
// and the administrator, and to nobody else by any of the audience's windows.
func TestAudience_Q11_contact(t *testing.T) {
	t.Parallel()
	for _, role := range allRoles() {
		a := audience{role: role, public: true}
		may := oneOf(role, "registrar admin")
		for _, state := range append(moderation.States(), "unheardOf") {
			q := full(state)
			got := a.contact(q)
			if (got != nil) != may {
				t.Fatalf("%q is told whom to call about a %s question: %v, want %v", role, state, got != nil, may)
			}
			s, err := json.Marshal(a.snapshot(&live.Snapshot{Info: &conference.Info{}, Questions: []*moderation.Question{q}}, nil))
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(s), "CONTACT") {
				t.Errorf("a snapshot tells %q whom to call: %s", role, s)
			}
			if !may {
				continue
			}
			for field, value := range reflect.ValueOf(*got).Fields() {
				if value.IsZero() {
					t.Errorf("%q does not get %s", role, field.Name)
				}
			}
			q.Contact = nil // a citizen's own question, or erased
			if got := a.contact(q); got.Name+got.Phone+got.Organisation != "" {
				t.Errorf("%q gets %+v of a question without a number", role, got)
			}
		}
	}
	s, err := json.Marshal(Standing(live.Standing{Question: full(moderation.StateApproved), Into: full(moderation.StateApproved)}))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(s), "CONTACT") {
		t.Errorf("whoever has the code is told whom to call: %s", s)
	}
}

// TestAudience_Q11_absent: whose asker did not come is told to those who see to the answer,
// by events and snapshots alike; an event tells nobody what became of a registration.
func TestAudience_Q11_absent(t *testing.T) {
	t.Parallel()
	for _, role := range allRoles() {
		a := audience{role: role, public: true}
		want := oneOf(role, "moderator stage admin official")
		scanned := live.Change{Event: conference.Event{Type: "registration.scanned", V: 1}, Registration: "r1", Absent: map[conference.QuestionID]bool{"q1": false}}
		e, seen := a.event(&scanned)
		if _, told := e.Absent["q1"]; seen != want || told != want || want && e.Type != "question.absent" {
			t.Errorf("%q is told by an event: %v, %+v; want %v", role, seen, e, want)
		}
		scanned.Absent = nil
		if e, seen := a.event(&scanned); seen {
			t.Errorf("%q is told of a registration: %+v", role, e)
		}
		s := a.snapshot(&live.Snapshot{Info: &conference.Info{}, Absent: []conference.QuestionID{"q1"}}, nil)
		if told := len(s.Absent) == 1; told != want {
			t.Errorf("%q is told by a snapshot: %v, want %v", role, s.Absent, want)
		}
	}
}

// TestAudience_snapshotAgreesWithEvents: what an event shows a role, a snapshot shows it.
func TestAudience_snapshotAgreesWithEvents(t *testing.T) {
	t.Parallel()
	for _, role := range allRoles() {
		for _, state := range moderation.States() {
			a := audience{role: role, public: true}
			s := a.snapshot(&live.Snapshot{
				Info: &conference.Info{}, Questions: []*moderation.Question{full(state)},
				Queue: []conference.QuestionID{"q1"}, OnAir: "q1",
			}, nil)
			e, _ := a.event(&live.Change{Question: full(state), Queue: []conference.QuestionID{"q1"}})
			if (len(s.Questions) == 1) != (e.Question != nil) || (len(s.Queue) == 1) != (e.Queue != nil) ||
				(s.OnAir != "") != a.questions() {
				t.Errorf("%q, %s: snapshot %+v, event %+v", role, state, s, e)
			}
			if s.Questions == nil || s.Queue == nil || s.Venues == nil || s.Conference.Venues == nil || s.Conference.Topics == nil {
				t.Errorf("%q: a list is null", role)
			}
		}
	}
}

func TestAudience_gone(t *testing.T) {
	t.Parallel()
	for _, role := range allRoles() {
		a := audience{role: role, public: true}
		e, ok := a.event(&live.Change{
			Event:    conference.Event{Type: moderation.EventWithdrawn},
			Question: full(moderation.StateWithdrawn), Previous: full(moderation.StateApproved),
		})
		switch {
		case oneOf(role, "moderator stage admin"):
			if e.Question == nil || e.Gone != "" || e.Type != moderation.EventWithdrawn {
				t.Errorf("%q gets %+v", role, e)
			}
		case oneOf(role, "citizen venue screen"):
			if e.Question != nil || e.Gone != "q1" || e.Type != eventGone {
				t.Errorf("%q gets %+v", role, e)
			}
		case ok:
			t.Errorf("%q gets %+v, want nothing", role, e)
		}
		if e, ok := a.event(&live.Change{Question: full(moderation.StateRefused), Previous: full(moderation.StateClaimed)}); ok &&
			!oneOf(role, "moderator stage admin") {
			t.Errorf("%q learns of a refusal: %+v", role, e)
		}
	}
}

func TestAudience_floor(t *testing.T) {
	t.Parallel()
	hand := time.Date(2022, 10, 28, 1, 0, 0, 0, time.UTC)
	f := &floor.Floor{Main: "main", Holder: "a", Preview: "b"}
	for _, role := range allRoles() {
		a := audience{role: role}
		near := oneOf(role, "stage venue admin")
		_, sees := a.event(&live.Change{Event: conference.Event{Type: floor.EventPreviewed}, Floor: f})
		if sees != near {
			t.Errorf("%q sees a preview: %v", role, sees)
		}
		e, _ := a.event(&live.Change{
			Event: conference.Event{Type: floor.EventGiven}, Floor: f,
			Venue: &floor.Venue{ID: "b", State: floor.StatePreview, HandAt: hand, HandNote: "SECRET note"},
		})
		if (e.Floor.Preview != "") != near || e.Floor.Holder != "a" {
			t.Errorf("%q gets %+v", role, e.Floor)
		}
		if (e.Venue.HandNote != "") != near || (e.Venue.State == floor.StatePreview) != near {
			t.Errorf("%q gets %+v", role, e.Venue)
		}
		if !near && e.Venue.State != floor.StateQueued {
			t.Errorf("%q gets %+v, want queued", role, e.Venue)
		}
		v := a.venue(&floor.Venue{State: floor.StatePreview})
		if !near && v.State != floor.StateReady {
			t.Errorf("%q gets %+v, want ready", role, v)
		}
		i := a.info(&conference.Info{Reasons: conference.DefaultReasons()})
		if len(i.Reasons) == 0 {
			t.Errorf("%q gets no reasons: an asker must read why", role)
		}
	}
}

func TestAudience_onAirOnlyWhenItChanges(t *testing.T) {
	t.Parallel()
	a := audience{role: conference.RoleScreen}
	e, _ := a.event(&live.Change{Question: full(moderation.StateQueued), Previous: full(moderation.StateApproved), OnAir: "other"})
	if e.OnAir != nil {
		t.Errorf("got %q, want unchanged", *e.OnAir)
	}
	e, _ = a.event(&live.Change{Question: full(moderation.StateAnswered), Previous: full(moderation.StateOnAir)})
	if e.OnAir == nil || *e.OnAir != "" {
		t.Errorf("got %v, want none", e.OnAir)
	}
}
