package registration_test

import (
	"time"

	"pgregory.net/rapid"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/registration"
)

var agreed = []registration.Consent{{Purpose: registration.PurposePrivacy, Version: "v1"}}

func (m *machine) pass(t *rapid.T) {
	m.now = m.now.Add(time.Duration(rapid.IntRange(1, 5).Draw(t, "hours")) * time.Hour)
}

func (m *machine) any(t *rapid.T) conference.RegistrationID {
	return rapid.SampledFrom(ids).Draw(t, "id")
}

// gone is the refusal of a command about a registration that does not count, or "".
func (m *machine) gone(id conference.RegistrationID) string {
	s, exists := m.paper.slips[id]
	switch {
	case !exists:
		return "registration.unknown"
	case !s.active():
		return "registration.already_" + s.state
	}
	return ""
}

func (m *machine) register(t *rapid.T) {
	id := m.any(t)
	actor := rapid.SampledFrom([]conference.Actor{citizen, citizen, registrar}).Draw(t, "actor")
	body := registration.Register{
		ID: id, Venue: rapid.SampledFrom([]conference.VenueID{"thanh-pho", "thanh-pho", "ba-dinh", ""}).Draw(t, "venue"),
		Holder: rapid.SampledFrom(phones).Draw(t, "phone"), Consents: agreed,
	}
	body.Person = registration.Person{Name: "Bà Hoa", Phone: body.Holder}
	if actor.Role == conference.RoleRegistrar && body.Venue != "" {
		body.Reserved, body.WalkIn = rapid.Bool().Draw(t, "reserved"), rapid.Bool().Draw(t, "walkIn")
	}
	_, exists := m.paper.slips[id]
	_, reserved := m.paper.taken(body.Venue)
	s := slip{state: "confirmed", phone: body.Holder, venue: body.Venue, reserved: body.Reserved, walkIn: body.WalkIn}
	want := ""
	switch {
	case exists:
		want = "registration.exists"
	case actor.Role == conference.RoleCitizen && !m.now.Before(closes):
		want = "registration.closed"
	case m.paper.phoneTaken(body.Holder):
		want = "registration.phone_taken"
	case body.Venue == "":
	case body.Reserved && reserved >= m.paper.seats[body.Venue][1], body.WalkIn && !body.Reserved && m.paper.free(body.Venue) == 0:
		want = "registration.venue_full"
	case body.Reserved, body.WalkIn:
	case m.paper.free(body.Venue) == 0 || len(m.paper.lines[body.Venue]) > 0:
		s.state = "waiting"
	}
	if s.walkIn {
		s.state, s.seen = "checkedIn", true
	}
	m.do(t, actor, body, want)
	if want != "" {
		return
	}
	m.paper.slips[id] = s
	if s.state == "waiting" {
		m.paper.lines[s.venue] = append(m.paper.lines[s.venue], id)
	}
}

// end ends a slip and offers what it had.
func (m *machine) end(id conference.RegistrationID, state string) {
	s := m.paper.slips[id]
	held := s.state != "waiting" && !s.reserved
	m.paper.leave(id)
	s.state, s.seen = state, false
	m.paper.slips[id] = s
	if held {
		m.paper.offer(s.venue, m.now)
	}
}

func (m *machine) cancel(t *rapid.T) {
	id := m.any(t)
	want := m.gone(id)
	if m.paper.slips[id].state == "checkedIn" {
		want = "registration.already_checked_in"
	}
	m.do(t, citizen, registration.Cancel{ID: id}, want)
	if want == "" {
		m.end(id, "cancelled")
	}
}

func (m *machine) accept(t *rapid.T) {
	id := m.any(t)
	s, want := m.paper.slips[id], m.gone(id)
	switch {
	case want != "", s.state == "confirmed":
	case s.state == "checkedIn":
		want = "registration.already_checked_in"
	case s.state != "offered":
		want = "registration.not_offered"
	case !m.now.Before(s.until):
		want = "registration.offer_lapsed"
	}
	m.do(t, citizen, registration.Accept{ID: id}, want)
	if want == "" {
		s.state = "confirmed"
		m.paper.slips[id] = s
	}
}

func (m *machine) move(t *rapid.T) {
	id, actor := m.any(t), rapid.SampledFrom([]conference.Actor{citizen, registrar}).Draw(t, "actor")
	to := rapid.SampledFrom([]conference.VenueID{"thanh-pho", "ba-dinh", ""}).Draw(t, "to")
	wait := rapid.Bool().Draw(t, "wait")
	s, want, staff := m.paper.slips[id], m.gone(id), actor.Role == conference.RoleRegistrar
	full := to != "" && (m.paper.free(to) <= 0 || len(m.paper.lines[to]) > 0 && !staff)
	switch {
	case want != "":
	case s.state == "checkedIn":
		want = "registration.already_checked_in"
	case s.venue == to:
		want = "registration.same_venue"
	case !staff && !m.now.Before(doors):
		want = "registration.closed"
	case full && !wait:
		want = "registration.venue_full"
	}
	m.do(t, actor, registration.Move{ID: id, Venue: to, Wait: wait}, want)
	if want != "" {
		return
	}
	held, from := s.state != "waiting" && !s.reserved, s.venue
	m.paper.leave(id)
	s.state, s.venue, s.reserved = "confirmed", to, false
	if full {
		s.state = "waiting"
		m.paper.lines[to] = append(m.paper.lines[to], id)
	}
	m.paper.slips[id] = s
	if held {
		m.paper.offer(from, m.now)
	}
}

func (m *machine) give(t *rapid.T) {
	id, reserved := m.any(t), rapid.Bool().Draw(t, "reserved")
	s, want := m.paper.slips[id], m.gone(id)
	_, given := m.paper.taken(s.venue)
	switch {
	case want != "":
	case s.state != "waiting":
		want = "registration.not_waiting"
	case reserved && given >= m.paper.seats[s.venue][1], !reserved && m.paper.free(s.venue) <= 0:
		want = "registration.venue_full"
	}
	m.do(t, registrar, registration.Give{ID: id, Reserved: reserved}, want)
	if want == "" {
		m.paper.leave(id)
		s.state, s.reserved = "confirmed", reserved
		m.paper.slips[id] = s
	}
}

func (m *machine) erase(t *rapid.T) {
	id := m.any(t)
	s, exists := m.paper.slips[id]
	if !exists {
		m.do(t, citizen, registration.Erase{ID: id}, "registration.unknown")
		return
	}
	m.do(t, citizen, registration.Erase{ID: id}, "")
	if s.active() && s.state != "checkedIn" && !s.erased {
		m.end(id, "cancelled")
	}
	s = m.paper.slips[id]
	s.erased = true
	m.paper.slips[id] = s
}

func (m *machine) correct(t *rapid.T) {
	id, phone, name := m.any(t), rapid.SampledFrom(phones).Draw(t, "phone"), "Bà Hòa"
	s, want := m.paper.slips[id], m.gone(id)
	switch {
	case want != "":
	case s.erased:
		want = "registration.already_erased"
	case phone != s.phone && m.paper.phoneTaken(phone):
		want = "registration.phone_taken"
	}
	m.do(t, citizen, registration.Correct{ID: id, Name: &name, Phone: &phone, Holder: phone}, want)
	if want == "" {
		s.phone = phone
		m.paper.slips[id] = s
	}
}

func (m *machine) checkIn(t *rapid.T) {
	id, at := m.any(t), rapid.SampledFrom(places).Draw(t, "door")
	offline := rapid.Bool().Draw(t, "offline")
	s, want := m.paper.slips[id], m.gone(id)
	lets := want == "" && s.venue == at && s.state == "confirmed"
	switch {
	case want != "":
	case s.venue != at:
		want = "registration.other_venue"
	case s.state == "checkedIn":
		want = "registration.already_checked_in"
	case s.state != "confirmed":
		want = "registration.waiting"
	}
	if offline && want != "registration.unknown" {
		want = ""
	}
	m.do(t, registrar, registration.CheckIn{ID: id, Venue: at, Offline: offline, At: m.now}, want)
	if lets {
		s.state = "checkedIn"
	}
	if want == "" {
		s.seen = true
		m.paper.slips[id] = s
	}
}

func (m *machine) undo(t *rapid.T) {
	id := m.any(t)
	s, exists := m.paper.slips[id]
	switch {
	case !exists:
		m.do(t, registrar, registration.UndoCheckIn{ID: id}, "registration.unknown")
	case s.state != "checkedIn":
		m.do(t, registrar, registration.UndoCheckIn{ID: id}, "registration.not_checked_in")
	case s.walkIn:
		m.do(t, registrar, registration.UndoCheckIn{ID: id}, "")
		m.end(id, "cancelled")
	default:
		m.do(t, registrar, registration.UndoCheckIn{ID: id}, "")
		s.state, s.seen = "confirmed", false
		m.paper.slips[id] = s
	}
}

func (m *machine) set(t *rapid.T) {
	v := rapid.SampledFrom(places).Draw(t, "venue")
	seats := rapid.IntRange(1, 5).Draw(t, "seats")
	reserved := rapid.IntRange(0, 2).Draw(t, "reserved")
	public, given := m.paper.taken(v)
	want := ""
	switch {
	case reserved > seats:
		want = "conference.bad_info"
	case given > reserved || public > seats-reserved:
		want = "registration.seats_taken"
	}
	m.do(t, registrar, registration.Set{Seats: []conference.SeatCount{{Venue: v, Seats: seats, Reserved: reserved}}}, want)
	if want == "" {
		m.paper.seats = map[conference.VenueID][2]int{"thanh-pho": m.paper.seats["thanh-pho"], "ba-dinh": m.paper.seats["ba-dinh"]}
		m.paper.seats[v] = [2]int{seats, reserved}
	}
}
