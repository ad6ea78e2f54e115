package outbox

import (
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/registration"
)

// Reason is why a letter is due: of several, the latest.
type Reason string

// The reasons of letters.
const (
	ReasonMade      Reason = "made" // registered: has a seat, waits, or takes part online
	ReasonOffered   Reason = "offered"
	ReasonAccepted  Reason = "accepted" // has a seat now: accepted, or given by staff
	ReasonLapsed    Reason = "lapsed"
	ReasonCancelled Reason = "cancelled"
	ReasonMoved     Reason = "moved"
	ReasonChanged   Reason = "changed" // date, time or place of the conference, or the end of an offer
	ReasonAddress   Reason = "address" // the e-mail address is another one
	ReasonAgain     Reason = "again"   // somebody asked for it
)

// Due is a letter that is due.
type Due struct {
	Registration conference.RegistrationID
	Reason       Reason
	About        uint64    // position of the latest event it tells
	At           time.Time // of the first event it tells
	// Was is what the person knew of the conference before it was changed; nil: it was not.
	Was *Was
}

// Was is when and where a conference was to be.
type Was struct {
	StartsAt time.Time
	Place    string
	Venue    string // name of the person's
	Address  string // of it
}

// Failure is a letter that is not tried any more.
type Failure struct {
	Fault
	At  time.Time
	due Due
}

// Letter is what is known of somebody's letters.
type Letter struct {
	Due     *Due // nil: none
	SentAt  time.Time
	Failure *Failure // nil: the last one did not fail
}

// Counts is how many letters stand where.
type Counts struct {
	Due    int
	Sent   uint64 // letters, not people
	Oldest time.Time
	Failed map[Fault]int
}

// Box is all letters of a conference. Only one goroutine may Apply to it; several may read
// while nobody applies.
type Box struct {
	began   bool
	sent    uint64
	letters map[conference.RegistrationID]Letter
}

// New returns an empty box.
func New() *Box { return &Box{letters: make(map[conference.RegistrationID]Letter)} }

// Wipe forgets all letters: a test has ended.
func (b *Box) Wipe() {
	b.sent = 0
	clear(b.letters)
}

// Began reports whether letters are written.
func (b *Box) Began() bool { return b.began }

// Letter returns what is known of somebody's letters.
func (b *Box) Letter(id conference.RegistrationID) Letter { return b.letters[id] }

// Due returns all letters that are due, in no order.
func (b *Box) Due() []Due {
	var all []Due
	for _, l := range b.letters {
		if l.Due != nil {
			all = append(all, *l.Due)
		}
	}
	return all
}

// Counts counts.
func (b *Box) Counts() Counts {
	counts := Counts{Sent: b.sent, Failed: map[Fault]int{}}
	for _, l := range b.letters {
		if l.Due != nil {
			counts.Due++
			if counts.Oldest.IsZero() || l.Due.At.Before(counts.Oldest) {
				counts.Oldest = l.Due.At
			}
		}
		if l.Failure != nil {
			counts.Failed[l.Failure.Fault]++
		}
	}
	return counts
}

// Scene is what an event is seen against.
type Scene struct {
	// Before and After are the registration the event is about; nil: none.
	Before, After *registration.Registration
	// Was and Info are the conference before and after the event.
	Was, Info *conference.Info
	// Board has the registrations after the event.
	Board *registration.Board
}

// Apply takes an event over.
func (b *Box) Apply(event conference.Event, s Scene) error {
	switch event.Type {
	case EventBegan:
		b.began = true
	case EventSent:
		data, err := conference.DataOf[Sent](event)
		if err != nil {
			return err
		}
		b.sent++
		b.settle(data.Registration, data.About, func(l *Letter, _ Due) { l.SentAt, l.Failure = event.At, nil })
	case EventFailed:
		data, err := conference.DataOf[Failed](event)
		if err != nil {
			return err
		}
		b.settle(data.Registration, data.About, func(l *Letter, due Due) { l.Failure = &Failure{Fault: data.Fault, At: event.At, due: due} })
	case EventAgain:
		data, err := conference.DataOf[Again](event)
		if err != nil {
			return err
		}
		b.again(data.Registration, event)
	case conference.EventClosed: // whatever it was to say comes too late
		for id, l := range b.letters {
			l.Due = nil
			b.letters[id] = l
		}
	case conference.EventEdited, conference.EventRegistrationSet:
		b.changed(event, s)
	default:
		b.registered(event, s)
	}
	return nil
}

// settle ends what was due up to a position; what is due for later events stays.
func (b *Box) settle(id conference.RegistrationID, about uint64, note func(l *Letter, due Due)) {
	l, known := b.letters[id]
	if !known || l.Due == nil { // erased, or closed, meanwhile
		return
	}
	note(&l, *l.Due)
	if l.Due.About <= about {
		l.Due = nil
	}
	b.letters[id] = l
}

func (b *Box) again(only conference.RegistrationID, event conference.Event) {
	due := func(id conference.RegistrationID, l Letter) {
		next := Due{Registration: id, Reason: ReasonAgain}
		if l.Failure != nil {
			next = l.Failure.due
		}
		next.About, next.At = event.Position, event.At
		l.Due, l.Failure = &next, nil
		b.letters[id] = l
	}
	if only != "" {
		due(only, b.letters[only])
		return
	}
	for id, l := range b.letters {
		if l.Failure != nil {
			due(id, l)
		}
	}
}

// registered takes over what became of a registration.
func (b *Box) registered(event conference.Event, s Scene) {
	r := s.After
	if r == nil {
		return
	}
	if r.Erased {
		delete(b.letters, r.ID)
		return
	}
	if l, known := b.letters[r.ID]; known && (r.Person.Email == "" || r.State == registration.StateCheckedIn) {
		l.Due, l.Failure = nil, nil // nowhere to send it, or nothing to tell any more
		b.letters[r.ID] = l
	}
	if reason := reasonOf(event.Type, s); reason != "" {
		b.due(r, reason, event, nil)
	}
}

func reasonOf(event string, s Scene) Reason {
	switch event {
	case registration.EventMade:
		return ReasonMade
	case registration.EventOffered:
		return ReasonOffered
	case registration.EventAccepted, registration.EventGiven:
		return ReasonAccepted
	case registration.EventLapsed:
		return ReasonLapsed
	case registration.EventCancelled:
		return ReasonCancelled
	case registration.EventMoved:
		return ReasonMoved
	case registration.EventCorrected:
		if s.Before.Person.Email != s.After.Person.Email {
			return ReasonAddress
		}
	}
	return ""
}

// due makes a letter due, or the one that is due tell this too.
func (b *Box) due(r *registration.Registration, reason Reason, event conference.Event, was *Was) {
	if !b.began || r.Person.Email == "" || r.State == registration.StateCheckedIn {
		return
	}
	l := b.letters[r.ID]
	next := Due{Registration: r.ID, Reason: reason, About: event.Position, At: event.At, Was: was}
	if old := l.Due; old != nil {
		next.At = old.At
		if old.Was != nil {
			next.Was = old.Was
		}
		if reason == ReasonChanged { // the news of their own comes first
			next.Reason = old.Reason
		}
	}
	l.Due, l.Failure = &next, nil
	b.letters[r.ID] = l
}

// changed makes a letter due to everybody whose conference is at another time or place.
func (b *Box) changed(event conference.Event, s Scene) {
	if !b.began || s.Info.State == conference.StateClosed {
		return
	}
	for _, r := range s.Board.Registrations() {
		was, now := known(s.Was, r.Venue), known(s.Info, r.Venue)
		offer := r.State == registration.StateOffered && !r.OfferUntil(s.Was).Equal(r.OfferUntil(s.Info))
		if r.Active() && (was != now || offer) {
			b.due(r, ReasonChanged, event, &was)
		}
	}
}

// known is what somebody knows of when and where.
func known(info *conference.Info, at conference.VenueID) Was {
	venue, _ := info.Venue(at)
	return Was{StartsAt: info.StartsAt.UTC(), Place: info.Place, Venue: venue.Name, Address: venue.Address}
}
