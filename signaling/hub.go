package signaling

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"github.com/diemcau/diemcau/internal/access"
	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/limits"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/signaling/protocol"
)

// Conference is what a socket needs of a running conference; *live.Conference is one.
type Conference interface {
	Feed
	Do(ctx context.Context, command conference.Command) (live.Outcome, error)
	Standing(code string) (live.Standing, error)
	StandingOf(id conference.QuestionID) (live.Standing, error)
}

// Feed is the durable state of a conference and its changes.
type Feed interface {
	Snapshot() *live.Snapshot
	Since(after uint64) ([]live.Change, <-chan struct{}, error)
	Resume(cursor string) (uint64, error)
	Similar(words string, limit int) []live.Likeness
	Votes(after uint64) (map[conference.QuestionID]int, uint64)
}

// Gate knows sessions; *access.Gate is one.
type Gate interface {
	Session(ctx context.Context, cookie string) (*access.Session, error)
	Revoked(ctx context.Context) (<-chan string, error)
}

// Media connects a venue or stage page to the media plane.
type Media interface {
	// Join answers the first offer of a page. Refusals: those of sfu.Plane.
	Join(ctx context.Context, id conference.ID, actor conference.Actor, offer protocol.MediaOffer) (MediaSession, string, error)
	// Resume gives a page its session back. Refusals: media.unknown_session, media.replaced,
	// media.unavailable.
	Resume(ctx context.Context, id conference.ID, actor conference.Actor, token string) (MediaSession, error)
	// Revoke ends what a role session has on this node, with or without a socket.
	Revoke(session string)
}

// Relay tells pages how to reach the TURN server.
type Relay interface {
	// URL returns it as the client of a request reaches this server; "": there is none.
	URL(r *http.Request) string
	// Credentials are for one session; they are secrets.
	Credentials(session string) (username, credential string)
}

// MediaSession is one socket's grip on its page's connection to the media plane. All methods
// may be called concurrently; once another socket has the session, Park and Close do nothing.
type MediaSession interface {
	MediaHold
	MediaView

	// Restart answers a full offer with new ICE credentials.
	Restart(ctx context.Context, offer string) (string, error)
	// Talk lets the stage's microphone be heard in one venue; "": in none. Refusals:
	// media.no_microphone, media.no_talkback, media.talk_taken.
	Talk(ctx context.Context, venue conference.VenueID) error
}

// MediaView is what a page is sent.
type MediaView interface {
	// Slots returns the map of receive slots, the layers of the camera that are wanted, and
	// a channel closed when either changes.
	Slots() (protocol.Slots, <-chan struct{})
	// Tiles chooses the venues in the tile slots, in order; stage only.
	Tiles(venues []conference.VenueID)
	// Look tells how slots are shown.
	Look(slots []protocol.SlotLook)
}

// MediaHold is how long a page has its session.
type MediaHold interface {
	// Token is what the page comes back with; a secret.
	Token() string
	// Park says that the socket broke: the page has a minute to come back with the token.
	Park()
	// Close ends the session; again and again is no error.
	Close()
	// Done is closed when the session has ended, by whomever.
	Done() <-chan struct{}
}

// Replaced reports whether a session that has ended made room for another page of the same
// venue. A session that cannot be replaced has no such method.
func Replaced(session MediaSession) bool {
	s, can := session.(interface{ Replaced() bool })
	return can && s.Replaced()
}

// Config is what a Hub needs. Fields without a default are required.
type Config struct {
	// Conference returns a running conference. Refusal: conference.unknown.
	Conference func(id conference.ID) (Conference, error)
	Gate       Gate
	// May reports whether a role may do an action (access.May).
	May    func(role conference.Role, action string) bool
	Media  Media // nil: media commands are refused as unavailable
	Relay  Relay // nil: nothing is relayed
	Lines  Lines // nil: nothing is known of lines
	Logger *slog.Logger
	Now    func() time.Time
	// Origins are allowed besides the request's own scheme://host.
	Origins []string
	// Limits are shared with HTTP; nil: only what each socket is limited to by itself.
	Limits *limits.Limits
	// MaxSockets refuses more with 503; 0: 20,000.
	MaxSockets int
	// Writers is how many goroutines write to sockets; 0: 32. More are started, up to
	// 512, while some of them are held up by slow peers.
	Writers int
	// DrainFor is how long Drain spreads the closing of sockets; 0: 5 s.
	DrainFor time.Duration
}

// Hub serves the sockets of all conferences of this process. All methods may be called
// concurrently; Serve needs Run.
type Hub struct {
	cfg      Config
	server   string // another after each start
	began    time.Time
	upgrader websocket.Upgrader
	writers  *writers

	accepted chan *conn
	newRooms chan *room
	stopped  chan struct{} // closed when Run no longer takes anything
	draining atomic.Bool
	numbers  atomic.Uint64 // of sockets

	mu    sync.Mutex // guards all below
	taken int        // sockets, those being upgraded included
	conns map[*conn]struct{}
	rooms map[conference.ID]*room
}

// New returns a Hub that serves nothing before Run.
func New(cfg Config) *Hub {
	if cfg.MaxSockets == 0 {
		cfg.MaxSockets = 20_000
	}
	if cfg.Writers == 0 {
		cfg.Writers = 32
	}
	if cfg.Limits == nil {
		cfg.Limits = limits.New(limits.Config{Now: cfg.Now, Off: true})
	}
	if cfg.DrainFor == 0 {
		cfg.DrainFor = 5 * time.Second
	}
	cfg.Logger = cfg.Logger.With(slog.String("part", "signaling"))
	return &Hub{
		cfg:    cfg,
		server: rand.Text(),
		began:  cfg.Now(),
		upgrader: websocket.Upgrader{
			HandshakeTimeout: writeWithin,
			ReadBufferSize:   256, // hello and pongs; most else takes several reads
			WriteBufferSize:  4 << 10,
			WriteBufferPool:  &sync.Pool{},
			Subprotocols:     []string{protocol.Subprotocol},
		},
		writers:  newWriters(cfg.Writers),
		accepted: make(chan *conn),
		newRooms: make(chan *room),
		stopped:  make(chan struct{}),
		conns:    map[*conn]struct{}{},
		rooms:    map[conference.ID]*room{},
	}
}

// Durations of the hub's own housekeeping.
const (
	writeWithin   = 5 * time.Second
	closeWithin   = 2 * time.Second // for the peer to answer our close
	sweepEvery    = time.Second
	watchEvery    = 50 * time.Millisecond
	recheckEvery  = time.Minute
	retryRevoked  = time.Second
	retryRoom     = time.Second
	helloWithin   = protocol.HelloWithinMs * time.Millisecond
	pongWithin    = 2*protocol.PingEveryMs*time.Millisecond + 10*time.Second
	stopWithin    = 3 * time.Second // for what still runs when Run is told to end
	comeBackAfter = time.Second     // least retryAfterMs of a drain
)

// Run serves until ctx ends, closes every socket with CloseGoingAway, and returns when
// all it started has ended.
func (h *Hub) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	// What sockets and rooms still do outlives ctx a little, so that a command under way
	// gets its answer; stop ends it.
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	// Both stop with ctx.
	wg.Go(func() { h.watchRevoked(ctx) })
	wg.Go(func() { h.recheckSessions(ctx) })

	watch, sweep := time.NewTicker(watchEvery), time.NewTicker(sweepEvery)
	defer watch.Stop()
	defer sweep.Stop()
	for running := true; running; {
		select {
		case c := <-h.accepted:
			// Stops when the socket is closed.
			wg.Go(func() { c.run(work) })
		case r := <-h.newRooms:
			// Stops with work.
			wg.Go(func() { r.run(work) })
		case <-watch.C:
			// Stop when the queue of writers is closed or they are no longer needed.
			for range h.writers.wanted() {
				wg.Go(h.writers.run)
			}
		case <-sweep.C:
			h.sweep()
		case <-ctx.Done():
			running = false
		}
	}
	close(h.stopped)
	h.stop(stop)
	wg.Wait()
	return nil
}

// stop closes all sockets, waits a little for them, and ends what is left.
func (h *Hub) stop(stop context.CancelFunc) {
	h.draining.Store(true)
	conns := h.sockets()
	for _, c := range conns {
		c.bye(protocol.CloseGoingAway, byeDraining, h.comeBack())
	}
	deadline := time.NewTimer(stopWithin)
	defer deadline.Stop()
	for _, c := range conns {
		select {
		case <-c.ended:
			continue
		case <-deadline.C:
		}
		break
	}
	stop()
	for _, c := range h.sockets() {
		c.abort()
	}
	h.writers.close()
}

// Drain refuses new sockets, tells every page to come back later and closes its socket,
// spread over Config.DrainFor. It returns when all are closed or ctx ends; Run goes on.
func (h *Hub) Drain(ctx context.Context) {
	h.draining.Store(true)
	conns := h.sockets()
	const batches = 20
	tick := time.NewTicker(max(h.cfg.DrainFor/batches, time.Millisecond))
	defer tick.Stop()
	for i := range batches {
		for _, c := range conns[i*len(conns)/batches : (i+1)*len(conns)/batches] {
			c.bye(protocol.CloseGoingAway, byeDraining, h.comeBack())
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
	for _, c := range conns {
		select {
		case <-c.ended:
		case <-ctx.Done():
			return
		}
	}
}

// comeBack spreads the return of drained pages over DrainFor.
func (h *Hub) comeBack() time.Duration { return comeBackAfter + jitter(h.cfg.DrainFor) }

// room returns the room of a conference, starting it on first use.
func (h *Hub) room(ctx context.Context, id conference.ID) (*room, error) {
	h.mu.Lock()
	r := h.rooms[id]
	h.mu.Unlock()
	if r != nil {
		return r, nil
	}
	conf, err := h.cfg.Conference(id)
	if err != nil {
		return nil, err
	}
	h.mu.Lock()
	if r = h.rooms[id]; r != nil {
		h.mu.Unlock()
		return r, nil
	}
	r = newRoom(id, conf, h.cfg.Lines, h.cfg.Logger)
	h.rooms[id] = r
	h.mu.Unlock()
	select {
	case h.newRooms <- r:
		return r, nil
	case <-ctx.Done():
	case <-h.stopped:
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.rooms, id)
	return nil, errStopped
}

var errStopped = conference.Refuse(conference.KindUnavailable, "server.draining", "hub has stopped")

// reserve takes one of MaxSockets; release, or remove of a socket added, gives it back.
func (h *Hub) reserve() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.taken >= h.cfg.MaxSockets {
		return false
	}
	h.taken++
	return true
}

func (h *Hub) release() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.taken--
}

func (h *Hub) add(c *conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.conns[c] = struct{}{}
}

func (h *Hub) remove(c *conn) {
	h.cfg.Limits.Leave(c.from)
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.conns, c)
	h.taken--
}

// clock is how long the hub has been there; setting the machine's clock does not move it.
func (h *Hub) clock() time.Duration { return h.cfg.Now().Sub(h.began) }

// Sockets returns how many sockets are open.
func (h *Hub) Sockets() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.conns)
}

// sockets returns all sockets now.
func (h *Hub) sockets() []*conn {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := make([]*conn, 0, len(h.conns))
	for c := range h.conns {
		out = append(out, c)
	}
	return out
}

// sweep pings the sockets that are due and closes those that said no hello.
func (h *Hub) sweep() {
	now := h.clock()
	for _, c := range h.sockets() {
		c.tick(now)
	}
}
