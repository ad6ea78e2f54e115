package sfu_test

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/diemcau/diemcau/sfu"
)

// silent asks for the programme from an address and sends nothing.
func silent(t *testing.T, plane *sfu.Plane, from string) *sfu.Viewer {
	t.Helper()
	v, _, err := plane.WatchFrom(t.Context(), netip.MustParsePrefix(from), "", offerOf(t, false))
	must(t, err)
	return v
}

func over(v *sfu.Viewer) bool {
	select {
	case <-v.Done():
		return true
	default:
		return false
	}
}

// Those who have sent nothing make room before those who have begun, however old these are.
func TestM8_TheSilentMakeRoomFirst(t *testing.T) {
	t.Parallel()
	const limit = 4
	node := newNode(t, sfu.Config{MaxOpening: limit, DeadAfter: time.Hour})
	plane := node.Plane("c", hall)
	offer := offerOf(t, false)
	begun, answer, err := plane.Watch(t.Context(), "", offer)
	must(t, err)
	conn, err := new(net.ListenConfig).ListenPacket(t.Context(), "udp4", "127.0.0.1:0")
	must(t, err)
	defer conn.Close()
	knock(t, conn, answer, offer)
	must(t, conn.SetReadDeadline(time.Now().Add(patience)))
	_, _, err = conn.ReadFrom(make([]byte, 1500)) // the answer to its check
	must(t, err)
	for range 3 * limit {
		_, _, err := plane.Watch(t.Context(), "", offer)
		must(t, err)
	}
	if got := node.Intrusion(); got.Opening != limit || got.Pushed != 2*limit+1 {
		t.Errorf("got %d connecting and %d given up, want %d and %d", got.Opening, got.Pushed, limit, 2*limit+1)
	}
	if over(begun) {
		t.Error("the one that has begun was given up for those who have not")
	}
}

// An address may be a quarter of those who are connecting: beyond it, it pushes out itself.
func TestM8_AnAddressPushesOutItself(t *testing.T) {
	t.Parallel()
	const limit = 8
	node := newNode(t, sfu.Config{MaxOpening: limit, DeadAfter: time.Hour})
	plane := node.Plane("c", hall)
	honest := []*sfu.Viewer{silent(t, plane, "198.51.100.1/32"), silent(t, plane, "2001:db8::/64")}
	for range 3 * limit {
		silent(t, plane, "203.0.113.9/32")
	}
	if got, want := node.Intrusion().Opening, len(honest)+limit/4; got != want {
		t.Errorf("got %d connecting, want %d", got, want)
	}
	for n, v := range honest {
		if over(v) {
			t.Errorf("honest viewer %d was given up", n)
		}
	}
}
