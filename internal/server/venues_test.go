package server_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/livestream"
	"github.com/diemcau/diemcau/internal/server"
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
		if want := `{"venues":[{"venue":"east","bytes":10,"live":true,"url":"/api/v1/conferences/` + place + `/recordings/east/index.m3u8"}]}`; list.status != http.StatusOK || strings.TrimSpace(list.body) != want {
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
	}
	h.wantProblem(get("/east/v0-7.m4s", ""), http.StatusUnauthorized, "session.unknown")
}
