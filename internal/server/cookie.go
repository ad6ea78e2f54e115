package server

import (
	"net/http"
	"strings"
	"time"

	"github.com/diemcau/diemcau/internal/access"
	"github.com/diemcau/diemcau/internal/conference"
)

// One cookie per role (per venue for venue operators), so that one browser can hold
// several links: "dc.ROLE", "dc.venue.VENUE"; "__Host-" in front over HTTPS.
const (
	cookiePrefix = "dc."
	hostPrefix   = "__Host-"
)

func cookieName(r *http.Request, role conference.Role, venue conference.VenueID) string {
	name := cookiePrefix + string(role)
	if role == conference.RoleVenue {
		name += "." + string(venue)
	}
	if r.TLS != nil {
		return hostPrefix + name
	}
	return name
}

// isOurs reports whether a cookie is one this server would look at on this connection:
// over HTTPS only those with the prefix, which no other host can plant.
func isOurs(r *http.Request, name string) bool {
	if r.TLS != nil {
		return strings.HasPrefix(name, hostPrefix+cookiePrefix)
	}
	return strings.HasPrefix(name, cookiePrefix)
}

func carriesOurCookie(r *http.Request) bool {
	for _, cookie := range r.Cookies() {
		if isOurs(r, cookie.Name) {
			return true
		}
	}
	return false
}

func setCookie(w http.ResponseWriter, r *http.Request, session *access.Session, value string, now time.Time) {
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // Secure whenever the connection is: loopback and LAN pages are plain
		Name: cookieName(r, session.Role, session.Venue), Value: value, Path: "/",
		MaxAge: int(session.ExpiresAt.Sub(now).Seconds()), Secure: r.TLS != nil,
		HttpOnly: true, SameSite: http.SameSiteStrictMode,
	})
}

func clearCookie(w http.ResponseWriter, r *http.Request, name string) {
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // Secure whenever the connection is: loopback and LAN pages are plain
		Name: name, Path: "/", MaxAge: -1, Secure: r.TLS != nil, HttpOnly: true, SameSite: http.SameSiteStrictMode,
	})
}

// SessionOf returns the session a request's cookie stands for in a role, and for
// RoleVenue in that venue ("" = the only venue session of the browser).
// Refusal: session.unknown.
func SessionOf(r *http.Request, gate *access.Gate, role conference.Role, venue conference.VenueID) (*access.Session, error) {
	unknown := conference.Refuse(conference.KindUnauthorised, "session.unknown", "")
	name := cookieName(r, role, venue)
	if role == conference.RoleVenue && venue == "" {
		found := ""
		for _, cookie := range r.Cookies() {
			if !strings.HasPrefix(cookie.Name, name) {
				continue
			}
			if found != "" {
				return nil, unknown // several: the page must say which
			}
			found = cookie.Name
		}
		name = found
	}
	cookie, err := r.Cookie(name)
	if err != nil {
		return nil, unknown
	}
	session, err := gate.Session(r.Context(), cookie.Value)
	if err != nil {
		return nil, err
	}
	if session.Role != role || (venue != "" && session.Venue != venue) {
		return nil, unknown
	}
	return session, nil
}

// bearer returns the request's bearer token, or "".
func bearer(r *http.Request) string {
	kind, token, found := strings.Cut(r.Header.Get("Authorization"), " ")
	if !found || !strings.EqualFold(kind, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}
