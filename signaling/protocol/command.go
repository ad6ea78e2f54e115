package protocol

// The bodies of commands (ClientMessage.Data) by name. A venue operator's commands act
// on the operator's own venue; a stage manager names the venue.

// QuestionSubmit is "question.submit": citizen, venue (from the hall), registrar (desk),
// moderator (phone).
//
//wire:command question.submit
type QuestionSubmit struct {
	IdempotencyKey string `json:"idempotencyKey"`
	Body           string `json:"body"`
	Topic          string `json:"topic"`
	Venue          string `json:"venue,omitempty"`
	Name           string `json:"name,omitempty"`
	MayName        bool   `json:"mayName,omitempty"` // they agree to be named
	// Phone and Organisation are how to call back whoever asks through staff: venue,
	// registrar, moderator. Only question.contact tells them.
	Phone        string `json:"phone,omitempty"`
	Organisation string `json:"organisation,omitempty"`
	// Proof is the solution of the challenge of a refusal proof.required: base64 of the JSON
	// {algorithm, challenge, number, salt, signature}. Of a fresh challenge, used once.
	Proof string `json:"proof,omitempty"`
}

// QuestionCode is "question.withdraw": anyone who holds the tracking code; and
// "question.contact" (registrar, admin): whom to call back. Nothing is stored.
//
//wire:command question.withdraw
//wire:command question.contact
type QuestionCode struct {
	Code string `json:"code"`
}

// QuestionCalled is "question.called" (registrar, admin): whoever asked was called back, or
// was not after all.
//
//wire:command question.called
type QuestionCalled struct {
	ID   string `json:"id"`
	Undo bool   `json:"undo,omitempty"`
}

// QuestionAmend is "question.amend": anyone who holds the tracking code of a question that
// was returned; once.
//
//wire:command question.amend
type QuestionAmend struct {
	Code string `json:"code"`
	Body string `json:"body"`
}

// ChannelFreeze is "channel.freeze" (moderator, admin): questions of a channel are not taken,
// or are taken again.
//
//wire:command channel.freeze
type ChannelFreeze struct {
	Channel Channel `json:"channel"`
	On      bool    `json:"on"`
}

// QuestionSimilar is "question.similar": which questions the role may see ask something
// like the body. Nothing is stored.
//
//wire:command question.similar
type QuestionSimilar struct {
	Body string `json:"body"`
}

// QuestionVote is "question.vote" (citizen). Voter is a secret of the device, 16–128
// printable ASCII characters with ≥ 128 random bits; it is stored as an HMAC.
//
//wire:command question.vote
type QuestionVote struct {
	ID    string `json:"id"`
	Voter string `json:"voter"`
	On    bool   `json:"on"`
}

// QuestionClaim is "question.claim" (moderator). TakeOver takes a card that a colleague
// holds; without it a card can be taken over once its lease has lapsed.
//
//wire:command question.claim
type QuestionClaim struct {
	ID       string `json:"id"`
	TakeOver bool   `json:"takeOver,omitempty"`
}

// QuestionRef is "question.keep" (prolongs the lease of a claimed card; not stored),
// "question.release", "question.undo" (moderator); "question.unqueue", "question.stage",
// "question.air", "question.recall" (stage).
//
//wire:command question.keep
//wire:command question.release
//wire:command question.undo
//wire:command question.unqueue
//wire:command question.stage
//wire:command question.air
//wire:command question.recall
type QuestionRef struct {
	ID string `json:"id"`
}

// QuestionApprove is "question.approve" (moderator who claimed it).
//
//wire:command question.approve
type QuestionApprove struct {
	ID         string     `json:"id"`
	Short      string     `json:"short,omitempty"`      // absent: the wording it has
	Visibility Visibility `json:"visibility,omitempty"` // absent: text
}

// QuestionEdit is "question.edit" (the moderator who holds the card; moderators and stage
// once it is approved); short "" goes back to the asker's words.
//
//wire:command question.edit
type QuestionEdit struct {
	ID    string `json:"id"`
	Short string `json:"short"`
}

// QuestionReturn is "question.return" (moderator who claimed it): the asker may say it
// again, once. Text tells what is unclear.
//
//wire:command question.return
type QuestionReturn struct {
	ID   string `json:"id"`
	Text string `json:"text"`
}

// QuestionWrite is "question.write" (moderator who claimed it): an agency answers in
// writing. Agency absent: the topic's. Due is a date, 2022-11-20.
//
//wire:command question.write
type QuestionWrite struct {
	ID     string `json:"id"`
	Agency string `json:"agency,omitempty"`
	Due    string `json:"due"`
}

// QuestionMerge is "question.merge" (the moderator who holds the card; any moderator once it
// is approved): the question Into stands for it.
//
//wire:command question.merge
type QuestionMerge struct {
	ID   string `json:"id"`
	Into string `json:"into"`
}

// QuestionAnswer is "question.answer" (stage): the chair's conclusion. Either none, or an
// agency and a date; partly leaves something to be answered and is never none.
//
//wire:command question.answer
type QuestionAnswer struct {
	ID     string `json:"id"`
	Partly bool   `json:"partly,omitempty"`
	None   bool   `json:"none,omitempty"`
	Agency string `json:"agency,omitempty"`
	Due    string `json:"due,omitempty"`
	Text   string `json:"text,omitempty"`
}

// PromiseAssign is "promise.assign" (official): which agency answers in writing, by when.
//
//wire:command promise.assign
type PromiseAssign struct {
	ID     string `json:"id"`
	Agency string `json:"agency"`
	Due    string `json:"due"`
}

// PromiseNote is "promise.note" (official): what the asker is told meanwhile.
//
//wire:command promise.note
type PromiseNote struct {
	ID   string `json:"id"`
	Text string `json:"text"`
}

// PromiseKeep is "promise.keep" (official): the answer in writing. A later one replaces it.
//
//wire:command promise.keep
type PromiseKeep struct {
	ID       string `json:"id"`
	Text     string `json:"text"`
	Document string `json:"document,omitempty"`
	Public   bool   `json:"public,omitempty"`
}

// QuestionRefuse is "question.refuse" and "question.redirect" (moderator who claimed it).
// A reason that takes two holds the question until another moderator refuses it too.
//
//wire:command question.refuse
//wire:command question.redirect
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

// ProgrammeBeside is "programme.beside" (stage).
//
//wire:command programme.beside
type ProgrammeBeside struct {
	On bool `json:"on"`
}

// MediaOffer is "media.join" (venue, stage) and "media.restart": a full SDP offer; the
// reply's sdp is the answer. The order of the m-lines is in docs/protocol.md.
//
//wire:command media.join
//wire:command media.restart
type MediaOffer struct {
	SDP string `json:"sdp"`
	// MediaToken, with media.join, is that of the session the page had: the new connection
	// goes on in its place. Refused with media.replaced when another page took it meanwhile.
	MediaToken string `json:"mediaToken,omitempty"`
}

// MediaTiles is "media.tiles" (stage): the venues to show in the tile slots, in order.
//
//wire:command media.tiles
type MediaTiles struct {
	Venues []string `json:"venues"`
}

// MediaTalk is "media.talk" (stage): the page's microphone is heard in one venue and nowhere
// else, until "" or the page's socket ends it. The page's offer has a microphone.
//
//wire:command media.talk
type MediaTalk struct {
	Venue string `json:"venue"`
}

// MediaLook is "media.look" (venue, stage): how the page shows its slots. Slots that are
// not named stay as they were; a new session begins with what is usual for the kind.
//
//wire:command media.look
type MediaLook struct {
	Slots []SlotLook `json:"slots"`
}

// SlotLook is how one slot is shown.
type SlotLook struct {
	MID string `json:"mid"`
	// Height of the picture in lines of the screen (CSS pixels × device pixel ratio).
	Height int `json:"height,omitempty"`
	// Hidden: not seen, or not played; nothing is sent.
	Hidden bool `json:"hidden,omitempty"`
}

// Nothing is the empty body of "venue.ready", "venue.notReady" (venue), "floor.cityHall"
// (stage), "media.leave" (venue, stage), "conference.open" and "conference.close" (admin), and
// "question.calls" (registrar, admin): who is to be called back. Nothing is stored of that.
//
//wire:command question.calls
//wire:command venue.ready
//wire:command venue.notReady
//wire:command floor.cityHall
//wire:command media.leave
//wire:command conference.open
//wire:command conference.close
type Nothing struct{}
