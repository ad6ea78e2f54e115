package server_test

import (
	"compress/zlib"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/diemcau/diemcau/internal/limits"
	"github.com/diemcau/diemcau/internal/server"
)

// take asks for a file of a ticket.
func (h *house) take(what, code string) answer {
	h.Helper()
	return h.do(request{method: "POST", path: "/api/v1/registrations/" + what, body: `{"code":"` + code + `"}`})
}

// unfolded is an iCalendar object, a property a line.
func unfolded(a answer) string { return strings.ReplaceAll(a.body, "\r\n ", "") }

// TestTicketCalendar: the entry says where and when and how it stands, replaces itself, and
// tells neither the code nor the person.
func TestTicketCalendar(t *testing.T) {
	t.Parallel()
	h := registering(t, nil)
	first, second := h.register(1), h.register(2)
	sequence := func(entry string) string {
		_, rest, _ := strings.Cut(entry, "SEQUENCE:")
		number, _, _ := strings.Cut(rest, "\r\n")
		return number
	}
	uid := func(entry string) string {
		_, rest, _ := strings.Cut(entry, "UID:")
		id, _, _ := strings.Cut(rest, "\r\n")
		return id
	}
	got := h.want(h.take("calendar", strings.ToLower(first.Code)), http.StatusOK)
	entry := unfolded(got)
	for _, part := range []string{"METHOD:PUBLISH\r\n", "STATUS:CONFIRMED\r\n", "Ba Vì", "Bạn đã có chỗ ngồi.", "được ghi hình", "URL:" + h.http.URL + "/c/" + place + "\r\n", "BEGIN:VALARM"} {
		if !strings.Contains(entry, part) {
			t.Errorf("no %q in\n%s", part, entry)
		}
	}
	if kept := got.header.Get("Cache-Control"); kept != "no-store" || got.header.Get("Content-Type") != "text/calendar; charset=utf-8" ||
		got.header.Get("Content-Disposition") != `attachment; filename="ve-`+place+`.ics"` {
		t.Errorf("header: %v", got.header)
	}
	for _, secret := range []string{first.Code, strings.ReplaceAll(first.Code, "-", ""), "Hoa", "912345601", "hoa@example.vn"} {
		if strings.Contains(entry, secret) {
			t.Errorf("%q is in the entry", secret)
		}
	}
	if waits := unfolded(h.want(h.take("calendar", second.Code), http.StatusOK)); !strings.Contains(waits, "STATUS:TENTATIVE\r\n") || uid(waits) == uid(entry) {
		t.Errorf("somebody who waits:\n%s", waits)
	}
	h.want(h.errand("cancel", first.Code, 1, ""), http.StatusOK)
	over := unfolded(h.want(h.take("calendar", first.Code), http.StatusOK))
	if !strings.Contains(over, "METHOD:CANCEL\r\n") || !strings.Contains(over, "STATUS:CANCELLED\r\n") || strings.Contains(over, "VALARM") {
		t.Errorf("cancelled:\n%s", over)
	}
	if uid(over) != uid(entry) || uid(entry) == "" || len(sequence(over)) < len(sequence(entry)) || sequence(over) <= sequence(entry) {
		t.Errorf("it does not replace the first: %s %s, first %s %s", uid(over), sequence(over), uid(entry), sequence(entry))
	}
	if english := h.do(request{method: "POST", path: "/api/v1/registrations/calendar", body: `{"code":"` + first.Code + `"}`, lang: "en"}); !strings.Contains(unfolded(english), "was cancelled") {
		t.Errorf("in English: %s", english.body)
	}
}

// writtenIn tells whether a text, UTF-16, or a command, ASCII, is in a page's streams of zlib.
func writtenIn(page answer) func(text string) bool {
	var all strings.Builder
	for part := range strings.SplitSeq(page.body, "stream\n") {
		if reader, err := zlib.NewReader(strings.NewReader(part)); err == nil {
			_, _ = io.Copy(&all, reader) // what follows the stream does not matter
		}
	}
	return func(text string) bool {
		var wide strings.Builder
		for _, unit := range utf16.Encode([]rune(text)) {
			wide.WriteByte(byte(unit >> 8))
			wide.WriteByte(byte(unit))
		}
		written := strings.NewReplacer(`\`, `\\`, "(", `\(`, ")", `\)`, "\r", `\r`).Replace(wide.String())
		return strings.Contains(all.String(), written) || strings.Contains(all.String(), text)
	}
}

// TestTicketPaper: a page for whoever has the code, as JSON or by a form, kept nowhere.
func TestTicketPaper(t *testing.T) {
	t.Parallel()
	h := registering(t, nil)
	made := h.register(1)
	form := url.Values{"code": {made.Code}}.Encode()
	byForm := func(origin string) answer {
		return h.do(request{method: "POST", path: "/api/v1/registrations/pdf", body: form, contentType: "application/x-www-form-urlencoded", origin: origin})
	}
	for name, got := range map[string]answer{"JSON": h.take("pdf", made.Code), "a form": byForm(""), "a form without an origin": byForm("null")} {
		if h.want(got, http.StatusOK); !strings.HasPrefix(got.body, "%PDF-") || got.header.Get("Cache-Control") != "no-store" ||
			got.header.Get("Content-Type") != "application/pdf" || got.header.Get("Content-Disposition") != `attachment; filename="ve-`+place+`.pdf"` {
			t.Errorf("%s: %v, %d bytes", name, got.header, len(got.body))
		}
	}
	page := h.do(request{method: "GET", path: "/ticket?lang=vi", cookies: []*http.Cookie{{Name: "ticket", Value: made.Code}}})
	for _, part := range []string{`action="/api/v1/registrations/pdf?lang=vi"`, `formaction="/api/v1/registrations/calendar?lang=vi"`} {
		if !strings.Contains(page.body, part) {
			t.Errorf("no %q on the page without script", part)
		}
	}
	if foreign := byForm("https://elsewhere.example"); foreign.problem.Code != "request.foreign_origin" {
		t.Errorf("another site's form: %d", foreign.status)
	}
	wrong := h.do(request{method: "POST", path: "/api/v1/registrations/pdf?lang=en", body: "code=00000-00000-00000", contentType: "application/x-www-form-urlencoded"})
	if wrong.status != http.StatusNotFound || !strings.Contains(wrong.body, `role="alert"`) || !strings.Contains(wrong.body, `lang="en"`) {
		t.Errorf("a form with a wrong code: %d %s", wrong.status, wrong.body)
	}
	for _, what := range []string{"pdf", "calendar"} {
		if got := h.take(what, "00000-00000-00000"); got.status != http.StatusNotFound || got.problem.Code != "registration.unknown_code" {
			t.Errorf("%s of no ticket: %d %s", what, got.status, got.body)
		}
		if got := h.do(request{method: "GET", path: "/api/v1/registrations/" + what + "?code=" + made.Code}); got.status < 400 {
			t.Errorf("%s by an address: %d", what, got.status)
		}
	}
	good := writtenIn(h.take("pdf", made.Code))
	for _, part := range []string{made.Code, "Ba Vì", "Bạn đã có chỗ ngồi.", "Hội nghị được ghi hình, ghi âm và phát công khai.", "(GMT+7)", " re f"} {
		if !good(part) {
			t.Errorf("no %q on the page", part)
		}
	}
	if good("Hoa") || good("12345601") {
		t.Error("the person is on the page")
	}
	h.want(h.errand("cancel", made.Code, 1, ""), http.StatusOK)
	if over := writtenIn(h.take("pdf", made.Code)); !over("Đăng ký đã hủy.") || !over("không còn giá trị") || over(" re f") {
		t.Error("a cancelled ticket looks like a good one")
	}
	english := writtenIn(h.do(request{method: "POST", path: "/api/v1/registrations/pdf?lang=en", body: `{"code":"` + made.Code + `"}`}))
	if !english("The registration was cancelled.") || !english("The conference is recorded") {
		t.Error("not in English")
	}
	if logs := h.logs.String(); strings.Contains(logs, made.Code) {
		t.Error("a ticket is in the log")
	}
}

// TestR4_FilesAreNoWayAround: whoever guesses by asking for files is told to wait as well.
func TestR4_FilesAreNoWayAround(t *testing.T) {
	t.Parallel()
	for _, what := range []string{"pdf", "calendar"} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			h := registering(t, nil, func(c *server.Config) { c.Limits = limits.New(limits.Config{Now: time.Now}) })
			made, limited := h.register(1), 0
			for range 120 {
				if got := h.take(what, "00000-00000-00000"); got.status == http.StatusTooManyRequests && got.header.Get("Retry-After") != "" {
					limited++
				}
			}
			if got := h.take(what, made.Code); limited < 20 || got.status != http.StatusTooManyRequests {
				t.Errorf("%d of 120 guesses were limited, then a ticket: %d", limited, got.status)
			}
		})
	}
}
