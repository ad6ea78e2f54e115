package server_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/livestream"
	"github.com/diemcau/diemcau/internal/server"
	"github.com/diemcau/diemcau/signaling/protocol"
)

func (s *shelf) VenueRecordings(*conference.Info) ([]livestream.VenueRecording, error) {
	return []livestream.VenueRecording{{Venue: "east", Bytes: 10, Live: true}}, nil
}

func (s *shelf) VenueFile(_ *conference.Info, venue conference.VenueID, name string) (*livestream.File, error) {
	if venue != "east" || name != "v0-7.m4s" {
		return nil, conference.Refuse(conference.KindNotFound, "live.none", "")
	}
	return &livestream.File{Type: "video/mp4", ETag: `"a"`, Path: filepath.Join(s.dir, name), Immutable: true}, nil
}

func (s *shelf) VenueMovie(*conference.Info, conference.VenueID) (*livestream.Movie, error) {
	return nil, conference.Refuse(conference.KindNotFound, "live.none", "")
}

// What was kept of the programme and of a venue is listed after the close, and the venue's is a
// film that bears its name; a venue of which nothing was kept has none.
func TestP6_AVenuesRecordingIsDownloaded(t *testing.T) {
	t.Parallel()
	h, dir := newTheatre(t)
	if err := os.MkdirAll(filepath.Join(dir, livestream.VenuesFolder, "ba-vi"), 0o750); err != nil {
		t.Fatal(err)
	}
	until := time.Now()
	tape(t, filepath.Join(dir, livestream.VenuesFolder, "ba-vi"), until.Add(-9*time.Second), until)
	tape(t, dir, until.Add(-20*time.Second), until)
	get := func(path string) answer {
		return h.do(request{method: "GET", path: api + "/recordings" + path, origin: "-", bearer: h.token(conference.RoleAdmin)})
	}
	var list struct {
		Programme *struct {
			Bytes    int64
			Live     bool
			MP4, URL string
		}
		Venues []struct {
			Venue string
			Bytes int64
			MP4   string
		}
	}
	read := func() {
		list.Programme, list.Venues = nil, nil
		if err := json.Unmarshal([]byte(get("").body), &list); err != nil {
			t.Fatal(err)
		}
	}
	if read(); list.Programme != nil || len(list.Venues) != 1 {
		t.Errorf("while it is open, on another node: got %+v", list)
	}
	h.must(conference.RoleAdmin, conference.Close{})
	h.until("a recording", func(r *protocol.Replay) bool { return r.Recording.State == protocol.RecordingKept })
	if read(); list.Programme == nil || list.Programme.Live || list.Programme.Bytes == 0 || list.Programme.URL != "/live/"+place+"/index.m3u8" ||
		len(list.Venues) != 1 || list.Venues[0].Bytes == 0 || list.Venues[0].Bytes >= list.Programme.Bytes {
		t.Fatalf("got %+v", list)
	}
	h.film(list.Programme.MP4, "", 19)
	h.film(list.Venues[0].MP4, h.token(conference.RoleAdmin), 8)
	film := get("/ba-vi/recording.mp4?save=1")
	if name := film.header.Get("Content-Disposition"); !strings.Contains(name, url.PathEscape("Ba Vì")) || !strings.Contains(film.header.Get("Cache-Control"), "no-store") {
		t.Errorf("got %q, %v", name, film.header)
	}
	h.wantProblem(get("/phu-loc/recording.mp4"), http.StatusNotFound, "live.none")
}

// What is kept of a venue by itself is for the stage and the administrator, and for no cache.
func TestP6_VenueRecordingsAreForStaff(t *testing.T) {
	t.Parallel()
	kept := &shelf{dir: t.TempDir()}
	if err := os.WriteFile(filepath.Join(kept.dir, "v0-7.m4s"), []byte("0123456789"), 0o600); err != nil {
		t.Fatal(err)
	}
	h := newHouse(t, func(cfg *server.Config) { cfg.VenueRecordings = kept })
	get := func(path string, role conference.Role) answer {
		r := request{method: "GET", path: "/api/v1/conferences/" + place + "/recordings" + path, origin: "-"}
		if role != "" {
			r.bearer = h.token(role)
		}
		return h.do(r)
	}
	for _, role := range []conference.Role{conference.RoleStage, conference.RoleAdmin} {
		list := get("", role)
		if want := `{"venues":[{"venue":"east","bytes":10,"live":true,"url":"/api/v1/conferences/` + place + `/recordings/east/index.m3u8","mp4":"/api/v1/conferences/` + place + `/recordings/east/recording.mp4"}]}`; list.status != http.StatusOK || strings.TrimSpace(list.body) != want {
			t.Errorf("%s: got %d %s, want %s", role, list.status, list.body, want)
		}
		file := get("/east/v0-7.m4s", role)
		if file.status != http.StatusOK || file.body != "0123456789" || !strings.Contains(file.header.Get("Cache-Control"), "no-store") {
			t.Errorf("%s: got %d %q %v", role, file.status, file.body, file.header)
		}
		h.wantProblem(get("/west/v0-7.m4s", role), http.StatusNotFound, "live.none")
	}
	for _, role := range []conference.Role{conference.RoleVenue, conference.RoleModerator, conference.RoleScreen, conference.RoleRegistrar} {
		h.wantProblem(get("", role), http.StatusForbidden, "access.denied")
		h.wantProblem(get("/east/v0-7.m4s", role), http.StatusForbidden, "access.denied")
		h.wantProblem(get("/east/recording.mp4", role), http.StatusForbidden, "access.denied")
	}
	h.wantProblem(get("/east/v0-7.m4s", ""), http.StatusUnauthorized, "session.unknown")
}
