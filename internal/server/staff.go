package server

import (
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"github.com/diemcau/diemcau/internal/access"
	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/intake"
)

// defaultValidity is how long a link may wait for its use.
const defaultValidity = 7 * 24 * time.Hour

// authorise returns who asks for an action in a conference ("" = in none yet): the bearer
// of a token, or the holder of a session cookie whose role may do it.
// Refusals: those of Verify, session.unknown, access.denied.
func (s *Server) authorise(c echo.Context, id conference.ID, action string) (conference.Actor, error) {
	actor, place, err := s.principal(c, action)
	if err != nil {
		return conference.Actor{}, err
	}
	// An administrator of one conference has no say in another; making one is for all.
	elsewhere := place != "" && place != id && action != access.ActionConferenceCreate
	if elsewhere || !access.May(actor.Role, action) {
		return conference.Actor{}, conference.Refuse(conference.KindForbidden, "access.denied", action)
	}
	return actor, nil
}

// principal returns who asks and the conference that is for.
func (s *Server) principal(c echo.Context, action string) (conference.Actor, conference.ID, error) {
	r := c.Request()
	if token := bearer(r); token != "" {
		grant, err := s.cfg.Gate.Verify(r.Context(), token)
		if err != nil {
			return conference.Actor{}, "", err
		}
		return grant.Actor(), grant.Conference, nil
	}
	var other *access.Session
	for _, name := range ourCookies(r) {
		session, err := s.sessionNamed(c, name)
		switch {
		case isRefusal(err):
		case err != nil:
			return conference.Actor{}, "", err
		case access.May(session.Role, action):
			return session.Actor(), session.Conference, nil
		default:
			other = session
		}
	}
	if other != nil {
		return other.Actor(), other.Conference, nil
	}
	return conference.Actor{}, "", conference.Refuse(conference.KindUnauthorised, "session.unknown", "")
}

// conferenceView is a conference as everybody may list it.
type conferenceView struct {
	ID       conference.ID    `json:"id"`
	Title    string           `json:"title"`
	TitleEn  string           `json:"titleEn,omitempty"`
	State    conference.State `json:"state"`
	StartsAt time.Time        `json:"startsAt"`
	Public   bool             `json:"public"`
	Demo     bool             `json:"demo,omitempty"`
	Test     bool             `json:"test,omitempty"`
	Venues   []venueView      `json:"venues"`
	// Registration is when people register, closed or not; nil: nobody does.
	Registration *windowView `json:"registration,omitempty"`
}

// windowView is when people register.
type windowView struct {
	OpensAt  time.Time `json:"opensAt"`
	ClosesAt time.Time `json:"closesAt"`
}

func windowOf(r *conference.Registration) *windowView {
	if r == nil {
		return nil
	}
	return &windowView{OpensAt: r.OpensAt, ClosesAt: r.ClosesAt}
}

// venueView is a venue as everybody may list it.
type venueView struct {
	ID   conference.VenueID `json:"id"`
	Name string             `json:"name"`
	Main bool               `json:"main,omitempty"`
}

func venueViews(venues []conference.Venue) []venueView {
	views := make([]venueView, len(venues))
	for i, v := range venues {
		views[i] = venueView{ID: v.ID, Name: v.Name, Main: v.Main}
	}
	return views
}

// conferences lists what is public and what the asker is signed in to:
// GET /api/v1/conferences.
func (s *Server) conferences(c echo.Context) error {
	mine, err := s.places(c)
	if err != nil {
		return err
	}
	if err := s.cfg.Live.Opened(); err != nil {
		return err // an empty list would say that there is nothing
	}
	views := []conferenceView{}
	for _, info := range s.cfg.Live.Conferences() {
		if !info.Public && !mine[info.ID] && !mine[""] {
			continue
		}
		views = append(views, conferenceView{
			ID: info.ID, Title: info.Title, TitleEn: info.TitleEn, State: info.State,
			StartsAt: info.StartsAt, Public: info.Public, Demo: info.Demo, Test: info.Test, Venues: venueViews(info.Venues),
			Registration: windowOf(info.Registration),
		})
	}
	return answer(c, http.StatusOK, views)
}

// places returns the conferences the asker has a session or a token for; "" is all.
func (s *Server) places(c echo.Context) (map[conference.ID]bool, error) {
	mine := map[conference.ID]bool{}
	if token := bearer(c.Request()); token != "" {
		grant, err := s.cfg.Gate.Verify(c.Request().Context(), token)
		if err != nil {
			return nil, err
		}
		mine[grant.Conference] = true
	}
	for _, name := range ourCookies(c.Request()) {
		session, err := s.sessionNamed(c, name)
		if isRefusal(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		mine[session.Conference] = true
	}
	return mine, nil
}

// createConference makes one: POST /api/v1/conferences, body as in `conference create
// --file`. Repeating it with the same content is no error.
func (s *Server) createConference(c echo.Context) error {
	actor, err := s.authorise(c, "", access.ActionConferenceCreate)
	if err != nil {
		return err
	}
	var info conference.Info
	if err := readJSON(c, maxInfoBody, &info); err != nil {
		return err
	}
	intake.Tidy(&info)
	if err := s.cfg.Live.Create(c.Request().Context(), actor, info); err != nil {
		return err
	}
	c.Response().Header().Set("Location", "/c/"+string(info.ID))
	return answer(c, http.StatusCreated, struct {
		ID conference.ID `json:"id"`
	}{info.ID})
}

// changeConference opens or closes one: POST /api/v1/conferences/{conference}/open|close
// → 200 {"id","state"}.
func (s *Server) changeConference(body conference.Body) echo.HandlerFunc {
	return func(c echo.Context) error {
		actor, err := s.authorise(c, conference.ID(c.Param("conference")), body.CommandType())
		if err != nil {
			return err
		}
		running, _, err := s.info(c)
		if err != nil {
			return err
		}
		command := conference.Command{ID: access.NewID(), Actor: actor, Body: body}
		if _, err := running.Do(c.Request().Context(), command); err != nil {
			return err
		}
		info := running.Snapshot().Info
		return answer(c, http.StatusOK, struct {
			ID    conference.ID    `json:"id"`
			State conference.State `json:"state"`
		}{info.ID, info.State})
	}
}

// listSessions tells the administrator who is signed in: GET …/sessions.
func (s *Server) listSessions(c echo.Context) error {
	id := conference.ID(c.Param("conference"))
	if _, err := s.authorise(c, id, access.ActionSessionList); err != nil {
		return err
	}
	if _, err := s.conferenceID(c); err != nil {
		return err
	}
	sessions, err := s.cfg.Gate.Sessions(c.Request().Context(), id)
	if err != nil {
		return err
	}
	type row struct {
		sessionView
		CreatedAt time.Time `json:"createdAt"`
	}
	rows := make([]row, 0, len(sessions))
	for i := range sessions {
		rows = append(rows, row{sessionView: viewOf(&sessions[i]), CreatedAt: sessions[i].CreatedAt})
	}
	return answer(c, http.StatusOK, rows)
}

// revokeSession ends a session and its link: POST …/revoke {"session": ref} → 204.
func (s *Server) revokeSession(c echo.Context) error {
	id := conference.ID(c.Param("conference"))
	actor, err := s.authorise(c, id, access.ActionSessionRevoke)
	if err != nil {
		return err
	}
	var body struct {
		Session string `json:"session"`
	}
	if err := readJSON(c, maxBody, &body); err != nil {
		return err
	}
	ctx := c.Request().Context()
	session, err := s.cfg.Gate.SessionByRef(ctx, body.Session)
	if err == nil && session.Conference != id {
		err = conference.Refuse(conference.KindNotFound, "session.unknown", "")
	}
	if err != nil {
		return err
	}
	if err := s.cfg.Gate.Revoke(ctx, session.Ref); err != nil {
		return err
	}
	s.cfg.Logger.InfoContext(ctx, "session revoked",
		slog.String("conference", string(id)), slog.String("role", string(session.Role)), slog.String("by", actor.Session))
	return c.NoContent(http.StatusNoContent)
}

// LinkView is a new link.
type LinkView struct {
	Role    conference.Role    `json:"role"`
	Venue   conference.VenueID `json:"venue"` // "" for roles without one
	URL     string             `json:"url"`
	Token   string             `json:"token"`
	Expires time.Time          `json:"expires"`
}

// createLink makes a one-use link: POST …/links {"role","venue"?,"person"?,"validMs"?}
// → 201 {"role","venue","url","token","expires"}.
func (s *Server) createLink(c echo.Context) error {
	id := conference.ID(c.Param("conference"))
	actor, err := s.authorise(c, id, access.ActionLinkCreate)
	if err != nil {
		return err
	}
	_, info, err := s.info(c)
	if err != nil {
		return err
	}
	var body struct {
		Role    string             `json:"role"`
		Venue   conference.VenueID `json:"venue"`
		Person  string             `json:"person"`
		ValidMs int64              `json:"validMs"`
	}
	if err := readJSON(c, maxBody, &body); err != nil {
		return err
	}
	valid := time.Duration(body.ValidMs) * time.Millisecond
	if body.ValidMs == 0 {
		valid = defaultValidity
	}
	grant := access.Grant{
		ID: access.NewID(), Conference: id, Role: RoleOf(body.Role), Venue: body.Venue,
		Person: strings.TrimSpace(body.Person), Expires: s.cfg.Now().UTC().Add(valid).Truncate(time.Second),
	}
	if err := CheckGrant(info, &grant, valid); err != nil {
		return err
	}
	token := s.cfg.Gate.Sign(grant)
	if err := s.cfg.Gate.Hand(c.Request().Context(), grant); err != nil {
		return err
	}
	s.cfg.Logger.InfoContext(c.Request().Context(), "link made", slog.String("conference", string(id)),
		slog.String("role", string(grant.Role)), slog.String("venue", string(grant.Venue)), slog.String("by", actor.Session))
	return answer(c, http.StatusCreated, LinkView{
		Role: grant.Role, Venue: grant.Venue, URL: LinkURL(s.baseURL(c.Request()), grant.Role, token),
		Token: token, Expires: grant.Expires,
	})
}

func (s *Server) baseURL(r *http.Request) string {
	if s.cfg.BaseURL != nil {
		if base := s.cfg.BaseURL(); base != "" {
			return base
		}
	}
	return scheme(r) + "://" + r.Host
}

// RoleOf returns the role a name stands for; the names of the pages will do as well
// ("desk", "moderate", "answer"). Unknown names come back as they are and are refused later.
func RoleOf(name string) conference.Role {
	switch name {
	case "desk":
		return conference.RoleRegistrar
	case "moderate":
		return conference.RoleModerator
	case "answer":
		return conference.RoleOfficial
	}
	return conference.Role(name)
}

// PageOf returns the path of a role's page.
func PageOf(role conference.Role) string {
	switch role {
	case conference.RoleVenue, conference.RoleStage, conference.RoleScreen, conference.RoleAdmin:
		return "/" + string(role)
	case conference.RoleModerator:
		return "/moderate"
	case conference.RoleRegistrar:
		return "/desk"
	case conference.RoleOfficial:
		return "/answer"
	case conference.RoleCitizen, conference.RoleSystem:
	}
	return "/"
}

// LinkURL returns the address that carries a token: in the fragment, which browsers send
// to no server.
func LinkURL(base string, role conference.Role, token string) string {
	return strings.TrimRight(base, "/") + PageOf(role) + "#t=" + url.QueryEscape(token)
}

// CheckGrant refuses a link that must not be made.
// Refusals: link.bad_role, link.bad_venue, link.bad_person, link.bad_validity.
func CheckGrant(info *conference.Info, grant *access.Grant, valid time.Duration) error {
	refuse := func(code string) error { return conference.Refuse(conference.KindInvalid, code, "") }
	_, venueKnown := info.Venue(grant.Venue)
	notPrintable := func(r rune) bool { return !unicode.IsPrint(r) }
	switch {
	case !access.IsStaff(grant.Role):
		return refuse("link.bad_role")
	case grant.Role == conference.RoleVenue && grant.Venue == "", grant.Venue != "" && (!access.MayBeBound(grant.Role) || !venueKnown):
		return refuse("link.bad_venue")
	case utf8.RuneCountInString(grant.Person) > access.MaxPersonRunes || !utf8.ValidString(grant.Person) ||
		strings.ContainsFunc(grant.Person, notPrintable):
		return refuse("link.bad_person")
	case valid < time.Minute || valid > access.MaxLinkValidity:
		return refuse("link.bad_validity")
	}
	return nil
}

// isRefusal reports whether an error is an expected one.
func isRefusal(err error) bool {
	var refusal *conference.Error
	return errors.As(err, &refusal)
}
