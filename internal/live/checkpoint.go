package live

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog"
	"github.com/diemcau/diemcau/internal/record"
)

// checkpoint is the node's own command: the log takes in what it holds so far, signed.
type checkpoint struct{ record.Checkpoint }

// CommandType returns the command's name.
func (checkpoint) CommandType() string { return record.EventCheckpoint }

// vouched is what a state knows of its log's checkpoints.
type vouched struct {
	tally   *record.Tally
	covered uint64 // what the last checkpoint covers
	open    bool   // something else has come behind the last checkpoint
	broken  uint64 // position of the first checkpoint that does not fit what stands before it
}

// add takes the next event in, after the state has applied it.
func (v *vouched) add(event conference.Event, digest string) {
	if event.Type == record.EventCheckpoint {
		v.meet(event)
	} else {
		v.open = true
	}
	v.tally.Add(event.Position, event.At, digest)
}

// meet takes a checkpoint in, and looks whether it fits where that can be told.
func (v *vouched) meet(event conference.Event) {
	var c record.Checkpoint
	if err := json.Unmarshal(event.Data, &c); err != nil {
		return // of a later version
	}
	boundary, sum := v.tally.Boundary()
	if c.Position == event.Position-1 {
		sum, v.open = v.tally.Sum(), false
	} else if c.Position != boundary {
		sum = c.SHA256
	}
	if sum != c.SHA256 && v.broken == 0 {
		v.broken = event.Position
	}
	v.covered = max(v.covered, c.Position)
}

// due returns what is to be signed now, if anything: up to the last multiple of
// record.Every, or all there is once nothing more is expected.
func (v *vouched) due(complete bool, end uint64) (position uint64, sum string) {
	if boundary, sum := v.tally.Boundary(); boundary > v.covered {
		return boundary, sum
	}
	if complete && v.open && end > v.covered {
		return end, v.tally.Sum()
	}
	return 0, ""
}

// decideCheckpoint writes a checkpoint unless one that covers as much is there.
func (s *state) decideCheckpoint(command checkpoint) conference.Decision {
	if command.Position <= s.vouched.covered {
		return conference.Decision{}
	}
	return conference.Decision{
		Reads: []conference.Entity{EntityLog},
		Drafts: []conference.Draft{{
			Type: record.EventCheckpoint, V: 1, Entity: EntityLog, Bumps: []conference.Entity{EntityLog}, Data: command.Checkpoint,
		}},
	}
}

// attest signs what is due, whenever something may be. All nodes do it; equal checkpoints
// have equal ids, so that the log holds each once.
func (c *Conference) attest(ctx context.Context) {
	ticker := time.NewTicker(tendEvery)
	defer ticker.Stop()
	told := false
	for {
		c.attestNow(ctx)
		if broken := c.recordBroken(); broken > 0 && !told {
			told = true
			c.logger.ErrorContext(ctx, "the record was changed: a checkpoint does not fit what stands before it; compare with a copy",
				slog.Uint64("log", broken))
		}
		select {
		case <-ctx.Done():
			return
		case <-c.attestable:
		case <-ticker.C:
		}
	}
}

// attestNow signs what is due. What fails is due at the next look.
func (c *Conference) attestNow(ctx context.Context) {
	position, sum, epoch := c.unsigned()
	if position == 0 {
		return
	}
	id := "checkpoint-" + strconv.FormatUint(position, 10) + "-" + sum[:16]
	command := conference.Command{
		ID: id, Actor: conference.Actor{Role: conference.RoleSystem}, Body: checkpoint{c.signer.Sign(c.id, position, sum)},
	}
	_, err := c.give(ctx, &request{command: command, answer: make(chan answer, 1), epoch: epoch})
	if err != nil && ctx.Err() == nil && !errors.Is(err, errOtherEpoch) {
		c.logger.WarnContext(ctx, "the record could not be signed", slog.Any("err", err))
		pause(ctx, followBackoff)
	}
}

// unsigned returns what is to be signed, in which epoch of the log.
func (c *Conference) unsigned() (position uint64, sum, epoch string) {
	complete := false
	if c.info().State == conference.StateClosed {
		_, waiting := c.inHand() // dear, and needed after the close only
		complete = len(waiting) == 0
	}
	c.stateMu.RLock()
	defer c.stateMu.RUnlock()
	position, sum = c.state.vouched.due(complete, c.state.at.Pos)
	return position, sum, c.state.at.Epoch
}

func (c *Conference) recordBroken() uint64 {
	c.stateMu.RLock()
	defer c.stateMu.RUnlock()
	return c.state.vouched.broken
}

// Record calls each with every record after a position, in order, to the log's end as it is
// when it is reached. Sealed words are left out. Errors: of reading the log; each's own.
func (c *Conference) Record(ctx context.Context, after uint64, each func(record eventlog.Record) error) error {
	for {
		records, end, err := c.readAfter(ctx, after)
		if err != nil {
			return err
		}
		for _, r := range records {
			r.Sealed = nil
			if err := each(r); err != nil {
				return fmt.Errorf("copy record of %s: %w", c.id, err)
			}
			after = r.Position
		}
		if after >= end.Pos || len(records) == 0 {
			return nil
		}
	}
}
