package zalo

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/diemcau/diemcau/internal/conference"
)

// Limits of a webhook's body.
const (
	MaxBodyBytes = 64 << 10
	maxIDChars   = 128
	maxTimeChars = 16
)

// Kind is what a message asks of us.
type Kind string

// The kinds.
const (
	KindProbe Kind = "probe" // the console's "{}": say 200, nothing else
	KindText  Kind = "text"  // a question
	KindOther Kind = "other" // a picture, a voice message, …: ask for text
	KindEvent Kind = "event" // followed, seen, …: nothing to do
)

// Message is one event of the webhook.
type Message struct {
	Kind   Kind
	Event  string // event_name
	AppID  string
	ID     string // message.msg_id
	Sender string // the person's id at this account; personal: never log or store it
	Text   string // message.text as it was typed; personal
	// Stamp is the body's timestamp as it is written there, for the signature; At is the
	// same as an instant (from milliseconds since 1970).
	Stamp string
	At    time.Time
}

// Parse reads the body of a webhook. It is pure and checks the shape only, no signature.
// Refusals (KindInvalid): zalo.bad_json, zalo.bad_event; KindTooLarge: zalo.too_large.
func Parse(body []byte) (Message, error) {
	if len(body) > MaxBodyBytes {
		return Message{}, conference.Refuse(conference.KindTooLarge, "zalo.too_large", "more than 64 KiB")
	}
	var raw struct {
		AppID     text `json:"app_id"`     //nolint:tagliatelle // Zalo's name
		EventName text `json:"event_name"` //nolint:tagliatelle // Zalo's name
		Timestamp text `json:"timestamp"`
		Sender    struct {
			ID text `json:"id"`
		} `json:"sender"`
		Message struct {
			ID   text    `json:"msg_id"` //nolint:tagliatelle // Zalo's name
			Text *string `json:"text"`
		} `json:"message"`
	}
	if !utf8.Valid(body) {
		return Message{}, invalid("zalo.bad_json", "not UTF-8")
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	if err := decoder.Decode(&raw); err != nil {
		return Message{}, invalid("zalo.bad_json", "not the JSON of an event")
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return Message{}, invalid("zalo.bad_json", "something follows the event")
	}
	if bytes.Equal(withoutSpace(body), []byte("{}")) {
		return Message{Kind: KindProbe}, nil
	}
	m := Message{
		Kind: KindEvent, Event: string(raw.EventName), AppID: string(raw.AppID), ID: string(raw.Message.ID),
		Sender: string(raw.Sender.ID), Stamp: string(raw.Timestamp),
	}
	if m.Event == "" || !isToken(m.AppID) {
		return Message{}, invalid("zalo.bad_event", "event_name or app_id is missing")
	}
	var ok bool
	if m.At, ok = instant(m.Stamp); !ok && m.Stamp != "" {
		return Message{}, invalid("zalo.bad_event", "timestamp: milliseconds since 1970")
	}
	if !strings.HasPrefix(m.Event, "user_send_") {
		return m, nil
	}
	if !isToken(m.ID) || !isToken(m.Sender) {
		return Message{}, invalid("zalo.bad_event", "message.msg_id or sender.id is missing")
	}
	m.Kind = KindOther
	if m.Event == "user_send_text" {
		if raw.Message.Text == nil {
			return Message{}, invalid("zalo.bad_event", "message.text is missing")
		}
		m.Kind, m.Text = KindText, *raw.Message.Text
	}
	return m, nil
}

// text is a JSON string, or a number as it is written: Zalo sends ids and times as either.
type text string

// UnmarshalJSON reads a string, a number or null.
func (t *text) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		var s string
		if err := json.Unmarshal(data, &s); err != nil {
			return err
		}
		*t = text(s)
		return nil
	}
	if string(data) == "null" {
		return nil
	}
	var n json.Number
	if err := json.Unmarshal(data, &n); err != nil {
		return err
	}
	*t = text(n)
	return nil
}

// instant reads milliseconds since 1970: digits only.
func instant(stamp string) (time.Time, bool) {
	if stamp == "" || len(stamp) > maxTimeChars {
		return time.Time{}, false
	}
	for i := range len(stamp) {
		if stamp[i] < '0' || stamp[i] > '9' {
			return time.Time{}, false
		}
	}
	ms, err := strconv.ParseInt(stamp, 10, 64)
	return time.UnixMilli(ms).UTC(), err == nil
}

// isToken reports whether an id is 1–128 printable ASCII characters without spaces.
func isToken(id string) bool {
	if id == "" || len(id) > maxIDChars {
		return false
	}
	for i := range len(id) {
		if id[i] <= ' ' || id[i] > '~' {
			return false
		}
	}
	return true
}

func withoutSpace(body []byte) []byte {
	return bytes.Join(bytes.Fields(body), nil)
}

func invalid(code, detail string) error {
	return conference.Refuse(conference.KindInvalid, code, detail)
}
