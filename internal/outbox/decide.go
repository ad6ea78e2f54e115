package outbox

import (
	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/registration"
)

// Begin has letters written from now on: the system's.
type Begin struct{}

// Send notes that a mail server has taken a letter: the system's.
type Send struct{ Sent }

// Fail notes that a letter is not tried any more: the system's.
type Fail struct{ Failed }

// Resend has a letter written again, or all that failed ("").
type Resend struct{ Registration conference.RegistrationID }

// CommandType returns the command's name on the wire.
func (Begin) CommandType() string { return "mail.begin" }

// CommandType returns the command's name on the wire.
func (Send) CommandType() string { return "mail.send" }

// CommandType returns the command's name on the wire.
func (Fail) CommandType() string { return "mail.fail" }

// CommandType returns the command's name on the wire.
func (Resend) CommandType() string { return "mail.resend" }

// entityAll stands for what is about letters, but of nobody by themselves.
const entityAll conference.Entity = "mail"

func entityOf(id conference.RegistrationID) conference.Entity {
	return entityAll + ":" + conference.Entity(id)
}

// Decide answers a command with what is to be written, or refuses it. Repeating Send or Fail
// of what is settled writes nothing: of two nodes that sent the same letter one notes it.
//
// Refusals: registration.unknown (KindNotFound); registration.already_erased, mail.no_address,
// conference.already_closed, mail.none_failed (KindConflict).
func (b *Box) Decide(info *conference.Info, board *registration.Board, command conference.Body) (conference.Decision, error) {
	switch body := command.(type) {
	case Begin:
		if b.began || info.State == conference.StateClosed {
			return conference.Decision{}, nil
		}
		return decide(EventBegan, entityAll, Began{}), nil
	case Send:
		if l := b.letters[body.Registration]; l.Due == nil || l.Due.About < body.About {
			return conference.Decision{}, nil
		}
		return decide(EventSent, entityOf(body.Registration), body.Sent), nil
	case Fail:
		if l := b.letters[body.Registration]; l.Due == nil || l.Due.About != body.About {
			return conference.Decision{}, nil
		}
		return decide(EventFailed, entityOf(body.Registration), body.Failed), nil
	case Resend:
		return b.resend(info, board, body.Registration)
	}
	return conference.Decision{}, conference.Refuse(conference.KindInvalid, "command.unknown", command.CommandType())
}

func (b *Box) resend(info *conference.Info, board *registration.Board, id conference.RegistrationID) (conference.Decision, error) {
	conflict := func(code string) (conference.Decision, error) {
		return conference.Decision{}, conference.Refuse(conference.KindConflict, code, string(id))
	}
	if info.State == conference.StateClosed {
		return conflict("conference.already_closed")
	}
	if id == "" {
		if len(b.Counts().Failed) == 0 {
			return conflict("mail.none_failed")
		}
		return decide(EventAgain, entityAll, Again{}), nil
	}
	switch r := board.Registration(id); {
	case r == nil:
		return conference.Decision{}, conference.Refuse(conference.KindNotFound, "registration.unknown", string(id))
	case r.Erased:
		return conflict("registration.already_erased")
	case r.Person.Email == "":
		return conflict("mail.no_address")
	}
	decision := decide(EventAgain, entityOf(id), Again{Registration: id})
	decision.Reads = append(decision.Reads, id.Entity())
	return decision, nil
}

func decide(event string, entity conference.Entity, data any) conference.Decision {
	return conference.Decision{
		Reads:  []conference.Entity{entity},
		Drafts: []conference.Draft{{Type: event, V: 1, Entity: entity, Bumps: []conference.Entity{entity}, Data: data}},
	}
}
