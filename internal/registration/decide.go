package registration

import (
	"cmp"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/diemcau/diemcau/internal/conference"
)

// Limits of what people tell of themselves, in runes after NFC but where they say bytes.
const (
	MaxNameRunes         = 80
	MaxCommuneRunes      = 120
	MaxOrganisationRunes = 200
	MaxEmailBytes        = 254
	MaxIDNumberRunes     = 20
	MaxConsents          = 8
	MaxScans             = 200 // kept of one registration
	maxOffers            = 100 // made by one command; the rest follows
)

// Decide answers a command with what is to be written, or refuses it. now is the log's clock.
//
// Refusals (KindInvalid): registration.no_name, registration.name_too_long,
// registration.commune_too_long, registration.organisation_too_long, registration.bad_email,
// registration.bad_id_number, registration.no_phone, registration.unknown_venue,
// registration.unknown_topic, registration.no_consent, registration.bad_consent,
// registration.staff_only, registration.bad_seats, conference.bad_info, conference.notice_version, command.unknown.
// KindNotFound: registration.unknown.
// KindConflict: registration.not_yet, registration.closed, registration.no_seats,
// registration.phone_taken, registration.exists, registration.venue_full,
// registration.consent_outdated, registration.not_waiting, registration.not_offered,
// registration.offer_lapsed, registration.same_venue, registration.already_cancelled,
// registration.already_lapsed, registration.already_checked_in, registration.already_erased,
// registration.not_checked_in, registration.other_venue, registration.waiting,
// registration.too_many_scans, registration.seats_taken.
func (b *Board) Decide(info *conference.Info, command conference.Command, now time.Time) (conference.Decision, error) {
	switch body := command.Body.(type) {
	case Register:
		return b.register(info, command.Actor, body, now)
	case Cancel:
		return b.cancel(info, body, now)
	case Accept:
		return b.accept(info, body, now)
	case Move:
		return b.move(info, command.Actor, body, now)
	case Give:
		return b.give(info, command.Actor, body)
	case Correct:
		return b.correct(info, body)
	case Erase:
		return b.erase(info, body, now)
	case CheckIn:
		return b.checkIn(command.Actor, body, now)
	case UndoCheckIn:
		return b.undo(info, command.Actor, body, now)
	case Lapse:
		return b.lapse(info, body, now)
	case Offer:
		return b.offer(info, body, now)
	case Set:
		return b.set(info, body)
	case Tell:
		return tell(command.Actor, body)
	}
	return conference.Decision{}, invalid("command.unknown", command.Body.CommandType())
}

// IsStaff reports whether an actor gives seats away.
func IsStaff(actor conference.Actor) bool {
	return actor.Role == conference.RoleRegistrar || actor.Role == conference.RoleAdmin
}

func (b *Board) register(info *conference.Info, actor conference.Actor, body Register, now time.Time) (conference.Decision, error) {
	state, err := b.Begins(info, actor, body, now)
	if err != nil {
		return conference.Decision{}, err
	}
	return body.Decision(state), nil
}

// Begins tells how a registration would begin, or refuses it as Decide does. It gets a seat if
// one is free and nobody waits for it, else the last place of the line. A walk-in has a seat or
// is refused: the person stands there.
func (b *Board) Begins(info *conference.Info, actor conference.Actor, body Register, now time.Time) (State, error) {
	if b.Registration(body.ID) != nil {
		return "", conflict("registration.exists", string(body.ID))
	}
	if err := b.mayRegister(info, actor, body, now); err != nil {
		return "", err
	}
	if taken := b.Holder(body.Holder); body.Holder != "" && taken != "" {
		return "", conflict("registration.phone_taken", "")
	}
	state := StateConfirmed
	if body.Venue != "" {
		venue, _ := info.Venue(body.Venue)
		count := b.Count(body.Venue)
		switch {
		case body.Reserved && count.Reserved >= venue.Reserved,
			body.WalkIn && !body.Reserved && count.Free(venue) <= 0:
			return "", conflict("registration.venue_full", string(body.Venue))
		case !body.Reserved && !body.WalkIn && (count.Free(venue) <= 0 || count.Waiting > 0):
			state = StateWaiting
		}
	}
	if body.WalkIn {
		state = StateCheckedIn
	}
	return state, nil
}

// Decision is what Decide answers a registration that begins in a state. It rests on no other,
// so that it can be made before its turn comes.
func (r Register) Decision(state State) conference.Decision {
	draft := draftOf(EventMade, r.ID, Made{
		Registration: r.ID, State: state, Venue: r.Venue, Holder: r.Holder, Digest: r.Digest, Topic: r.Topic,
		Question: r.Question, Consents: r.Consents, Verified: r.Verified, Reserved: r.Reserved, WalkIn: r.WalkIn, Lang: r.Lang,
	}, seatsOf(r.Venue, holderOf(r.Holder)...)...)
	draft.Private = r.Person.fields()
	return decide([]conference.Entity{conference.EntityConference}, draft)
}

func (b *Board) mayRegister(info *conference.Info, actor conference.Actor, body Register, now time.Time) error {
	if err := cmp.Or(body.Person.check(), mayHaveIDNumber(info, "", body.Person.IDNumber)); err != nil {
		return err
	}
	staff := IsStaff(actor)
	switch {
	case info.Registration == nil:
		return conflict("registration.closed", "nobody registers for this conference")
	case (body.Reserved || body.WalkIn) && (!staff || body.Venue == ""):
		return invalid("registration.staff_only", "")
	case !staff && now.Before(info.Registration.OpensAt):
		return conflict("registration.not_yet", info.Registration.OpensAt.Format(time.RFC3339))
	case !staff && !now.Before(info.Registration.ClosesAt), info.State == conference.StateClosed:
		return conflict("registration.closed", info.Registration.ClosesAt.Format(time.RFC3339))
	case !staff && body.Holder == "":
		return invalid("registration.no_phone", "")
	case staff && elsewhere(actor, body.Venue):
		return conflict("registration.other_venue", string(actor.Venue))
	}
	if body.Venue != "" {
		if err := checkVenue(info, body.Venue); err != nil {
			return err
		}
	}
	if _, known := info.Topic(body.Topic); body.Topic != "" && !known {
		return invalid("registration.unknown_topic", string(body.Topic))
	}
	return checkConsents(info.Registration.Privacy.Version, body.Consents)
}

// mayHaveIDNumber refuses another number of an identity paper than the one that is kept where
// none is asked for: what is not needed is not kept, whoever types it.
func mayHaveIDNumber(info *conference.Info, kept, number string) error {
	if number != "" && number != kept && (info.Registration == nil || !info.Registration.AskIDNumber) {
		return invalid("registration.bad_id_number", "not asked for")
	}
	return nil
}

func checkVenue(info *conference.Info, id conference.VenueID) error {
	venue, known := info.Venue(id)
	if !known {
		return invalid("registration.unknown_venue", string(id))
	}
	if venue.Seats == 0 {
		return conflict("registration.no_seats", string(id))
	}
	return nil
}

func checkConsents(version string, consents []Consent) error {
	if len(consents) > MaxConsents {
		return invalid("registration.bad_consent", "too many")
	}
	privacy := false
	for _, c := range consents {
		switch {
		case !slices.Contains([]string{PurposePrivacy, PurposeContact, PurposeName}, c.Purpose):
			return invalid("registration.bad_consent", "unknown purpose")
		case c.Version != version:
			return conflict("registration.consent_outdated", version)
		}
		privacy = privacy || c.Purpose == PurposePrivacy
	}
	if !privacy {
		return invalid("registration.no_consent", PurposePrivacy)
	}
	return nil
}

// check refuses what is missing or too long.
func (p *Person) check() error {
	for _, field := range []struct {
		text string
		most int
		code string
	}{
		{p.Name, MaxNameRunes, "registration.name_too_long"},
		{p.Commune, MaxCommuneRunes, "registration.commune_too_long"},
		{p.Organisation, MaxOrganisationRunes, "registration.organisation_too_long"},
		{p.IDNumber, MaxIDNumberRunes, "registration.bad_id_number"},
	} {
		if n := utf8.RuneCountInString(field.text); n > field.most {
			return invalid(field.code, fmt.Sprintf("%d characters, at most %d", n, field.most))
		}
	}
	if p.Name == "" {
		return invalid("registration.no_name", "")
	}
	if len(p.Email) > MaxEmailBytes {
		return invalid("registration.bad_email", fmt.Sprintf("at most %d bytes", MaxEmailBytes))
	}
	return nil
}

// fields are the person's words by the name they are sealed under; nil when there are none.
func (p *Person) fields() map[string]string {
	var fields map[string]string
	for name, words := range map[string]string{
		FieldName: p.Name, FieldPhone: p.Phone, FieldCommune: p.Commune,
		FieldOrganisation: p.Organisation, FieldEmail: p.Email, FieldIDNumber: p.IDNumber,
	} {
		if words == "" {
			continue
		}
		if fields == nil {
			fields = make(map[string]string)
		}
		fields[name] = words
	}
	return fields
}

// tell notes who was given names. It rests on nothing: everybody's note is their own.
func tell(actor conference.Actor, body Tell) (conference.Decision, error) {
	return conference.Decision{Drafts: []conference.Draft{{
		Type: EventTold, V: 1, Entity: conference.Entity("told:" + actor.Session), Bumps: []conference.Entity{conference.Entity("told:" + actor.Session)},
		Data: Told(body),
	}}}, nil
}

// active returns the registration if it still counts.
func (b *Board) active(id conference.RegistrationID) (*Registration, error) {
	r := b.Registration(id)
	switch {
	case r == nil:
		return nil, conference.Refuse(conference.KindNotFound, "registration.unknown", string(id))
	case r.State == StateCancelled:
		return nil, conflict("registration.already_cancelled", string(id))
	case r.State == StateLapsed:
		return nil, conflict("registration.already_lapsed", string(id))
	}
	return r, nil
}

// elsewhere reports whether an actor is bound to another venue.
func elsewhere(actor conference.Actor, venue conference.VenueID) bool {
	return actor.Venue != "" && actor.Venue != venue
}

// draftOf returns an event about a registration that also changes the other entities.
func draftOf(event string, id conference.RegistrationID, data any, also ...conference.Entity) conference.Draft {
	entity := id.Entity()
	return conference.Draft{
		Type: event, V: 1, Entity: entity, Bumps: append([]conference.Entity{entity}, also...), Data: data,
	}
}

// decide returns the decision that writes the drafts and rests on all they change, and more.
func decide(also []conference.Entity, drafts ...conference.Draft) conference.Decision {
	decision := conference.Decision{Reads: also, Drafts: drafts}
	for _, draft := range drafts {
		for _, entity := range draft.Bumps {
			if !slices.Contains(decision.Reads, entity) {
				decision.Reads = append(decision.Reads, entity)
			}
		}
	}
	return decision
}

// seatsOf are the entities of a venue's seats (none online) and others.
func seatsOf(venue conference.VenueID, also ...conference.Entity) []conference.Entity {
	if venue == "" {
		return also
	}
	return append([]conference.Entity{venue.Seats()}, also...)
}

// holderOf is the entity of a telephone number.
func holderOf(holder string) []conference.Entity {
	if holder == "" {
		return nil
	}
	return []conference.Entity{conference.Entity("holder:" + holder)}
}

func invalid(code, detail string) error {
	return conference.Refuse(conference.KindInvalid, code, detail)
}

func conflict(code, detail string) error {
	return conference.Refuse(conference.KindConflict, code, detail)
}
