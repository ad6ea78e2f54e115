package signaling

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"runtime/debug"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/signaling/protocol"
)

// conn is one socket. Its only goroutine of its own is the reader (run) and, while
// commands are under way, one for each of them; the hub's writers do the writing.
type conn struct {
	hub     *Hub
	room    *room
	ws      *websocket.Conn
	logger  *slog.Logger
	cookies map[string]string // ours, by base name; nil after hello
	program bool              // no Origin and no cookie: no browser, citizen only
	from    netip.Prefix      // what its address counts as
	number  uint64            // of this hub's sockets
	relay   string            // how its client reaches the TURN server; "": there is none

	// Set by hello under mu, before the socket joins the room; constant from then on.
	actor  conference.Actor
	cookie string // value of the session's cookie; "" for citizens
	lang   protocol.Lang

	// Owned by the reader.
	frames   allowance // all that arrives
	messages allowance // all but follow and unfollow
	lookups  allowance
	unknown  int
	follows  map[string]conference.QuestionID
	commands sync.WaitGroup
	slots    chan struct{} // one per command under way; nil before the first

	ended chan struct{} // closed when run has returned

	mediaMu sync.Mutex // guards media and joining
	media   MediaSession
	joining context.CancelFunc // of the join under way; nil: none

	mu   sync.Mutex    // guards gone, left and outbox
	gone chan struct{} // closed when the reader has ended; nil: nobody waits
	left bool          // the reader has ended
	outbox
}

// outbox is what is to be written to a socket, and what is known of its end.
type outbox struct {
	private   []outgoing // goes before the ring
	backlog   int        // bytes of private
	ring      *ring      // nil until joined
	index     uint64
	scheduled bool // queued at or held by a writer
	underWay  int  // commands
	ping      bool
	pong      []byte        // payload to answer a ping with; nil: none due
	pingAt    time.Duration // on the hub's clock, as helloBy
	helloBy   time.Duration
	closing   *closing
	unloaded  bool // the peer closed because its page went away
	closed    bool // close frame sent or socket broken: nothing more is written
}

// outgoing is one private message.
type outgoing struct {
	data     []byte
	prepared *websocket.PreparedMessage
	size     int
}

// closing is how a socket will be closed once what is private has been sent.
type closing struct {
	code   int
	reason string
	// patient: answers to commands under way are sent first.
	patient bool
}

// Reasons of a bye.
const (
	byeDraining    = "draining"
	byeResync      = "resync"
	byeRateLimited = "rate_limited"
	byeBadMessage  = "bad_message"
	byeNoHello     = "no_hello"
	byeNoProtocol  = "no_protocol"
	byeNotSignedIn = "not_signed_in"
	byeRevoked     = "revoked"
	byeInternal    = "internal"
)

const (
	rateLimitedFor  = 10 * time.Second
	pingEvery       = protocol.PingEveryMs * time.Millisecond
	unknownAllowed  = 1
	maxPrivateBytes = maxBacklog
)

func newConn(h *Hub, r *room, ws *websocket.Conn, cookies map[string]string, program bool) *conn {
	return &conn{
		hub: h, room: r, ws: ws, cookies: cookies, program: program,
		logger: r.logger,
		ended:  make(chan struct{}),
		lang:   protocol.LangVi,
		outbox: outbox{
			pingAt:  h.clock() + pingEvery + jitter(pingEvery/4),
			helloBy: h.clock() + helloWithin,
		},
	}
}

// run reads until the socket is closed, waits for its commands, and cleans up.
//
// Most of the time a socket's goroutine waits in read, and its stack is most of what an
// idle socket costs: it must fit into 4 KiB with room for the runtime to notice
// (BenchmarkQ9). So run, read and what they call are kept flat, and what needs more is
// called from them, not between them and the waiting.
func (c *conn) run(ctx context.Context) {
	c.greet()
	c.read(ctx)
	c.finish()
}

// greet prepares the socket for reading.
func (c *conn) greet() {
	c.deadline(helloWithin + 2*closeWithin)
	c.ws.SetPongHandler(func(string) error {
		c.count()
		c.alive()
		return nil
	})
	// The answer to a ping is written by the writers like all else; the newest counts.
	c.ws.SetPingHandler(func(payload string) error {
		c.count()
		c.wakeFor(func() { c.pong = append([]byte{}, payload...) })
		c.alive()
		return nil
	})
	c.ws.SetCloseHandler(c.goodbye)
}

// read takes messages until the socket is closed.
func (c *conn) read(ctx context.Context) {
	defer c.caught("read")
	for greeted := false; ; {
		kind, r, err := c.ws.NextReader()
		if err != nil {
			return
		}
		if greeted, err = c.take(ctx, kind, r, greeted); err != nil {
			return
		}
	}
}

// take reads and carries out one message. Its error says that the socket has ended.
func (c *conn) take(ctx context.Context, kind int, r io.Reader, greeted bool) (bool, error) {
	data, err := c.whole(kind, r)
	if data == nil || err != nil {
		return greeted, err
	}
	c.count()
	switch {
	case c.isClosing(): // only to let the peer read our close before the socket goes away
	case greeted:
		c.message(ctx, data)
	case c.hello(ctx, data):
		c.alive()
		return true, nil
	}
	return greeted, nil
}

// count ends the socket of a peer that sends too much; pings and pongs cost as much as
// messages.
func (c *conn) count() {
	if !c.frames.take(c.hub.clock(), framesEvery, framesBurst) {
		c.bye(protocol.CloseRateLimited, byeRateLimited, rateLimitedFor)
	}
}

// goodbye answers the peer's close frame with its own code (RFC 6455 §5.5.1). The reader
// writes it, past the writers: it is about to end the socket, and they would come too late.
func (c *conn) goodbye(code int, _ string) error {
	c.mu.Lock()
	c.unloaded = code == websocket.CloseGoingAway
	answered := c.closed
	c.closed = true
	c.mu.Unlock()
	if answered {
		return nil
	}
	return c.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, ""), time.Now().Add(closeWithin))
}

// finish cleans up after the reader.
func (c *conn) finish() {
	defer close(c.ended)
	c.guard("discard", c.discard)
	c.room.call(func() { c.room.leave(c) })
	c.abort()
	c.mu.Lock()
	if c.left = true; c.gone != nil {
		close(c.gone)
	}
	c.mu.Unlock()
	c.commands.Wait()
	c.leaveMedia()
	c.hub.remove(c)
}

// leaving returns a channel that is closed when the reader has ended.
func (c *conn) leaving() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone == nil {
		if c.gone = make(chan struct{}); c.left {
			close(c.gone)
		}
	}
	return c.gone
}

// discard lets the peer read our close, if there is one, before the socket goes away.
func (c *conn) discard() {
	for c.isClosing() {
		if _, _, err := c.ws.NextReader(); err != nil {
			return
		}
	}
}

// guard runs f and turns a panic into the end of this socket only.
func (c *conn) guard(doing string, f func()) {
	defer c.caught(doing)
	f()
}

// caught turns a panic into the end of this socket only; it is to be deferred.
func (c *conn) caught(doing string) {
	if p := recover(); p != nil {
		c.logger.Error("panic in a socket", slog.String("doing", doing), slog.String("role", string(c.actor.Role)),
			slog.Any("err", p), slog.String("stack", string(debug.Stack())))
		c.bye(protocol.CloseInternal, byeInternal, 0)
	}
}

// deadline gives the peer that long to be heard of again.
func (c *conn) deadline(d time.Duration) {
	_ = c.ws.SetReadDeadline(time.Now().Add(d)) // a broken socket fails at the next read
}

// alive notes that the peer was heard of.
func (c *conn) alive() {
	c.mu.Lock()
	ok := c.closing == nil && !c.closed && c.actor.Role != ""
	c.mu.Unlock()
	if ok {
		c.deadline(pongWithin)
	}
}

// send queues a private message; it goes before the ring.
func (c *conn) send(m *protocol.ServerMessage) {
	data, err := json.Marshal(m)
	if err != nil {
		c.logger.Error("message cannot be encoded", slog.String("type", m.Type), slog.Any("err", err))
		c.bye(protocol.CloseInternal, byeInternal, 0)
		return
	}
	c.queue(outgoing{data: data, size: len(data)})
}

// sendBounded is send for what is bounded by itself and does not count as backlog.
func (c *conn) sendBounded(m *protocol.ServerMessage) error {
	data, err := json.Marshal(m)
	if err == nil {
		c.queue(outgoing{data: data})
	}
	return err
}

func (c *conn) sendPrepared(m *websocket.PreparedMessage, size int) {
	c.queue(outgoing{prepared: m, size: size})
}

func (c *conn) queue(m outgoing) {
	slow := false
	c.wakeFor(func() {
		if c.closed || (c.closing != nil && !c.lingers()) {
			return
		}
		if slow = c.backlog+m.size > maxPrivateBytes && len(c.private) > 0; slow {
			return
		}
		c.private = append(c.private, m)
		c.backlog += m.size
	})
	if slow {
		c.bye(protocol.CloseResync, byeResync, 0)
	}
}

// join starts the flow from a place in a ring.
func (c *conn) join(g *ring, index uint64) {
	c.wakeFor(func() { c.ring, c.index = g, index })
}

// bye tells the page why and closes. The first bye counts.
func (c *conn) bye(code int, reason string, retryAfter time.Duration) {
	data, err := json.Marshal(&protocol.ServerMessage{
		Type: typeBye,
		Bye:  &protocol.Bye{Reason: reason, RetryAfterMs: retryAfter.Milliseconds()},
	})
	if err != nil {
		data = nil
	}
	c.wakeFor(func() {
		if c.closing != nil || c.closed {
			return
		}
		if code == protocol.CloseResync {
			c.private = nil // it takes a snapshot anyway
		}
		c.private = append(c.private, outgoing{data: data, size: len(data)})
		c.closing = &closing{code: code, reason: reason, patient: code == protocol.CloseGoingAway}
	})
}

// lingers reports whether a socket that is being closed waits for answers; mu is held.
func (c *conn) lingers() bool { return c.closing.patient && c.underWay > 0 }

// abort breaks the socket at once; what writes or reads fails.
func (c *conn) abort() {
	c.mu.Lock()
	c.closed = true
	c.private = nil
	c.mu.Unlock()
	_ = c.ws.Close() // nothing is expected of it any more
}

func (c *conn) isClosing() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closing != nil || c.closed
}

// wake lets a writer look at the socket.
func (c *conn) wake() { c.wakeFor(func() {}) }

// wakeFor changes what is to be written and lets a writer look at it.
func (c *conn) wakeFor(change func()) {
	c.mu.Lock()
	change()
	put := !c.scheduled && !c.closed
	c.scheduled = c.scheduled || put
	c.mu.Unlock()
	if put {
		c.hub.writers.put(c)
	}
}

// tick pings when it is time, and ends the wait for a hello that does not come.
func (c *conn) tick(now time.Duration) {
	c.mu.Lock()
	silent := c.actor.Role == "" && now > c.helloBy
	due := now >= c.pingAt
	if due {
		c.pingAt = now + pingEvery + jitter(pingEvery/4) - pingEvery/8
	}
	c.mu.Unlock()
	if silent {
		c.bye(protocol.CloseBadMessage, byeNoHello, 0)
	}
	if due {
		c.wakeFor(func() { c.ping = true })
	}
}

// jitter returns a random part of d.
func jitter(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return rand.N(d) //nolint:gosec // spreads load, keeps no secret
}
