package server_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"image"
	"image/jpeg"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/diemcau/diemcau/internal/access"
	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/line"
	"github.com/diemcau/diemcau/internal/server"
)

// fakeLines has seen ba-vi for a minute; each still comes ten seconds after the one before.
type fakeLines struct {
	book *line.Book
	puts atomic.Int64
}

func linesBegan() time.Time { return time.Date(2022, 10, 28, 1, 0, 0, 0, time.UTC) }

func newFakeLines() *fakeLines {
	f := &fakeLines{book: line.New()}
	reading := []line.Reading{{Venue: "ba-vi", Picture: true, Sound: true, Layers: 2, Level: 50, RTT: 40 * time.Millisecond}}
	for i := range 12 {
		f.book.Observe(place, reading, map[conference.VenueID]line.Place{"ba-vi": {Ready: true}}, linesBegan().Add(time.Duration(i)*5*time.Second))
	}
	if err := f.book.PutStill(place, "ba-vi", encoded(16, 9), f.now()); err != nil {
		panic(err)
	}
	return f
}

func (f *fakeLines) now() time.Time {
	return linesBegan().Add(time.Duration(f.puts.Load()) * 10 * time.Second)
}

func (f *fakeLines) History(_ context.Context, id conference.ID, venue conference.VenueID) ([]line.Sample, error) {
	return f.book.History(id, venue)
}

func (f *fakeLines) PutStill(_ context.Context, id conference.ID, venue conference.VenueID, picture []byte) error {
	f.puts.Add(1)
	return f.book.PutStill(id, venue, picture, f.now())
}

func (f *fakeLines) Still(_ context.Context, id conference.ID, venue conference.VenueID) ([]byte, error) {
	return f.book.Still(id, venue, f.now())
}

func encoded(width, height int) []byte {
	var b bytes.Buffer
	if jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, width, height)), nil) != nil {
		return nil
	}
	return b.Bytes()
}

func stillOf(t *testing.T, width, height int) []byte {
	t.Helper()
	picture := encoded(width, height)
	if picture == nil {
		t.Fatal("no JPEG can be made")
	}
	return picture
}

func TestLines_history(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	stage := h.token(conference.RoleStage)
	got := h.do(request{method: http.MethodGet, path: api + "/lines/ba-vi", bearer: stage})
	if got.status != http.StatusOK || got.header.Get("Cache-Control") != "no-store" {
		t.Fatalf("got %d %s, %q", got.status, got.body, got.header.Get("Cache-Control"))
	}
	history := fromJSON[struct {
		Venue   string
		EveryMs int64
		Samples []struct {
			At    time.Time
			Grade string
			RTTMs int64
		}
	}](t, got.body)
	if history.Venue != "ba-vi" || history.EveryMs != 5000 || len(history.Samples) != 12 {
		t.Fatalf("got %+v", history)
	}
	if first := history.Samples[0]; !first.At.Equal(linesBegan()) || first.Grade != "good" || first.RTTMs != 40 {
		t.Errorf("got %+v", first)
	}
	h.wantProblem(h.do(request{method: http.MethodGet, path: api + "/lines/cau-giay", bearer: stage}), http.StatusNotFound, line.CodeUnknown)
	h.wantProblem(h.do(request{method: http.MethodGet, path: api + "/lines/atlantis", bearer: stage}), http.StatusNotFound, "media.unknown_venue")
}

func TestLines_tableForASpreadsheet(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	got := h.do(request{method: http.MethodGet, path: api + "/lines.csv", bearer: h.token(conference.RoleAdmin)})
	if got.status != http.StatusOK || !strings.Contains(got.header.Get("Content-Disposition"), ".csv") {
		t.Fatalf("got %d %s", got.status, got.body)
	}
	text, marked := strings.CutPrefix(got.body, "\ufeff")
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || !marked || len(rows) != 13 {
		t.Fatalf("got %d rows, %v", len(rows), err)
	}
	if rows[1][0] != "2022-10-28T01:00:00Z" || rows[1][1] != "ba-vi" || rows[1][2] == "" || rows[1][8] != "40" {
		t.Errorf("got %q", rows[1])
	}
}

// TestStills_ofTheVenueItself: a venue puts its own picture, nobody else does; the stage gets it.
func TestStills_ofTheVenueItself(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	at := func(venue conference.VenueID) *http.Cookie {
		return h.signIn(h.token(conference.RoleVenue, func(g *access.Grant) { g.Venue = venue }))
	}
	put := func(venue string, picture []byte, contentType string, cookies ...*http.Cookie) answer {
		return h.do(request{
			method: http.MethodPost, path: api + "/stills/" + venue, body: string(picture), contentType: contentType,
			cookies: cookies, origin: h.http.URL,
		})
	}
	small := stillOf(t, 320, 180)
	both := []*http.Cookie{at("cau-giay"), at("ba-vi")} // one browser with two venues
	for _, venue := range []string{"ba-vi", "cau-giay"} {
		if got := put(venue, small, "image/jpeg", both...); got.status != http.StatusNoContent {
			t.Errorf("%s: got %d %s", venue, got.status, got.body)
		}
	}
	h.wantProblem(put("dong-anh", small, "image/jpeg", both...), http.StatusUnauthorized, "session.unknown")
	h.wantProblem(put("ba-vi", small, "image/jpeg", h.signIn(h.token(conference.RoleStage))), http.StatusUnauthorized, "session.unknown")
	h.wantProblem(put("ba-vi", []byte("<svg/>"), "image/jpeg", both...), http.StatusBadRequest, line.CodeBadStill)
	h.wantProblem(put("ba-vi", small, "image/png", both...), http.StatusBadRequest, line.CodeBadStill)
	h.wantProblem(put("ba-vi", bytes.Repeat([]byte{0xff}, line.MaxStillBytes+1), "image/jpeg", both...), http.StatusRequestEntityTooLarge, "request.too_large")
	foreign := request{method: http.MethodPost, path: api + "/stills/ba-vi", body: string(small), contentType: "image/jpeg", cookies: both, origin: "https://evil.example"}
	if got := h.do(foreign); got.status != http.StatusForbidden {
		t.Errorf("from another site: got %d", got.status)
	}
	elsewhere := h.token(conference.RoleVenue, func(g *access.Grant) { g.Venue = "cau-giay" })
	h.wantProblem(h.do(request{method: http.MethodPost, path: api + "/stills/ba-vi", body: string(small), contentType: "image/jpeg", bearer: elsewhere}),
		http.StatusForbidden, "access.denied")

	got := h.do(request{method: http.MethodGet, path: api + "/stills/cau-giay", cookies: []*http.Cookie{h.signIn(h.token(conference.RoleStage))}})
	if got.status != http.StatusOK || got.body != string(small) || got.header.Get("Content-Type") != "image/jpeg" || got.header.Get("Cache-Control") != "no-store" {
		t.Errorf("got %d, %d bytes, %v", got.status, len(got.body), got.header)
	}
	h.wantProblem(h.do(request{method: http.MethodGet, path: api + "/stills/dong-anh", bearer: h.token(conference.RoleStage)}), http.StatusNotFound, line.CodeNoStill)
	if got := h.do(request{method: http.MethodGet, path: api + "/stills/cau-giay"}); got.status != http.StatusUnauthorized {
		t.Errorf("the public gets %d", got.status)
	}
}

// TestLines_noneHere: without lines everything is refused in words.
func TestLines_noneHere(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *server.Config) { c.Lines = nil })
	stage := h.token(conference.RoleStage)
	for _, path := range []string{"/lines/ba-vi", "/lines.csv", "/stills/ba-vi"} {
		h.wantProblem(h.do(request{method: http.MethodGet, path: api + path, bearer: stage}), http.StatusServiceUnavailable, "media.unavailable")
	}
}
