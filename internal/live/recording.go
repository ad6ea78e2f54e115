package live

import (
	"context"
	"crypto/rand"
	"slices"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/record"
)

// EntityRecording stands for what is known of a conference's recording.
const EntityRecording conference.Entity = "recording"

// sealRecording is the node's own command: the log takes in what was kept.
type sealRecording struct{ record.Seal }

// removeRecording is the node's own command: the log takes in that it was removed.
type removeRecording struct{ record.Removed }

// CommandType returns the command's name.
func (sealRecording) CommandType() string { return "recording.seal" }

// CommandType returns the command's name.
func (removeRecording) CommandType() string { return "recording.remove" }

// SealRecording notes in the log what was kept of the programme. Groups that a seal covers
// already are not noted again. Errors: those of Do.
func (c *Conference) SealRecording(ctx context.Context, seal record.Seal) error {
	return c.note(ctx, sealRecording{seal})
}

// RemoveRecording notes that the recording was removed, once. Errors: those of Do.
func (c *Conference) RemoveRecording(ctx context.Context, removed record.Removed) error {
	return c.note(ctx, removeRecording{removed})
}

// note carries out a command of the node's own.
func (c *Conference) note(ctx context.Context, body conference.Body) error {
	return c.noteOnce(ctx, rand.Text(), body)
}

// noteOnce is note of a command whose id says what it is: two of them are one.
func (c *Conference) noteOnce(ctx context.Context, id string, body conference.Body) error {
	command := conference.Command{ID: id, Actor: conference.Actor{Role: conference.RoleSystem}, Body: body}
	_, err := c.give(ctx, &request{command: command, answer: make(chan answer, 1)})
	return err
}

// Recording returns what the log says of the recording.
func (c *Conference) Recording() record.Recording {
	c.stateMu.RLock()
	defer c.stateMu.RUnlock()
	r := c.state.recording
	r.Seals = slices.Clone(r.Seals)
	return r
}

// decideRecording writes what is not known yet.
func (s *state) decideRecording(body conference.Body) conference.Decision {
	var event string
	var data any
	switch body := body.(type) {
	case sealRecording:
		if s.recording.Covers(body.Venue, body.From) || s.recording.Covers(body.Venue, body.To) {
			return conference.Decision{}
		}
		event, data = record.EventSealed, body.Seal
	case removeRecording:
		if !s.recording.RemovedAt.IsZero() {
			return conference.Decision{}
		}
		event, data = record.EventRemoved, body.Removed
	}
	return conference.Decision{
		Reads:  []conference.Entity{EntityRecording},
		Drafts: []conference.Draft{{Type: event, V: 1, Entity: EntityRecording, Bumps: []conference.Entity{EntityRecording}, Data: data}},
	}
}
