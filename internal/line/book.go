package line

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
)

// Refusals of a Book.
const (
	CodeTooOften = "line.too_often" // KindRateLimited
	CodeUnknown  = "line.unknown"   // KindNotFound: nothing is known of the venue
	CodeNoStill  = "line.no_still"  // KindNotFound
)

// leastBetween is how soon a page may report again.
const leastBetween = time.Second

// Speaking is who is heard now.
type Speaking struct {
	Now  conference.VenueID   // who speaks among the open microphones; "": nobody
	Loud []conference.VenueID // closed microphones with sound, by id
}

// Book has the lines of all conferences. All methods may be called concurrently.
type Book struct {
	booksMu sync.Mutex // guards books
	books   map[conference.ID]*book
}

// book is one conference's.
type book struct {
	version  uint64
	halls    map[conference.VenueID]*hall
	speaking Speaking
	spoke    uint64 // changes of speaking
}

// New returns an empty Book.
func New() *Book { return &Book{books: map[conference.ID]*book{}} }

// of returns a conference's book; booksMu is held.
func (b *Book) of(id conference.ID) *book {
	one := b.books[id]
	if one == nil {
		one = &book{halls: map[conference.VenueID]*hall{}}
		b.books[id] = one
	}
	return one
}

// hall returns a venue's; booksMu is held.
func (b *Book) hall(id conference.ID, venue conference.VenueID) *hall {
	one := b.of(id)
	h := one.halls[venue]
	if h == nil {
		h = &hall{}
		one.halls[venue] = h
	}
	return h
}

// Report takes what the page of a venue of the conference tells. Refusals: line.bad_report,
// line.too_often.
func (b *Book) Report(id conference.ID, venue conference.VenueID, r Report, now time.Time) error {
	if err := r.Check(); err != nil {
		return err
	}
	b.booksMu.Lock()
	defer b.booksMu.Unlock()
	h := b.hall(id, venue)
	if !h.reportedAt.IsZero() && now.Sub(h.reportedAt) < leastBetween {
		return conference.Refuse(conference.KindRateLimited, CodeTooOften, "")
	}
	h.report, h.reportedAt = r, now
	return nil
}

// Observe takes what the media plane measures now: a reading of each venue that sends, and
// the place of every venue of the conference. It makes the rows; call it every two seconds.
func (b *Book) Observe(id conference.ID, readings []Reading, places map[conference.VenueID]Place, now time.Time) {
	b.booksMu.Lock()
	defer b.booksMu.Unlock()
	one := b.of(id)
	present := make(map[conference.VenueID]bool, len(readings))
	for i := range readings {
		venue := readings[i].Venue
		present[venue] = true
		h := b.hall(id, venue)
		h.measure(readings[i], now)
		row := h.judge(venue, places[venue], now)
		h.remember(&row, now)
		one.show(h, row)
	}
	for venue, h := range one.halls {
		if !present[venue] {
			one.hide(h)
		}
		if _, of := places[venue]; !of {
			h.past = history{}
		}
	}
}

func (o *book) show(h *hall, row Row) {
	if h.shown && same(&h.row, &row) {
		return
	}
	o.version++
	h.row, h.shown, h.version = row, true, o.version
}

// hide takes away the row of a venue that sends no more; its history stays.
func (o *book) hide(h *hall) {
	h.lastAt, h.soundAt, h.reportedAt, h.steady, h.still = time.Time{}, time.Time{}, time.Time{}, Steady{}, nil
	if h.shown {
		o.version++
		h.shown, h.version = false, o.version
	}
}

// Changes are the rows that are other ones than at a version, and the venues without one.
type Changes struct {
	Version uint64
	Rows    []Row // by venue
	Gone    []conference.VenueID
}

// Changes returns what changed since a version; since 0 all rows.
func (b *Book) Changes(id conference.ID, since uint64) Changes {
	b.booksMu.Lock()
	defer b.booksMu.Unlock()
	one := b.books[id]
	if one == nil || one.version == since {
		return Changes{Version: since}
	}
	c := Changes{Version: one.version}
	for venue, h := range one.halls {
		switch {
		case h.version <= since:
		case h.shown:
			c.Rows = append(c.Rows, h.row)
		case since > 0:
			c.Gone = append(c.Gone, venue)
		}
	}
	slices.SortFunc(c.Rows, func(x, y Row) int { return cmp.Compare(x.Venue, y.Venue) })
	slices.Sort(c.Gone)
	return c
}

// Mirror shows the rows another node has made: all of them when whole, else those changed.
func (b *Book) Mirror(id conference.ID, rows []Row, gone []conference.VenueID, whole bool) {
	b.booksMu.Lock()
	defer b.booksMu.Unlock()
	one := b.of(id)
	named := make(map[conference.VenueID]bool, len(rows))
	for i := range rows {
		venue := conference.VenueID(rows[i].Venue)
		named[venue] = true
		one.show(b.hall(id, venue), rows[i])
	}
	for venue, h := range one.halls {
		if (whole && !named[venue]) || slices.Contains(gone, venue) {
			one.hide(h)
		}
	}
}

// Forget hides all rows of a conference whose media are elsewhere, or nowhere.
func (b *Book) Forget(id conference.ID) { b.Mirror(id, nil, nil, true) }

// Speak takes who is heard now.
func (b *Book) Speak(id conference.ID, now Speaking) {
	b.booksMu.Lock()
	defer b.booksMu.Unlock()
	one := b.of(id)
	if one.speaking.Now == now.Now && slices.Equal(one.speaking.Loud, now.Loud) {
		return
	}
	one.speaking = Speaking{Now: now.Now, Loud: slices.Clone(now.Loud)}
	one.spoke++
}

// Speaking returns who is heard now, and a number that grows with each change.
func (b *Book) Speaking(id conference.ID) (Speaking, uint64) {
	b.booksMu.Lock()
	defer b.booksMu.Unlock()
	one := b.books[id]
	if one == nil {
		return Speaking{}, 0
	}
	return one.speaking, one.spoke
}

// History returns the samples of the last half hour, oldest first. Refusal: line.unknown.
func (b *Book) History(id conference.ID, venue conference.VenueID) ([]Sample, error) {
	b.booksMu.Lock()
	defer b.booksMu.Unlock()
	one := b.books[id]
	if one == nil || one.halls[venue] == nil || len(one.halls[venue].past.ring) == 0 {
		return nil, conference.Refuse(conference.KindNotFound, CodeUnknown, "")
	}
	return one.halls[venue].past.samples(), nil
}
