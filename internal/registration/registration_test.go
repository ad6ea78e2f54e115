package registration_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/registration"
)

// desk is a conference with its board, and what its commands come to.
type desk struct {
	*testing.T

	info  *conference.Info
	board *registration.Board
	now   time.Time
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	return &desk{t, theInfo(), registration.NewBoard(), begin}
}

// give gives a command and returns the refusal's code, or "".
func (d *desk) give(actor conference.Actor, body conference.Body) string {
	d.Helper()
	decision, err := d.board.Decide(d.info, conference.Command{ID: "c", Actor: actor, Body: body}, d.now)
	if refusal, ok := errors.AsType[*conference.Error](err); ok {
		return refusal.Code
	}
	for _, draft := range decision.Drafts {
		data, err := json.Marshal(draft.Data)
		if err != nil {
			d.Fatal(err)
		}
		event := conference.Event{Type: draft.Type, V: draft.V, At: d.now, Actor: actor, Data: data, Private: draft.Private}
		if d.info, err = conference.Apply(d.info, event); err != nil {
			d.Fatal(err)
		}
		if _, _, err := d.board.Apply(event); err != nil {
			d.Fatal(err)
		}
	}
	return ""
}

func (d *desk) must(actor conference.Actor, body conference.Body) {
	d.Helper()
	if code := d.give(actor, body); code != "" {
		d.Fatalf("%s: %s", body.CommandType(), code)
	}
}

func ask(id conference.RegistrationID) registration.Register {
	return registration.Register{
		ID: id, Venue: "ba-dinh", Holder: "phone-" + string(id), Consents: agreed,
		Person: registration.Person{Name: "Bà Hoa", Phone: "+84912345678"},
	}
}

func TestRegisterRefusals(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 300)
	for _, test := range []struct {
		name  string
		actor conference.Actor
		at    time.Time
		edit  func(*registration.Register)
		want  string
	}{
		{"good", citizen, begin, func(*registration.Register) {}, ""},
		{"online", citizen, begin, func(r *registration.Register) { r.Venue = "" }, ""},
		{"too early", citizen, begin.Add(-time.Second), func(*registration.Register) {}, "registration.not_yet"},
		{"staff early", registrar, begin.Add(-time.Second), func(*registration.Register) {}, ""},
		{"too late", citizen, closes, func(*registration.Register) {}, "registration.closed"},
		{"nameless", citizen, begin, func(r *registration.Register) { r.Person.Name = "" }, "registration.no_name"},
		{"long name", citizen, begin, func(r *registration.Register) { r.Person.Name = long }, "registration.name_too_long"},
		{"long commune", citizen, begin, func(r *registration.Register) { r.Person.Commune = long }, "registration.commune_too_long"},
		{"long organisation", citizen, begin, func(r *registration.Register) { r.Person.Organisation = long }, "registration.organisation_too_long"},
		{"long address", citizen, begin, func(r *registration.Register) { r.Person.Email = long }, "registration.bad_email"},
		{"long number", citizen, begin, func(r *registration.Register) { r.Person.IDNumber = long }, "registration.bad_id_number"},
		{"no phone", citizen, begin, func(r *registration.Register) { r.Holder = "" }, "registration.no_phone"},
		{"no phone at the desk", registrar, begin, func(r *registration.Register) { r.Holder = "" }, ""},
		{"no such venue", citizen, begin, func(r *registration.Register) { r.Venue = "nowhere" }, "registration.unknown_venue"},
		{"no such topic", citizen, begin, func(r *registration.Register) { r.Topic = "nothing" }, "registration.unknown_topic"},
		{"no consent", citizen, begin, func(r *registration.Register) { r.Consents = nil }, "registration.no_consent"},
		{"consent to another thing", citizen, begin, func(r *registration.Register) {
			r.Consents = []registration.Consent{{Purpose: registration.PurposeContact, Version: "v1"}}
		}, "registration.no_consent"},
		{"consent to an older text", citizen, begin, func(r *registration.Register) {
			r.Consents = []registration.Consent{{Purpose: registration.PurposePrivacy, Version: "v0"}}
		}, "registration.consent_outdated"},
		{"consent to what nobody asks", citizen, begin, func(r *registration.Register) {
			r.Consents = []registration.Consent{{Purpose: "all", Version: "v1"}}
		}, "registration.bad_consent"},
		{"a citizen on a reserved seat", citizen, begin, func(r *registration.Register) { r.Reserved = true }, "registration.staff_only"},
		{"a citizen walks in", citizen, begin, func(r *registration.Register) { r.WalkIn = true }, "registration.staff_only"},
		{"no reserved seats", registrar, begin, func(r *registration.Register) { r.Reserved = true }, "registration.venue_full"},
		{
			"a desk of another venue",
			conference.Actor{Role: conference.RoleRegistrar, Venue: "thanh-pho"},
			begin,
			func(*registration.Register) {}, "registration.other_venue",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.now = test.at
			body := ask("r0")
			test.edit(&body)
			if got := d.give(test.actor, body); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// TestCapacity: seats are never fewer than the people who have them; more seats are offered
// to the line; a venue without seats is not registered for.
func TestCapacity(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for _, id := range ids[:5] {
		d.must(citizen, ask(id))
	}
	seats := func(n int) registration.Set {
		return registration.Set{Seats: []conference.SeatCount{{Venue: "ba-dinh", Seats: n}}}
	}
	if got := d.give(registrar, seats(1)); got != "registration.seats_taken" {
		t.Errorf("fewer seats than people: got %q", got)
	}
	d.must(registrar, seats(4))
	if got := d.board.Unoffered(d.info, d.now); !slices.Equal(got, []conference.VenueID{"ba-dinh"}) {
		t.Fatalf("unoffered at %v", got)
	}
	d.must(system, registration.Offer{Venue: "ba-dinh"})
	want := registration.Count{Confirmed: 2, Offered: 2, Waiting: 1, Unseen: 2}
	if diff := cmp.Diff(want, d.board.Count("ba-dinh")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := d.board.Place(ids[4]); got != 1 {
		t.Errorf("the last waits at %d, want 1", got)
	}
	late := ask(ids[6])
	late.Venue = "thanh-pho"
	d.must(registrar, registration.Set{Seats: []conference.SeatCount{{Venue: "thanh-pho"}}})
	if got := d.give(citizen, late); got != "registration.no_seats" {
		t.Errorf("a venue without seats: got %q", got)
	}
}

// TestDoorsEndOffers: an offer ends when the doors open, also when they open earlier than they
// were to when it was made.
func TestDoorsEndOffers(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for _, id := range ids[:3] {
		d.must(citizen, ask(id))
	}
	d.must(citizen, registration.Cancel{ID: ids[0]})
	if got := d.board.Registration(ids[2]).State; got != registration.StateOffered {
		t.Fatalf("the first of the line is %s", got)
	}
	earlier := *d.info.Registration
	earlier.ClosesAt, earlier.DoorsAt = d.now.Add(time.Minute), d.now.Add(time.Hour)
	d.must(registrar, registration.Set{Registration: &earlier})
	d.now = earlier.DoorsAt
	if got := d.give(citizen, registration.Accept{ID: ids[2]}); got != "registration.offer_lapsed" {
		t.Errorf("accepted after the doors opened: %q", got)
	}
	if got := d.board.Lapsed(d.info, d.now); !slices.Equal(got, ids[2:3]) {
		t.Errorf("lapsed: %v", got)
	}
	d.must(system, registration.Lapse{ID: ids[2]})
}

// TestMergedScans: what two devices saw offline is there once each, by its time; whoever was
// scanned first is in, and the others are flagged.
func TestMergedScans(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.must(citizen, ask("r0"))
	d.now = doors.Add(time.Hour)
	look := func(device, scan string, after time.Duration) registration.CheckIn {
		return registration.CheckIn{ID: "r0", Venue: "ba-dinh", Device: device, Scan: scan, At: doors.Add(after), Offline: true}
	}
	d.must(registrar, look("b", "1", 10*time.Minute))
	d.must(registrar, look("a", "1", 5*time.Minute))
	d.must(registrar, look("a", "2", 24*time.Hour)) // its clock is wrong
	r := d.board.Registration("r0")
	if r.State != registration.StateCheckedIn || !r.CheckedInAt().Equal(doors.Add(5*time.Minute)) {
		t.Errorf("%s at %v", r.State, r.CheckedInAt())
	}
	flagged := r.Flagged()
	if len(flagged) != 2 || flagged[0].Device != "b" || flagged[1].ID != "2" || flagged[1].At.After(d.now) {
		t.Errorf("flagged: %+v", flagged)
	}
	other := look("a", "3", 0)
	other.Venue = "thanh-pho"
	d.must(registrar, other)
	if scans := d.board.Registration("r0").Scans; scans[0].Result != registration.ResultOtherVenue {
		t.Errorf("scans: %+v", scans)
	}
	if got := d.board.Registration("r0").CheckedInAt(); !got.Equal(doors.Add(5 * time.Minute)) {
		t.Errorf("a look at another door moved the check-in to %v", got)
	}
}

// TestErasedKeepsTheRecord: of an erased person nothing is left, the seat goes to the next,
// and that there was a registration stays.
func TestErasedKeepsTheRecord(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for _, id := range ids[:3] {
		d.must(citizen, ask(id))
	}
	d.must(citizen, registration.Erase{ID: "r0"})
	r := d.board.Registration("r0")
	if r.Person != (registration.Person{}) || !r.Erased || r.State != registration.StateCancelled || len(r.Consents) != 1 {
		t.Errorf("got %+v", r)
	}
	if next := d.board.Registration("r2"); next.State != registration.StateOffered || !next.OfferEnds.Equal(begin.Add(2*time.Hour)) {
		t.Errorf("the next: %+v", next)
	}
	d.must(citizen, registration.Erase{ID: "r0"}) // again
	name := "Khác"
	if got := d.give(citizen, registration.Correct{ID: "r0", Name: &name}); got != "registration.already_cancelled" {
		t.Errorf("correct an erased one: %q", got)
	}
}

func TestApplyRefusesNonsense(t *testing.T) {
	t.Parallel()
	board := registration.NewBoard()
	for _, event := range []conference.Event{
		{Type: registration.EventMade, Data: json.RawMessage(`7`)},
		{Type: registration.EventCancelled, Data: json.RawMessage(`7`)},
		{Type: registration.EventCancelled, Data: json.RawMessage(`{"registration":"none"}`)},
	} {
		if _, _, err := board.Apply(event); err == nil {
			t.Errorf("%s %s was applied", event.Type, event.Data)
		}
	}
	if _, _, err := board.Apply(conference.Event{Type: "question.submitted", Data: json.RawMessage(`7`)}); err != nil {
		t.Errorf("another part's event: %v", err)
	}
}

// TestAbsent: who was invited and stood at no door did not come, once it is over; a look
// that a device tells later, also of another door, takes that back.
func TestAbsent(t *testing.T) {
	t.Parallel()
	closed := theInfo()
	closed.State = conference.StateClosed
	looked := []registration.Scan{{Venue: "thanh-pho", Offline: true, Result: registration.ResultOtherVenue}}
	for name, one := range map[string]struct {
		info *conference.Info
		r    registration.Registration
		want bool
	}{
		"a seat":                   {closed, registration.Registration{State: registration.StateConfirmed, Venue: "ba-dinh"}, true},
		"a reserved seat":          {closed, registration.Registration{State: registration.StateConfirmed, Venue: "ba-dinh", Reserved: true}, true},
		"not over yet":             {theInfo(), registration.Registration{State: registration.StateConfirmed, Venue: "ba-dinh"}, false},
		"came":                     {closed, registration.Registration{State: registration.StateCheckedIn, Venue: "ba-dinh"}, false},
		"stood at another door":    {closed, registration.Registration{State: registration.StateConfirmed, Venue: "ba-dinh", Scans: looked}, false},
		"online":                   {closed, registration.Registration{State: registration.StateConfirmed}, false},
		"waited":                   {closed, registration.Registration{State: registration.StateWaiting, Venue: "ba-dinh"}, false},
		"did not accept an offer":  {closed, registration.Registration{State: registration.StateLapsed, Venue: "ba-dinh"}, false},
		"has given the seat back":  {closed, registration.Registration{State: registration.StateCancelled, Venue: "ba-dinh"}, false},
		"came without being asked": {closed, registration.Registration{State: registration.StateCheckedIn, Venue: "ba-dinh", WalkIn: true}, false},
	} {
		if got := one.r.Absent(one.info); got != one.want {
			t.Errorf("%s: absent %v, want %v", name, got, one.want)
		}
	}
}
