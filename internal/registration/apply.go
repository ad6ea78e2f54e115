package registration

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
)

// Apply takes an event over into the board. Events of other parts change nothing. It returns
// the registration the event was about as it was before and as it is now (nil, nil for other
// parts' events; before is nil for a new registration).
func (b *Board) Apply(event conference.Event) (before, after *Registration, err error) {
	switch {
	case event.Type == EventMade:
		after, err = b.applyMade(event)
		return nil, after, err
	case event.Type == EventTold, event.Type == conference.EventRegistrationSet, !strings.HasPrefix(event.Type, "registration."):
		return nil, nil, nil
	}
	data, err := conference.DataOf[step](event)
	if err != nil {
		return nil, nil, err
	}
	before = b.Registration(data.Registration)
	if before == nil {
		return nil, nil, fmt.Errorf("apply %s at %d: no registration %q", event.Type, event.Position, data.Registration)
	}
	next := *before
	next.Version++
	if !next.take(event, data) {
		return nil, nil, fmt.Errorf("apply %s at %d: no such event", event.Type, event.Position)
	}
	if next.State != before.State || next.Venue != before.Venue {
		next.ChangedAt = event.At
		next.line = 0
		if next.State == StateWaiting {
			b.queue(&next)
		}
	}
	b.put(before, &next)
	return before, &next, nil
}

func (b *Board) applyMade(event conference.Event) (*Registration, error) {
	data, err := conference.DataOf[Made](event)
	if err != nil {
		return nil, err
	}
	r := &Registration{
		ID: data.Registration, State: data.State, Version: 1, Venue: data.Venue, Reserved: data.Reserved, WalkIn: data.WalkIn,
		Person: Person{
			Name: event.Private[FieldName], Phone: event.Private[FieldPhone], Commune: event.Private[FieldCommune],
			Organisation: event.Private[FieldOrganisation], Email: event.Private[FieldEmail], IDNumber: event.Private[FieldIDNumber],
		},
		Holder: data.Holder, Verified: data.Verified, Digest: data.Digest, Topic: data.Topic, Question: data.Question,
		Consents: data.Consents, Lang: data.Lang, MadeAt: event.At, ChangedAt: event.At,
	}
	if r.State == StateCheckedIn {
		r.Scans = []Scan{{Venue: r.Venue, At: event.At, Result: ResultIn}}
	}
	if r.State == StateWaiting {
		b.queue(r)
	}
	b.order = append(b.order, r.ID)
	b.put(nil, r)
	return r, nil
}

// step is what every event after the first tells; only some have more.
type step struct {
	Scanned

	Until    time.Time `json:"until"`
	State    State     `json:"state"`
	Reserved bool      `json:"reserved"`
	Fields   []string  `json:"fields"`
	Holder   string    `json:"holder"`
}

// take takes over what the event tells; false: it is no event of a registration's life.
func (r *Registration) take(event conference.Event, data step) bool {
	switch event.Type {
	case EventOffered:
		r.State, r.OfferEnds = StateOffered, data.Until
	case EventAccepted:
		r.State = StateConfirmed
	case EventLapsed:
		r.State = StateLapsed
	case EventCancelled:
		r.State, r.Scans = StateCancelled, nil
	case EventMoved:
		r.State, r.Venue, r.Reserved = data.State, data.Venue, false
	case EventGiven:
		r.State, r.Reserved = StateConfirmed, data.Reserved
	case EventCorrected:
		r.correct(event.Private, data)
	case EventErased:
		r.Person, r.Erased = Person{}, true
	case EventScanned:
		r.Scans = withScan(r.Scans, Scan{
			Device: data.Device, ID: data.Scan, Venue: data.Venue, At: data.At, Offline: data.Offline, Result: data.Result,
		})
		if data.Result == ResultIn {
			r.State = StateCheckedIn
		}
	case EventUndone:
		r.State, r.Scans = StateConfirmed, nil
	default:
		return false
	}
	return true
}

func (r *Registration) correct(private map[string]string, data step) {
	for _, f := range corrections(&Correct{}, &r.Person) {
		if slices.Contains(data.Fields, f.name) {
			*f.now = private[f.name]
		}
	}
	if slices.Contains(data.Fields, FieldPhone) {
		r.Holder = data.Holder
	}
}
