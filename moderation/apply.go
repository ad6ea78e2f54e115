package moderation

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/diemcau/diemcau/internal/conference"
)

// Apply takes an event over into the board. Events of other parts change nothing. It
// returns the question the event was about as it was before and as it is now (nil, nil
// for other parts' events; before is nil for a new question).
func (b *Board) Apply(event conference.Event) (before, after *Question, err error) {
	switch event.Type {
	case EventSubmitted:
		after, err = b.applySubmitted(event)
		return nil, after, err
	case EventClaimed, EventReleased, EventApproved, EventRefused, EventQueued, EventUnqueued,
		EventStaged, EventAired, EventAnswered, EventWithdrawn:
		return b.applyMove(event)
	}
	return nil, nil, nil
}

func (b *Board) applySubmitted(event conference.Event) (*Question, error) {
	var data Submitted
	if err := json.Unmarshal(event.Data, &data); err != nil {
		return nil, fmt.Errorf("apply %s at %d: %w", event.Type, event.Position, err)
	}
	q := &Question{
		ID: data.Question, State: StatePending, Version: 1,
		Topic: data.Topic, Venue: data.Venue, Channel: data.Channel,
		Body: event.Private[FieldBody], BodyDigest: data.BodyDigest,
		SubmittedAt: event.At, ChangedAt: event.At,
	}
	b.put(q)
	b.order = append(b.order, q.ID)
	return q, nil
}

// move is what every event after the first tells; only some have more.
type move struct {
	Question conference.QuestionID `json:"question"`
	Before   conference.QuestionID `json:"before"`
	Reason   string                `json:"reason"`
	NextDoor string                `json:"nextDoor"`
}

func (b *Board) applyMove(event conference.Event) (before, after *Question, err error) {
	var data move
	if err := json.Unmarshal(event.Data, &data); err != nil {
		return nil, nil, fmt.Errorf("apply %s at %d: %w", event.Type, event.Position, err)
	}
	before = b.Question(data.Question)
	if before == nil {
		return nil, nil, fmt.Errorf("apply %s at %d: no question %s", event.Type, event.Position, data.Question)
	}
	next := *before
	next.Version++
	next.ChangedAt = event.At
	next.State = stateAfter(event.Type)
	next.Claim = nil
	switch event.Type {
	case EventClaimed:
		next.Claim = &Claim{Session: event.Actor.Session, Person: event.Actor.Person, At: event.At}
	case EventApproved:
		next.Short = event.Private[FieldShort]
	case EventRefused:
		next.Refusal = refusal(data, event.Private)
	case EventAired:
		next.OnAirAt = event.At
	case EventAnswered:
		next.AnsweredAt = event.At
	}
	b.put(&next)
	b.applyOrder(event.Type, data)
	return before, &next, nil
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
	case EventUnqueued:
		b.setQueue(without(b.Queue(), data.Question))
	case EventWithdrawn:
		if slices.Contains(b.Queue(), data.Question) {
			b.setQueue(without(b.Queue(), data.Question))
		}
	case EventAired:
		b.setQueue(without(b.Queue(), data.Question))
		b.setOnAir(data.Question)
	case EventAnswered:
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

// stateAfter is the end of the arrow that the event records.
func stateAfter(event string) State {
	for _, t := range Transitions() {
		if t.Event == event {
			return t.To
		}
	}
	return ""
}
