package sfu_test

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"io"
	"net"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/stun/v4"
	"github.com/pion/webrtc/v4"

	"github.com/diemcau/diemcau/sfu"
)

// full returns the figure of CI, or that of the soak.
func full(ci, soak int) int {
	if os.Getenv("DIEMCAU_SOAK") != "" {
		return soak
	}
	return ci
}

// audienceOf is a conference with City Hall on air and a venue and a viewer who watch it.
type audienceOf struct {
	node  *sfu.Node
	plane *sfu.Plane
	city  *peer
	who   map[*peer]string // the mid they watch
}

func newAudienceOf(t *testing.T, cfg sfu.Config, options ...func(*camera)) *audienceOf {
	t.Helper()
	a := &audienceOf{node: newNode(t, cfg), who: map[*peer]string{}}
	a.plane = a.node.Plane("c", hall)
	a.city = joinVenue(t, a.plane, hall)
	film(t, a.city, 1, options...)
	for _, p := range []*peer{joinVenue(t, a.plane, east), watch(t, a.plane, shape{videos: 1, audios: 1})} {
		a.who[p] = p.slot(sfu.SlotProgramme, video, 0)
		p.wait(a.who[p], "city hall", sees(1))
	}
	return a
}

// undisturbed lets something happen; whoever watches must see the packets go on meanwhile,
// and after it. The process must be no bigger afterwards than allowed.
func (a *audienceOf) undisturbed(t *testing.T, allowed growth, happens func()) {
	t.Helper()
	from := make(map[*peer]int)
	for p, mid := range a.who {
		from[p] = len(p.packets(mid))
	}
	before := sizeOf()
	happens()
	for p, mid := range a.who {
		at := len(p.packets(mid))
		all := p.wait(mid, "pictures go on", func(all []received) bool { return len(all) > at+60 })
		missing := 0
		for i, q := range all[from[p]+1:] {
			missing += int(q.SequenceNumber - all[from[p]+i].SequenceNumber - 1) // modulo 2^16
		}
		// These clients ask for nothing again, and their own sockets are small.
		if most := (len(all) - from[p]) * full(5, 1) / 100; missing > most {
			t.Errorf("%d packets are missing of %d, want at most %d", missing, missing+len(all)-from[p], most)
		}
	}
	after := sizeOf()
	if after.goroutines > before.goroutines+allowed.goroutines {
		t.Errorf("got %d goroutines after %d, want at most %d more", after.goroutines, before.goroutines, allowed.goroutines)
	}
	if after.bytes > before.bytes+allowed.bytes {
		t.Errorf("got %d KiB on the heap after %d, want at most %d more", after.bytes>>10, before.bytes>>10, allowed.bytes>>10)
	}
	t.Logf("goroutines %d → %d, heap %d → %d KiB", before.goroutines, after.goroutines, before.bytes>>10, after.bytes>>10)
}

// growth is how big a process is, or how much bigger it may be.
type growth struct{ goroutines, bytes int }

func sizeOf() growth {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return growth{goroutines: runtime.NumGoroutine(), bytes: int(m.HeapAlloc)}
}

// received packets are kept by the test itself: this much of the heap is its own.
const kept = 12 << 20

// M8: 50 Mbit/s of junk of every kind on the media port, from sixteen addresses, disturb
// nobody, leave nothing behind, and are counted by cause.
func TestM8_JunkDisturbsNobody(t *testing.T) { //nolint:paralleltest // measures the process
	a := newAudienceOf(t, sfu.Config{})
	port := portOf(t, a.city.answer)
	var conns []net.Conn
	for range 16 {
		c, err := (&net.Dialer{}).DialContext(t.Context(), "udp", "127.0.0.1:"+port)
		must(t, err)
		defer c.Close()
		conns = append(conns, c)
	}
	random := make([]byte, 1200)
	_, err := rand.Read(random)
	must(t, err)
	ofKind := func(first byte, n int) []byte { return append([]byte{first}, random[:n-1]...) }
	unknown, err := stun.Build(stun.BindingRequest, stun.TransactionID, stun.NewUsername("nobody:them"), stun.Fingerprint)
	must(t, err)
	junk := [][]byte{
		ofKind('G', 1200), ofKind(0x80, 1200), ofKind(0x80, 60), ofKind(22, 1200), ofKind(0, 200), ofKind(0x81, 8), unknown.Raw, {}, {0x80},
	}
	a.undisturbed(t, growth{goroutines: 8, bytes: kept}, func() {
		const rate = 50_000_000 / 8
		length := time.Duration(full(2, 60)) * time.Second
		begun, sent := time.Now(), 0
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for i := 0; sent < int(length.Seconds())*rate; {
			<-tick.C
			// A machine that cannot keep up sends as much, more slowly.
			for ; float64(sent) < rate*min(time.Since(begun), length).Seconds(); i++ {
				b := junk[i%len(junk)]
				_, _ = conns[i%len(conns)].Write(b) // a full socket is as good
				sent += len(b) + 28
			}
		}
	})
	got := a.node.Intrusion()
	if got.Unknown == 0 || got.STUN == 0 || got.Stranger == 0 {
		t.Errorf("got %+v, want junk of every cause", got)
	}
	t.Logf("dropped: %+v", got)
}

// M8: thousands who ask for the programme and never connect, some of whom begin to, cost a
// bounded amount, and keep nobody out who comes after them.
func TestM8_HalfOpenHandshakesAreBounded(t *testing.T) { //nolint:paralleltest // measures the process
	limit := full(100, 1024)
	many := full(1000, 10_000)
	a := newAudienceOf(t, sfu.Config{MaxOpening: limit, DeadAfter: time.Hour}) // they do not end by themselves
	conn, err := new(net.ListenConfig).ListenPacket(t.Context(), "udp4", "127.0.0.1:0")
	must(t, err)
	defer conn.Close()
	offer := offerOf(t, false)
	const each = 160 << 10 // an ICE agent, and for some of them a handshake that waits
	a.undisturbed(t, growth{goroutines: limit * 14, bytes: limit*each + kept}, func() {
		for i := range many {
			_, answer, err := a.plane.Watch(t.Context(), "", offer)
			must(t, err)
			if i%10 == 0 {
				knock(t, conn, answer, offer)
			}
		}
		until(t, "the oldest are given up", func() bool { return a.node.Intrusion().Pushed >= uint64(many-limit) })
	})
	got := a.node.Intrusion()
	if got.Opening > limit {
		t.Errorf("got %d viewers that are connecting, want at most %d", got.Opening, limit)
	}
	late := watch(t, a.plane, shape{videos: 1, audios: 1})
	late.wait(late.slot(sfu.SlotProgramme, video, 0), "city hall for who comes after them", sees(1))
}

// knock sends the check that makes ICE choose the address it comes from, and nothing after it.
func knock(t *testing.T, conn net.PacketConn, answer, offer string) {
	t.Helper()
	knockAt(t, conn, net.IPv4(127, 0, 0, 1), answer, offer)
}

func knockAt(t *testing.T, conn net.PacketConn, to net.IP, answer, offer string) {
	t.Helper()
	ufrag, pwd := lineOf(answer, "a=ice-ufrag:"), lineOf(answer, "a=ice-pwd:")
	m, err := stun.Build(stun.BindingRequest, stun.TransactionID,
		stun.NewUsername(ufrag+":"+lineOf(offer, "a=ice-ufrag:")),
		stun.RawAttribute{Type: stun.AttrUseCandidate}, stun.RawAttribute{Type: stun.AttrPriority, Value: binary.BigEndian.AppendUint32(nil, 1<<31-1)},
		stun.RawAttribute{Type: stun.AttrICEControlling, Value: make([]byte, 8)},
		stun.NewShortTermIntegrity(pwd), stun.Fingerprint)
	must(t, err)
	port, err := strconv.Atoi(portOf(t, answer))
	must(t, err)
	_, err = conn.WriteTo(m.Raw, &net.UDPAddr{IP: to, Port: port})
	must(t, err)
}

// stall is a TCP proxy that stops reading what the server sends.
type stall struct {
	port    string
	stopped atomic.Bool
	gone    chan struct{}
}

func newStall(t *testing.T, to string) *stall {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp4", "127.0.0.1:0")
	must(t, err)
	s := &stall{port: l.Addr().String()[len("127.0.0.1:"):], gone: make(chan struct{})}
	ended := make(chan struct{})
	go func() { // ends with the listener
		defer close(ended)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go s.pass(c, to) // ends with either side, or with the test
		}
	}()
	t.Cleanup(func() {
		close(s.gone)
		_ = l.Close()
		<-ended
	})
	return s
}

func (s *stall) pass(c net.Conn, to string) {
	defer c.Close()
	up, err := new(net.Dialer).Dial("tcp4", "127.0.0.1:"+to)
	if err != nil {
		return
	}
	defer up.Close()
	stop := make(chan struct{})
	go func() { // ends with c
		defer close(stop)
		_, _ = io.Copy(up, c)
	}()
	buf := make([]byte, 4096)
	for !s.stopped.Load() {
		n, err := up.Read(buf)
		if err != nil {
			break
		}
		if _, err := c.Write(buf[:n]); err != nil {
			break
		}
	}
	if s.stopped.Load() {
		<-s.gone
	}
	_, _ = c.Close(), up.Close()
	<-stop
}

// M8: receivers that stop reading, a viewer and a venue over TCP and a viewer over UDP, are
// dropped from and hold nobody up; the metric says so.
func TestM8_ReceiversThatNeverReadHoldNobodyUp(t *testing.T) { //nolint:paralleltest // measures the process
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp4", "127.0.0.1:0")
	must(t, err)
	_, port, err := net.SplitHostPort(l.Addr().String())
	must(t, err)
	a := newAudienceOf(t, sfu.Config{TCP: l}, func(c *camera) { c.fat = 20 })
	proxy := newStall(t, port)
	over := shape{networks: []webrtc.NetworkType{webrtc.NetworkTypeTCP4}, videos: 1, audios: 1}
	through := func(answer string) string {
		return strings.ReplaceAll(answer, " "+port+" typ host tcptype", " "+proxy.port+" typ host tcptype")
	}
	viewer := newPeer(t, over).negotiate(func(ctx context.Context, offer string) (string, error) {
		_, answer, err := a.plane.Watch(ctx, "", offer)
		return through(answer), err
	})
	over.mic, over.camera, over.videos = true, true, 2
	venue := newPeer(t, over).join(func(ctx context.Context, offer string) (*sfu.Session, string, error) {
		s, answer, err := a.plane.JoinVenue(ctx, west, offer)
		return s, through(answer), err
	})
	line := plug(t)
	deaf := watch(t, a.plane, shape{videos: 1, audios: 1, socket: line})
	venue.wait(venue.slot(sfu.SlotProgramme, video, 0), "city hall", sees(1))
	for _, p := range []*peer{viewer, deaf} {
		p.wait(p.slot(sfu.SlotProgramme, video, 0), "city hall", sees(1))
	}
	a.undisturbed(t, growth{goroutines: 8, bytes: kept + 16<<20}, func() {
		proxy.stopped.Store(true)
		line.out.Store(true)
		until(t, "packets are dropped", func() bool {
			return a.node.TCPStats().Dropped > 0 && a.plane.Stats().ViewersDropped+uint64(a.node.TCPStats().Dropped) > 20
		})
	})
	t.Logf("%+v, viewers dropped %d times", a.node.TCPStats(), a.plane.Stats().ViewersDropped)
}
