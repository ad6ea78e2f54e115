package moderation

import (
	"fmt"
	"slices"
	"strings"

	"github.com/diemcau/diemcau/internal/conference"
)

// Apply takes an event over into the board. Events of other parts change nothing. It
// returns the question the event was about as it was before and as it is now (nil, nil
// for other parts' events, votes and calls; before is nil for a new question).
func (b *Board) Apply(event conference.Event) (before, after *Question, err error) {
	if event.Type == EventSubmitted {
		after, err = b.applySubmitted(event)
		return nil, after, err
	}
	if event.Type == EventVoted {
		return nil, nil, b.applyVoted(event)
	}
	if event.Type == EventCalled {
		return nil, nil, b.applyCalled(event)
	}
	if !strings.HasPrefix(event.Type, "question.") && !strings.HasPrefix(event.Type, "promise.") {
		return nil, nil, nil
	}
	return b.applyMove(event)
}

func (b *Board) applySubmitted(event conference.Event) (*Question, error) {
	data, err := conference.DataOf[Submitted](event)
	if err != nil {
		return nil, err
	}
	q := &Question{
		ID: data.Question, State: StatePending, Version: 1,
		Topic: data.Topic, Venue: data.Venue, Channel: data.Channel,
		Body: event.Private[FieldBody], BodyDigest: data.BodyDigest,
		Name: event.Private[FieldName], MayName: data.MayName,
		SubmittedAt: event.At, ChangedAt: event.At,
	}
	if phone, organisation := event.Private[FieldPhone], event.Private[FieldOrganisation]; phone+organisation != "" {
		q.Contact = &Contact{Phone: phone, Organisation: organisation}
	}
	if data.Hold != "" {
		q.State, q.Hold = StateHeld, &Hold{Rule: data.Hold}
	}
	b.put(q)
	b.order = append(b.order, q.ID)
	return q, nil
}

// move is what every event after the first tells; only some have more.
type move struct {
	Question   conference.QuestionID `json:"question"`
	Before     conference.QuestionID `json:"before"`
	Into       conference.QuestionID `json:"into"`
	Reason     string                `json:"reason"`
	NextDoor   string                `json:"nextDoor"`
	Visibility Visibility            `json:"visibility"`
	Shortened  bool                  `json:"shortened"`
	Hold       string                `json:"hold"`
	None       bool                  `json:"none"`
	Agency     string                `json:"agency"`
	Due        string                `json:"due"`
	Document   string                `json:"document"`
	Public     bool                  `json:"public"`
	Freed      bool                  `json:"freed"`
}

func (b *Board) applyMove(event conference.Event) (before, after *Question, err error) {
	data, err := conference.DataOf[move](event)
	if err != nil {
		return nil, nil, err
	}
	before = b.Question(data.Question)
	if before == nil {
		return nil, nil, fmt.Errorf("apply %s at %d: no question %q", event.Type, event.Position, data.Question)
	}
	next := *before
	next.Version++
	next.ChangedAt = event.At
	if to, moves := stateAfter(event.Type); moves {
		next.State = to
		next.Claim, next.Refusal, next.Conclusion, next.MergedInto = nil, nil, nil, ""
		if decided(to) {
			next.Hold = nil
		}
	}
	if !next.take(event, data) {
		return nil, nil, fmt.Errorf("apply %s at %d: no such event", event.Type, event.Position)
	}
	if decides(event.Type, data, before) {
		made := Decision{At: event.At, Person: event.Actor.Person, State: next.State}
		next.Decisions = append(slices.Clip(next.Decisions), made)
	}
	b.put(&next)
	b.applyOrder(event.Type, data)
	return before, &next, nil
}

// take takes over what the event tells besides the new state; false: it is no event of a
// question's life.
func (q *Question) take(event conference.Event, data move) bool {
	switch event.Type {
	case EventClaimed:
		q.Claim = &Claim{Session: event.Actor.Session, Person: event.Actor.Person, At: event.At}
	case EventReleased:
		if q.Hold != nil {
			q.State = StateHeld
		}
	case EventApproved:
		q.Visibility = data.Visibility
		if q.Visibility == "" {
			q.Visibility = VisibilityText
		}
		if data.Shortened {
			q.reword(event)
		}
	case EventEdited:
		q.reword(event)
	case EventReturned:
		q.Return = &Return{At: event.At, Person: event.Actor.Person, Text: event.Private[FieldText]}
	case EventAmended:
		q.amended(event, data)
	case EventDoubted:
		q.Hold = &Hold{Session: event.Actor.Session, Person: event.Actor.Person, Proposed: refusal(data, event.Private)}
	case EventRefused, EventRedirected:
		q.Refusal = refusal(data, event.Private)
	case EventWritten, EventAnswered, EventPartAnswered:
		q.conclude(event, data)
	case EventMerged:
		q.MergedInto = data.Into
	case EventAired:
		q.OnAirAt = event.At
	case EventUndone:
		if q.Return != nil && !q.Return.Amended {
			q.Return = nil
		}
	case EventForgotten:
		q.forgetAsker()
	case EventQueued, EventUnqueued, EventStaged, EventRecalled, EventWithdrawn, EventCarriedOver:
	default:
		return q.keep(event, data)
	}
	return true
}

func (q *Question) forgetAsker() { q.Name, q.MayName, q.Contact = "", false, nil }

// reword notes a wording and who gave it.
func (q *Question) reword(event conference.Event) {
	q.Short = event.Private[FieldShort]
	revision := Revision{At: event.At, Person: event.Actor.Person, Short: q.Short}
	q.Revisions = append(slices.Clone(q.Revisions), revision)
}

func (q *Question) amended(event conference.Event, data move) {
	said := Return{Amended: true}
	if q.Return != nil {
		said = *q.Return
		said.Amended = true
	}
	q.Return = &said
	q.First, q.Body, q.Short = q.Body, event.Private[FieldBody], ""
	if data.Hold != "" {
		q.State, q.Hold = StateHeld, &Hold{Rule: data.Hold}
	}
}

func (q *Question) conclude(event conference.Event, data move) {
	if event.Type != EventWritten {
		q.AnsweredAt = event.At
	}
	if !data.None && data.Agency == "" {
		return // of before there were conclusions
	}
	q.Conclusion = &Conclusion{
		None: data.None, Agency: data.Agency, Due: data.Due, Text: event.Private[FieldText],
		Person: event.Actor.Person, At: event.At,
	}
}

// decides reports whether the event is a moderator's decision about the question itself: what
// only goes along with another one (merged on, or set free by its asker) was decided there.
func decides(event string, data move, before *Question) bool {
	switch event {
	case EventApproved, EventReturned, EventDoubted, EventRefused, EventRedirected, EventWritten:
		return true
	case EventMerged:
		return before.State != StateMerged
	case EventUndone:
		return !data.Freed
	}
	return false
}

// decided reports whether a question in the state needs no closer look any more.
func decided(state State) bool {
	switch state {
	case StateSubmitted, StateHeld, StatePending, StateClaimed:
		return false
	case StateReturned, StateApproved, StateQueued, StateStaged, StateOnAir, StateRecalled, StatePartAnswered, StateAnswered,
		StateWritten, StateRefused, StateRedirected, StateMerged, StateWithdrawn, StateCarriedOver:
	}
	return true
}

// applyOrder keeps the running order and the question on air.
func (b *Board) applyOrder(event string, data move) {
	switch event {
	case EventQueued:
		queue := without(b.Queue(), data.Question)
		at := slices.Index(queue, data.Before)
		if at < 0 {
			at = len(queue)
		}
		b.setQueue(slices.Insert(queue, at, data.Question))
	case EventStaged:
		b.setQueue(slices.Insert(without(b.Queue(), data.Question), 0, data.Question))
	case EventUnqueued, EventWithdrawn, EventMerged, EventCarriedOver:
		if slices.Contains(b.Queue(), data.Question) {
			b.setQueue(without(b.Queue(), data.Question))
		}
		if b.OnAir() == data.Question {
			b.setOnAir("")
		}
	case EventAired:
		b.setQueue(without(b.Queue(), data.Question))
		b.setOnAir(data.Question)
	case EventAnswered, EventPartAnswered, EventRecalled:
		b.setOnAir("")
	}
}

func refusal(data move, private map[string]string) *Refusal {
	door := data.NextDoor
	if own := private[FieldNextDoor]; own != "" {
		door = own
	}
	return &Refusal{Reason: data.Reason, Text: private[FieldText], NextDoor: door}
}

// stateAfter is the end of the arrow that the event records; false: the question stays
// where it is. Of several ends it is the first, and take knows better.
func stateAfter(event string) (State, bool) {
	for _, t := range table {
		if t.Event == event {
			return t.To, t.To != ""
		}
	}
	return "", false
}
