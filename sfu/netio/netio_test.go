package netio_test

import (
	"bytes"
	"errors"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/diemcau/diemcau/sfu/netio"
)

func listen(t *testing.T, cfg netio.Config) *netio.Conn {
	t.Helper()
	c, err := netio.Listen(cfg)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() { c.Serve(); close(served) }()
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		<-served
	})
	return c
}

func receiver(t *testing.T, network, host string) *net.UDPConn {
	t.Helper()
	a, err := net.ResolveUDPAddr(network, host)
	if err != nil {
		t.Fatal(err)
	}
	u, err := net.ListenUDP(network, a)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { u.Close() })
	if err := u.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return u
}

func addrOf(t *testing.T, c net.PacketConn) netip.AddrPort {
	t.Helper()
	return c.LocalAddr().(*net.UDPAddr).AddrPort()
}

func portOf(t *testing.T, c *netio.Conn) uint16 {
	t.Helper()
	return addrOf(t, c).Port()
}

// A run arrives as its packets, whole and in order, at an IPv4 and at an IPv6 address.
func TestM1_RunArrivesAsPackets(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, network, host string }{{"ipv4", "udp4", "127.0.0.1:0"}, {"ipv6", "udp6", "[::1]:0"}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, u := listen(t, netio.Config{}), receiver(t, tt.network, tt.host)
			w, err := c.Writer(0)
			if err != nil {
				t.Fatal(err)
			}
			peer := w.Peer(addrOf(t, u))
			var run []byte
			for i := range 5 {
				run = append(run, bytes.Repeat([]byte{byte(i)}, 1178)...)
			}
			run = run[:len(run)-500] // the last one is shorter
			if err := w.Send(run, 1178, &peer); err != nil {
				t.Fatal(err)
			}
			buf := make([]byte, 2048)
			for i := range 5 {
				n, from, err := u.ReadFromUDPAddrPort(buf)
				if err != nil {
					t.Fatal(err)
				}
				want := bytes.Repeat([]byte{byte(i)}, 1178)
				if i == 4 {
					want = want[:678]
				}
				if !bytes.Equal(buf[:n], want) || from.Port() != portOf(t, c) {
					t.Fatalf("packet %d: got %d bytes of %d from %v", i, n, buf[0], from)
				}
			}
			if s := c.Stats(); s.Packets != 5 || s.Dropped != 0 {
				t.Errorf("got %+v, want 5 packets", s)
			}
		})
	}
}

func TestM1_SendingAllocatesNothing(t *testing.T) { //nolint:paralleltest // counts allocations
	c, u := listen(t, netio.Config{}), receiver(t, "udp4", "127.0.0.1:0")
	w, err := c.Writer(0)
	if err != nil {
		t.Fatal(err)
	}
	peer, run := w.Peer(addrOf(t, u)), make([]byte, 5000)
	if n := testing.AllocsPerRun(500, func() {
		if err := w.Send(run, 1178, &peer); err != nil && !errors.Is(err, netio.ErrBusy) {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("got %v allocations for a run, want 0", n)
	}
}

// What many senders send arrives, whichever socket the kernel gives it to; one flow stays
// on one socket, and what the tap takes is not read.
func TestM1_OnePortManySockets(t *testing.T) {
	t.Parallel()
	for _, sockets := range []int{1, 4} {
		t.Run(strconv.Itoa(sockets), func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			tapped := map[netip.AddrPort]int{}
			c := listen(t, netio.Config{Sockets: sockets, Tap: func(b []byte, from netip.AddrPort) bool {
				mu.Lock()
				defer mu.Unlock()
				if len(b) == 1 {
					tapped[from]++
				}
				return len(b) == 1
			}})
			if c.Sockets() > sockets {
				t.Fatalf("got %d sockets, want at most %d", c.Sockets(), sockets)
			}
			const senders, packets = 40, 20
			for i := range senders {
				u := receiver(t, "udp4", "127.0.0.1:0")
				to := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), portOf(t, c))
				for n := range packets {
					for _, b := range [][]byte{{1}, {byte(i), byte(n)}} {
						if _, err := u.WriteToUDPAddrPort(b, to); err != nil {
							t.Fatal(err)
						}
					}
				}
			}
			next := make([]int, senders)
			buf := make([]byte, 2048)
			for range senders * packets {
				n, _, err := c.ReadFromAddrPort(buf)
				if err != nil || n != 2 {
					t.Fatalf("got %d bytes, %v", n, err)
				}
				// A flow that changed sockets would overtake itself.
				if int(buf[1]) != next[buf[0]] {
					t.Fatalf("sender %d: got packet %d, want %d", buf[0], buf[1], next[buf[0]])
				}
				next[buf[0]]++
			}
			mu.Lock()
			defer mu.Unlock()
			if len(tapped) != senders {
				t.Errorf("the tap saw %d senders, want %d", len(tapped), senders)
			}
		})
	}
}

// A second Conn cannot take a port that is shared: it would get half of the packets.
func TestPortIsTakenOnce(t *testing.T) {
	t.Parallel()
	c := listen(t, netio.Config{Sockets: 4})
	for _, sockets := range []int{1, 4} {
		if second, err := netio.Listen(netio.Config{Port: int(portOf(t, c)), Sockets: sockets}); err == nil {
			second.Close()
			t.Errorf("a second one with %d sockets got the port", sockets)
		}
	}
}

// Closing ends reading, with one socket and with several.
func TestCloseEndsReading(t *testing.T) {
	t.Parallel()
	for _, sockets := range []int{1, 3} {
		c := listen(t, netio.Config{Sockets: sockets})
		read := make(chan error, 1)
		go func() {
			_, _, err := c.ReadFrom(make([]byte, 100))
			read <- err
		}()
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		if err := <-read; !errors.Is(err, net.ErrClosed) {
			t.Errorf("%d sockets: got %v, want closed", sockets, err)
		}
	}
}

// The plain methods of a net.PacketConn work: pion uses them.
func TestPlainMethods(t *testing.T) {
	t.Parallel()
	a, b := listen(t, netio.Config{}), receiver(t, "udp4", "127.0.0.1:0")
	if _, err := a.WriteTo([]byte("hello"), b.LocalAddr()); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 100)
	n, from, err := b.ReadFrom(buf)
	if err != nil || string(buf[:n]) != "hello" {
		t.Fatalf("got %q, %v", buf[:n], err)
	}
	if _, err := b.WriteTo([]byte("back"), from); err != nil {
		t.Fatal(err)
	}
	if n, _, err := a.ReadFrom(buf); err != nil || string(buf[:n]) != "back" {
		t.Fatalf("got %q, %v", buf[:n], err)
	}
	if err := a.SetDeadline(time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := a.ReadFrom(buf); err == nil {
		t.Error("reading went on after its deadline")
	}
}
