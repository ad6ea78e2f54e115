package signaling

import (
	"slices"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/moderation"
	"github.com/diemcau/diemcau/sfu/floor"
	"github.com/diemcau/diemcau/signaling/protocol"
)

// audience is a role's window on a conference: THE place that decides who sees which
// event and which field. Everything a socket sends about a conference, except the
// private standing of a followed question, is made by event, snapshot or question.
type audience struct {
	role conference.Role
	// public is conference.Info.Public: without it citizens get no questions.
	public bool
}

// staff reports whether the role screens, orders or oversees questions.
func (a audience) staff() bool {
	switch a.role {
	case conference.RoleModerator, conference.RoleStage, conference.RoleAdmin:
		return true
	case conference.RoleCitizen, conference.RoleVenue, conference.RoleScreen, conference.RoleRegistrar, conference.RoleOfficial, conference.RoleSystem:
	}
	return false
}

// onFloor reports whether the role sees what is being prepared on the floor: preview and
// the notes given with hands.
func (a audience) onFloor() bool {
	switch a.role {
	case conference.RoleStage, conference.RoleVenue, conference.RoleAdmin:
		return true
	case conference.RoleCitizen, conference.RoleModerator, conference.RoleScreen, conference.RoleRegistrar, conference.RoleOfficial, conference.RoleSystem:
	}
	return false
}

// questions reports whether the role sees any questions at all.
func (a audience) questions() bool {
	switch a.role {
	case conference.RoleVenue, conference.RoleScreen:
		return true
	case conference.RoleCitizen:
		return a.public
	case conference.RoleModerator, conference.RoleStage, conference.RoleOfficial, conference.RoleAdmin:
		return true
	case conference.RoleRegistrar, conference.RoleSystem:
	}
	return false
}

// promises reports whether the role sees to it that what was promised is answered.
func (a audience) promises() bool { return a.staff() || a.role == conference.RoleOfficial }

// callsBack reports whether the role may learn how to reach an asker. Whoever decides on
// questions does not: a number has no part in that.
func (a audience) callsBack() bool {
	return a.role == conference.RoleRegistrar || a.role == conference.RoleAdmin
}

// sees reports whether the role may see the question in its present state.
func (a audience) sees(q *moderation.Question) bool {
	if q == nil || !a.questions() {
		return false
	}
	if a.staff() {
		return true
	}
	if a.role == conference.RoleOfficial {
		return q.Promised()
	}
	return q.Public()
}

// event returns what the role gets to know of a change; false: nothing.
func (a audience) event(c *live.Change) (protocol.Event, bool) {
	if c.Event.Type == floor.EventPreviewed && !a.onFloor() {
		return protocol.Event{}, false // whom the stage prepares is not the public's yet
	}
	e := protocol.Event{Type: c.Event.Type, V: c.Event.V, At: c.Event.At}
	seen := false
	if a.sees(c.Question) {
		q := a.question(c.Question)
		e.Question, seen = &q, true
	} else if c.Question != nil && a.sees(c.Previous) {
		e.Gone, seen = string(c.Question.ID), true
		// The name of what happened (refused, recalled) is for staff.
		e.Type = eventGone
	}
	if c.Queue != nil && a.questions() {
		queue := ids(c.Queue)
		e.Queue, seen = &queue, true
	}
	if a.questions() && airChanged(c) {
		onAir := string(c.OnAir)
		e.OnAir, seen = &onAir, true
	}
	if c.Venue != nil {
		v := a.venue(c.Venue)
		e.Venue, seen = &v, true
	}
	if c.Floor != nil {
		f := a.floor(c.Floor)
		e.Floor, seen = &f, true
	}
	if c.Info != nil {
		i := a.info(c.Info)
		e.Conference, seen = &i, true
	}
	if c.Absent != nil && a.promises() {
		if !seen {
			e.Type = eventAbsent // which registration, and what became of it, is nobody's here
		}
		e.Absent, seen = make(map[string]bool, len(c.Absent)), true
		for id, absent := range c.Absent {
			e.Absent[string(id)] = absent
		}
	}
	return e, seen
}

// eventGone is the type of an event that tells only that a question is no longer shown.
const eventGone = "question.gone"

// eventAbsent is the type of an event that tells only whose asker did not come.
const eventAbsent = "question.absent"

// airChanged reports whether the change put a question on air or took one off.
func airChanged(c *live.Change) bool {
	was := c.Previous != nil && c.Previous.State == moderation.StateOnAir
	is := c.Question != nil && c.Question.State == moderation.StateOnAir
	return was != is
}

// snapshot returns everything the role may see.
func (a audience) snapshot(s *live.Snapshot, votes map[conference.QuestionID]int) protocol.Snapshot {
	out := protocol.Snapshot{
		Cursor:     s.Cursor,
		Conference: a.info(s.Info),
		Questions:  []protocol.Question{},
		Queue:      []string{},
		Venues:     make([]protocol.Venue, 0, len(s.Venues)),
	}
	if s.Floor != nil {
		out.Floor = a.floor(s.Floor)
	}
	for _, v := range s.Venues {
		out.Venues = append(out.Venues, a.venue(v))
	}
	if !a.questions() {
		return out
	}
	if a.promises() && len(s.Absent) > 0 {
		out.Absent = ids(s.Absent)
	}
	for _, q := range s.Questions {
		if a.sees(q) {
			out.Questions = append(out.Questions, a.question(q))
		}
	}
	out.Queue = ids(s.Queue)
	out.OnAir = string(s.OnAir)
	out.Votes = a.votes(votes)
	return out
}

// votes are the totals the role may see; they are of public questions only.
func (a audience) votes(totals map[conference.QuestionID]int) map[string]int {
	if !a.questions() || len(totals) == 0 {
		return nil
	}
	out := make(map[string]int, len(totals))
	for id, n := range totals {
		out[string(id)] = n
	}
	return out
}

// question returns a question the role sees, without the fields it may not.
func (a audience) question(q *moderation.Question) protocol.Question {
	out := protocol.Question{
		ID:          string(q.ID),
		State:       q.State,
		Text:        q.Shown(),
		Topic:       string(q.Topic),
		Venue:       string(q.Venue),
		SubmittedAt: q.SubmittedAt,
		ChangedAt:   q.ChangedAt,
		OnAirAt:     instant(q.OnAirAt),
		AnsweredAt:  instant(q.AnsweredAt),
		Name:        q.ShownName(),
		Conclusion:  conclusion(q.Conclusion),
	}
	if q.Reply != nil && (q.Reply.Public || a.promises()) {
		out.Reply = reply(q.Reply)
	}
	if a.promises() {
		out.Notes = notes(q.Notes)
		if q.Body != out.Text {
			out.Original = q.Body
		}
	}
	if !a.staff() {
		return out
	}
	out.Name, out.MayName, out.Visibility = q.Name, q.MayName, q.Visibility
	out.First, out.MergedInto = q.First, string(q.MergedInto)
	out.Version = q.Version
	out.Channel = q.Channel
	if q.Claim != nil {
		out.Claim = &protocol.Claim{Session: q.Claim.Session, Person: q.Claim.Person, At: q.Claim.At}
	}
	if q.Hold != nil {
		out.Hold = &protocol.Hold{
			Rule: q.Hold.Rule, Session: q.Hold.Session, Person: q.Hold.Person, Proposed: refusal(q.Hold.Proposed),
		}
	}
	if out.Return = returned(q.Return); out.Return != nil {
		out.Return.Person = q.Return.Person
	}
	for _, r := range q.Revisions {
		out.Revisions = append(out.Revisions, protocol.Revision(r))
	}
	for _, d := range q.Decisions {
		out.Decisions = append(out.Decisions, protocol.Decision(d))
	}
	out.Refusal = refusal(q.Refusal)
	return out
}

// contact returns how to reach whoever asked, with the name only if there is something to
// reach them by; nil for the roles that may not know. No event and no snapshot has it: it
// is told by question.contact, of one question at a time.
func (a audience) contact(q *moderation.Question) *protocol.Contact {
	if !a.callsBack() {
		return nil
	}
	out := &protocol.Contact{State: q.State, Channel: q.Channel, SubmittedAt: q.SubmittedAt}
	if q.Contact != nil {
		out.Name, out.Phone, out.Organisation = q.Name, q.Contact.Phone, q.Contact.Organisation
	}
	return out
}

func (a audience) venue(v *floor.Venue) protocol.Venue {
	out := protocol.Venue{
		ID:        string(v.ID),
		State:     v.State,
		Connected: v.Connected,
		HandAt:    instant(v.HandAt),
		HandNote:  v.HandNote,
		SpokenMs:  v.SpokenMs,
	}
	if a.onFloor() {
		return out
	}
	out.HandNote = ""
	if v.State == floor.StatePreview {
		out.State = floor.StateReady
		if !v.HandAt.IsZero() {
			out.State = floor.StateQueued
		}
	}
	return out
}

func (a audience) floor(f *floor.Floor) protocol.Floor {
	out := protocol.Floor{
		Main:    string(f.Main),
		Holder:  string(f.Holder),
		GivenAt: instant(f.GivenAt),
		LimitMs: f.LimitMs,
		Slate:   f.Slate,
		Beside:  f.Beside,
	}
	if a.onFloor() {
		out.Preview = string(f.Preview)
	}
	return out
}

func (a audience) info(i *conference.Info) protocol.Conference {
	out := protocol.Conference{
		ID: string(i.ID), Title: i.Title, TitleEn: i.TitleEn, State: i.State,
		StartsAt: i.StartsAt, Public: i.Public, Demo: i.Demo, Test: i.Test, Place: i.Place,
		Venues: make([]protocol.Place, 0, len(i.Venues)),
		Topics: make([]protocol.Topic, 0, len(i.Topics)),
	}
	if r := i.Registration; r != nil {
		out.Registration = &protocol.Window{OpensAt: r.OpensAt, ClosesAt: r.ClosesAt}
	}
	for _, channel := range i.Frozen {
		out.Frozen = append(out.Frozen, protocol.Channel(channel))
	}
	for _, v := range i.Venues {
		out.Venues = append(out.Venues, protocol.Place{ID: string(v.ID), Name: v.Name, Main: v.Main, Address: v.Address})
	}
	for _, item := range i.Agenda {
		out.Agenda = append(out.Agenda, protocol.AgendaItem(item))
	}
	for _, t := range i.Topics {
		out.Topics = append(out.Topics, protocol.Topic{
			ID: string(t.ID), Name: t.Name, NameEn: t.NameEn, Agency: t.Agency,
		})
	}
	// The catalogue is everybody's: an asker reads the reason in the own language.
	for _, r := range i.Reasons {
		out.Reasons = append(out.Reasons, protocol.Reason(r))
	}
	return out
}

// Standing is what the holder of a tracking code sees, whatever the role.
func Standing(s live.Standing) protocol.Standing {
	q := s.Question
	out := protocol.Standing{
		Conference:  string(s.Conference),
		Code:        s.Code,
		State:       q.State,
		Body:        q.Body,
		Topic:       string(q.Topic),
		Venue:       string(q.Venue),
		SubmittedAt: q.SubmittedAt,
		ChangedAt:   q.ChangedAt,
		Refusal:     refusal(q.Refusal),
		Return:      returned(q.Return),
		Conclusion:  conclusion(q.Conclusion),
		OnAirAt:     instant(q.OnAirAt),
		Reply:       reply(q.Reply),
		Notes:       notes(q.Notes),
	}
	out.Replay = replayOf(q)
	if into := s.Into; into != nil {
		out.Replay = replayOf(into)
		out.Into = &protocol.StandIn{ID: string(into.ID), State: into.State}
		if into.Public() {
			out.Into.Text = into.Shown()
			out.Conclusion, out.OnAirAt = conclusion(into.Conclusion), instant(into.OnAirAt)
			if into.Reply != nil && into.Reply.Public {
				out.Reply = reply(into.Reply)
			}
		}
	}
	if shown := q.Shown(); shown != q.Body {
		out.Text = shown
	}
	if s.Ahead >= 0 {
		out.Ahead = &s.Ahead
	}
	out.Absent, out.Agency = s.Absent, s.Agency
	return out
}

// replayOf returns where in the replay a question is, "" when it is not there.
func replayOf(q *moderation.Question) string {
	if q.OnAirAt.IsZero() || !q.Public() {
		return ""
	}
	return string(q.ID)
}

func refusal(r *moderation.Refusal) *protocol.Refusal {
	if r == nil {
		return nil
	}
	return &protocol.Refusal{Reason: r.Reason, Text: r.Text, NextDoor: r.NextDoor}
}

// returned is what the asker reads; who returned it is for staff.
func returned(r *moderation.Return) *protocol.Return {
	if r == nil {
		return nil
	}
	return &protocol.Return{At: r.At, Text: r.Text, Amended: r.Amended}
}

func conclusion(c *moderation.Conclusion) *protocol.Conclusion {
	if c == nil {
		return nil
	}
	return &protocol.Conclusion{None: c.None, Agency: c.Agency, Due: c.Due, Text: c.Text, At: c.At}
}

func reply(r *moderation.Reply) *protocol.Written {
	if r == nil {
		return nil
	}
	return &protocol.Written{At: r.At, Person: r.Person, Text: r.Text, Document: r.Document, Public: r.Public}
}

func notes(in []moderation.Note) []protocol.Note {
	var out []protocol.Note
	for _, n := range in {
		out = append(out, protocol.Note(n))
	}
	return out
}

func ids(in []conference.QuestionID) []string {
	out := make([]string, 0, len(in))
	for id := range slices.Values(in) {
		out = append(out, string(id))
	}
	return out
}

// instant writes a moment that may be missing.
func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}
