package live

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog"
	"github.com/diemcau/diemcau/internal/registration"
	"github.com/diemcau/diemcau/internal/replay"
	"github.com/diemcau/diemcau/moderation"
)

const (
	eraseAtOnce = 10_000          // fields of one call, which looks through the log and has it compacted
	eraseRetry  = 5 * time.Second // after the store was away
)

// edit decides a change of what the conference is. The rules look at the conference alone;
// here is seen what a venue or a topic that goes is still needed for.
//
// Refusals: those of conference.Edit, conference.venue_in_use, conference.topic_in_use,
// registration.seats_taken.
func (b *batch) edit(command conference.Command, body conference.Edit) (conference.Decision, error) {
	decision, err := conference.Decide(b.info, command, b.now)
	if err != nil || len(decision.Drafts) == 0 {
		return decision, err
	}
	seats, err := b.seats(&body.Info)
	if err != nil {
		return conference.Decision{}, err
	}
	decision.Drafts[0].Bumps = append(decision.Drafts[0].Bumps, seats...)
	for _, gone := range b.info.Without(&body.Info) {
		if b.registrations.Count(gone) != (registration.Count{}) {
			return conference.Decision{}, conference.Refuse(conference.KindConflict, "conference.venue_in_use", string(gone))
		}
		decision.Reads = append(decision.Reads, gone.Seats())
		if v := b.floor.Venue(gone); v != nil && v.Connected || b.floor.Floor().Holder == gone {
			return conference.Decision{}, conference.Refuse(conference.KindConflict, "conference.venue_in_use", string(gone))
		}
	}
	for _, q := range b.questions.Questions() {
		if _, kept := body.Info.Venue(q.Venue); !kept && q.Venue != "" {
			return conference.Decision{}, conference.Refuse(conference.KindConflict, "conference.venue_in_use", string(q.Venue))
		}
		if _, kept := body.Info.Topic(q.Topic); !kept {
			return conference.Decision{}, conference.Refuse(conference.KindConflict, "conference.topic_in_use", string(q.Topic))
		}
	}
	return decision, nil
}

// seats refuses numbers of seats below what is taken, as registration.Set is refused, and
// returns the entities of those that change. What becomes free is offered by the system.
func (b *batch) seats(next *conference.Info) ([]conference.Entity, error) {
	var counts []conference.SeatCount
	for _, before := range b.info.Venues {
		if v, kept := next.Venue(before.ID); kept && (v.Seats != before.Seats || v.Reserved != before.Reserved) {
			counts = append(counts, conference.SeatCount{Venue: v.ID, Seats: v.Seats, Reserved: v.Reserved})
		}
	}
	if len(counts) == 0 {
		return nil, nil
	}
	now := *next // the rest of it has been checked
	now.ID, now.State, now.Venues = b.info.ID, b.info.State, b.info.Venues
	decision, err := b.registrations.Decide(&now, conference.Command{Body: registration.Set{Seats: counts}}, b.now)
	if err != nil {
		return nil, err
	}
	return decision.Drafts[0].Bumps[1:], nil // the first is the conference
}

// wipe forgets what was asked in a test. The outcomes of its commands stay: a command that
// is repeated is still the same one.
func (s *state) wipe() {
	s.questions = moderation.NewBoard()
	clear(s.submissions)
	clear(s.codes)
	s.registrations, s.places = registration.NewBoard(), newSealedPlaces()
	s.letters.Wipe()
	clear(s.registered)
	clear(s.tickets)
	clear(s.brought)
	s.story = replay.Ledger{}
	s.liveFrom = s.at.Pos + 1
}

// wiped reports whether an event is about a question or a registration of the test: a
// decision that another node had under way when the conference went live. It rests on
// nothing that is left.
func (s *state) wiped(event conference.Event) bool {
	if s.liveFrom == 0 || event.Type == moderation.EventSubmitted || event.Type == registration.EventMade {
		return false
	}
	if id, is := strings.CutPrefix(string(event.Entity), "question:"); is {
		return s.questions.Question(conference.QuestionID(id)) == nil
	}
	id, is := strings.CutPrefix(string(event.Entity), "registration:")
	return is && s.registrations.Registration(conference.RegistrationID(id)) == nil
}

// skip goes past an event that changes nothing.
func (s *state) skip(event conference.Event, at eventlog.Position) error {
	for _, entity := range event.Bumps {
		s.versions[entity]++
	}
	s.note(event, nil, nil)
	s.at, s.time = at, event.At
	s.ring.push(Change{Event: event, Cursor: cursorOf(at), OnAir: s.questions.OnAir()})
	return nil
}

// liveFrom returns the position at which a test was ended; 0: there was none.
func (c *Conference) liveFrom() (uint64, <-chan struct{}) {
	c.stateMu.RLock()
	defer c.stateMu.RUnlock()
	return c.state.liveFrom, c.more
}

// forget erases the sealed words of a test that has ended, until ctx ends: those of a test
// that ended before this start too, for the node may have stopped in the middle of it. All
// nodes do it; what is erased twice is erased.
func (c *Conference) forget(ctx context.Context) {
	var done uint64
	for ctx.Err() == nil {
		from, more := c.liveFrom()
		if from > done {
			if err := c.eraseBefore(ctx, from); err != nil {
				if ctx.Err() == nil {
					c.logger.ErrorContext(ctx, "words of the test are not erased yet", slog.Any("err", err))
				}
				pause(ctx, eraseRetry)
				continue
			}
			done = from
		}
		select {
		case <-ctx.Done():
		case <-more:
		}
	}
}

func (c *Conference) eraseBefore(ctx context.Context, end uint64) error {
	erased := 0
	for pos := uint64(0); pos+1 < end; {
		records, _, err := c.readAfter(ctx, pos)
		if err != nil {
			return err
		}
		if len(records) == 0 {
			break
		}
		var fields []eventlog.Erasure
		for _, record := range records {
			if pos = record.Position; pos >= end {
				break
			}
			for field := range record.Sealed {
				fields = append(fields, eventlog.Erasure{EventID: record.ID, Field: field})
			}
		}
		for len(fields) > 0 {
			some := fields[:min(eraseAtOnce, len(fields))]
			if err := c.log.Erase(ctx, some); err != nil {
				return fmt.Errorf("erase the words of the test of %s: %w", c.id, err)
			}
			erased, fields = erased+len(some), fields[len(some):]
		}
	}
	if erased > 0 {
		c.logger.InfoContext(ctx, "words of the test are erased", slog.Group("log", slog.Int("fields", erased)))
	}
	return nil
}
