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
	Name       string // the asker's, ≤ 80 runes; may be empty
	MayName    bool   // they agreed to be named
	// Phone and Organisation (≤ 200 runes) are how to call the asker back; both may be
	// empty, and are where askers come by themselves (see FromOutside).
	Phone        string
	Organisation string
	Hold         string // the screening rule that asks for a closer look; "" none
}

// Amend says a returned question again; the asker proved the tracking code. Body is
// checked like a submission's.
type Amend struct {
	ID   conference.QuestionID
	Body string
	Hold string
}

// Freeze stops taking questions of a channel, or takes them again.
type Freeze struct {
	Channel Channel
	On      bool
}

// CommandType returns the command's name on the wire.
func (Freeze) CommandType() string { return "channel.freeze" }

// Withdraw takes an open question back; the asker proved the tracking code.
type Withdraw struct{ ID conference.QuestionID }

// ClaimCard takes a pending or held question onto the moderator's desk. A card somebody
// else holds is taken over when TakeOver asks for it, or when the lease of that holder is
// the one that has Lapsed (a session; "" none).
type ClaimCard struct {
	ID       conference.QuestionID
	TakeOver bool
	Lapsed   string
}

// Release puts a claimed question back; its holder may, and the system when the lease of
// Session has lapsed.
type Release struct {
	ID      conference.QuestionID
	Session string // the system's: whose lease it was
}

// Approve accepts a question the actor has claimed. Short is the wording for the
// screen (≤ 600 runes), "" for the one it has. Visibility "" is text.
type Approve struct {
	ID         conference.QuestionID
	Short      string
	Visibility Visibility
}

// Edit gives another wording for the screen; "" goes back to the asker's own.
type Edit struct {
	ID    conference.QuestionID
	Short string
}

// GiveBack asks the asker to say it again; Text tells what is unclear (1–1,000 runes).
type GiveBack struct {
	ID   conference.QuestionID
	Text string
}

// Refuse turns a question the actor has claimed down. A reason that takes two holds it
// until another moderator gives the same kind of refusal.
type Refuse struct {
	ID       conference.QuestionID
	Reason   string
	Text     string
	NextDoor string // "" for the catalogue's
}

// Redirect sends a question the actor has claimed to the procedure it belongs to; the
// reason of the catalogue and the next door tell which.
type Redirect Refuse

// Write has a question the actor has claimed answered in writing by an agency.
type Write struct {
	ID     conference.QuestionID
	Agency string // "" for the topic's
	Due    string // date
}

// Merge lets another question stand for this one. A claimed one must be the actor's.
type Merge struct {
	ID   conference.QuestionID
	Into conference.QuestionID
}

// Undo takes a moderator's decision back; the question waits again.
type Undo struct{ ID conference.QuestionID }

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

// Answer ends the question on air with the chair's conclusion: None, or an agency and the
// date by which it answers. Partly leaves something to be answered, so it is never None.
type Answer struct {
	ID     conference.QuestionID
	Partly bool
	None   bool
	Agency string
	Due    string // date
	Text   string // the chair's words, ≤ 1,000 runes
}

// Recall takes the question on air off without an answer; it can be queued again.
type Recall struct{ ID conference.QuestionID }

// CarryOver turns a question that was waiting at the close into a promise.
type CarryOver struct{ ID conference.QuestionID }

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

// CommandType returns the command's name on the wire.
func (Amend) CommandType() string { return "question.amend" }

// CommandType returns the command's name on the wire.
func (Edit) CommandType() string { return "question.edit" }

// CommandType returns the command's name on the wire.
func (GiveBack) CommandType() string { return "question.return" }

// CommandType returns the command's name on the wire.
func (Redirect) CommandType() string { return "question.redirect" }

// CommandType returns the command's name on the wire.
func (Write) CommandType() string { return "question.write" }

// CommandType returns the command's name on the wire.
func (Merge) CommandType() string { return "question.merge" }

// CommandType returns the command's name on the wire.
func (Undo) CommandType() string { return "question.undo" }

// CommandType returns the command's name on the wire.
func (Recall) CommandType() string { return "question.recall" }

// CommandType returns the command's name on the wire.
func (CarryOver) CommandType() string { return "question.carryOver" }
