package protocol

import (
	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/moderation"
	"github.com/diemcau/diemcau/sfu/floor"
)

// Role is what a person is in a conference.
type Role = conference.Role

// ProblemKind sorts refusals by what the one who asked can do about it.
type ProblemKind = conference.Kind

// ConferenceState is where a conference stands.
type ConferenceState = conference.State

// QuestionState is where a question stands; docs/questions.md draws the way between them.
type QuestionState = moderation.State

// Visibility is who may read an approved question.
type Visibility = moderation.Visibility

// Channel is the way a question came in.
type Channel = moderation.Channel

// VenueState is where a venue stands.
type VenueState = floor.State
