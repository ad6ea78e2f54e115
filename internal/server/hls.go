package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/diemcau/diemcau/internal/access"
	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/livestream"
)

// Livestream has the programme as HLS; *livestream.Station is one.
type Livestream interface {
	// Await returns what is at /live/{conference}/{name}, after a wait for what is wanted of it;
	// want nil: nothing. Refusals: live.none, live.not_yet, live.too_far, live.waited.
	Await(ctx context.Context, info *conference.Info, name string, want *livestream.Awaited) (*livestream.File, error)
	// Recording returns what is kept of the programme; nil: nothing.
	Recording(info *conference.Info) *livestream.Recording
	// Movie makes an MP4 of what is kept of the spans; none: of all. Refusal: live.none.
	Movie(info *conference.Info, spans []livestream.Span) (*livestream.Movie, error)
	// Alarm says what is wrong with the recording; "": nothing.
	Alarm() string
	// Room returns how many bytes may still be recorded, and of how many; 0, 0: nothing is kept.
	Room() (room, of int64)
}

const (
	livePath = "/live/"
	hlsIndex = "index.m3u8"
)

// hlsRoutes are the programme for any player: no session in an address, so that a cache in
// front answers everybody with the same bytes.
func (s *Server) hlsRoutes() {
	for path, handler := range map[string]echo.HandlerFunc{
		livePath + ":conference/:file":               s.hls,
		livePath + ":conference/recording.mp4":       s.wholeMovie,
		livePath + ":conference/questions/:question": s.questionMovie,
		"/api/v1/conferences/:conference/replay":     s.replay,
	} {
		s.echo.Match([]string{http.MethodGet, http.MethodHead}, path, handler, s.allowAnyOrigin)
		s.echo.OPTIONS(path, s.hlsOptions, s.allowAnyOrigin)
	}
	s.read("/api/v1/conferences/:conference/recordings", s.recordings)
	s.read("/api/v1/conferences/:conference/recordings/:venue/:file", s.venueFile)
}

// hls answers GET /live/{conference}/{file}. It is open as WHEP is: to everybody when the
// conference is public, else to who may watch its media.
func (s *Server) hls(c echo.Context) error {
	info, err := s.about(c)
	if err != nil {
		return err
	}
	cacheable := "public"
	if !info.Public {
		if _, err := s.authorise(c, info.ID, access.ActionMediaWatch); err != nil {
			return err
		}
		cacheable = "private"
	}
	if info.Public && c.Param("file") == hlsIndex && s.toEdge(c, info, true) {
		return nil
	}
	if s.cfg.Livestream == nil {
		return errNoLivestream
	}
	want, err := awaited(c)
	if err != nil {
		return err
	}
	file, err := s.cfg.Livestream.Await(c.Request().Context(), info, c.Param("file"), want)
	if err != nil {
		if away, awayErr := s.redirectMedia(c, info.ID); away {
			return awayErr
		}
		return err
	}
	return sendFile(c, file, cacheable)
}

// sendFile answers with a file, from memory or from the disk; cacheable is "public" or "private".
func sendFile(c echo.Context, file *livestream.File, cacheable string) error {
	var content io.ReadSeeker = bytes.NewReader(file.Data)
	if file.Data == nil {
		kept, err := os.Open(file.Path)
		if errors.Is(err, fs.ErrNotExist) {
			return errNoLivestream
		}
		if err != nil {
			return fmt.Errorf("open the recording: %w", err)
		}
		defer kept.Close() //nolint:errcheck // only read
		content = kept
	}
	header := c.Response().Header()
	header.Set(echo.HeaderContentType, file.Type)
	header.Set("ETag", file.ETag)
	cache := fmt.Sprintf("%s, max-age=%d", cacheable, int(file.MaxAge/time.Second))
	if file.Immutable {
		cache += ", immutable"
	}
	header.Set("Cache-Control", cache)
	http.ServeContent(c.Response(), c.Request(), "", time.Time{}, content)
	return nil
}

var errNoDirective = conference.Refuse(conference.KindInvalid, "live.bad_directive", "")

// awaited reads what a player wants the playlist to hold (RFC 8216bis §6.2.5.2); nil: as it is.
func awaited(c echo.Context) (*livestream.Awaited, error) {
	sequence, part := c.QueryParam("_HLS_msn"), c.QueryParam("_HLS_part")
	if sequence == "" {
		if part != "" {
			return nil, errNoDirective
		}
		return nil, nil //nolint:nilnil // nothing is wanted
	}
	want := &livestream.Awaited{Part: -1}
	var err error
	if want.Sequence, err = strconv.ParseUint(sequence, 10, 64); err != nil {
		return nil, errNoDirective
	}
	if part != "" {
		n, err := strconv.ParseUint(part, 10, 16)
		if err != nil {
			return nil, errNoDirective
		}
		want.Part = int(n)
	}
	return want, nil
}

var errNoLivestream = conference.Refuse(conference.KindNotFound, "live.none", "")

func (s *Server) hlsOptions(c echo.Context) error {
	header := c.Response().Header()
	header.Set("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS")
	header.Set("Access-Control-Allow-Headers", "Authorization, If-None-Match, Range")
	header.Set("Access-Control-Max-Age", "86400")
	return c.NoContent(http.StatusNoContent)
}

// isHLS reports whether a request is for an address of the programme as HLS.
func isHLS(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, livePath) }
