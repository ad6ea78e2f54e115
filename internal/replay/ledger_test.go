package replay_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/replay"
)

func at(second int) time.Time { return time.Date(2026, 11, 29, 8, 0, second, 0, time.UTC) }

func TestLedger(t *testing.T) {
	t.Parallel()
	var l replay.Ledger
	for _, n := range []struct {
		at    int
		onAir conference.QuestionID
		floor conference.VenueID
		over  bool
	}{
		{0, "", "", false},
		{1, "a", "", false},
		{2, "a", "", false},        // something else happened
		{3, "a", "phu-loc", false}, // the hall speaks to it
		{4, "", "phu-loc", false},  // recalled
		{5, "b", "ba-dinh", false}, // from one to the next in one event
		{6, "a", "", false},
		{7, "a", "phu-loc", false},
		{8, "a", "phu-loc", true}, // the close ends all
		{9, "", "", true},
	} {
		l.Note(at(n.at), n.onAir, n.floor, n.over)
	}
	span := func(from, until int) replay.Span { return replay.Span{From: at(from), Until: at(until)} }
	want := replay.Story{
		Airings: []replay.Airing{{"a", span(1, 4)}, {"b", span(5, 6)}, {"a", span(6, 8)}},
		Turns:   []replay.Turn{{"phu-loc", span(3, 5)}, {"ba-dinh", span(5, 6)}, {"phu-loc", span(7, 8)}},
	}
	got := l.Story()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if diff := cmp.Diff([]replay.Span{span(1, 4), span(6, 8)}, got.Of("a")); diff != "" {
		t.Errorf("of one question: -want +got:\n%s", diff)
	}
}

func TestLedger_onAirStill(t *testing.T) {
	t.Parallel()
	var l replay.Ledger
	l.Note(at(1), "a", "phu-loc", false)
	before := l.Story()
	if !before.Airings[0].Until.IsZero() || !before.Turns[0].Until.IsZero() {
		t.Errorf("got %+v, want nothing ended", before)
	}
	l.Note(at(2), "", "", false)
	if !before.Airings[0].Until.IsZero() || l.Story().Airings[0].Until != at(2) {
		t.Errorf("a story that was given out has changed: %+v", before)
	}
}
