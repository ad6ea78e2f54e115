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
	"github.com/diemcau/diemcau/internal/registration"
)

func (s *Server) registrationRoutes(api func(method, path string, handler echo.HandlerFunc)) {
	s.read("/c/:conference/register", s.registerPage)
	s.read("/ticket", s.ticketPage)
	const c = "/conferences/:conference"
	api(http.MethodGet, c+"/registration", s.registrationInfo)
	api(http.MethodPost, c+"/registration", s.setRegistration)
	s.echo.POST("/api/v1"+c+"/registrations", s.register, s.guardForm)
	api(http.MethodPost, c+"/registrations/code", s.sendCode)
	api(http.MethodPost, "/registrations/lookup", s.lookupTicket)
	api(http.MethodPost, "/registrations/cancel", s.byTicket("registration.cancel"))
	api(http.MethodPost, "/registrations/accept", s.byTicket("registration.accept"))
	api(http.MethodPost, "/registrations/move", s.byTicket("registration.move"))
	api(http.MethodPost, "/registrations/mine", s.byTicket("registration.mine"))
	api(http.MethodPost, "/registrations/correct", s.byTicket("registration.correct"))
	api(http.MethodPost, "/registrations/erase", s.byTicket("registration.erase"))

	api(http.MethodGet, c+"/registrations", s.listRegistrations)
	api(http.MethodGet, c+"/registrations/counts", s.countRegistrations)
	api(http.MethodPost, c+"/registrations/desk", s.registerAtDesk)
	api(http.MethodPost, c+"/registrations/checkin", s.checkIn)
	api(http.MethodPost, c+"/registrations/merge", s.mergeScans)
	for action, path := range map[string]string{
		"registration.undoCheckIn": "undo", "registration.give": "give", "registration.cancel": "cancel",
		"registration.accept": "accept", "registration.move": "move", "registration.correct": "correct", "registration.erase": "erase",
	} {
		api(http.MethodPost, c+"/registrations/"+path, s.byStaff(action))
	}
	s.deviceRoutes(api, c+"/devices")
}

// seatView is a venue as somebody who registers sees it.
type seatView struct {
	ID      conference.VenueID `json:"id"`
	Name    string             `json:"name"`
	Address string             `json:"address,omitempty"`
	Seats   int                `json:"seats"` // of the public
	Free    int                `json:"free"`
	Waiting int                `json:"waiting"` // how many, never who
}

// registrationView is what GET …/registration answers.
type registrationView struct {
	Conference   conference.ID     `json:"conference"`
	Title        string            `json:"title"`
	TitleEn      string            `json:"titleEn,omitempty"`
	StartsAt     time.Time         `json:"startsAt"`
	Open         bool              `json:"open"` // now
	OpensAt      time.Time         `json:"opensAt"`
	ClosesAt     time.Time         `json:"closesAt"`
	DoorsAt      time.Time         `json:"doorsAt"`
	OfferMs      int64             `json:"offerMs"`
	VerifyPhone  bool              `json:"verifyPhone,omitempty"`
	AskIDNumber  bool              `json:"askIdNumber,omitempty"`
	Invitation   string            `json:"invitation,omitempty"`
	InvitationEn string            `json:"invitationEn,omitempty"`
	Privacy      conference.Notice `json:"privacy"`
	Venues       []seatView        `json:"venues"`
	Topics       []topicView       `json:"topics"`
}

type topicView struct {
	ID     conference.TopicID `json:"id"`
	Name   string             `json:"name"`
	NameEn string             `json:"nameEn,omitempty"`
}

// registrationInfo tells what somebody needs to register: GET …/registration.
// Refusals: conference.unknown, registration.closed when nobody registers for it.
func (s *Server) registrationInfo(c echo.Context) error {
	running, info, err := s.info(c)
	if err != nil {
		return err
	}
	if info.Registration == nil {
		return conference.Refuse(conference.KindNotFound, "registration.closed", "nobody registers for this conference")
	}
	return answer(c, http.StatusOK, s.registrationView(running, info))
}

func (s *Server) registrationView(running *live.Conference, info *conference.Info) registrationView {
	r, now := info.Registration, s.cfg.Now()
	view := registrationView{
		Conference: info.ID, Title: info.Title, TitleEn: info.TitleEn, StartsAt: info.StartsAt,
		Open:    info.State != conference.StateClosed && !now.Before(r.OpensAt) && now.Before(r.ClosesAt),
		OpensAt: r.OpensAt, ClosesAt: r.ClosesAt, DoorsAt: info.DoorsAt(), OfferMs: r.Offer().Milliseconds(),
		VerifyPhone: r.VerifyPhone, AskIDNumber: r.AskIDNumber, Invitation: r.Invitation, InvitationEn: r.InvitationEn,
		Privacy: r.Privacy, Venues: []seatView{}, Topics: []topicView{},
	}
	counts := running.Seats()
	for _, v := range info.Venues {
		if v.Seats == 0 {
			continue
		}
		count := counts[v.ID]
		view.Venues = append(view.Venues, seatView{
			ID: v.ID, Name: v.Name, Address: v.Address, Seats: v.Seats - v.Reserved, Free: max(0, count.Free(v)), Waiting: count.Waiting,
		})
	}
	for _, t := range info.Topics {
		view.Topics = append(view.Topics, topicView{ID: t.ID, Name: t.Name, NameEn: t.NameEn})
	}
	return view
}

// setRegistration changes when and how people register: POST …/registration
// {"registration"?, "seats"?: [{"venue","seats","reserved"}]} → 200, as GET.
func (s *Server) setRegistration(c echo.Context) error {
	actor, err := s.authorise(c, conference.ID(c.Param("conference")), "registration.set")
	if err != nil {
		return err
	}
	running, _, err := s.info(c)
	if err != nil {
		return err
	}
	var body struct {
		Registration *conference.Registration `json:"registration"`
		Seats        []conference.SeatCount   `json:"seats"`
	}
	if err := readJSON(c, maxInfoBody, &body); err != nil {
		return err
	}
	if body.Registration == nil && len(body.Seats) == 0 {
		return conference.Refuse(conference.KindInvalid, "request.bad_json", "registration or seats")
	}
	command := conference.Command{ID: access.NewID(), Actor: actor, Body: registration.Set{Registration: body.Registration, Seats: body.Seats}}
	if _, err := running.Do(c.Request().Context(), command); err != nil {
		return err
	}
	return s.registrationInfo(c)
}

// slip is what somebody fills in.
type slip struct {
	IdempotencyKey string             `json:"idempotencyKey"`
	Name           string             `json:"name"`
	Phone          string             `json:"phone"`
	Commune        string             `json:"commune"`
	Organisation   string             `json:"organisation"`
	Email          string             `json:"email"`
	IDNumber       string             `json:"idNumber"`
	Topic          conference.TopicID `json:"topic"`
	Question       string             `json:"question"`
	Venue          conference.VenueID `json:"venue"`
	Online         bool               `json:"online"`
	Consents       map[string]string  `json:"consents"` // purpose → version of the text
	Code           string             `json:"code"`     // the one-time code
	Proof          string             `json:"proof"`
	Reserved       bool               `json:"reserved"` // staff's
	WalkIn         bool               `json:"walkIn"`   // staff's
}

func (f *slip) body() live.RegisterPerson {
	out := live.RegisterPerson{
		IdempotencyKey: f.IdempotencyKey, Venue: f.Venue, Topic: f.Topic, Question: f.Question, Reserved: f.Reserved, WalkIn: f.WalkIn,
		Person: registration.Person{
			Name: f.Name, Phone: f.Phone, Commune: f.Commune, Organisation: f.Organisation, Email: f.Email, IDNumber: f.IDNumber,
		},
	}
	for _, purpose := range []string{registration.PurposePrivacy, registration.PurposeContact, registration.PurposeName} {
		if version := f.Consents[purpose]; version != "" {
			out.Consents = append(out.Consents, registration.Consent{Purpose: purpose, Version: version})
		}
	}
	return out
}

// receipt is what somebody who has registered is told.
type receipt struct {
	Code  string             `json:"code"`
	State registration.State `json:"state"`
	Place int                `json:"place,omitempty"`
	// Question is the tracking code of the question brought along.
	Question string `json:"question,omitempty"`
}

func receiptOf(o live.Outcome) receipt {
	return receipt{Code: o.Registered.Ticket, State: o.Registered.State, Place: o.Registered.Place, Question: o.Code}
}

// register takes a citizen's registration; no session is needed:
// POST …/registrations → 201 {"code","state","place"?,"question"?}. The same idempotencyKey
// gives the same answer, whoever repeats it. A form is answered by a page (takeForm).
func (s *Server) register(c echo.Context) error {
	if hasContentType(c.Request(), echo.MIMEApplicationForm) {
		return s.takeForm(c)
	}
	var body slip
	outcome, err := s.takeSlip(c, func() error { return readJSON(c, maxBody, &body) }, &body)
	if err != nil {
		return err
	}
	return answer(c, http.StatusCreated, receiptOf(outcome))
}

// takeSlip has a citizen registered. read fills the slip in once the asker may ask at all.
func (s *Server) takeSlip(c echo.Context, read func() error, body *slip) (live.Outcome, error) {
	ctx, asker := c.Request().Context(), s.asker(c)
	if err := s.cfg.Limits.Take(ctx, limits.Submission, asker); err != nil {
		return live.Outcome{}, err
	}
	running, info, err := s.info(c)
	if err != nil {
		return live.Outcome{}, err
	}
	if err := read(); err != nil {
		return live.Outcome{}, err
	}
	switch {
	case body.Online == (body.Venue != ""):
		return live.Outcome{}, conference.Refuse(conference.KindInvalid, "registration.no_venue", "venue, or online")
	case body.IDNumber != "" && (info.Registration == nil || !info.Registration.AskIDNumber):
		return live.Outcome{}, conference.Refuse(conference.KindInvalid, "registration.bad_id_number", "not asked for")
	}
	if err := s.cfg.Limits.Submit(ctx, asker, body.Proof, body.IdempotencyKey); err != nil {
		return live.Outcome{}, err
	}
	command := body.body()
	command.Reserved, command.WalkIn = false, false
	// What was registered before is answered as it was, though its code has ended since.
	if info.Registration != nil && info.Registration.VerifyPhone && !running.RegisteredBy(body.IdempotencyKey) {
		if err := s.verify(ctx, info.ID, body.Phone, body.Code); err != nil {
			return live.Outcome{}, err
		}
	}
	command.Verified = info.Registration != nil && info.Registration.VerifyPhone
	return running.Do(ctx, conference.Command{
		ID:    access.NewID(), // repeating is by the idempotency key, not by the command
		Actor: conference.Actor{Role: conference.RoleCitizen}, Body: command,
	})
}

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
}

func ticketViewOf(t live.TicketStanding) ticketView {
	r := t.Registration
	view := ticketView{
		Conference: t.Conference, Code: t.Ticket, State: r.State, Venue: r.Venue, Online: r.Online(), Reserved: r.Reserved,
		Place: t.Place, Question: t.Tracking, MadeAt: r.MadeAt, ChangedAt: r.ChangedAt, Erased: r.Erased,
	}
	if r.State == registration.StateOffered {
		view.OfferEnds = &r.OfferEnds
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
	}
	return nil
}

// byTicket does what the holder of a ticket asks for, who proves it by the telephone
// number: POST /api/v1/registrations/… {"code","phone",…} → 200, where it stands now; of
// "mine" with what is held. A wrong number counts as a guess.
func (s *Server) byTicket(action string) echo.HandlerFunc {
	return func(c echo.Context) error {
		var body errand
		found, err := s.findTicket(c, func() error { return readJSON(c, maxBody, &body) }, &body.Code)
		if err != nil {
			return err
		}
		running, err := s.cfg.Live.Conference(found.Conference)
		if err != nil {
			return err
		}
		r := found.Registration
		if subtle.ConstantTimeCompare([]byte(running.Holder(body.Phone)), []byte(r.Holder)) != 1 {
			_ = s.cfg.Limits.Take(c.Request().Context(), limits.Miss, s.asker(c)) // see findTicket
			return conference.Refuse(conference.KindNotFound, "registration.unknown_code", "")
		}
		if action == "registration.move" && body.Online == (body.Venue != "") {
			return conference.Refuse(conference.KindInvalid, "registration.no_venue", "venue, or online")
		}
		actor := conference.Actor{Role: conference.RoleCitizen}
		if command := body.command(action, r.ID); command != nil {
			if err := mayCorrect(running, command); err != nil {
				return err
			}
			if _, err := running.Do(c.Request().Context(), conference.Command{ID: access.NewID(), Actor: actor, Body: command}); err != nil {
				return err
			}
		}
		return s.answerTicket(c, running, r.ID, true)
	}
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

// answerTicket answers with a registration as it is now, and whom it is of.
func (s *Server) answerTicket(c echo.Context, running *live.Conference, id conference.RegistrationID, person bool) error {
	now, err := running.TicketOf(id)
	if err != nil {
		return err
	}
	return answer(c, http.StatusOK, heldOf(now, person))
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
