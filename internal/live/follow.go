package live

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strconv"
	"strings"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog"
	"github.com/diemcau/diemcau/internal/secret"
)

// errBroken says that the log does not hold what the rules wrote; nobody can go on.
var errBroken = errors.New("log is broken")

// errRestored says that the log is not the one that was read before.
var errRestored = errors.New("log was restored")

const readRecords = 1024 // at once

// fatal reports whether going on is impossible, not only unsafe for the moment.
func fatal(err error) bool { return errors.Is(err, errBroken) }

// catchUp reads the log to its end, from the start if it is another one by now. Only
// run's goroutine may call it.
func (c *Conference) catchUp(ctx context.Context) error {
	return c.catchUpTo(ctx, math.MaxUint64)
}

// catchUpTo reads the log to a position, or to its end when that comes first.
func (c *Conference) catchUpTo(ctx context.Context, pos uint64) error {
	err := c.read(ctx, c.state, pos)
	if errors.Is(err, errRestored) {
		return c.recover(ctx, err)
	}
	return err
}

// rebuild makes the state anew from the log.
func (c *Conference) rebuild(ctx context.Context) error {
	fresh := newState(c.keys)
	if err := c.load(ctx, fresh); err != nil {
		return err
	}
	if fresh.info == nil {
		return fmt.Errorf("log of %s is empty: %w", c.id, errBroken)
	}
	fresh.ring.forget(fresh.at)
	if err := c.remember(fresh); err != nil {
		return err
	}
	return c.change(func() error {
		c.state = fresh
		return nil
	})
}

// read applies the records after the state's position, up to another.
func (c *Conference) read(ctx context.Context, s *state, upTo uint64) error {
	for {
		records, end, err := c.readAfter(ctx, s.at.Pos)
		if err != nil {
			return err
		}
		if err := c.continues(s.at, len(records), end); err != nil {
			return err
		}
		if more := upTo - min(upTo, s.at.Pos); uint64(len(records)) > more {
			records = records[:more]
		}
		if err := c.applyAll(s, end.Epoch, c.openAll(records)); err != nil {
			return err
		}
		if s.at.Pos >= min(end.Pos, upTo) {
			return nil
		}
	}
}

func (c *Conference) readAfter(ctx context.Context, pos uint64) ([]eventlog.Record, eventlog.Position, error) {
	limited, cancel := context.WithTimeout(ctx, c.limit)
	defer cancel()
	records, end, err := c.log.Read(limited, pos, readRecords)
	if err != nil {
		return nil, end, fmt.Errorf("read log of %s: %w", c.id, err)
	}
	return records, end, nil
}

// continues reports whether a log that ends there, and of which so many records were read
// after a position, can be the one that was read up to it.
func (c *Conference) continues(at eventlog.Position, records int, end eventlog.Position) error {
	switch {
	case at.Epoch != "" && at.Epoch != end.Epoch:
		return fmt.Errorf("epoch %s became %s: %w", at.Epoch, end.Epoch, errRestored)
	case at.Pos > end.Pos:
		return fmt.Errorf("position %d became %d: %w", at.Pos, end.Pos, errRestored)
	case at.Pos == end.Pos && at.Hash != end.Hash:
		return fmt.Errorf("hash at %d became another: %w", end.Pos, errRestored)
	case records == 0 && at.Pos < end.Pos:
		return fmt.Errorf("read log of %s: nothing between %d and %d: %w", c.id, at.Pos, end.Pos, errBroken)
	}
	return nil
}

// opened is a record with its event, words in the clear; or why it has none.
type opened struct {
	record eventlog.Record
	event  conference.Event
	err    error
}

// openAll decodes records and opens what is sealed. It may run beside the state's owner.
func (c *Conference) openAll(records []eventlog.Record) []opened {
	all := make([]opened, len(records))
	for i, record := range records {
		event, err := eventlog.Decode(record)
		if err == nil {
			event.Private = c.open(event.ID, record)
		}
		all[i] = opened{record, event, err}
	}
	return all
}

// applyAll applies what was read to the state; if it is the durable one, under its lock.
func (c *Conference) applyAll(s *state, epoch string, all []opened) error {
	apply := func() error {
		for i := range all {
			if err := c.applyOne(s, epoch, &all[i]); err != nil {
				return err
			}
		}
		return nil
	}
	if s == c.state && len(all) > 0 {
		return c.change(apply)
	}
	return apply()
}

func (c *Conference) applyOne(s *state, epoch string, next *opened) error {
	record := &next.record
	if record.Position != s.at.Pos+1 || record.Hash != eventlog.Hash(s.at.Hash, record.Position, record.Digest) {
		if s.at.Pos > 0 {
			return fmt.Errorf("record at %d does not continue the chain: %w", record.Position, errRestored)
		}
		return fmt.Errorf("log of %s: record at %d does not continue the chain: %w", c.id, record.Position, errBroken)
	}
	if next.err != nil {
		return fmt.Errorf("%w: %w", errBroken, next.err)
	}
	at := eventlog.Position{Epoch: epoch, Pos: record.Position, Hash: record.Hash}
	if err := s.apply(next.event, at); err != nil {
		return fmt.Errorf("%w: %w", errBroken, err)
	}
	s.vouched.add(next.event, record.Digest)
	c.turns.met(next.event)
	return nil
}

// open opens the sealed fields of a record. What was erased is missing; what cannot be
// opened is treated alike, because the words are lost either way.
func (c *Conference) open(id string, record eventlog.Record) map[string]string {
	if len(record.Sealed) == 0 {
		return nil
	}
	private := make(map[string]string, len(record.Sealed))
	for field, sealed := range record.Sealed {
		words, err := c.sealer.Open(secret.Place{Conference: string(c.id), Event: id, Field: field}, sealed)
		if err != nil {
			c.logger.Error("sealed field cannot be opened", slog.Any("err", err))
			continue
		}
		private[field] = words
	}
	return private
}

// placed is an event of ours that is durable, and its place.
type placed struct {
	event  conference.Event
	at     eventlog.Position
	digest string
}

// place tells where an append has put its events. It reports false when somebody else's
// stand in between.
func (c *Conference) place(b *batch, results []eventlog.Result, end eventlog.Position) ([]placed, bool) {
	own := make([]placed, 0, b.drafts)
	at := c.state.at
	at.Epoch = end.Epoch
	for i, result := range results {
		if result.Stale != nil {
			continue
		}
		if result.First != at.Pos+1 {
			return nil, false
		}
		e := b.entries[i]
		for j, event := range e.events {
			at.Pos++
			at.Hash = eventlog.Hash(at.Hash, at.Pos, e.command.Drafts[j].Sum())
			event.Position, event.At = at.Pos, result.At
			own = append(own, placed{event, at, e.command.Drafts[j].Sum()})
		}
	}
	return own, at == end && (c.state.at.Epoch == "" || c.state.at.Epoch == end.Epoch)
}

// applyOwn applies what an append has just written, without reading it back.
func (c *Conference) applyOwn(own []placed) bool {
	err := c.change(func() error {
		for i := range own {
			if err := c.state.apply(own[i].event, own[i].at); err != nil {
				return err
			}
			c.state.vouched.add(own[i].event, own[i].digest)
		}
		return nil
	})
	if err != nil {
		// The overlay has applied these very events: this cannot fail halfway unless the
		// rules are wrong. Reading the log again says so.
		c.logger.Error("own events cannot be applied", slog.Any("err", err))
		return false
	}
	return true
}

// positionOf reads the position out of a cursor.
func positionOf(cursor string) (uint64, bool) {
	parts := strings.Split(cursor, ".")
	if len(parts) != 3 {
		return 0, false
	}
	pos, err := strconv.ParseUint(parts[1], 10, 64)
	return pos, err == nil
}
