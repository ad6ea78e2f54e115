package live

import (
	"fmt"
	"slices"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog"
	"github.com/diemcau/diemcau/internal/registration"
	"github.com/diemcau/diemcau/moderation"
)

// Erasures remembers, outside of the log and of its backups, who was erased, so that a
// restored log is made to forget them again. It may be called concurrently.
type Erasures interface {
	// Note adds registrations. It returns once they are on disk.
	Note(id conference.ID, erased []conference.RegistrationID) error
	// Noted returns all there are of a conference.
	Noted(id conference.ID) ([]conference.RegistrationID, error)
}

// sealedPlaces knows where a log holds words of people that may have to be erased, and which
// of them are to be.
type sealedPlaces struct {
	of       map[conference.RegistrationID][]eventlog.Erasure
	asker    map[conference.QuestionID][]eventlog.Erasure // name of who brought a question along
	erasable []eventlog.Erasure
	unnoted  []conference.RegistrationID // erased, and not yet noted outside
}

func newSealedPlaces() sealedPlaces {
	return sealedPlaces{of: map[conference.RegistrationID][]eventlog.Erasure{}, asker: map[conference.QuestionID][]eventlog.Erasure{}}
}

// notePlaces takes in where an event holds words, or that they are to be erased.
func (s *state) notePlaces(event conference.Event, r *registration.Registration, q *moderation.Question) {
	p := &s.places
	switch event.Type {
	case registration.EventMade, registration.EventCorrected:
		for field := range event.Private {
			p.of[r.ID] = append(p.of[r.ID], eventlog.Erasure{EventID: event.ID, Field: field})
		}
	case registration.EventErased:
		p.erasable = append(p.erasable, p.of[r.ID]...)
		p.unnoted = append(p.unnoted, r.ID)
		delete(p.of, r.ID)
		delete(s.forgotten, r.ID)
		s.scrubPerson(r.ID)
	case moderation.EventSubmitted:
		if q.Channel != moderation.ChannelRegistration {
			return
		}
		for _, field := range []string{moderation.FieldName, moderation.FieldPhone, moderation.FieldOrganisation} {
			if _, there := event.Private[field]; there {
				p.asker[q.ID] = append(p.asker[q.ID], eventlog.Erasure{EventID: event.ID, Field: field})
			}
		}
	case moderation.EventForgotten:
		p.erasable = append(p.erasable, p.asker[q.ID]...)
		delete(p.asker, q.ID)
		s.scrubAsker(q.ID)
	}
}

// forgetAsker takes the asker out of a change that is kept for readers.
func forgetAsker(c *Change) {
	for _, q := range []**moderation.Question{&c.Question, &c.Previous} {
		if *q != nil {
			next := **q
			next.Name, next.MayName, next.Contact = "", false, nil
			*q = &next
		}
	}
}

// scrub takes sealed words out of the changes that are kept.
func (r *ring) scrub(is func(*Change) bool, also func(*Change)) {
	for i := range r.changes {
		if c := &r.changes[i]; is(c) {
			c.Event.Private = nil
			if also != nil {
				also(c)
			}
		}
	}
}

// withhold keeps what a log holds of a person from everybody.
func (s *state) withhold(r *registration.Registration) {
	s.registrations.Withhold(r.ID)
	s.questions.Withhold(r.Question)
	s.scrubPerson(r.ID)
	s.scrubAsker(r.Question)
}

func (s *state) scrubPerson(id conference.RegistrationID) {
	s.ring.scrub(func(c *Change) bool { return c.Registration == id }, nil)
}

func (s *state) scrubAsker(id conference.QuestionID) {
	s.ring.scrub(func(c *Change) bool { return c.Question != nil && c.Question.ID == id }, forgetAsker)
}

// erasable returns what is to be erased and noted.
func (c *Conference) erasable() ([]eventlog.Erasure, []conference.RegistrationID) {
	c.stateMu.RLock()
	defer c.stateMu.RUnlock()
	return slices.Clone(c.state.places.erasable), slices.Clone(c.state.places.unnoted)
}

// erased takes over that it was.
func (c *Conference) erased(fields []eventlog.Erasure, ids []conference.RegistrationID) {
	c.stateMu.Lock()
	defer c.stateMu.Unlock()
	p := &c.state.places
	p.erasable = slices.DeleteFunc(p.erasable, func(e eventlog.Erasure) bool { return slices.Contains(fields, e) })
	p.unnoted = slices.DeleteFunc(p.unnoted, func(id conference.RegistrationID) bool { return slices.Contains(ids, id) })
}

// remember has a state forget whom a log before it had forgotten: what was erased and is not
// erased in it, is erased again, and told to nobody until then.
func (c *Conference) remember(s *state) error {
	if c.erasures == nil {
		return nil
	}
	ids, err := c.erasures.Noted(c.id)
	if err != nil {
		return fmt.Errorf("read who was erased from %s: %w", c.id, err)
	}
	noted := make(map[conference.RegistrationID]bool, len(ids))
	for _, id := range ids {
		noted[id] = true
		if r := s.registrations.Registration(id); r != nil && !r.Erased {
			s.forgotten[id] = true
			s.withhold(r)
		}
	}
	s.places.unnoted = slices.DeleteFunc(s.places.unnoted, func(id conference.RegistrationID) bool { return noted[id] })
	return nil
}
