package floor

import (
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/diemcau/diemcau/internal/conference"
)

// Limits and times of the floor.
const (
	MaxNoteRunes = 120
	MaxLimitMs   = int64(time.Hour / time.Millisecond)
	// ConsentKept is how long a Ready survives a drop of the line: long enough for a
	// reload or another network, too short for another person to sit down unnoticed.
	ConsentKept = 2 * time.Minute
)

// Decide answers a command with what is to be written, or refuses it. now is the node's
// clock; it decides only whether a consent given before a drop still holds.
//
// Refusals (KindInvalid): venue.is_main, floor.bad_limit, hand.note_too_long,
// command.unknown. KindNotFound: venue.unknown. KindConflict: venue.not_connected,
// venue.not_ready, floor.already_held, floor.not_held, floor.changed.
func (b *Board) Decide(command conference.Command, now time.Time) (conference.Decision, error) {
	switch body := command.Body.(type) {
	case Connect:
		return b.connect(body, now)
	case Disconnect:
		return b.disconnect(body)
	case Ready:
		return b.ready(body)
	case NotReady:
		return b.notReady(body)
	case RaiseHand:
		return b.raiseHand(body)
	case LowerHand:
		return b.lowerHand(body)
	case Preview:
		return b.preview(body)
	case Give:
		return b.give(body)
	case TakeBack:
		return b.takeBack(body)
	case CityHall:
		return b.cityHall()
	case Slate:
		return b.slate(body)
	case Beside:
		return b.beside(body)
	}
	return conference.Decision{}, conference.Refuse(conference.KindInvalid, "command.unknown", command.Body.CommandType())
}

func (b *Board) connect(body Connect, now time.Time) (conference.Decision, error) {
	v, err := b.known(body.Venue)
	if err != nil || v.Connected {
		return nothing(body.Venue), err
	}
	kept := v.Consent && (b.Floor().Holder == v.ID || now.Sub(v.DroppedAt) <= ConsentKept)
	return decide(aboutVenue(EventConnected, v.ID, Connected{Venue: v.ID, Consent: kept})), nil
}

func (b *Board) disconnect(body Disconnect) (conference.Decision, error) {
	v, err := b.known(body.Venue)
	if err != nil || !v.Connected {
		return nothing(body.Venue), err
	}
	drafts := b.endPreview(v.ID)
	return decide(append(drafts, aboutVenue(EventDisconnected, v.ID, Disconnected{Venue: v.ID}))...), nil
}

func (b *Board) ready(body Ready) (conference.Decision, error) {
	v, err := b.known(body.Venue)
	switch {
	case err != nil:
		return conference.Decision{}, err
	case !v.Connected:
		return conference.Decision{}, conflict("venue.not_connected", string(v.ID))
	case v.Consent:
		return nothing(v.ID), nil
	}
	return decide(aboutVenue(EventReady, v.ID, MadeReady{Venue: v.ID})), nil
}

func (b *Board) notReady(body NotReady) (conference.Decision, error) {
	v, err := b.known(body.Venue)
	if err != nil || !v.Consent {
		return nothing(body.Venue), err
	}
	var drafts []conference.Draft
	if b.Floor().Holder == v.ID {
		drafts = append(drafts, takenBack(v.ID))
	}
	drafts = append(drafts, b.endPreview(v.ID)...)
	return b.onFloor(append(drafts, aboutVenue(EventNotReady, v.ID, MadeNotReady{Venue: v.ID}))...), nil
}

func (b *Board) raiseHand(body RaiseHand) (conference.Decision, error) {
	v, err := b.guest(body.Venue)
	switch {
	case err != nil:
		return conference.Decision{}, err
	case utf8.RuneCountInString(body.Note) > MaxNoteRunes:
		return conference.Decision{}, conference.Refuse(conference.KindInvalid, "hand.note_too_long", fmt.Sprintf("at most %d characters", MaxNoteRunes))
	case b.Floor().Holder == v.ID:
		return conference.Decision{}, conflict("floor.already_held", string(v.ID))
	case !v.Connected || !v.Consent:
		return conference.Decision{}, conflict("venue.not_ready", string(v.State))
	case !v.HandAt.IsZero() && v.HandNote == body.Note:
		return nothing(v.ID), nil
	}
	draft := aboutVenue(EventHandRaised, v.ID, HandRaised{Venue: v.ID})
	if body.Note != "" {
		draft.Private = map[string]string{FieldNote: body.Note}
	}
	return b.onFloor(draft), nil
}

func (b *Board) lowerHand(body LowerHand) (conference.Decision, error) {
	v, err := b.known(body.Venue)
	if err != nil || v.HandAt.IsZero() {
		return nothing(body.Venue), err
	}
	return decide(aboutVenue(EventHandLowered, v.ID, HandLowered{Venue: v.ID})), nil
}

func (b *Board) preview(body Preview) (conference.Decision, error) {
	earlier := b.Floor().Preview
	if body.Venue == "" {
		return b.onFloor(b.endPreview(earlier)...), nil
	}
	v, err := b.guest(body.Venue)
	switch {
	case err != nil:
		return conference.Decision{}, err
	case b.Floor().Holder == v.ID:
		return conference.Decision{}, conflict("floor.already_held", string(v.ID))
	case earlier == v.ID:
		return b.onFloor(), nil
	case !v.Connected || !v.Consent:
		return conference.Decision{}, conflict("venue.not_ready", string(v.State))
	}
	drafts := append(b.endPreview(earlier), aboutFloor(EventPreviewed, v.ID, Previewed{Venue: v.ID, On: true}))
	return b.onFloor(drafts...), nil
}

func (b *Board) give(body Give) (conference.Decision, error) {
	v, err := b.guest(body.Venue)
	if err != nil {
		return conference.Decision{}, err
	}
	holder := b.Floor().Holder
	switch {
	case body.LimitMs < 0 || body.LimitMs > MaxLimitMs:
		return conference.Decision{}, conference.Refuse(conference.KindInvalid, "floor.bad_limit", fmt.Sprintf("0–%d ms", MaxLimitMs))
	case body.Seen != nil && *body.Seen != holder:
		return conference.Decision{}, conflict("floor.changed", "held by "+string(holder))
	case holder == v.ID && !v.Connected:
		return b.onFloor(), nil // it keeps the floor while it reconnects
	case holder == v.ID:
		return conference.Decision{}, conflict("floor.already_held", string(v.ID))
	case !v.Connected || !v.Consent:
		return conference.Decision{}, conflict("venue.not_ready", string(v.State))
	}
	var drafts []conference.Draft
	if holder != "" {
		drafts = append(drafts, takenBack(holder))
	}
	drafts = append(drafts, aboutFloor(EventGiven, v.ID, Given{Venue: v.ID, LimitMs: body.LimitMs}))
	return b.onFloor(drafts...), nil
}

func (b *Board) takeBack(body TakeBack) (conference.Decision, error) {
	if body.Venue != "" {
		if _, err := b.known(body.Venue); err != nil {
			return conference.Decision{}, err
		}
	}
	holder := b.Floor().Holder
	if holder == "" || body.Venue != "" && body.Venue != holder {
		return conference.Decision{}, conflict("floor.not_held", string(body.Venue))
	}
	return b.onFloor(takenBack(holder)), nil
}

func (b *Board) cityHall() (conference.Decision, error) {
	f := b.Floor()
	if f.Holder == "" && f.Preview == "" && !f.Slate {
		return b.onFloor(), nil
	}
	var drafts []conference.Draft
	if f.Holder != "" {
		drafts = append(drafts, takenBack(f.Holder))
	}
	drafts = append(drafts, b.endPreview(f.Preview)...)
	return b.onFloor(append(drafts, floorOnly(EventCityHall, BackToCityHall{}))...), nil
}

func (b *Board) slate(body Slate) (conference.Decision, error) {
	if b.Floor().Slate == body.On {
		return b.onFloor(), nil
	}
	return b.onFloor(floorOnly(EventSlate, Slated(body))), nil
}

func (b *Board) beside(body Beside) (conference.Decision, error) {
	if b.Floor().Beside == body.On {
		return b.onFloor(), nil
	}
	return b.onFloor(floorOnly(EventBeside, SideBySide(body))), nil
}

func (b *Board) known(id conference.VenueID) (*Venue, error) {
	if v := b.Venue(id); v != nil {
		return v, nil
	}
	return nil, conference.Refuse(conference.KindNotFound, "venue.unknown", string(id))
}

// guest returns a venue that needs the floor to speak; City Hall never does.
func (b *Board) guest(id conference.VenueID) (*Venue, error) {
	if id != "" && id == b.Floor().Main {
		return nil, conference.Refuse(conference.KindInvalid, "venue.is_main", string(id))
	}
	return b.known(id)
}

// endPreview returns the event that ends the preview of the venue, if it has it.
func (b *Board) endPreview(id conference.VenueID) []conference.Draft {
	if id == "" || b.Floor().Preview != id {
		return nil
	}
	return []conference.Draft{aboutFloor(EventPreviewed, id, Previewed{Venue: id})}
}

func takenBack(id conference.VenueID) conference.Draft {
	return aboutFloor(EventTakenBack, id, TakenBack{Venue: id})
}

func aboutVenue(event string, id conference.VenueID, data any) conference.Draft {
	return conference.Draft{Type: event, V: 1, Entity: id.Entity(), Bumps: []conference.Entity{id.Entity()}, Data: data}
}

// aboutFloor returns an event that changes the floor and one venue's place on it.
func aboutFloor(event string, id conference.VenueID, data any) conference.Draft {
	return conference.Draft{
		Type: event, V: 1, Entity: conference.EntityFloor, Bumps: []conference.Entity{conference.EntityFloor, id.Entity()}, Data: data,
	}
}

func floorOnly(event string, data any) conference.Draft {
	return conference.Draft{
		Type: event, V: 1, Entity: conference.EntityFloor, Bumps: []conference.Entity{conference.EntityFloor}, Data: data,
	}
}

// decide returns the decision that writes the drafts and rests on all they change.
func decide(drafts ...conference.Draft) conference.Decision {
	decision := conference.Decision{Drafts: drafts}
	for _, draft := range drafts {
		for _, entity := range draft.Bumps {
			if !slices.Contains(decision.Reads, entity) {
				decision.Reads = append(decision.Reads, entity)
			}
		}
	}
	return decision
}

// onFloor is decide for commands that looked at the floor, whether or not they change it.
func (b *Board) onFloor(drafts ...conference.Draft) conference.Decision {
	decision := decide(drafts...)
	if !slices.Contains(decision.Reads, conference.EntityFloor) {
		decision.Reads = append(decision.Reads, conference.EntityFloor)
	}
	return decision
}

// nothing is the decision that a venue already is where the command wants it.
func nothing(id conference.VenueID) conference.Decision {
	return conference.Decision{Reads: []conference.Entity{id.Entity()}}
}

func conflict(code, detail string) error {
	return conference.Refuse(conference.KindConflict, code, detail)
}
