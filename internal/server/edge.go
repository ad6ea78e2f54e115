package server

import (
	"context"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/edge"
)

// Edges is the list of the servers elsewhere that show the programme; *edge.Registry is one.
type Edges interface {
	// Report takes what one tells of itself. Refusals: those of edge.Registry.
	Report(ctx context.Context, report edge.Report) error
	// Pick returns where a viewer is sent; "": nowhere.
	Pick(w edge.Want) string
	// Origins are those that a page may be sent to.
	Origins() []string
}

const maxReport = 32 << 10

// edgeReport is POST /api/v1/edges: where an edge is and how it stands → what it is to show.
func (s *Server) edgeReport(c echo.Context) error {
	if _, err := s.cfg.Gate.VerifyEdge(bearer(c.Request())); err != nil {
		return err
	}
	var report edge.Report
	if err := readJSON(c, maxReport, &report); err != nil {
		return err
	}
	if err := s.cfg.Live.Opened(); err != nil {
		return err // an empty list would end what the edge shows
	}
	if err := s.cfg.Edges.Report(c.Request().Context(), report); err != nil {
		return err
	}
	standing := edge.Standing{Now: s.cfg.Now().UTC(), Conferences: []edge.Conference{}}
	for _, info := range s.cfg.Live.Conferences() {
		if info.Public && info.State == conference.StateOpen {
			standing.Conferences = append(standing.Conferences, edge.Conference{ID: info.ID, Title: info.Title, StartsAt: info.StartsAt})
		}
	}
	return answer(c, http.StatusOK, standing)
}

// edgePull is WHEP for edges: POST /api/v1/conferences/{conference}/rungs/{0…2} → one size of
// the programme, whatever the line takes. The session's address is as a viewer's.
func (s *Server) edgePull(c echo.Context) error {
	if _, err := s.cfg.Gate.VerifyEdge(bearer(c.Request())); err != nil {
		return err
	}
	_, info, err := s.info(c)
	if err != nil {
		return err
	}
	if !info.Public {
		return conference.Refuse(conference.KindForbidden, "access.denied", "an edge shows what is public")
	}
	if away, err := s.redirectMedia(c, info.ID); away {
		return err
	}
	rung, err := strconv.Atoi(c.Param("rung"))
	if err != nil {
		return echo.ErrNotFound
	}
	offer, err := readText(c, typeSDP)
	if err != nil {
		return err
	}
	session, sdp, err := s.cfg.Media.Watch(c.Request().Context(), info, Viewing{Edge: true, Rung: rung}, offer)
	if err != nil {
		return err
	}
	return s.answerMedia(c, "whep/~", "", session, sdp)
}

// toEdge sends a viewer who comes to an edge that has room (307: the same method and body,
// RFC 9110 §15.4.8; RFC 9725 §4.5); false: there is none, or the viewer wants none (?edge=no):
// the last one did not answer, or its page may not go there.
func (s *Server) toEdge(c echo.Context, info *conference.Info, hls bool) bool {
	r := c.Request()
	if s.cfg.Edges == nil || info.State != conference.StateOpen || c.QueryParam("edge") == "no" {
		return false
	}
	origin := s.cfg.Edges.Pick(edge.Want{Conference: info.ID, Secure: r.TLS != nil, HLS: hls})
	if origin == "" {
		return false
	}
	s.cfg.Metrics.sent(hls)
	redirect(c, origin)
	return true
}

// redirect sends a request as it is to another server; nobody keeps that in mind.
func redirect(c echo.Context, origin string) {
	header := c.Response().Header()
	header.Set("Cache-Control", "no-store")
	header.Set("Location", origin+c.Request().URL.RequestURI())
	c.Response().WriteHeader(http.StatusTemporaryRedirect)
}
