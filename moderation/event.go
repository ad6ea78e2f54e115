package moderation

import "github.com/diemcau/diemcau/internal/conference"

// Types of the events of questions, all version 1. Each has a golden file in
// testdata/golden that is never edited: old logs must stay readable.
const (
	EventSubmitted = "question.submitted"
	EventClaimed   = "question.claimed"
	EventReleased  = "question.released"
	EventApproved  = "question.approved"
	EventRefused   = "question.refused"
	EventQueued    = "question.queued"
	EventUnqueued  = "question.unqueued"
	EventStaged    = "question.staged"
	EventAired     = "question.aired"
	EventAnswered  = "question.answered"
	EventWithdrawn = "question.withdrawn"
)

// Names of the private (sealed, erasable) fields of the events.
const (
	FieldBody     = "body"     // question.submitted: what the asker wrote
	FieldShort    = "short"    // question.approved: the moderator's wording, when there is one
	FieldText     = "text"     // question.refused: the moderator's words, when there are any
	FieldNextDoor = "nextDoor" // question.refused: another door than the catalogue's
)

// Submitted is the data of question.submitted.
type Submitted struct {
	Question   conference.QuestionID `json:"question"`
	Topic      conference.TopicID    `json:"topic"`
	Venue      conference.VenueID    `json:"venue,omitempty"`
	Channel    Channel               `json:"channel"`
	BodyDigest string                `json:"bodyDigest"`
}

// Claimed is the data of question.claimed; the event's actor holds the card.
type Claimed struct {
	Question conference.QuestionID `json:"question"`
}

// Released is the data of question.released.
type Released struct {
	Question conference.QuestionID `json:"question"`
}

// Approved is the data of question.approved. Shortened tells that the moderator gave a
// wording of their own, even after it was erased.
type Approved struct {
	Question  conference.QuestionID `json:"question"`
	Shortened bool                  `json:"shortened,omitempty"`
}

// Refused is the data of question.refused. NextDoor is the catalogue's; the moderator's
// own is sealed and goes before it.
type Refused struct {
	Question conference.QuestionID `json:"question"`
	Reason   string                `json:"reason"`
	NextDoor string                `json:"nextDoor"`
}

// Queued is the data of question.queued: its place is before Before, "" at the end.
type Queued struct {
	Question conference.QuestionID `json:"question"`
	Before   conference.QuestionID `json:"before,omitempty"`
}

// Unqueued is the data of question.unqueued.
type Unqueued struct {
	Question conference.QuestionID `json:"question"`
}

// Staged is the data of question.staged: it is now the first of the running order.
type Staged struct {
	Question conference.QuestionID `json:"question"`
}

// Aired is the data of question.aired: it has left the running order.
type Aired struct {
	Question conference.QuestionID `json:"question"`
}

// Answered is the data of question.answered.
type Answered struct {
	Question conference.QuestionID `json:"question"`
}

// Withdrawn is the data of question.withdrawn.
type Withdrawn struct {
	Question conference.QuestionID `json:"question"`
}
