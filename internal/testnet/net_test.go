package testnet_test

import (
	"context"
	"encoding/binary"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/diemcau/diemcau/internal/testnet"
)

// patience is how long a test waits for something that is to happen.
const patience = 60 * time.Second

// record keeps the UDP packets' passages and tells of each.
type record struct {
	mu   sync.Mutex // guards all, more
	all  []testnet.Passage
	more chan struct{}
}

func newRecord() *record { return &record{more: make(chan struct{})} }

func (r *record) watch(p *testnet.Passage) {
	if p.Protocol != testnet.UDP {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, *p)
	close(r.more)
	r.more = make(chan struct{})
}

// wait waits until so many packets have ended their way.
func (r *record) wait(t *testing.T, count int) []testnet.Passage {
	t.Helper()
	deadline := time.After(patience)
	for {
		r.mu.Lock()
		all, more := r.all, r.more
		r.mu.Unlock()
		if len(all) >= count {
			return all
		}
		select {
		case <-more:
		case <-deadline:
			t.Fatalf("%d packets seen, want %d", len(all), count)
		}
	}
}

// pair is two hosts with a socket each.
type pair struct {
	*testing.T

	a, b         *testnet.Host
	sender       net.PacketConn
	receiver     net.PacketConn
	rec          *record
	sent         int
	receivedMu   sync.Mutex // guards received, more
	received     []uint32
	receivedMore chan struct{}
}

func newPair(t *testing.T) *pair {
	t.Helper()
	rec := newRecord()
	n := testnet.New(t, testnet.Config{Hosts: []string{"a", "b"}, Seed: 42, Watch: rec.watch})
	p := &pair{T: t, a: n.Host("a"), b: n.Host("b"), rec: rec, receivedMore: make(chan struct{})}
	p.sender, p.receiver = listen(t, p.a), listen(t, p.b)
	var reading sync.WaitGroup
	reading.Go(p.read) // ends when the socket is closed
	t.Cleanup(func() {
		p.receiver.Close()
		reading.Wait()
	})
	return p
}

func listen(t *testing.T, h *testnet.Host) net.PacketConn {
	t.Helper()
	c, err := h.ListenPacket(t.Context(), "udp4", net.JoinHostPort(h.Addr().String(), "0"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func (p *pair) read() {
	b := make([]byte, 2048)
	for {
		n, _, err := p.receiver.ReadFrom(b)
		if err != nil {
			return
		}
		if n < 4 {
			continue
		}
		p.receivedMu.Lock()
		p.received = append(p.received, binary.BigEndian.Uint32(b))
		close(p.receivedMore)
		p.receivedMore = make(chan struct{})
		p.receivedMu.Unlock()
	}
}

// send sends numbered packets of size bytes of IP and waits until the network is done with
// them and the receiver has what came through. Few are on the way at once, so that no
// socket buffer is too small on a busy machine.
func (p *pair) send(count, size int) []testnet.Passage {
	p.Helper()
	payload := make([]byte, size-28)
	from := p.sent
	for range count {
		binary.BigEndian.PutUint32(payload, uint32(p.sent))
		if _, err := p.sender.WriteTo(payload, p.receiver.LocalAddr()); err != nil {
			p.Fatal(err)
		}
		if p.sent++; p.sent%64 == 0 || p.sent == from+count {
			p.settle()
		}
	}
	return p.rec.wait(p.T, p.sent)[from:p.sent]
}

// settle waits until all that was sent has arrived or was dropped.
func (p *pair) settle() {
	p.Helper()
	delivered := 0
	for _, q := range p.rec.wait(p.T, p.sent) {
		if q.Verdict == testnet.Delivered {
			delivered++
		}
	}
	deadline := time.After(patience)
	for {
		p.receivedMu.Lock()
		got, more := len(p.received), p.receivedMore
		p.receivedMu.Unlock()
		if got == delivered {
			return
		}
		select {
		case <-more:
		case <-deadline:
			p.Fatalf("received %d packets, the network delivered %d", got, delivered)
		}
	}
}

func (p *pair) numbers() []uint32 {
	p.receivedMu.Lock()
	defer p.receivedMu.Unlock()
	return append([]uint32(nil), p.received...)
}

func count(all []testnet.Passage, v testnet.Verdict) (n int) {
	for _, p := range all {
		if p.Verdict == v {
			n++
		}
	}
	return n
}

func TestNet_perfectLine(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	p.send(1000, 200)
	for i, n := range p.numbers() {
		if n != uint32(i) {
			t.Fatalf("packet %d came as number %d", n, i)
		}
	}
	if got := len(p.numbers()); got != 1000 {
		t.Errorf("received %d of 1000", got)
	}
}

func TestNet_lossIsWhatWasAsked(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	const total = 6000
	p.a.SetUp(testnet.Line{Loss: 0.10})
	p.b.SetUp(testnet.Line{Loss: 1}) // the other direction is nobody's business
	passages := p.send(total, 100)
	lost := count(passages, testnet.Lost)
	// 600 ± five standard deviations; with this seed always the same count.
	if lost < 600-117 || lost > 600+117 {
		t.Errorf("lost %d of %d, want 10 %%", lost, total)
	}
	if got := len(p.numbers()); got != total-lost {
		t.Errorf("the receiver got %d, want %d", got, total-lost)
	}
	if up, _ := p.a.Counts(); up.Lost != lost || up.Packets < total {
		t.Errorf("counted %+v, want %d lost", up, lost)
	}
	// Changed while running: both of a packet's lines lose.
	p.a.SetUp(testnet.Line{})
	p.b.SetDown(testnet.Line{Loss: 1})
	if again := p.send(100, 100); count(again, testnet.Lost) != 100 {
		t.Errorf("lost %d of 100 on a line that loses all", count(again, testnet.Lost))
	}
}

func TestNet_delayIsWhatWasAsked(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	up, down := 40*time.Millisecond, 20*time.Millisecond
	p.a.SetUp(testnet.Line{Delay: up, Jitter: 30 * time.Millisecond})
	p.b.SetDown(testnet.Line{Delay: down})
	sum := time.Duration(0)
	passages := p.send(300, 100)
	for _, q := range passages {
		planned := q.Due.Sub(q.Arrived)
		if planned < up+down || q.Left.Before(q.Due) {
			t.Fatalf("planned %v, took %v; want at least %v", planned, q.Left.Sub(q.Arrived), up+down)
		}
		sum += planned
	}
	// In a burst the later wait for the earlier: the mean is between the mean of single
	// packets (75 ms) and the longest (90 ms).
	if mean := sum / time.Duration(len(passages)); mean < 75*time.Millisecond || mean > 90*time.Millisecond {
		t.Errorf("mean planned delay %v, want 75 ms to 90 ms", mean)
	}
}

func TestNet_reorder(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	p.a.SetUp(testnet.Line{Reorder: 0.2, ReorderBy: time.Second})
	p.send(512, 100)
	up, _ := p.a.Counts()
	late, highest := 0, uint32(0)
	for _, n := range p.numbers() {
		if n < highest {
			late++
		}
		highest = max(highest, n)
	}
	// Whatever is held back for a second comes after the rest of its 64, except the last
	// ones of a burst, which nobody is there to overtake.
	if late == 0 || late > up.Reordered || late < up.Reordered-16 {
		t.Errorf("%d came late, %d were held back", late, up.Reordered)
	}
	if got := len(p.numbers()); got != 512 {
		t.Errorf("received %d of 512", got)
	}
}

func TestNet_rateIsWhatWasAsked(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	const rate = 4_000_000
	p.a.SetUp(testnet.Line{Rate: rate, Queue: time.Minute})
	passages := p.send(1024, 1000)
	var first, last time.Time
	for _, q := range passages {
		if first.IsZero() {
			first = q.Arrived
		}
		last = q.Due
	}
	// It never goes faster, however the machine is loaded: all bits less one burst.
	bits := float64((len(passages)*1000 - 3000) * 8)
	if took := last.Sub(first).Seconds(); bits/took > rate*1.001 {
		t.Errorf("%g bits/s passed, want at most %d", bits/took, rate)
	}
	// And no burst waits longer than its own 64 kB take.
	for _, q := range passages {
		if wait := q.Due.Sub(q.Arrived); wait > 129*time.Millisecond {
			t.Fatalf("a packet waited %v", wait)
		}
	}
	p.a.SetUp(testnet.Line{Rate: 8000, Queue: time.Second}) // 1,000 bytes a second
	if lost := count(p.send(64, 1000), testnet.Overflowed); lost < 58 {
		t.Errorf("%d of 64 overflowed a queue of one second", lost)
	}
}

func TestNet_unplugAndMove(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	// What is on the way when the link goes is lost too.
	p.a.SetUp(testnet.Line{Delay: time.Second})
	if _, err := p.sender.WriteTo([]byte("gone"), p.receiver.LocalAddr()); err != nil {
		t.Fatal(err)
	}
	p.sent++
	until(t, "the packet is on its way", func() bool { up, _ := p.a.Counts(); return up.Packets > 0 })
	p.a.Unplug()
	p.send(10, 100)
	if got := len(p.numbers()); got != 0 {
		t.Errorf("%d packets came through a link that was down", got)
	}
	p.a.Plug()
	p.a.SetUp(testnet.Line{})
	p.send(10, 100)
	if got := len(p.numbers()); got != 10 {
		t.Errorf("%d of 10 packets came after the link was back", got)
	}
	moved := netip.MustParseAddr("10.77.9.9")
	if err := p.a.Move(p.b.Addr()); err == nil {
		t.Error("moved to an address that is taken")
	}
	if err := p.a.Move(moved); err != nil {
		t.Fatal(err)
	}
	if _, err := p.sender.WriteTo([]byte("from nowhere"), p.receiver.LocalAddr()); err == nil {
		t.Error("a socket of the old address still sends")
	}
	p.sender = listen(t, p.a)
	passages := p.send(10, 100)
	if got := len(p.numbers()); got != 20 || passages[0].Src.Addr() != moved {
		t.Errorf("%d packets, the last from %v; want 20 and %v", got, passages[0].Src, moved)
	}
}

// until looks again with every tick; it is for counters nobody announces.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-ctx.Done():
			t.Fatalf("waited in vain: %s", what)
		case <-tick.C:
		}
	}
}
