package live

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog"
	"github.com/diemcau/diemcau/internal/secret"
	"github.com/diemcau/diemcau/moderation"
)

// made is a submission's decision and its one event, made where the command came in: what
// costs most of it is then done by many, not by the one who decides.
type made struct {
	decision conference.Decision
	events   [1]conference.Event
	drafts   [1]eventlog.Draft
	size     int // of the draft in a batch
}

// make prepares a submission. nil: it cannot be stored, which deciding it will tell.
func (c *Conference) make(command conference.Command, body moderation.Submit) *made {
	m := &made{decision: moderation.Submission(body)}
	var err error
	if m.events[0], m.drafts[0], err = store(c.id, c.sealer, c.now(), command, m.decision.Drafts[0]); err != nil {
		return nil
	}
	m.size = m.drafts[0].Size(command.ID)
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
