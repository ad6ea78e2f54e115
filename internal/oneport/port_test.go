package oneport_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"io"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/diemcau/diemcau/internal/oneport"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what has to come.
const patience = time.Minute

// house is a port whose three listeners answer with their name and the first bytes they
// read.
type house struct {
	*testing.T

	port    *oneport.Port
	address string
}

func newHouse(t *testing.T, cfg oneport.Config) *house {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cfg.Listener, cfg.TLS = l, serverTLS(t)
	h := &house{T: t, port: oneport.New(cfg), address: l.Addr().String()}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 4)
	go func() { ended <- h.port.Run(ctx) }() // ends with stop
	lanes := map[string]net.Listener{"http": h.port.HTTP(), "media": h.port.Media(), "relay": h.port.Relay()}
	for name, lane := range lanes {
		go func() { // ends when the lane is closed
			for {
				c, err := lane.Accept()
				if err != nil {
					ended <- nil
					return
				}
				answer(c, name)
			}
		}()
	}
	t.Cleanup(func() {
		stop()
		for _, lane := range lanes {
			_ = lane.Close()
		}
		for range 4 {
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
	})
	return h
}

// answer says which lane got the connection, and what it read there.
func answer(c net.Conn, name string) {
	defer c.Close()
	var head [12]byte
	n, err := io.ReadAtLeast(c, head[:], 4)
	if err != nil {
		return
	}
	secure := ""
	if at, is := c.(interface{ ConnectionState() tls.ConnectionState }); is && at.ConnectionState().HandshakeComplete {
		secure = " tls"
	}
	_, _ = io.WriteString(c, name+secure+" "+string(head[:min(n, 4)])+"\n")
}

func serverTLS(t *testing.T) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"localhost"}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{
		MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}},
		NextProtos: []string{"acme-tls/1"},
	}
}

// dial connects, with TLS when protocols is not nil.
func (h *house) dial(protocols []string) net.Conn {
	h.Helper()
	c, err := new(net.Dialer).DialContext(h.Context(), "tcp", h.address)
	if err != nil {
		h.Fatal(err)
	}
	h.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		h.Fatal(err)
	}
	if protocols == nil {
		return c
	}
	return tls.Client(c, &tls.Config{InsecureSkipVerify: true, NextProtos: protocols})
}

// say sends bytes and returns the line that comes back, "" when the connection ends.
func (h *house) say(c net.Conn, text string) string {
	h.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		return ""
	}
	line, _ := bufio.NewReader(c).ReadString('\n')
	return line
}

const (
	binding  = 0x0001
	allocate = 0x0003
)

// stun returns a STUN message of a type, with n bytes of attributes.
func stun(kind uint16, n int) string {
	b := make([]byte, 20+n)
	binary.BigEndian.PutUint16(b, kind)
	binary.BigEndian.PutUint16(b[2:], uint16(n))
	binary.BigEndian.PutUint32(b[4:], 0x2112A442)
	return string(b)
}

// framed puts a length in front (RFC 4571).
func framed(text string) string {
	return string(binary.BigEndian.AppendUint16(nil, uint16(len(text)))) + text
}

func TestM6_OnePortTellsProtocolsApart(t *testing.T) {
	t.Parallel()
	h := newHouse(t, oneport.Config{})
	inClear, unnamed := []string(nil), []string{}
	for _, test := range []struct {
		name string
		tls  []string
		says string
		want string
	}{
		{"ICE-TCP", inClear, framed(stun(binding, 80)), "media \x00\x64\x00\x01\n"},
		{"TURN over TCP", inClear, stun(allocate, 8), "relay \x00\x03\x00\x08\n"},
		{"TURN over TLS", unnamed, stun(allocate, 8), "relay tls \x00\x03\x00\x08\n"},
		{"TURN over TLS, named", []string{"stun.turn"}, stun(binding, 0), "relay tls \x00\x01\x00\x00\n"},
		{"HTTPS", []string{"http/1.1"}, "GET / HTTP/1.1\r\n\r\n", "http tls GET \n"},
		{"HTTP/2", []string{"h2", "http/1.1"}, "PRI * HTTP/2.0\r\n\r\n", "http tls PRI \n"},
		{"HTTPS without a protocol's name", unnamed, "POST /x HTTP/1.1\r\n\r\n", "http tls POST\n"},
		{"plain HTTP", inClear, "GET / HTTP/1.1\r\n\r\n", "HTTP/1.0 400 Bad Request\r\n"},
		{"an ACME challenge", []string{"acme-tls/1"}, "x", ""},
		{"media within TLS", unnamed, framed(stun(binding, 80)), ""},
		{"a length that is not the message's", inClear, "\x00\x50" + stun(binding, 80), ""},
		{"media that begins with another message", inClear, framed(stun(allocate, 80)), ""},
		{"a first message that is too long", inClear, framed(stun(binding, 1484)), ""},
		{"zeroes", inClear, string(make([]byte, 64)), ""},
		{"SSH", inClear, "\x00\x00\x00\x0cSSH-2.0-", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := h.dial(test.tls)
			if got := h.say(c, test.says); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestM6_FirstBytesMayComeOneByOne(t *testing.T) {
	t.Parallel()
	h := newHouse(t, oneport.Config{})
	c := h.dial(nil)
	text := framed(stun(binding, 40))
	const told = 9 // bytes, and not enough
	for i := range told {
		if _, err := io.WriteString(c, text[i:i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := h.say(c, text[told:]), "media \x00\x3c\x00\x01\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestM8_SilentOpenersAreLetGo(t *testing.T) {
	t.Parallel()
	h := newHouse(t, oneport.Config{Within: 50 * time.Millisecond})
	for name, says := range map[string]string{"nothing": "", "half a length": "\x00", "half a handshake": "\x16\x03\x01"} {
		c := h.dial(nil)
		if _, err := io.WriteString(c, says); err != nil {
			t.Fatal(err)
		}
		if n, err := c.Read(make([]byte, 1)); err == nil || isTimeout(err) {
			t.Errorf("%s: got %d bytes, %v; want the connection closed", name, n, err)
		}
	}
	h.until("late ones, and none opening", func(s oneport.Stats) bool { return s.Late == 3 && s.Opening == 0 })
}

// until looks at the counters again and again.
func (h *house) until(what string, ok func(oneport.Stats) bool) {
	h.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok(h.port.Stats()) {
		select {
		case <-deadline:
			h.Fatalf("waited in vain for %s: %+v", what, h.port.Stats())
		case <-tick.C:
		}
	}
}

func isTimeout(err error) bool {
	timeout, is := err.(net.Error) //nolint:errorlint // as net returns it
	return is && timeout.Timeout()
}

func TestM8_HalfOpenConnectionsKeepNobodyOut(t *testing.T) {
	t.Parallel()
	const most = 64
	h := newHouse(t, oneport.Config{MaxOpening: most, Within: time.Minute, Stalled: 50 * time.Millisecond})
	held := make([]net.Conn, 0, 10*most)
	for range cap(held) {
		c := h.dial(nil)
		_, _ = io.WriteString(c, "\x16\x03\x01") // the newest may have been closed
		held = append(held, c)
	}
	const want = "http tls GET \n"
	for got, begun := "", time.Now(); got != want; { // it may come before the others are stalled
		if got = h.say(h.dial([]string{"http/1.1"}), "GET / HTTP/1.1\r\n\r\n"); time.Since(begun) > patience {
			t.Fatalf("an honest client got %q, want %q", got, want)
		}
	}
	h.until("a quarter opening for one address, the others pushed out", func(s oneport.Stats) bool {
		return s.Opening > 0 && s.Opening <= most/4 && s.Pushed >= uint64(len(held)-most)
	})
	if n, err := held[0].Read(make([]byte, 1)); err == nil || isTimeout(err) {
		t.Errorf("the oldest: got %d bytes, %v; want it closed", n, err)
	}
}

// slow is a client's end of a connection that holds what it has received until it is let go.
type slow struct {
	net.Conn
	came chan<- struct{} // is told when the first bytes have come
	gate <-chan struct{}
	once sync.Once
}

func (s *slow) Read(b []byte) (int, error) {
	n, err := s.Conn.Read(b)
	s.once.Do(func() { s.came <- struct{}{} })
	<-s.gate
	return n, err
}

// TestM8_ACrowdComesBack: clients far away that have begun are not pushed out by those who
// come after them, of their own address or of all; the newest are asked to come again.
func TestM8_ACrowdComesBack(t *testing.T) {
	t.Parallel()
	const most, share = 16, 4
	h := newHouse(t, oneport.Config{MaxOpening: most, Within: time.Minute, Stalled: time.Hour})
	came, gate, answers := make(chan struct{}, share), make(chan struct{}), make(chan string, share)
	for range share {
		c := tls.Client(&slow{Conn: h.dial(nil), came: came, gate: gate}, &tls.Config{
			InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}, MaxVersion: tls.VersionTLS12, // two round trips
		})
		go func() { answers <- h.say(c, "GET / HTTP/1.1\r\n\r\n") }() // ends with the connection
	}
	for range share {
		<-came
	}
	for range 3 * share {
		c := h.dial(nil)
		_, _ = io.WriteString(c, "\x16\x03\x01") // it may be closed by now
		if _, err := io.Copy(io.Discard, c); err != nil && isTimeout(err) {
			t.Fatal("one that came too late was not closed")
		}
	}
	close(gate)
	for range share {
		if got, want := <-answers, "http tls GET \n"; got != want {
			t.Errorf("one that had begun got %q, want %q", got, want)
		}
	}
}
