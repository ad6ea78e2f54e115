package server_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/diemcau/diemcau/internal/server"
)

type received struct {
	Code  string `json:"code"`
	State string `json:"state"`
}

func question(key, body string) map[string]string {
	return map[string]string{"idempotencyKey": key, "body": body, "topic": "bien-dong"}
}

func (h *house) ask(fields map[string]string) answer {
	h.Helper()
	return h.do(request{method: "POST", path: api + "/questions", body: toJSON(h, fields), origin: "-"})
}

func TestQuestions_submitAndLookUp(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	fields := question("key-of-a-citizen-1", "Bao giờ tôi nhận được sổ đỏ?")
	fields["venue"] = "ba-vi"
	first := h.ask(fields)
	if first.status != http.StatusCreated || first.header.Get("Cache-Control") != "no-store" {
		t.Fatalf("got %d %s", first.status, first.body)
	}
	got := fromJSON[received](t, first.body)
	if got.Code == "" || got.State == "" {
		t.Fatalf("got %+v", got)
	}
	again := h.ask(fields)
	if same := fromJSON[received](t, again.body); again.status != http.StatusCreated || same.Code != got.Code {
		t.Errorf("the same key: got %d %+v, want 201 and code %s", again.status, same, got.Code)
	}
	fields["body"] = "Một câu khác?"
	h.wantProblem(h.ask(fields), http.StatusConflict, "idempotency_mismatch")

	for _, code := range []string{got.Code, strings.ToLower(got.Code)} {
		looked := h.do(request{method: "POST", path: "/api/v1/questions/lookup", body: toJSON(t, map[string]string{"code": code})})
		standing := fromJSON[struct{ Conference, Code, State, Body, Venue string }](t, looked.body)
		if looked.status != http.StatusOK || standing.Body != "Bao giờ tôi nhận được sổ đỏ?" || standing.Conference != place || standing.Venue != "ba-vi" {
			t.Errorf("%s: got %d %s", code, looked.status, looked.body)
		}
	}
	h.wantProblem(h.do(request{method: "POST", path: "/api/v1/questions/lookup", body: `{"code":"AAAAA-AAAAA-A"}`}), http.StatusNotFound, "question.unknown_code")
}

func TestJ9_badQuestions(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	key := func(n int) string { return fmt.Sprintf("key-of-bad-question-%d", n) }
	change := func(n int, name, value string) map[string]string {
		fields := question(key(n), "Một câu hỏi?")
		fields[name] = value
		return fields
	}
	for i, test := range []struct { //nolint:paralleltest // what was written is counted afterwards
		name   string
		fields map[string]string
		code   string
		vi, en string
	}{
		{"0 characters", change(0, "body", ""), "question.empty", "trống", "empty"},
		{"blanks only", change(1, "body", " \n\t\u00a0"), "question.empty", "trống", "empty"},
		{"control and bidi characters only", change(2, "body", "\u0000\u0007\u202e\u2066\u200b"), "question.empty", "trống", "empty"},
		{"10,000 characters", change(3, "body", strings.Repeat("ấ", 10_000)), "question.too_long", "600", "600"},
		{"601 characters", change(4, "body", strings.Repeat("ấ", 601)), "question.too_long", "600", "600"},
		{"unknown topic", change(5, "topic", "thoi-tiet"), "question.unknown_topic", "chủ đề", "topic"},
		{"unknown venue", change(6, "venue", "atlantis"), "question.unknown_venue", "điểm cầu", "venue"},
		{"no key", change(7, "idempotencyKey", ""), "question.bad_key", "khóa", "idempotencyKey"},
		{"key too short", change(8, "idempotencyKey", "short"), "question.bad_key", "khóa", "idempotencyKey"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := h.ask(test.fields)
			h.wantRefused(got, test.code, test.vi)
			english := h.do(request{method: "POST", path: api + "/questions", body: toJSON(t, test.fields), lang: "en-GB,vi;q=0.5"})
			h.wantRefused(english, test.code, test.en)
			if english.header.Get("Content-Language") != "en" {
				t.Errorf("case %d: got language %q, want en", i, english.header.Get("Content-Language"))
			}
		})
	}
	if list := h.questions(); list != 0 {
		t.Errorf("%d questions were written, want none", list)
	}
}

// wantRefused accepts any 4xx that the rules chose for the code, with the words in the title.
func (h *house) wantRefused(got answer, code, words string) {
	h.Helper()
	if got.problem.Code != code || got.status < 400 || got.status >= 500 {
		h.Errorf("got %d %s, want %s", got.status, got.body, code)
		return
	}
	if !strings.Contains(got.problem.Title, words) {
		h.Errorf("%s: got %q, want a sentence with %q", code, got.problem.Title, words)
	}
}

func (h *house) questions() int {
	h.Helper()
	running, err := h.live.Conference(place)
	if err != nil {
		h.Fatal(err)
	}
	return len(running.Snapshot().Questions)
}

func TestQuestions_controlAndBidiAreTakenOut(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	got := h.ask(question("key-of-a-strange-one", "A\u0000n\u202eh \u2066hỏi\u200b?"))
	if got.status != http.StatusCreated {
		t.Fatalf("got %d %s", got.status, got.body)
	}
	code := fromJSON[received](t, got.body).Code
	looked := h.do(request{method: "POST", path: "/api/v1/questions/lookup", body: toJSON(t, map[string]string{"code": code})})
	if body := fromJSON[struct{ Body string }](t, looked.body).Body; strings.ContainsAny(body, "\u0000\u202e\u2066") {
		t.Errorf("got body %q", body)
	}
}

func TestJ9_badRequests(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, test := range []struct {
		name string
		r    request
		want int
		code string
	}{
		{"no JSON", request{body: "idempotencyKey=1"}, 400, "request.bad_json"},
		{"cut JSON", request{body: `{"body":"`}, 400, "request.bad_json"},
		{"two values", request{body: `{} {}`}, 400, "request.bad_json"},
		{"a brace too many", request{body: `{}}`}, 400, "request.bad_json"},
		{"no UTF-8", request{body: "{\"body\":\"a\xff\"}"}, 400, "request.bad_json"},
		{"wrong type of a field", request{body: `{"body":5}`}, 400, "request.bad_json"},
		{"nothing", request{contentType: "application/json"}, 400, "request.bad_json"},
		{"a form", request{body: "a=b", contentType: "application/x-www-form-urlencoded"}, 415, "request.not_json"},
		{"text/plain, as a form of another site can send", request{body: `{}`, contentType: "text/plain"}, 415, "request.not_json"},
		{"no content type", request{body: `{}`, contentType: "-"}, 415, "request.not_json"},
		{"1 MB", request{body: `{"body":"` + strings.Repeat("x", 1<<20) + `"}`}, 413, "request.too_large"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := test.r
			r.method, r.path = "POST", api+"/questions"
			h.wantProblem(h.do(r), test.want, test.code)
		})
	}
	unknown := request{method: "POST", path: "/api/v1/conferences/nowhere/questions", body: "{}"}
	h.wantProblem(h.do(unknown), http.StatusNotFound, "conference.unknown")
}

func TestLookup_isRateLimited(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for n := range 1000 {
		got := h.do(request{method: "POST", path: "/api/v1/questions/lookup", body: `{"code":"AAAAA-AAAAA-A"}`})
		if got.status != http.StatusTooManyRequests {
			h.wantProblem(got, http.StatusNotFound, "question.unknown_code")
			continue
		}
		h.wantProblem(got, http.StatusTooManyRequests, "rate.limited")
		if after, err := strconv.Atoi(got.header.Get("Retry-After")); err != nil || after < 1 {
			t.Errorf("got Retry-After %q", got.header.Get("Retry-After"))
		}
		if n < 20 {
			t.Errorf("refused after %d look-ups: too early for people who share an address", n)
		}
		// X-Forwarded-For does not help: nobody is trusted to set it.
		forged := h.do(request{
			method: "POST", path: "/api/v1/questions/lookup", body: `{"code":"AAAAA-AAAAA-A"}`,
			header: map[string]string{"X-Forwarded-For": "203.0.113.9", "X-Real-IP": "203.0.113.9"},
		})
		if forged.status != http.StatusTooManyRequests && forged.status != http.StatusNotFound {
			t.Errorf("got %d", forged.status)
		}
		return
	}
	t.Error("1,000 look-ups in a row were answered")
}

func TestReaderLanguage_vietnameseFirst(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		"": "vi", "*": "vi", "fr": "vi", "vi": "vi", "en": "en", "en-US,en;q=0.9": "en", "vi-VN,vi;q=0.9,en;q=0.8": "vi",
		"fr;q=1, en;q=0.5, vi;q=0.9": "vi", "en;q=0, vi": "vi", "de, en;q=0.1": "en", "!!": "vi", strings.Repeat("a,", 900): "vi",
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://x/", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept-Language", header)
		if got := server.ReaderLanguage(r); got != want {
			t.Errorf("%q: got %s, want %s", header, got, want)
		}
	}
}
