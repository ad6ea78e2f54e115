package eventlog_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog"
)

// TestJ10_BumpsAreTheEvents: what is counted when a log is opened is what the events say,
// whatever their texts look like.
func TestJ10_BumpsAreTheEvents(t *testing.T) {
	t.Parallel()
	text := rapid.OneOf(rapid.StringMatching(`[a-z:]{1,12}`), rapid.String(), rapid.Just(`x,"bumps":["y"]`), rapid.Just(`]\"`))
	rapid.Check(t, func(t *rapid.T) {
		event := conference.Event{
			ID: "e1", Type: "t", V: 1, Cause: "c" + text.Draw(t, "cause"),
			Actor:  conference.Actor{Person: text.Draw(t, "person")},
			Entity: conference.Entity(text.Draw(t, "entity")),
		}
		for range rapid.IntRange(0, 3).Draw(t, "n") {
			event.Bumps = append(event.Bumps, conference.Entity(text.Draw(t, "bump")))
		}
		canonical, err := eventlog.Encode(event)
		if err != nil {
			t.Skip(err) // not UTF-8
		}
		got, err := eventlog.Bumps(canonical)
		if err != nil || !slices.Equal(got, event.Bumps) {
			t.Errorf("%s: got %q, %v; want %q", canonical, got, err, event.Bumps)
		}
	})
	if _, err := eventlog.Bumps([]byte(`{"bumps":["a"`)); err == nil {
		t.Error("of half an event: got no error")
	}
}

// TestJ10_CanonicalIsPlainJSON: the bytes are those encoding/json would write.
func TestJ10_CanonicalIsPlainJSON(t *testing.T) {
	t.Parallel()
	text := rapid.OneOf(rapid.StringMatching(`[a-z:<&]{1,12}`), rapid.String(), rapid.SampledFrom([]string{"đất\u2028", "a\"b", "\\", "\b\x7f"}))
	rapid.Check(t, func(t *rapid.T) {
		event := conference.Event{
			ID: "e" + text.Draw(t, "id"), Type: "t" + text.Draw(t, "type"), V: rapid.IntRange(1, 12).Draw(t, "v"),
			Cause: "c" + text.Draw(t, "cause"),
			Actor: conference.Actor{
				Role: conference.Role(text.Draw(t, "role")), Venue: conference.VenueID(text.Draw(t, "venue")),
				Session: text.Draw(t, "session"), Person: text.Draw(t, "person"),
			},
			Entity: conference.Entity(text.Draw(t, "entity")), Bumps: []conference.Entity{},
			Data: json.RawMessage(`{"a": [1, "b<\u2028"], "c": "đ"}`),
		}
		for range rapid.IntRange(0, 2).Draw(t, "n") {
			event.Bumps = append(event.Bumps, conference.Entity(text.Draw(t, "bump")))
		}
		var want bytes.Buffer
		encoder := json.NewEncoder(&want)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(struct {
			Type   string              `json:"type"`
			V      int                 `json:"v"`
			ID     string              `json:"id"`
			Cause  string              `json:"cause"`
			Actor  conference.Actor    `json:"actor"`
			Entity conference.Entity   `json:"entity"`
			Bumps  []conference.Entity `json:"bumps"`
			Data   json.RawMessage     `json:"data"`
		}{event.Type, event.V, event.ID, event.Cause, event.Actor, event.Entity, event.Bumps, event.Data}); err != nil {
			t.Fatal(err)
		}
		if got, err := eventlog.Encode(event); err != nil || string(got)+"\n" != want.String() {
			t.Errorf("got %s, %v; want %s", got, err, want.String())
		}
	})
}
