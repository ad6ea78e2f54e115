package limits

import (
	"net/netip"
	"time"
)

const socketAfter = 10 * time.Second

// Enter counts a socket that is to be opened; Leave has to follow. Loopback is not
// counted: that is this machine itself, or a front that was not named as a proxy, and then
// the count would shut everybody out together.
// Refusal: *Error with CodeSockets; Leave must not follow.
func (l *Limits) Enter(from netip.Prefix) error {
	if l.cfg.Off || from.Addr().IsLoopback() {
		return nil
	}
	l.socketsMu.Lock()
	defer l.socketsMu.Unlock()
	if l.sockets[from] >= l.cfg.SocketsPerAddress {
		return l.refuse(CodeSockets, "", socketAfter)
	}
	l.sockets[from]++
	return nil
}

// Leave counts a socket as closed.
func (l *Limits) Leave(from netip.Prefix) {
	if l.cfg.Off || from.Addr().IsLoopback() {
		return
	}
	l.socketsMu.Lock()
	defer l.socketsMu.Unlock()
	if l.sockets[from]--; l.sockets[from] <= 0 {
		delete(l.sockets, from)
	}
}
