package server_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
)

// hurry serves the house by a server whose answers are late before they begin.
func (h *house) hurry() {
	hurried := httptest.NewUnstartedServer(h.server.Handler())
	hurried.Config.WriteTimeout = time.Nanosecond
	hurried.Start()
	h.Cleanup(h.http.Close) // the house closes the other one
	h.http = hurried
}

// TestM8_LongAnswersAreNotCut: an import and the copy of a record may take longer than any
// other answer.
func TestM8_LongAnswersAreNotCut(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin := h.token(conference.RoleAdmin)
	var file strings.Builder
	file.WriteString("Nội dung câu hỏi;Chủ đề\n")
	const rows = 150
	for n := range rows {
		fmt.Fprintf(&file, "Câu hỏi số %d;bien-dong\n", n)
	}
	h.hurry()
	got := fromJSON[imported](t, h.do(request{
		method: "POST", path: api + "/questions/import", body: file.String(), contentType: "text/csv", bearer: admin,
	}).body)
	if len(got.Imported) != rows || len(got.Problems) != 0 {
		t.Fatalf("got %d of %d rows and the problems %+v", len(got.Imported), rows, got.Problems)
	}
	running, err := h.live.Conference(place)
	if err != nil {
		t.Fatal(err)
	}
	for n, q := range running.Snapshot().Questions {
		if want := fmt.Sprintf("Câu hỏi số %d", n); q.Body != want || got.Imported[n].Row != n+2 {
			t.Fatalf("question %d of row %d is %q, want %q of row %d", n, got.Imported[n].Row, q.Body, want, n+2)
		}
	}
	if got := h.do(request{method: http.MethodGet, path: api + "/record"}); got.status != http.StatusOK || strings.Count(got.body, "\n") < rows {
		t.Errorf("record: got %d with %d lines", got.status, strings.Count(got.body, "\n"))
	}
}

// TestM8_SlowReadersKeepNobodyFromTheRecord: an address has one place, and whoever has a
// right to more than the public copy has others than the public.
func TestM8_SlowReadersKeepNobodyFromTheRecord(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin := h.token(conference.RoleAdmin)
	get := func(bearer, query string) answer {
		return h.do(request{method: http.MethodGet, path: api + "/record" + query, bearer: bearer})
	}
	mine := h.server.HoldCopy(netip.MustParsePrefix("127.0.0.1/32"))
	if got := get("", ""); got.status != http.StatusServiceUnavailable || got.problem.Code != "record.busy" || got.header.Get("Retry-After") == "" {
		t.Errorf("a second copy at one address: got %d %s", got.status, got.body)
	}
	mine()
	if got := get("", ""); got.status != http.StatusOK {
		t.Errorf("when the first is complete: got %d %s", got.status, got.body)
	}
	for n := range 8 {
		h.server.HoldCopy(netip.MustParsePrefix(fmt.Sprintf("198.51.100.%d/32", n)))
	}
	if got := get("", ""); got.status != http.StatusServiceUnavailable {
		t.Errorf("beside eight others: got %d, want 503", got.status)
	}
	if got := get(admin, "?full=1"); got.status != http.StatusOK {
		t.Errorf("the administrator: got %d %s", got.status, got.body)
	}
}
