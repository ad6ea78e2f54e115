package replay

import (
	"slices"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
)

// Span is from when to when something was on air, by the log's clock.
type Span struct {
	From  time.Time
	Until time.Time // zero: it is on air still
}

// Airing is one time that a question was on air. One that was recalled and asked again has two.
type Airing struct {
	Question conference.QuestionID
	Span
}

// Turn is one time that a venue had the floor. City Hall, which always has it, has none.
type Turn struct {
	Venue conference.VenueID
	Span
}

// Story is what was on air so far, oldest first. Airings do not overlap each other, nor do
// turns; a question may be on air over several turns.
type Story struct {
	Airings []Airing
	Turns   []Turn
}

// Of returns when a question was on air, oldest first.
func (s Story) Of(id conference.QuestionID) []Span {
	var spans []Span
	for _, a := range s.Airings {
		if a.Question == id {
			spans = append(spans, a.Span)
		}
	}
	return spans
}

// Ledger notes a Story. The zero value is that of a conference that has not begun. Not safe
// for concurrent use; what Story returned is never changed.
type Ledger struct {
	story Story
	onAir conference.QuestionID
	floor conference.VenueID
}

// Note takes over the state after an event: the question on air and the venue with the
// floor, "" for none. Nothing is on air once the conference is over.
func (l *Ledger) Note(at time.Time, onAir conference.QuestionID, floor conference.VenueID, over bool) {
	if over {
		onAir, floor = "", ""
	}
	if onAir != l.onAir {
		if n := len(l.story.Airings); l.onAir != "" {
			l.story.Airings[n-1].Until = at
		}
		if l.onAir = onAir; onAir != "" {
			l.story.Airings = append(l.story.Airings, Airing{Question: onAir, Span: Span{From: at}})
		}
	}
	if floor != l.floor {
		if n := len(l.story.Turns); l.floor != "" {
			l.story.Turns[n-1].Until = at
		}
		if l.floor = floor; floor != "" {
			l.story.Turns = append(l.story.Turns, Turn{Venue: floor, Span: Span{From: at}})
		}
	}
}

// Story returns what was noted so far, in slices of its own.
func (l *Ledger) Story() Story {
	return Story{Airings: slices.Clone(l.story.Airings), Turns: slices.Clone(l.story.Turns)}
}
