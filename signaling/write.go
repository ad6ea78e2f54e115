package signaling

import (
	"log/slog"
	"time"

	"github.com/gorilla/websocket"

	"github.com/diemcau/diemcau/signaling/protocol"
)

// task is the next thing to write to a socket.
type task struct {
	out   outgoing
	ping  bool
	pong  []byte
	close *closing
}

// write sends up to most messages and reports whether there is more. Only the writer
// that took the socket from the queue calls it.
func (c *conn) write(most int) (again bool) {
	defer func() {
		if p := recover(); p != nil {
			c.logger.Error("panic in a socket", slog.String("doing", "write"), slog.Any("err", p))
			c.abort()
		}
	}()
	for range most {
		t, ok := c.task()
		if !ok {
			return false
		}
		if !c.perform(t) {
			return false
		}
		c.hub.writers.started(c)
	}
	return true
}

// task takes the next thing: private messages, then the close, a ping, the ring.
func (c *conn) task() (task, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closed:
	case len(c.private) > 0:
		out := c.private[0]
		c.private[0] = outgoing{}
		if c.private = c.private[1:]; len(c.private) == 0 {
			c.private = nil
		}
		c.backlog -= out.size
		return task{out: out}, true
	case c.closing != nil && c.lingers():
	case c.closing != nil:
		c.closed = true
		return task{close: c.closing}, true
	case c.pong != nil:
		t := task{pong: c.pong}
		c.pong = nil
		return t, true
	case c.ping:
		c.ping = false
		return task{ping: true}, true
	case c.ring != nil:
		message, slow := c.ring.get(c.index)
		if slow {
			c.closing, c.closed = &closing{code: protocol.CloseResync, reason: byeResync}, true
			return task{close: c.closing}, true
		}
		if message != nil {
			c.index++
			return task{out: outgoing{prepared: message}}, true
		}
	}
	c.scheduled = false
	return task{}, false
}

// perform writes; false when the socket takes nothing more.
func (c *conn) perform(t task) bool {
	deadline := time.Now().Add(writeWithin)
	if t.close != nil {
		frame := websocket.FormatCloseMessage(t.close.code, t.close.reason)
		err := c.ws.WriteControl(websocket.CloseMessage, frame, time.Now().Add(closeWithin))
		// The reader goes on until the peer has answered: closing with unread input would
		// reset the connection and lose the close frame.
		c.deadline(closeWithin)
		if err != nil {
			c.abort()
		}
		return false
	}
	_ = c.ws.SetWriteDeadline(deadline) // gorilla only keeps it
	var err error
	switch {
	case t.ping:
		err = c.ws.WriteControl(websocket.PingMessage, nil, deadline)
	case t.pong != nil:
		err = c.ws.WriteControl(websocket.PongMessage, t.pong, deadline)
	case t.out.prepared != nil:
		err = c.ws.WritePreparedMessage(t.out.prepared)
	default:
		err = c.ws.WriteMessage(websocket.TextMessage, t.out.data)
	}
	if err != nil {
		c.abort()
		return false
	}
	return true
}
