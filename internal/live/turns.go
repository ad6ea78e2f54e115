package live

import (
	"context"
	"crypto/rand"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog"
)

const (
	// turnPatience is how long a node that has won a hot entity lets another have it: more
	// than another node needs to hear of the event, decide and append.
	turnPatience = 25 * time.Millisecond
	// begAfter is how many lost races make a node ask the others for its turn.
	begAfter = 2

	turnChannel = "live/turn" // on which it asks; payload: conference, node
)

// turns makes nodes take turns on an entity that several of them change. Without it the
// one that has just won wins again: it knows the state and the others must read it first,
// which a node far from the log never does in time. Owned by run's goroutine, but asked.
type turns struct {
	mine map[conference.Entity]uint64 // what our last append changed, or wanted to
	hot  bool                         // since then another node has changed one of them
	owes bool                         // and we had our turn after it
	lost int                          // races in a row

	asked atomic.Bool               // another node asks for its turn
	ask   func(ctx context.Context) // asks the other nodes for ours; nil: there are none
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
func (t *turns) took(ctx context.Context, results []eventlog.Result) {
	won := slices.ContainsFunc(results, func(r eventlog.Result) bool { return r.Stale == nil })
	if !won {
		if t.lost++; t.lost >= begAfter && t.ask != nil {
			t.ask(ctx)
		}
		return
	}
	t.lost = 0
	if asked := t.asked.Swap(false); asked || t.hot {
		t.hot, t.owes = false, true
	}
}

// waitTurn lets the other nodes have their turn on a hot entity, when it is theirs: it
// waits until their event has been read, at most turnPatience. Its error is fatal.
func (c *Conference) waitTurn(ctx context.Context) error {
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

// asks connects the turns of this node's conferences with those of the other nodes.
type asks struct {
	node  string // tells our own questions from others'
	store eventlog.Ephemeral
	find  func(id conference.ID) *Conference // nil when it does not run here
}

// of returns what asks for a conference's turn. Best effort: who is not heard asks again.
func (a *asks) of(c *Conference) func(ctx context.Context) {
	payload := []byte(string(c.id) + " " + a.node)
	return func(ctx context.Context) {
		limited, cancel := context.WithTimeout(ctx, c.limit)
		defer cancel()
		if err := a.store.Publish(limited, turnChannel, payload); err != nil {
			c.logger.DebugContext(ctx, "nodes cannot be asked for a turn", slog.Any("err", err))
		}
	}
}

// run hears what other nodes ask until ctx ends.
func (a *asks) run(ctx context.Context) {
	for ctx.Err() == nil {
		messages, err := a.store.Subscribe(ctx, turnChannel)
		if err != nil {
			pause(ctx, followBackoff)
			continue
		}
		for message := range messages { // closed when ctx ends, or the store is closed
			id, node, _ := strings.Cut(string(message), " ")
			if c := a.find(conference.ID(id)); c != nil && node != a.node {
				c.turns.asked.Store(true)
			}
		}
		pause(ctx, followBackoff)
	}
}

func newAsks(store eventlog.Ephemeral, find func(conference.ID) *Conference) *asks {
	return &asks{node: rand.Text(), store: store, find: find}
}
