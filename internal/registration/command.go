package registration

import (
	"time"

	"github.com/diemcau/diemcau/internal/conference"
)

// Register asks for a seat, or to take part online. ID, Digest and Holder are derived by
// internal/live; the person's words are in their one form.
type Register struct {
	ID       conference.RegistrationID
	Digest   string
	Holder   string
	Venue    conference.VenueID // "" online
	Topic    conference.TopicID
	Question conference.QuestionID // brought along, in the same append
	Person   Person
	Consents []Consent
	Verified bool
	Reserved bool // staff's: one of the reserved seats
	WalkIn   bool // staff's: the person stands at the door and comes in
	Lang     string
}

// Cancel gives a seat, a place in the line or an offer back.
type Cancel struct{ ID conference.RegistrationID }

// Accept takes the seat that is offered.
type Accept struct{ ID conference.RegistrationID }

// Move changes the venue; the ticket stays the same. Where nothing is free it is refused
// unless Wait asks for a place in the line there.
type Move struct {
	ID    conference.RegistrationID
	Venue conference.VenueID // "" online
	Wait  bool
}

// Give gives somebody who waits a seat, out of turn: staff's.
type Give struct {
	ID       conference.RegistrationID
	Reserved bool
}

// Correct replaces what somebody told of themselves. Fields that are nil stay.
type Correct struct {
	ID                                                  conference.RegistrationID
	Name, Phone, Commune, Organisation, Email, IDNumber *string
	Holder                                              string // of Phone
}

// Erase forgets the person and keeps that there was a registration. A seat becomes free.
type Erase struct{ ID conference.RegistrationID }

// CheckIn is a ticket shown at the door of a venue. A look from a device that was offline is
// written down whatever it is; others only when they let somebody in.
type CheckIn struct {
	ID      conference.RegistrationID
	Venue   conference.VenueID
	Device  string
	Scan    string
	At      time.Time // zero: now
	Offline bool
}

// UndoCheckIn takes a check-in back.
type UndoCheckIn struct{ ID conference.RegistrationID }

// Lapse ends an offer whose time is over: the system's.
type Lapse struct{ ID conference.RegistrationID }

// Offer offers what is free at a venue to those who wait: the system's, when it was not
// done with what made it free.
type Offer struct{ Venue conference.VenueID }

// Set changes when and how people register, and the number of seats.
type Set struct {
	Registration *conference.Registration // nil: as it is
	Seats        []conference.SeatCount
}

// Tell notes that somebody of the staff is given names: What is "list", "device" or
// "export", Count how many people.
type Tell struct {
	What  string
	Venue conference.VenueID // "" of all
	Count int
}

// CommandType returns the command's name on the wire.
func (Register) CommandType() string { return "registration.register" }

// CommandType returns the command's name on the wire.
func (Cancel) CommandType() string { return "registration.cancel" }

// CommandType returns the command's name on the wire.
func (Accept) CommandType() string { return "registration.accept" }

// CommandType returns the command's name on the wire.
func (Move) CommandType() string { return "registration.move" }

// CommandType returns the command's name on the wire.
func (Give) CommandType() string { return "registration.give" }

// CommandType returns the command's name on the wire.
func (Correct) CommandType() string { return "registration.correct" }

// CommandType returns the command's name on the wire.
func (Erase) CommandType() string { return "registration.erase" }

// CommandType returns the command's name on the wire.
func (CheckIn) CommandType() string { return "registration.checkIn" }

// CommandType returns the command's name on the wire.
func (UndoCheckIn) CommandType() string { return "registration.undoCheckIn" }

// CommandType returns the command's name on the wire.
func (Lapse) CommandType() string { return "registration.lapse" }

// CommandType returns the command's name on the wire.
func (Offer) CommandType() string { return "registration.offer" }

// CommandType returns the command's name on the wire.
func (Set) CommandType() string { return "registration.set" }

// CommandType returns the command's name on the wire.
func (Tell) CommandType() string { return "registration.tell" }

// Named returns the registration the command is about.
func (c Accept) Named() conference.RegistrationID { return c.ID }

// Named returns the registration the command is about.
func (c Correct) Named() conference.RegistrationID { return c.ID }

// Named returns the registration the command is about.
func (c Erase) Named() conference.RegistrationID { return c.ID }
