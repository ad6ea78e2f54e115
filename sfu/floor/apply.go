package floor

import (
	"fmt"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
)

// Apply takes an event over into the board and returns the venue it changed, or nil.
// Events of other parts change nothing.
func (b *Board) Apply(event conference.Event) (*Venue, error) {
	switch event.Type {
	case EventCityHall, EventSlate, EventBeside:
		return nil, b.applyFloor(event)
	case EventConnected, EventDisconnected, EventReady, EventNotReady, EventHandRaised, EventHandLowered,
		EventPreviewed, EventGiven, EventTakenBack:
		return b.applyVenue(event)
	case conference.EventEdited:
		data, err := conference.DataOf[conference.Edited](event)
		if err != nil {
			return nil, err
		}
		b.rearrange(&data.Info)
	case conference.EventWentLive:
		b.restart()
	}
	return nil, nil
}

func (b *Board) applyFloor(event conference.Event) error {
	data, err := conference.DataOf[Slated](event) // SideBySide has the same field, BackToCityHall none: the slate goes
	if err != nil {
		return err
	}
	next := *b.Floor()
	if event.Type == EventBeside {
		next.Beside = data.On
	} else {
		next.Slate = data.On
	}
	b.floor = &next
	return nil
}

// change is what the events about a venue tell; only some have more than the venue.
type change struct {
	Venue   conference.VenueID `json:"venue"`
	Consent bool               `json:"consent"`
	On      bool               `json:"on"`
	LimitMs int64              `json:"limitMs"`
}

func (b *Board) applyVenue(event conference.Event) (*Venue, error) {
	data, err := conference.DataOf[change](event)
	if err != nil {
		return nil, err
	}
	before := b.Venue(data.Venue)
	if before == nil {
		return nil, fmt.Errorf("apply %s at %d: no venue %s", event.Type, event.Position, data.Venue)
	}
	next := *before
	switch event.Type {
	case EventConnected:
		next.Connected, next.DroppedAt = true, time.Time{}
		next.setConsent(data.Consent)
	case EventDisconnected:
		next.Connected, next.DroppedAt = false, event.At
	case EventReady:
		next.Consent = true
	case EventNotReady:
		next.setConsent(false)
	case EventHandRaised:
		if next.HandAt.IsZero() {
			next.HandAt = event.At // a new note does not cost the place in the line
		}
		next.HandNote = event.Private[FieldNote]
	case EventHandLowered:
		next.lowerHand()
	default:
		b.applyTurn(event, data, &next)
	}
	return b.put(next), nil
}

// applyTurn takes preview and floor over; b.floor changes before the venue's state is derived.
func (b *Board) applyTurn(event conference.Event, data change, v *Venue) {
	next := *b.Floor()
	switch event.Type {
	case EventPreviewed:
		next.Preview = ""
		if data.On {
			next.Preview = v.ID
		}
	case EventGiven:
		next.Holder, next.GivenAt, next.LimitMs = v.ID, event.At, data.LimitMs
		if next.Preview == v.ID {
			next.Preview = ""
		}
		v.lowerHand()
	case EventTakenBack:
		v.SpokenMs += max(0, event.At.Sub(next.GivenAt).Milliseconds())
		next.Holder, next.GivenAt, next.LimitMs = "", time.Time{}, 0
	}
	b.floor = &next
}

func (v *Venue) setConsent(given bool) {
	v.Consent = given
	if !given {
		v.lowerHand()
	}
}

func (v *Venue) lowerHand() { v.HandAt, v.HandNote = time.Time{}, "" }
