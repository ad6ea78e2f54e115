package live

import (
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/moderation"
	"github.com/diemcau/diemcau/sfu/floor"
)

// SubmitQuestion is a submission as it arrives from outside. Conference.Do normalises
// the body (NFC; control, bidi and zero-width characters out; at most 600 runes),
// derives the question's id from IdempotencyKey (16–128 printable ASCII characters)
// and decides a moderation.Submit.
//
// Refusals: question.empty, question.too_long, question.name_too_long, question.organisation_too_long,
// question.bad_phone, question.contact_unasked, question.unknown_topic, question.unknown_venue, question.bad_key, conference.not_open, idempotency_mismatch.
type SubmitQuestion struct {
	IdempotencyKey string
	Body           string
	Topic          conference.TopicID
	Venue          conference.VenueID
	Channel        moderation.Channel
	Name           string // the asker's; may be empty
	MayName        bool   // they agreed to be named
	Phone          string // how to call the asker back, as typed; staff's channels only
	Organisation   string // for whom they ask; staff's channels only
}

// CommandType returns the command's name on the wire.
func (SubmitQuestion) CommandType() string { return "question.submit" }

// WithdrawQuestion takes a question back by its tracking code.
type WithdrawQuestion struct{ Code string }

// CommandType returns the command's name on the wire.
func (WithdrawQuestion) CommandType() string { return "question.withdraw" }

// AmendQuestion says a returned question again; its tracking code proves whose it is.
type AmendQuestion struct {
	Code string
	Body string
	hold string // the screening rule it meets
}

// CommandType returns the command's name on the wire.
func (AmendQuestion) CommandType() string { return "question.amend" }

// VoteQuestion supports a question or takes the support back. Voter is a secret of the
// voter's device (16–128 printable ASCII characters); the log gets an HMAC of it.
type VoteQuestion struct {
	ID    conference.QuestionID
	Voter string
	On    bool
}

// CommandType returns the command's name on the wire.
func (VoteQuestion) CommandType() string { return "question.vote" }

// KeepCard prolongs the lease of a card its actor holds, to 90 s from now. Nothing is
// written to the log. Refusals: question.unknown, question.not_claimed,
// question.claimed_by_other, log.unavailable.
type KeepCard struct{ ID conference.QuestionID }

// CommandType returns the command's name on the wire.
func (KeepCard) CommandType() string { return "question.keep" }

// Outcome is the durable result of a command. Repeating the command returns the same one.
type Outcome struct {
	// Position of the command's last event; 0 when nothing had to be written.
	Position uint64
	// Question is set when the command was about one.
	Question conference.QuestionID
	// Code is the tracking code; set for submissions only.
	Code string
	// State the question had right after the command; "" when no question.
	State moderation.State
	// Registered is set when the command was about a registration.
	Registered *Registered
	// Repeated is true when the command had been carried out before.
	Repeated bool
}

// Change is one durable event with the things it changed, as they are right after it.
// Everything it points to is immutable.
type Change struct {
	Event conference.Event
	// Question, Venue: set when the event changed one.
	Question *moderation.Question
	Venue    *floor.Venue
	// Previous is the question before the event; nil when it is new.
	Previous *moderation.Question
	// Floor, Queue (the running order), Info: as they are after the event, set when it changed them.
	Floor *floor.Floor
	Queue []conference.QuestionID // nil: unchanged; empty and non-nil: now empty
	Info  *conference.Info
	// OnAir is the question on air after the event ("" none).
	OnAir conference.QuestionID
	// Absent are questions whose asker was invited and did not come (true), or has come after
	// all (false); nil: as it was.
	Absent map[conference.QuestionID]bool
	// Registration is set when the event is about one.
	Registration conference.RegistrationID
	// Cursor is the client's opaque cursor right after the event.
	Cursor string
}

// Snapshot is the durable state at one position. Everything it points to is immutable.
type Snapshot struct {
	Position  uint64
	Cursor    string // epoch.position.hash8
	Info      *conference.Info
	Questions []*moderation.Question // in order of submission
	Queue     []conference.QuestionID
	OnAir     conference.QuestionID
	Floor     *floor.Floor
	Venues    []*floor.Venue // in the order of Info.Venues
	At        time.Time
	// Absent are the questions brought along by people who were invited and did not come;
	// none before the close.
	Absent []conference.QuestionID
}

// Standing is what the holder of a tracking code may know of the question.
type Standing struct {
	Conference conference.ID
	Code       string
	Question   *moderation.Question
	// Ahead is how many questions come before it in the running order; -1 when it is not in it.
	Ahead int
	// Into is the question that stands for it, when it was merged.
	Into *moderation.Question
	// Absent: its asker was invited and did not come, so that it is answered in writing, by
	// Agency ("" when nobody is known to).
	Absent bool
	Agency string
}
