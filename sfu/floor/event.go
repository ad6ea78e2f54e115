package floor

import "github.com/diemcau/diemcau/internal/conference"

// Types of the events of the floor, all version 1. Each has a golden file in
// testdata/golden that is never edited: old logs must stay readable.
const (
	EventConnected    = "venue.connected"
	EventDisconnected = "venue.disconnected"
	EventReady        = "venue.ready"
	EventNotReady     = "venue.notReady"
	EventHandRaised   = "hand.raised"
	EventHandLowered  = "hand.lowered"
	EventPreviewed    = "floor.previewed"
	EventGiven        = "floor.given"
	EventTakenBack    = "floor.takenBack"
	EventCityHall     = "floor.cityHall"
	EventSlate        = "programme.slate"
	EventBeside       = "programme.beside"
)

// FieldNote is the private (sealed, erasable) field of hand.raised: the operator's words.
const FieldNote = "note"

// Connected is the data of venue.connected. Consent tells whether the consent given
// before a drop still holds.
type Connected struct {
	Venue   conference.VenueID `json:"venue"`
	Consent bool               `json:"consent"`
}

// Disconnected is the data of venue.disconnected.
type Disconnected struct {
	Venue conference.VenueID `json:"venue"`
}

// MadeReady is the data of venue.ready.
type MadeReady struct {
	Venue conference.VenueID `json:"venue"`
}

// MadeNotReady is the data of venue.notReady.
type MadeNotReady struct {
	Venue conference.VenueID `json:"venue"`
}

// HandRaised is the data of hand.raised.
type HandRaised struct {
	Venue conference.VenueID `json:"venue"`
}

// HandLowered is the data of hand.lowered.
type HandLowered struct {
	Venue conference.VenueID `json:"venue"`
}

// Previewed is the data of floor.previewed. On false: the preview of the venue ended.
type Previewed struct {
	Venue conference.VenueID `json:"venue"`
	On    bool               `json:"on"`
}

// Given is the data of floor.given.
type Given struct {
	Venue   conference.VenueID `json:"venue"`
	LimitMs int64              `json:"limitMs"`
}

// TakenBack is the data of floor.takenBack; the turn lasted from floor.given to here.
type TakenBack struct {
	Venue conference.VenueID `json:"venue"`
}

// BackToCityHall is the data of floor.cityHall: nobody holds the floor, nothing is
// previewed (their own events stand before it) and the slate is gone.
type BackToCityHall struct{}

// Slated is the data of programme.slate.
type Slated struct {
	On bool `json:"on"`
}

// SideBySide is the data of programme.beside.
type SideBySide struct {
	On bool `json:"on"`
}
