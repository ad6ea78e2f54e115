package server_test

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/diemcau/diemcau/internal/access"
	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/limits"
	"github.com/diemcau/diemcau/internal/registration"
	"github.com/diemcau/diemcau/internal/server"
)

const aSecret = "0123456789abcdef"

// registering opens the registration: two seats in Ba Vì, one of them reserved, and two in
// Ba Đình.
func registering(t *testing.T, change func(*conference.Registration), options ...option) *house {
	t.Helper()
	h := newHouse(t, options...)
	r := conference.Registration{
		OpensAt: time.Now().Add(-time.Hour), ClosesAt: time.Now().Add(time.Hour), DoorsAt: time.Now().Add(2 * time.Hour),
		Privacy: conference.Notice{Version: "v1", Text: "Chúng tôi giữ…"},
	}
	if change != nil {
		change(&r)
	}
	set, err := json.Marshal(map[string]any{
		"registration": r,
		"seats":        []conference.SeatCount{{Venue: "ba-vi", Seats: 2, Reserved: 1}, {Venue: "ba-dinh", Seats: 2}, {Venue: "cau-giay"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	h.want(h.do(request{method: "POST", path: api + "/registration", body: string(set), bearer: h.token(conference.RoleAdmin)}), http.StatusOK)
	return h
}

func (h *house) want(a answer, status int) answer {
	h.Helper()
	if a.status != status {
		h.Fatalf("got %d %s, want %d", a.status, a.body, status)
	}
	return a
}

func decode[T any](h *house, a answer) T {
	h.Helper()
	var value T
	if err := json.Unmarshal([]byte(a.body), &value); err != nil {
		h.Fatalf("%s: %v", a.body, err)
	}
	return value
}

// slipOf is somebody's registration for a seat in Ba Vì, n telling people apart.
func slipOf(n int, changes ...string) string {
	fields := map[string]any{
		"idempotencyKey": fmt.Sprintf("%s-%d", aSecret, n), "name": fmt.Sprintf("Nguyễn Thị Hoa %d", n), "phone": fmt.Sprintf("09123456%02d", n),
		"commune": "Xã Cổ Đô", "email": "hoa@example.vn", "venue": "ba-vi", "consents": map[string]string{"privacy": "v1"},
	}
	for i := 0; i < len(changes); i += 2 {
		var value any
		if structured := strings.HasPrefix(changes[i+1], "{") || changes[i+1] == "true"; !structured || json.Unmarshal([]byte(changes[i+1]), &value) != nil {
			value = changes[i+1]
		}
		fields[changes[i]] = value
	}
	body, err := json.Marshal(fields)
	if err != nil {
		panic(err)
	}
	return string(body)
}

type receipt struct {
	Code, State, Question string
	Place                 int
}

func (h *house) register(n int, changes ...string) receipt {
	h.Helper()
	return decode[receipt](h, h.want(h.do(request{method: "POST", path: api + "/registrations", body: slipOf(n, changes...)}), http.StatusCreated))
}

type held struct {
	Code, State, Venue, Question, Registration string
	Place                                      int
	Person                                     *struct{ Name, Phone, Email string }
	Flagged                                    []struct{ ScanID, Result string }
}

func (h *house) errand(path, code string, n int, more string) answer {
	h.Helper()
	body := fmt.Sprintf(`{"code":%q,"phone":"+84 9123456%02d"%s}`, code, n, more)
	return h.do(request{method: "POST", path: "/api/v1/registrations/" + path, body: body})
}

func TestRegister(t *testing.T) {
	t.Parallel()
	h := registering(t, nil)
	first := h.register(1, "question", "Bao giờ cấp sổ?", "topic", "cap-giay-lan-dau")
	if again := h.register(1, "question", "Bao giờ cấp sổ?", "topic", "cap-giay-lan-dau"); again != first || first.State != "confirmed" || first.Question == "" {
		t.Errorf("got %+v, then %+v", first, again)
	}
	if got := h.do(request{method: "POST", path: api + "/registrations", body: slipOf(1)}); got.problem.Code != "idempotency_mismatch" {
		t.Errorf("the same key for another slip: %d %s", got.status, got.body)
	}
	if second := h.register(2); second.State != "waiting" || second.Place != 1 {
		t.Errorf("the second: %+v", second)
	}
	info := decode[struct {
		Open   bool
		Venues []struct {
			ID                   string
			Seats, Free, Waiting int
		}
	}](h, h.want(h.do(request{method: "GET", path: api + "/registration"}), http.StatusOK))
	for _, v := range info.Venues {
		if v.ID == "cau-giay" || v.ID == "ba-vi" && (v.Seats != 1 || v.Free != 0 || v.Waiting != 1) || !info.Open {
			t.Errorf("info: %+v", info)
		}
	}
	for name, changes := range map[string][]string{
		"registration.bad_phone":        {"phone", "gọi bà Hoa"},
		"registration.no_venue":         {"venue", ""},
		"registration.unknown_venue":    {"venue", "nowhere"},
		"registration.no_seats":         {"venue", "cau-giay"},
		"registration.no_consent":       {"consents", "{}"},
		"registration.consent_outdated": {"consents", `{"privacy":"v0"}`},
		"registration.bad_id_number":    {"idNumber", "001202012345"},
		"registration.bad_email":        {"email", "hoa"},
		"registration.bad_key":          {"idempotencyKey", "short"},
		"registration.phone_taken":      {"phone", "0912345601"},
	} {
		got := h.do(request{method: "POST", path: api + "/registrations", body: slipOf(9, changes...)})
		if got.problem.Code != name || got.status < 400 || got.problem.Title == "" {
			t.Errorf("%s: got %d %s", name, got.status, got.body)
		}
	}
	if online := h.register(3, "venue", "", "online", "true"); online.State != "confirmed" {
		t.Errorf("online: %+v", online)
	}
}

// TestRegisterByForm: a form without script ends at a ticket; what is wrong is told on the
// form, with what was filled in; the ticket's code is in no address.
func TestRegisterByForm(t *testing.T) {
	t.Parallel()
	h := registering(t, nil)
	page := h.want(h.do(request{method: "GET", path: "/c/" + place + "/register"}), http.StatusOK)
	if !strings.Contains(page.body, `value="ba-vi"`) || strings.Contains(page.body, " checked") || page.header.Get("Referrer-Policy") != "same-origin" {
		t.Errorf("form: %s", page.body)
	}
	form := url.Values{
		"idempotencyKey": {aSecret}, "name": {"Bà <Hoa>"}, "phone": {"0912345678"}, "venue": {"ba-vi"}, "topic": {"cap-giay-lan-dau"},
		"question": {"Bao giờ cấp sổ?"},
	}
	post := func(origin string) answer {
		client := *h.http.Client()
		client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.http.URL+api+"/registrations", strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", origin)
		response, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		return answer{status: response.StatusCode, header: response.Header, cookies: response.Cookies(), body: bodyOf(t, response.Body)}
	}
	wrong := h.want(post("null"), http.StatusBadRequest)
	for _, part := range []string{`role="alert"`, "Bà &lt;Hoa&gt;", "0912345678", `value="ba-vi" required checked`, "Bao giờ cấp sổ?", aSecret} {
		if !strings.Contains(wrong.body, part) {
			t.Errorf("the form again lacks %q", part)
		}
	}
	if foreign := post("https://elsewhere.example"); foreign.status != http.StatusForbidden {
		t.Errorf("another site's form: %d", foreign.status)
	}
	form.Set("consentPrivacy", "v1")
	done := h.want(post(h.http.URL), http.StatusSeeOther)
	if done.header.Get("Location") != "/ticket?lang=vi" || done.header.Get("Cache-Control") != "no-store" || len(done.cookies) != 1 || !done.cookies[0].HttpOnly {
		t.Fatalf("got %v %v", done.header, done.cookies)
	}
	ticket := h.want(h.do(request{method: "GET", path: "/ticket", cookies: done.cookies}), http.StatusOK)
	if !strings.Contains(ticket.body, done.cookies[0].Value) || !strings.Contains(ticket.body, "Bạn đã có chỗ ngồi") {
		t.Errorf("ticket: %s", ticket.body)
	}
	if again := post(h.http.URL); again.cookies[0].Value != done.cookies[0].Value {
		t.Errorf("sent twice: %v, then %v", done.cookies, again.cookies)
	}
	if nobody := h.do(request{method: "GET", path: "/ticket"}); strings.Contains(nobody.body, done.cookies[0].Value) {
		t.Error("a ticket is shown to anybody")
	}
}

// TestMyData: with ticket and telephone a person sees, corrects and erases what is held, and
// gives up or moves the seat; the ticket alone tells nothing about the person.
func TestMyData(t *testing.T) {
	t.Parallel()
	h := registering(t, nil)
	first, second := h.register(1), h.register(2)
	lookup := h.want(h.do(request{method: "POST", path: "/api/v1/registrations/lookup", body: `{"code":"` + strings.ToLower(second.Code) + `"}`}), http.StatusOK)
	if strings.Contains(lookup.body, "Hoa") || strings.Contains(lookup.body, "9123456") || decode[held](h, lookup).Place != 1 {
		t.Errorf("lookup: %s", lookup.body)
	}
	if got := h.errand("mine", first.Code, 2, ""); got.problem.Code != "registration.unknown_code" {
		t.Errorf("with another's number: %d %s", got.status, got.body)
	}
	if mine := decode[held](h, h.want(h.errand("mine", first.Code, 1, ""), http.StatusOK)); mine.Person.Phone != "+84912345601" {
		t.Errorf("mine: %+v", mine)
	}
	mine := decode[held](h, h.want(h.errand("correct", first.Code, 1, `,"person":{"name":"Trần Thị Hoà","email":""}`), http.StatusOK))
	if mine.Person.Name != "Trần Thị Hoà" || mine.Person.Email != "" || mine.Person.Phone == "" {
		t.Errorf("corrected: %+v", mine.Person)
	}
	if full := h.errand("move", second.Code, 2, `,"venue":"cau-giay"`); full.problem.Code != "registration.no_seats" {
		t.Errorf("moved to a venue without seats: %s", full.body)
	}
	moved := decode[held](h, h.want(h.errand("move", second.Code, 2, `,"venue":"ba-dinh"`), http.StatusOK))
	if moved.Code != second.Code || moved.State != "confirmed" || moved.Venue != "ba-dinh" {
		t.Errorf("moved: %+v", moved)
	}
	third := h.register(3)
	h.want(h.errand("erase", first.Code, 1, ""), http.StatusOK)
	if got := h.errand("mine", first.Code, 1, ""); strings.Contains(got.body, "Hoà") || strings.Contains(got.body, "9123456") {
		t.Errorf("after erasing: %s", got.body)
	}
	if got := decode[held](h, h.want(h.errand("accept", third.Code, 3, ""), http.StatusOK)); got.State != "confirmed" {
		t.Errorf("the next accepted: %+v", got)
	}
	if got := decode[held](h, h.want(h.errand("cancel", third.Code, 3, ""), http.StatusOK)); got.State != "cancelled" {
		t.Errorf("cancelled: %+v", got)
	}
}

type doorSaid struct{ Colour, Result, Name, Registration string }

// TestDoor: green, yellow, red, undone, walk-ins; a desk bound to a venue stays at its door;
// whoever reads names is written down.
func TestDoor(t *testing.T) {
	t.Parallel()
	h := registering(t, nil)
	first, second := h.register(1), h.register(2)
	elsewhere := h.register(3, "venue", "ba-dinh")
	desk := h.token(conference.RoleRegistrar, func(g *access.Grant) { g.Venue = "ba-vi" })
	ask := func(path, body string) answer {
		return h.do(request{method: "POST", path: api + "/registrations/" + path, body: body, bearer: desk})
	}
	scan := func(code string) doorSaid {
		return decode[doorSaid](h, h.want(ask("checkin", `{"code":"`+code+`"}`), http.StatusOK))
	}
	if got := scan(first.Code); got.Colour != "green" || got.Result != "in" || got.Name != "Nguyễn Thị Hoa 1" {
		t.Errorf("first: %+v", got)
	}
	for code, want := range map[string]doorSaid{
		first.Code: {Colour: "yellow", Result: "again"}, second.Code: {Colour: "yellow", Result: "waiting"},
		elsewhere.Code: {Colour: "yellow", Result: "otherVenue"}, "00000-00000-00000": {Colour: "red", Result: "unknown"},
		"nonsense": {Colour: "red", Result: "unknown"},
	} {
		if got := scan(code); got.Colour != want.Colour || got.Result != want.Result {
			t.Errorf("%s: got %+v, want %+v", code, got, want)
		}
	}
	h.want(ask("undo", `{"code":"`+first.Code+`"}`), http.StatusOK)
	if got := scan(first.Code); got.Colour != "green" {
		t.Errorf("after the undo: %+v", got)
	}
	if got := decode[held](h, h.want(ask("give", `{"code":"`+second.Code+`","reserved":true}`), http.StatusOK)); got.State != "confirmed" {
		t.Errorf("given a reserved seat: %+v", got)
	}
	if got := ask("desk", slipOf(5, "phone", "", "walkIn", "true")); got.problem.Code != "registration.venue_full" {
		t.Errorf("a walk-in without a seat: %d %s", got.status, got.body)
	}
	for path, body := range map[string]string{
		"checkin": `{"code":"` + elsewhere.Code + `","venue":"ba-dinh"}`, "undo": `{"code":"` + elsewhere.Code + `"}`,
		"desk": slipOf(6, "venue", "ba-dinh"), "merge": `{"device":"d","venue":"ba-dinh","scans":[]}`,
	} {
		if got := ask(path, body); got.status != http.StatusForbidden {
			t.Errorf("%s at another door: %d %s", path, got.status, got.body)
		}
	}
	list := h.want(h.do(request{method: "GET", path: api + "/registrations", bearer: desk}), http.StatusOK)
	if rows := decode[[]held](h, list); len(rows) != 2 || rows[0].Person.Phone != "+84912345601" {
		t.Errorf("list: %s", list.body)
	}
	if told := h.told(); len(told) != 1 || told[0].What != "list" || told[0].Count != 2 || told[0].Venue != "ba-vi" {
		t.Errorf("told: %+v", told)
	}
	if !strings.Contains(h.logs.String(), "names of registered people were given") || strings.Contains(h.logs.String(), "Hoa") {
		t.Error("the log line about it is missing, or tells a name")
	}
	other := h.do(request{method: "GET", path: api + "/registrations?venue=ba-dinh", bearer: desk})
	if other.status != http.StatusForbidden {
		t.Errorf("the list of another venue: %d", other.status)
	}
}

// told reads who was given names out of the record.
func (h *house) told() []registration.Told {
	h.Helper()
	running, err := h.live.Conference(place)
	if err != nil {
		h.Fatal(err)
	}
	changes, _, err := running.Since(0)
	if err != nil {
		h.Fatal(err)
	}
	var told []registration.Told
	for _, change := range changes {
		if change.Event.Type == registration.EventTold {
			var data registration.Told
			if err := json.Unmarshal(change.Event.Data, &data); err != nil {
				h.Fatal(err)
			}
			told = append(told, data)
		}
	}
	return told
}

// TestMergedDevices: two devices that were offline are merged, each twice and in pieces: every
// look is there once, duplicates are flagged, the earliest counts; a revoked device is refused.
func TestMergedDevices(t *testing.T) {
	t.Parallel()
	h := registering(t, nil)
	first := h.register(1)
	desk := h.token(conference.RoleRegistrar, func(g *access.Grant) { g.Venue = "ba-vi" })
	type added struct {
		Device string
		Key    []byte
	}
	var devices [2]added
	for i := range devices {
		devices[i] = decode[added](h, h.want(h.do(request{method: "POST", path: api + "/devices", body: "{}", bearer: desk}), http.StatusCreated))
	}
	list := decode[struct{ Nonce, Sealed []byte }](h, h.want(h.do(request{method: "GET", path: api + "/devices/" + devices[0].Device + "/list", bearer: desk}), http.StatusOK))
	block, err := aes.NewCipher(devices[0].Key)
	if err != nil {
		t.Fatal(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := aead.Open(nil, list.Nonce, list.Sealed, []byte(place+"\x00"+devices[0].Device))
	if err != nil || !strings.Contains(string(plain), first.Code) || !strings.Contains(string(plain), `"phoneEnds":"601"`) {
		t.Errorf("list: %s %v", plain, err)
	}
	type merged struct {
		Flagged int
		Merged  []struct {
			ScanID, Result string
			Flagged        bool
		}
	}
	at := func(minutes int) string {
		return time.Now().Add(-time.Hour + time.Duration(minutes)*time.Minute).UTC().Format(time.RFC3339)
	}
	merge := func(device, scans string) answer {
		return h.do(request{method: "POST", path: api + "/registrations/merge", body: `{"device":"` + device + `","scans":[` + scans + `]}`, bearer: desk})
	}
	look := func(id, code string, minutes int) string {
		return fmt.Sprintf(`{"scanID":%q,"code":%q,"at":%q}`, id, code, at(minutes))
	}
	for range 2 {
		a := decode[merged](h, h.want(merge(devices[0].Device, look("1", first.Code, 10)+","+look("2", "00000-00000-00000", 11)), http.StatusOK))
		if a.Flagged != 1 || a.Merged[0].Result != "in" || a.Merged[1].Result != "unknown" {
			t.Errorf("the first device: %+v", a)
		}
		b := decode[merged](h, h.want(merge(devices[1].Device, look("1", first.Code, 5)), http.StatusOK))
		if b.Flagged != 1 || b.Merged[0].Result != "again" || !b.Merged[0].Flagged {
			t.Errorf("the second device: %+v", b)
		}
	}
	rows := decode[[]held](h, h.want(h.do(request{method: "GET", path: api + "/registrations", bearer: desk}), http.StatusOK))
	if len(rows) != 1 || rows[0].State != "checkedIn" || len(rows[0].Flagged) != 1 || rows[0].Flagged[0].Result != "in" {
		t.Errorf("rows: %+v", rows)
	}
	h.want(h.do(request{method: "DELETE", path: api + "/devices/" + devices[1].Device, bearer: desk}), http.StatusNoContent)
	if got := merge(devices[1].Device, look("9", first.Code, 6)); got.problem.Code != "device.revoked" {
		t.Errorf("a revoked device: %d %s", got.status, got.body)
	}
	if got := h.do(request{method: "GET", path: api + "/devices/" + devices[1].Device + "/list", bearer: desk}); got.problem.Code != "device.revoked" {
		t.Errorf("a revoked device's list: %d %s", got.status, got.body)
	}
}

// telephone keeps what would be sent.
type telephone struct {
	mu    sync.Mutex // guards texts
	texts []string
}

func (o *telephone) last() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	for word := range strings.FieldsFuncSeq(o.texts[len(o.texts)-1], func(r rune) bool { return r < '0' || r > '9' }) {
		if len(word) == 6 {
			return word
		}
	}
	return ""
}

func TestVerifiedPhone(t *testing.T) {
	t.Parallel()
	box := &telephone{}
	h := registering(t, func(r *conference.Registration) { r.VerifyPhone = true }, func(c *server.Config) {
		c.Codes = codesBy(c, box)
	})
	send := func(phone string) answer {
		return h.do(request{method: "POST", path: api + "/registrations/code", body: `{"phone":"` + phone + `"}`})
	}
	try := func(changes ...string) string {
		return h.do(request{method: "POST", path: api + "/registrations", body: slipOf(1, changes...)}).problem.Code
	}
	if got := try(); got != "verification.needed" {
		t.Errorf("without a code: %q", got)
	}
	h.want(send("0912345601"), http.StatusAccepted)
	if got := try("code", "abcdef"); got != "verification.wrong" {
		t.Errorf("with a wrong code: %q", got)
	}
	if got := try("code", box.last(), "phone", "0912345602"); got != "verification.wrong" {
		t.Errorf("with another's code: %q", got)
	}
	made := h.register(1, "code", box.last())
	if again := h.register(1); again != made {
		t.Errorf("repeated without the code: %+v, first %+v", again, made)
	}
	for range 2 {
		h.want(send("0912345601"), http.StatusAccepted)
	}
	if got := send("0912345601"); got.status != http.StatusTooManyRequests || got.problem.Code != "verification.too_many" || got.header.Get("Retry-After") != "900" {
		t.Errorf("a fourth code: %d %s", got.status, got.body)
	}
	for range 6 {
		try("code", "abcdef", "phone", "0912345603", "idempotencyKey", "another-key-of-16-chars")
	}
	if got := try("code", "abcdef", "phone", "0912345603", "idempotencyKey", "another-key-of-16-chars"); got != "verification.too_many" {
		t.Errorf("guessed often: %q", got)
	}
	if logs := h.logs.String(); strings.Contains(logs, box.last()) || strings.Contains(logs, "12345601") {
		t.Error("a code or a number is in the log")
	}
}

// TestR4_GuessersAreSlowed: whoever guesses tickets is soon told to wait.
func TestR4_GuessersAreSlowed(t *testing.T) {
	t.Parallel()
	h := registering(t, nil, func(c *server.Config) { c.Limits = limits.New(limits.Config{Now: time.Now}) })
	made := h.register(1)
	limited := 0
	for range 120 {
		if got := h.errand("mine", "00000-00000-00000", 1, ""); got.status == http.StatusTooManyRequests && got.header.Get("Retry-After") != "" {
			limited++
		} else if got.status != http.StatusNotFound {
			t.Fatalf("got %d %s", got.status, got.body)
		}
	}
	if limited < 20 {
		t.Errorf("%d of 120 guesses were limited", limited)
	}
	if got := h.errand("mine", made.Code, 2, ""); got.status != http.StatusTooManyRequests {
		t.Errorf("a guesser with a ticket and a wrong number: %d", got.status)
	}
}

// Send keeps a text.
func (o *telephone) Send(_ context.Context, _, text string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.texts = append(o.texts, text)
	return nil
}

func bodyOf(t *testing.T, from io.Reader) string {
	t.Helper()
	body, err := io.ReadAll(from)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
