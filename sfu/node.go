package sfu

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"runtime"
	"sync"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/logging"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/sfu/icetcp"
	"github.com/diemcau/diemcau/sfu/netio"
	"github.com/diemcau/diemcau/sfu/relay"
)

// Config is what a Node needs.
type Config struct {
	Logger *slog.Logger
	Now    func() time.Time
	// MediaPort is the one UDP port; 0 takes a free one (tests).
	MediaPort int
	// PublicIPs are announced instead of the interfaces' own addresses; empty: all
	// interfaces, loopback included.
	PublicIPs []netip.Addr
	// TCP accepts media where UDP does not get through (ICE-TCP, RFC 4571 frames); the node
	// closes it. Nil: UDP only.
	TCP net.Listener
	// TCPPort is the port peers are told for it; 0: the listener's own.
	TCPPort int
	// Relay accepts TURN, its TLS taken off; the node closes it. Nil: nothing is relayed.
	// RelayKey makes the credentials, ≥ 16 bytes, the same on every node.
	Relay    net.Listener
	RelayKey []byte
	// Edge says that the planes show the programmes of other nodes (Plane.Pull).
	Edge bool
	// MaxViewers is how many WHEP viewers the process takes; 0: 20,000. Fewer are taken
	// when the machine can do no more.
	MaxViewers int
	// Flush says when viewers are sent what has come.
	Flush Flush
	// DeadAfter is how long a peer may be silent before it counts as away; 0: 11 s. The
	// sessions of viewers and encoders end then.
	DeadAfter time.Duration
	// MaxOpening is how many viewers may be connecting at a time; 0: 1,024. Of more, those
	// that have tried for longest are given up, first those that have sent nothing.
	MaxOpening int
	// ResumeWithin is how long a page may be away before its session ends; 0: a minute.
	ResumeWithin time.Duration
}

// Flush says when viewers are sent what has come.
type Flush uint8

// The ways of sending.
const (
	FlushAuto   Flush = iota // every millisecond, whole frames while the load is high
	FlushTick                // every millisecond, whatever the load (benchmarks)
	FlushFrames              // whole frames
)

// Node is the media of this process: one UDP port, beside it TCP, one Plane per conference.
type Node struct {
	cfg    Config
	log    *slog.Logger
	logs   logging.LoggerFactory
	socket *netio.Conn
	mux    *mux
	tcp    *icetcp.Mux  // nil: UDP only
	relay  *relay.Relay // nil: none

	identity  *identity // of the viewers' DTLS
	shards    []*shard
	viewersAt addresses
	door      door
	opening   opening

	// done is closed when Run ends; what the node started looks at it.
	done chan struct{}
	wg   sync.WaitGroup // everything the node started

	planesMu sync.Mutex // guards planes, closed
	planes   map[conference.ID]*Plane
	closed   bool
}

var errNotRunning = errors.New("media has ended")

// New binds the UDP port; pion reads it from now on. All else begins with Run.
func New(cfg Config) (*Node, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	log := cfg.Logger.With(slog.String("part", "sfu"))
	n := &Node{
		cfg: cfg, log: log, logs: pionLogs{log},
		done: make(chan struct{}), planes: make(map[conference.ID]*Plane),
		viewersAt: addresses{at: make(map[netip.AddrPort]*Viewer)},
	}
	var err error
	if n.identity, err = newIdentity(); err != nil {
		return nil, err
	}
	if n.socket, err = netio.Listen(netio.Config{Port: cfg.MediaPort, Sockets: sockets(), Tap: n.tap}); err != nil {
		return nil, err
	}
	if err := n.prepare(); err != nil {
		return nil, errors.Join(err, n.socket.Close())
	}
	n.mux.UDPMuxDefault = ice.NewUDPMuxDefault(ice.UDPMuxParams{
		Logger: n.logs.NewLogger("mux"), UDPConn: n.socket,
	})
	if cfg.TCP != nil {
		n.tcp, n.mux.tcpPort = icetcp.New(cfg.TCP), cfg.TCPPort
		if a, is := cfg.TCP.Addr().(*net.TCPAddr); is && cfg.TCPPort == 0 {
			n.mux.tcpPort = a.Port
		}
	}
	if cfg.Relay != nil {
		n.relay = relay.New(relay.Config{
			Listener: cfg.Relay, Peers: n.mux.peers(), MediaPort: n.Port(), Key: cfg.RelayKey, Now: cfg.Now, Logs: n.logs,
		})
	}
	return n, nil
}

// prepare makes what stands on the socket.
func (n *Node) prepare() error {
	all, err := announced(n.cfg.PublicIPs, n.Port())
	if err != nil {
		return err
	}
	n.mux = &mux{addresses: all}
	for i := range runtime.GOMAXPROCS(0) {
		s, err := newShard(n, i)
		if err != nil {
			return err
		}
		n.shards = append(n.shards, s)
	}
	return nil
}

// maxSockets is how many sockets share the port at most.
const maxSockets = 8

// sockets returns how many sockets share the port: one for two cores. With one, the reader
// hands packets to pion without a queue between.
func sockets() int { return max(1, min(runtime.GOMAXPROCS(0)/2, maxSockets)) }

// Port returns the UDP port media is received on.
func (n *Node) Port() int {
	if a, ok := n.socket.LocalAddr().(*net.UDPAddr); ok {
		return a.Port
	}
	return 0
}

// PortStats returns the counters of the UDP port's output to viewers.
func (n *Node) PortStats() netio.Stats { return n.socket.Stats() }

// housekeeping is how often routes are looked at for layers that came or went, and kept
// keyframe requests are made.
const housekeeping = 100 * time.Millisecond

// Run serves until ctx ends, then closes every session; it returns when all it started has ended.
func (n *Node) Run(ctx context.Context) error {
	if n.tcp != nil {
		n.wg.Go(func() { n.part(ctx, "tcp", n.tcp.Run) }) // ends with ctx
	}
	if n.relay != nil {
		n.wg.Go(func() { n.part(ctx, "relay", n.relay.Run) }) // likewise
	}
	var readers sync.WaitGroup
	readers.Go(n.socket.Serve) // ended by closing the socket
	for _, s := range n.shards {
		n.wg.Go(func() { s.run(n.done) }) // ended by closing done
	}
	ticker := time.NewTicker(housekeeping)
	defer ticker.Stop()
	for running := true; running; {
		select {
		case <-ctx.Done():
			running = false
		case <-ticker.C:
			for _, p := range n.all() {
				p.housekeep()
			}
		}
	}
	n.planesMu.Lock()
	n.closed = true
	n.planesMu.Unlock()
	close(n.done)
	for _, p := range n.all() {
		p.close()
	}
	n.wg.Wait()
	err := n.mux.Close()
	if err = errors.Join(err, n.socket.Close()); err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("close media port: %w", err)
	}
	readers.Wait()
	return nil
}

// part runs a way media takes beside UDP; without it the node goes on.
func (n *Node) part(ctx context.Context, name string, run func(context.Context) error) {
	if err := run(ctx); err != nil {
		n.log.ErrorContext(ctx, "a way for media has ended", slog.String("part", name), slog.Any("err", err))
	}
}

// RelayCredentials returns what a client needs to have a session's media relayed through
// TURN; "" when nothing is relayed. They are secrets and begin relays for five minutes.
func (n *Node) RelayCredentials(session string) (username, credential string) {
	if n.relay == nil {
		return "", ""
	}
	return n.relay.Credentials(session)
}

// PublicRelayCredentials are for anybody who watches: few relays are theirs.
func (n *Node) PublicRelayCredentials(session string) (username, credential string) {
	if n.relay == nil {
		return "", ""
	}
	return n.relay.PublicCredentials(session)
}

// Relays returns how many clients are relayed now.
func (n *Node) Relays() int {
	if n.relay == nil {
		return 0
	}
	return n.relay.Relays()
}

// Ready returns nil when media can be received.
func (n *Node) Ready() error {
	n.planesMu.Lock()
	defer n.planesMu.Unlock()
	if n.closed || n.mux.IsClosed() {
		return errNotRunning
	}
	return nil
}

// spawn runs f as a part of the node: Run waits for it. It reports false when the node
// has ended. F must end when done is closed or its session's connection is.
func (n *Node) spawn(f func()) bool {
	n.planesMu.Lock()
	defer n.planesMu.Unlock()
	if n.closed {
		return false
	}
	// Stopped by Run: it closes every session and n.done, and waits.
	n.wg.Go(f)
	return true
}

func (n *Node) all() []*Plane {
	n.planesMu.Lock()
	defer n.planesMu.Unlock()
	all := make([]*Plane, 0, len(n.planes))
	for _, p := range n.planes {
		all = append(all, p)
	}
	return all
}

// Plane returns the media of a conference, made on first use with its main venue.
func (n *Node) Plane(id conference.ID, main conference.VenueID) *Plane {
	n.planesMu.Lock()
	p := n.planes[id]
	if p == nil {
		p = newPlane(n, id, main)
		n.planes[id] = p
	}
	n.planesMu.Unlock()
	p.start()
	return p
}

// TCPStats returns the counters of media over TCP.
func (n *Node) TCPStats() icetcp.Stats {
	if n.tcp == nil {
		return icetcp.Stats{}
	}
	return n.tcp.Stats()
}

// Stats returns the counters of every conference's media, for metrics.
func (n *Node) Stats() map[conference.ID]Stats {
	all := n.all()
	stats := make(map[conference.ID]Stats, len(all))
	for _, p := range all {
		stats[p.id] = p.Stats()
	}
	return stats
}
