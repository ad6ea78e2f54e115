package conference

import (
	"encoding/json"
	"fmt"
	"time"
)

// Body is the content of a command, one Go type per command ("question.approve").
type Body interface {
	// CommandType returns the command's name on the wire.
	CommandType() string
}

// Command is one thing somebody asks for. ID is made by whoever asks (≥ 128 random
// bits, 22–64 characters); repeating a command with the same ID returns the first result.
type Command struct {
	ID    string
	Actor Actor
	Body  Body
}

// Decision is what a rule answers: what it rests on and what is to be written.
type Decision struct {
	// Reads are the entities whose state the decision rests on. The log refuses the
	// command as stale if one of them has changed since.
	Reads []Entity
	// Drafts are the events to write, in order. None means: nothing to do, no error.
	Drafts []Draft
}

// Draft is an event that is not yet durable.
type Draft struct {
	Type string
	V    int
	// Entity is what the event is about; Bumps are all entities it changes, Entity included.
	Entity Entity
	Bumps  []Entity
	// Data is marshalled to JSON: ids, versions, digests and decisions; never words a
	// citizen wrote, never a name or a phone number.
	Data any
	// Private holds what may have to be erased (field name → text); it is sealed.
	Private map[string]string
}

// DataOf returns the event's data, decoded unless it is at hand.
func DataOf[T any](event Event) (T, error) {
	if data, ready := event.Decoded.(T); ready {
		return data, nil
	}
	var data T
	if err := json.Unmarshal(event.Data, &data); err != nil {
		return data, fmt.Errorf("apply %s at %d: %w", event.Type, event.Position, err)
	}
	return data, nil
}

// Event is a durable fact of a conference's log.
type Event struct {
	Position uint64 // dense, from 1
	ID       string
	Type     string
	V        int
	At       time.Time // the log's clock, UTC, never decreasing
	Cause    string    // the command's id
	Actor    Actor
	Entity   Entity
	Bumps    []Entity
	Data     json.RawMessage
	// Decoded is what Data was made of by json.Marshal, where the event was decided in this
	// process and is not yet taken over; nil otherwise. See DataOf.
	Decoded any
	// Private holds the opened sealed fields; a field that was erased is missing.
	Private map[string]string
}
