package server

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"github.com/diemcau/diemcau/internal/access"
	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/limits"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/internal/registration"
)

// The form and the ticket as pages that need no script. The form is posted to where programs
// post JSON; the ticket's code comes back in a cookie, because an address is written into
// histories and logs.
const (
	ticketCookie    = "ticket"
	ticketCookieFor = 30 * time.Minute
	registerHTML    = "register.html"
	ticketHTML      = "ticket.html"
)

// loadForms reads the templates of the pages without script.
func loadForms() (*template.Template, error) {
	forms, err := template.ParseFS(plain, "plain/"+registerHTML, "plain/"+ticketHTML)
	if err != nil {
		return nil, fmt.Errorf("read the forms: %w", err)
	}
	return forms, nil
}

// inLanguage is what every such page needs.
type inLanguage struct{ Lang string }

// T returns the sentence in the reader's language; Vietnamese where there is no English.
func (l inLanguage) T(vi, en string) string {
	if l.Lang == "en" && en != "" {
		return en
	}
	return vi
}

type registerForm struct {
	inLanguage

	Title, Invitation, Privacy, Window string
	Info                               *registrationView
	Slip                               slip
	Problem                            string
}

// registerPage is the form: GET /c/{conference}/register.
func (s *Server) registerPage(c echo.Context) error {
	return s.showForm(c, http.StatusOK, slip{IdempotencyKey: access.NewID()}, "")
}

func (s *Server) showForm(c echo.Context, status int, filled slip, problem string) error {
	lang := inLanguage{readerLanguage(c.Request())}
	running, info, err := s.info(c)
	if err != nil {
		return err
	}
	form := registerForm{inLanguage: lang, Title: lang.T(info.Title, info.TitleEn), Slip: filled, Problem: problem}
	if info.Registration == nil {
		form.Problem = sentence(lang.Lang, "registration.closed", http.StatusConflict)
		return s.show(c, status, registerHTML, form)
	}
	view, r := s.registrationView(running, info), info.Registration
	form.Info, form.Invitation, form.Privacy = &view, lang.T(r.Invitation, r.InvitationEn), lang.T(r.Privacy.Text, r.Privacy.TextEn)
	form.Window = inHanoi(r.OpensAt) + " – " + inHanoi(r.ClosesAt)
	return s.show(c, status, registerHTML, form)
}

// show writes a page without script. Its form tells its Origin, which the policy of the other
// pages would keep back.
func (s *Server) show(c echo.Context, status int, name string, page any) error {
	var out bytes.Buffer
	if err := s.forms.ExecuteTemplate(&out, name, page); err != nil {
		return fmt.Errorf("show %s: %w", name, err)
	}
	header := c.Response().Header()
	header.Set("Referrer-Policy", "same-origin")
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Language", readerLanguage(c.Request()))
	header.Add("Vary", "Accept-Language")
	return c.Blob(status, "text/html; charset=utf-8", out.Bytes())
}

// takeForm takes a form: 303 to the ticket, or the form again with what is wrong.
func (s *Server) takeForm(c echo.Context) error {
	var filled slip
	var wants string
	read := func() (err error) {
		wants, err = readForm(c, &filled)
		if err == nil && wants == "code" {
			return errSendCode
		}
		return err
	}
	outcome, err := s.takeSlip(c, read, &filled)
	switch {
	case errors.Is(err, errSendCode):
		return s.formCode(c, filled)
	case err == nil:
		c.Response().Header().Set("Cache-Control", "no-store") // the cookie is the ticket
		s.setTicket(c, outcome.Registered.Ticket)
		return c.Redirect(http.StatusSeeOther, "/ticket")
	}
	problem := s.problem(c.Request(), err)
	if problem.Status == http.StatusNotFound || problem.Status == http.StatusRequestEntityTooLarge {
		return err
	}
	if problem.Code == "registration.consent_outdated" {
		filled.Consents = nil
	}
	comeBack(c.Response().Header(), err, problem)
	return s.showForm(c, problem.Status, filled, problem.Title)
}

// errSendCode says that the form asks for a one-time code, not for a seat.
var errSendCode = errors.New("send a code")

// readForm reads a form's fields. Refusals: request.bad_body, request.too_large.
func readForm(c echo.Context, into *slip) (wants string, err error) {
	r := c.Request()
	r.Body = http.MaxBytesReader(c.Response(), r.Body, maxBody)
	if err := r.ParseForm(); err != nil {
		return "", badBody(err, "request.bad_body")
	}
	field := r.PostForm.Get
	for _, values := range r.PostForm {
		for _, value := range values {
			if !utf8.ValidString(value) {
				return "", conference.Refuse(conference.KindInvalid, "request.bad_body", "")
			}
		}
	}
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

func (s *Server) setTicket(c echo.Context, code string) {
	http.SetCookie(c.Response(), &http.Cookie{ //nolint:gosec // Secure whenever the connection is
		Name: ticketCookieName(c.Request()), Value: code, Path: "/", MaxAge: int(ticketCookieFor.Seconds()),
		Secure: c.Request().TLS != nil, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

func ticketCookieName(r *http.Request) string {
	if r.TLS != nil {
		return hostPrefix + ticketCookie
	}
	return ticketCookie
}

type ticketForm struct {
	inLanguage

	Code, Title, Starts, Standing, Where, Question string
}

// ticketPage shows the ticket that was just made on this device: GET /ticket.
func (s *Server) ticketPage(c echo.Context) error {
	page := ticketForm{inLanguage: inLanguage{readerLanguage(c.Request())}}
	cookie, err := c.Cookie(ticketCookieName(c.Request()))
	if err != nil {
		return s.show(c, http.StatusOK, ticketHTML, page)
	}
	if err := s.cfg.Limits.Peek(limits.Miss, s.asker(c)); err != nil {
		return err
	}
	found, err := s.cfg.Live.LookupTicket(cookie.Value)
	if errors.Is(err, &conference.Error{Code: "registration.unknown_code"}) {
		_ = s.cfg.Limits.Take(c.Request().Context(), limits.Miss, s.asker(c)) // see findTicket
		return s.show(c, http.StatusOK, ticketHTML, page)
	}
	if err != nil {
		return err
	}
	running, err := s.cfg.Live.Conference(found.Conference)
	if err != nil {
		return err
	}
	info := running.Snapshot().Info
	page.Code, page.Title, page.Starts = found.Ticket, page.T(info.Title, info.TitleEn), inHanoi(info.StartsAt)
	page.Question, page.Standing = found.Tracking, standingSentence(page.inLanguage, found)
	if venue, known := info.Venue(found.Registration.Venue); known {
		page.Where = venue.Name
		if venue.Address != "" {
			page.Where += ", " + venue.Address
		}
	}
	return s.show(c, http.StatusOK, ticketHTML, page)
}

func standingSentence(l inLanguage, t live.TicketStanding) string {
	r := t.Registration
	switch r.State {
	case registration.StateConfirmed:
		if r.Online() {
			return l.T("Bạn đã đăng ký theo dõi trực tuyến.", "You take part online.")
		}
		return l.T("Bạn đã có chỗ ngồi.", "You have a seat.")
	case registration.StateWaiting:
		return fmt.Sprintf(l.T("Bạn ở danh sách chờ, thứ %d.", "You are number %d of the waiting list."), t.Place)
	case registration.StateOffered:
		return l.T("Có chỗ trống cho bạn. Hãy nhận chỗ trước ", "A seat is free for you. Accept it before ") + inHanoi(r.OfferEnds) + "."
	case registration.StateCheckedIn:
		return l.T("Bạn đã vào hội nghị.", "You have checked in.")
	case registration.StateLapsed:
		return l.T("Đã quá hạn nhận chỗ.", "The offer was not accepted in time.")
	case registration.StateCancelled:
	}
	return l.T("Đăng ký đã hủy.", "The registration was cancelled.")
}

// inHanoi writes a moment as people there read it.
func inHanoi(at time.Time) string {
	const ict = 7 * 60 * 60
	return at.In(time.FixedZone("ICT", ict)).Format("15:04, 02/01/2006")
}
