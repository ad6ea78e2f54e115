package server

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/diemcau/diemcau/internal/conference"
)

// observe counts and logs every request: method, route pattern, status, duration. The
// path itself is not logged: it may hold the name of a media session, which opens it.
func (s *Server) observe(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		begun := s.cfg.Now()
		err := next(c)
		if err != nil {
			c.Error(err)
		}
		took, status, route := s.cfg.Now().Sub(begun), c.Response().Status, c.Path()
		if route == "" {
			route = "unknown"
		}
		s.cfg.Metrics.observe(c.Request().Method, route, status, took)
		level := slog.LevelDebug
		if status >= http.StatusInternalServerError && status != http.StatusServiceUnavailable {
			level = slog.LevelWarn
		}
		s.cfg.Logger.LogAttrs(c.Request().Context(), level, "request answered",
			slog.String("method", knownMethod(c.Request().Method)), slog.String("route", route),
			slog.Int("status", status), slog.Duration("dur", took))
		return nil
	}
}

// recoverPanic turns a panic into a 500 and a log line with its stack.
func (s *Server) recoverPanic(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			value := recover()
			if value == nil {
				return
			}
			if fault, is := value.(error); is && errors.Is(fault, http.ErrAbortHandler) {
				panic(value)
			}
			s.cfg.Logger.ErrorContext(c.Request().Context(), "request panicked",
				slog.String("route", c.Path()), slog.String("err", fmt.Sprint(value)), slog.String("stack", string(debug.Stack())))
			err = echo.NewHTTPError(http.StatusInternalServerError)
		}()
		return next(c)
	}
}

// secure sets the headers that every answer carries.
func (s *Server) secure(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r, header := c.Request(), c.Response().Header()
		header.Set("Content-Security-Policy", contentPolicy(r, s.mediaOrigins()))
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("X-Frame-Options", "DENY")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("Cross-Origin-Opener-Policy", "same-origin")
		header.Set("Cross-Origin-Resource-Policy", "same-origin")
		header.Set("Permissions-Policy", "camera=(self), microphone=(self), display-capture=(self), "+
			"autoplay=(self), fullscreen=(self), geolocation=(), payment=(), usb=()")
		if r.TLS != nil {
			header.Set("Strict-Transport-Security", "max-age=31536000")
		}
		return next(c)
	}
}

// contentPolicy allows this origin's own scripts, styles and connections and nothing
// else. The socket is named as well: Safari before 15.4 does not count it as 'self'. The
// other nodes and the edges are allowed too: a viewer's request for media may be sent to one.
func contentPolicy(r *http.Request, media []string) string {
	socket, elsewhere := "", ""
	if safeHost(r.Host) {
		socket = " ws://" + r.Host
		if r.TLS != nil {
			socket = " wss://" + r.Host
		}
	}
	if len(media) > 0 {
		elsewhere = " " + strings.Join(media, " ")
	}
	return "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'" + socket + elsewhere +
		"; img-src 'self' data: blob:; media-src 'self' blob:" + elsewhere + "; font-src 'self'; manifest-src 'self'; worker-src 'self' blob:" +
		"; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
}

// mediaOrigins are where a viewer may be sent for media.
func (s *Server) mediaOrigins() []string {
	var all []string
	if s.cfg.Peers != nil {
		all = append(all, s.cfg.Peers()...)
	}
	if s.cfg.Edges != nil {
		all = append(all, s.cfg.Edges.Origins()...)
	}
	return all
}

// guardOrigin refuses an unsafe request of another site's page: one that tells an Origin
// which is not exactly ours, or that carries a cookie of ours and tells none but is
// known to come from elsewhere.
func (s *Server) guardOrigin(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		switch c.Request().Method {
		case http.MethodGet, http.MethodHead, http.MethodOptions:
			return next(c)
		}
		if err := exactOrigin(c.Request()); err != nil {
			return err
		}
		return next(c)
	}
}

// exactOrigin checks the request's Origin against the address it was sent to. A request
// without an Origin passes only if it carries no cookie of ours (a program, not a page)
// or the browser says it comes from the same origin (Fetch Metadata).
// Refusal: request.foreign_origin.
func exactOrigin(r *http.Request) error {
	foreign := conference.Refuse(conference.KindForbidden, "request.foreign_origin", "")
	origin := r.Header.Get("Origin")
	if origin == "" {
		if carriesOurCookie(r) && r.Header.Get("Sec-Fetch-Site") != "same-origin" {
			return foreign
		}
		return nil
	}
	if origin != scheme(r)+"://"+r.Host {
		parsed, err := url.Parse(origin)
		if err != nil || parsed.Scheme != scheme(r) || !strings.EqualFold(parsed.Host, r.Host) {
			return foreign
		}
	}
	return nil
}

// allowAnyOrigin is for WHIP, WHEP and HLS: any page or program may speak to them, but a
// browser sends no cookie along (no Access-Control-Allow-Credentials).
func (s *Server) allowAnyOrigin(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		openToAll(c.Response().Header())
		return next(c)
	}
}

func openToAll(header http.Header) {
	header.Set("Access-Control-Allow-Origin", "*")
	header.Set("Access-Control-Expose-Headers", "Location, ETag, Link, Retry-After, Accept-Patch, Accept-Post")
	header.Set("Cross-Origin-Resource-Policy", "cross-origin")
}

func scheme(r *http.Request) string {
	if r.TLS != nil {
		return "https"
	}
	return "http"
}

// safeHost reports whether a Host header is a plain name or address with a port; the
// characters that could end a directive are not among them.
func safeHost(host string) bool {
	return host != "" && len(host) <= 260 && !strings.ContainsFunc(host, func(r rune) bool {
		letter := (r >= 'a' && r <= 'z') || (r >= 'A' && r <= 'Z') || (r >= '0' && r <= '9')
		return !letter && !strings.ContainsRune(".-:[]", r)
	})
}

// knownMethod keeps invented methods out of logs and labels.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}
