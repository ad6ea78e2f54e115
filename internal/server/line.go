package server

import (
	"context"
	"encoding/csv"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/diemcau/diemcau/internal/access"
	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/line"
)

// Lines has the history of the venues' lines and their stills, wherever the media are.
type Lines interface {
	// History returns the samples of the last half hour, oldest first. Refusals: line.unknown,
	// media.unavailable.
	History(ctx context.Context, id conference.ID, venue conference.VenueID) ([]line.Sample, error)
	// PutStill keeps a venue's picture. Refusals: line.bad_still (not a picture as wanted), line.too_often, media.unavailable.
	PutStill(ctx context.Context, id conference.ID, venue conference.VenueID, picture []byte) error
	// Still returns it. Refusals: line.no_still, media.unavailable.
	Still(ctx context.Context, id conference.ID, venue conference.VenueID) ([]byte, error)
}

const typeJPEG = "image/jpeg"

// sampleView is one point of a history.
type sampleView struct {
	At       time.Time  `json:"at"`
	Grade    line.Grade `json:"grade"`
	UpBits   int64      `json:"upBits"`
	DownBits int64      `json:"downBits"`
	LossUp   float64    `json:"lossUp"`
	LossDown float64    `json:"lossDown"`
	RTTMs    int64      `json:"rttMs"`
	JitterMs int64      `json:"jitterMs"`
	FrozenMs int64      `json:"frozenMs"`
	Height   int        `json:"height"`
	Level    int        `json:"level"`
}

// lineHistory tells one venue's last half hour: GET …/lines/{venue}.
func (s *Server) lineHistory(c echo.Context) error {
	id, venue, err := s.lineReader(c, access.ActionLineRead)
	if err != nil {
		return err
	}
	samples, err := s.cfg.Lines.History(c.Request().Context(), id, venue)
	if err != nil {
		return err
	}
	views := make([]sampleView, len(samples))
	for i := range samples {
		views[i] = sampleView(samples[i])
		views[i].At = views[i].At.UTC().Truncate(time.Second)
	}
	return answer(c, http.StatusOK, struct {
		Venue   conference.VenueID `json:"venue"`
		EveryMs int64              `json:"everyMs"`
		Samples []sampleView       `json:"samples"`
	}{venue, line.SampleEvery.Milliseconds(), views})
}

// lineTable is the same of all venues as a table for a spreadsheet: GET …/lines.csv.
func (s *Server) lineTable(c echo.Context) error {
	id, _, err := s.lineReader(c, access.ActionLineRead)
	if err != nil {
		return err
	}
	_, info, err := s.info(c)
	if err != nil {
		return err
	}
	header := c.Response().Header()
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Disposition", `attachment; filename="duong-truyen-`+string(id)+`.csv"`)
	header.Set(echo.HeaderContentType, "text/csv; charset=utf-8")
	var rows [][]string
	for _, venue := range info.Venues {
		samples, err := s.cfg.Lines.History(c.Request().Context(), id, venue.ID)
		refusal, is := errors.AsType[*conference.Error](err)
		switch {
		case is && refusal.Kind != conference.KindUnavailable:
			continue // it has not sent yet
		case err != nil:
			return err
		}
		for i := range samples {
			rows = append(rows, lineRecord(venue, &samples[i]))
		}
	}
	c.Response().WriteHeader(http.StatusOK)
	const bom = "\ufeff" // spreadsheets take the table for Latin-1 without
	if _, err := io.WriteString(c.Response(), bom); err != nil {
		return err
	}
	out := csv.NewWriter(c.Response())
	if err := out.Write(lineColumns()); err != nil {
		return err
	}
	return out.WriteAll(rows)
}

func lineColumns() []string {
	return []string{
		"time", "venue", "name", "grade", "up_bits", "down_bits", "loss_up", "loss_down", "rtt_ms", "jitter_ms", "frozen_ms",
		"height", "level",
	}
}

func lineRecord(venue conference.Venue, s *line.Sample) []string {
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	share := func(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
	return []string{
		s.At.UTC().Format(time.RFC3339), string(venue.ID), inert(venue.Name), string(s.Grade), number(s.UpBits), number(s.DownBits),
		share(s.LossUp), share(s.LossDown), number(s.RTTMs), number(s.JitterMs), number(s.FrozenMs), number(int64(s.Height)),
		number(int64(s.Level)),
	}
}

// inert keeps a spreadsheet from taking a name for a formula.
func inert(name string) string {
	if strings.IndexAny(name, "=+-@\t\r") == 0 {
		return "'" + name
	}
	return name
}

// putStill takes a venue's own picture: POST …/stills/{venue}, image/jpeg → 204.
func (s *Server) putStill(c echo.Context) error {
	_, info, err := s.info(c)
	if err != nil {
		return err
	}
	venue := conference.VenueID(c.Param("venue"))
	if err := s.venueItself(c, info, venue); err != nil {
		return err
	}
	if s.cfg.Lines == nil {
		return conference.Refuse(conference.KindUnavailable, "media.unavailable", "")
	}
	if !hasContentType(c.Request(), typeJPEG) {
		return conference.Refuse(conference.KindInvalid, line.CodeBadStill, "not image/jpeg")
	}
	picture, err := io.ReadAll(http.MaxBytesReader(c.Response(), c.Request().Body, line.MaxStillBytes))
	if err != nil {
		return badBody(err, line.CodeBadStill)
	}
	if err := s.cfg.Lines.PutStill(c.Request().Context(), info.ID, venue, picture); err != nil {
		return err
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	return c.NoContent(http.StatusNoContent)
}

// venueItself lets only the venue itself through, by its token or its page's session.
func (s *Server) venueItself(c echo.Context, info *conference.Info, venue conference.VenueID) error {
	if bearer(c.Request()) != "" {
		actor, err := s.authorise(c, info.ID, access.ActionStillPut)
		if err == nil && actor.Venue != venue {
			err = conference.Refuse(conference.KindForbidden, "access.denied", "another venue's")
		}
		return err
	}
	session, err := SessionOf(c.Request(), s.cfg.Gate, conference.RoleVenue, venue)
	if err != nil {
		return err
	}
	if session.Conference != info.ID || !access.May(session.Role, access.ActionStillPut) {
		return conference.Refuse(conference.KindForbidden, "access.denied", access.ActionStillPut)
	}
	return nil
}

// getStill shows it to the stage: GET …/stills/{venue}. No cache keeps it.
func (s *Server) getStill(c echo.Context) error {
	id, venue, err := s.lineReader(c, access.ActionStillGet)
	if err != nil {
		return err
	}
	picture, err := s.cfg.Lines.Still(c.Request().Context(), id, venue)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	return c.Blob(http.StatusOK, typeJPEG, picture)
}

// lineReader returns the conference and the venue ("" for routes without one) of a request
// that may do the action. Refusals: those of authorise, conference.unknown,
// media.unknown_venue, media.unavailable.
func (s *Server) lineReader(c echo.Context, action string) (conference.ID, conference.VenueID, error) {
	_, info, err := s.info(c)
	if err != nil {
		return "", "", err
	}
	if _, err := s.authorise(c, info.ID, action); err != nil {
		return "", "", err
	}
	venue := conference.VenueID(c.Param("venue"))
	if _, found := info.Venue(venue); venue != "" && !found {
		return "", "", conference.Refuse(conference.KindNotFound, "media.unknown_venue", "")
	}
	if s.cfg.Lines == nil {
		return "", "", conference.Refuse(conference.KindUnavailable, "media.unavailable", "")
	}
	return info.ID, venue, nil
}
