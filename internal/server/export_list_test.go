package server_test

import (
	"encoding/csv"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/diemcau/diemcau/internal/access"
	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/internal/registration"
)

// registers has somebody registered; question "" brings none along.
func (h *house) registers(name, phone string, venue conference.VenueID, question string) live.Outcome {
	h.Helper()
	return h.must(conference.RoleCitizen, live.RegisterPerson{
		IdempotencyKey: access.NewID(), Venue: venue, Topic: "do-dac", Question: question,
		Person:   registration.Person{Name: name, Phone: phone, Commune: "Tản Lĩnh", IDNumber: "001099012345"},
		Consents: []registration.Consent{{Purpose: registration.PurposePrivacy, Version: "v1"}},
	})
}

// peopleOf makes one seat at Ba Vì; one registers for it, one waits, one takes part online.
func (h *house) peopleOf() []*live.Registered {
	h.Helper()
	h.must(conference.RoleAdmin, registration.Set{
		Registration: &conference.Registration{
			OpensAt: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), ClosesAt: time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC),
			DoorsAt: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC), AskIDNumber: true, Privacy: conference.Notice{Version: "v1", Text: "Thông tin…"},
		},
		Seats: []conference.SeatCount{{Venue: "ba-vi", Seats: 1}},
	})
	made := []*live.Registered{
		h.registers("Nguyễn Thị Hoa", "0912000001", "ba-vi", "").Registered,
		h.registers("=cmd()", "0912000002", "ba-vi", "").Registered,
		h.registers("Trần Văn Nam", "0912000003", "", "").Registered,
	}
	h.must(conference.RoleRegistrar, registration.CheckIn{ID: made[0].ID, Venue: "ba-vi"})
	return made
}

func TestExport_listsOfPeople(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	people := h.peopleOf()
	admin := h.token(conference.RoleAdmin)
	export := func(body string) answer {
		return h.do(request{method: "POST", path: api + "/exports", bearer: admin, body: body})
	}
	names := func(body string) []string {
		t.Helper()
		got := export(body)
		rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(got.body, "\ufeff"))).ReadAll()
		if got.status != http.StatusOK || err != nil {
			t.Fatalf("%s: got %d %s (%v)", body, got.status, got.body, err)
		}
		if strings.Contains(got.body, "001099012345") {
			t.Errorf("%s tells the number of an identity paper", body)
		}
		var names []string
		for _, row := range rows[1:] {
			if len(row) != len(rows[0]) {
				t.Errorf("%s: %d cells under %d headings", body, len(row), len(rows[0]))
			}
			names = append(names, row[1])
		}
		return names
	}
	for body, want := range map[string][]string{
		`{"list":"invitations","format":"csv"}`:                     {"Nguyễn Thị Hoa"},
		`{"list":"attendance","format":"csv","venue":"ba-vi"}`:      {"Nguyễn Thị Hoa"},
		`{"list":"attendance","format":"csv","venue":"son-tay"}`:    nil,
		`{"list":"registrations","format":"csv"}`:                   {"Nguyễn Thị Hoa", "'=cmd()", "Trần Văn Nam"},
		`{"list":"registrations","format":"csv","venue":"me-linh"}`: nil,
	} {
		if diff := cmp.Diff(want, names(body)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", body, diff)
		}
	}
	if got := export(`{"list":"invitations","format":"csv"}`); !strings.Contains(got.body, people[0].Ticket) || !strings.Contains(got.body, "+84912000001") {
		t.Errorf("an invitation without ticket or telephone: %s", got.body)
	}
	if book := export(`{"list":"registrations","format":"xlsx"}`); !strings.HasPrefix(book.body, "PK") ||
		!strings.Contains(book.header.Get("Content-Disposition"), "registrations-"+place+".xlsx") || book.header.Get("Cache-Control") != "no-store" {
		t.Errorf("the workbook: got %d %v", book.status, book.header)
	}
	for _, bad := range []string{`{"list":"all","format":"csv"}`, `{"list":"attendance","format":"doc"}`, `{"list":"attendance","format":"csv","venue":"atlantis"}`} {
		h.wantProblem(export(bad), http.StatusBadRequest, "export.bad")
	}
	// Each that was given is in the record, and none that was not.
	whole := h.do(request{method: "GET", path: api + "/record?full=1", bearer: admin}).body
	if got := strings.Count(whole, `registration.told`); got != 7 {
		t.Errorf("the record tells of %d exports, want 7", got)
	}
	for _, role := range []conference.Role{conference.RoleRegistrar, conference.RoleModerator, conference.RoleStage} {
		got := h.do(request{method: "POST", path: api + "/exports", bearer: h.token(role), body: `{"list":"registrations","format":"csv"}`})
		h.wantProblem(got, http.StatusForbidden, "access.denied")
	}
	if strings.Contains(h.logs.String(), "Nguyễn Thị Hoa") || strings.Contains(h.logs.String(), "912000001") {
		t.Error("a log line tells of a person")
	}
}
