package registration_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/diemcau/diemcau/internal/registration"
)

// TestGolden holds the events' data to the files old logs were written with. A golden
// file is never edited: a changed shape is a new version with a file of its own.
func TestGolden(t *testing.T) {
	t.Parallel()
	const id = "aaaabbbbccccddddeeee"
	at := time.Date(2022, 10, 28, 0, 30, 0, 0, time.UTC)
	for event, data := range map[string]any{
		registration.EventMade: registration.Made{
			Registration: id, State: registration.StateConfirmed, Venue: "ba-dinh", Holder: "00ff00ff", Digest: "ff00", Topic: "so-do",
			Question: "ffffgggghhhhiiiijjjj", Consents: []registration.Consent{{Purpose: "privacy", Version: "2022-10"}},
			Verified: true, Reserved: true, WalkIn: true,
		},
		registration.EventOffered:   registration.Offered{Registration: id, Until: at},
		registration.EventAccepted:  registration.Named{Registration: id},
		registration.EventLapsed:    registration.Named{Registration: id},
		registration.EventCancelled: registration.Named{Registration: id},
		registration.EventMoved:     registration.Moved{Registration: id, Venue: "ha-dong", State: registration.StateWaiting},
		registration.EventGiven:     registration.Given{Registration: id, Reserved: true},
		registration.EventCorrected: registration.Corrected{Registration: id, Fields: []string{"name", "phone"}, Holder: "00ff00ff"},
		registration.EventErased:    registration.Named{Registration: id},
		registration.EventScanned: registration.Scanned{
			Registration: id, Venue: "ba-dinh", Device: "desk-1", Scan: "17", At: at, Offline: true, Result: registration.ResultAgain,
		},
		registration.EventUndone: registration.Named{Registration: id},
		registration.EventTold:   registration.Told{What: "list", Venue: "ba-dinh", Count: 300},
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
