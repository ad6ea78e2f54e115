package registration

import (
	"cmp"
	"slices"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
)

// State is where a registration stands.
type State string

// The states of a registration.
const (
	StateConfirmed State = "confirmed" // has a seat, or takes part online
	StateWaiting   State = "waiting"   // stands in the line of a venue
	StateOffered   State = "offered"   // a freed seat is kept until OfferEnds
	StateLapsed    State = "lapsed"    // the offer was not accepted in time
	StateCancelled State = "cancelled"
	StateCheckedIn State = "checkedIn"
)

// Person is what somebody has told of themselves. Every field is sealed in the log and ""
// once erased.
type Person struct {
	Name         string // ≤ 80 runes
	Phone        string // "+84…", or another country's
	Commune      string // ≤ 120 runes
	Organisation string // ≤ 200 runes
	Email        string // ≤ 254 bytes
	IDNumber     string // ≤ 20 characters; of an identity paper
}

// Consent is a text somebody agreed to.
type Consent struct {
	Purpose string `json:"purpose"`
	Version string `json:"version"` // of the text
}

// Purposes of consents. Nobody registers without the first.
const (
	PurposePrivacy = "privacy" // that what was told is kept for this conference
	PurposeContact = "contact" // to be told of later conferences
	PurposeName    = "name"    // to be named with the question
)

// Result is what the door says to a ticket.
type Result string

// The results: green, four times yellow, red.
const (
	ResultIn         Result = "in"
	ResultAgain      Result = "again"      // has been checked in already
	ResultOtherVenue Result = "otherVenue" // has a seat elsewhere, or takes part online
	ResultWaiting    Result = "waiting"    // has no seat yet
	ResultCancelled  Result = "cancelled"  // has no seat any more
)

// Scan is one look at a ticket at the door.
type Scan struct {
	Device  string
	ID      string // the device's own number of it
	Venue   conference.VenueID
	At      time.Time // the device's clock, never after the log's
	Offline bool
	Result  Result
}

// Registration is one registration as it stands. A *Registration in a state is never
// changed in place: Apply puts a new one, so that readers may keep what they were given.
type Registration struct {
	ID      conference.RegistrationID
	State   State
	Version uint64
	Venue   conference.VenueID // "" when it is for taking part online
	// Reserved: it has one of the seats that only staff give away. WalkIn: made at the door.
	Reserved bool
	WalkIn   bool
	Person   Person
	// Holder is an HMAC of the telephone number; "" when there is none.
	Holder   string
	Verified bool // the number answered
	Digest   string
	Topic    conference.TopicID
	// Question is the one brought along; "" none.
	Question conference.QuestionID
	Consents []Consent
	Lang     string // "vi" or "en", which the person reads; "": not known
	MadeAt   time.Time
	// ChangedAt is when it last moved.
	ChangedAt time.Time
	OfferEnds time.Time // set when State is offered
	Erased    bool
	// Scans are all looks at the ticket, in the order of their time.
	Scans []Scan

	line uint64 // of its place in the venue's line; set when State is waiting
}

// Online reports whether it is for taking part online, which needs no seat.
func (r *Registration) Online() bool { return r.Venue == "" }

// Active reports whether it still counts: a telephone number has one active registration.
func (r *Registration) Active() bool {
	return r.State != StateCancelled && r.State != StateLapsed
}

// Seated reports whether somebody has a seat at a venue, whether they came or not.
func (r *Registration) Seated() bool {
	return !r.Online() && (r.State == StateConfirmed || r.State == StateCheckedIn)
}

// Invited reports whether somebody was expected: seated, and not only since they stood at the door.
func (r *Registration) Invited() bool { return r.Seated() && !r.WalkIn }

// unseen reports whether somebody is invited and no door has looked at their ticket.
func (r *Registration) unseen() bool {
	return r.Invited() && r.State == StateConfirmed && len(r.Scans) == 0
}

// Absent reports whether somebody was invited to a conference that is over and stood at no
// door. A device that tells its looks after the close may still tell otherwise.
func (r *Registration) Absent(info *conference.Info) bool {
	return info.State == conference.StateClosed && r.unseen()
}

// OfferUntil is when an offer ends: with the doors, when these open earlier than they were to.
func (r *Registration) OfferUntil(info *conference.Info) time.Time {
	if doors := info.DoorsAt(); doors.Before(r.OfferEnds) {
		return doors
	}
	return r.OfferEnds
}

// CheckedInAt is when the person came in; zero when they did not.
func (r *Registration) CheckedInAt() time.Time {
	for _, s := range r.Scans {
		if r.State == StateCheckedIn && (s.Result == ResultIn || s.Result == ResultAgain) {
			return s.At
		}
	}
	return time.Time{}
}

// Flagged returns the looks at the ticket that somebody should think about: all but the
// first that let the person in.
func (r *Registration) Flagged() []Scan {
	var flagged []Scan
	in := false
	for _, s := range r.Scans {
		lets := s.Result == ResultIn || s.Result == ResultAgain
		if lets && !in {
			in = true
			continue
		}
		flagged = append(flagged, s)
	}
	return flagged
}

// withScan returns the looks with one more, by time.
func withScan(scans []Scan, next Scan) []Scan {
	out := append(slices.Clone(scans), next)
	slices.SortStableFunc(out, func(a, b Scan) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Device, b.Device), cmp.Compare(a.ID, b.ID))
	})
	return out
}

// Count is how many registrations of a venue stand where. Online ones are counted at "".
type Count struct {
	Confirmed int `json:"confirmed"` // on seats of the public, those checked in too
	Offered   int `json:"offered"`
	Reserved  int `json:"reserved"` // on reserved seats, those checked in too
	Waiting   int `json:"waiting"`
	CheckedIn int `json:"checkedIn"` // of all
	WalkIns   int `json:"walkIns"`   // of those checked in
	Unseen    int `json:"unseen"`    // invited, and at no door yet; absent once it is over
}

// Taken is how many of the public's seats are not free.
func (c Count) Taken() int { return c.Confirmed + c.Offered }

// Invited is how many were expected: with a seat before the day, whether they came or not.
func (c Count) Invited() int { return c.Confirmed + c.Reserved - c.WalkIns }

// Came is how many of the invited came.
func (c Count) Came() int { return c.CheckedIn - c.WalkIns }

// Free is how many of a venue's seats are left for the public.
func (c Count) Free(v conference.Venue) int { return v.Seats - v.Reserved - c.Taken() }

// add counts a registration, by 1 or −1.
func (c Count) add(r *Registration, by int) Count {
	switch r.State {
	case StateConfirmed, StateCheckedIn:
		if r.Reserved {
			c.Reserved += by
		} else {
			c.Confirmed += by
		}
		if r.State == StateCheckedIn {
			c.CheckedIn += by
			if r.WalkIn {
				c.WalkIns += by
			}
		}
		if r.unseen() {
			c.Unseen += by
		}
	case StateOffered:
		c.Offered += by
	case StateWaiting:
		c.Waiting += by
	case StateLapsed, StateCancelled:
	}
	return c
}
