package live

import (
	"context"
	"strconv"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/outbox"
)

// Due returns the letters that are due to people who registered, in no order.
func (c *Conference) Due() []outbox.Due {
	c.stateMu.RLock()
	defer c.stateMu.RUnlock()
	return c.state.letters.Due()
}

// Letter returns what is known of somebody's letters.
func (c *Conference) Letter(id conference.RegistrationID) outbox.Letter {
	c.stateMu.RLock()
	defer c.stateMu.RUnlock()
	return c.state.letters.Letter(id)
}

// Addressee is somebody's letters, with the registration and the conference as they stand at
// the same moment.
type Addressee struct {
	TicketStanding

	Letter outbox.Letter
	Info   *conference.Info
}

// Addressee returns whom a letter is to. Refusal: registration.unknown_code.
func (c *Conference) Addressee(id conference.RegistrationID) (Addressee, error) {
	c.stateMu.RLock()
	defer c.stateMu.RUnlock()
	standing, err := c.state.ticket(id)
	return Addressee{standing, c.state.letters.Letter(id), c.state.info}, err
}

// Letters returns how many letters stand where.
func (c *Conference) Letters() outbox.Counts {
	c.stateMu.RLock()
	defer c.stateMu.RUnlock()
	return c.state.letters.Counts()
}

// LetterSent notes that a mail server has taken the letter about what happened up to a
// position. Errors: those of Do.
func (c *Conference) LetterSent(ctx context.Context, id conference.RegistrationID, about uint64) error {
	return c.noteOnce(ctx, letterID("sent", id, about), outbox.Send{Sent: outbox.Sent{Registration: id, About: about}})
}

// LetterFailed notes that a letter is not tried any more. Errors: those of Do.
func (c *Conference) LetterFailed(ctx context.Context, id conference.RegistrationID, about uint64, why outbox.Fault) error {
	return c.noteOnce(ctx, letterID("failed", id, about), outbox.Fail{Failed: outbox.Failed{Registration: id, About: about, Fault: why}})
}

// letterID is the id of the command that settles a letter: whoever does it, it is the same one.
func letterID(how string, id conference.RegistrationID, about uint64) string {
	return "mail-" + how + "-" + string(id) + "-" + strconv.FormatUint(about, 10)
}

// beginLetters has people written to from now on, where that was not so before.
func (c *Conference) beginLetters(ctx context.Context) error {
	if !c.lettersToBegin() {
		return nil
	}
	return c.noteOnce(ctx, "mail-began", outbox.Begin{})
}

func (c *Conference) lettersToBegin() bool {
	c.stateMu.RLock()
	defer c.stateMu.RUnlock()
	s := c.state
	return c.written && !s.letters.Began() && s.info.Registration != nil && s.info.State != conference.StateClosed
}
