package record

import (
	"time"

	"github.com/diemcau/diemcau/internal/conference"
)

// Types of the events about the recording of a conference, both version 1.
const (
	// EventSealed notes what was kept of the programme, so that the signed record covers it.
	EventSealed = "recording.sealed"
	// EventRemoved notes that the recording was removed.
	EventRemoved = "recording.removed"
)

// Seal is the data of EventSealed: groups of segments, by media sequence number, as they
// were in the folder of the recording.
type Seal struct {
	// Venue is whose own recording it is of; "": the programme's.
	Venue conference.VenueID `json:"venue,omitempty"`

	From   uint64 `json:"from"` // the first group
	To     uint64 `json:"to"`   // the last one
	Groups int    `json:"groups"`
	Bytes  int64  `json:"bytes"`
	// SHA256 is that of one line a file, "NAME BYTES SHA256\n", in the order of the groups
	// and in each of its tracks; 64 hex characters.
	SHA256 string `json:"sha256"`
}

// Removed is the data of EventRemoved.
type Removed struct {
	KeptDays int `json:"keptDays"`
}

// Recording is what the log says of a conference's recording.
type Recording struct {
	Seals     []Seal
	RemovedAt time.Time // zero: it was not removed
}

// Covers reports whether a group of a venue's recording is in one of the seals; "": of the
// programme's.
func (r *Recording) Covers(venue conference.VenueID, sequence uint64) bool {
	for i := len(r.Seals) - 1; i >= 0; i-- {
		if s := &r.Seals[i]; s.Venue == venue && s.From <= sequence && sequence <= s.To {
			return true
		}
	}
	return false
}

// Apply takes over an event; one of another type changes nothing.
func (r *Recording) Apply(event conference.Event) error {
	switch event.Type {
	case EventSealed:
		seal, err := conference.DataOf[Seal](event)
		if err != nil {
			return err //nolint:wrapcheck // says which event
		}
		r.Seals = append(r.Seals, seal)
	case EventRemoved:
		r.RemovedAt = event.At
	}
	return nil
}
