package protocol

import (
	"encoding/json"
	"time"
)

// Subprotocol is the WebSocket subprotocol.
const Subprotocol = "diemcau.v1"

// Version is the protocol's only version so far.
const Version = 1

// Close codes. 4000–4499: come back (with the cursor, after a back-off). 4500–4999: do
// not come back by yourself.
const (
	CloseGoingAway    = 4000 // the server drains: come back after bye.retryAfterMs
	CloseResync       = 4008 // you were too slow: come back and take a snapshot
	CloseRateLimited  = 4029 // too many messages: come back after 10 s
	CloseInternal     = 4100 // a fault of ours: come back
	CloseNoProtocol   = 4500 // no common protocol: reload the page
	CloseBadMessage   = 4501 // not JSON, no hello, unknown type twice, frame too large
	CloseNotSignedIn  = 4502 // hello asked for a role no cookie stands for
	CloseRevoked      = 4503 // the session was revoked or has expired
	CloseUnknownPlace = 4504 // no such conference
)

// Limits of what a client may send.
const (
	MaxFrameBytes      = 64 << 10 // an SDP offer is the largest
	MaxCommandBytes    = 8 << 10  // every other message
	MessagesPerSecond  = 10       // sustained
	MessageBurst       = 30
	MaxFollowsPerPeer  = 50
	MaxQuestionRunes   = 600 // after NFC
	MaxHandNoteRunes   = 120
	HelloWithinMs      = 10_000
	PingEveryMs        = 25_000
	WatermarkEveryMs   = 5_000
	VotesEveryMs       = 1_000 // totals of votes come at most that often
	LinesEveryMs       = 2_000 // so do changes of lines
	SpeakingEveryMs    = 250   // and who speaks
	MaxStillBytes      = 20 << 10
	CoalesceEventsMs   = 20
	CommandTimeoutMs   = 10_000
	IdempotencyKeyMin  = 16
	IdempotencyKeyMax  = 128
	CommandIDMin       = 22
	CommandIDMax       = 64
	ConcurrentCommands = 8
)

// Lang is the language of the sentences in Problem.Message.
type Lang string

// The languages.
const (
	LangVi Lang = "vi"
	LangEn Lang = "en"
)

// CommandName is the name of a command: those that command.go marks with wire:command.
type CommandName string

// ClientMessage is anything a client sends.
//
//wire:case hello Hello
//wire:case command ID Name Data
//wire:case follow Code ID?
//wire:case unfollow Code
type ClientMessage struct {
	// Type is "hello", "command", "follow" or "unfollow".
	Type string `json:"type"`
	// ID names a command (or a follow, so that a refusal can be told); made by the client, ≥ 128 random bits, 22–64 of A–Z a–z 0–9 - _.
	// Sending the same command with the same ID again is safe and returns the first result.
	ID string `json:"id,omitempty"`
	// Name is the command ("question.submit"), Data its body: see command.go.
	Name CommandName     `json:"name,omitempty"`
	Data json.RawMessage `json:"data,omitempty"`
	// Hello is set when Type is "hello".
	Hello *Hello `json:"hello,omitempty"`
	// Code is the tracking code to follow or unfollow.
	Code string `json:"code,omitempty"`
}

// Hello is the first message of a client.
type Hello struct {
	Protocols []int `json:"protocols"`
	// Role is the role to speak as; absent: citizen. Every other role needs its cookie.
	Role Role `json:"role,omitempty"`
	// Venue chooses between several venue sessions of one browser.
	Venue string `json:"venue,omitempty"`
	// Lang is "vi" or "en"; absent: vi.
	Lang Lang `json:"lang,omitempty"`
	// Cursor is where the client was; absent: send a snapshot.
	Cursor string `json:"cursor,omitempty"`
	// MediaToken gives the page the media session back that it had; see ok.mediaToken.
	MediaToken string `json:"mediaToken,omitempty"`
}

// ServerMessage is anything the server sends; Type tells which one field is set.
//
//wire:case welcome Welcome
//wire:case snapshot Snapshot
//wire:case events Events
//wire:case reply Reply
//wire:case standing Standing
//wire:case slots Slots
//wire:case watermark Watermark
//wire:case lines Lines
//wire:case speaking Speaking
//wire:case bye Bye
type ServerMessage struct {
	// Type is "welcome", "snapshot", "events", "reply", "standing", "slots", "watermark", "lines", "speaking" or "bye".
	Type      string     `json:"type"`
	Welcome   *Welcome   `json:"welcome,omitempty"`
	Snapshot  *Snapshot  `json:"snapshot,omitempty"`
	Events    *Events    `json:"events,omitempty"`
	Reply     *Reply     `json:"reply,omitempty"`
	Standing  *Standing  `json:"standing,omitempty"`
	Slots     *Slots     `json:"slots,omitempty"`
	Watermark *Watermark `json:"watermark,omitempty"`
	Lines     *Lines     `json:"lines,omitempty"`
	Speaking  *Speaking  `json:"speaking,omitempty"`
	Bye       *Bye       `json:"bye,omitempty"`
}

// Welcome answers hello.
type Welcome struct {
	Protocol int    `json:"protocol"`
	Role     Role   `json:"role"`
	Venue    string `json:"venue,omitempty"`
	Person   string `json:"person,omitempty"`
	// Session is the public reference of the session; it tells "claimed by me".
	Session string `json:"session,omitempty"`
	// Resumed: events after the cursor follow. Otherwise a snapshot follows.
	Resumed    bool      `json:"resumed"`
	ServerTime time.Time `json:"serverTime"`
	// Server is another string after each start of the server.
	Server string `json:"server"`
	Demo   bool   `json:"demo,omitempty"`
	// Media: the media session that hello's token is for goes on with this socket; slots
	// follow. Otherwise a page that wants media joins anew.
	Media bool `json:"media,omitempty"`
}

// Events are changes in order. A client whose cursor is not Prev has missed something
// and reconnects without a cursor.
type Events struct {
	Prev   string  `json:"prev"`
	Cursor string  `json:"cursor"`
	Events []Event `json:"events"`
}

// Watermark is sent when nothing happened for a while: all up to Cursor was seen; and once
// a second when votes were given.
type Watermark struct {
	Prev   string `json:"prev"`
	Cursor string `json:"cursor"`
	// Votes replaces the totals of these questions; 0 when nobody supports it any more.
	Votes map[string]int `json:"votes,omitempty"`
}

// Reply answers a command: exactly one of OK and Error is set.
type Reply struct {
	To    string   `json:"to"`
	OK    *OK      `json:"ok,omitempty"`
	Error *Problem `json:"error,omitempty"`
}

// OK is the durable result of a command.
type OK struct {
	Question string        `json:"question,omitempty"`
	Code     string        `json:"code,omitempty"` // tracking code; submissions only
	State    QuestionState `json:"state,omitempty"`
	Repeated bool          `json:"repeated,omitempty"`
	// SDP is the answer to media.join and media.restart.
	SDP string `json:"sdp,omitempty"`
	// ICEServers come with it: what relays media that gets through no other way. The
	// credentials begin relays for five minutes.
	ICEServers []ICEServer `json:"iceServers,omitempty"`
	// MediaToken comes with media.join: what the page gets this media session back with, for a
	// minute after its socket or its media were lost. A secret of its reader.
	MediaToken string `json:"mediaToken,omitempty"`
	// Similar answers question.similar, the likest first.
	Similar []Likeness `json:"similar,omitempty"`
	// Contact answers question.contact.
	Contact *Contact `json:"contact,omitempty"`
	// Calls answers question.calls.
	Calls *Calls `json:"calls,omitempty"`
}

// ICEServer is what RTCPeerConnection takes of that name; a secret of its reader.
type ICEServer struct {
	URLs       []string `json:"urls"`
	Username   string   `json:"username"`
	Credential string   `json:"credential"`
}

// Likeness is a question that asks something like a text does.
type Likeness struct {
	ID      string `json:"id"`
	Percent int    `json:"percent"` // 100: the same words
}

// Problem is a refusal.
type Problem struct {
	Kind ProblemKind `json:"kind"`
	Code string      `json:"code"`
	// Message is one sentence in the language of hello that says what to do.
	Message string `json:"message"`
	// RetryAfterMs > 0: send the same command again after that long.
	RetryAfterMs int64 `json:"retryAfterMs,omitempty"`
	// Question is the question as it is now, when the refusal is a lost race.
	Question *Question `json:"question,omitempty"`
	// Challenge is set with proof.required: solve it and send the same again with the proof.
	Challenge *Challenge `json:"challenge,omitempty"`
}

// Challenge is a proof of work that is asked for (the format of ALTCHA): find the number
// in 0…MaxNumber for which the hex SHA-256 of Salt ‖ decimal number is Challenge.
type Challenge struct {
	Algorithm string `json:"algorithm"` // "SHA-256"
	Challenge string `json:"challenge"`
	MaxNumber int64  `json:"maxNumber"`
	Salt      string `json:"salt"`
	Signature string `json:"signature"`
}

// Slots maps the receive slots of the page's PeerConnection.
type Slots struct {
	Slots []Slot `json:"slots"`
	// Send are the layers of the page's own camera that somebody needs, by rid, high to low:
	// stop sending the others. Absent: all.
	Send []string `json:"send,omitempty"`
	// Ended: the media session has ended; Slots is empty. Join again at once, unless Replaced.
	Ended bool `json:"ended,omitempty"`
	// Replaced: another page of the venue took the place; two that both come back by
	// themselves would take it from each other for ever.
	Replaced bool `json:"replaced,omitempty"`
}

// SlotKind is what a receive slot is for.
type SlotKind string

// The kinds of slots.
const (
	SlotProgramme SlotKind = "programme"
	SlotReturn    SlotKind = "return"
	SlotVoice     SlotKind = "voice"
	SlotTile      SlotKind = "tile"
)

// Slot is one MID: what it is for and which venue it shows now (absent = empty).
type Slot struct {
	MID   string   `json:"mid"`
	Kind  SlotKind `json:"kind"`
	Venue string   `json:"venue,omitempty"`
	// Paused: nothing is sent because the page's line takes no more.
	Paused bool `json:"paused,omitempty"`
	// Stage: of a voice slot without a venue: the stage talks to this venue alone.
	Stage bool `json:"stage,omitempty"`
}

// Bye precedes a close.
type Bye struct {
	Reason       string `json:"reason"`
	RetryAfterMs int64  `json:"retryAfterMs,omitempty"`
}
