package server

import (
	"crypto/subtle"
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/diemcau/diemcau/internal/access"
	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/limits"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/internal/outbox"
	"github.com/diemcau/diemcau/internal/registration"
)

// ticketView is where a registration stands, without a word about the person.
type ticketView struct {
	Conference conference.ID      `json:"conference"`
	Code       string             `json:"code"`
	State      registration.State `json:"state"`
	Venue      conference.VenueID `json:"venue,omitempty"`
	Online     bool               `json:"online,omitempty"`
	Reserved   bool               `json:"reserved,omitempty"`
	Place      int                `json:"place,omitempty"`
	OfferEnds  *time.Time         `json:"offerEnds,omitempty"`
	Question   string             `json:"question,omitempty"` // tracking code
	MadeAt     time.Time          `json:"madeAt"`
	ChangedAt  time.Time          `json:"changedAt"`
	CheckedIn  *time.Time         `json:"checkedInAt,omitempty"`
	Erased     bool               `json:"erased,omitempty"`
	Absent     bool               `json:"absent,omitempty"`    // was invited and did not come
	InWriting  bool               `json:"inWriting,omitempty"` // so the question is answered in writing
	Agency     string             `json:"agency,omitempty"`    // by
}

func ticketViewOf(t live.TicketStanding) ticketView {
	r := t.Registration
	view := ticketView{
		Conference: t.Conference, Code: t.Ticket, State: r.State, Venue: r.Venue, Online: r.Online(), Reserved: r.Reserved,
		Place: t.Place, Question: t.Tracking, MadeAt: r.MadeAt, ChangedAt: r.ChangedAt, Erased: r.Erased,
		Absent: t.Absent, InWriting: t.InWriting, Agency: t.Agency,
	}
	if r.State == registration.StateOffered {
		view.OfferEnds = &t.OfferEnds
	}
	if at := r.CheckedInAt(); !at.IsZero() {
		view.CheckedIn = &at
	}
	return view
}

// lookupTicket tells where a registration stands: POST /api/v1/registrations/lookup {"code"}.
func (s *Server) lookupTicket(c echo.Context) error {
	var body struct {
		Code string `json:"code"`
	}
	found, err := s.findTicket(c, func() error { return readJSON(c, maxBody, &body) }, &body.Code)
	if err != nil {
		return err
	}
	return answer(c, http.StatusOK, ticketViewOf(found))
}

// findTicket finds a ticket for somebody who may have guessed it.
func (s *Server) findTicket(c echo.Context, read func() error, code *string) (live.TicketStanding, error) {
	ctx, asker := c.Request().Context(), s.asker(c)
	if err := s.cfg.Limits.Take(ctx, limits.Lookup, asker); err != nil {
		return live.TicketStanding{}, err
	}
	if err := s.cfg.Limits.Peek(limits.Miss, asker); err != nil {
		return live.TicketStanding{}, err
	}
	if err := read(); err != nil {
		return live.TicketStanding{}, err
	}
	found, err := s.cfg.Live.LookupTicket(*code)
	if errors.Is(err, &conference.Error{Code: "registration.unknown_code"}) {
		_ = s.cfg.Limits.Take(ctx, limits.Miss, asker) // who guesses too often is told so the next time
	}
	return found, err
}

// personView is what is held of a person.
type personView struct {
	Name         string `json:"name,omitempty"`
	Phone        string `json:"phone,omitempty"`
	Commune      string `json:"commune,omitempty"`
	Organisation string `json:"organisation,omitempty"`
	Email        string `json:"email,omitempty"`
	IDNumber     string `json:"idNumber,omitempty"`
}

// correction is what somebody wants to be put otherwise; nil: as it is.
type correction struct {
	Name         *string `json:"name"`
	Phone        *string `json:"phone"`
	Commune      *string `json:"commune"`
	Organisation *string `json:"organisation"`
	Email        *string `json:"email"`
	IDNumber     *string `json:"idNumber"`
}

// errand is what a holder of a ticket, or staff, asks about a registration.
type errand struct {
	Code         string                    `json:"code"`
	Registration conference.RegistrationID `json:"registration"` // staff's other way to name it
	Phone        string                    `json:"phone"`        // the holder's, as proof
	Venue        conference.VenueID        `json:"venue"`
	Online       bool                      `json:"online"`
	Wait         bool                      `json:"wait"`
	Reserved     bool                      `json:"reserved"`
	Person       correction                `json:"person"`
}

// command is what is asked for; nil: only to look.
func (e *errand) command(action string, id conference.RegistrationID) conference.Body {
	switch action {
	case "registration.cancel":
		return registration.Cancel{ID: id}
	case "registration.accept":
		return registration.Accept{ID: id}
	case "registration.move":
		return registration.Move{ID: id, Venue: e.Venue, Wait: e.Wait}
	case "registration.correct":
		p := e.Person
		return registration.Correct{
			ID: id, Name: p.Name, Phone: p.Phone, Commune: p.Commune, Organisation: p.Organisation, Email: p.Email, IDNumber: p.IDNumber,
		}
	case "registration.erase":
		return registration.Erase{ID: id}
	case "registration.give":
		return registration.Give{ID: id, Reserved: e.Reserved}
	case "registration.undoCheckIn":
		return registration.UndoCheckIn{ID: id}
	case access.ActionRegistrationMail:
		return outbox.Resend{Registration: id}
	}
	return nil
}

// byTicket does what the holder of a ticket asks for, who proves it by the telephone
// number: POST /api/v1/registrations/… {"code","phone",…} → 200, where it stands now; of
// "mine" with what is held. A wrong number counts as a guess.
func (s *Server) byTicket(action string) echo.HandlerFunc {
	return func(c echo.Context) error {
		var body errand
		now, err := s.runErrand(c, action, func() error { return readJSON(c, maxBody, &body) }, &body)
		if err != nil {
			return err
		}
		return answer(c, http.StatusOK, heldOf(now, true))
	}
}

// runErrand does what the holder of a ticket asks for, and returns where it stands then. read
// fills the errand in once the asker may ask at all.
func (s *Server) runErrand(c echo.Context, action string, read func() error, body *errand) (live.TicketStanding, error) {
	ctx := c.Request().Context()
	found, err := s.findTicket(c, read, &body.Code)
	if err != nil {
		return found, err
	}
	running, err := s.cfg.Live.Conference(found.Conference)
	if err != nil {
		return found, err
	}
	r := found.Registration
	if subtle.ConstantTimeCompare([]byte(running.Holder(body.Phone)), []byte(r.Holder)) != 1 {
		_ = s.cfg.Limits.Take(ctx, limits.Miss, s.asker(c)) // see findTicket
		return live.TicketStanding{}, conference.Refuse(conference.KindNotFound, "registration.unknown_code", "")
	}
	if action == "registration.move" && body.Online == (body.Venue != "") {
		return found, conference.Refuse(conference.KindInvalid, "registration.no_venue", "venue, or online")
	}
	if command := body.command(action, r.ID); command != nil {
		if err := mayCorrect(running, command); err != nil {
			return found, err
		}
		actor := conference.Actor{Role: conference.RoleCitizen}
		if _, err := running.Do(ctx, conference.Command{ID: access.NewID(), Actor: actor, Body: command}); err != nil {
			return found, err
		}
	}
	return running.TicketOf(r.ID)
}

// mayCorrect refuses a holder's new telephone number where numbers have to be proved: staff
// change it then.
func mayCorrect(running *live.Conference, command conference.Body) error {
	correct, is := command.(registration.Correct)
	set := running.Snapshot().Info.Registration
	if is && correct.Phone != nil && set != nil && set.VerifyPhone {
		return conference.Refuse(conference.KindConflict, "verification.needed", "the desk changes the number")
	}
	return nil
}

// answerTicket answers staff with a registration as it is now, without whom it is of.
func (s *Server) answerTicket(c echo.Context, running *live.Conference, id conference.RegistrationID) error {
	now, err := running.TicketOf(id)
	if err != nil {
		return err
	}
	view := heldOf(now, false)
	view.Mail = letterViewOf(running.Letter(id))
	return answer(c, http.StatusOK, view)
}

// heldView is a registration with all that is held of it.
type heldView struct {
	ticketView

	Registration conference.RegistrationID `json:"registration"`
	Person       *personView               `json:"person,omitempty"`
	Topic        conference.TopicID        `json:"topic,omitempty"`
	Consents     []registration.Consent    `json:"consents,omitempty"`
	Verified     bool                      `json:"verified,omitempty"`
	WalkIn       bool                      `json:"walkIn,omitempty"`
	Flagged      []scanView                `json:"flagged,omitempty"` // staff's
	Mail         *letterView               `json:"mail,omitempty"`    // staff's; nobody was written to
}

func heldOf(t live.TicketStanding, person bool) heldView {
	r := t.Registration
	view := heldView{
		ticketView: ticketViewOf(t), Registration: r.ID, Topic: r.Topic, Consents: r.Consents, Verified: r.Verified, WalkIn: r.WalkIn,
	}
	if person && !r.Erased {
		p := personView(r.Person)
		view.Person = &p
	}
	return view
}
