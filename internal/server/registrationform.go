package server

import (
	"errors"
	"net/http"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"github.com/diemcau/diemcau/internal/access"
	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/registration"
	"github.com/diemcau/diemcau/internal/ticket/issue"
)

type registerForm struct {
	inLanguage

	ID                                 conference.ID
	Title, Invitation, Privacy, Window string
	Info                               *registrationView
	Slip                               slip
	// Phase is where the registration stands: off, notYet, open, closed.
	Phase string
	// Full: no venue has a seat left.
	Full bool
	// Problem is what is wrong with all of it, Faults what is with a field, Said what went well.
	Problem, Said string
	Faults        []fault
}

func (f registerForm) windowTitle() string {
	return f.T("Đăng ký tham dự", "Register") + ": " + f.Title + " – Điểm Cầu"
}

// Fault returns what is wrong with a field, "" when nothing is.
func (f registerForm) Fault(field string) string {
	for _, one := range f.Faults {
		if one.Field == field {
			return one.Text
		}
	}
	return ""
}

// shown is what a form is shown with.
type shown struct {
	status        int
	filled        slip
	code          string // of the refusal; "" none
	problem, said string
}

// registerPage is the form: GET /c/{conference}/register.
func (s *Server) registerPage(c echo.Context) error {
	if _, _, err := s.info(c); err != nil {
		if errors.Is(err, &conference.Error{Code: "conference.unknown"}) {
			return s.notFound(c)
		}
		return err
	}
	return s.showForm(c, shown{status: http.StatusOK, filled: slip{IdempotencyKey: access.NewID()}})
}

func (s *Server) showForm(c echo.Context, what shown) error {
	lang := inLanguage{Lang: pageLanguage(c.Request())}
	running, info, err := s.info(c)
	if err != nil {
		return err
	}
	form := registerForm{
		inLanguage: lang, ID: info.ID, Title: lang.T(info.Title, info.TitleEn), Slip: what.filled, Problem: what.problem, Said: what.said, Phase: "off",
	}
	if info.Registration == nil {
		return s.show(c, what.status, registerHTML, form)
	}
	view, r := s.registrationView(running, info), info.Registration
	form.Info, form.Invitation, form.Privacy = &view, lang.T(r.Invitation, r.InvitationEn), lang.T(r.Privacy.Text, r.Privacy.TextEn)
	form.Window, form.Phase, form.Full = issue.Moment(r.OpensAt)+" – "+issue.Moment(r.ClosesAt), "closed", view.full()
	switch {
	case view.Open:
		form.Phase = "open"
	case s.cfg.Now().Before(r.OpensAt) && info.State != conference.StateClosed:
		form.Phase = "notYet"
	}
	if what.code != "" {
		if form.Faults = faultsOf(lang.Lang, &what.filled, what.code); len(form.Faults) > 0 {
			form.Problem = ""
		}
	}
	return s.show(c, what.status, registerHTML, form)
}

// full reports whether somebody who registers now for a seat has to wait, wherever it is.
func (v *registrationView) full() bool {
	for _, venue := range v.Venues {
		if venue.Free > 0 && venue.Waiting == 0 {
			return false
		}
	}
	return len(v.Venues) > 0
}

// takeForm takes a form: 303 to the ticket, or the form again with what is wrong.
func (s *Server) takeForm(c echo.Context) error {
	var filled slip
	var wants string
	asked := false
	read := func() (err error) {
		asked = true
		wants, err = readForm(c, &filled)
		if err == nil && wants == "code" {
			return errSendCode
		}
		return err
	}
	outcome, err := s.takeSlip(c, read, &filled)
	lang := pageLanguage(c.Request())
	switch {
	case errors.Is(err, errSendCode):
		return s.formCode(c, filled)
	case err == nil:
		c.Response().Header().Set("Cache-Control", "no-store") // the cookie is the ticket
		s.setTicket(c, outcome.Registered.Ticket)
		return c.Redirect(http.StatusSeeOther, "/ticket?lang="+lang)
	}
	problem := s.problem(c.Request(), err)
	if problem.Status == http.StatusNotFound || problem.Status == http.StatusRequestEntityTooLarge {
		return err
	}
	if !asked { // whoever is told to wait keeps what was typed
		if _, err := readForm(c, &filled); err != nil {
			return err
		}
	}
	if problem.Code == "registration.consent_outdated" {
		filled.Consents = nil
	}
	comeBack(c.Response().Header(), err, problem)
	return s.showForm(c, shown{
		status: problem.Status, filled: filled, code: problem.Code, problem: sentence(lang, problem.Code, problem.Status),
	})
}

// errSendCode says that the form asks for a one-time code, not for a seat.
var errSendCode = errors.New("send a code")

// readForm reads a form's fields. Refusals: request.bad_body, request.too_large.
func readForm(c echo.Context, into *slip) (wants string, err error) {
	if err := parseForm(c); err != nil {
		return "", err
	}
	field := c.Request().PostForm.Get
	*into = slip{
		IdempotencyKey: field("idempotencyKey"), Name: field("name"), Phone: field("phone"), Commune: field("commune"),
		Organisation: field("organisation"), Email: field("email"), IDNumber: field("idNumber"),
		Topic: conference.TopicID(field("topic")), Question: field("question"), Code: field("code"), Proof: field("proof"),
		Consents: map[string]string{
			registration.PurposePrivacy: field("consentPrivacy"), registration.PurposeContact: field("consentContact"),
			registration.PurposeName: field("consentName"),
		},
	}
	if venue := field("venue"); venue == "online" {
		into.Online = true
	} else {
		into.Venue = conference.VenueID(venue)
	}
	return field("do"), nil
}

// parseForm reads a body of fields. Refusals: request.bad_body, request.too_large.
func parseForm(c echo.Context) error {
	r := c.Request()
	r.Body = http.MaxBytesReader(c.Response(), r.Body, maxBody)
	if err := r.ParseForm(); err != nil {
		return badBody(err, "request.bad_body")
	}
	for _, values := range r.PostForm {
		for _, value := range values {
			if !utf8.ValidString(value) {
				return conference.Refuse(conference.KindInvalid, "request.bad_body", "")
			}
		}
	}
	return nil
}

// guardForm is guardOrigin for what a form is posted to. It needs no session and so nothing
// is gained by posting it from elsewhere; a form whose browser keeps the Origin back ("null")
// is taken.
func (s *Server) guardForm(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		if hasContentType(r, echo.MIMEApplicationForm) && r.Header.Get("Origin") == "null" && r.Header.Get("Sec-Fetch-Site") != "cross-site" {
			return next(c)
		}
		if err := exactOrigin(r); err != nil {
			return err
		}
		return next(c)
	}
}
