package protocol

// The bodies of commands (ClientMessage.Data) by name. A venue operator's commands act
// on the operator's own venue; a stage manager names the venue.

// QuestionSubmit is "question.submit": citizen, venue (from the hall).
//
//wire:command question.submit
type QuestionSubmit struct {
	IdempotencyKey string `json:"idempotencyKey"`
	Body           string `json:"body"`
	Topic          string `json:"topic"`
	Venue          string `json:"venue,omitempty"`
	// Proof is the solution of the challenge of a refusal proof.required: base64 of the JSON
	// {algorithm, challenge, number, salt, signature}. Of a fresh challenge, used once.
	Proof string `json:"proof,omitempty"`
}

// QuestionCode is "question.withdraw": anyone who holds the tracking code.
//
//wire:command question.withdraw
type QuestionCode struct {
	Code string `json:"code"`
}

// QuestionRef is "question.claim", "question.release" (moderator); "question.unqueue",
// "question.stage", "question.air", "question.answer" (stage).
//
//wire:command question.claim
//wire:command question.release
//wire:command question.unqueue
//wire:command question.stage
//wire:command question.air
//wire:command question.answer
type QuestionRef struct {
	ID string `json:"id"`
}

// QuestionApprove is "question.approve" (moderator who claimed it).
//
//wire:command question.approve
type QuestionApprove struct {
	ID    string `json:"id"`
	Short string `json:"short,omitempty"`
}

// QuestionRefuse is "question.refuse" (moderator who claimed it).
//
//wire:command question.refuse
type QuestionRefuse struct {
	ID       string `json:"id"`
	Reason   string `json:"reason"`
	Text     string `json:"text,omitempty"`
	NextDoor string `json:"nextDoor,omitempty"`
}

// QuestionQueue is "question.queue" (stage): before absent = at the end.
//
//wire:command question.queue
type QuestionQueue struct {
	ID     string `json:"id"`
	Before string `json:"before,omitempty"`
}

// HandRaise is "hand.raise" (venue).
//
//wire:command hand.raise
type HandRaise struct {
	Note string `json:"note,omitempty"`
}

// VenueRef is "hand.lower" (venue: absent; stage: which), "floor.preview" (stage; ""
// clears), "floor.takeBack" (stage).
//
//wire:command hand.lower
//wire:command floor.preview
//wire:command floor.takeBack
type VenueRef struct {
	Venue string `json:"venue,omitempty"`
}

// FloorGive is "floor.give" (stage).
//
//wire:command floor.give
type FloorGive struct {
	Venue   string `json:"venue"`
	LimitMs int64  `json:"limitMs,omitempty"`
	// Seen is the holder the stage manager saw when giving ("" nobody); if another has the
	// floor by now the command is refused with floor.changed. Absent: whoever has it.
	Seen *string `json:"seen,omitempty"`
}

// ProgrammeSlate is "programme.slate" (stage).
//
//wire:command programme.slate
type ProgrammeSlate struct {
	On bool `json:"on"`
}

// MediaOffer is "media.join" (venue, stage) and "media.restart": a full SDP offer; the
// reply's sdp is the answer. The order of the m-lines is in docs/protocol.md.
//
//wire:command media.join
//wire:command media.restart
type MediaOffer struct {
	SDP string `json:"sdp"`
}

// MediaTiles is "media.tiles" (stage): the venues to show in the tile slots, in order.
//
//wire:command media.tiles
type MediaTiles struct {
	Venues []string `json:"venues"`
}

// Nothing is the empty body of "venue.ready", "venue.notReady" (venue), "floor.cityHall"
// (stage), "media.leave" (venue, stage), "conference.open" and "conference.close" (admin).
//
//wire:command venue.ready
//wire:command venue.notReady
//wire:command floor.cityHall
//wire:command media.leave
//wire:command conference.open
//wire:command conference.close
type Nothing struct{}
