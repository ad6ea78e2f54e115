package server

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/internal/registration"
	"github.com/diemcau/diemcau/internal/ticket/issue"
)

// The ticket without script. Its code comes back in a cookie, because an address is written
// into histories and logs; what needs the telephone number asks for it each time.
const (
	ticketCookie    = "ticket"
	ticketCookieFor = 30 * time.Minute
)

type ticketForm struct {
	inLanguage

	Code, Title, Starts, Standing, Where, Question string
	State                                          registration.State
	Venue                                          conference.VenueID
	Venues                                         []seatView
	// Over: nothing can be done with it any more.
	Over, Erased bool
	// Person is what is held, once the number was given; Phone is that number.
	Person *personView
	Phone  string
	// Problem is what was refused, Said what was done.
	Problem, Said string
}

func (f ticketForm) windowTitle() string {
	return f.T("Vé tham dự", "Ticket") + " – Điểm Cầu"
}

// ticketPage shows the ticket whose code this device was given: GET /ticket.
func (s *Server) ticketPage(c echo.Context) error {
	cookie, err := c.Cookie(ticketCookieName(c.Request()))
	if err != nil {
		return s.showTicket(c, http.StatusOK, ticketForm{}, live.TicketStanding{})
	}
	found, err := s.findTicket(c, func() error { return nil }, &cookie.Value)
	if errors.Is(err, &conference.Error{Code: "registration.unknown_code"}) {
		return s.showTicket(c, http.StatusOK, ticketForm{}, live.TicketStanding{})
	}
	if err != nil {
		return s.ticketProblem(c, err, live.TicketStanding{})
	}
	return s.showTicket(c, http.StatusOK, ticketForm{}, found)
}

// takeTicket does what the page without script asks for: POST …/registrations/ticket. With do=show
// it is to show the ticket of a code (303 to the page); else what byTicket does, and shows it.
func (s *Server) takeTicket(c echo.Context) error {
	r := c.Request()
	if !hasContentType(r, echo.MIMEApplicationForm) {
		return conference.Refuse(conference.KindInvalid, "request.bad_body", "a form")
	}
	if err := parseForm(c); err != nil {
		return err
	}
	field, lang := r.PostForm.Get, pageLanguage(r)
	body := errand{Code: field("code"), Phone: field("phone"), Wait: field("wait") != "", Venue: conference.VenueID(field("venue"))}
	if body.Online = body.Venue == "online"; body.Online {
		body.Venue = ""
	}
	nothing := func() error { return nil }
	action := "registration." + field("do")
	switch field("do") {
	case "hide":
		s.setTicket(c, "")
		return c.Redirect(http.StatusSeeOther, "/ticket?lang="+lang)
	case "accept", "cancel", "move", "mine", "erase":
	case "correct":
		body.Person = correctionOf(r.PostForm)
	default:
		found, err := s.findTicket(c, nothing, &body.Code)
		if err != nil {
			return s.ticketProblem(c, err, live.TicketStanding{})
		}
		c.Response().Header().Set("Cache-Control", "no-store") // the cookie is the ticket
		s.setTicket(c, found.Ticket)
		return c.Redirect(http.StatusSeeOther, "/ticket?lang="+lang)
	}
	if field("do") == "erase" && field("sure") == "" {
		found, err := s.findTicket(c, nothing, &body.Code)
		if err != nil {
			return s.ticketProblem(c, err, live.TicketStanding{})
		}
		return s.showTicket(c, http.StatusBadRequest, ticketForm{Problem: text{
			"Hãy đánh dấu ô xác nhận trước khi xóa.", "Tick the box before erasing.",
		}.in(lang)}, found)
	}
	now, err := s.runErrand(c, action, nothing, &body)
	if err != nil {
		if now.Registration == nil { // the code may be right, and the number not
			now, _ = s.ticketOfCookie(c)
		}
		return s.ticketProblem(c, err, now)
	}
	page := ticketForm{Said: doneSentence(lang, field("do"))}
	if action == "registration.mine" || action == "registration.correct" {
		page.Person, page.Phone = heldOf(now, true).Person, body.Phone
	}
	return s.showTicket(c, http.StatusOK, page, now)
}

// ticketOfCookie is the ticket this device was shown before. A cookie can be made up: it is
// looked up like any code, and not at all for whoever has guessed too often.
func (s *Server) ticketOfCookie(c echo.Context) (live.TicketStanding, error) {
	cookie, err := c.Cookie(ticketCookieName(c.Request()))
	if err != nil {
		return live.TicketStanding{}, fmt.Errorf("look for the ticket: %w", err)
	}
	return s.findTicket(c, func() error { return nil }, &cookie.Value)
}

func (s *Server) ticketProblem(c echo.Context, err error, found live.TicketStanding) error {
	problem := s.problem(c.Request(), err)
	comeBack(c.Response().Header(), err, problem)
	page := ticketForm{Problem: sentence(pageLanguage(c.Request()), problem.Code, problem.Status)}
	return s.showTicket(c, problem.Status, page, found)
}

// showTicket shows a ticket, or the form for its code when there is none.
func (s *Server) showTicket(c echo.Context, status int, page ticketForm, found live.TicketStanding) error {
	page.inLanguage = inLanguage{pageLanguage(c.Request())}
	if found.Registration == nil {
		return s.show(c, status, ticketHTML, page)
	}
	running, err := s.cfg.Live.Conference(found.Conference)
	if err != nil {
		return err
	}
	info, r := running.Snapshot().Info, found.Registration
	shown := issue.Ticket{TicketStanding: found, Info: info}
	page.Code, page.Title, page.Starts = found.Ticket, shown.Title(page.Lang), issue.Moment(info.StartsAt)
	page.Question, page.Standing, page.State = found.Tracking, shown.Standing(page.Lang), r.State
	page.Venue, page.Erased = r.Venue, r.Erased
	page.Over = r.State == registration.StateCancelled || r.State == registration.StateLapsed || r.State == registration.StateCheckedIn
	if info.Registration != nil {
		page.Venues = s.registrationView(running, info).Venues
	}
	if !r.Online() {
		page.Where = shown.Where(page.Lang)
	}
	return s.show(c, status, ticketHTML, page)
}

// correctionOf reads what the form has of a person; an empty field empties it, and the name
// and the number are never emptied.
func correctionOf(form map[string][]string) correction {
	field := func(name string) *string {
		if values := form[name]; len(values) > 0 {
			return &values[0]
		}
		return nil
	}
	return correction{
		Name: field("name"), Commune: field("commune"), Organisation: field("organisation"), Email: field("email"), IDNumber: field("idNumber"),
	}
}

func doneSentence(lang, did string) string {
	switch did {
	case "accept":
		return text{"Đã nhận chỗ.", "The seat is yours."}.in(lang)
	case "cancel":
		return text{"Đã hủy đăng ký.", "The registration was cancelled."}.in(lang)
	case "move":
		return text{"Đã đổi nơi tham dự. Mã vé vẫn như cũ.", "You are registered elsewhere now. The ticket's code is the same."}.in(lang)
	case "correct":
		return text{"Đã sửa thông tin.", "Your data were corrected."}.in(lang)
	case "erase":
		return text{"Đã xóa thông tin của bạn.", "Your data were erased."}.in(lang)
	}
	return ""
}

// setTicket gives this device a ticket's code; "" takes it away.
func (s *Server) setTicket(c echo.Context, code string) {
	age := int(ticketCookieFor.Seconds())
	if code == "" {
		age = -1
	}
	http.SetCookie(c.Response(), &http.Cookie{ //nolint:gosec // Secure whenever the connection is
		Name: ticketCookieName(c.Request()), Value: code, Path: "/", MaxAge: age,
		Secure: c.Request().TLS != nil, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

func ticketCookieName(r *http.Request) string {
	if r.TLS != nil {
		return hostPrefix + ticketCookie
	}
	return ticketCookie
}

// hanoi is the time of the country.
func hanoi() *time.Location { return time.FixedZone("ICT", 7*60*60) }
