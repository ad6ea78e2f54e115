package live

import (
	"context"
	"runtime"
	"sync"
)

// Decided returns how many commands were decided so far.
func Decided(c *Conference) uint64 { return c.decided.Load() }

// WaitDecided waits until so many were.
func WaitDecided(c *Conference, commands uint64) {
	for Decided(c) < commands {
		runtime.Gosched()
	}
}

// Look opens the conferences of the store once, as Run does again and again.
func Look(ctx context.Context, n *Node) error {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	err := n.open(ctx, &wg)
	cancel()
	wg.Wait()
	return err
}

// Chores returns how much is due that nobody asks for.
func Chores(ctx context.Context, c *Conference) int { return len(c.chores(ctx)) }

// Covered returns what the last checkpoint covers, and where the first stands that does not
// fit, or 0.
func Covered(c *Conference) (covered, broken uint64) {
	c.stateMu.RLock()
	defer c.stateMu.RUnlock()
	return c.state.vouched.covered, c.state.vouched.broken
}
