//go:build linux

package netio

import (
	"errors"
	"net"
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"
)

// refusing makes a writer whose kernel refuses runs with the error, and counts the calls.
func refusing(t *testing.T, c *Conn, with error) (w *Writer, runs, singles *int) {
	t.Helper()
	w, err := c.Writer(0)
	if err != nil {
		t.Fatal(err)
	}
	runs, singles = new(int), new(int)
	send := w.out.send
	w.send = func(b []byte, size int, to *rawAddr) error {
		if size > 0 {
			*runs++
			return with
		}
		*singles++
		return send(b, size, to)
	}
	return w, runs, singles
}

// When the kernel refuses a run its packets go out one by one, and no run to that peer is
// tried again; when several peers refuse, none to anybody.
func TestM1_RefusedRunsGoOutOneByOne(t *testing.T) {
	t.Parallel()
	for _, with := range []error{unix.EIO, unix.EINVAL, unix.EMSGSIZE} {
		c, err := Listen(Config{})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		w, runs, singles := refusing(t, c, with)
		var peers []*Peer
		for range refusals + 1 {
			u, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
			if err != nil {
				t.Fatal(err)
			}
			defer u.Close()
			p := w.Peer(u.LocalAddr().(*net.UDPAddr).AddrPort())
			peers = append(peers, &p)
		}
		run := make([]byte, 2500)
		for range 3 {
			if err := w.Send(run, 1000, peers[0]); err != nil {
				t.Fatalf("%v: %v", with, err)
			}
		}
		if *runs != 1 || *singles != 9 {
			t.Errorf("%v: got %d runs and %d packets, want 1 run tried and 9 packets sent", with, *runs, *singles)
		}
		for _, p := range peers[1:] {
			if err := w.Send(run, 1000, p); err != nil {
				t.Fatalf("%v: %v", with, err)
			}
		}
		if *runs != refusals {
			t.Errorf("%v: got %d runs tried, want %d: then the socket itself is the cause", with, *runs, refusals)
		}
		if s := c.Stats(); s.Packets != uint64(*singles) || s.Refused != refusals {
			t.Errorf("%v: got %+v", with, s)
		}
	}
}

// A full socket loses the run, tells so, and is not taken for a refusal.
func TestM1_FullSocketLosesTheRun(t *testing.T) {
	t.Parallel()
	c, err := Listen(Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	w, runs, singles := refusing(t, c, unix.EAGAIN)
	peer := w.Peer(netip.MustParseAddrPort("127.0.0.1:9"))
	for range 2 {
		if err := w.Send(make([]byte, 2500), 1000, &peer); !errors.Is(err, ErrBusy) {
			t.Errorf("got %v, want %v", err, ErrBusy)
		}
	}
	if *runs != 2 || *singles != 0 || c.Stats().Dropped != 6 {
		t.Errorf("got %d runs, %d packets, %+v", *runs, *singles, c.Stats())
	}
}

// What cannot be a run is not tried as one.
func TestWhatCannotBeARun(t *testing.T) {
	t.Parallel()
	c, err := Listen(Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	w, runs, singles := refusing(t, c, nil)
	peer := w.Peer(netip.MustParseAddrPort("127.0.0.1:9"))
	for _, tt := range []struct{ bytes, size, packets int }{
		{900, 1000, 1}, {3000, MaxSegment + 1, 3}, {(MaxRun + 1) * 10, 10, MaxRun + 1},
	} {
		*singles = 0
		if err := w.Send(make([]byte, tt.bytes), tt.size, &peer); err != nil {
			t.Fatal(err)
		}
		if *runs != 0 || *singles != tt.packets {
			t.Errorf("%d bytes as packets of %d: got %d runs and %d packets, want %d packets", tt.bytes, tt.size, *runs, *singles, tt.packets)
		}
	}
}

// Addresses survive the way into the kernel's form and back.
func FuzzAddress(f *testing.F) {
	f.Add([]byte{127, 0, 0, 1}, uint16(7882))
	f.Add([]byte{0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, uint16(1))
	f.Fuzz(func(t *testing.T, ip []byte, port uint16) {
		addr, ok := netip.AddrFromSlice(ip)
		if !ok {
			return
		}
		want := netip.AddrPortFrom(addr.Unmap(), port)
		for _, o := range []output{{v6: true}, {v6: false}} {
			if !o.v6 && !want.Addr().Is4() {
				continue
			}
			raw := o.address(want)
			got := raw.netip()
			if got = netip.AddrPortFrom(got.Addr().Unmap(), got.Port()); got != want {
				t.Fatalf("got %v, want %v (IPv6 socket: %v)", got, want, o.v6)
			}
		}
	})
}
