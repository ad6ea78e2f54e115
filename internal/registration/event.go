package registration

import (
	"time"

	"github.com/diemcau/diemcau/internal/conference"
)

// Types of the events of registrations, all version 1; registration.set is
// conference.EventRegistrationSet. Each has a golden file in testdata/golden that is never
// edited: old logs must stay readable.
const (
	EventMade      = "registration.made"
	EventOffered   = "registration.offered"
	EventAccepted  = "registration.accepted"
	EventLapsed    = "registration.lapsed"
	EventCancelled = "registration.cancelled"
	EventMoved     = "registration.moved"
	EventGiven     = "registration.given"
	EventCorrected = "registration.corrected"
	EventErased    = "registration.erased"
	EventScanned   = "registration.scanned"
	EventUndone    = "registration.undone"
	EventTold      = "registration.told"
)

// Names of the private (sealed, erasable) fields of made and corrected.
const (
	FieldName         = "name"
	FieldPhone        = "phone"
	FieldCommune      = "commune"
	FieldOrganisation = "organisation"
	FieldEmail        = "email"
	FieldIDNumber     = "idNumber"
)

// Made is the data of registration.made. State is confirmed, waiting, or checkedIn of a
// walk-in.
type Made struct {
	Registration conference.RegistrationID `json:"registration"`
	State        State                     `json:"state"`
	Venue        conference.VenueID        `json:"venue,omitempty"`
	Holder       string                    `json:"holder,omitempty"`
	Digest       string                    `json:"digest"`
	Topic        conference.TopicID        `json:"topic,omitempty"`
	Question     conference.QuestionID     `json:"question,omitempty"`
	Consents     []Consent                 `json:"consents,omitempty"`
	Verified     bool                      `json:"verified,omitempty"`
	Reserved     bool                      `json:"reserved,omitempty"`
	WalkIn       bool                      `json:"walkIn,omitempty"`
	Lang         string                    `json:"lang,omitempty"` // "vi" or "en"; "": not known
}

// Offered is the data of registration.offered.
type Offered struct {
	Registration conference.RegistrationID `json:"registration"`
	Until        time.Time                 `json:"until"`
}

// Named is the data of registration.accepted, .lapsed, .cancelled, .erased and .undone.
type Named struct {
	Registration conference.RegistrationID `json:"registration"`
}

// Moved is the data of registration.moved. State is confirmed or waiting.
type Moved struct {
	Registration conference.RegistrationID `json:"registration"`
	Venue        conference.VenueID        `json:"venue,omitempty"`
	State        State                     `json:"state"`
}

// Given is the data of registration.given.
type Given struct {
	Registration conference.RegistrationID `json:"registration"`
	Reserved     bool                      `json:"reserved,omitempty"`
}

// Corrected is the data of registration.corrected: which fields got another value, and
// which were emptied.
type Corrected struct {
	Registration conference.RegistrationID `json:"registration"`
	Fields       []string                  `json:"fields"`
	Holder       string                    `json:"holder,omitempty"` // set when the phone is among the fields
}

// Scanned is the data of registration.scanned. Device and Scan name a look of a device.
type Scanned struct {
	Registration conference.RegistrationID `json:"registration"`
	Venue        conference.VenueID        `json:"venue"`
	Device       string                    `json:"device,omitempty"`
	Scan         string                    `json:"scan,omitempty"`
	At           time.Time                 `json:"at"`
	Offline      bool                      `json:"offline,omitempty"`
	Result       Result                    `json:"result"`
}

// Told is the data of registration.told; whom, is the event's actor.
type Told struct {
	What  string             `json:"what"`
	Venue conference.VenueID `json:"venue,omitempty"`
	Count int                `json:"count"`
}
