package live

import (
	"context"
	"runtime"
	"sync"
)

// WaitInbox waits until so many commands wait in the inbox.
func WaitInbox(c *Conference, commands int) {
	for len(c.inbox) < commands {
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
