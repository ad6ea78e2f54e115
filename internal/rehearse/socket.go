package rehearse

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/signaling/protocol"
)

// Times of a socket that survives everything.
const (
	dialWithin    = 10 * time.Second
	reachWithin   = 1500 * time.Millisecond // of dialWithin, for TCP alone: a lost SYN is better sent anew
	silentAfter   = (3*protocol.WatermarkEveryMs + 3_000) * time.Millisecond
	pongWithin    = 2 * time.Second
	firstBackOff  = 100 * time.Millisecond
	longestDown   = 600 * time.Millisecond
	resendAfter   = protocol.CommandTimeoutMs * time.Millisecond
	retryAtLeast  = 200 * time.Millisecond
	outboxBytes   = 64 // messages; a full one ends the connection, and it is made anew
	maxMessage    = 32 << 20
	maxQuietTries = 3 // refusals by close code 4500… before the socket gives up
)

// refusal is what the server said no with.
type refusal struct{ protocol.Problem }

func (r *refusal) Error() string { return r.Code + ": " + r.Message }

// refused reports whether the error is a refusal with the code.
func refused(err error, code string) bool {
	var r *refusal
	return errors.As(err, &r) && r.Code == code
}

// socket is one page's WebSocket. It comes back for ever, resumes where it was, and
// repeats every command until it has an answer.
type socket struct {
	place *place
	hello protocol.Hello
	jar   http.CookieJar
	view  *view
	// told gets the messages the view does not keep (standing, slots, welcome); called by
	// run's goroutine.
	told func(*protocol.ServerMessage)
	// mediaToken returns what the page's media are got back with; "": there are none.
	mediaToken func() string

	mu       sync.Mutex // guards all below
	out      chan []byte
	ws       *websocket.Conn
	calls    map[string]*call
	follows  map[string]bool
	up       chan struct{} // closed once the first welcome came
	online   chan struct{} // closed while there is a connection that was welcomed
	pong     chan struct{} // closed by the next pong; nil: nobody waits
	upOnce   bool
	connects int
}

// call is a command without an answer yet.
type call struct {
	message []byte
	answer  chan *protocol.Reply
}

func newSocket(at *place, jar http.CookieJar, hello protocol.Hello) *socket {
	hello.Protocols = []int{protocol.Version}
	return &socket{
		place: at, jar: jar, hello: hello, view: newView(),
		told: func(*protocol.ServerMessage) {}, mediaToken: func() string { return "" },
		calls: map[string]*call{}, follows: map[string]bool{}, up: make(chan struct{}), online: make(chan struct{}),
	}
}

// run keeps the socket connected until ctx ends, or until the server will not have it.
func (s *socket) run(ctx context.Context) error {
	wait, refusals := firstBackOff, 0
	for ctx.Err() == nil {
		served, err := s.connect(ctx)
		if closed, ok := errors.AsType[*websocket.CloseError](err); ok && closed.Code >= protocol.CloseNoProtocol && closed.Code < 5000 {
			if refusals++; refusals >= maxQuietTries && ctx.Err() == nil {
				return fmt.Errorf("socket as %q refused: %w", s.hello.Role, err)
			}
		}
		if served {
			wait, refusals = firstBackOff, 0
		}
		if !pause(ctx, wait/2+jitter(wait)) {
			break
		}
		wait = min(2*wait, longestDown)
	}
	return nil
}

// connect serves one connection; served tells that it got as far as a welcome.
func (s *socket) connect(ctx context.Context) (served bool, err error) {
	dialer := websocket.Dialer{
		HandshakeTimeout: dialWithin, Jar: s.jar, TLSClientConfig: s.place.tls, NetDialContext: s.reach,
		Subprotocols: []string{protocol.Subprotocol}, ReadBufferSize: 4096, WriteBufferSize: 1024,
	}
	ws, response, err := dialer.DialContext(ctx, s.place.socketURL, http.Header{"Origin": {s.place.origin}})
	if response != nil && response.Body != nil {
		_ = response.Body.Close() // gorilla has read what there is
	}
	if err != nil {
		return false, fmt.Errorf("dial the socket: %w", err)
	}
	ws.SetReadLimit(maxMessage)
	hello := s.hello
	hello.Cursor, hello.MediaToken = s.view.cursorNow(), s.mediaToken()
	out := make(chan []byte, outboxBytes)
	done := make(chan struct{})
	var wg sync.WaitGroup
	// Both stop when done is closed, at the end of this function.
	wg.Go(func() { write(ws, out, done) })
	wg.Go(func() {
		select {
		case <-ctx.Done():
		case <-done:
		}
		_ = ws.Close() // it ends the reader, which is all that is wanted
	})
	defer wg.Wait()
	defer close(done)
	first, err := json.Marshal(protocol.ClientMessage{Type: "hello", Hello: &hello})
	if err != nil {
		return false, fmt.Errorf("make hello: %w", err)
	}
	out <- first
	err = s.read(ws, out, &served)
	s.down(out)
	return served, err
}

// reach makes the TCP connection.
func (s *socket) reach(ctx context.Context, network, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, reachWithin)
	defer cancel()
	return s.place.network.Dial(ctx, network, address) //nolint:wrapcheck // stands for it
}

func write(ws *websocket.Conn, out <-chan []byte, done <-chan struct{}) {
	for {
		select {
		case m := <-out:
			if ws.SetWriteDeadline(time.Now().Add(dialWithin)) != nil || ws.WriteMessage(websocket.TextMessage, m) != nil {
				_ = ws.Close() // it ends the reader
				return
			}
		case <-done:
			return
		}
	}
}

func (s *socket) read(ws *websocket.Conn, out chan []byte, served *bool) error {
	alive := func() error { return ws.SetReadDeadline(time.Now().Add(silentAfter)) }
	ping := ws.PingHandler()
	ws.SetPingHandler(func(data string) error {
		if err := alive(); err != nil {
			return err
		}
		return ping(data)
	})
	ws.SetPongHandler(func(string) error {
		s.ponged()
		return alive()
	})
	if err := ws.SetReadDeadline(time.Now().Add(dialWithin)); err != nil {
		return fmt.Errorf("set a deadline: %w", err)
	}
	for {
		_, data, err := ws.ReadMessage()
		if err != nil {
			return fmt.Errorf("read the socket: %w", err)
		}
		if err := alive(); err != nil {
			return fmt.Errorf("set a deadline: %w", err)
		}
		m, err := s.place.decoder.decode(data)
		if err != nil {
			return err
		}
		if m.Type == "welcome" {
			*served = true
			s.welcome(ws, out)
		}
		if m.Reply != nil {
			s.answer(m.Reply)
			continue
		}
		if !s.view.take(m) {
			return errMissed
		}
		s.told(m)
	}
}

var errMissed = errors.New("the server left events out")

// welcome repeats what has no answer yet.
func (s *socket) welcome(ws *websocket.Conn, out chan []byte) {
	s.mu.Lock()
	s.out, s.ws = out, ws
	s.connects++
	close(s.online)
	var again [][]byte
	for _, c := range s.calls {
		again = append(again, c.message)
	}
	for code := range s.follows {
		again = append(again, followMessage(code))
	}
	first := !s.upOnce
	s.upOnce = true
	s.mu.Unlock()
	if first {
		close(s.up)
	}
	for _, m := range again {
		s.send(m)
	}
}

func (s *socket) down(out chan []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.out == out {
		s.out, s.ws = nil, nil
		s.online = make(chan struct{})
	}
}

// send puts a message in the outbox; without a connection, or when it is full, it is
// left to the repetition after the next welcome.
func (s *socket) send(message []byte) {
	s.mu.Lock()
	out := s.out
	s.mu.Unlock()
	select {
	case out <- message:
	default:
	}
}

func (s *socket) answer(r *protocol.Reply) {
	s.mu.Lock()
	c := s.calls[r.To]
	s.mu.Unlock()
	if c == nil {
		return // the second answer to a repeated command
	}
	select {
	case c.answer <- r:
	default:
	}
}

// cut breaks the connection as a failing network does.
func (s *socket) cut() {
	s.mu.Lock()
	ws := s.ws
	s.mu.Unlock()
	if ws != nil {
		_ = ws.NetConn().Close() // breaking it is the point
	}
}

// connected waits until there is a connection; false: ctx has ended.
func (s *socket) connected(ctx context.Context) bool {
	s.mu.Lock()
	online := s.online
	s.mu.Unlock()
	select {
	case <-online:
		return true
	case <-ctx.Done():
		return false
	}
}

// answers reports whether the connection is alive; one that is not is broken, to be made anew.
func (s *socket) answers(ctx context.Context) bool {
	pong := make(chan struct{})
	s.mu.Lock()
	ws := s.ws
	s.pong = pong
	s.mu.Unlock()
	if ws == nil {
		return false
	}
	late := time.NewTimer(pongWithin)
	defer late.Stop()
	if ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(pongWithin)) == nil {
		select {
		case <-pong:
			return true
		case <-late.C:
		case <-ctx.Done():
		}
	}
	s.cut()
	return false
}

func (s *socket) ponged() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pong != nil {
		close(s.pong)
		s.pong = nil
	}
}

// follow asks for the standings of a tracking code, again after each reconnection.
func (s *socket) follow(code string) {
	s.mu.Lock()
	s.follows[code] = true
	s.mu.Unlock()
	s.send(followMessage(code))
}

func followMessage(code string) []byte {
	m, err := json.Marshal(protocol.ClientMessage{Type: "follow", Code: code})
	if err != nil {
		panic(err) // a struct of strings
	}
	return m
}

// command gives a command and waits for its answer; sent, if not nil, is called once it
// is on its way. A *refusal is an answer too, unless it asks to come again.
func (s *socket) command(ctx context.Context, name protocol.CommandName, body any, sent func()) (*protocol.OK, error) {
	data, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("make %s: %w", name, err)
	}
	id := rand.Text()
	message, err := json.Marshal(protocol.ClientMessage{Type: "command", ID: id, Name: name, Data: data})
	if err != nil {
		return nil, fmt.Errorf("make %s: %w", name, err)
	}
	c := &call{message: message, answer: make(chan *protocol.Reply, 1)}
	s.mu.Lock()
	s.calls[id] = c
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.calls, id)
		s.mu.Unlock()
	}()
	s.send(message)
	if sent != nil {
		sent()
	}
	again := time.NewTimer(resendAfter)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%s: %w", name, ctx.Err())
		case <-again.C:
			s.send(message)
			again.Reset(resendAfter)
		case r := <-c.answer:
			if r.Error == nil {
				return r.OK, nil
			}
			if !comeAgain(r.Error) {
				return nil, &refusal{*r.Error}
			}
			again.Reset(max(time.Duration(r.Error.RetryAfterMs)*time.Millisecond, retryAtLeast) + jitter(retryAtLeast))
		}
	}
}

// comeAgain reports whether the refusal asks for the same command again.
func comeAgain(p *protocol.Problem) bool {
	return p.Kind == conference.KindUnavailable || p.Kind == conference.KindPending || p.Kind == conference.KindRateLimited
}

// pause waits; false when ctx ended.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// jitter is between 0 and d.
func jitter(d time.Duration) time.Duration {
	n, err := rand.Int(rand.Reader, big.NewInt(int64(max(d, 1))))
	if err != nil {
		return 0
	}
	return time.Duration(n.Int64())
}
