package floor_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/sfu/floor"
)

func TestNoteIsPrivate(t *testing.T) {
	t.Parallel()
	b := ready(t, "ba-dinh")
	const note = "Bà Tâm, tổ 5"
	decision, err := b.Decide(conference.Command{Body: floor.RaiseHand{Venue: "ba-dinh", Note: note}}, start)
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(decision.Drafts[0].Data)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(data), "Tâm") || decision.Drafts[0].Private[floor.FieldNote] != note {
		t.Errorf("note: data %s, private %v", data, decision.Drafts[0].Private)
	}
}

func TestJ9_FloorLimits(t *testing.T) {
	t.Parallel()
	b := ready(t, "ba-dinh")
	for _, test := range []struct {
		code string
		body conference.Body
	}{
		{"hand.note_too_long", floor.RaiseHand{Venue: "ba-dinh", Note: strings.Repeat("ộ", 121)}},
		{"floor.bad_limit", floor.Give{Venue: "ba-dinh", LimitMs: floor.MaxLimitMs + 1}},
		{"venue.unknown", floor.Give{}},
		{"venue.unknown", floor.Connect{Venue: "sao-hoa"}},
		{"command.unknown", conference.Open{}},
	} {
		if _, err := b.Decide(conference.Command{Body: test.body}, start); !errors.Is(err, &conference.Error{Code: test.code}) {
			t.Errorf("%s: got %v, want %s", test.body.CommandType(), err, test.code)
		}
	}
}

func TestApplyBrokenEvents(t *testing.T) {
	t.Parallel()
	b := floor.NewBoard(hanoi())
	for _, event := range []conference.Event{
		{Type: floor.EventGiven, Data: json.RawMessage(`[]`)},
		{Type: floor.EventSlate, Data: json.RawMessage(`7`)},
		{Type: floor.EventReady, Data: json.RawMessage(`{"venue":"sao-hoa"}`)},
	} {
		if _, err := b.Apply(event); err == nil {
			t.Errorf("%s %s: no error", event.Type, event.Data)
		}
	}
	if v, err := b.Apply(conference.Event{Type: "question.aired"}); v != nil || err != nil {
		t.Error("an event of another part changed the board")
	}
}

// ready returns a board with one venue connected and ready.
func ready(t *testing.T, id conference.VenueID) *floor.Board {
	t.Helper()
	b := floor.NewBoard(hanoi())
	for _, event := range []conference.Event{
		{Type: floor.EventConnected, Data: json.RawMessage(`{"venue":"` + string(id) + `","consent":false}`)},
		{Type: floor.EventReady, Data: json.RawMessage(`{"venue":"` + string(id) + `"}`)},
	} {
		if _, err := b.Apply(event); err != nil {
			t.Fatal(err)
		}
	}
	return b
}
