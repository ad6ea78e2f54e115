package live

import (
	"context"
	"errors"
	"sync"

	"github.com/diemcau/diemcau/internal/eventlog"
)

// loadAhead is how many reads of a log's start may wait for the step after them.
const loadAhead = 2

// part is what one read of a log has brought.
type part struct {
	records []eventlog.Record
	all     []opened // of records
	end     eventlog.Position
	err     error
}

// load reads the whole log into a state nobody sees yet. The log may be replaced while
// it is read; then it begins again.
func (c *Conference) load(ctx context.Context, s *state) error {
	for {
		err := c.loadOnce(ctx, s)
		if !errors.Is(err, errRestored) {
			return err
		}
		*s = *newState(c.keys)
	}
}

// loadOnce is read from the log's start, in three steps side by side: a start waits for it.
//
//	log.Read ─▶ decode, unseal ─▶ apply
func (c *Conference) loadOnce(ctx context.Context, s *state) error {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	read, ready := make(chan part, loadAhead), make(chan part, loadAhead)
	// Both end with the log's end, or when ctx does: at the latest when this returns.
	wg.Go(func() { c.readParts(ctx, read) })
	wg.Go(func() { c.openParts(ctx, read, ready) })
	for p := range ready {
		if p.err != nil {
			return p.err
		}
		if err := c.continues(s.at, len(p.records), p.end); err != nil {
			return err
		}
		if s.at.Pos == 0 {
			s.expect(p.end.Pos)
		}
		if err := c.applyAll(s, p.end.Epoch, p.all); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// readParts reads a log from its start to its end, or to where it cannot be read.
func (c *Conference) readParts(ctx context.Context, to chan<- part) {
	defer close(to)
	for pos := uint64(0); ; {
		records, end, err := c.readAfter(ctx, pos)
		select {
		case to <- part{records: records, end: end, err: err}:
		case <-ctx.Done():
			return
		}
		if pos += uint64(len(records)); err != nil || len(records) == 0 || pos >= end.Pos {
			return
		}
	}
}

// openParts decodes and unseals parts in their order.
func (c *Conference) openParts(ctx context.Context, from <-chan part, to chan<- part) {
	defer close(to)
	for p := range from {
		p.all = c.openAll(p.records)
		select {
		case to <- p:
		case <-ctx.Done():
			return
		}
	}
}
