package server

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/diemcau/diemcau/internal/access"
	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/limits"
)

// sessionView is one session of this browser.
type sessionView struct {
	Role       conference.Role    `json:"role"`
	Venue      conference.VenueID `json:"venue,omitempty"`
	Person     string             `json:"person,omitempty"`
	Conference conference.ID      `json:"conference"`
	Session    string             `json:"session"`
	Demo       bool               `json:"demo,omitempty"`
	ExpiresAt  time.Time          `json:"expiresAt"`
}

func viewOf(session *access.Session) sessionView {
	return sessionView{
		Role: session.Role, Venue: session.Venue, Person: session.Person, Conference: session.Conference,
		Session: session.Ref, Demo: session.Demo, ExpiresAt: session.ExpiresAt,
	}
}

// signIn redeems a link: POST /api/v1/session {"token"} → 204 and a cookie.
func (s *Server) signIn(c echo.Context) error {
	if err := s.cfg.Limits.Take(c.Request().Context(), limits.SignIn, s.asker(c)); err != nil {
		return err
	}
	var body struct {
		Token string `json:"token"`
	}
	if err := readJSON(c, maxBody, &body); err != nil {
		return err
	}
	ctx := c.Request().Context()
	grant, err := s.cfg.Gate.Verify(ctx, body.Token)
	if err != nil {
		return err
	}
	if err := s.checkPlace(&grant); err != nil {
		return err
	}
	value, session, err := s.cfg.Gate.Redeem(ctx, body.Token)
	if err != nil {
		return err
	}
	setCookie(c.Response(), c.Request(), session, value, s.cfg.Now())
	c.Response().Header().Set("Cache-Control", "no-store")
	return c.NoContent(http.StatusNoContent)
}

// checkPlace refuses a link to a conference or a venue that is not here, before it is
// used up. Refusals: link.invalid, server.not_ready.
func (s *Server) checkPlace(grant *access.Grant) error {
	if grant.Conference == "" {
		return nil
	}
	running, err := s.cfg.Live.Conference(grant.Conference)
	if errors.Is(err, &conference.Error{Code: "server.not_ready"}) {
		return err
	}
	if err != nil {
		return conference.Refuse(conference.KindUnauthorised, "link.invalid", "no such conference here")
	}
	if grant.Venue == "" {
		return nil
	}
	if _, found := running.Snapshot().Info.Venue(grant.Venue); !found {
		return conference.Refuse(conference.KindUnauthorised, "link.invalid", "no such venue in the conference")
	}
	return nil
}

// mySessions lists the sessions of this browser: GET /api/v1/session.
func (s *Server) mySessions(c echo.Context) error {
	views := []sessionView{}
	for _, name := range ourCookies(c.Request()) {
		session, err := s.sessionNamed(c, name)
		if isRefusal(err) {
			continue // expired or revoked
		}
		if err != nil {
			return err
		}
		views = append(views, viewOf(session))
	}
	return answer(c, http.StatusOK, views)
}

// signOut ends sessions of this browser: DELETE /api/v1/session?role=&venue=; without a
// role, all of them.
func (s *Server) signOut(c echo.Context) error {
	role, venue := conference.Role(c.QueryParam("role")), conference.VenueID(c.QueryParam("venue"))
	for _, name := range ourCookies(c.Request()) {
		if role != "" && !namesRole(c.Request(), name, role, venue) {
			continue
		}
		cookie, err := c.Request().Cookie(name)
		if err != nil {
			continue
		}
		if err := s.cfg.Gate.SignOut(c.Request().Context(), cookie.Value); err != nil {
			return err
		}
		clearCookie(c.Response(), c.Request(), name)
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	return c.NoContent(http.StatusNoContent)
}

// sessionNamed returns the session of a cookie, if it is the role's the cookie names.
func (s *Server) sessionNamed(c echo.Context, name string) (*access.Session, error) {
	cookie, err := c.Request().Cookie(name)
	if err != nil {
		return nil, conference.Refuse(conference.KindUnauthorised, "session.unknown", "")
	}
	session, err := s.cfg.Gate.Session(c.Request().Context(), cookie.Value)
	if err != nil {
		return nil, err
	}
	if cookieName(c.Request(), session.Role, session.Venue) != name {
		return nil, conference.Refuse(conference.KindUnauthorised, "session.unknown", "")
	}
	return session, nil
}

// maxOurCookies bounds how many sessions one request can make us look up.
const maxOurCookies = 64

// ourCookies returns the names of this browser's session cookies, sorted, each once.
func ourCookies(r *http.Request) []string {
	var names []string
	for _, cookie := range r.Cookies() {
		if isOurs(r, cookie.Name) && len(names) < maxOurCookies {
			names = append(names, cookie.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// namesRole reports whether a cookie is of a role, and of the venue unless that is "".
func namesRole(r *http.Request, name string, role conference.Role, venue conference.VenueID) bool {
	if role == conference.RoleVenue && venue == "" {
		return strings.HasPrefix(name, cookieName(r, role, ""))
	}
	return name == cookieName(r, role, venue)
}
