package moderation

import "github.com/diemcau/diemcau/internal/conference"

// EventForgotten is the type of the event that notes that an asker is to be forgotten: name
// and contact are gone, the question stays.
const EventForgotten = "question.forgotten"

// Forget forgets whoever asked a question.
type Forget struct{ ID conference.QuestionID }

// CommandType returns the command's name on the wire.
func (Forget) CommandType() string { return "question.forget" }

// Forgotten is the data of question.forgotten.
type Forgotten struct {
	Question conference.QuestionID `json:"question"`
}

func (b *Board) forget(body Forget) (conference.Decision, error) {
	if b.Question(body.ID) == nil {
		return conference.Decision{}, conference.Refuse(conference.KindNotFound, "question.unknown", string(body.ID))
	}
	return decide(draftOf(EventForgotten, body.ID, Forgotten{Question: body.ID})), nil
}
