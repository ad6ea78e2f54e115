package icetcp_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/diemcau/diemcau/sfu/icetcp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = time.Minute

func newMux(t *testing.T) (mux *icetcp.Mux, address string) {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	mux = icetcp.New(l)
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- mux.Run(ctx) }() // ends with stop
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return mux, l.Addr().String()
}

// open returns the local candidate of a session.
func open(t *testing.T, mux *icetcp.Mux, session string) net.PacketConn {
	t.Helper()
	all, err := mux.GetAllConns(session, false, net.IPv4(127, 0, 0, 1))
	if err != nil || len(all) != 1 {
		t.Fatalf("got %v, %v, want one", all, err)
	}
	return all[0]
}

func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	c, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return c
}

// binding is a STUN binding request for a session, framed.
func binding(session string) []byte {
	name := session + ":peer"
	b := binary.BigEndian.AppendUint16(nil, uint16(20+4+(len(name)+3)&^3))
	b = append(b, 0, 1)
	b = binary.BigEndian.AppendUint16(b, uint16(4+(len(name)+3)&^3))
	b = append(b, 0x21, 0x12, 0xA4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)
	b = binary.BigEndian.AppendUint16(b, 6)
	b = binary.BigEndian.AppendUint16(b, uint16(len(name)))
	b = append(b, name...)
	for len(b)%4 != 2 {
		b = append(b, 0)
	}
	return b
}

func write(t *testing.T, c net.Conn, b []byte) {
	t.Helper()
	if _, err := c.Write(b); err != nil {
		t.Fatal(err)
	}
}

// next reads a packet of a session.
func next(t *testing.T, c net.PacketConn) (string, net.Addr) {
	t.Helper()
	type read struct {
		text string
		from net.Addr
		err  error
	}
	got := make(chan read, 1)
	go func() {
		b := make([]byte, 2048)
		n, from, err := c.ReadFrom(b)
		got <- read{string(b[:n]), from, err}
	}()
	select {
	case r := <-got:
		if r.err != nil {
			t.Fatal(r.err)
		}
		return r.text, r.from
	case <-time.After(patience):
		t.Fatal("nothing arrived")
		return "", nil
	}
}

func closed(t *testing.T, c net.Conn, what string) {
	t.Helper()
	var timeout net.Error
	if n, err := c.Read(make([]byte, 1)); err == nil || (errors.As(err, &timeout) && timeout.Timeout()) {
		t.Errorf("%s: got %d bytes, %v; want the connection closed", what, n, err)
	}
}

func TestM6_PacketsGoBothWays(t *testing.T) {
	t.Parallel()
	mux, address := newMux(t)
	session := open(t, mux, "abcd")
	defer session.Close()
	c := dial(t, address)
	first := binding("abcd")
	write(t, c, first)
	got, from := next(t, session)
	if got != string(first[2:]) {
		t.Errorf("got %q, want the binding request", got)
	}
	write(t, c, []byte("\x00\x05media\x00\x00\x00\x04more"))
	for _, want := range []string{"media", "more"} {
		if got, _ := next(t, session); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if _, err := session.WriteTo([]byte("answer"), from); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 8)
	if _, err := io.ReadFull(c, b); err != nil || string(b) != "\x00\x06answer" {
		t.Errorf("got %q, %v, want a framed answer", b, err)
	}
}

// Pion asks for every interface; one candidate for each IP version is enough.
func TestM6_OneCandidateForEachVersion(t *testing.T) {
	t.Parallel()
	mux, _ := newMux(t)
	defer open(t, mux, "abcd").Close()
	if all, err := mux.GetAllConns("abcd", false, net.IPv4(10, 0, 0, 1)); len(all) != 0 || err != nil {
		t.Errorf("got %v, %v, want none for a second interface", all, err)
	}
	all, err := mux.GetAllConns("abcd", true, net.IPv6loopback)
	if err != nil || len(all) != 1 {
		t.Fatalf("got %v, %v, want one for IPv6", all, err)
	}
	_ = all[0].Close()
}

// A connection that ends leaves the candidate as it was: the client may come again.
func TestM6_AnotherConnectionTakesOver(t *testing.T) {
	t.Parallel()
	mux, address := newMux(t)
	session := open(t, mux, "abcd")
	defer session.Close()
	for range 3 {
		c := dial(t, address)
		write(t, c, binding("abcd"))
		next(t, session)
		_ = c.Close()
	}
	c := dial(t, address)
	write(t, c, append(binding("abcd"), "\x00\x02hi"...))
	next(t, session)
	if got, _ := next(t, session); got != "hi" {
		t.Errorf("got %q, want hi", got)
	}
}

func TestM8_StrangersOverTCPAreSentAway(t *testing.T) {
	t.Parallel()
	mux, address := newMux(t)
	session := open(t, mux, "abcd")
	defer session.Close()
	ended := open(t, mux, "gone")
	_ = ended.Close()
	for what, says := range map[string][]byte{
		"no such session":  binding("wxyz"),
		"an ended session": binding("gone"),
		"no user name":     append([]byte{0, 20, 0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42}, make([]byte, 12)...),
		"a frame too long": {0x40, 0x00, 0, 1},
	} {
		c := dial(t, address)
		write(t, c, says)
		closed(t, c, what)
	}
	if got := mux.Stats(); got.Unknown != 4 || got.Lines != 0 {
		t.Errorf("got %+v, want four unknown and no line", got)
	}
}

// A session has a bounded number of connections.
func TestM8_OneSessionCannotHoldManyConnections(t *testing.T) {
	t.Parallel()
	mux, address := newMux(t)
	session := open(t, mux, "abcd")
	defer session.Close()
	const most = 16
	for range most {
		write(t, dial(t, address), binding("abcd"))
		next(t, session)
	}
	c := dial(t, address)
	write(t, c, binding("abcd"))
	closed(t, c, "one too many")
}

// Writing to a receiver that never reads does not wait, and keeps nothing without bound.
func TestM8_AReceiverThatNeverReadsHoldsNobody(t *testing.T) {
	t.Parallel()
	mux, address := newMux(t)
	session := open(t, mux, "abcd")
	defer session.Close()
	c := dial(t, address)
	write(t, c, binding("abcd"))
	_, from := next(t, session)
	began := time.Now()
	packet := make([]byte, 1200)
	for range 50_000 {
		if _, err := session.WriteTo(packet, from); err != nil {
			t.Fatal(err)
		}
	}
	if took := time.Since(began); took > patience/2 {
		t.Errorf("60 MB took %v", took)
	}
	if got := mux.Stats(); got.Dropped < 10_000 {
		t.Errorf("got %+v, want most packets dropped", got)
	}
}

// Closing a session closes its connections.
func TestM6_AnEndedSessionClosesItsConnections(t *testing.T) {
	t.Parallel()
	mux, address := newMux(t)
	session := open(t, mux, "abcd")
	c := dial(t, address)
	write(t, c, binding("abcd"))
	next(t, session)
	mux.RemoveConnByUfrag("abcd")
	closed(t, c, "the session's")
	if _, _, err := session.ReadFrom(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("got %v, want net.ErrClosed", err)
	}
}
