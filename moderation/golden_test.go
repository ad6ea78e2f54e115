package moderation_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/diemcau/diemcau/moderation"
)

// TestGolden holds the events' data to the files old logs were written with. A golden
// file is never edited: a changed shape is a new version with a file of its own.
func TestGolden(t *testing.T) {
	t.Parallel()
	const id = "aaaabbbbccccddddeeee"
	for event, data := range map[string]any{
		moderation.EventSubmitted: moderation.Submitted{
			Question: id, Topic: "so-do", Venue: "ba-dinh", Channel: moderation.ChannelHall, BodyDigest: "00ff",
		},
		moderation.EventEdited:          moderation.Edited{Question: id, Shortened: true},
		moderation.EventReturned:        moderation.Returned{Question: id},
		moderation.EventAmended:         moderation.Amended{Question: id, Hold: "link"},
		moderation.EventDoubted:         moderation.Refused{Question: id, Reason: "abusive", NextDoor: "Ban Tiếp công dân"},
		moderation.EventRedirected:      moderation.Refused{Question: id, Reason: "complaint", NextDoor: "Ban Tiếp công dân"},
		moderation.EventWritten:         moderation.Written{Question: id, Agency: "Sở Nông nghiệp và Môi trường", Due: "2022-11-20"},
		moderation.EventMerged:          moderation.Merged{Question: id, Into: "ffffgggghhhhiiiijjjj"},
		moderation.EventUndone:          moderation.Undone{Question: id, Was: moderation.StateRefused},
		moderation.EventPartAnswered:    moderation.Answered{Question: id, Agency: "Sở Nông nghiệp và Môi trường", Due: "2022-11-20"},
		moderation.EventVoted:           moderation.Voted{Question: id, Voter: "00ff00ff00ff00ff", On: true},
		moderation.EventCalled:          moderation.Called{Question: id, Undone: true},
		moderation.EventForgotten:       moderation.Forgotten{Question: id},
		moderation.EventPromiseAssigned: moderation.PromiseAssigned{Question: id, Agency: "Sở", Due: "2022-11-20"},
		moderation.EventPromiseNoted:    moderation.PromiseNoted{Question: id},
		moderation.EventPromiseKept:     moderation.PromiseKept{Question: id, Document: "12/SNNMT", Public: true},
		moderation.EventRecalled:        moderation.Recalled{Question: id},
		moderation.EventCarriedOver:     moderation.CarriedOver{Question: id},
		moderation.EventClaimed:         moderation.Claimed{Question: id},
		moderation.EventReleased:        moderation.Released{Question: id},
		moderation.EventApproved:        moderation.Approved{Question: id, Shortened: true},
		moderation.EventRefused:         moderation.Refused{Question: id, Reason: "complaint", NextDoor: "Ban Tiếp công dân"},
		moderation.EventQueued:          moderation.Queued{Question: id, Before: "ffffgggghhhhiiiijjjj"},
		moderation.EventUnqueued:        moderation.Unqueued{Question: id},
		moderation.EventStaged:          moderation.Staged{Question: id},
		moderation.EventAired:           moderation.Aired{Question: id},
		moderation.EventAnswered:        moderation.Answered{Question: id},
		moderation.EventWithdrawn:       moderation.Withdrawn{Question: id},
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
