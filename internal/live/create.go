package live

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog"
)

const createTries = 5

// Create makes a conference. Repeating it with the same info is no error. It works
// whether or not Run runs; if it does, the conference runs when Create returns.
//
// Refusals: conference.exists, conference.bad_info, log.unavailable, log.pending.
func (n *Node) Create(ctx context.Context, actor conference.Actor, info conference.Info) error {
	info = info.Normalised()
	if err := info.Validate(); err != nil {
		return err
	}
	log, err := n.cfg.Store.Log(ctx, info.ID)
	if err != nil {
		return fmt.Errorf("open log of %s: %w", info.ID, err)
	}
	if err := n.create(ctx, log, actor, info); err != nil {
		return err
	}
	ended := n.ended()
	if ended == nil {
		return nil
	}
	// Best effort: nodes that do not hear of it look by themselves.
	_ = n.cfg.Store.Ephemeral().Publish(ctx, newChannel, []byte(info.ID))
	return n.lookNow(ctx, info.ID, ended)
}

// create appends the first event, or finds it there.
func (n *Node) create(ctx context.Context, log eventlog.Log, actor conference.Actor, info conference.Info) error {
	// Looked for first: the key of a conference that exists is never made anew.
	there, err := n.created(ctx, info.ID, log)
	if err != nil {
		return unavailable(err.Error())
	}
	if there != nil {
		return sameInfo(there.Info, info)
	}
	keys, err := openKeyring(ctx, n.cfg.Store.Ephemeral(), n.sealer, info.ID, true)
	if err != nil {
		return unavailable(err.Error())
	}
	command := conference.Command{
		ID: rand.Text(), Actor: actor,
		Body: conference.Create{Info: info, Secret: n.cfg.Secret.ID(), Key: keys.check()},
	}
	appended, err := createCommand(command, n)
	if err != nil {
		return err
	}
	return n.appendCreate(ctx, log, info, appended)
}

// appendCreate appends the first event; if another node was first, or nobody knows, the
// log tells.
func (n *Node) appendCreate(ctx context.Context, log eventlog.Log, info conference.Info, command eventlog.Command) error {
	for range createTries {
		there, err := n.created(ctx, info.ID, log)
		if err != nil {
			return unavailable(err.Error())
		}
		if there != nil {
			return sameInfo(there.Info, info)
		}
		_, seen, err := log.Read(ctx, 0, 1)
		if err != nil {
			return unavailable(err.Error())
		}
		results, _, err := log.Append(ctx, seen, []eventlog.Command{command})
		switch {
		case err == nil && len(results) == 1 && results[0].Stale == nil:
			return nil
		case errors.Is(err, eventlog.ErrUnavailable):
			return unavailable(err.Error())
		}
	}
	return unknownOutcome("create " + string(info.ID))
}

func createCommand(command conference.Command, n *Node) (eventlog.Command, error) {
	decision, err := conference.Decide(nil, command, n.clock.now())
	if err != nil {
		return eventlog.Command{}, err
	}
	draft := decision.Drafts[0]
	data, err := json.Marshal(draft.Data)
	if err != nil {
		return eventlog.Command{}, fmt.Errorf("encode %s: %w", draft.Type, err)
	}
	event := conference.Event{
		ID: rand.Text(), Type: draft.Type, V: draft.V, Cause: command.ID, Actor: command.Actor,
		Entity: draft.Entity, Bumps: draft.Bumps, Data: data,
	}
	canonical, err := eventlog.Encode(event)
	if err != nil {
		return eventlog.Command{}, err
	}
	return eventlog.Command{
		ID:     command.ID,
		Checks: []eventlog.Check{{Entity: conference.EntityConference}},
		Drafts: []eventlog.Draft{{ID: event.ID, Canonical: canonical, Bumps: draft.Bumps}},
	}, nil
}

// lookNow has Run open a new conference before Create returns. When Run ends meanwhile,
// the conference is made all the same.
func (n *Node) lookNow(ctx context.Context, id conference.ID, ended <-chan struct{}) error {
	done := make(chan error, 1) // Run never waits for us
	select {
	case n.look <- done:
	case <-ended:
		return nil
	case <-ctx.Done():
		return unknownOutcome("conference " + string(id) + " is made but not opened yet")
	}
	select {
	case err := <-done:
		if n.known(id) {
			return nil
		}
		return err
	case <-ended:
		return nil
	case <-ctx.Done():
		return unknownOutcome("conference " + string(id) + " is made but not opened yet")
	}
}

func decodeCreated(record eventlog.Record) (*conference.Created, error) {
	event, err := eventlog.Decode(record)
	if err != nil {
		return nil, err
	}
	if event.Type != conference.EventCreated {
		return nil, fmt.Errorf("log begins with %s: %w", event.Type, errBroken)
	}
	var created conference.Created
	if err := json.Unmarshal(event.Data, &created); err != nil {
		return nil, fmt.Errorf("decode %s: %w", event.Type, err)
	}
	return &created, nil
}

// sameInfo refuses if the conference that exists is not the one asked for.
func sameInfo(there, asked conference.Info) error {
	a, err := json.Marshal(there)
	if err != nil {
		return fmt.Errorf("compare conference %s: %w", asked.ID, err)
	}
	b, err := json.Marshal(asked)
	if err != nil {
		return fmt.Errorf("compare conference %s: %w", asked.ID, err)
	}
	if !bytes.Equal(a, b) {
		return conference.Refuse(conference.KindConflict, "conference.exists", string(asked.ID))
	}
	return nil
}
