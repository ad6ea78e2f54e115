package eventlog

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"

	"github.com/diemcau/diemcau/internal/conference"
)

// canonical is the stored form of an event. The order of the fields is the order of
// the bytes, and the bytes are what the hash chain covers: never reorder or rename.
// Position and time are the log's own and stand beside it; private words are sealed.
type canonical struct {
	Type   string              `json:"type"`
	V      int                 `json:"v"`
	ID     string              `json:"id"`
	Cause  string              `json:"cause"`
	Actor  conference.Actor    `json:"actor"`
	Entity conference.Entity   `json:"entity"`
	Bumps  []conference.Entity `json:"bumps"`
	Data   json.RawMessage     `json:"data"`
}

// Encode returns the canonical JSON of an event: Type, V, ID, Cause, Actor, Entity,
// Bumps and Data, in this order, without white space. Equal events give equal bytes.
// Position, At and Private are left out. Data must be valid JSON or empty (null); of an
// event that has Decoded it must be what json.Marshal made of it, and is not looked at again.
// Encode(Decode(b)) equals b for every b that Encode made.
func Encode(event conference.Event) ([]byte, error) {
	form := canonical{
		Type: event.Type, V: event.V, ID: event.ID, Cause: event.Cause,
		Actor: event.Actor, Entity: event.Entity, Bumps: event.Bumps, Data: event.Data,
	}
	if form.Bumps == nil {
		form.Bumps = []conference.Entity{} // one form for "none": []
	}
	if len(form.Data) == 0 {
		form.Data = json.RawMessage("null")
	}
	if err := form.check(); err != nil {
		return nil, fmt.Errorf("encode event %q: %w", event.ID, err)
	}
	if event.Decoded != nil {
		return append(append(form.head(), form.Data...), '}'), nil
	}
	encoded, err := form.encode()
	if err != nil {
		return nil, fmt.Errorf("encode event %q: %w", event.ID, err)
	}
	return encoded, nil
}

// encode writes what encoding/json would, at a fifth of its cost: it is most of what an
// event costs before the disk.
func (c *canonical) encode() ([]byte, error) {
	data := bytes.NewBuffer(c.head())
	if err := json.Compact(data, c.Data); err != nil {
		return nil, err
	}
	return append(data.Bytes(), '}'), nil
}

// head writes all that comes before the data.
func (c *canonical) head() []byte {
	out := make([]byte, 0, 384+len(c.Data))
	out = appendText(append(out, `{"type":`...), c.Type)
	out = strconv.AppendInt(append(out, `,"v":`...), int64(c.V), 10)
	out = appendText(append(out, `,"id":`...), c.ID)
	out = appendText(append(out, `,"cause":`...), c.Cause)
	out = appendText(append(out, `,"actor":{"role":`...), string(c.Actor.Role))
	out = appendOptional(out, `,"venue":`, string(c.Actor.Venue))
	out = appendOptional(out, `,"session":`, c.Actor.Session)
	out = appendOptional(out, `,"person":`, c.Actor.Person)
	out = appendText(append(out, `},"entity":`...), string(c.Entity))
	out = append(out, `,"bumps":[`...)
	for i, entity := range c.Bumps {
		if i > 0 {
			out = append(out, ',')
		}
		out = appendText(out, string(entity))
	}
	return append(out, `],"data":`...)
}

func appendOptional(out []byte, key, text string) []byte {
	if text == "" {
		return out
	}
	return appendText(append(out, key...), text)
}

// appendText appends a JSON string. What needs an escape is left to encoding/json; HTML
// needs none: fewer bytes, and nobody prints them into HTML.
func appendText(out []byte, text string) []byte {
	for i := range len(text) {
		// 0xE2 begins U+2028 and U+2029, which JavaScript once took for line ends.
		if c := text[i]; c < ' ' || c == '"' || c == '\\' || c == 0xE2 {
			return appendEscaped(out, text)
		}
	}
	out = append(out, '"')
	out = append(out, text...)
	return append(out, '"')
}

func appendEscaped(out []byte, text string) []byte {
	buffer := bytes.NewBuffer(out)
	encoder := json.NewEncoder(buffer)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(text) //nolint:errchkjson // a string into a buffer: there is nothing to fail
	return bytes.TrimSuffix(buffer.Bytes(), []byte{'\n'})
}

// Decode returns the event of a stored record, with its position and time. Private is
// empty: whoever has the key opens Sealed. Fields it does not know are ignored, so that
// an older node can read what a newer one wrote.
func Decode(record Record) (conference.Event, error) {
	form, err := parse(record.Canonical)
	if err != nil {
		return conference.Event{}, fmt.Errorf("decode event at %d: %w", record.Position, err)
	}
	event := conference.Event{
		Position: record.Position, At: record.At,
		ID: form.ID, Type: form.Type, V: form.V, Cause: form.Cause,
		Actor: form.Actor, Entity: form.Entity, Bumps: form.Bumps, Data: form.Data,
	}
	if bytes.Equal(event.Data, []byte("null")) {
		event.Data = nil
	}
	return event, nil
}

func parse(data []byte) (canonical, error) {
	var form canonical
	decoder := json.NewDecoder(bytes.NewReader(data))
	if err := decoder.Decode(&form); err != nil {
		return form, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return form, errors.New("something follows the event")
	}
	if !utf8.Valid(data) {
		return form, errors.New("not UTF-8")
	}
	return form, form.check()
}

func (c *canonical) check() error {
	switch {
	case c.Type == "":
		return errors.New("no type")
	case c.V < 1:
		return errors.New("version below 1")
	case c.ID == "":
		return errors.New("no id")
	case c.Cause == "":
		return errors.New("no cause")
	}
	// encoding/json would write U+FFFD for what is not UTF-8: other bytes than were meant.
	valid := utf8.Valid(c.Data)
	for _, text := range [...]string{
		c.Type, c.ID, c.Cause, string(c.Entity),
		string(c.Actor.Role), string(c.Actor.Venue), c.Actor.Session, c.Actor.Person,
	} {
		valid = valid && utf8.ValidString(text)
	}
	for _, entity := range c.Bumps {
		valid = valid && utf8.ValidString(string(entity))
	}
	if !valid {
		return errors.New("not UTF-8")
	}
	return nil
}
