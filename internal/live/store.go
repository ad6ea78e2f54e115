package live

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog"
	"github.com/diemcau/diemcau/internal/registration"
	"github.com/diemcau/diemcau/internal/secret"
)

// made is a decision and its events, made where the command came in: what costs most of it is
// then done by many, not by the one who decides.
type made struct {
	decision conference.Decision
	begins   registration.State // of a registration: how it was thought to begin
	events   []conference.Event
	drafts   []eventlog.Draft
	size     int // of the drafts in a batch
}

// make prepares what will be decided like this. nil: it cannot be stored, which deciding it
// will tell.
func (c *Conference) make(command conference.Command, decision conference.Decision) *made {
	m := &made{
		decision: decision,
		events:   make([]conference.Event, len(decision.Drafts)), drafts: make([]eventlog.Draft, len(decision.Drafts)),
	}
	now := c.now()
	for i, draft := range decision.Drafts {
		var err error
		if m.events[i], m.drafts[i], err = store(c.id, c.sealer, now, command, draft); err != nil {
			return nil
		}
		m.size += m.drafts[i].Size(command.ID)
	}
	return m
}

// makeRegistration prepares a registration that begins as it would now. nil: it would be
// refused now, or cannot be stored; deciding it will tell.
func (c *Conference) makeRegistration(command conference.Command, body register) *made {
	c.stateMu.RLock()
	begins, err := c.state.registrations.Begins(c.state.info, command.Actor, body.Register, c.now())
	c.stateMu.RUnlock()
	if err != nil {
		return nil
	}
	m := c.make(command, body.decision(begins))
	if m != nil {
		m.begins = begins
	}
	return m
}

// store makes an event of a draft and the form the log keeps it in.
func store(
	id conference.ID, sealer *secret.Sealer, now time.Time, command conference.Command, draft conference.Draft,
) (conference.Event, eventlog.Draft, error) {
	data, err := json.Marshal(draft.Data)
	if err != nil {
		return conference.Event{}, eventlog.Draft{}, fmt.Errorf("encode %s: %w", draft.Type, err)
	}
	event := conference.Event{
		ID: newEventID(now), Type: draft.Type, V: draft.V, At: now, Cause: command.ID, Actor: command.Actor,
		Entity: draft.Entity, Bumps: draft.Bumps, Data: data, Decoded: draft.Data, Private: draft.Private,
	}
	stored := eventlog.Draft{ID: event.ID, Bumps: draft.Bumps}
	if stored.Canonical, err = eventlog.Encode(event); err != nil {
		return conference.Event{}, eventlog.Draft{}, err
	}
	if len(draft.Private) > 0 {
		stored.Sealed = make(map[string][]byte, len(draft.Private))
	}
	for field, words := range draft.Private {
		stored.Sealed[field] = sealer.Seal(secret.Place{Conference: string(id), Event: event.ID, Field: field}, words)
	}
	stored.Digest = eventlog.Digest(stored.Canonical, stored.Sealed)
	return event, stored, nil
}

// newEventID returns 26 characters: the time in ms, then 80 random bits, so that ids sort as
// the events came.
func newEventID(now time.Time) string {
	const timeChars, chars = 10, 26
	var id [chars]byte
	_, _ = rand.Read(id[timeChars:]) // never fails
	for i := timeChars; i < chars; i++ {
		id[i] = codeAlphabet[id[i]&31]
	}
	ms := uint64(max(now.UnixMilli(), 0))
	for i := timeChars - 1; i >= 0; i-- {
		id[i] = codeAlphabet[ms&31] // in the order of its characters' codes
		ms >>= 5
	}
	return string(id[:])
}
