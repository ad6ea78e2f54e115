package server_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/diemcau/diemcau/internal/access"
	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/internal/record"
	"github.com/diemcau/diemcau/moderation"
)

// TestRecord_copies: the record of a public conference is everybody's and checks out with
// the key that is published; it tells no names, no sessions, no words. The full one, and
// that of a conference that is not public, is the administrator's.
func TestRecord_copies(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	running, err := h.live.Conference(place)
	if err != nil {
		t.Fatal(err)
	}
	moderator := conference.Actor{Role: conference.RoleModerator, Session: "phien-bi-mat", Person: "Trần Thị Lan"}
	submit := live.SubmitQuestion{
		IdempotencyKey: access.NewID(), Body: "Đất nhà tôi ở đâu?", Topic: "bien-dong", Channel: moderation.ChannelWeb, Name: "Nguyễn Văn Bí Mật",
	}
	asked, err := running.Do(t.Context(), conference.Command{ID: access.NewID(), Actor: conference.Actor{Role: conference.RoleCitizen}, Body: submit})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := running.Do(t.Context(), conference.Command{ID: access.NewID(), Actor: moderator, Body: moderation.ClaimCard{ID: asked.Question}}); err != nil {
		t.Fatal(err)
	}
	got := h.do(request{method: http.MethodGet, path: "/api/v1/record/key"})
	var told struct{ Algorithm, Key, PEM string }
	if err := json.Unmarshal([]byte(got.body), &told); err != nil || told.Algorithm != "Ed25519" || !strings.Contains(told.PEM, "PUBLIC KEY") {
		t.Fatalf("key: %s, %v", got.body, err)
	}
	key, err := record.ParseKey(told.Key)
	if err != nil {
		t.Fatal(err)
	}
	admin, stage := h.token(conference.RoleAdmin), h.token(conference.RoleStage)
	for _, test := range []struct {
		path, bearer string
		status       int
		named        bool
	}{
		{api + "/record", "", http.StatusOK, false},
		{api + "/record?full=1", admin, http.StatusOK, true},
		{api + "/record?full=1", "", http.StatusUnauthorized, false},
		{api + "/record?full=1", stage, http.StatusForbidden, false},
		{"/api/v1/conferences/" + other + "/record", "", http.StatusUnauthorized, false},
		{"/api/v1/conferences/unknown/record", "", http.StatusNotFound, false},
	} {
		got := h.do(request{method: http.MethodGet, path: test.path, bearer: test.bearer})
		if got.status != test.status {
			t.Errorf("%s: got %d %s, want %d", test.path, got.status, got.body, test.status)
		}
		if strings.Contains(got.body, moderator.Person) != test.named || strings.Contains(got.body, submit.Name) || strings.Contains(got.body, submit.Body) {
			t.Errorf("%s: names and words: %s", test.path, got.body)
		}
		if got.status != http.StatusOK {
			continue
		}
		if report, err := record.Verify(strings.NewReader(got.body), key, nil); err != nil || report.Events < 4 || report.Conference != place {
			t.Errorf("%s: got %+v, %v", test.path, report, err)
		}
	}
}
