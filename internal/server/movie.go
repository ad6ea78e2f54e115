package server

import (
	"bufio"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"unicode"

	"github.com/labstack/echo/v4"

	"github.com/diemcau/diemcau/internal/access"
	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/limits"
	"github.com/diemcau/diemcau/internal/livestream"
	"github.com/diemcau/diemcau/signaling"
)

const (
	movieEnd = ".mp4"
	// allMovies may be sent side by side, movies of them to one address: each holds some 300
	// KB for two hours and reads the disk.
	allMovies = 64
	movies    = 6
)

func moviePath(id conference.ID, name string) string {
	return livePath + string(id) + "/" + name + movieEnd
}

// sending are the movies on their way.
type sending struct {
	mu  sync.Mutex // guards all, by
	all int
	by  map[netip.Prefix]int
}

// begin takes a place; end gives it back. False: there is none.
func (p *sending) begin(from netip.Prefix) (end func(), ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.all >= allMovies || p.by[from] >= movies {
		return nil, false
	}
	p.all++
	p.by[from]++
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.all--
		if p.by[from]--; p.by[from] == 0 {
			delete(p.by, from)
		}
	}, true
}

// wholeMovie hands the recording out as one file: GET /live/{conference}/recording.mp4.
func (s *Server) wholeMovie(c echo.Context) error {
	return s.movie(c, func(info *conference.Info, _ conference.Role) ([]livestream.Span, string, error) {
		if info.State != conference.StateClosed {
			return nil, "", errNotOver
		}
		return nil, info.Title, nil
	})
}

// questionMovie hands out what was on air of a question that everybody may read:
// GET /live/{conference}/questions/{question}.mp4.
func (s *Server) questionMovie(c echo.Context) error {
	name, ok := strings.CutSuffix(c.Param("question"), movieEnd)
	if !ok {
		return errNoLivestream
	}
	return s.movie(c, func(info *conference.Info, role conference.Role) ([]livestream.Span, string, error) {
		running, err := s.cfg.Live.Conference(info.ID)
		if err != nil {
			return nil, "", err
		}
		standing, err := running.StandingOf(conference.QuestionID(name))
		if err != nil {
			return nil, "", errNoLivestream
		}
		q, ok := signaling.Replayed(role, info, standing.Question)
		if !ok {
			return nil, "", errNoLivestream
		}
		var spans []livestream.Span
		for _, span := range running.Story().Of(standing.Question.ID) {
			if !span.Until.IsZero() { // what is on air grows still
				spans = append(spans, livestream.Span(span))
			}
		}
		if len(spans) == 0 {
			return nil, "", errNoLivestream
		}
		return spans, info.Title + " – " + q.Text, nil
	})
}

var errNotOver = conference.Refuse(conference.KindConflict, "live.not_over", "")

// movie sends an MP4 of what choose says, whole or the range that is asked for. It is open
// as the programme is.
func (s *Server) movie(c echo.Context, choose func(*conference.Info, conference.Role) ([]livestream.Span, string, error)) error {
	_, info, err := s.info(c)
	if err != nil {
		return err
	}
	role, cache := conference.RoleCitizen, "public, no-cache"
	if !info.Public {
		actor, err := s.authorise(c, info.ID, access.ActionMediaWatch)
		if err != nil {
			return err
		}
		role, cache = actor.Role, "private, no-cache"
	}
	spans, title, err := choose(info, role)
	if err != nil {
		return err
	}
	if s.cfg.Livestream == nil {
		return errNoLivestream
	}
	return s.shows(c, title, cache, func() (*livestream.Movie, error) {
		movie, err := s.cfg.Livestream.Movie(info, spans)
		if err != nil {
			if away, awayErr := s.redirectMedia(c, info.ID); away {
				return nil, awayErr
			}
		}
		return movie, err //nolint:wrapcheck // a refusal, or says what was made
	})
}

// shows sends the movie that open makes, if not too many are being sent; nil and no error: it has answered.
func (s *Server) shows(c echo.Context, title, cache string, open func() (*livestream.Movie, error)) error {
	if err := s.cfg.Limits.Take(c.Request().Context(), limits.Lookup, s.asker(c)); err != nil {
		return err
	}
	end, ok := s.sending.begin(s.asker(c).Address)
	if !ok {
		c.Response().Header().Set("Retry-After", "30")
		return conference.Refuse(conference.KindUnavailable, "live.busy", "")
	}
	defer end()
	movie, err := open()
	if err != nil || movie == nil {
		return err
	}
	header := c.Response().Header()
	header.Set("Cache-Control", cache)
	header.Set(echo.HeaderContentType, "video/mp4")
	header.Set(echo.HeaderContentDisposition, disposition(c.QueryParam("save") == "1", c.Param("conference"), title))
	return s.send(c, movie)
}

// send writes a movie, or the part of it that is asked for.
func (s *Server) send(c echo.Context, movie *livestream.Movie) error {
	r, header := c.Request(), c.Response().Header()
	header.Set("ETag", movie.ETag)
	header.Set("Accept-Ranges", "bytes")
	if strings.Contains(r.Header.Get("If-None-Match"), movie.ETag) {
		return c.NoContent(http.StatusNotModified)
	}
	from, to, status := int64(0), movie.Size(), http.StatusOK
	if asked := r.Header.Get("Range"); asked != "" && (r.Header.Get("If-Range") == "" || r.Header.Get("If-Range") == movie.ETag) {
		switch lo, hi, is := oneRange(asked, movie.Size()); {
		case is && lo >= hi:
			header.Set("Content-Range", fmt.Sprintf("bytes */%d", movie.Size()))
			header.Del(echo.HeaderContentDisposition)
			return c.NoContent(http.StatusRequestedRangeNotSatisfiable)
		case is:
			from, to, status = lo, hi, http.StatusPartialContent
			header.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, to-1, movie.Size()))
		}
	}
	header.Set(echo.HeaderContentLength, strconv.FormatInt(to-from, 10))
	c.Response().WriteHeader(status)
	if r.Method == http.MethodHead {
		return nil
	}
	out := bufio.NewWriterSize(patient{c.Response()}, copyChunk)
	err := movie.Write(out, from, to)
	if err == nil {
		err = out.Flush()
	}
	if err != nil && r.Context().Err() == nil { // under way already: it is shorter than was said
		s.cfg.Logger.WarnContext(r.Context(), "a movie was cut off", slog.Any("err", err))
	}
	return nil
}

// oneRange reads a Range header that asks for one range of bytes (RFC 9110 §14.1.2); is false:
// it is none, and all is sent. What begins behind the end is empty.
func oneRange(text string, size int64) (from, to int64, is bool) {
	spec, ok := strings.CutPrefix(text, "bytes=")
	first, last, dash := strings.Cut(strings.TrimSpace(spec), "-")
	if !ok || !dash || strings.ContainsAny(spec, ",") {
		return 0, 0, false
	}
	if first == "" { // the last so many
		n, err := strconv.ParseInt(last, 10, 64)
		if err != nil || n < 0 {
			return 0, 0, false
		}
		return max(0, size-n), size, true
	}
	from, err := strconv.ParseInt(first, 10, 64)
	if err != nil || from < 0 {
		return 0, 0, false
	}
	if last == "" {
		return from, size, true
	}
	to, err = strconv.ParseInt(last, 10, 64)
	if err != nil || to < from {
		return 0, 0, false
	}
	return from, min(to+1, size), true
}

// disposition names a file: in ASCII for old programs, and as it is (RFC 6266, RFC 8187).
func disposition(save bool, plain, title string) string {
	kind := "inline"
	if save {
		kind = "attachment"
	}
	const most = 100 // runes: some file systems take 255 bytes
	var name []rune
	for _, r := range title {
		if strings.ContainsRune(`/\:*?"<>|`, r) || unicode.IsControl(r) {
			r = ' '
		}
		if name = append(name, r); len(name) == most {
			break
		}
	}
	clean := strings.Join(strings.Fields(string(name)), " ")
	return fmt.Sprintf(`%s; filename="%s.mp4"; filename*=UTF-8''%s.mp4`, kind, plain, strings.ReplaceAll(url.QueryEscape(clean), "+", "%20"))
}
