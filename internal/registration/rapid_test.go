package registration_test

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/registration"
)

var (
	ids    = []conference.RegistrationID{"r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9"}
	phones = []string{"p0", "p1", "p2", "p3", "p4", "p5", "p6"}
	places = []conference.VenueID{"thanh-pho", "ba-dinh"}
	begin  = time.Date(2022, 10, 1, 0, 0, 0, 0, time.UTC)
	closes = begin.Add(20 * time.Hour)
	doors  = begin.Add(24 * time.Hour)

	citizen   = conference.Actor{Role: conference.RoleCitizen}
	registrar = conference.Actor{Role: conference.RoleRegistrar, Session: "desk"}
	system    = conference.Actor{Role: conference.RoleSystem}
)

func theInfo() *conference.Info {
	return &conference.Info{
		ID: "dat-dai", Title: "Đối thoại", State: conference.StatePlanned, StartsAt: doors.Add(time.Hour),
		Venues: []conference.Venue{
			{ID: "thanh-pho", Name: "Thành phố", Main: true, Seats: 3, Reserved: 1}, {ID: "ba-dinh", Name: "Ba Đình", Seats: 2},
		},
		Topics: []conference.Topic{{ID: "so-do", Name: "Sổ đỏ"}},
		Registration: &conference.Registration{
			OpensAt: begin, ClosesAt: closes, DoorsAt: doors, OfferMs: (2 * time.Hour).Milliseconds(),
			Privacy: conference.Notice{Version: "v1", Text: "…"},
		},
	}
}

// slip is a registration as a person would note it on paper.
type slip struct {
	state, phone string
	venue        conference.VenueID
	reserved     bool
	walkIn       bool
	until        time.Time
	erased       bool
	seen         bool // at some door
}

func (s slip) active() bool { return s.state != "cancelled" && s.state != "lapsed" }

// paper is the whole model: slips, and a line of ids per venue.
type paper struct {
	slips map[conference.RegistrationID]slip
	lines map[conference.VenueID][]conference.RegistrationID
	seats map[conference.VenueID][2]int // all, reserved
}

func (p *paper) copy() *paper {
	lines := map[conference.VenueID][]conference.RegistrationID{}
	for v, line := range p.lines {
		lines[v] = slices.Clone(line)
	}
	return &paper{maps.Clone(p.slips), lines, maps.Clone(p.seats)}
}

// taken counts the seats of the public, and the reserved ones, that are not free.
func (p *paper) taken(v conference.VenueID) (public, reserved int) {
	for _, s := range p.slips {
		switch {
		case s.venue != v || !slices.Contains([]string{"confirmed", "offered", "checkedIn"}, s.state):
		case s.reserved:
			reserved++
		default:
			public++
		}
	}
	return public, reserved
}

// door counts who came in, who of them was on no list, and who of the invited stood at no door.
func (p *paper) door(v conference.VenueID) (in, walkIns, unseen int) {
	for _, s := range p.slips {
		switch {
		case s.venue != v || v == "":
		case s.state == "checkedIn" && s.walkIn:
			in, walkIns = in+1, walkIns+1
		case s.state == "checkedIn":
			in++
		case s.state == "confirmed" && !s.seen:
			unseen++
		}
	}
	return in, walkIns, unseen
}

func (p *paper) free(v conference.VenueID) int {
	public, _ := p.taken(v)
	return p.seats[v][0] - p.seats[v][1] - public
}

func (p *paper) phoneTaken(phone string) bool {
	for _, s := range p.slips {
		if s.phone == phone && s.active() {
			return true
		}
	}
	return false
}

// offer keeps free seats for the first of the line.
func (p *paper) offer(v conference.VenueID, now time.Time) {
	if v == "" || !now.Before(doors) {
		return
	}
	for p.free(v) > 0 && len(p.lines[v]) > 0 {
		id := p.lines[v][0]
		s := p.slips[id]
		s.state, s.until = "offered", now.Add(2*time.Hour)
		if s.until.After(doors) {
			s.until = doors
		}
		p.slips[id] = s
		p.lines[v] = p.lines[v][1:]
	}
}

// leave takes a slip out of its line.
func (p *paper) leave(id conference.RegistrationID) {
	v := p.slips[id].venue
	p.lines[v] = slices.DeleteFunc(slices.Clone(p.lines[v]), func(other conference.RegistrationID) bool { return other == id })
}

type machine struct {
	info   *conference.Info
	infos  []*conference.Info
	board  *registration.Board
	below  []*registration.Board
	papers []*paper
	paper  *paper
	now    time.Time
	pos    uint64
}

// TestR4_RapidSeats drives the rules with random commands of random people against a model
// that knows nothing of events, layers or entities. After every step no venue has more
// people than seats, lines are in order of arrival, and nobody has two registrations.
func TestR4_RapidSeats(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := &machine{
			info: theInfo(), board: registration.NewBoard(), now: begin,
			paper: &paper{
				map[conference.RegistrationID]slip{},
				map[conference.VenueID][]conference.RegistrationID{},
				map[conference.VenueID][2]int{"thanh-pho": {3, 1}, "ba-dinh": {2, 0}},
			},
		}
		actions := map[string]func(*rapid.T){
			"register": m.register, "cancel": m.cancel, "accept": m.accept, "move": m.move, "give": m.give, "erase": m.erase,
			"checkIn": m.checkIn, "undo": m.undo, "set": m.set, "correct": m.correct,
			"time": m.pass, "stack": func(*rapid.T) { m.stack() }, "drop": func(*rapid.T) { m.drop() },
		}
		weights := []string{
			"register", "register", "register", "register", "cancel", "accept", "move", "move", "give", "erase", "checkIn", "checkIn",
			"undo", "set", "correct", "time", "stack", "drop",
		}
		for range rapid.IntRange(1, 120).Draw(t, "steps") {
			actions[rapid.SampledFrom(weights).Draw(t, "action")](t)
			m.chores(t)
			m.check(t)
		}
	})
}

func (m *machine) stack() {
	m.below, m.papers, m.infos = append(m.below, m.board), append(m.papers, m.paper.copy()), append(m.infos, m.info)
	m.board = m.board.Overlay()
}

func (m *machine) drop() {
	if n := len(m.below) - 1; n >= 0 {
		m.board, m.paper, m.info = m.below[n], m.papers[n], m.infos[n]
		m.below, m.papers, m.infos = m.below[:n], m.papers[:n], m.infos[:n]
	}
}

// give gives a command and expects the refusal with the code, or none.
func (m *machine) do(t *rapid.T, actor conference.Actor, body conference.Body, want string) {
	decision, err := m.board.Decide(m.info, conference.Command{ID: "c", Actor: actor, Body: body}, m.now)
	got := ""
	if refusal, ok := errors.AsType[*conference.Error](err); ok {
		got = refusal.Code
	} else if err != nil {
		t.Fatalf("%s: %v", body.CommandType(), err)
	}
	if got != want {
		t.Fatalf("%+v: got %q, want %q", body, got, want)
	}
	for _, draft := range decision.Drafts {
		for _, bump := range draft.Bumps {
			if !slices.Contains(decision.Reads, bump) {
				t.Fatalf("%s bumps %s, which the decision does not rest on", draft.Type, bump)
			}
		}
		data, err := json.Marshal(draft.Data)
		if err != nil {
			t.Fatal(err)
		}
		m.pos++
		event := conference.Event{Position: m.pos, Type: draft.Type, V: draft.V, At: m.now, Actor: actor, Data: data, Private: draft.Private}
		if m.info, err = conference.Apply(m.info, event); err != nil {
			t.Fatal(err)
		}
		if _, _, err := m.board.Apply(event); err != nil {
			t.Fatal(err)
		}
	}
}

// chores does what the system does by itself.
func (m *machine) chores(t *rapid.T) {
	for _, id := range m.board.Lapsed(m.info, m.now) {
		m.do(t, system, registration.Lapse{ID: id}, "")
		s := m.paper.slips[id]
		if s.state != "offered" || m.now.Before(s.until) {
			t.Fatalf("%s lapsed: %+v", id, s)
		}
		s.state = "lapsed"
		m.paper.slips[id] = s
		m.paper.offer(s.venue, m.now)
	}
	for _, v := range m.board.Unoffered(m.info, m.now) {
		m.do(t, system, registration.Offer{Venue: v}, "")
		m.paper.offer(v, m.now)
	}
}

// check compares the board with the paper.
func (m *machine) check(t *rapid.T) {
	if got, want := len(m.board.Registrations()), len(m.paper.slips); got != want {
		t.Fatalf("%d registrations, want %d", got, want)
	}
	for id, s := range m.paper.slips {
		r := m.board.Registration(id)
		got := slip{string(r.State), r.Holder, r.Venue, r.Reserved, r.WalkIn, time.Time{}, r.Erased, len(r.Scans) > 0}
		want := s
		want.until = time.Time{}
		if got != want {
			t.Fatalf("%s: got %+v, want %+v", id, got, want)
		}
		if s.state == "offered" && !r.OfferEnds.Equal(s.until) {
			t.Fatalf("%s: offer until %v, want %v", id, r.OfferEnds, s.until)
		}
		if s.erased == (r.Person.Name != "") {
			t.Fatalf("%s: erased %v, name %q", id, s.erased, r.Person.Name)
		}
		if (s.state == "checkedIn") == r.CheckedInAt().IsZero() {
			t.Fatalf("%s is %s, came in at %v", id, s.state, r.CheckedInAt())
		}
		if got, want := m.board.Place(id), 1+slices.Index(m.paper.lines[s.venue], id); got != want {
			t.Fatalf("%s: place %d, want %d", id, got, want)
		}
	}
	for _, v := range m.info.Venues {
		public, reserved := m.paper.taken(v.ID)
		count := m.board.Count(v.ID)
		if count.Taken() != public || count.Reserved != reserved || count.Waiting != len(m.paper.lines[v.ID]) {
			t.Fatalf("%s: got %+v, want %d, %d reserved, %d waiting", v.ID, count, public, reserved, len(m.paper.lines[v.ID]))
		}
		if in, walkIns, unseen := m.paper.door(v.ID); count.CheckedIn != in || count.WalkIns != walkIns || count.Unseen != unseen {
			t.Fatalf("%s: got %+v, want %d in, %d of them walk-ins, %d seen at no door", v.ID, count, in, walkIns, unseen)
		}
		if public > v.Seats-v.Reserved || reserved > v.Reserved {
			t.Fatalf("%s: %d on %d seats, %d on %d reserved ones", v.ID, public, v.Seats-v.Reserved, reserved, v.Reserved)
		}
		if m.now.Before(doors) && count.Waiting > 0 && count.Free(v) > 0 {
			t.Fatalf("%s: %d wait, %d seats are free", v.ID, count.Waiting, count.Free(v))
		}
	}
	for _, phone := range phones {
		if got, want := m.board.Holder(phone) != "", m.paper.phoneTaken(phone); got != want {
			t.Fatalf("%s has a registration: %v, want %v", phone, got, want)
		}
	}
}
