package moderation

import "github.com/diemcau/diemcau/internal/conference"

// Submit puts a question in. ID and BodyDigest are derived by internal/live from the
// asker's idempotency key; Body is NFC, stripped of control characters, 1–600 runes.
type Submit struct {
	ID         conference.QuestionID
	BodyDigest string
	Body       string
	Topic      conference.TopicID
	Venue      conference.VenueID
	Channel    Channel
}

// Withdraw takes an open question back; the asker proved the tracking code.
type Withdraw struct{ ID conference.QuestionID }

// ClaimCard takes a pending question onto the moderator's desk.
type ClaimCard struct{ ID conference.QuestionID }

// Release puts a claimed question back; only its holder may.
type Release struct{ ID conference.QuestionID }

// Approve accepts a question the actor has claimed. Short is the wording for the
// screen (≤ 600 runes), "" for the asker's own.
type Approve struct {
	ID    conference.QuestionID
	Short string
}

// Refuse turns a question the actor has claimed down.
type Refuse struct {
	ID       conference.QuestionID
	Reason   string
	Text     string
	NextDoor string // "" for the catalogue's
}

// Queue puts an approved question into the running order before Before ("" = at the
// end), or moves one that is already there.
type Queue struct {
	ID     conference.QuestionID
	Before conference.QuestionID
}

// Unqueue takes a queued or staged question out of the running order, back to approved.
type Unqueue struct{ ID conference.QuestionID }

// Stage makes a queued question the next one.
type Stage struct{ ID conference.QuestionID }

// Air puts a staged (or queued) question on air. One question is on air at a time.
type Air struct{ ID conference.QuestionID }

// Answer ends the question on air as answered.
type Answer struct{ ID conference.QuestionID }

// CommandType returns the command's name on the wire.
func (Submit) CommandType() string { return "question.submit" }

// CommandType returns the command's name on the wire.
func (Withdraw) CommandType() string { return "question.withdraw" }

// CommandType returns the command's name on the wire.
func (ClaimCard) CommandType() string { return "question.claim" }

// CommandType returns the command's name on the wire.
func (Release) CommandType() string { return "question.release" }

// CommandType returns the command's name on the wire.
func (Approve) CommandType() string { return "question.approve" }

// CommandType returns the command's name on the wire.
func (Refuse) CommandType() string { return "question.refuse" }

// CommandType returns the command's name on the wire.
func (Queue) CommandType() string { return "question.queue" }

// CommandType returns the command's name on the wire.
func (Unqueue) CommandType() string { return "question.unqueue" }

// CommandType returns the command's name on the wire.
func (Stage) CommandType() string { return "question.stage" }

// CommandType returns the command's name on the wire.
func (Air) CommandType() string { return "question.air" }

// CommandType returns the command's name on the wire.
func (Answer) CommandType() string { return "question.answer" }
