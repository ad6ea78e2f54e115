package server

import (
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/limits"
)

// EdgeConfig is what the server of an edge needs.
type EdgeConfig struct {
	Logger     *slog.Logger
	Now        func() time.Time
	Media      Media
	Relay      Relay      // nil: nothing is relayed
	Livestream Livestream // nil: no HLS
	Limits     *limits.Limits
	Metrics    *Metrics // may be nil
	// Origin has everything else.
	Origin string
	// Conferences are those that are shown here.
	Conferences func() []*conference.Info
	// Why says why viewers had better not be sent here; "": all is well.
	Why func() string
}

// conference returns one that is shown here. Refusal: conference.unknown.
func (e *EdgeConfig) conference(id conference.ID) (*conference.Info, error) {
	for _, info := range e.Conferences() {
		if info.ID == id {
			return info, nil
		}
	}
	return nil, conference.Refuse(conference.KindNotFound, "conference.unknown", "")
}

// NewEdge returns the server of an edge: the programme of public conferences by WHEP and HLS,
// and nothing else. What is not here is at the origin, where it sends whoever may be sent. It
// has no Run: call Sweep from time to time.
func NewEdge(cfg EdgeConfig) *Server {
	s := &Server{
		cfg: Config{
			Logger: cfg.Logger, Now: cfg.Now, Media: cfg.Media, Relay: cfg.Relay, Livestream: cfg.Livestream,
			Limits: cfg.Limits, Metrics: cfg.Metrics,
		},
		edge: &cfg, echo: echo.New(), media: newMediaSessions(),
	}
	e := s.echo
	e.HideBanner, e.HidePort = true, true
	e.IPExtractor = echo.ExtractIPDirect()
	e.HTTPErrorHandler = s.handleError
	e.Use(s.observe, s.recoverPanic, s.secure)
	s.read("/healthz", s.healthz)
	s.read("/readyz", s.edgeReadyz)
	const whep = "/api/v1/conferences/:conference/whep"
	e.POST(whep, s.here(s.watch), s.allowAnyOrigin)
	e.OPTIONS(whep, s.mediaOptions, s.allowAnyOrigin)
	const session = whep + "/:venue/:session"
	e.PATCH(session, s.patchMedia, s.allowAnyOrigin)
	e.DELETE(session, s.closeMedia, s.allowAnyOrigin)
	e.OPTIONS(session, s.mediaOptions, s.allowAnyOrigin)
	const file = livePath + ":conference/:file"
	s.echo.Match([]string{http.MethodGet, http.MethodHead}, file, s.here(s.hls), s.allowAnyOrigin)
	e.OPTIONS(file, s.hlsOptions, s.allowAnyOrigin)
	e.GET(livePath+":conference/recording.mp4", s.elsewhere)
	e.Any("/*", s.elsewhere)
	return s
}

// Sweep forgets sessions that have ended, and who asked long ago.
func (s *Server) Sweep() {
	s.media.sweep()
	s.cfg.Limits.Sweep()
}

// here answers for a conference that is shown here, and sends on for any other.
func (s *Server) here(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if _, err := s.about(c); err != nil {
			return s.elsewhere(c)
		}
		return next(c)
	}
}

// elsewhere sends who looks for a page, a file or a viewer's place on to the origin. Anything
// else (a question, a sign-in, a socket) is refused: it may carry what this server must not
// see, and was meant for another.
func (s *Server) elsewhere(c echo.Context) error {
	r := c.Request()
	media := isHLS(r) || isMedia(r)
	if media {
		openToAll(c.Response().Header())
	}
	reads := r.Method == http.MethodGet || r.Method == http.MethodHead
	if socket := strings.EqualFold(r.Header.Get("Upgrade"), "websocket"); (reads && !socket) || (media && bearer(r) == "") {
		redirect(c, s.edge.Origin)
		return nil
	}
	return conference.Refuse(conference.KindNotFound, "edge.elsewhere", s.edge.Origin)
}

// edgeReadyz: media is bound, and the origin is heard, so people may be sent here.
func (s *Server) edgeReadyz(c echo.Context) error {
	why := map[string]string{}
	switch {
	case s.draining.Load():
		why["server"] = "draining"
	case !s.started.Load():
		why["server"] = "starting"
	}
	if err := s.cfg.Media.Ready(); err != nil {
		why["media"] = err.Error()
	}
	if origin := s.edge.Why(); origin != "" {
		why["origin"] = origin
	}
	if len(why) > 0 {
		c.Response().Header().Set("Retry-After", "2")
		return answer(c, http.StatusServiceUnavailable, health{Status: "notReady", Why: why})
	}
	return answer(c, http.StatusOK, health{Status: "ready"})
}
