package relay_test

import (
	"context"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/logging"
	"github.com/pion/turn/v5"
	"go.uber.org/goleak"

	"github.com/diemcau/diemcau/sfu/relay"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = time.Minute

// announced is what clients believe the media plane's address to be.
var announced = &net.UDPAddr{IP: net.IPv4(203, 0, 113, 7), Port: 7882}

// house is a relay before a media plane that answers every packet with itself.
type house struct {
	*testing.T

	relay   *relay.Relay
	away    *elsewhere
	address string
	now     atomic.Int64 // unix seconds
	strays  atomic.Int64 // packets but pings that the media plane got
}

func newHouse(t *testing.T, tune func(*relay.Config)) *house {
	t.Helper()
	h := &house{T: t}
	h.now.Store(time.Now().Unix())
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	media, err := net.ListenUDP("udp", &net.UDPAddr{})
	if err != nil {
		t.Fatal(err)
	}
	h.address = l.Addr().String()
	h.away = &elsewhere{Listener: l}
	cfg := relay.Config{
		Listener: h.away, Peers: []netip.AddrPort{announced.AddrPort()}, MediaPort: media.LocalAddr().(*net.UDPAddr).Port,
		Key: []byte("0123456789abcdef"), Now: func() time.Time { return time.Unix(h.now.Load(), 0) }, Logs: logging.NewDefaultLoggerFactory(),
	}
	if tune != nil {
		tune(&cfg)
	}
	h.relay = relay.New(cfg)
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 2)
	go func() { ended <- h.relay.Run(ctx) }() // ends with stop
	go func() { h.echo(media); ended <- nil }()
	t.Cleanup(func() {
		stop()
		_ = media.Close()
		for range 2 {
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
	})
	return h
}

// elsewhere shows connections as coming from another machine.
type elsewhere struct {
	net.Listener
	host atomic.Pointer[net.IP] // nil: from where they come
}

func (e *elsewhere) from(host string) { e.host.Store(new(net.ParseIP(host))) }

func (e *elsewhere) Accept() (net.Conn, error) {
	c, err := e.Listener.Accept()
	if ip := e.host.Load(); err == nil && ip != nil {
		return &guest{c, &net.TCPAddr{IP: *ip, Port: c.RemoteAddr().(*net.TCPAddr).Port}}, nil
	}
	return c, err
}

type guest struct {
	net.Conn
	from net.Addr
}

func (g *guest) RemoteAddr() net.Addr { return g.from }

func (h *house) echo(media *net.UDPConn) {
	b := make([]byte, 2048)
	for {
		n, from, err := media.ReadFromUDPAddrPort(b)
		if err != nil {
			return
		}
		if string(b[:n]) != "ping" {
			h.strays.Add(1)
		}
		_, _ = media.WriteToUDPAddrPort(b[:n], from)
	}
}

// client connects with the credentials of a session.
func (h *house) client(username, credential string) *turn.Client {
	h.Helper()
	c, err := new(net.Dialer).DialContext(h.Context(), "tcp", h.address)
	if err != nil {
		h.Fatal(err)
	}
	quiet := logging.NewDefaultLoggerFactory()
	quiet.DefaultLogLevel = logging.LogLevelDisabled
	client, err := turn.NewClient(&turn.ClientConfig{
		STUNServerAddr: h.address, TURNServerAddr: h.address, Conn: turn.NewSTUNConn(c),
		Username: username, Password: credential, LoggerFactory: quiet,
	})
	if err != nil {
		h.Fatal(err)
	}
	if err := client.Listen(); err != nil {
		h.Fatal(err)
	}
	h.Cleanup(func() { client.Close(); _ = c.Close() })
	return client
}

func (h *house) mine(session string) *turn.Client {
	h.Helper()
	return h.client(h.relay.Credentials(session))
}

// ping sends to an address until something comes back, and returns what and from where:
// while pion's client binds a channel, packets may be lost.
func ping(t *testing.T, c net.PacketConn, to net.Addr) (text, from string) {
	t.Helper()
	b := make([]byte, 64)
	for range 50 {
		if _, err := c.WriteTo([]byte("ping"), to); err != nil {
			t.Fatal(err)
		}
		if err := c.SetReadDeadline(time.Now().Add(200 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		if n, at, err := c.ReadFrom(b); err == nil {
			return string(b[:n]), at.String()
		}
	}
	t.Fatal("nothing came back")
	return "", ""
}

func TestM6_RelaysToTheMediaPlaneAndBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	c, err := h.mine("s").Allocate()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if got, from := ping(t, c, announced); got != "ping" || from != announced.String() {
		t.Errorf("got %q from %s, want ping from %s", got, from, announced)
	}
	if at := netip.MustParseAddrPort(c.LocalAddr().String()); !at.Addr().IsLoopback() {
		t.Errorf("relayed from %s, want loopback: nothing may be reachable from outside", at)
	}
}

func TestM6_RelaysToNobodyElse(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	other, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	c, err := h.mine("s").Allocate()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.WriteTo([]byte("out"), other.LocalAddr()); err == nil {
		t.Error("a stranger's address was permitted")
	}
	wrongPort := &net.UDPAddr{IP: announced.IP, Port: announced.Port + 1}
	if _, err := c.WriteTo([]byte("out"), wrongPort); err != nil {
		t.Fatal(err)
	}
	ping(t, c, announced) // arrives behind what must not
	if got := h.strays.Load(); got != 0 {
		t.Errorf("the media plane got %d packets that went to another port", got)
	}
}

func TestM6_CredentialsAreShortLived(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	username, credential := h.relay.Credentials("s")
	for name, pair := range map[string][2]string{
		"another's":        {username, credential + "x"},
		"a longer life":    {"9" + username, credential},
		"no expiry":        {"s", credential},
		"another's secret": {username, "secret"},
	} {
		if c, err := h.client(pair[0], pair[1]).Allocate(); err == nil {
			_ = c.Close()
			t.Errorf("%s: a relay was given", name)
		}
	}
	h.now.Add(int64((5*time.Minute + time.Second) / time.Second))
	if c, err := h.client(username, credential).Allocate(); err == nil {
		_ = c.Close()
		t.Error("a relay was given for expired credentials")
	}
}

// What was begun in time goes on: a dialogue is longer than five minutes.
func TestM6_ARelayOutlivesItsCredentials(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	c, err := h.mine("s").Allocate()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	h.now.Add(3600)
	if got, _ := ping(t, c, announced); got != "ping" { // asks for a permission, authenticated
		t.Errorf("got %q, want ping", got)
	}
}

func TestM8_ASessionHasAFewRelays(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(cfg *relay.Config) { cfg.PerSession, cfg.Total = 2, 3 })
	var held []net.PacketConn
	take := func(session string) error {
		h.away.from(map[string]string{"a": "198.51.100.1", "b": "198.51.100.2", "c": "198.51.100.3"}[session])
		c, err := h.mine(session).Allocate()
		if err == nil {
			held = append(held, c)
		}
		return err
	}
	for _, want := range []struct {
		session string
		given   bool
	}{{"a", true}, {"a", true}, {"a", false}, {"b", true}, {"c", false}} {
		if err := take(want.session); (err == nil) != want.given {
			t.Errorf("session %s: %v, want given: %t", want.session, err, want.given)
		}
	}
	if got := h.relay.Relays(); got != 3 {
		t.Errorf("got %d relays, want 3", got)
	}
	for _, c := range held {
		_ = c.Close()
	}
	tick, deadline := time.NewTicker(5*time.Millisecond), time.After(patience)
	defer tick.Stop()
	for h.relay.Relays() > 0 {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("closed relays are still counted")
		}
	}
	if err := take("a"); err != nil {
		t.Errorf("after the others were closed: %v", err)
	}
	_ = held[len(held)-1].Close()
}
