package server

import (
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
	s.echo.POST("/api/v1/registrations/ticket", s.takeTicket, s.guardForm)
	const c = "/conferences/:conference"
	api(http.MethodGet, c+"/registration", s.registrationInfo)
	api(http.MethodPost, c+"/registration", s.setRegistration)
	s.echo.POST("/api/v1"+c+"/registrations", s.register, s.guardForm)
	api(http.MethodPost, c+"/registrations/code", s.sendCode)
	api(http.MethodPost, "/registrations/lookup", s.lookupTicket)
	s.ticketRoutes()
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
		access.ActionRegistrationMail: "mail",
	} {
		api(http.MethodPost, c+"/registrations/"+path, s.byStaff(action))
	}
	s.deviceRoutes(api, c+"/devices")
	api(http.MethodGet, c+"/mail", s.getMail)
	api(http.MethodPost, c+"/mail/again", s.resendMail)
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
	Mail         bool              `json:"mail,omitempty"` // who gives an address is written to
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
		VerifyPhone: r.VerifyPhone, AskIDNumber: r.AskIDNumber, Mail: s.cfg.Mail != nil, Invitation: r.Invitation, InvitationEn: r.InvitationEn,
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
	if body.Online == (body.Venue != "") {
		return live.Outcome{}, conference.Refuse(conference.KindInvalid, "registration.no_venue", "venue, or online")
	}
	if err := s.cfg.Limits.Submit(ctx, asker, body.Proof, body.IdempotencyKey); err != nil {
		return live.Outcome{}, err
	}
	command := body.body()
	command.Reserved, command.WalkIn, command.Lang = false, false, statedLanguage(c.Request())
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
