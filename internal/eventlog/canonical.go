package eventlog

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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
// Position, At and Private are left out. Data must be valid JSON or empty (null).
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
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false) // fewer bytes, and nobody prints them into HTML
	if err := encoder.Encode(&form); err != nil {
		return nil, fmt.Errorf("encode event %q: %w", event.ID, err)
	}
	return bytes.TrimSuffix(buffer.Bytes(), []byte{'\n'}), nil
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
	texts := []string{
		c.Type, c.ID, c.Cause, string(c.Entity), string(c.Data),
		string(c.Actor.Role), string(c.Actor.Venue), c.Actor.Session, c.Actor.Person,
	}
	for _, entity := range c.Bumps {
		texts = append(texts, string(entity))
	}
	for _, text := range texts {
		if !utf8.ValidString(text) {
			return errors.New("not UTF-8")
		}
	}
	return nil
}
