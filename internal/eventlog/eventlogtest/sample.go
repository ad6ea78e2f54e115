package eventlogtest

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog"
)

// NewID returns a fresh random id of 26 characters, as commands and events have.
func NewID() string { return strings.ToLower(rand.Text()) }

// NewConference returns the id of a conference nobody else uses.
func NewConference() conference.ID { return conference.ID("c-" + NewID()) }

// Sample describes one command of one event.
type Sample struct {
	Command string // its id; NewID when empty
	Event   string // NewID when empty
	Entity  conference.Entity
	Checks  []eventlog.Check
	Sealed  map[string][]byte
	Note    string // goes into the event's data
}

// MakeCommand returns the command of a sample: one draft that bumps the entity.
func MakeCommand(tb testing.TB, s Sample) eventlog.Command {
	tb.Helper()
	if s.Command == "" {
		s.Command = NewID()
	}
	return eventlog.Command{ID: s.Command, Checks: s.Checks, Drafts: []eventlog.Draft{MakeDraft(tb, s)}}
}

// MakeDraft returns the draft of a sample.
func MakeDraft(tb testing.TB, s Sample) eventlog.Draft {
	tb.Helper()
	if s.Event == "" {
		s.Event = NewID()
	}
	data, err := json.Marshal(map[string]string{"note": s.Note})
	if err != nil {
		tb.Fatalf("make sample data: %v", err)
	}
	event := conference.Event{
		ID: s.Event, Type: "question.submitted", V: 1, Cause: s.Command,
		Actor:  conference.Actor{Role: conference.RoleCitizen},
		Entity: s.Entity, Bumps: []conference.Entity{s.Entity}, Data: data,
	}
	bytes, err := eventlog.Encode(event)
	if err != nil {
		tb.Fatalf("encode sample: %v", err)
	}
	return eventlog.Draft{ID: s.Event, Canonical: bytes, Bumps: event.Bumps, Sealed: s.Sealed}
}

// Questions returns n commands, each about an entity of its own that must not exist yet.
func Questions(tb testing.TB, n int) []eventlog.Command {
	tb.Helper()
	commands := make([]eventlog.Command, n)
	for i := range commands {
		entity := conference.QuestionID(NewID()).Entity()
		commands[i] = MakeCommand(tb, Sample{
			Entity: entity,
			Checks: []eventlog.Check{{Entity: entity}},
			Note:   fmt.Sprintf("number %d", i),
		})
	}
	return commands
}

// ReadAll reads a log from the start to its end, n records at a time.
func ReadAll(ctx context.Context, log eventlog.Log, n int) ([]eventlog.Record, eventlog.Position, error) {
	var all []eventlog.Record
	for {
		after := uint64(len(all))
		records, end, err := log.Read(ctx, after, n)
		if err != nil {
			return nil, end, err
		}
		all = append(all, records...)
		if uint64(len(all)) >= end.Pos {
			return all, end, nil
		}
		if len(records) == 0 {
			return nil, end, fmt.Errorf("read nothing after %d of %d", after, end.Pos)
		}
	}
}
