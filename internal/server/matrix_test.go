package server_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/diemcau/diemcau/internal/access"
	"github.com/diemcau/diemcau/internal/conference"
)

// TestRoles_wholeRouterDeniesByDefault asks for every route of the router as everybody,
// and fails on any success that is not written down here. A new route fails until it is.
func TestRoles_wholeRouterDeniesByDefault(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	const everybody = "nobody citizen-page venue moderator stage screen registrar official admin other-admin"
	// Who gets a 2xx; the rest must get 401 or 403 (or 404/415/400 where nothing is asked of anybody).
	permitted := map[string]string{
		"GET /api/v1/conferences":                                      everybody,
		"GET /api/v1/holidays":                                         everybody,
		"GET /api/v1/record/key":                                       everybody,
		"GET /api/v1/conferences/:conference/record":                   everybody, // digests alone; record_test.go
		"GET /api/v1/conferences/:conference/replay":                   everybody, // public questions alone; replay_test.go
		"HEAD /api/v1/conferences/:conference/replay":                  everybody,
		"GET /api/v1/origins":                                          everybody,
		"GET /api/v1/session":                                          everybody,
		"DELETE /api/v1/session":                                       everybody,
		"POST /api/v1/session":                                         "", // an empty token
		"POST /api/v1/conferences":                                     "", // an empty conference: 400 for admins
		"GET /api/v1/conferences/templates":                            "admin other-admin",
		"POST /api/v1/conferences/copy":                                "", // of nothing
		"GET /api/v1/conferences/:conference/setup":                    "admin",
		"PUT /api/v1/conferences/:conference/setup":                    "", // a command without an id
		"POST /api/v1/conferences/:conference/setup/venues":            "", // no table
		"GET /api/v1/conferences/:conference/setup/venues.xlsx":        "admin",
		"POST /api/v1/conferences/:conference/exports":                 "", // of nothing
		"POST /api/v1/conferences/:conference/goLive":                  "", // no test
		"POST /api/v1/questions/lookup":                                "", // an empty code
		"POST /api/v1/conferences/:conference/questions":               "", // an empty question
		"POST /api/v1/conferences/:conference/questions/import":        "", // an empty table: 400 for moderators and admins
		"GET /api/v1/conferences/:conference/questions/template.xlsx":  "moderator admin",
		"GET /api/v1/conferences/:conference/socket":                   "", // no upgrade; the hub's own tests
		"GET /api/v1/conferences/:conference/sessions":                 "admin",
		"POST /api/v1/conferences/:conference/links":                   "admin",
		"POST /api/v1/conferences/:conference/revoke":                  "",
		"POST /api/v1/conferences/:conference/open":                    "", // open already: 409 for the administrator
		"POST /api/v1/conferences/:conference/close":                   "admin",
		"GET /api/v1/conferences/:conference/recordings":               "stage admin",
		"HEAD /api/v1/conferences/:conference/recordings":              "stage admin",
		"GET /api/v1/conferences/:conference/recordings/:venue/:file":  "", // nothing is kept: 404 for the stage and the administrator
		"HEAD /api/v1/conferences/:conference/recordings/:venue/:file": "",
		"GET /api/v1/conferences/:conference/lines.csv":                "stage admin",
		"GET /api/v1/conferences/:conference/lines/:venue":             "stage admin",
		"POST /api/v1/conferences/:conference/stills/:venue":           "venue",
		"GET /api/v1/conferences/:conference/stills/:venue":            "stage admin",
		"GET /api/v1/conferences/:conference/registration":             everybody,
		"POST /api/v1/conferences/:conference/registration":            "", // an empty body: 400 for the administrator
		"POST /api/v1/conferences/:conference/registrations":           "", // an empty slip
		"POST /api/v1/conferences/:conference/registrations/code":      "", // no number
		"POST /api/v1/registrations/lookup":                            "", // empty codes, here and below
		"POST /api/v1/registrations/calendar":                          "",
		"POST /api/v1/registrations/pdf":                               "",
		"POST /api/v1/registrations/cancel":                            "",
		"POST /api/v1/registrations/accept":                            "",
		"POST /api/v1/registrations/move":                              "",
		"POST /api/v1/registrations/mine":                              "",
		"POST /api/v1/registrations/ticket":                            "", // a form, and an empty code
		"POST /api/v1/registrations/correct":                           "",
		"POST /api/v1/registrations/erase":                             "",
		"GET /api/v1/conferences/:conference/registrations":            "registrar admin",
		"GET /api/v1/conferences/:conference/registrations/counts":     "registrar admin",
		"POST /api/v1/conferences/:conference/registrations/desk":      "",
		"POST /api/v1/conferences/:conference/registrations/checkin":   "",
		"POST /api/v1/conferences/:conference/registrations/merge":     "",
		"POST /api/v1/conferences/:conference/registrations/undo":      "",
		"POST /api/v1/conferences/:conference/registrations/give":      "",
		"POST /api/v1/conferences/:conference/registrations/cancel":    "",
		"POST /api/v1/conferences/:conference/registrations/accept":    "",
		"POST /api/v1/conferences/:conference/registrations/move":      "",
		"POST /api/v1/conferences/:conference/registrations/correct":   "",
		"POST /api/v1/conferences/:conference/registrations/erase":     "",
		"POST /api/v1/conferences/:conference/registrations/mail":      "",
		"GET /api/v1/conferences/:conference/mail":                     "admin",
		"POST /api/v1/conferences/:conference/mail/again":              "", // a command without an id
		"POST /api/v1/conferences/:conference/devices":                 "", // no venue: 400 for the desk
		"GET /api/v1/conferences/:conference/devices/:device":          "", // an unknown device
		"GET /api/v1/conferences/:conference/devices":                  "registrar admin",
		"GET /api/v1/conferences/:conference/devices/:device/list":     "", // an unknown device
		"DELETE /api/v1/conferences/:conference/devices/:device":       "registrar admin",
		"POST /api/v1/conferences/:conference/whip/:venue":             "venue",
		"POST /api/v1/conferences/:conference/whep":                    everybody,
		"POST /api/v1/conferences/:conference/whep/:venue":             "venue stage",
		"PATCH /api/v1/conferences/:conference/whip/:venue/:session":   "",
		"PATCH /api/v1/conferences/:conference/whep/:venue/:session":   "",
		"DELETE /api/v1/conferences/:conference/whip/:venue/:session":  "",
		"DELETE /api/v1/conferences/:conference/whep/:venue/:session":  "",
	}
	bearers := map[string]string{"nobody": "", "citizen-page": ""}
	for _, role := range access.Staff() {
		bearers[string(role)] = h.token(role)
	}
	bearers["other-admin"] = h.token(conference.RoleAdmin, func(g *access.Grant) { g.Conference = other })

	for _, route := range h.server.RouteTable() {
		method, path, _ := strings.Cut(route, " ")
		if !strings.HasPrefix(path, "/api/") {
			if method != http.MethodGet && method != http.MethodHead && method != http.MethodOptions {
				t.Errorf("%s: a page that takes more than reading", route)
			}
			continue
		}
		if method == http.MethodOptions {
			continue // a preflight tells nothing
		}
		who, known := permitted[route]
		if !known {
			t.Errorf("%s is not in the matrix: write down who may", route)
			continue
		}
		for _, name := range slices.Sorted(keys(bearers)) {
			if got := h.do(h.matrixRequest(method, path, bearers[name])); got.status < 300 != contains(who, name) {
				t.Errorf("%s as %s: got %d %.200s, permitted: %q", route, name, got.status, got.body, who)
			}
		}
	}
	for route := range permitted {
		if !slices.Contains(h.server.RouteTable(), route) {
			t.Errorf("%s is in the matrix but not in the router", route)
		}
	}
}

// matrixRequest fills a route in.
func (h *house) matrixRequest(method, path, bearer string) request {
	path = strings.NewReplacer(":conference", place, ":venue", "ba-vi", ":session", "unknown").Replace(path)
	r := request{method: method, path: path, bearer: bearer}
	switch {
	case method == http.MethodPatch:
		r.body, r.contentType = "a=candidate", typeFrag
	case strings.Contains(path, "/whip") || strings.Contains(path, "/whep"):
		r.body, r.contentType = offer, typeSDP
	case method == http.MethodPost && strings.Contains(path, "/stills/"):
		r.body, r.contentType = string(stillOf(h.T, 16, 9)), "image/jpeg"
	case strings.HasSuffix(path, "/links"):
		r.body = `{"role":"screen"}`
	case method == http.MethodPost || method == http.MethodPut:
		r.body = "{}"
	}
	return r
}

func keys(m map[string]string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func contains(list, name string) bool { return slices.Contains(strings.Fields(list), name) }
