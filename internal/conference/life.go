package conference

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Types of the events in the life of a conference.
const (
	EventCreated = "conference.created"
	EventOpened  = "conference.opened"
	EventClosed  = "conference.closed"
	// EventChannelFrozen: questions of one channel are not taken for a while, or again.
	EventChannelFrozen = "channel.frozen"
	// EventRegistrationSet: when and how people register, and how many seats there are.
	EventRegistrationSet = "registration.set"
)

// Create makes a conference. Secret names the installation's secret and Key the
// conference's own key; both are filled in by internal/live.
type Create struct {
	Info   Info
	Secret string
	Key    string
}

// Open begins the dialogue: questions are taken from now on.
type Open struct{}

// Close ends the dialogue: no question is taken any more.
type Close struct{}

// CommandType returns the command's name on the wire.
func (Create) CommandType() string { return "conference.create" }

// CommandType returns the command's name on the wire.
func (Open) CommandType() string { return "conference.open" }

// CommandType returns the command's name on the wire.
func (Close) CommandType() string { return "conference.close" }

// Created is the data of conference.created, the first event of every log.
type Created struct {
	Info Info `json:"info"`
	// Secret is the id of the installation's secret the log was begun with; a node with
	// another one cannot read the log and refuses to run it.
	Secret string `json:"secret"`
	// Key is a check value of the conference's own key (question ids, tracking codes).
	Key string `json:"key"`
}

// Opened is the data of conference.opened.
type Opened struct{}

// Closed is the data of conference.closed.
type Closed struct{}

// ChannelFrozen is the data of channel.frozen.
type ChannelFrozen struct {
	Channel string `json:"channel"`
	On      bool   `json:"on"`
}

// Decide decides a command on the life of a conference. info is nil when it does not
// exist yet. It reads no clock: now is part of every rule's shape.
//
// Refusals: conference.exists, conference.bad_info, conference.unknown,
// conference.already_open, conference.already_closed, conference.not_open; those of Edit and GoLive.
func Decide(info *Info, command Command, _ time.Time) (Decision, error) {
	switch body := command.Body.(type) {
	case Create:
		if info != nil {
			return Decision{}, Refuse(KindConflict, "conference.exists", string(info.ID))
		}
		if err := body.Info.Validate(); err != nil {
			return Decision{}, err
		}
		return decision(EventCreated, Created(body)), nil
	case Open:
		return decideState(info, StatePlanned, EventOpened, Opened{})
	case Close:
		return decideState(info, StateOpen, EventClosed, Closed{})
	case Edit:
		return decideEdit(info, body)
	case GoLive:
		return decideGoLive(info)
	}
	return Decision{}, Refuse(KindInvalid, "command.unknown", command.Body.CommandType())
}

// Apply returns the conference after an event; info is not changed. Events of other
// parts return info itself.
func Apply(info *Info, event Event) (*Info, error) {
	switch event.Type {
	case EventCreated:
		var created Created
		if err := json.Unmarshal(event.Data, &created); err != nil {
			return info, fmt.Errorf("apply %s at %d: %w", event.Type, event.Position, err)
		}
		if created.Info.Public {
			created.Info.PublishedAt = event.At
		}
		return &created.Info, nil
	case EventOpened:
		return withState(info, StateOpen, event)
	case EventClosed:
		return withState(info, StateClosed, event)
	case EventChannelFrozen:
		return withChannel(info, event)
	case EventRegistrationSet:
		return withRegistration(info, event)
	case EventEdited:
		return withEdit(info, event)
	case EventWentLive:
		return withLive(info, event)
	}
	return info, nil
}

func decideState(info *Info, from State, event string, data any) (Decision, error) {
	switch {
	case info == nil:
		return Decision{}, Refuse(KindNotFound, "conference.unknown", "")
	case info.State == from:
		return decision(event, data), nil
	case info.State == StatePlanned:
		return Decision{}, Refuse(KindConflict, "conference.not_open", "")
	}
	return Decision{}, Refuse(KindConflict, "conference.already_"+string(info.State), "")
}

func decision(event string, data any) Decision {
	return Decision{
		Reads: []Entity{EntityConference},
		Drafts: []Draft{{
			Type: event, V: 1, Entity: EntityConference, Bumps: []Entity{EntityConference}, Data: data,
		}},
	}
}

func withChannel(info *Info, event Event) (*Info, error) {
	if info == nil {
		return nil, fmt.Errorf("apply %s at %d: no conference", event.Type, event.Position)
	}
	data, err := DataOf[ChannelFrozen](event)
	if err != nil {
		return info, err
	}
	next := *info
	next.Frozen = slices.DeleteFunc(slices.Clone(info.Frozen), func(channel string) bool { return channel == data.Channel })
	if data.On {
		next.Frozen = append(next.Frozen, data.Channel)
	}
	return &next, nil
}

func withState(info *Info, state State, event Event) (*Info, error) {
	if info == nil {
		return nil, fmt.Errorf("apply %s at %d: no conference", event.Type, event.Position)
	}
	next := *info
	next.State = state
	return &next, nil
}
