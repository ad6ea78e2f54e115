package conference

import (
	"cmp"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"
)

// Limits and defaults of a Registration.
const (
	MaxInvitationRunes = 10_000
	MaxNoticeRunes     = 20_000
	DefaultOffer       = 24 * time.Hour
	MinOffer           = time.Minute
	MaxOffer           = 30 * 24 * time.Hour
)

// Registration is when and how people register for a conference.
type Registration struct {
	// OpensAt and ClosesAt bound when the public registers; staff may before and after.
	OpensAt  time.Time `json:"opensAt"`
	ClosesAt time.Time `json:"closesAt"`
	// DoorsAt is when the doors open: nobody is offered a seat from then on. Zero: StartsAt.
	DoorsAt time.Time `json:"doorsAt,omitzero"`
	// OfferMs is how long a freed seat is kept for whom it was offered to; 0: a day.
	OfferMs int64 `json:"offerMs,omitempty"`
	// VerifyPhone asks for a one-time code sent to the telephone.
	VerifyPhone bool `json:"verifyPhone,omitempty"`
	// AskIDNumber lets people give the number of an identity paper; it is never required.
	AskIDNumber bool `json:"askIdNumber,omitempty"`
	// Invitation is the text of the invitation.
	Invitation   string `json:"invitation,omitempty"`
	InvitationEn string `json:"invitationEn,omitempty"`
	Privacy      Notice `json:"privacy"`
}

// Notice is the text people agree to. Its Version is kept with every consent: another text
// needs another version.
type Notice struct {
	Version string `json:"version"` // 1–64 characters of a–z, 0–9 and '-'
	Text    string `json:"text"`
	TextEn  string `json:"textEn,omitempty"`
}

// SeatCount is how many seats a venue has; see Venue.
type SeatCount struct {
	Venue    VenueID `json:"venue"`
	Seats    int     `json:"seats"`
	Reserved int     `json:"reserved,omitempty"`
}

// RegistrationSet is the data of registration.set. Seats are those of the venues whose
// number changes.
type RegistrationSet struct {
	Registration *Registration `json:"registration,omitempty"`
	Seats        []SeatCount   `json:"seats,omitempty"`
}

// Normalised returns a copy with its times in UTC and the defaults filled in.
func (r *Registration) Normalised() Registration {
	next := *r
	next.OpensAt, next.ClosesAt, next.DoorsAt = r.OpensAt.UTC(), r.ClosesAt.UTC(), r.DoorsAt.UTC()
	next.OfferMs = cmp.Or(r.OfferMs, DefaultOffer.Milliseconds())
	return next
}

// Offer is how long an offered seat is kept.
func (r *Registration) Offer() time.Duration {
	return time.Duration(cmp.Or(r.OfferMs, DefaultOffer.Milliseconds())) * time.Millisecond
}

// DoorsAt returns when the doors open.
func (i *Info) DoorsAt() time.Time {
	if i.Registration == nil || i.Registration.DoorsAt.IsZero() {
		return i.StartsAt
	}
	return i.Registration.DoorsAt
}

// WithSeats returns a copy of the conference with another registration and other numbers of
// seats; i is not changed. nil leaves the registration as it is.
func (i *Info) WithSeats(set RegistrationSet) *Info {
	next := *i
	if set.Registration != nil {
		next.Registration = set.Registration
	}
	next.Venues = slices.Clone(i.Venues)
	for _, count := range set.Seats {
		for at := range next.Venues {
			if next.Venues[at].ID == count.Venue {
				next.Venues[at].Seats, next.Venues[at].Reserved = count.Seats, count.Reserved
			}
		}
	}
	return &next
}

func (r *Registration) problem(starts time.Time) string {
	doors := cmp.Or(r.DoorsAt, starts)
	switch {
	case r.OpensAt.IsZero() || r.ClosesAt.IsZero():
		return "registration: opensAt and closesAt, times, RFC 3339"
	case !r.ClosesAt.After(r.OpensAt):
		return "registration: closesAt after opensAt"
	case r.ClosesAt.After(doors):
		return "registration: closesAt not after the doors open (doorsAt, or startsAt)"
	case r.Offer() < MinOffer || r.Offer() > MaxOffer:
		return fmt.Sprintf("registration: offerMs of %d–%d", MinOffer.Milliseconds(), MaxOffer.Milliseconds())
	case utf8.RuneCountInString(r.Invitation) > MaxInvitationRunes || utf8.RuneCountInString(r.InvitationEn) > MaxInvitationRunes:
		return fmt.Sprintf("registration: invitation of at most %d characters", MaxInvitationRunes)
	case !ValidID(r.Privacy.Version):
		return "registration: privacy.version of 1–64 characters of a–z, 0–9 and '-'"
	case !isText(r.Privacy.Text, MaxNoticeRunes) || utf8.RuneCountInString(r.Privacy.TextEn) > MaxNoticeRunes:
		return fmt.Sprintf("registration: privacy.text of 1–%d characters", MaxNoticeRunes)
	}
	return ""
}

func withRegistration(info *Info, event Event) (*Info, error) {
	if info == nil {
		return nil, fmt.Errorf("apply %s at %d: no conference", event.Type, event.Position)
	}
	data, err := DataOf[RegistrationSet](event)
	if err != nil {
		return info, err
	}
	next := info.WithSeats(data)
	next.Revision++ // whoever edits the whole has not seen this
	return next, nil
}
