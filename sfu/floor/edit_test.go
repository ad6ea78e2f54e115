package floor_test

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/sfu/floor"
)

func edited(t *testing.T, info *conference.Info) conference.Event {
	t.Helper()
	data, err := json.Marshal(conference.Edited{Info: *info})
	if err != nil {
		t.Fatal(err)
	}
	return conference.Event{Type: conference.EventEdited, Data: data}
}

func apply(t *testing.T, b *floor.Board, events ...conference.Event) {
	t.Helper()
	for _, event := range events {
		if _, err := b.Apply(event); err != nil {
			t.Fatal(err)
		}
	}
}

func names(b *floor.Board) []conference.VenueID {
	var ids []conference.VenueID
	for _, v := range b.Venues() {
		ids = append(ids, v.ID)
	}
	return ids
}

// TestVenuesComeAndGo: the board follows an edit, as a root and as a layer that is dropped.
func TestVenuesComeAndGo(t *testing.T) {
	t.Parallel()
	b := ready(t, "ba-dinh")
	before := names(b)
	info := hanoi()
	info.Venues = slices.DeleteFunc(slices.Clone(info.Venues), func(v conference.Venue) bool { return v.ID == before[len(before)-1] })
	info.Venues = append(info.Venues, conference.Venue{ID: "me-linh", Name: "Mê Linh"})
	want := append(slices.Clone(before[:len(before)-1]), "me-linh")

	layer := b.Overlay()
	apply(t, layer, edited(t, info))
	if got := names(layer.Overlay()); !slices.Equal(got, want) {
		t.Errorf("in a layer: got %v, want %v", got, want)
	}
	gone := before[len(before)-1]
	if _, err := layer.Decide(conference.Command{Body: floor.Connect{Venue: gone}}, start); !errors.Is(err, &conference.Error{Code: "venue.unknown"}) {
		t.Errorf("a venue that went: got %v", err)
	}
	if got := names(b); !slices.Equal(got, before) {
		t.Errorf("the layer was dropped: got %v, want %v", got, before)
	}
	apply(t, b, edited(t, info))
	if got := names(b); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if v := b.Venue("ba-dinh"); !v.Connected || v.State != floor.StateReady {
		t.Errorf("who stays is now %+v", v)
	}
	if _, err := b.Decide(conference.Command{Body: floor.Connect{Venue: "me-linh"}}, start); err != nil {
		t.Errorf("who came may not connect: %v", err)
	}
}

// TestGoLiveRestartsTheClock: who spoke in a test has spoken nothing; lines stay up.
func TestGoLiveRestartsTheClock(t *testing.T) {
	t.Parallel()
	b := ready(t, "ha-dong")
	event := func(kind, data string, after time.Duration) conference.Event {
		return conference.Event{Type: kind, At: start.Add(after), Data: json.RawMessage(data)}
	}
	apply(
		t, b,
		event(floor.EventGiven, `{"venue":"ha-dong"}`, 0), event(floor.EventTakenBack, `{"venue":"ha-dong"}`, time.Minute),
		event(floor.EventGiven, `{"venue":"ha-dong"}`, 2*time.Minute), event(floor.EventSlate, `{"on":true}`, 2*time.Minute),
	)
	if b.Venue("ha-dong").SpokenMs == 0 {
		t.Fatal("nobody spoke in the test")
	}
	apply(t, b, conference.Event{Type: conference.EventWentLive, Data: json.RawMessage(`{}`)})
	if f := b.Floor(); f.Holder != "" || f.Slate || f.Main != hanoi().MainVenue() {
		t.Errorf("the floor is %+v", f)
	}
	if v := b.Venue("ha-dong"); v.SpokenMs != 0 || !v.Connected || v.State != floor.StateReady {
		t.Errorf("the venue is %+v", v)
	}
}
