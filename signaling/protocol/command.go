package protocol

// The bodies of commands (ClientMessage.Data) by name. A venue operator's commands act
// on the operator's own venue; a stage manager names the venue.

// QuestionSubmit is "question.submit": citizen, venue (from the hall).
type QuestionSubmit struct {
	IdempotencyKey string `json:"idempotencyKey"`
	Body           string `json:"body"`
	Topic          string `json:"topic"`
	Venue          string `json:"venue,omitempty"`
}

// QuestionCode is "question.withdraw": anyone who holds the tracking code.
type QuestionCode struct {
	Code string `json:"code"`
}

// QuestionRef is "question.claim", "question.release" (moderator); "question.unqueue",
// "question.stage", "question.air", "question.answer" (stage).
type QuestionRef struct {
	ID string `json:"id"`
}

// QuestionApprove is "question.approve" (moderator who claimed it).
type QuestionApprove struct {
	ID    string `json:"id"`
	Short string `json:"short,omitempty"`
}

// QuestionRefuse is "question.refuse" (moderator who claimed it).
type QuestionRefuse struct {
	ID       string `json:"id"`
	Reason   string `json:"reason"`
	Text     string `json:"text,omitempty"`
	NextDoor string `json:"nextDoor,omitempty"`
}

// QuestionQueue is "question.queue" (stage): before absent = at the end.
type QuestionQueue struct {
	ID     string `json:"id"`
	Before string `json:"before,omitempty"`
}

// HandRaise is "hand.raise" (venue).
type HandRaise struct {
	Note string `json:"note,omitempty"`
}

// VenueRef is "hand.lower" (venue: absent; stage: which), "floor.preview" (stage; ""
// clears), "floor.takeBack" (stage). "venue.ready", "venue.notReady" (venue) and
// "floor.cityHall" (stage) have an empty body.
type VenueRef struct {
	Venue string `json:"venue,omitempty"`
}

// FloorGive is "floor.give" (stage).
type FloorGive struct {
	Venue   string `json:"venue"`
	LimitMs int64  `json:"limitMs,omitempty"`
}

// ProgrammeSlate is "programme.slate" (stage).
type ProgrammeSlate struct {
	On bool `json:"on"`
}

// MediaOffer is "media.join" (venue, stage) and "media.restart": a full SDP offer; the
// reply's sdp is the answer. The order of the m-lines is in docs/protocol.md.
type MediaOffer struct {
	SDP string `json:"sdp"`
}

// MediaTiles is "media.tiles" (stage): the venues to show in the tile slots, in order.
type MediaTiles struct {
	Venues []string `json:"venues"`
}

// ConferenceState is "conference.open" and "conference.close" (admin): an empty body.
type ConferenceState struct{}
