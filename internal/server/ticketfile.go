package server

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/internal/ticket/issue"
)

// What somebody takes home of a ticket. The code is in the body, so that it is in no address:
// as JSON, or as a form of a page without script.
func (s *Server) ticketRoutes() {
	s.echo.POST("/api/v1/registrations/calendar", s.forForm(s.ticketCalendar), s.guardForm)
	s.echo.POST("/api/v1/registrations/pdf", s.forForm(s.ticketPaper), s.guardForm)
}

// ticketCalendar gives the ticket as a calendar entry: POST /api/v1/registrations/calendar
// {"code"} → 200 text/calendar. The code is not in it: calendars are shared and synchronised.
// An entry that is fetched later replaces the first.
func (s *Server) ticketCalendar(c echo.Context) error {
	taken, err := s.takenHome(c)
	if err != nil {
		return err
	}
	entry := taken.Calendar(pageLanguage(c.Request()), s.baseURL(c.Request()), s.cfg.Now())
	return takeHome(c, "text/calendar; charset=utf-8", "ve-"+string(taken.Conference)+".ics", entry)
}

// ticketPaper gives the ticket to be printed: POST /api/v1/registrations/pdf {"code"} → 200
// application/pdf, one page.
func (s *Server) ticketPaper(c echo.Context) error {
	taken, err := s.takenHome(c)
	if err != nil {
		return err
	}
	file, err := taken.Paper(pageLanguage(c.Request()), s.cfg.Now())
	if err != nil {
		return err
	}
	return takeHome(c, "application/pdf", "ve-"+string(taken.Conference)+".pdf", file)
}

// forForm shows a form's refusal as the page it came from.
func (s *Server) forForm(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		err := next(c)
		if _, refused := errors.AsType[*conference.Error](err); refused && hasContentType(c.Request(), echo.MIMEApplicationForm) {
			return s.ticketProblem(c, err, live.TicketStanding{})
		}
		return err
	}
}

// takenHome finds the ticket of a request for a file.
func (s *Server) takenHome(c echo.Context) (*issue.Ticket, error) {
	var code string
	found, err := s.findTicket(c, func() error { return readCode(c, &code) }, &code)
	if err != nil {
		return nil, err
	}
	running, err := s.cfg.Live.Conference(found.Conference)
	if err != nil {
		return nil, err
	}
	return &issue.Ticket{TicketStanding: found, Info: running.Snapshot().Info}, nil
}

// readCode reads {"code"}, or the form field of that name. Refusals: request.bad_body,
// request.bad_json, request.not_json, request.too_large.
func readCode(c echo.Context, code *string) error {
	if hasContentType(c.Request(), echo.MIMEApplicationForm) {
		var filled slip
		_, err := readForm(c, &filled)
		*code = filled.Code
		return err
	}
	var body struct {
		Code string `json:"code"`
	}
	err := readJSON(c, maxBody, &body)
	*code = body.Code
	return err
}

func takeHome(c echo.Context, contentType, name string, file []byte) error {
	header := c.Response().Header()
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	header.Set("Content-Language", pageLanguage(c.Request()))
	header.Set("Content-Length", strconv.Itoa(len(file)))
	header.Add("Vary", "Accept-Language")
	return c.Blob(http.StatusOK, contentType, file)
}
