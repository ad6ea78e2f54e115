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

const readRecords = 1024

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
	return c.change(func() error {
		c.state = fresh
		return nil
	})
}

// load reads the whole log into a state nobody sees yet. The log may be replaced while
// it is read; then it begins again.
func (c *Conference) load(ctx context.Context, s *state) error {
	for {
		err := c.read(ctx, s, math.MaxUint64)
		if !errors.Is(err, errRestored) {
			return err
		}
		*s = *newState(c.keys)
	}
}

// read applies the records after the state's position, up to another.
func (c *Conference) read(ctx context.Context, s *state, upTo uint64) error {
	for {
		limited, cancel := context.WithTimeout(ctx, c.limit)
		records, end, err := c.log.Read(limited, s.at.Pos, readRecords)
		cancel()
		switch {
		case err != nil:
			return fmt.Errorf("read log of %s: %w", c.id, err)
		case s.at.Epoch != "" && s.at.Epoch != end.Epoch:
			return fmt.Errorf("epoch %s became %s: %w", s.at.Epoch, end.Epoch, errRestored)
		case s.at.Pos > end.Pos:
			return fmt.Errorf("position %d became %d: %w", s.at.Pos, end.Pos, errRestored)
		case s.at.Pos == end.Pos && s.at.Hash != end.Hash:
			return fmt.Errorf("hash at %d became another: %w", end.Pos, errRestored)
		case len(records) == 0 && s.at.Pos < end.Pos:
			return fmt.Errorf("read log of %s: nothing between %d and %d: %w", c.id, s.at.Pos, end.Pos, errBroken)
		}
		if more := upTo - min(upTo, s.at.Pos); uint64(len(records)) > more {
			records = records[:more]
		}
		if err := c.applyRecords(s, end.Epoch, records); err != nil {
			return err
		}
		if s.at.Pos >= min(end.Pos, upTo) {
			return nil
		}
	}
}

// applyRecords applies records to the state; if it is the durable one, under its lock.
func (c *Conference) applyRecords(s *state, epoch string, records []eventlog.Record) error {
	apply := func() error {
		for _, record := range records {
			if err := c.applyRecord(s, epoch, record); err != nil {
				return err
			}
		}
		return nil
	}
	if s == c.state && len(records) > 0 {
		return c.change(apply)
	}
	return apply()
}

func (c *Conference) applyRecord(s *state, epoch string, record eventlog.Record) error {
	if record.Position != s.at.Pos+1 || record.Hash != eventlog.Hash(s.at.Hash, record.Position, record.Digest) {
		if s.at.Pos > 0 {
			return fmt.Errorf("record at %d does not continue the chain: %w", record.Position, errRestored)
		}
		return fmt.Errorf("log of %s: record at %d does not continue the chain: %w", c.id, record.Position, errBroken)
	}
	event, err := eventlog.Decode(record)
	if err != nil {
		return fmt.Errorf("%w: %w", errBroken, err)
	}
	event.Private = c.open(event.ID, record)
	at := eventlog.Position{Epoch: epoch, Pos: record.Position, Hash: record.Hash}
	if err := s.apply(event, at); err != nil {
		return fmt.Errorf("%w: %w", errBroken, err)
	}
	c.turns.met(event)
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
	event conference.Event
	at    eventlog.Position
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
			own = append(own, placed{event, at})
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
