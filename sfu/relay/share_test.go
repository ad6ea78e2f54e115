package relay_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/pion/stun/v4"

	"github.com/diemcau/diemcau/sfu/relay"
)

// allocate reports whether credentials begin a relay; it lasts as long as the test.
func (h *house) allocate(username, credential string) bool {
	h.Helper()
	c, err := h.client(username, credential).Allocate()
	if err != nil {
		return false
	}
	h.Cleanup(func() { _ = c.Close() })
	return true
}

// TestM8_TheHallsKeepTheirRelays: whoever watches gets credentials, from everywhere and as
// often as wanted; they take what is for the public and no more.
func TestM8_TheHallsKeepTheirRelays(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(cfg *relay.Config) { cfg.PerSession, cfg.Total, cfg.Public = 2, 8, 3 })
	taken := 0
	for n := range 8 {
		h.away.from(fmt.Sprintf("198.51.100.%d", n))
		if h.allocate(h.relay.PublicCredentials(fmt.Sprint("viewer", n))) {
			taken++
		}
	}
	if taken != 3 {
		t.Errorf("the public took %d relays, want 3", taken)
	}
	h.away.from("203.0.113.9")
	if !h.allocate(h.relay.Credentials("hall")) {
		t.Error("a hall got no relay")
	}
}

// TestM8_AnAddressHasItsShare: of the relays, for members and for the public.
func TestM8_AnAddressHasItsShare(t *testing.T) {
	t.Parallel()
	const share = 3
	for name, credentials := range map[string]func(*relay.Relay, string) (string, string){
		"members": (*relay.Relay).Credentials, "public": (*relay.Relay).PublicCredentials,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, func(cfg *relay.Config) {
				cfg.PerSession, cfg.Total, cfg.Public = 1, 4*share, 4*share
			})
			h.away.from("2001:db8::1")
			for n := range share {
				if !h.allocate(credentials(h.relay, strconv.Itoa(n))) {
					t.Fatalf("relay %d was refused, want %d", n, share)
				}
			}
			h.away.from("2001:db8::ffff") // the same household
			if h.allocate(credentials(h.relay, "one more")) {
				t.Errorf("the address got more than %d relays", share)
			}
			h.away.from("2001:db8:1::1")
			if !h.allocate(credentials(h.relay, "another")) {
				t.Error("another address got none")
			}
		})
	}
}

// TestM8_ARelayEndsWithItsSession: the media plane has nothing more to send to it then. One
// that is used stays.
func TestM8_ARelayEndsWithItsSession(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(cfg *relay.Config) { cfg.Silence = 3 * time.Second })
	used, err := h.mine("used").Allocate()
	if err != nil {
		t.Fatal(err)
	}
	defer used.Close()
	unused, err := h.mine("unused").Allocate()
	if err != nil {
		t.Fatal(err)
	}
	defer unused.Close()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(3 * patience); h.relay.Relays() != 1; <-tick.C {
		ping(t, used, announced)
		if time.Now().After(deadline) {
			t.Fatalf("got %d relays, want the one that is used", h.relay.Relays())
		}
	}
	ping(t, used, announced)
}

// ended returns once the server has closed a connection.
func ended(t *testing.T, c net.Conn) {
	t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(3 * patience)); err != nil {
		t.Fatal(err)
	}
	_, err := io.Copy(io.Discard, c)
	if timeout, is := errors.AsType[net.Error](err); is && timeout.Timeout() {
		t.Fatal("the server keeps the connection")
	}
}

func (h *house) dial() net.Conn {
	h.Helper()
	c, err := new(net.Dialer).DialContext(h.Context(), "tcp", h.address)
	if err != nil {
		h.Fatal(err)
	}
	h.Cleanup(func() { _ = c.Close() })
	return c
}

// TestM8_ConnectionsAreForRelays: one without a relay is closed soon, however much it says.
func TestM8_ConnectionsAreForRelays(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(cfg *relay.Config) { cfg.Within = 2 * time.Second })
	relayed, err := h.mine("s").Allocate()
	if err != nil {
		t.Fatal(err)
	}
	defer relayed.Close()
	c := h.dial()
	talk := make(chan struct{})
	go func() { // ends with the connection
		defer close(talk)
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for range tick.C {
			if _, err := c.Write(stun.MustBuild(stun.TransactionID, stun.BindingRequest).Raw); err != nil {
				return
			}
		}
	}()
	ended(t, c)
	_ = c.Close()
	<-talk
	if got, _ := ping(t, relayed, announced); got != "ping" {
		t.Error("a connection with a relay was closed as well")
	}
}

// TestM8_AnAddressMayNotHoldTheDoor: of the connections that have no relay yet, an address
// has its share.
func TestM8_AnAddressMayNotHoldTheDoor(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(cfg *relay.Config) { cfg.Total, cfg.Within = 16, time.Hour })
	h.away.from("198.51.100.1")
	for range 8 {
		c := h.dial()
		if _, err := c.Write(stun.MustBuild(stun.TransactionID, stun.BindingRequest).Raw); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Read(make([]byte, 64)); err != nil {
			t.Fatalf("one of eight connections: %v", err)
		}
	}
	ended(t, h.dial())
	h.away.from("198.51.100.2")
	if !h.allocate(h.relay.Credentials("s")) {
		t.Error("another address got no relay")
	}
}
