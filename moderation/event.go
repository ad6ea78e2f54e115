package moderation

import "github.com/diemcau/diemcau/internal/conference"

// Types of the events of questions, all version 1. Each has a golden file in
// testdata/golden that is never edited: old logs must stay readable.
const (
	EventSubmitted    = "question.submitted"
	EventClaimed      = "question.claimed"
	EventReleased     = "question.released"
	EventApproved     = "question.approved"
	EventEdited       = "question.edited"
	EventReturned     = "question.returned"
	EventAmended      = "question.amended"
	EventDoubted      = "question.doubted"
	EventRefused      = "question.refused"
	EventRedirected   = "question.redirected"
	EventWritten      = "question.written"
	EventMerged       = "question.merged"
	EventUndone       = "question.undone"
	EventQueued       = "question.queued"
	EventUnqueued     = "question.unqueued"
	EventStaged       = "question.staged"
	EventAired        = "question.aired"
	EventAnswered     = "question.answered"
	EventPartAnswered = "question.partAnswered"
	EventRecalled     = "question.recalled"
	EventWithdrawn    = "question.withdrawn"
	EventCarriedOver  = "question.carriedOver"
)

// Names of the private (sealed, erasable) fields of the events.
const (
	FieldBody         = "body"         // submitted, amended: what the asker wrote
	FieldName         = "name"         // submitted: the asker's name, when one was given
	FieldPhone        = "phone"        // submitted: how to call back whoever asked without a device
	FieldOrganisation = "organisation" // submitted: for whom they asked
	FieldShort        = "short"        // approved, edited: the staff's wording, when there is one
	FieldText         = "text"         // returned, refused, redirected, doubted, answered: staff's or the chair's words
	FieldNextDoor     = "nextDoor"     // refused, redirected, doubted: another door than the catalogue's
)

// Submitted is the data of question.submitted.
type Submitted struct {
	Question   conference.QuestionID `json:"question"`
	Topic      conference.TopicID    `json:"topic"`
	Venue      conference.VenueID    `json:"venue,omitempty"`
	Channel    Channel               `json:"channel"`
	BodyDigest string                `json:"bodyDigest"`
	MayName    bool                  `json:"mayName,omitempty"`
	Hold       string                `json:"hold,omitempty"`
}

// Claimed is the data of question.claimed; the event's actor holds the card. From is the
// session it was taken over from.
type Claimed struct {
	Question conference.QuestionID `json:"question"`
	From     string                `json:"from,omitempty"`
}

// Released is the data of question.released.
type Released struct {
	Question conference.QuestionID `json:"question"`
}

// Approved is the data of question.approved. Shortened tells that the moderator gave a
// wording of their own, even after it was erased. Visibility "" is text.
type Approved struct {
	Question   conference.QuestionID `json:"question"`
	Shortened  bool                  `json:"shortened,omitempty"`
	Visibility Visibility            `json:"visibility,omitempty"`
}

// Edited is the data of question.edited.
type Edited struct {
	Question  conference.QuestionID `json:"question"`
	Shortened bool                  `json:"shortened,omitempty"`
}

// Returned is the data of question.returned.
type Returned struct {
	Question conference.QuestionID `json:"question"`
}

// Amended is the data of question.amended.
type Amended struct {
	Question conference.QuestionID `json:"question"`
	Hold     string                `json:"hold,omitempty"`
}

// Refused is the data of question.refused, question.redirected and question.doubted. NextDoor is the catalogue's; the moderator's
// own is sealed and goes before it.
type Refused struct {
	Question conference.QuestionID `json:"question"`
	Reason   string                `json:"reason"`
	NextDoor string                `json:"nextDoor"`
}

// Written is the data of question.written.
type Written struct {
	Question conference.QuestionID `json:"question"`
	Agency   string                `json:"agency"`
	Due      string                `json:"due"`
}

// Merged is the data of question.merged.
type Merged struct {
	Question conference.QuestionID `json:"question"`
	Into     conference.QuestionID `json:"into"`
}

// Undone is the data of question.undone. Was is the state that was taken back; Freed tells that
// nobody decided it: the question that stood for this one was withdrawn.
type Undone struct {
	Question conference.QuestionID `json:"question"`
	Was      State                 `json:"was"`
	Freed    bool                  `json:"freed,omitempty"`
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

// Answered is the data of question.answered and question.partAnswered: None, or an agency
// and a date. Events of before there were conclusions have neither.
type Answered struct {
	Question conference.QuestionID `json:"question"`
	None     bool                  `json:"none,omitempty"`
	Agency   string                `json:"agency,omitempty"`
	Due      string                `json:"due,omitempty"`
}

// Recalled is the data of question.recalled.
type Recalled struct {
	Question conference.QuestionID `json:"question"`
}

// CarriedOver is the data of question.carriedOver.
type CarriedOver struct {
	Question conference.QuestionID `json:"question"`
}

// Withdrawn is the data of question.withdrawn.
type Withdrawn struct {
	Question conference.QuestionID `json:"question"`
}
