package floor

import (
	"slices"

	"github.com/diemcau/diemcau/internal/conference"
)

// Board is the floor and all venues of a conference: as a root the state itself, as an
// Overlay the changes of a batch that is not durable yet, falling through to its parent
// for the rest.
//
// Only one goroutine may Apply to a board; several may read a root while nobody applies.
type Board struct {
	parent *Board
	order  []conference.VenueID // nil in an overlay: unchanged
	venues map[conference.VenueID]*Venue
	floor  *Floor // nil in an overlay: unchanged
}

// NewBoard returns the board of a conference whose venues are all offline.
func NewBoard(info *conference.Info) *Board {
	b := &Board{venues: make(map[conference.VenueID]*Venue), floor: &Floor{Main: info.MainVenue()}}
	for _, v := range info.Venues {
		b.order = append(b.order, v.ID)
		b.venues[v.ID] = &Venue{ID: v.ID, State: StateOffline}
	}
	return b
}

// Overlay returns an empty layer on top of b. Dropping it undoes what was applied to it.
func (b *Board) Overlay() *Board {
	return &Board{parent: b, venues: make(map[conference.VenueID]*Venue)}
}

// Rest puts an overlay onto another board, which has taken over what its parent held.
func (b *Board) Rest(on *Board) { b.parent = on }

// Venue returns the venue, or nil.
func (b *Board) Venue(id conference.VenueID) *Venue {
	for layer := b; layer != nil; layer = layer.parent {
		if v, ok := layer.venues[id]; ok {
			return v
		}
	}
	return nil
}

// Venues returns all venues in the order of the conference's Info.
func (b *Board) Venues() []*Venue {
	layer := b
	for layer.order == nil && layer.parent != nil {
		layer = layer.parent
	}
	venues := make([]*Venue, len(layer.order))
	for i, id := range layer.order {
		venues[i] = b.Venue(id)
	}
	return venues
}

// rearrange takes over which venues there are, and in which order. One that is gone is
// known no longer; one that stays keeps what it is.
func (b *Board) rearrange(info *conference.Info) {
	order := make([]conference.VenueID, 0, len(info.Venues))
	for _, v := range info.Venues {
		order = append(order, v.ID)
		if b.Venue(v.ID) == nil {
			b.venues[v.ID] = &Venue{ID: v.ID, State: StateOffline}
		}
	}
	for _, v := range b.Venues() {
		if !slices.Contains(order, v.ID) {
			b.venues[v.ID] = nil
		}
	}
	b.order = order
}

// restart forgets what was said in a test: who had the word, and for how long.
func (b *Board) restart() {
	b.floor = &Floor{Main: b.Floor().Main}
	for _, v := range b.Venues() {
		next := *v
		next.SpokenMs = 0
		next.lowerHand()
		b.put(next)
	}
}

// Floor returns who has the word.
func (b *Board) Floor() *Floor {
	layer := b
	for layer.floor == nil {
		layer = layer.parent
	}
	return layer.floor
}

// put stores a venue, its state derived from what it is on this floor.
func (b *Board) put(v Venue) *Venue {
	v.State = stateOf(&v, b.Floor())
	b.venues[v.ID] = &v
	return &v
}

// stateOf is the one place that says what a venue's state follows from.
func stateOf(v *Venue, f *Floor) State {
	switch {
	case f.Holder == v.ID:
		return StateLive // also while it is dropped: it keeps the floor
	case !v.Connected:
		return StateOffline
	case f.Preview == v.ID:
		return StatePreview
	case !v.Consent:
		return StateConnected
	case !v.HandAt.IsZero():
		return StateQueued
	}
	return StateReady
}
