package testnet

import (
	"container/heap"
	"net/netip"
	"sync"
	"testing"
	"time"
)

// Passage is a packet's way through the network.
type Passage struct {
	Packet
	From, To *Host // To is nil where nobody has the address
	Verdict  Verdict
	// Arrived is when the sender's kernel gave the packet, Due when the lines let it go,
	// Left when the receiver's kernel was given it (only of Delivered). Due is exact
	// however busy the machine is; Left is not.
	Arrived, Due, Left time.Time
}

// Net is a running network. Its first host has the address 10.77.0.1, the next 10.77.0.2
// and so on; the netmask is /16, so that there is room for Move.
type Net struct {
	watch func(*Passage)
	wake  chan struct{}
	done  chan struct{}
	wg    sync.WaitGroup

	mu      sync.Mutex // guards all below, and the hosts' lines
	hosts   []*Host
	coming  agenda
	counter uint64
}

// Config is what a network is made of.
type Config struct {
	// Hosts are the names of the hosts.
	Hosts []string
	// Seed decides every random thing.
	Seed uint64
	// Watch, if not nil, sees every packet once, when its way has ended, in the order of
	// the ends. It runs in the network's goroutine and holds it up.
	Watch func(*Passage)
}

// New makes a network that lives as long as the test. Unlike other constructors of this
// project it starts what it makes: a test has no Run to put it under.
func New(tb testing.TB, cfg Config) *Net {
	tb.Helper()
	n := &Net{watch: cfg.Watch, wake: make(chan struct{}, 1), done: make(chan struct{})}
	if n.watch == nil {
		n.watch = func(*Passage) {}
	}
	tb.Cleanup(n.close)
	for i, name := range cfg.Hosts {
		h, err := newHost(n, name, netip.AddrFrom4([4]byte{10, 77, 0, byte(i + 1)}))
		if err != nil {
			tb.Fatalf("the network tests need Linux, network namespaces and /dev/net/tun, as root or through unshare -Urn: %v", err)
		}
		stream := uint64(2 * i)
		h.up, h.down = newDirection(cfg.Seed, stream), newDirection(cfg.Seed, stream+1)
		n.mu.Lock()
		n.hosts = append(n.hosts, h)
		n.mu.Unlock()
		// Stopped by close: the device is closed.
		n.wg.Go(func() { n.read(h) })
	}
	// Stopped by close.
	n.wg.Go(n.run)
	return n
}

// Host returns a host by its name; an unknown name is a mistake in the test.
func (n *Net) Host(name string) *Host {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, h := range n.hosts {
		if h.name == name {
			return h
		}
	}
	panic("testnet: no host " + name)
}

func (n *Net) close() {
	close(n.done)
	n.mu.Lock()
	hosts := n.hosts
	n.mu.Unlock()
	for _, h := range hosts {
		h.close()
	}
	n.wg.Wait()
}

// read takes what a host sends until its device is closed.
func (n *Net) read(h *Host) {
	buffer := make([]byte, 1<<16)
	for {
		size, err := h.tun.Read(buffer)
		if err != nil {
			return
		}
		now := time.Now()
		packet, ok := parse(append([]byte(nil), buffer[:size]...))
		if !ok {
			continue
		}
		n.mu.Lock()
		n.plan(&transit{at: now, stage: sent, Passage: Passage{Packet: packet, From: h, Arrived: now}})
		n.mu.Unlock()
		select {
		case n.wake <- struct{}{}:
		default:
		}
	}
}

// run moves packets on when their time comes.
func (n *Net) run() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		ended, next := n.advance(time.Now())
		for _, p := range ended {
			n.finish(p)
		}
		if !next.IsZero() {
			timer.Reset(time.Until(next))
		}
		select {
		case <-n.done:
			return
		case <-n.wake:
		case <-timer.C:
		}
	}
}

// finish hands the packet over, if it came through, and tells.
func (n *Net) finish(p *Passage) {
	if p.Verdict == Delivered {
		if _, err := p.To.tun.Write(p.raw); err != nil {
			p.Verdict = Down // the host is ending
		}
		p.Left = time.Now()
	}
	n.watch(p)
}

// stage is what a packet waits for.
type stage uint8

const (
	sent    stage = iota // the sender's kernel gave it
	between              // the sender's line let it go
	through              // the receiver's line let it go
)

// transit is a packet on its way.
type transit struct {
	Passage

	at     time.Time // when the stage is reached
	number uint64    // orders what comes at one time
	stage  stage
}

// plan puts a packet on the agenda; with mu held.
func (n *Net) plan(t *transit) {
	n.counter++
	t.number = n.counter
	heap.Push(&n.coming, t)
}

// advance does everything that is due and returns the packets whose way has ended, and
// when the next thing is due.
func (n *Net) advance(now time.Time) (ended []*Passage, next time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for len(n.coming) > 0 {
		if first := n.coming[0]; first.at.After(now) {
			return ended, first.at
		}
		t, ok := heap.Pop(&n.coming).(*transit)
		if !ok {
			panic("testnet: a stranger on the agenda")
		}
		if n.step(t) {
			ended = append(ended, &t.Passage)
		} else {
			n.plan(t)
		}
	}
	return ended, time.Time{}
}

// step takes a packet through one stage and reports whether its way has ended.
func (n *Net) step(t *transit) (ended bool) {
	p := &t.Passage
	switch t.stage {
	case sent:
		if p.From.border.blocks(&p.Packet) {
			p.Verdict = Blocked
			return true
		}
		t.at, p.Verdict = p.From.up.pass(t.at, p.Size)
		t.stage = between
	case between:
		p.To = n.owner(p.Dst.Addr())
		switch {
		case p.From.up.line.Down:
			p.Verdict = Down
		case p.To == nil:
			p.Verdict = Unroutable
		case p.To.border.blocks(&p.Packet):
			p.Verdict = Blocked
		default:
			t.at, p.Verdict = p.To.down.pass(t.at, p.Size)
		}
		t.stage = through
	case through:
		if p.To.down.line.Down {
			p.Verdict = Down
		}
		p.Due = t.at
		return true
	}
	return p.Verdict != Delivered
}

func (n *Net) owner(a netip.Addr) *Host {
	for _, h := range n.hosts {
		if h.addr == a {
			return h
		}
	}
	return nil
}

// agenda is a heap by time.
type agenda []*transit

func (a *agenda) Len() int { return len(*a) }

func (a *agenda) Less(i, j int) bool {
	x, y := (*a)[i], (*a)[j]
	if !x.at.Equal(y.at) {
		return x.at.Before(y.at)
	}
	return x.number < y.number
}

func (a *agenda) Swap(i, j int) { (*a)[i], (*a)[j] = (*a)[j], (*a)[i] }

func (a *agenda) Push(x any) {
	if t, ok := x.(*transit); ok {
		*a = append(*a, t)
	}
}

func (a *agenda) Pop() any {
	old := *a
	last := old[len(old)-1]
	old[len(old)-1] = nil
	*a = old[:len(old)-1]
	return last
}
