package live

import (
	"context"
	"fmt"
	"sync"
	"time"
)

const (
	maxSkew    = time.Second            // of this machine's clock, beyond which the node is not ready
	syncWithin = 500 * time.Millisecond // an answer that took longer tells too little
)

// shared is a store on a machine of its own: several nodes use it, its clock is the log's,
// and a failover may roll it back under them.
type shared interface {
	Clock(ctx context.Context) (time.Time, error)
}

// clock is the log's clock as this node can tell it: rules that look at the time must find
// the same on every node, or one would take over another's lease early. Between two
// looks at the store it runs as this machine's does, whose being set does not disturb it.
type clock struct {
	store shared // nil: this machine's clock is the log's
	own   func() time.Time

	lookMu sync.Mutex // guards mine and log
	mine   time.Time  // this machine's clock when it was last compared
	log    time.Time  // the log's clock then; zero: never
}

func newClock(store any, own func() time.Time) *clock {
	c := &clock{own: own}
	c.store, _ = store.(shared) // a store without a clock of its own: nil
	return c
}

// now returns the log's time.
func (c *clock) now() time.Time {
	mine := c.own()
	c.lookMu.Lock()
	defer c.lookMu.Unlock()
	if c.log.IsZero() {
		return mine
	}
	return c.log.Add(mine.Sub(c.mine))
}

// compare looks at the store's clock. A store that cannot be asked changes nothing.
func (c *clock) compare(ctx context.Context) {
	if c.store == nil {
		return
	}
	before := c.own()
	log, err := c.store.Clock(ctx)
	after := c.own()
	took := after.Sub(before)
	if err != nil || took < 0 || took > syncWithin {
		return
	}
	c.lookMu.Lock()
	defer c.lookMu.Unlock()
	c.mine, c.log = after, log.Add(took/2)
}

// check returns an error when this machine's clock is too far from the log's.
func (c *clock) check() error {
	mine := c.own().Round(0) // as a watch shows it
	skew := mine.Sub(c.now()).Round(time.Millisecond)
	if skew.Abs() > maxSkew {
		return fmt.Errorf("the clock of this machine differs from the log's by %v: set it", skew)
	}
	return nil
}
