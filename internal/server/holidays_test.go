package server_test

import (
	"net/http"
	"testing"

	"github.com/diemcau/diemcau/signaling/protocol"
)

// TestJ8_HolidaysAreEverybodys: pages without a session count working days too.
func TestJ8_HolidaysAreEverybodys(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	reply := h.do(request{method: http.MethodGet, path: "/api/v1/holidays"})
	if reply.status != http.StatusOK {
		t.Fatalf("got %d %s", reply.status, reply.body)
	}
	got := fromJSON[protocol.Holidays](t, reply.body)
	for _, year := range got.Years {
		if year.Year != 2026 {
			continue
		}
		free := map[string]string{}
		for _, day := range year.Free {
			free[day.Date] = day.Name
		}
		if free["2026-09-02"] == "" || year.Certainty != "official" || len(year.Work) == 0 {
			t.Errorf("2026: got %+v", year)
		}
		return
	}
	t.Errorf("no 2026 among %d years", len(got.Years))
}
