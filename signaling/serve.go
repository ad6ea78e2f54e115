package signaling

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/signaling/protocol"
)

// Names of the session cookies: "dc.ROLE", for venues "dc.venue.VENUE"; one each, so that
// one browser can hold several roles. Over HTTPS they carry cookieSecure in front.
const (
	cookieBase   = "dc."
	cookieVenue  = "dc.venue."
	cookieSecure = "__Host-"
	maxCookies   = 64
)

// Serve upgrades a request to the socket of a conference and hands it to Run. A refusal is
// for the caller to answer, nothing is written then: socket.foreign_origin,
// conference.unknown, socket.bad_handshake, socket.full, socket.too_many, server.draining,
// server.not_ready.
func (h *Hub) Serve(w http.ResponseWriter, r *http.Request, id conference.ID) error {
	if h.draining.Load() {
		return errStopped
	}
	cookies := ourCookies(r)
	origin := r.Header.Get("Origin")
	if (origin != "" || len(cookies) > 0) && !h.originAllowed(r, origin) {
		return conference.Refuse(conference.KindForbidden, "socket.foreign_origin", "")
	}
	room, err := h.room(r.Context(), id)
	if err != nil {
		return err
	}
	var refused error
	upgrader := h.upgrader
	upgrader.CheckOrigin = func(*http.Request) bool { return true } // done above
	upgrader.Error = func(_ http.ResponseWriter, _ *http.Request, _ int, reason error) {
		refused = conference.Refuse(conference.KindInvalid, "socket.bad_handshake", reason.Error())
	}
	from := h.cfg.Limits.From(r)
	if err := h.cfg.Limits.Enter(from); err != nil {
		return err
	}
	if !h.reserve() {
		h.cfg.Limits.Leave(from)
		w.Header().Set("Retry-After", "10")
		return conference.Refuse(conference.KindUnavailable, "socket.full", "")
	}
	ws, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		h.release()
		h.cfg.Limits.Leave(from)
		return refused // nil when the peer went away in the middle
	}
	c := newConn(h, room, ws, cookies, origin == "" && len(cookies) == 0)
	c.from, c.number = from, h.numbers.Add(1)
	if h.cfg.Relay != nil {
		c.relay = h.cfg.Relay.URL(r)
	}
	h.add(c)
	if ws.Subprotocol() != protocol.Subprotocol {
		c.bye(protocol.CloseNoProtocol, byeNoProtocol, 0)
	}
	if h.draining.Load() {
		c.bye(protocol.CloseGoingAway, byeDraining, h.comeBack())
	}
	select {
	case h.accepted <- c:
	case <-h.stopped:
		c.abort()
		close(c.ended)
		h.remove(c)
	}
	return nil
}

// originAllowed compares the Origin exactly with the request's own and the listed ones.
func (h *Hub) originAllowed(r *http.Request, origin string) bool {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	own := (&url.URL{Scheme: scheme, Host: r.Host}).String()
	return origin == own || (origin != "" && slices.Contains(h.cfg.Origins, origin))
}

// ourCookies returns the session cookies by base name. A plain name is not taken over
// HTTPS: another host of the domain could have set it.
func ourCookies(r *http.Request) map[string]string {
	prefix := cookieBase
	if r.TLS != nil {
		prefix = cookieSecure + cookieBase
	}
	out := map[string]string{}
	for _, cookie := range r.Cookies() {
		if strings.HasPrefix(cookie.Name, prefix) && len(out) < maxCookies {
			out[cookie.Name[len(prefix)-len(cookieBase):]] = cookie.Value
		}
	}
	return out
}
