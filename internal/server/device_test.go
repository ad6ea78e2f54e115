package server_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/diemcau/diemcau/internal/access"
	"github.com/diemcau/diemcau/internal/conference"
)

type deviceSeen struct {
	Device, Venue, Label, Person string
	CheckedIn                    int
}

// TestDevicesAreListed: staff see the devices of their doors, what each let in, and revoke one;
// it is refused at its next contact, online too.
func TestDevicesAreListed(t *testing.T) {
	t.Parallel()
	h := registering(t, nil)
	first := h.register(1)
	baVi := h.token(conference.RoleRegistrar, func(g *access.Grant) { g.Venue, g.Person = "ba-vi", "Lan" })
	baDinh := h.token(conference.RoleRegistrar, func(g *access.Grant) { g.Venue = "ba-dinh" })
	admin := h.token(conference.RoleAdmin)
	add := func(bearer, body string) string {
		return decode[deviceSeen](h, h.want(h.do(request{method: "POST", path: api + "/devices", body: body, bearer: bearer}), http.StatusCreated)).Device
	}
	one := add(baVi, `{"label":"  Bàn 1\u202e \t cửa trước `+strings.Repeat("x", 60)+`"}`)
	two := add(baDinh, `{}`)
	list := func(bearer string) []deviceSeen {
		return decode[[]deviceSeen](h, h.want(h.do(request{method: "GET", path: api + "/devices", bearer: bearer}), http.StatusOK))
	}
	checkIn := func(scan string) answer {
		body := `{"code":"` + first.Code + `","device":"` + one + `","scanID":"` + scan + `"}`
		return h.do(request{method: "POST", path: api + "/registrations/checkin", body: body, bearer: baVi})
	}
	if got := decode[struct{ Colour, Commune, PhoneEnds string }](h, h.want(checkIn("1"), http.StatusOK)); got.Colour != "green" || got.PhoneEnds != "601" || got.Commune == "" {
		t.Errorf("the door: %+v", got)
	}
	if got := list(admin); len(got) != 2 || got[0].Device != one || got[0].CheckedIn != 1 || got[1].Venue != "ba-dinh" {
		t.Errorf("the administrator's list: %+v", got)
	}
	if got := list(baVi); len(got) != 1 || got[0].Person != "Lan" || !strings.HasPrefix(got[0].Label, "Bàn 1 cửa trước xx") || len([]rune(got[0].Label)) != 40 {
		t.Errorf("the list of Ba Vì: %+v", got)
	}
	state := func(device, bearer string) answer {
		return h.do(request{method: "GET", path: api + "/devices/" + device, bearer: bearer})
	}
	if got := decode[deviceSeen](h, h.want(state(one, baVi), http.StatusOK)); got.CheckedIn != 1 {
		t.Errorf("the device's own state: %+v", got)
	}
	if got := state(two, baVi); got.status != http.StatusForbidden || got.problem.Code != "access.denied" {
		t.Errorf("another door's device: %d %s", got.status, got.body)
	}
	if got := h.do(request{method: "DELETE", path: api + "/devices/" + two, bearer: baVi}); got.status != http.StatusForbidden {
		t.Errorf("another door's device is revoked: %d", got.status)
	}
	for range 2 {
		h.want(h.do(request{method: "DELETE", path: api + "/devices/" + one, bearer: admin}), http.StatusNoContent)
	}
	if got := list(admin); len(got) != 1 || got[0].Device != two {
		t.Errorf("after the revocation: %+v", got)
	}
	for name, got := range map[string]answer{"state": state(one, baVi), "check-in": checkIn("2")} {
		if got.status != http.StatusForbidden || got.problem.Code != "device.revoked" || !strings.Contains(got.body, "Máy này") {
			t.Errorf("%s of a revoked device: %d %s", name, got.status, got.body)
		}
	}
}
