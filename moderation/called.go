package moderation

import (
	"time"

	"github.com/diemcau/diemcau/internal/conference"
)

// EventCalled is the type of the event that notes a call to an asker. It changes nothing
// that anybody but the desk is told, and so no question's version.
const EventCalled = "question.called"

// MarkCalled notes that whoever asked was called back, or takes the note back.
type MarkCalled struct {
	ID   conference.QuestionID
	Undo bool
}

// CommandType returns the command's name on the wire.
func (MarkCalled) CommandType() string { return "question.called" }

// Called is the data of question.called; who called is the event's actor.
type Called struct {
	Question conference.QuestionID `json:"question"`
	Undone   bool                  `json:"undone,omitempty"`
}

// Call is when an asker was called back, and by whom.
type Call struct {
	At     time.Time
	Person string
}

// markCalled decides on a note of a call. It rests on the other notes about the question
// alone: what becomes of the question meanwhile does not stand in its way.
func (b *Board) markCalled(body MarkCalled) (conference.Decision, error) {
	q := b.Question(body.ID)
	switch {
	case q == nil:
		return conference.Decision{}, conference.Refuse(conference.KindNotFound, "question.unknown", string(body.ID))
	case q.Contact == nil || q.Contact.Phone == "":
		return conference.Decision{}, conflict("question.no_contact", string(body.ID))
	case q.Contact.Called != nil && !body.Undo:
		return conference.Decision{}, conflict("question.already_called", q.Contact.Called.Person)
	case q.Contact.Called == nil && body.Undo:
		return conference.Decision{}, nil
	}
	entity := conference.Entity("call:" + string(body.ID))
	return conference.Decision{
		Reads: []conference.Entity{entity},
		Drafts: []conference.Draft{{
			Type: EventCalled, V: 1, Entity: entity, Bumps: []conference.Entity{entity},
			Data: Called{Question: body.ID, Undone: body.Undo},
		}},
	}, nil
}

// applyCalled takes a note of a call over. Of a number that was erased since nothing is kept.
func (b *Board) applyCalled(event conference.Event) error {
	data, err := conference.DataOf[Called](event)
	if err != nil {
		return err
	}
	q := b.Question(data.Question)
	if q == nil || q.Contact == nil {
		return nil
	}
	next, contact := *q, *q.Contact
	contact.Called = &Call{At: event.At, Person: event.Actor.Person}
	if data.Undone {
		contact.Called = nil
	}
	next.Contact = &contact
	b.put(&next)
	return nil
}
