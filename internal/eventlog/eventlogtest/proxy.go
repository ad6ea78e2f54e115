package eventlogtest

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"
)

// Proxy is a TCP line between a node and its Redis that a test can break. Safe for
// concurrent use.
type Proxy struct {
	tb       testing.TB
	listener net.Listener
	pumps    sync.WaitGroup

	lineMu sync.Mutex // guards all below
	target string
	delay  time.Duration // of everything a client sends
	flows  chan struct{} // closed while the line is whole
	links  map[*link]struct{}
	closed bool
}

// link is one connection through the proxy.
type link struct {
	client, server net.Conn
	ended          chan struct{} // closed when either side has ended
	once           sync.Once
}

func (l *link) end() {
	l.once.Do(func() {
		close(l.ended)
		l.client.Close() //nolint:errcheck,gosec // it may be broken: that is what the proxy is for
		l.server.Close() //nolint:errcheck,gosec // as above
	})
}

// StartProxy returns a line to target (host:port) that is closed after the test.
func StartProxy(tb testing.TB, target string) *Proxy {
	tb.Helper()
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatalf("listen for a proxy: %v", err)
	}
	p := &Proxy{tb: tb, listener: listener, target: target, flows: make(chan struct{}), links: make(map[*link]struct{})}
	close(p.flows)
	p.pumps.Go(p.accept) // ended by close
	tb.Cleanup(p.close)
	return p
}

// URL is the address of the Redis behind the line; parameters may be added after a '?'.
func (p *Proxy) URL() string { return "redis://" + p.listener.Addr().String() + "/0" }

// Redirect breaks all connections and leads new ones to another target.
func (p *Proxy) Redirect(target string) {
	p.lineMu.Lock()
	p.target = target
	p.lineMu.Unlock()
	p.Break()
}

// Break ends all connections; new ones are made.
func (p *Proxy) Break() {
	for _, l := range p.all() {
		l.end()
	}
}

// Hold stops everything on the line, both ways, and tells nobody; Release lets it go on
// with what was sent meanwhile.
func (p *Proxy) Hold() {
	p.lineMu.Lock()
	defer p.lineMu.Unlock()
	p.flows = make(chan struct{})
}

// Release undoes Hold.
func (p *Proxy) Release() {
	p.lineMu.Lock()
	defer p.lineMu.Unlock()
	close(p.flows)
}

// Delay holds everything that clients send back for so long.
func (p *Proxy) Delay(d time.Duration) {
	p.lineMu.Lock()
	defer p.lineMu.Unlock()
	p.delay = d
}

func (p *Proxy) all() (links []*link) {
	p.lineMu.Lock()
	defer p.lineMu.Unlock()
	for l := range p.links {
		links = append(links, l)
	}
	return links
}

func (p *Proxy) close() {
	p.lineMu.Lock()
	p.closed = true
	p.lineMu.Unlock()
	if err := p.listener.Close(); err != nil {
		p.tb.Errorf("close the proxy: %v", err)
	}
	p.Break()
	p.pumps.Wait()
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return // closed
		}
		p.pumps.Go(func() { p.connect(client) }) // ends when its link does
	}
}

func (p *Proxy) connect(client net.Conn) {
	p.lineMu.Lock()
	target := p.target
	p.lineMu.Unlock()
	server, err := net.Dial("tcp", target) //nolint:noctx // to this machine: answered or refused at once
	if err != nil {
		client.Close() //nolint:errcheck,gosec // as a machine that refuses
		return
	}
	l := &link{client: client, server: server, ended: make(chan struct{})}
	if !p.keep(l) {
		l.end()
		return
	}
	var both sync.WaitGroup
	both.Go(func() { p.pump(l, server, client, true) }) // each ends when the link does
	both.Go(func() { p.pump(l, client, server, false) })
	both.Wait()
	p.lineMu.Lock()
	defer p.lineMu.Unlock()
	delete(p.links, l)
}

func (p *Proxy) keep(l *link) bool {
	p.lineMu.Lock()
	defer p.lineMu.Unlock()
	p.links[l] = struct{}{}
	return !p.closed
}

func (p *Proxy) pump(l *link, to, from net.Conn, outward bool) {
	defer l.end()
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			if !p.pass(l, outward) {
				return
			}
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// pass waits until the line lets something through; false: the link has ended.
func (p *Proxy) pass(l *link, outward bool) bool {
	p.lineMu.Lock()
	flows, delay := p.flows, p.delay
	p.lineMu.Unlock()
	if outward && delay > 0 {
		late := time.NewTimer(delay)
		defer late.Stop()
		select {
		case <-late.C:
		case <-l.ended:
			return false
		}
	}
	select {
	case <-flows:
		return true
	case <-l.ended:
		return false
	}
}
