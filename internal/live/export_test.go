package live

import "runtime"

// WaitInbox waits until so many commands wait in the inbox.
func WaitInbox(c *Conference, commands int) {
	for len(c.inbox) < commands {
		runtime.Gosched()
	}
}
