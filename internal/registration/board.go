package registration

import (
	"cmp"
	"slices"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
)

// Board is all registrations of a conference: as a root the state itself, as an Overlay the
// changes of a batch that is not durable yet, falling through to its parent for the rest.
//
// Only one goroutine may Apply to a board; several may read a root while nobody applies.
type Board struct {
	parent  *Board
	all     map[conference.RegistrationID]*Registration
	order   []conference.RegistrationID // made in this layer, oldest first
	holders map[string]conference.RegistrationID
	counts  map[conference.VenueID]Count
	lines   map[conference.VenueID][]entry // of this layer, in order of arrival
	line    uint64                         // the last entry's number; 0: the parent's
}

// entry is a place in a line, in an overlay's view dead when its registration no longer has this number.
type entry struct {
	id     conference.RegistrationID
	number uint64
}

// NewBoard returns the board of a conference nobody has registered for.
func NewBoard() *Board { return (*Board)(nil).Overlay() }

// Overlay returns an empty layer on top of b. Dropping it undoes what was applied to it.
func (b *Board) Overlay() *Board {
	return &Board{
		parent: b, all: make(map[conference.RegistrationID]*Registration), holders: make(map[string]conference.RegistrationID),
		counts: make(map[conference.VenueID]Count), lines: make(map[conference.VenueID][]entry),
	}
}

// Rest puts an overlay onto another board, which has taken over what its parent held.
func (b *Board) Rest(on *Board) { b.parent = on }

// Registration returns the registration, or nil.
func (b *Board) Registration(id conference.RegistrationID) *Registration {
	for layer := b; layer != nil; layer = layer.parent {
		if r, ok := layer.all[id]; ok {
			return r
		}
	}
	return nil
}

// Registrations returns all registrations in the order they were made.
func (b *Board) Registrations() []*Registration {
	var all []*Registration
	for _, layer := range b.layers() {
		for _, id := range layer.order {
			all = append(all, b.Registration(id))
		}
	}
	return all
}

// Holder returns the active registration of a telephone number, or "".
func (b *Board) Holder(holder string) conference.RegistrationID {
	for layer := b; layer != nil; layer = layer.parent {
		if id, ok := layer.holders[holder]; ok {
			return id
		}
	}
	return ""
}

// Count returns how many registrations of a venue ("" online) stand where.
func (b *Board) Count(venue conference.VenueID) Count {
	for layer := b; layer != nil; layer = layer.parent {
		if c, ok := layer.counts[venue]; ok {
			return c
		}
	}
	return Count{}
}

// Place returns how many wait before a registration, and itself: 1 is the first of the
// line; 0 when it does not wait. Of a root it is quick: everybody in a long line asks.
func (b *Board) Place(id conference.RegistrationID) int {
	r := b.Registration(id)
	if r == nil || r.State != StateWaiting {
		return 0
	}
	if b.parent == nil {
		at, _ := slices.BinarySearchFunc(b.lines[r.Venue], r.line, byNumber)
		return at + 1
	}
	place := 0
	b.eachWaiting(r.Venue, func(other *Registration) bool {
		place++
		return other.ID != id
	})
	return place
}

// Withhold takes a person's words out of a registration of a root that is to be erased, so that
// nobody is told them before the erasure is written.
func (b *Board) Withhold(id conference.RegistrationID) {
	before := b.Registration(id)
	next := *before
	next.Person = Person{}
	b.put(before, &next)
}

// Lapsed returns the offers whose time is over.
func (b *Board) Lapsed(info *conference.Info, now time.Time) []conference.RegistrationID {
	var ids []conference.RegistrationID
	for _, r := range b.Registrations() {
		if r.State == StateOffered && !now.Before(r.OfferUntil(info)) {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

// eachWaiting calls do with those who wait at a venue, the first of the line first, until it
// returns false.
func (b *Board) eachWaiting(venue conference.VenueID, do func(*Registration) bool) {
	for _, layer := range b.layers() {
		for _, e := range layer.lines[venue] {
			if r := b.waits(e, venue); r != nil && !do(r) {
				return
			}
		}
	}
}

// waits returns the registration of an entry that is not dead.
func (b *Board) waits(e entry, venue conference.VenueID) *Registration {
	if r := b.Registration(e.id); r.State == StateWaiting && r.Venue == venue && r.line == e.number {
		return r
	}
	return nil
}

// layers returns the board's layers, the root first.
func (b *Board) layers() []*Board {
	var few [4]*Board
	layers := few[:0]
	for layer := b; layer != nil; layer = layer.parent {
		layers = append(layers, layer)
	}
	for i, j := 0, len(layers)-1; i < j; i, j = i+1, j-1 {
		layers[i], layers[j] = layers[j], layers[i]
	}
	return layers
}

// queue puts a registration at the end of its venue's line.
func (b *Board) queue(r *Registration) {
	last := uint64(0)
	for layer := b; layer != nil && last == 0; layer = layer.parent {
		last = layer.line
	}
	b.line = last + 1
	r.line = b.line
	b.lines[r.Venue] = append(b.lines[r.Venue], entry{r.ID, r.line})
}

// put replaces a registration and keeps what is counted of it.
func (b *Board) put(before, after *Registration) {
	if before != nil {
		b.counts[before.Venue] = b.Count(before.Venue).add(before, -1)
		if before.Active() && before.Holder != "" {
			b.holders[before.Holder] = ""
		}
	}
	b.counts[after.Venue] = b.Count(after.Venue).add(after, 1)
	if after.Active() && after.Holder != "" {
		b.holders[after.Holder] = after.ID
	}
	b.all[after.ID] = after
	if before != nil && before.State == StateWaiting && before.line != after.line && b.parent == nil {
		b.unqueue(before)
	}
}

// unqueue takes a registration's former place out of a root's line, where all entries wait.
func (b *Board) unqueue(before *Registration) {
	line := b.lines[before.Venue]
	if at, found := slices.BinarySearchFunc(line, before.line, byNumber); found {
		b.lines[before.Venue] = slices.Delete(line, at, at+1)
	}
}

func byNumber(e entry, number uint64) int { return cmp.Compare(e.number, number) }
