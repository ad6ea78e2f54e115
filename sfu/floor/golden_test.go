package floor_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/diemcau/diemcau/sfu/floor"
)

// TestGolden holds the events' data to the files old logs were written with. A golden
// file is never edited: a changed shape is a new version with a file of its own.
func TestGolden(t *testing.T) {
	t.Parallel()
	for event, data := range map[string]any{
		floor.EventConnected:    floor.Connected{Venue: "ba-dinh", Consent: true},
		floor.EventDisconnected: floor.Disconnected{Venue: "ba-dinh"},
		floor.EventReady:        floor.MadeReady{Venue: "ba-dinh"},
		floor.EventNotReady:     floor.MadeNotReady{Venue: "ba-dinh"},
		floor.EventHandRaised:   floor.HandRaised{Venue: "ba-dinh"},
		floor.EventHandLowered:  floor.HandLowered{Venue: "ba-dinh"},
		floor.EventPreviewed:    floor.Previewed{Venue: "ba-dinh", On: true},
		floor.EventGiven:        floor.Given{Venue: "ba-dinh", LimitMs: 60_000},
		floor.EventTakenBack:    floor.TakenBack{Venue: "ba-dinh"},
		floor.EventCityHall:     floor.BackToCityHall{},
		floor.EventSlate:        floor.Slated{On: true},
		floor.EventBeside:       floor.SideBySide{On: true},
	} {
		got, err := json.Marshal(data)
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(filepath.Join("testdata", "golden", event+".v1.json"))
		if err != nil {
			t.Fatal(err)
		}
		if string(got)+"\n" != string(want) {
			t.Errorf("%s: got %s, want %s", event, got, want)
		}
	}
}
