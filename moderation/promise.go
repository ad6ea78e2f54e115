package moderation

import (
	"fmt"
	"net/url"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/diemcau/diemcau/internal/conference"
)

// Types of the events of promises; they leave the question in the state it ended in.
const (
	EventPromiseAssigned = "promise.assigned"
	EventPromiseNoted    = "promise.noted"
	EventPromiseKept     = "promise.kept"
)

// Limits of an answer in writing.
const (
	MaxReplyRunes    = 10_000
	MaxDocumentRunes = 500
)

// Reply is the answer in writing. A later one replaces it; the log keeps both.
type Reply struct {
	At       time.Time
	Person   string
	Text     string // "" once erased
	Document string // number or https address of the document; may be empty
	Public   bool   // everybody may read it, not only the asker
}

// Note is what the asker is told while the answer is being prepared.
type Note struct {
	At     time.Time
	Person string
	Text   string // "" once erased
}

// AssignPromise says which agency answers a question in writing, and by when.
type AssignPromise struct {
	ID     conference.QuestionID
	Agency string
	Due    string // date
}

// NotePromise tells the asker how it stands.
type NotePromise struct {
	ID   conference.QuestionID
	Text string // 1–1,000 runes
}

// KeepPromise is the answer in writing.
type KeepPromise struct {
	ID       conference.QuestionID
	Text     string // 1–10,000 runes
	Document string // ≤ 500 runes; an address must be https
	Public   bool
}

// CommandType returns the command's name on the wire.
func (AssignPromise) CommandType() string { return "promise.assign" }

// CommandType returns the command's name on the wire.
func (NotePromise) CommandType() string { return "promise.note" }

// CommandType returns the command's name on the wire.
func (KeepPromise) CommandType() string { return "promise.keep" }

// PromiseAssigned is the data of promise.assigned.
type PromiseAssigned struct {
	Question conference.QuestionID `json:"question"`
	Agency   string                `json:"agency"`
	Due      string                `json:"due"`
}

// PromiseNoted is the data of promise.noted.
type PromiseNoted struct {
	Question conference.QuestionID `json:"question"`
}

// PromiseKept is the data of promise.kept.
type PromiseKept struct {
	Question conference.QuestionID `json:"question"`
	Document string                `json:"document,omitempty"`
	Public   bool                  `json:"public,omitempty"`
}

// Promised reports whether an answer in writing was promised, kept or not: the question is
// written, partAnswered or carriedOver, or was answered with something left to an agency.
func (q *Question) Promised() bool {
	switch q.State {
	case StateWritten, StatePartAnswered, StateCarriedOver:
		return true
	case StateAnswered:
		return q.Conclusion != nil && !q.Conclusion.None
	case StateSubmitted, StateHeld, StatePending, StateClaimed, StateReturned, StateApproved, StateQueued, StateStaged,
		StateOnAir, StateRecalled, StateRefused, StateRedirected, StateMerged, StateWithdrawn:
	}
	return false
}

// promise decides the commands of the officials.
func (b *Board) promise(command conference.Command, now time.Time) (conference.Decision, error) {
	switch body := command.Body.(type) {
	case AssignPromise:
		if err := checkPromise(body.Agency, body.Due, now); err != nil {
			return conference.Decision{}, err
		}
		return b.promised(body.ID, body, PromiseAssigned{body.ID, body.Agency, body.Due}, nil)
	case NotePromise:
		if body.Text == "" {
			return conference.Decision{}, invalid("question.no_text", "")
		}
		if err := checkText(body.Text); err != nil {
			return conference.Decision{}, err
		}
		return b.promised(body.ID, body, PromiseNoted{body.ID}, words(FieldText, body.Text))
	case KeepPromise:
		if err := checkReply(body); err != nil {
			return conference.Decision{}, err
		}
		return b.promised(body.ID, body, PromiseKept{body.ID, body.Document, body.Public}, words(FieldText, body.Text))
	}
	return conference.Decision{}, invalid("command.unknown", command.Body.CommandType())
}

// promised decides about a question that an answer was promised for.
func (b *Board) promised(id conference.QuestionID, body conference.Body, data any, private map[string]string) (conference.Decision, error) {
	q, err := b.from(id, body)
	if err != nil {
		return conference.Decision{}, err
	}
	if !q.Promised() {
		return conference.Decision{}, conflict("question.not_promised", string(q.State))
	}
	draft := draftOf(arrowOf(body).Event, id, data)
	draft.Private = private
	return decide(draft), nil
}

// arrowOf returns the one row of a command that has one.
func arrowOf(body conference.Body) Transition {
	for _, arrow := range table {
		if arrow.Command == body.CommandType() {
			return arrow
		}
	}
	return Transition{}
}

func checkReply(body KeepPromise) error {
	if body.Text == "" {
		return invalid("question.no_text", "")
	}
	if n := utf8.RuneCountInString(body.Text); n > MaxReplyRunes {
		return invalid("question.reply_too_long", fmt.Sprintf("%d characters, at most %d", n, MaxReplyRunes))
	}
	document, err := url.Parse(body.Document)
	if utf8.RuneCountInString(body.Document) > MaxDocumentRunes || err == nil && document.Scheme != "" && document.Scheme != "https" {
		return invalid("question.bad_document", "at most 500 characters; an address begins with https://")
	}
	return nil
}

// keep takes over what a promise's event tells; false: it is no such event.
func (q *Question) keep(event conference.Event, data move) bool {
	switch event.Type {
	case EventPromiseAssigned:
		owed := Conclusion{Agency: data.Agency, Due: data.Due, Person: event.Actor.Person, At: event.At}
		if q.Conclusion != nil {
			owed.Text = q.Conclusion.Text
		}
		q.Conclusion = &owed
	case EventPromiseNoted:
		q.Notes = append(slices.Clip(q.Notes), Note{event.At, event.Actor.Person, event.Private[FieldText]})
	case EventPromiseKept:
		q.Reply = &Reply{
			At: event.At, Person: event.Actor.Person, Text: event.Private[FieldText], Document: data.Document, Public: data.Public,
		}
	default:
		return false
	}
	return true
}
