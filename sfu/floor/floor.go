package floor

import (
	"time"

	"github.com/diemcau/diemcau/internal/conference"
)

// State is where a venue stands.
type State string

// The states of a venue.
const (
	StateOffline   State = "offline"
	StateConnected State = "connected" // sends picture and sound, operator has not said ready
	StateReady     State = "ready"     // operator consented to being put on air
	StateQueued    State = "queued"    // hand raised
	StatePreview   State = "preview"   // next; source is being warmed up
	StateLive      State = "live"      // has the floor
)

// Venue is one venue's place in the conference. Never changed in place (see moderation.Question).
type Venue struct {
	ID        conference.VenueID
	State     State
	Connected bool // its media is up, whatever the state; a holder that dropped keeps the floor
	// Consent is the operator's Ready; it survives a drop of at most ConsentKept.
	Consent bool
	// DroppedAt is when the media last went away; zero while Connected.
	DroppedAt time.Time
	// HandAt is when the hand was raised; zero when it is down.
	HandAt time.Time
	// HandNote is the short reason given with the hand (≤ 120 runes).
	HandNote string
	// SpokenMs is the air time of the turns that have ended.
	SpokenMs int64
}

// Floor is who has the word. Never changed in place.
type Floor struct {
	Main conference.VenueID
	// Holder is the venue with the floor; "" means City Hall alone.
	Holder conference.VenueID
	// Preview is the venue being warmed up; "" for none.
	Preview conference.VenueID
	// GivenAt and LimitMs are the speaking clock; zero when Holder is "". LimitMs 0 = no limit.
	GivenAt time.Time
	LimitMs int64
	// Slate covers the programme (picture and sound) whatever the floor.
	Slate bool
	// Beside shows City Hall's picture beside that of whoever holds the floor; a mode that
	// stays while the floor goes round.
	Beside bool
}

// Connect tells that the venue's media came up; System only.
type Connect struct{ Venue conference.VenueID }

// Disconnect tells that the venue's media went away; System only.
type Disconnect struct{ Venue conference.VenueID }

// Ready is the operator's consent to be put on air.
type Ready struct{ Venue conference.VenueID }

// NotReady takes the consent back; a venue that has the floor loses it.
type NotReady struct{ Venue conference.VenueID }

// RaiseHand asks for the floor.
type RaiseHand struct {
	Venue conference.VenueID
	Note  string
}

// LowerHand takes the wish back; by the venue or by the stage manager.
type LowerHand struct{ Venue conference.VenueID }

// Preview warms a ready venue up; "" clears the preview.
type Preview struct{ Venue conference.VenueID }

// Give gives the floor to a ready venue, taking it from whoever has it.
type Give struct {
	Venue   conference.VenueID
	LimitMs int64 // 0: no limit; at most MaxLimitMs
	// Seen is the holder the stage manager saw when giving ("" nobody). If another has the
	// floor by now, the command is refused with floor.changed. nil: whoever has it.
	Seen *conference.VenueID
}

// TakeBack takes the floor from the venue that has it; Venue "" means whoever that is.
type TakeBack struct{ Venue conference.VenueID }

// CityHall is the one key back: no holder, no preview, no slate.
type CityHall struct{}

// Slate covers or uncovers the programme.
type Slate struct{ On bool }

// Beside puts City Hall's picture beside the holder's, or takes it away.
type Beside struct{ On bool }

// CommandType returns the command's name on the wire.
func (Connect) CommandType() string { return "venue.connect" }

// CommandType returns the command's name on the wire.
func (Disconnect) CommandType() string { return "venue.disconnect" }

// CommandType returns the command's name on the wire.
func (Ready) CommandType() string { return "venue.ready" }

// CommandType returns the command's name on the wire.
func (NotReady) CommandType() string { return "venue.notReady" }

// CommandType returns the command's name on the wire.
func (RaiseHand) CommandType() string { return "hand.raise" }

// CommandType returns the command's name on the wire.
func (LowerHand) CommandType() string { return "hand.lower" }

// CommandType returns the command's name on the wire.
func (Preview) CommandType() string { return "floor.preview" }

// CommandType returns the command's name on the wire.
func (Give) CommandType() string { return "floor.give" }

// CommandType returns the command's name on the wire.
func (TakeBack) CommandType() string { return "floor.takeBack" }

// CommandType returns the command's name on the wire.
func (CityHall) CommandType() string { return "floor.cityHall" }

// CommandType returns the command's name on the wire.
func (Slate) CommandType() string { return "programme.slate" }

// CommandType returns the command's name on the wire.
func (Beside) CommandType() string { return "programme.beside" }
