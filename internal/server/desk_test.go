package server_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/diemcau/diemcau/internal/access"
	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/limits"
	"github.com/diemcau/diemcau/internal/server"
)

// TestDeskKeepsToItsVenue: a registrar bound to a venue sees its numbers alone, moves nobody
// between others, and has nobody overtake another venue's line.
func TestDeskKeepsToItsVenue(t *testing.T) {
	t.Parallel()
	h := registering(t, nil)
	desk := h.token(conference.RoleRegistrar, func(g *access.Grant) { g.Venue = "ba-vi" })
	ask := func(path, body string) answer {
		return h.do(request{method: "POST", path: api + "/registrations/" + path, body: body, bearer: desk})
	}
	type row struct{ Venue string }
	counts := h.want(h.do(request{method: "GET", path: api + "/registrations/counts", bearer: desk}), http.StatusOK)
	if rows := decode[[]row](h, counts); len(rows) != 1 || rows[0].Venue != "ba-vi" {
		t.Errorf("numbers: %s", counts.body)
	}
	there := h.register(1, "venue", "ba-dinh")
	if got := ask("move", `{"code":"`+there.Code+`","venue":"cau-giay"}`); got.status != http.StatusForbidden || got.problem.Code != "access.denied" {
		t.Errorf("moved between other venues: %d %s", got.status, got.body)
	}
	for name, body := range map[string]string{
		"online": slipOf(2, "venue", "", "online", "true"), "online and a venue": slipOf(2, "online", "true"),
	} {
		if got := ask("desk", body); got.status != http.StatusForbidden && got.problem.Code != "registration.no_venue" {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	admin := h.token(conference.RoleAdmin)
	both := h.do(request{method: "POST", path: api + "/registrations/desk", body: slipOf(2, "online", "true"), bearer: admin})
	if both.problem.Code != "registration.no_venue" {
		t.Errorf("online and a venue: %d %s", both.status, both.body)
	}

	h.register(3, "venue", "ba-dinh")
	if got := h.register(4, "venue", "ba-dinh"); got.State != "waiting" {
		t.Fatalf("the third of two: %+v", got)
	}
	set := `{"seats":[{"venue":"ba-dinh","seats":3}]}`
	mine := h.register(5)
	if got := ask("move", `{"code":"`+mine.Code+`","venue":"ba-dinh"}`); got.problem.Code != "registration.venue_full" {
		t.Errorf("moved to where somebody waits: %d %s", got.status, got.body)
	}
	h.want(h.do(request{method: "POST", path: api + "/registration", body: set, bearer: admin}), http.StatusOK)
	if got := ask("move", `{"code":"`+mine.Code+`","venue":"ba-dinh"}`); got.problem.Code != "registration.venue_full" {
		t.Errorf("overtook the line of another venue: %d %s", got.status, got.body)
	}
	h.want(ask("move", `{"code":"`+there.Code+`","venue":"ba-vi","wait":true}`), http.StatusOK) // who stands here, registered there
}

// TestDeskAsksNoIdentityNumber: where no number of an identity paper is asked for, none is
// kept, from nobody.
func TestDeskAsksNoIdentityNumber(t *testing.T) {
	t.Parallel()
	h := registering(t, nil)
	desk := h.token(conference.RoleRegistrar, func(g *access.Grant) { g.Venue = "ba-vi" })
	made := h.register(1)
	const number = `"idNumber":"001099012345"`
	for name, got := range map[string]answer{
		"a citizen":  h.do(request{method: "POST", path: api + "/registrations", body: slipOf(2, "idNumber", "001099012345")}),
		"the desk":   h.do(request{method: "POST", path: api + "/registrations/desk", body: slipOf(3, "idNumber", "001099012345"), bearer: desk}),
		"the holder": h.errand("correct", made.Code, 1, `,"person":{`+number+`}`),
		"a correction at the desk": h.do(request{
			method: "POST", path: api + "/registrations/correct", body: `{"code":"` + made.Code + `","person":{` + number + `}}`, bearer: desk,
		}),
	} {
		if got.status != http.StatusBadRequest || got.problem.Code != "registration.bad_id_number" {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
}

// TestDeviceIsItsDoors: what a device saw is taken as its own door's alone, with the name of
// each look, and a clock that had stopped does not make it the earliest.
func TestDeviceIsItsDoors(t *testing.T) {
	t.Parallel()
	h := registering(t, nil)
	made := h.register(1)
	baVi := h.token(conference.RoleRegistrar, func(g *access.Grant) { g.Venue = "ba-vi" })
	baDinh := h.token(conference.RoleRegistrar, func(g *access.Grant) { g.Venue = "ba-dinh" })
	add := func(bearer string) string {
		return decode[deviceSeen](h, h.want(h.do(request{method: "POST", path: api + "/devices", body: "{}", bearer: bearer}), http.StatusCreated)).Device
	}
	own, other := add(baVi), add(baDinh)
	ask := func(path, body string) answer {
		return h.do(request{method: "POST", path: api + "/registrations/" + path, body: body, bearer: baVi})
	}
	code := `"code":"` + made.Code + `"`
	for _, c := range []struct{ name, path, body, want string }{
		{"merged as another door's", "merge", `{"device":"` + other + `","scans":[{"scanID":"1",` + code + `,"at":"2022-10-28T01:00:00Z"}]}`, "access.denied"},
		{"looked as another door's", "checkin", `{"device":"` + other + `","scanID":"1",` + code + `}`, "access.denied"},
		{"an unnamed look", "checkin", `{"device":"` + own + `",` + code + `}`, "registration.bad_scan"},
		{"nobody's look", "checkin", `{"scanID":"1",` + code + `}`, "registration.bad_scan"},
		{"a long name", "checkin", `{"device":"` + strings.Repeat("d", 60_000) + `",` + code + `}`, "registration.bad_scan"},
		{"never added", "checkin", `{"device":"d","scanID":"1",` + code + `}`, "device.revoked"},
	} {
		if got := ask(c.path, c.body); got.problem.Code != c.want {
			t.Errorf("%s: got %d %s, want %s", c.name, got.status, got.body, c.want)
		}
	}
	h.want(ask("merge", `{"device":"`+own+`","scans":[{"scanID":"1",`+code+`,"at":"1970-01-01T00:00:09Z"}]}`), http.StatusOK)
	found := h.want(h.do(request{method: "POST", path: "/api/v1/registrations/lookup", body: "{" + code + "}"}), http.StatusOK)
	if strings.Contains(found.body, `"checkedInAt":"1970`) || !strings.Contains(found.body, `"checkedInAt":"2`) {
		t.Errorf("a stopped clock: %s", found.body)
	}
}

// TestR4_FormsAreNoWayAround: the page without script tells a guesser no more than the rest:
// neither by the question whether to erase nor by a cookie that was made up.
func TestR4_FormsAreNoWayAround(t *testing.T) {
	t.Parallel()
	for name, form := range map[string]url.Values{
		"erase": {"do": {"erase"}, "code": {"00000-00000-00000"}}, "cookie": {"do": {"mine"}, "code": {"00000-00000-00000"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := registering(t, nil, func(c *server.Config) { c.Limits = limits.New(limits.Config{Now: time.Now}) })
			made := h.register(1)
			post := func(cookie string) (int, string) {
				r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.http.URL+"/api/v1/registrations/ticket", strings.NewReader(form.Encode()))
				if err != nil {
					t.Fatal(err)
				}
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				r.Header.Set("Cookie", "ticket="+cookie)
				answered, err := h.http.Client().Do(r)
				if err != nil {
					t.Fatal(err)
				}
				defer answered.Body.Close()
				return answered.StatusCode, bodyOf(t, answered.Body)
			}
			status := 0
			for range 120 {
				status, _ = post("00000-00000-00000")
			}
			if status != http.StatusTooManyRequests {
				t.Errorf("the 120th guess: %d", status)
			}
			form.Set("code", made.Code)
			if _, page := post(made.Code); strings.Contains(page, made.Code) && strings.Contains(page, "Bạn đã có chỗ ngồi") {
				t.Error("a guesser is shown a ticket")
			}
		})
	}
}
