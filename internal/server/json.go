package server

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"github.com/diemcau/diemcau/internal/conference"
)

// Limits of request bodies, in bytes. A question of 10,000 characters still gets the
// refusal of a question, not of a request.
const (
	maxBody     = 64 << 10
	maxInfoBody = 1 << 20 // a conference with thousands of venues
	maxSDP      = 64 << 10
)

// readJSON decodes the request's body. Refusals: request.not_json, request.bad_json,
// request.too_large.
func readJSON(c echo.Context, limit int64, into any) error {
	if !hasContentType(c.Request(), "application/json") {
		return conference.Refuse(conference.KindInvalid, "request.not_json", "")
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.Response(), c.Request().Body, limit))
	if err != nil {
		return badBody(err, "request.bad_json")
	}
	// encoding/json would put U+FFFD for what is not UTF-8: a question that was damaged
	// on its way is refused instead of kept.
	if !utf8.Valid(body) || json.Unmarshal(body, into) != nil {
		return conference.Refuse(conference.KindInvalid, "request.bad_json", "")
	}
	return nil
}

// readText reads a description or a part of one, of a given content type. Refusals:
// request.not_sdp, request.too_large.
func readText(c echo.Context, contentType string) (string, error) {
	if !hasContentType(c.Request(), contentType) {
		return "", conference.Refuse(conference.KindInvalid, "request.not_sdp", "")
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.Response(), c.Request().Body, maxSDP))
	if err != nil {
		return "", badBody(err, "request.bad")
	}
	return string(body), nil
}

func badBody(err error, code string) error {
	if _, is := errors.AsType[*http.MaxBytesError](err); is {
		return conference.Refuse(conference.KindTooLarge, "request.too_large", "")
	}
	return conference.Refuse(conference.KindInvalid, code, "")
}

func hasContentType(r *http.Request, want string) bool {
	got, _, err := mime.ParseMediaType(r.Header.Get(echo.HeaderContentType))
	return err == nil && got == want
}

// answer writes a JSON answer that no cache keeps.
func answer(c echo.Context, status int, value any) error {
	c.Response().Header().Set("Cache-Control", "no-store")
	c.Response().Header().Set(echo.HeaderContentType, "application/json; charset=utf-8")
	return writeJSON(c.Response(), status, value)
}

func writeJSON(w http.ResponseWriter, status int, value any) error {
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}
