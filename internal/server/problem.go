package server

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"
	"golang.org/x/text/language"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/limits"
	"github.com/diemcau/diemcau/internal/pow"
)

// Problem is an error document (RFC 9457). Title is one sentence in the reader's
// language that says what to do; Code is stable; Detail is for programmers.
type Problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Code   string `json:"code"`
	Detail string `json:"detail,omitempty"`
	// Challenge is to be solved, with proof.required only.
	Challenge *pow.Challenge `json:"challenge,omitempty"`
}

// handleError is the one place where an error becomes an answer and, when it is a fault
// of ours, a log line.
func (s *Server) handleError(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	if errors.Is(err, echo.ErrNotFound) && s.pages != nil && s.leftover(c) {
		return
	}
	problem := s.problem(c.Request(), err)
	header := c.Response().Header()
	if limited, is := errors.AsType[*limits.Error](err); is {
		problem.Challenge = limited.Challenge
	}
	comeBack(header, err, problem)
	if problem.Status == http.StatusUnauthorized && bearer(c.Request()) != "" {
		header.Set("WWW-Authenticate", "Bearer")
	}
	refuseMedia(c, problem.Status)
	header.Set("Cache-Control", "no-store")
	header.Set(echo.HeaderContentType, "application/problem+json; charset=utf-8")
	header.Set("Content-Language", readerLanguage(c.Request()))
	header.Add("Vary", "Accept-Language")
	if c.Request().Method == http.MethodHead {
		c.Response().WriteHeader(problem.Status)
		return
	}
	if writeErr := writeJSON(c.Response(), problem.Status, problem); writeErr != nil {
		s.cfg.Logger.DebugContext(c.Request().Context(), "reader went away", slog.Any("err", writeErr))
	}
}

// comeBack tells in Retry-After when the same may be asked again, with 429 and 503.
func comeBack(header http.Header, err error, problem Problem) {
	const (
		soon    = 2 * time.Second
		stills  = 4 * time.Second
		codesIn = 15 * time.Minute // onetime.Window
		anewIn  = time.Hour        // of the ceiling; that of a day may take longer
	)
	limited, is := errors.AsType[*limits.Error](err)
	switch {
	case is:
		header.Set("Retry-After", seconds(limited.After))
	case problem.Status != http.StatusServiceUnavailable && problem.Status != http.StatusTooManyRequests, header.Get("Retry-After") != "":
	case problem.Code == "verification.too_many":
		header.Set("Retry-After", seconds(codesIn))
	case problem.Code == "verification.exhausted":
		header.Set("Retry-After", seconds(anewIn))
	case problem.Code == "line.too_often":
		header.Set("Retry-After", seconds(stills))
	default:
		header.Set("Retry-After", seconds(soon))
	}
}

func (s *Server) problem(r *http.Request, err error) Problem {
	code, status, detail := "internal", http.StatusInternalServerError, ""
	var refusal *conference.Error
	var httpErr *echo.HTTPError
	switch {
	case errors.As(err, &refusal):
		code, status, detail = refusal.Code, statusOf(refusal), refusal.Detail
	case errors.As(err, &httpErr):
		code, status = codeOfStatus(httpErr.Code), httpErr.Code
	case errors.Is(err, context.Canceled) && r.Context().Err() != nil:
		code, status = "request.cancelled", 499
	default:
		s.cfg.Logger.ErrorContext(r.Context(), "request met a fault", slog.Any("err", err))
	}
	return Problem{
		Type: "urn:diemcau:" + code, Title: sentence(readerLanguage(r), code, status),
		Status: status, Code: code, Detail: detail,
	}
}

// statusOf maps a refusal to its status; media codes have the ones RFC 9725 names.
func statusOf(refusal *conference.Error) int {
	switch refusal.Code {
	case "media.no_h264", "media.no_opus":
		return http.StatusNotAcceptable
	case "media.etag_mismatch":
		return http.StatusPreconditionFailed
	case "media.etag_missing":
		return http.StatusPreconditionRequired
	case "edge.elsewhere":
		return http.StatusMisdirectedRequest
	case "request.not_json", "request.not_sdp":
		return http.StatusUnsupportedMediaType
	}
	switch refusal.Kind {
	case conference.KindInvalid:
		return http.StatusBadRequest
	case conference.KindUnauthorised:
		return http.StatusUnauthorized
	case conference.KindForbidden:
		return http.StatusForbidden
	case conference.KindNotFound:
		return http.StatusNotFound
	case conference.KindConflict:
		return http.StatusConflict
	case conference.KindTooLarge:
		return http.StatusRequestEntityTooLarge
	case conference.KindRateLimited:
		return http.StatusTooManyRequests
	case conference.KindUnavailable, conference.KindPending:
		return http.StatusServiceUnavailable
	case conference.KindInternal:
	}
	return http.StatusInternalServerError
}

func codeOfStatus(status int) string {
	switch status {
	case http.StatusNotFound:
		return "request.not_found"
	case http.StatusMethodNotAllowed:
		return "request.bad_method"
	case http.StatusRequestEntityTooLarge:
		return "request.too_large"
	case http.StatusUnsupportedMediaType:
		return "request.not_json"
	}
	if status < http.StatusInternalServerError {
		return "request.bad"
	}
	return "internal"
}

// statedLanguage is pageLanguage where the request says one of the two, else "".
func statedLanguage(r *http.Request) string {
	if asked := r.URL.Query().Get("lang"); asked == "vi" || asked == "en" {
		return asked
	}
	return acceptedLanguage(r)
}

// readerLanguage returns "vi" or "en" by Accept-Language, Vietnamese first.
func readerLanguage(r *http.Request) string { return cmp.Or(acceptedLanguage(r), "vi") }

// acceptedLanguage returns which of "vi" and "en" Accept-Language wants more, "" when neither.
func acceptedLanguage(r *http.Request) string {
	header := r.Header.Get("Accept-Language")
	if header == "" || len(header) > 1000 {
		return ""
	}
	wanted, weights, err := language.ParseAcceptLanguage(header)
	if err != nil {
		return ""
	}
	for i, tag := range wanted { // sorted by weight
		base, _ := tag.Base()
		if weights[i] > 0 && (base.String() == "vi" || base.String() == "en") {
			return base.String()
		}
	}
	return ""
}

func seconds(d time.Duration) string {
	return strconv.Itoa(max(1, int(math.Ceil(d.Seconds()))))
}
