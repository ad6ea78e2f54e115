package live

import (
	"log/slog"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
)

// TestQ3_LedgerIsBounded: it keeps the last ten minutes, at most 50,000 commands, and
// gives back, in order, what a state lacks.
func TestQ3_LedgerIsBounded(t *testing.T) {
	t.Parallel()
	now := time.Date(2022, 10, 28, 7, 30, 0, 0, time.UTC)
	l := newLedger(slog.New(slog.DiscardHandler), func() time.Time { return now })
	var ids []string
	note := func() {
		r := &request{command: conference.Command{ID: strconv.Itoa(len(ids)), Body: conference.Open{}}}
		ids = append(ids, r.command.ID)
		l.note(r, now)
	}
	for range 3 * maxAcked {
		note()
		if len(l.acked) > maxAcked {
			t.Fatalf("%d commands kept, want at most %d", len(l.acked), maxAcked)
		}
	}
	s := newState(nil)
	if missing := l.reread(s, now); missing < maxAcked/2 {
		t.Errorf("%d commands kept, want at least %d", missing, maxAcked/2)
	}
	now = now.Add(keepAcked + time.Second)
	late := len(ids)
	for range 10 {
		note()
	}
	s.outcomes[ids[late+4]] = &Outcome{Position: 1}
	if missing := l.reread(s, now); missing != 9 {
		t.Errorf("%d commands are missing, want the 9 that are neither old nor there", missing)
	}
	want := slices.Concat(ids[late:late+4], ids[late+5:])
	for i, r := range l.lost() {
		if r.command.ID != want[i] {
			t.Errorf("command %d is %s, want %s", i, r.command.ID, want[i])
		}
	}
	if rest := l.lost(); rest != nil {
		t.Errorf("%d commands are given twice", len(rest))
	}
	for range 2 * maxAcked { // the old ones make room
		note()
	}
	if len(l.acked) > maxAcked || now.Sub(l.acked[0].at) > keepAcked {
		t.Errorf("%d commands kept, the oldest of %v", len(l.acked), l.acked[0].at)
	}
}
