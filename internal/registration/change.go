package registration

import (
	"cmp"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
)

// cancel gives a seat, a place in the line or an offer back.
func (b *Board) cancel(info *conference.Info, body Cancel, now time.Time) (conference.Decision, error) {
	r, err := b.active(body.ID)
	if err != nil {
		return conference.Decision{}, err
	}
	if r.State == StateCheckedIn {
		return conference.Decision{}, conflict("registration.already_checked_in", string(r.ID))
	}
	return b.leave(info, r, EventCancelled, now), nil
}

// leave ends a registration, or what it has, with an event, and offers what becomes free.
func (b *Board) leave(info *conference.Info, r *Registration, event string, now time.Time, more ...conference.Draft) conference.Decision {
	drafts := []conference.Draft{draftOf(event, r.ID, Named{r.ID}, seatsOf(r.Venue, holderOf(r.Holder)...)...)}
	drafts = append(drafts, more...)
	return decide(nil, append(drafts, b.afterLeaving(info, r, now)...)...)
}

// afterLeaving are the offers of what a registration that leaves its venue sets free.
func (b *Board) afterLeaving(info *conference.Info, r *Registration, now time.Time) []conference.Draft {
	if r.Online() || r.Reserved || r.State == StateWaiting {
		return nil
	}
	return b.offers(info, r.Venue, 1, now)
}

// offers keeps free seats of a venue for those who wait; more is how many become free with
// the command. None once the doors are open.
func (b *Board) offers(info *conference.Info, id conference.VenueID, more int, now time.Time) []conference.Draft {
	venue, known := info.Venue(id)
	if !known || info.Registration == nil || info.State == conference.StateClosed || !now.Before(info.DoorsAt()) {
		return nil
	}
	until := now.Add(info.Registration.Offer())
	if doors := info.DoorsAt(); until.After(doors) {
		until = doors
	}
	free := min(b.Count(id).Free(venue)+more, maxOffers)
	var drafts []conference.Draft
	b.eachWaiting(id, func(r *Registration) bool {
		if len(drafts) >= free {
			return false
		}
		drafts = append(drafts, draftOf(EventOffered, r.ID, Offered{Registration: r.ID, Until: until.UTC()}, id.Seats()))
		return true
	})
	return drafts
}

func (b *Board) offer(info *conference.Info, body Offer, now time.Time) (conference.Decision, error) {
	drafts := b.offers(info, body.Venue, 0, now)
	if len(drafts) == 0 {
		return conference.Decision{}, nil
	}
	return decide([]conference.Entity{conference.EntityConference}, drafts...), nil
}

// Unoffered returns the venues where seats are free, somebody waits, and the doors are shut.
func (b *Board) Unoffered(info *conference.Info, now time.Time) []conference.VenueID {
	if info.Registration == nil || info.State == conference.StateClosed || !now.Before(info.DoorsAt()) {
		return nil
	}
	var ids []conference.VenueID
	for _, v := range info.Venues {
		if c := b.Count(v.ID); c.Waiting > 0 && c.Free(v) > 0 {
			ids = append(ids, v.ID)
		}
	}
	return ids
}

func (b *Board) accept(info *conference.Info, body Accept, now time.Time) (conference.Decision, error) {
	r, err := b.active(body.ID)
	switch {
	case err != nil:
		return conference.Decision{}, err
	case r.State == StateConfirmed:
		return conference.Decision{}, nil // accepted already
	case r.State == StateCheckedIn:
		return conference.Decision{}, conflict("registration.already_checked_in", string(r.ID))
	case r.State != StateOffered:
		return conference.Decision{}, conflict("registration.not_offered", string(r.ID))
	case !now.Before(r.OfferUntil(info)):
		return conference.Decision{}, conflict("registration.offer_lapsed", string(r.ID))
	}
	return decide([]conference.Entity{conference.EntityConference}, draftOf(EventAccepted, r.ID, Named{r.ID}, seatsOf(r.Venue)...)), nil
}

func (b *Board) lapse(info *conference.Info, body Lapse, now time.Time) (conference.Decision, error) {
	r, err := b.active(body.ID)
	if err != nil {
		return conference.Decision{}, err
	}
	if r.State != StateOffered || now.Before(r.OfferUntil(info)) {
		return conference.Decision{}, conflict("registration.not_offered", string(r.ID))
	}
	decision := b.leave(info, r, EventLapsed, now)
	decision.Reads = append(decision.Reads, conference.EntityConference)
	return decision, nil
}

// move gives a registration a seat at another venue, or its line's last place. What it had
// becomes free.
func (b *Board) move(info *conference.Info, actor conference.Actor, body Move, now time.Time) (conference.Decision, error) {
	r, err := b.active(body.ID)
	switch {
	case err != nil:
		return conference.Decision{}, err
	case r.State == StateCheckedIn:
		return conference.Decision{}, conflict("registration.already_checked_in", string(r.ID))
	case r.Venue == body.Venue:
		return conference.Decision{}, conflict("registration.same_venue", string(r.ID))
	case info.Registration == nil, info.State == conference.StateClosed,
		!IsStaff(actor) && !now.Before(info.DoorsAt()):
		return conference.Decision{}, conflict("registration.closed", "")
	case IsStaff(actor) && elsewhere(actor, body.Venue) && elsewhere(actor, r.Venue):
		return conference.Decision{}, conflict("registration.other_venue", string(actor.Venue))
	}
	state := StateConfirmed
	if body.Venue != "" {
		if err := checkVenue(info, body.Venue); err != nil {
			return conference.Decision{}, err
		}
		venue, _ := info.Venue(body.Venue)
		count := b.Count(body.Venue)
		// Staff fill a seat at their door whoever waits; otherwise the line goes first.
		if count.Free(venue) <= 0 || count.Waiting > 0 && (!IsStaff(actor) || elsewhere(actor, body.Venue)) {
			if !body.Wait {
				return conference.Decision{}, conflict("registration.venue_full", string(body.Venue))
			}
			state = StateWaiting
		}
	}
	also := seatsOf(r.Venue, seatsOf(body.Venue)...)
	drafts := []conference.Draft{draftOf(EventMoved, r.ID, Moved{Registration: r.ID, Venue: body.Venue, State: state}, also...)}
	drafts = append(drafts, b.afterLeaving(info, r, now)...)
	return decide([]conference.Entity{conference.EntityConference}, drafts...), nil
}

// give gives somebody who waits, or to whom a seat is offered, one out of turn.
func (b *Board) give(info *conference.Info, actor conference.Actor, body Give) (conference.Decision, error) {
	r, err := b.active(body.ID)
	switch {
	case err != nil:
		return conference.Decision{}, err
	case elsewhere(actor, r.Venue):
		return conference.Decision{}, conflict("registration.other_venue", string(r.Venue))
	case r.State != StateWaiting:
		return conference.Decision{}, conflict("registration.not_waiting", string(r.State))
	}
	venue, _ := info.Venue(r.Venue)
	count := b.Count(r.Venue)
	if body.Reserved && count.Reserved >= venue.Reserved || !body.Reserved && count.Free(venue) <= 0 {
		return conference.Decision{}, conflict("registration.venue_full", string(r.Venue))
	}
	draft := draftOf(EventGiven, r.ID, Given{Registration: r.ID, Reserved: body.Reserved}, seatsOf(r.Venue)...)
	return decide(nil, draft), nil
}

// correct replaces what somebody told of themselves.
func (b *Board) correct(info *conference.Info, body Correct) (conference.Decision, error) {
	r, err := b.active(body.ID)
	if err != nil {
		return conference.Decision{}, err
	}
	if r.Erased {
		return conference.Decision{}, conflict("registration.already_erased", string(r.ID))
	}
	person, private, data := r.Person, map[string]string{}, Corrected{Registration: r.ID}
	for _, f := range corrections(&body, &person) {
		if f.given == nil || *f.given == *f.now {
			continue
		}
		*f.now = *f.given
		data.Fields = append(data.Fields, f.name)
		if *f.given != "" {
			private[f.name] = *f.given
		}
	}
	if len(data.Fields) == 0 {
		return conference.Decision{}, nil
	}
	if err := cmp.Or(person.check(), mayHaveIDNumber(info, r.Person.IDNumber, person.IDNumber)); err != nil {
		return conference.Decision{}, err
	}
	var also []conference.Entity
	if body.Phone != nil && person.Phone != r.Person.Phone {
		if body.Holder == "" && r.Holder != "" {
			return conference.Decision{}, invalid("registration.no_phone", "")
		}
		if b.Holder(body.Holder) != "" {
			return conference.Decision{}, conflict("registration.phone_taken", "")
		}
		data.Holder = body.Holder
		also = append(holderOf(r.Holder), holderOf(body.Holder)...)
	}
	draft := draftOf(EventCorrected, r.ID, data, also...)
	draft.Private = private
	return decide(nil, draft), nil
}

// change is one field of a correction.
type change struct {
	name  string
	given *string
	now   *string
}

// corrections are the fields a correction may replace.
func corrections(c *Correct, p *Person) []change {
	return []change{
		{FieldName, c.Name, &p.Name},
		{FieldPhone, c.Phone, &p.Phone},
		{FieldCommune, c.Commune, &p.Commune},
		{FieldOrganisation, c.Organisation, &p.Organisation},
		{FieldEmail, c.Email, &p.Email},
		{FieldIDNumber, c.IDNumber, &p.IDNumber},
	}
}

// erase forgets the person. Who has not come in gives the seat back.
func (b *Board) erase(info *conference.Info, body Erase, now time.Time) (conference.Decision, error) {
	r := b.Registration(body.ID)
	switch {
	case r == nil:
		return conference.Decision{}, conference.Refuse(conference.KindNotFound, "registration.unknown", string(body.ID))
	case r.Erased:
		return conference.Decision{}, nil
	}
	erased := draftOf(EventErased, r.ID, Named{r.ID}, holderOf(r.Holder)...)
	if !r.Active() || r.State == StateCheckedIn {
		return decide(nil, erased), nil
	}
	return b.leave(info, r, EventCancelled, now, erased), nil
}

// set changes the numbers of seats, never below what is taken. What is free now is offered by
// the system (Offer).
func (b *Board) set(info *conference.Info, body Set) (conference.Decision, error) {
	if info.State == conference.StateClosed {
		return conference.Decision{}, conflict("registration.closed", "")
	}
	data := conference.RegistrationSet{Seats: body.Seats}
	if body.Registration != nil {
		whole := body.Registration.Normalised()
		data.Registration = &whole
	}
	next := info.WithSeats(data)
	if err := next.Validate(); err != nil {
		return conference.Decision{}, err
	}
	if old, now := info.Registration, next.Registration; old != nil && old.Privacy.Version == now.Privacy.Version && old.Privacy != now.Privacy {
		return conference.Decision{}, invalid("conference.notice_version", now.Privacy.Version)
	}
	draft := conference.Draft{
		Type: conference.EventRegistrationSet, V: 1, Entity: conference.EntityConference,
		Bumps: []conference.Entity{conference.EntityConference}, Data: data,
	}
	for i, count := range body.Seats {
		if _, known := info.Venue(count.Venue); !known {
			return conference.Decision{}, invalid("registration.unknown_venue", string(count.Venue))
		}
		for _, other := range body.Seats[:i] {
			if other.Venue == count.Venue {
				return conference.Decision{}, invalid("registration.bad_seats", string(count.Venue)+" twice")
			}
		}
		if taken := b.Count(count.Venue); taken.Reserved > count.Reserved || taken.Taken() > count.Seats-count.Reserved {
			return conference.Decision{}, conflict("registration.seats_taken", string(count.Venue))
		}
		draft.Bumps = append(draft.Bumps, count.Venue.Seats())
	}
	return decide(nil, draft), nil
}
