package server

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/internal/registration"
	"github.com/diemcau/diemcau/internal/ticket"
	"github.com/diemcau/diemcau/internal/ticket/paper"
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
	found, info, err := s.takenHome(c)
	if err != nil {
		return err
	}
	l, r := inLanguage{pageLanguage(c.Request())}, found.Registration
	base := s.baseURL(c.Request())
	entry := ticket.Entry{
		UID: string(r.ID) + "@" + string(info.ID), Sequence: r.Version + info.Revision,
		MadeAt: s.cfg.Now(), StartsAt: info.StartsAt, Title: l.T(info.Title, info.TitleEn),
		Place: placeOf(l, info, r), URL: base + "/c/" + string(info.ID),
		Note:      standingSentence(l, found) + "\n" + bringSentence(l, r) + "\n" + recordedSentence(l),
		Tentative: r.State == registration.StateWaiting || r.State == registration.StateOffered,
		Cancelled: void(r),
	}
	return takeHome(c, "text/calendar; charset=utf-8", "ve-"+string(info.ID)+".ics", entry.Calendar())
}

// ticketPaper gives the ticket to be printed: POST /api/v1/registrations/pdf {"code"} → 200
// application/pdf, one page.
func (s *Server) ticketPaper(c echo.Context) error {
	found, info, err := s.takenHome(c)
	if err != nil {
		return err
	}
	l, r, now := inLanguage{pageLanguage(c.Request())}, found.Registration, s.cfg.Now()
	facts := []paper.Fact{{Name: l.T("Thời gian", "Time"), Value: inHanoi(info.StartsAt) + " (GMT+7)"}}
	if info.Place != "" {
		facts = append(facts, paper.Fact{Name: l.T("Nơi tổ chức", "Held at"), Value: info.Place})
	}
	if venue, known := info.Venue(r.Venue); known {
		facts = append(facts,
			paper.Fact{Name: l.T("Điểm cầu", "Venue"), Value: venue.Name},
			paper.Fact{Name: l.T("Địa chỉ", "Address"), Value: venue.Address})
	}
	facts = append(facts, paper.Fact{Name: l.T("In lúc", "Printed at"), Value: inHanoi(now)})
	file, err := paper.Print(&paper.Ticket{
		Lang: l.Lang, MadeAt: now, Heading: l.T("Vé tham dự", "Ticket"), Title: l.T(info.Title, info.TitleEn), Facts: facts,
		Standing: standingSentence(l, found), CodeName: l.T("Mã vé", "Code of the ticket"), Code: found.Ticket, Void: void(r),
		Notices: []string{bringSentence(l, r), recordedSentence(l)},
	})
	if err != nil {
		return err
	}
	return takeHome(c, "application/pdf", "ve-"+string(info.ID)+".pdf", file)
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
func (s *Server) takenHome(c echo.Context) (live.TicketStanding, *conference.Info, error) {
	var code string
	found, err := s.findTicket(c, func() error { return readCode(c, &code) }, &code)
	if err != nil {
		return live.TicketStanding{}, nil, err
	}
	running, err := s.cfg.Live.Conference(found.Conference)
	if err != nil {
		return live.TicketStanding{}, nil, err
	}
	return found, running.Snapshot().Info, nil
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

// void reports whether nobody is let in with a ticket any more.
func void(r *registration.Registration) bool {
	return r.State == registration.StateCancelled || r.State == registration.StateLapsed
}

func placeOf(l inLanguage, info *conference.Info, r *registration.Registration) string {
	venue, known := info.Venue(r.Venue)
	switch {
	case !known:
		return l.T("Trực tuyến", "Online")
	case venue.Address != "":
		return venue.Name + ", " + venue.Address
	}
	return venue.Name
}

func bringSentence(l inLanguage, r *registration.Registration) string {
	switch {
	case void(r):
		return l.T("Vé này không còn giá trị vào cửa.", "This ticket does not let anybody in any more.")
	case r.Online():
		return l.T("Hãy giữ kín mã vé: ai có mã đều xem được nơi bạn đăng ký.", "Keep the code to yourself: whoever has it sees what you registered for.")
	case r.State == registration.StateWaiting || r.State == registration.StateOffered:
		return l.T("Vé này chưa có chỗ ngồi; hãy tra cứu lại trước khi đi.", "This ticket has no seat yet; look it up again before you come.")
	}
	return l.T("Hãy mang theo vé này, bản in hoặc trên điện thoại, và giữ kín mã vé.", "Bring this ticket, on paper or on your telephone, and keep its code to yourself.")
}

func recordedSentence(l inLanguage) string {
	return l.T("Hội nghị được ghi hình, ghi âm và phát công khai.", "The conference is recorded and shown in public.")
}
