package server

import (
	"bytes"
	"io"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/diemcau/diemcau/internal/access"
	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/intake"
	"github.com/diemcau/diemcau/internal/live"
)

// setupRoutes are what an administrator sets up.
func (s *Server) setupRoutes(api func(method, path string, handler echo.HandlerFunc)) {
	api(http.MethodGet, "/conferences/templates", s.templates)
	api(http.MethodPost, "/conferences/copy", s.copyConference)
	api(http.MethodGet, "/conferences/:conference/setup", s.getSetup)
	api(http.MethodPut, "/conferences/:conference/setup", s.putSetup)
	api(http.MethodPost, "/conferences/:conference/setup/venues", s.readVenues)
	api(http.MethodGet, "/conferences/:conference/setup/venues.xlsx", s.venueTable)
	api(http.MethodPost, "/conferences/:conference/goLive", s.goLive)
	api(http.MethodPost, "/conferences/:conference/exports", s.exportList)
}

// setupView is all that an administrator sets up, and what is still missing.
type setupView struct {
	Info      *conference.Info   `json:"info"`
	Checklist []conference.Point `json:"checklist"`
}

// getSetup tells how a conference is set up: GET /api/v1/conferences/{conference}/setup.
func (s *Server) getSetup(c echo.Context) error {
	running, info, err := s.info(c)
	if err != nil {
		return err
	}
	if _, err := s.authorise(c, info.ID, access.ActionSetupRead); err != nil {
		return err
	}
	return s.answerSetup(c, running)
}

// putSetup changes it as a whole: PUT …/setup {"id","info"} → as getSetup. id is the
// command's, made by the page: repeating it is answered as the first time. info.revision
// is the one the page has seen: 409 conference.changed when it is another by now.
func (s *Server) putSetup(c echo.Context) error {
	var body struct {
		ID   string          `json:"id"`
		Info conference.Info `json:"info"`
	}
	return s.commandSetup(c, "conference.edit", &body, func() (string, conference.Body) {
		intake.Tidy(&body.Info)
		return body.ID, conference.Edit{Revision: body.Info.Revision, Info: body.Info}
	})
}

// goLive ends the test mode: POST …/goLive {"id"} → as getSetup. What was asked and done in
// the test is gone.
func (s *Server) goLive(c echo.Context) error {
	var body struct {
		ID string `json:"id"`
	}
	return s.commandSetup(c, "conference.goLive", &body, func() (string, conference.Body) {
		return body.ID, conference.GoLive{}
	})
}

// commandSetup carries out a command read from the body and answers with what came of it.
func (s *Server) commandSetup(c echo.Context, action string, into any, command func() (id string, body conference.Body)) error {
	actor, err := s.authorise(c, conference.ID(c.Param("conference")), action)
	if err != nil {
		return err
	}
	running, _, err := s.info(c)
	if err != nil {
		return err
	}
	if err := readJSON(c, maxInfoBody, into); err != nil {
		return err
	}
	id, body := command()
	if _, err := running.Do(c.Request().Context(), conference.Command{ID: id, Actor: actor, Body: body}); err != nil {
		return err
	}
	return s.answerSetup(c, running)
}

func (s *Server) answerSetup(c echo.Context, running *live.Conference) error {
	info := running.Snapshot().Info
	facts := conference.Facts{Now: s.cfg.Now(), Codes: s.cfg.Codes != nil}
	var err error
	if facts.Roles, facts.Venues, err = s.cfg.Gate.Handed(c.Request().Context(), info.ID, info.Venues); err != nil {
		return err
	}
	if s.cfg.Livestream != nil {
		var of int64
		facts.Room, of = s.cfg.Livestream.Room()
		facts.Recording = of > 0
	}
	return answer(c, http.StatusOK, setupView{Info: info, Checklist: info.Checklist(facts)})
}

// emptyTemplate is the name of the template that has nothing but a main venue.
const emptyTemplate = "empty"

// templates lists what a new conference can begin as: GET /api/v1/conferences/templates.
func (s *Server) templates(c echo.Context) error {
	if _, err := s.authorise(c, "", access.ActionConferenceCreate); err != nil {
		return err
	}
	type view struct {
		ID     conference.ID `json:"id"`
		Title  string        `json:"title"`
		Venues int           `json:"venues"`
		Topics int           `json:"topics"`
	}
	views := make([]view, 0, len(s.cfg.Templates)+1)
	for i := range s.cfg.Templates {
		from := &s.cfg.Templates[i]
		views = append(views, view{from.ID, from.Title, len(from.Venues), len(from.Topics)})
	}
	return answer(c, http.StatusOK, append(views, view{ID: emptyTemplate, Venues: 1, Topics: 1}))
}

// copyConference makes a conference of a template or of another one:
// POST /api/v1/conferences/copy {"template" or "conference","id"?,"title","startsAt","test"}
// → 201 {"id","url"}: url signs its maker in as its administrator, once; who repeats it gets
// none, unless he has all conferences. An id that is left out is made of the title.
func (s *Server) copyConference(c echo.Context) error {
	actor, err := s.authorise(c, "", access.ActionConferenceCreate)
	if err != nil {
		return err
	}
	var body struct {
		Template   conference.ID `json:"template"`
		Conference conference.ID `json:"conference"`
		ID         conference.ID `json:"id"`
		Title      string        `json:"title"`
		StartsAt   time.Time     `json:"startsAt"`
		Test       bool          `json:"test"`
	}
	if err := readJSON(c, maxBody, &body); err != nil {
		return err
	}
	from, err := s.original(c, body.Template, body.Conference)
	if err != nil {
		return err
	}
	info := from.Copy(body.Title, body.StartsAt)
	info.ID, info.Test = body.ID, body.Test
	intake.Tidy(&info)
	_, there := s.cfg.Live.Conference(info.ID)
	if err := s.cfg.Live.Create(c.Request().Context(), actor, info); err != nil {
		return err
	}
	c.Response().Header().Set("Location", "/c/"+string(info.ID))
	type made struct {
		ID  conference.ID `json:"id"`
		URL string        `json:"url,omitempty"`
	}
	// Who knows what a conference began as is not its administrator yet.
	if _, place, err := s.principal(c, access.ActionConferenceCreate); there == nil && (err != nil || place != "") {
		return answer(c, http.StatusCreated, made{ID: info.ID})
	}
	grant := access.Grant{
		ID: access.NewID(), Conference: info.ID, Role: conference.RoleAdmin, Person: actor.Person,
		Expires: s.cfg.Now().UTC().Add(time.Hour).Truncate(time.Second),
	}
	return answer(c, http.StatusCreated, made{info.ID, LinkURL(s.baseURL(c.Request()), grant.Role, s.cfg.Gate.Sign(grant))})
}

// original returns what a new conference is made of. Refusals: conference.unknown, and what
// says that the asker may not read it.
func (s *Server) original(c echo.Context, named, running conference.ID) (*conference.Info, error) {
	if running != "" {
		if _, err := s.authorise(c, running, access.ActionSetupRead); err != nil {
			return nil, err
		}
		from, err := s.cfg.Live.Conference(running)
		if err != nil {
			return nil, err
		}
		return from.Snapshot().Info, nil
	}
	for i := range s.cfg.Templates {
		if s.cfg.Templates[i].ID == named {
			return &s.cfg.Templates[i], nil
		}
	}
	if named != emptyTemplate {
		return nil, conference.Refuse(conference.KindNotFound, "conference.unknown", string(named))
	}
	return &conference.Info{
		Venues: []conference.Venue{{ID: "diem-cau-chinh", Name: "Điểm cầu chính", Main: true}},
		Topics: []conference.Topic{{ID: "noi-dung-khac", Name: "Nội dung khác", NameEn: "Other matters"}},
	}, nil
}

// venuesView is what a table of venues holds; nothing is kept of it.
type venuesView struct {
	Total    int                `json:"total"`
	Venues   []conference.Venue `json:"venues"`
	Problems []intake.Problem   `json:"problems"`
	Ignored  []string           `json:"ignored"`
}

// readVenues reads a table of venues for the page to show, mend and save with the rest:
// POST …/setup/venues with the CSV or XLSX file itself as body.
func (s *Server) readVenues(c echo.Context) error {
	_, info, err := s.info(c)
	if err != nil {
		return err
	}
	if _, err := s.authorise(c, info.ID, "conference.edit"); err != nil {
		return err
	}
	file, err := io.ReadAll(http.MaxBytesReader(c.Response(), c.Request().Body, intake.MaxBytes+1))
	if err != nil {
		return badBody(err, "request.bad_body")
	}
	s.importMu.Lock()
	result, err := intake.ReadVenues(bytes.NewReader(file), info)
	s.importMu.Unlock()
	if err != nil {
		return err
	}
	next := conference.Info{ID: info.ID, Venues: result.Venues}
	intake.Tidy(&next) // those that are new get their ids
	view := venuesView{Total: result.Total, Venues: next.Venues, Problems: result.Problems, Ignored: result.Ignored}
	if view.Venues == nil {
		view.Venues = []conference.Venue{}
	}
	return answer(c, http.StatusOK, view)
}

// venueTable returns the venues as a workbook, to be filled in: GET …/setup/venues.xlsx.
func (s *Server) venueTable(c echo.Context) error {
	_, info, err := s.info(c)
	if err != nil {
		return err
	}
	if _, err := s.authorise(c, info.ID, access.ActionSetupRead); err != nil {
		return err
	}
	var file bytes.Buffer
	if err := intake.WriteVenues(&file, info); err != nil {
		return err
	}
	header := c.Response().Header()
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Disposition", `attachment; filename="diem-cau.xlsx"`)
	return c.Blob(http.StatusOK, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", file.Bytes())
}
