package server

import (
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/diemcau/diemcau/internal/access"
	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/livestream"
)

// VenueRecordings has what is kept of venues by themselves; *livestream.Station is one.
type VenueRecordings interface {
	// VenueRecordings returns what is kept of a conference's venues, by their ids.
	VenueRecordings(info *conference.Info) ([]livestream.VenueRecording, error)
	// VenueFile returns what is at a name of a venue's own recording. Refusal: live.none.
	VenueFile(info *conference.Info, venue conference.VenueID, name string) (*livestream.File, error)
}

// venueRecording is what is told of a venue's own recording.
type venueRecording struct {
	Venue conference.VenueID `json:"venue"`
	Bytes int64              `json:"bytes"`
	Live  bool               `json:"live"` // it goes on
	URL   string             `json:"url"`  // its HLS
}

// venueRecordings tells what is kept: GET …/recordings, for the stage and the administrator.
func (s *Server) venueRecordings(c echo.Context) error {
	_, info, err := s.info(c)
	if err != nil {
		return err
	}
	if _, err := s.authorise(c, info.ID, access.ActionVenueRecording); err != nil {
		return err
	}
	all := []venueRecording{}
	if s.cfg.VenueRecordings != nil {
		kept, err := s.cfg.VenueRecordings.VenueRecordings(info)
		if err != nil {
			return err //nolint:wrapcheck // says what was read
		}
		for _, r := range kept {
			path := "/api/v1/conferences/" + url.PathEscape(string(info.ID)) + "/recordings/" + url.PathEscape(string(r.Venue))
			all = append(all, venueRecording{Venue: r.Venue, Bytes: r.Bytes, Live: r.Live, URL: path + "/" + livestream.IndexName})
		}
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	return c.JSON(http.StatusOK, map[string]any{"venues": all})
}

// venueFile sends a playlist or a segment of it: GET …/recordings/{venue}/{file}.
func (s *Server) venueFile(c echo.Context) error {
	_, info, err := s.info(c)
	if err != nil {
		return err
	}
	if _, err := s.authorise(c, info.ID, access.ActionVenueRecording); err != nil {
		return err
	}
	if s.cfg.VenueRecordings == nil {
		return errNoLivestream
	}
	file, err := s.cfg.VenueRecordings.VenueFile(info, conference.VenueID(c.Param("venue")), c.Param("file"))
	if err != nil {
		return err //nolint:wrapcheck // a refusal, or says what was read
	}
	return sendFile(c, file, "private, no-store")
}
