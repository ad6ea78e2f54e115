package signaling_test

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/moderation"
	"github.com/diemcau/diemcau/signaling/protocol"
)

// TestQ5_WhoStopsReadingIsClosed: over real connections, some of many readers stop
// reading. They are closed; nobody else is, and nobody else misses anything.
func TestQ5_WhoStopsReadingIsClosed(t *testing.T) {
	t.Parallel()
	readers, stopped := 500, 10
	if soak() {
		readers, stopped = 5000, 100
	}
	if err := mostFiles(); err != nil {
		t.Fatal(err)
	}
	conf := newFakeConference()
	h := newHarness(t, nil, conf)
	h.server.Config.ConnState = func(c net.Conn, state http.ConnState) {
		if tcp, is := c.(*net.TCPConn); is && state == http.StateNew {
			_ = tcp.SetWriteBuffer(8 << 10) // else the system takes megabytes for who does not read
		}
	}
	h.start()
	var slow, quick []*peer
	for i := range readers {
		p := h.reader(i < stopped)
		if i < stopped {
			slow = append(slow, p)
		} else {
			quick = append(quick, p)
		}
	}
	arrived := make(chan struct{}, 1) // an event has come to the first of the quick
	counts := make([]int, len(quick))
	var wg sync.WaitGroup
	for i, p := range quick {
		wg.Go(func() { // ends with the last event
			counts[i] = p.count(func() {
				if i == 0 {
					arrived <- struct{}{}
				}
			})
		})
	}
	events := 0
	put := func(words string) {
		conf.put("q1", moderation.StateApproved, words)
		<-arrived
		events++
	}
	began := time.Now()
	words := strings.Repeat("Đất của tôi bao giờ được cấp sổ? ", protocol.MaxQuestionRunes/33)
	for h.hub.Sockets() > len(quick) && events < mostEvents && !t.Failed() {
		put(words)
	}
	took := time.Since(began)
	if took > pongWithin/2 {
		t.Errorf("the slow were closed after %v: not for what they did not read, but for their silence", took)
	}
	put(lastWords)
	wg.Wait()
	for i, n := range counts {
		if n != events {
			t.Errorf("reader %d got %d of %d events", i, n, events)
		}
	}
	if n := h.hub.Sockets(); n != len(quick) {
		t.Errorf("got %d sockets after %d events, want the %d that read", n, events, len(quick))
	}
	for i, p := range slow {
		if err := p.drained(); err != nil {
			t.Errorf("slow %d: %v", i, err)
		}
	}
	t.Logf("%d of %d stopped reading and were closed after %v and %d events", stopped, readers, took.Round(time.Millisecond), events)
}

// mostEvents are many more than are needed to find out who does not read.
const mostEvents = 1000

// pongWithin is how long a peer may be silent.
const pongWithin = 2*protocol.PingEveryMs*time.Millisecond + 10*time.Second

const lastWords = "Hết."

// reader joins as a citizen; if it is to be slow, with as little room for what it does not
// read as the system lets it have.
func (h *harness) reader(slow bool) *peer {
	h.t.Helper()
	dialer := newDialer()
	if slow {
		small := func(_, _ string, raw syscall.RawConn) error {
			var err error
			return errors.Join(raw.Control(func(fd uintptr) {
				err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 1)
			}), err)
		}
		dialer.NetDialContext = (&net.Dialer{Control: small}).DialContext
	}
	ws, response, err := dialer.Dial(h.address(), nil)
	if err != nil {
		h.t.Fatalf("dial: %v", err)
	}
	_ = response.Body.Close()
	h.t.Cleanup(func() { _ = ws.Close() })
	p := &peer{t: h.t, ws: ws}
	p.hello(protocol.Hello{Protocols: []int{1}, Role: conference.RoleCitizen})
	p.snapshot()
	return p
}

// count reads to the last event and returns how many there were; read checks that there
// is no gap.
func (p *peer) count(each func()) (n int) {
	for {
		m, err := p.read()
		if err != nil {
			p.t.Errorf("closed after %d events: %v", n, err)
			return n
		}
		if m.Events == nil {
			continue
		}
		for _, e := range m.Events.Events {
			n++
			each()
			if e.Question.Text == lastWords {
				return n
			}
		}
	}
}

// drained reads what is still under way to a socket that has been closed.
func (p *peer) drained() error {
	for {
		m, err := p.read()
		timeout, is := errors.AsType[net.Error](err)
		switch {
		case is && timeout.Timeout():
			return fmt.Errorf("is still open: %w", err)
		case err != nil:
			return nil //nolint:nilerr // it is closed, as it should be
		}
		if m.Events != nil && m.Events.Events[0].Question.Text == lastWords {
			return errors.New("got everything: it was not slow")
		}
	}
}
