package relay

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/pion/logging"
	"github.com/pion/stun/v4"
	"github.com/pion/turn/v5"
)

// Config is what a Relay needs.
type Config struct {
	// Listener accepts TURN's connections; TLS has been taken off.
	Listener net.Listener
	// Peers are the announced addresses of the media plane; the first of each IP version
	// is relayed to. MediaPort is its UDP port on this machine.
	Peers     []netip.AddrPort
	MediaPort int
	// Key makes credentials; the same on every node. At least 16 bytes.
	Key  []byte
	Now  func() time.Time
	Logs logging.LoggerFactory
	// PerSession and Total bound the relays; 0: 4 and 4,000. Public is how many of them
	// PublicCredentials may begin; 0: a quarter. An address may have a quarter of the Total,
	// and of what is for the public.
	PerSession, Total, Public int
	// Within is how long a connection may be without a relay; 0: 10 s. Silence is how long a
	// relay lasts to which the media plane sends nothing; 0: 30 s.
	Within, Silence time.Duration
}

// Relay is the TURN server. Safe for concurrent use.
type Relay struct {
	cfg  Config
	legs *legs
}

// New returns a Relay; nothing is accepted before Run.
func New(cfg Config) *Relay {
	if cfg.PerSession == 0 {
		cfg.PerSession = 4
	}
	if cfg.Total == 0 {
		cfg.Total = 4000
	}
	if cfg.Public == 0 {
		cfg.Public = max(1, cfg.Total/4)
	}
	if cfg.Within == 0 {
		cfg.Within = 10 * time.Second
	}
	if cfg.Silence == 0 {
		cfg.Silence = 30 * time.Second
	}
	g := &legs{port: cfg.MediaPort, most: cfg.PerSession, total: cfg.Total, public: cfg.Public, silence: cfg.Silence, used: make(map[string]int)}
	for kind := range g.at {
		g.at[kind] = make(map[netip.Prefix]int)
	}
	for _, p := range cfg.Peers {
		p = netip.AddrPortFrom(p.Addr().Unmap(), p.Port())
		version := 0
		if p.Addr().Is6() {
			version = 1
		}
		if !g.peers[version].IsValid() {
			g.peers[version] = p
		}
	}
	return &Relay{cfg: cfg, legs: g}
}

// Relays returns how many relays there are now.
func (r *Relay) Relays() int { return r.legs.count() }

// Run serves until ctx ends, then ends every relay.
func (r *Relay) Run(ctx context.Context) error {
	bounded := newListener(r.cfg.Listener, r.cfg.Total, r.cfg.Within)
	r.legs.holds = bounded.holds
	server, err := turn.NewServer(turn.ServerConfig{
		ListenerConfigs: []turn.ListenerConfig{{
			Listener: bounded, RelayAddressGenerator: r.legs, PermissionHandler: r.legs.permits,
		}},
		LoggerFactory: r.cfg.Logs, Realm: realm, AuthHandler: r.authenticate, QuotaHandler: r.legs.quota,
		// Who comes by IPv6 to a server that announces IPv4 only is relayed to IPv4.
		StrictAddressFamily: !r.legs.peers[1].IsValid(),
	})
	if err != nil {
		return fmt.Errorf("serve turn: %w", err)
	}
	<-ctx.Done()
	if err := server.Close(); err != nil {
		return fmt.Errorf("end turn: %w", err)
	}
	return nil
}

func isAllocate(a *turn.RequestAttributes) bool { return a.Method == stun.MethodAllocate }
