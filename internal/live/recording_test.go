package live_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog"
	"github.com/diemcau/diemcau/internal/record"
)

// What is noted of a recording is in the log once, is known after a restart, and is in a
// public copy.
func TestRecordingInTheLog(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	node, stop := startNode(t, store)
	c := conferenceOn(t, node)
	seal := record.Seal{From: 100, To: 129, Groups: 30, Bytes: 1 << 20, SHA256: strings.Repeat("ab", 32)}
	next := record.Seal{From: 130, To: 131, Groups: 2, Bytes: 1 << 10, SHA256: strings.Repeat("cd", 32)}
	overlaps := record.Seal{From: 129, To: 140, Groups: 12, Bytes: 1, SHA256: strings.Repeat("ef", 32)}
	for _, s := range []record.Seal{seal, seal, overlaps, next} {
		if err := c.SealRecording(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := c.RemoveRecording(t.Context(), record.Removed{KeptDays: 30}); err != nil {
			t.Fatal(err)
		}
	}
	told := c.Recording()
	if diff := cmp.Diff([]record.Seal{seal, next}, told.Seals); diff != "" || told.RemovedAt.IsZero() {
		t.Errorf("removed at %v, -want +got:\n%s", told.RemovedAt, diff)
	}
	stop()
	node, stop = startNode(t, store)
	defer stop()
	again, err := node.Conference(theID)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(told, again.Recording()); diff != "" {
		t.Errorf("after a restart: -want +got:\n%s", diff)
	}
	var public strings.Builder
	w, err := record.NewWriter(&public, theID, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Record(t.Context(), 0, func(r eventlog.Record) error { return w.Write(r) }); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(public.String(), `recording.sealed`); n != 2 || !strings.Contains(public.String(), "recording.removed") {
		t.Errorf("a public copy has %d seals", n)
	}
}

// Nobody can note anything of a recording from outside.
func TestRecordingIsTheNodesOwn(t *testing.T) {
	t.Parallel()
	c := startConference(t, newStore(t))
	changes, _, err := c.Since(0)
	if err != nil {
		t.Fatal(err)
	}
	before := len(changes)
	if err := c.SealRecording(t.Context(), record.Seal{From: 1, To: 2, Groups: 2}); err != nil {
		t.Fatal(err)
	}
	if changes, _, err = c.Since(0); err != nil || len(changes) != before+1 {
		t.Fatalf("got %d changes, %v", len(changes), err)
	}
	last := changes[before]
	if last.Event.Actor.Role != conference.RoleSystem || last.Question != nil || last.Venue != nil || last.Floor != nil || last.Queue != nil || last.Info != nil {
		t.Errorf("a page could be told something: %+v", last)
	}
}
