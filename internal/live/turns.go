package live

import (
	"context"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog"
)

// turnPatience is how long a node that has won a hot entity lets another have it: more
// than another node needs to hear of the event, decide and append.
const turnPatience = 10 * time.Millisecond

// turns makes nodes take turns on an entity that several of them change. Without it the
// one that has just won wins again: it knows the state and the others must read it first.
// Owned by run's goroutine.
type turns struct {
	mine map[conference.Entity]uint64 // what our last append changed, or wanted to
	hot  bool                         // since then another node has changed one of them
	owes bool                         // and we had our turn after it
}

// try notes what an append is about to change.
func (t *turns) try(b *batch) { t.mine = b.versions }

// met notes an event that was read from the log.
func (t *turns) met(event conference.Event) {
	for _, entity := range event.Bumps {
		if _, ours := t.mine[entity]; ours {
			t.hot = true
		}
	}
}

// took notes what became of an append.
func (t *turns) took(results []eventlog.Result) {
	for _, result := range results {
		if result.Stale == nil && t.hot {
			t.hot, t.owes = false, true
		}
	}
}

// waitTurn lets the other nodes have their turn on a hot entity, if it is theirs: it
// waits until their event has been read, at most turnPatience. Its error is fatal.
func (c *Conference) waitTurn(ctx context.Context) error {
	if !c.turns.owes {
		return nil
	}
	c.turns.owes = false
	enough := time.NewTimer(turnPatience)
	defer enough.Stop()
	for before := c.state.at; c.state.at == before; {
		select {
		case n := <-c.news:
			if err := c.hear(ctx, n); fatal(err) {
				return err
			}
		case <-enough.C:
			return nil
		}
	}
	return nil
}
