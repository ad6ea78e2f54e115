package server

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
)

// health is the answer of /healthz and /readyz; Why names what is not well.
type health struct {
	Status string            `json:"status"`
	Why    map[string]string `json:"why,omitempty"`
	Warn   map[string]string `json:"warn,omitempty"` // what a person must look at though it serves
}

// healthz: this process answers.
func (s *Server) healthz(c echo.Context) error {
	return answer(c, http.StatusOK, health{Status: "alive"})
}

// readyz: the log can be written and media is bound, so people may be sent here.
func (s *Server) readyz(c echo.Context) error {
	ctx, cancel := context.WithTimeout(c.Request().Context(), 3*time.Second)
	defer cancel()
	why := map[string]string{}
	switch {
	case s.draining.Load():
		why["server"] = "draining"
	case !s.started.Load():
		why["server"] = "starting"
	}
	if err := s.cfg.Live.Ready(ctx); err != nil {
		why["log"] = err.Error()
	}
	if err := s.cfg.Media.Ready(); err != nil {
		why["media"] = err.Error()
	}
	if len(why) > 0 {
		c.Response().Header().Set("Retry-After", "2")
		return answer(c, http.StatusServiceUnavailable, health{Status: "notReady", Why: why})
	}
	well := health{Status: "ready"}
	if s.cfg.Livestream != nil {
		if alarm := s.cfg.Livestream.Alarm(); alarm != "" {
			well.Warn = map[string]string{"recording": alarm}
		}
	}
	return answer(c, http.StatusOK, well)
}

// origins tells a page that was opened over plain http where this server speaks https:
// GET /api/v1/origins → {"https": ["https://192.168.1.5:8443"]}.
func (s *Server) origins(c echo.Context) error {
	list := []string{}
	if s.cfg.Origins != nil {
		list = append(list, s.cfg.Origins()...)
	}
	return answer(c, http.StatusOK, struct {
		HTTPS []string `json:"https"`
		CA    bool     `json:"ca"` // true: get /ca.crt and trust it first
	}{list, s.cfg.CACert != nil})
}
