package outbox

import (
	"time"

	"github.com/diemcau/diemcau/internal/conference"
)

// Types of the events about letters, all version 1. Each has a golden file in testdata/golden
// that is never edited.
const (
	EventBegan  = "mail.began"  // letters are written from now on
	EventSent   = "mail.sent"   // a mail server has taken one
	EventFailed = "mail.failed" // one is not tried any more
	EventAgain  = "mail.again"  // one, or all that failed, are due again
)

// Began is the data of mail.began.
type Began struct{}

// Sent is the data of mail.sent. About is the position of the event the letter was due for:
// what has happened since is due still.
type Sent struct {
	Registration conference.RegistrationID `json:"registration"`
	About        uint64                    `json:"about"`
}

// Failed is the data of mail.failed.
type Failed struct {
	Registration conference.RegistrationID `json:"registration"`
	About        uint64                    `json:"about"`
	Fault
}

// Fault is why a letter did not go, without a word of what was said about it: mail servers
// repeat the address.
type Fault struct {
	Stage  Stage  `json:"stage"`
	Code   int    `json:"code,omitempty"`   // of the server (RFC 5321 §4.2), 0: none
	Status string `json:"status,omitempty"` // "5.1.1" (RFC 3463), "": none
}

// Trouble is why no letter goes at the moment.
type Trouble struct {
	Fault
	Since time.Time `json:"since"`
	Next  time.Time `json:"next"` // when it is tried again
}

// Stage is where a letter did not go on.
type Stage string

// The stages of a letter. The first four are between this installation and its mail server, and
// no letter's fault.
const (
	StageConnect   Stage = "connect"
	StageTLS       Stage = "tls"
	StageLogin     Stage = "login"
	StageSender    Stage = "sender"    // the server does not send for us
	StageAddress   Stage = "address"   // what was given is no address mail can go to
	StageRecipient Stage = "recipient" // the server does not take it for this address
	StageContent   Stage = "content"   // the server does not take the letter
	StageLate      Stage = "late"      // tried for days
)

// Stages returns all stages.
func Stages() []Stage {
	return []Stage{StageConnect, StageTLS, StageLogin, StageSender, StageAddress, StageRecipient, StageContent, StageLate}
}

// Again is the data of mail.again. Registration "": all that failed.
type Again struct {
	Registration conference.RegistrationID `json:"registration,omitempty"`
}
