//go:build linux

package netio

import (
	"errors"
	"net"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// listening opens a port of so many sockets and one that sends to it.
func listening(t *testing.T, sockets int) (*Conn, *net.UDPConn) {
	t.Helper()
	c, err := Listen(Config{Sockets: sockets})
	if err != nil {
		t.Fatal(err)
	}
	to := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: c.LocalAddr().(*net.UDPAddr).Port}
	u, err := net.DialUDP("udp4", nil, to)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Close() // some tests do
		_ = u.Close() // it was only written to
	})
	return c, u
}

// A receive call that fails is not the end: what comes afterwards is read, through one
// socket and through several.
func TestM8_ReceivingGoesOnAfterAFailure(t *testing.T) {
	t.Parallel()
	for _, sockets := range []int{1, 2} {
		c, u := listening(t, sockets)
		for _, s := range c.sockets {
			left := 3
			s.fill = func(b *batch) error {
				if left--; left >= 0 {
					return unix.ENOMEM
				}
				return s.read.fill(b)
			}
		}
		served := make(chan struct{})
		go func() { c.Serve(); close(served) }()
		if _, err := u.Write([]byte("still here")); err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 100)
		n, _, err := c.ReadFromAddrPort(b)
		if err != nil || string(b[:n]) != "still here" {
			t.Fatalf("%d sockets: got %q, %v", sockets, b[:n], err)
		}
		if failed := c.Stats().Failed; failed < 3 {
			t.Errorf("%d sockets: %d failures were counted, want 3 or more", sockets, failed)
		}
		_ = c.Close() // what matters is that all of it ends
		<-served
		if _, _, err := c.ReadFromAddrPort(b); !errors.Is(err, net.ErrClosed) {
			t.Errorf("%d sockets: reading after Close gave %v", sockets, err)
		}
	}
}

// A socket that only fails ends with Close, and a deadline is still one.
func TestReceivingEnds(t *testing.T) {
	t.Parallel()
	c, _ := listening(t, 1)
	if err := c.SetReadDeadline(time.Now().Add(-time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.ReadFromAddrPort(make([]byte, 10)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a deadline that is over gave %v", err)
	}
	failing := make(chan struct{}, 1)
	c.sockets[0].fill = func(*batch) error {
		select {
		case failing <- struct{}{}:
		default:
		}
		return unix.ENOMEM
	}
	ended := make(chan error)
	go func() {
		_, _, err := c.ReadFromAddrPort(make([]byte, 10))
		ended <- err
	}()
	<-failing
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; !errors.Is(err, net.ErrClosed) {
		t.Errorf("got %v after Close", err)
	}
}

// What comes while nobody reads and finds no room is counted.
func TestM8_PacketsTheKernelDroppedAreCounted(t *testing.T) {
	t.Parallel()
	c, u := listening(t, 1)
	if err := c.sockets[0].SetReadBuffer(4096); err != nil {
		t.Fatal(err)
	}
	if got := c.Stats().Missed; got != 0 {
		t.Fatalf("%d missed before anything came", got)
	}
	const sent = 200
	for range sent {
		if _, err := u.Write(make([]byte, 1200)); err != nil {
			t.Fatal(err)
		}
	}
	missed := c.Stats().Missed
	if missed == 0 || missed >= sent {
		t.Errorf("%d of %d missed", missed, sent)
	}
	_ = c.Close() // the socket is gone, the count is not
	if got := c.Stats().Missed; got != missed {
		t.Errorf("%d missed after Close, %d before", got, missed)
	}
}
