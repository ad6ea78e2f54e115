package server

import (
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/diemcau/diemcau/internal/access"
	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/livestream"
)

// venueMovieName is a venue's own recording as one file.
const venueMovieName = "recording" + movieEnd

// VenueRecordings has what is kept of venues by themselves; *livestream.Station is one.
type VenueRecordings interface {
	// VenueRecordings returns what is kept of a conference's venues, by their ids.
	VenueRecordings(info *conference.Info) ([]livestream.VenueRecording, error)
	// VenueFile returns what is at a name of a venue's own recording. Refusal: live.none.
	VenueFile(info *conference.Info, venue conference.VenueID, name string) (*livestream.File, error)
	// VenueMovie makes an MP4 of what is kept until now. Refusal: live.none.
	VenueMovie(info *conference.Info, venue conference.VenueID) (*livestream.Movie, error)
}

// kept are a conference's recordings on this node.
type kept struct {
	Programme *programmeRecording `json:"programme,omitempty"`
	Venues    []venueRecording    `json:"venues"`
}

// programmeRecording is what is told of the programme's.
type programmeRecording struct {
	Bytes int64  `json:"bytes"` // in all sizes of the picture
	Live  bool   `json:"live"`  // it goes on
	URL   string `json:"url"`   // its HLS
	MP4   string `json:"mp4,omitempty"`
}

// venueRecording is what is told of a venue's own recording.
type venueRecording struct {
	Venue conference.VenueID `json:"venue"`
	Bytes int64              `json:"bytes"`
	Live  bool               `json:"live"` // it goes on
	URL   string             `json:"url"`  // its HLS
	MP4   string             `json:"mp4"`
}

// recordings tells what is kept: GET …/recordings, for the stage and the administrator.
func (s *Server) recordings(c echo.Context) error {
	_, info, err := s.info(c)
	if err != nil {
		return err
	}
	if _, err := s.authorise(c, info.ID, access.ActionVenueRecording); err != nil {
		return err
	}
	all := kept{Venues: []venueRecording{}}
	if r := s.recording(info); r != nil {
		all.Programme = &programmeRecording{
			Bytes: r.Bytes, Live: info.State == conference.StateOpen, URL: livePath + string(info.ID) + "/" + livestream.IndexName,
		}
		if info.State == conference.StateClosed { // while it is live there are the questions' films
			all.Programme.MP4 = moviePath(info.ID, "recording")
		}
	}
	if s.cfg.VenueRecordings != nil {
		venues, err := s.cfg.VenueRecordings.VenueRecordings(info)
		if err != nil {
			return err //nolint:wrapcheck // says what was read
		}
		for _, r := range venues {
			path := "/api/v1/conferences/" + url.PathEscape(string(info.ID)) + "/recordings/" + url.PathEscape(string(r.Venue)) + "/"
			all.Venues = append(all.Venues, venueRecording{
				Venue: r.Venue, Bytes: r.Bytes, Live: r.Live, URL: path + livestream.IndexName, MP4: path + venueMovieName,
			})
		}
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	return c.JSON(http.StatusOK, all)
}

// venueFile sends a playlist or a segment of it, or all as one file: GET …/recordings/{venue}/{file}.
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
	venue := conference.VenueID(c.Param("venue"))
	if c.Param("file") == venueMovieName {
		title := info.Title
		if v, known := info.Venue(venue); known {
			title += " – " + v.Name
		}
		return s.shows(c, title, "private, no-store", func() (*livestream.Movie, error) {
			return s.cfg.VenueRecordings.VenueMovie(info, venue)
		})
	}
	file, err := s.cfg.VenueRecordings.VenueFile(info, venue, c.Param("file"))
	if err != nil {
		return err //nolint:wrapcheck // a refusal, or says what was read
	}
	return sendFile(c, file, "private, no-store")
}
