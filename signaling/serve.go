package signaling

import (
	"encoding/json"
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

// Serve upgrades a request to the socket of a conference and hands it to Run. It refuses
// with application/problem+json: 403 socket.foreign_origin, 404 conference.unknown, 503
// socket.full, server.draining and server.not_ready.
func (h *Hub) Serve(w http.ResponseWriter, r *http.Request, id conference.ID) {
	lang := requestLang(r)
	if h.draining.Load() {
		refuse(w, lang, errStopped)
		return
	}
	cookies := ourCookies(r)
	origin := r.Header.Get("Origin")
	if (origin != "" || len(cookies) > 0) && !h.originAllowed(r, origin) {
		refuse(w, lang, conference.Refuse(conference.KindForbidden, "socket.foreign_origin", ""))
		return
	}
	room, err := h.room(r.Context(), id)
	if err != nil {
		refuse(w, lang, err)
		return
	}
	upgrader := h.upgrader
	upgrader.CheckOrigin = func(*http.Request) bool { return true } // done above
	upgrader.Error = func(w http.ResponseWriter, _ *http.Request, _ int, reason error) {
		refuse(w, lang, conference.Refuse(conference.KindInvalid, "socket.bad_handshake", reason.Error()))
	}
	if !h.reserve() {
		w.Header().Set("Retry-After", "10")
		refuse(w, lang, conference.Refuse(conference.KindUnavailable, "socket.full", ""))
		return
	}
	ws, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		h.release()
		return // answered by upgrader.Error
	}
	c := newConn(h, room, ws, cookies, origin == "" && len(cookies) == 0)
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

func requestLang(r *http.Request) protocol.Lang {
	if strings.HasPrefix(r.Header.Get("Accept-Language"), "en") {
		return protocol.LangEn
	}
	return protocol.LangVi
}

// refuse answers a request that does not become a socket (RFC 9457).
func refuse(w http.ResponseWriter, lang protocol.Lang, err error) {
	p := problem(err, lang)
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	status := httpStatus(p.Kind)
	if status == http.StatusServiceUnavailable && w.Header().Get("Retry-After") == "" {
		w.Header().Set("Retry-After", "2")
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(struct { //nolint:errchkjson // the peer may have gone
		Type   string `json:"type"`
		Title  string `json:"title"`
		Status int    `json:"status"`
		Code   string `json:"code"`
	}{"urn:diemcau:" + p.Code, p.Message, status, p.Code})
}

func httpStatus(kind conference.Kind) int {
	switch kind {
	case conference.KindInvalid:
		return http.StatusBadRequest
	case conference.KindUnauthorised:
		return http.StatusUnauthorized
	case conference.KindForbidden:
		return http.StatusForbidden
	case conference.KindNotFound:
		return http.StatusNotFound
	case conference.KindUnavailable, conference.KindPending:
		return http.StatusServiceUnavailable
	case conference.KindConflict:
		return http.StatusConflict
	case conference.KindTooLarge:
		return http.StatusRequestEntityTooLarge
	case conference.KindRateLimited:
		return http.StatusTooManyRequests
	case conference.KindInternal:
	}
	return http.StatusInternalServerError
}
