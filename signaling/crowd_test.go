package signaling_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/diemcau/diemcau/signaling/protocol"
)

// order is what a crowd is for.
type order struct {
	URL     string `json:"url"`
	Members int    `json:"members"`
	// Ask: they submit questions when told how many; otherwise they tell when all have
	// got a stamped message.
	Ask bool `json:"ask"`
}

// figures are what a crowd saw: of one stamped message, or of submissions.
type figures struct {
	Count int           `json:"count"`
	Bytes int           `json:"bytes,omitempty"`
	P50   time.Duration `json:"p50"`
	P99   time.Duration `json:"p99"`
	Took  time.Duration `json:"took"`
}

// startCrowd returns once all members have their snapshot.
func startCrowd(tb testing.TB, o order) *process {
	tb.Helper()
	p := startProcess(tb, crowdOrder, mustJSON(o))
	var ready figures
	if p.hear(&ready); ready.Count != o.Members {
		tb.Fatalf("%d of %d members are ready", ready.Count, o.Members)
	}
	return p
}

// stamp is put into a message to tell when it set out; clocks are one on one machine.
func stamp(at time.Time) string { return fmt.Sprintf("@%019d@", at.UnixNano()) }

// stamped finds the stamp in a message.
func stamped(data []byte) (time.Time, bool) {
	_, rest, ok := bytes.Cut(data, []byte("@"))
	if !ok || len(rest) < 20 || rest[19] != '@' {
		return time.Time{}, false
	}
	nanoseconds, err := strconv.ParseInt(string(rest[:19]), 10, 64)
	return time.Unix(0, nanoseconds), err == nil
}

// runCrowd is the crowd's process; it ends with its standard input.
func runCrowd(text string) int {
	var o order
	err := errors.Join(json.Unmarshal([]byte(text), &o), mostFiles())
	if err == nil {
		err = (&assembly{order: o}).run()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "crowd:", err)
		return 1
	}
	return 0
}

// assembly is the members of a crowd.
type assembly struct {
	order
	members []*websocket.Conn

	arrived atomic.Int64
	size    atomic.Int64
	after   []time.Duration // of the message under way
	all     chan struct{}   // receives when it has arrived everywhere
}

func (a *assembly) run() error {
	a.members, a.after, a.all = make([]*websocket.Conn, a.Members), make([]time.Duration, a.Members), make(chan struct{})
	broken := make(chan error, a.Members)
	doing := make(chan struct{}, 32) // handshakes at a time
	for i := range a.members {
		doing <- struct{}{}
		go func() { // ends with its handshake
			ws, err := enter(a.URL)
			if a.members[i] = ws; err != nil {
				broken <- err
			}
			<-doing
		}()
	}
	for range cap(doing) {
		doing <- struct{}{}
	}
	if len(broken) > 0 {
		return <-broken
	}
	if !a.Ask {
		for _, ws := range a.members {
			go func() { broken <- a.listen(ws) }() // ends with the process
		}
	}
	say(figures{Count: len(a.members)})
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		if a.Ask {
			n, err := strconv.Atoi(lines.Text())
			if err == nil {
				var f figures
				f, err = askAll(len(a.members), n, func(asker int) error { return askOne(a.members[asker]) })
				say(f)
			}
			if err != nil {
				return err
			}
			continue
		}
		select {
		case <-a.all:
			a.report()
		case err := <-broken:
			return err
		}
	}
	return lines.Err()
}

// enter opens a socket and reads to the end of its snapshot.
func enter(url string) (*websocket.Conn, error) {
	dialer := websocket.Dialer{
		Subprotocols: []string{protocol.Subprotocol}, ReadBufferSize: 1 << 10, WriteBufferSize: 512,
		WriteBufferPool: &sync.Pool{}, HandshakeTimeout: patience,
	}
	ws, response, err := dialer.DialContext(context.Background(), url, http.Header{})
	if err != nil {
		return nil, err
	}
	_ = response.Body.Close()
	hello := protocol.ClientMessage{Type: "hello", Hello: &protocol.Hello{Protocols: []int{1}}}
	if err := ws.WriteMessage(websocket.TextMessage, []byte(mustJSON(hello))); err != nil {
		return nil, err
	}
	for {
		_, data, err := ws.ReadMessage()
		if err != nil {
			return nil, err
		}
		if bytes.Contains(data[:min(len(data), 64)], []byte(`"type":"snapshot"`)) {
			return ws, nil
		}
	}
}

// listen notes when stamped messages arrive. It is lean: its work delays the server's.
func (a *assembly) listen(ws *websocket.Conn) error {
	buffer := make([]byte, 2<<10)
	for {
		_, r, err := ws.NextReader()
		if err != nil {
			return err
		}
		n, err := io.ReadFull(r, buffer)
		now := time.Now()
		if err == nil {
			return errors.New("message is too long")
		}
		at, ok := stamped(buffer[:n])
		if !ok {
			continue
		}
		i := a.arrived.Add(1)
		a.after[i-1] = now.Sub(at)
		if int(i) == len(a.after) {
			a.size.Store(int64(n))
			a.all <- struct{}{}
		}
	}
}

// report tells of the message that has arrived everywhere; nobody waits for another yet.
func (a *assembly) report() {
	slices.Sort(a.after)
	n := len(a.after)
	f := figures{Count: n, Bytes: int(a.size.Load()), P50: a.after[n/2], P99: a.after[n*99/100], Took: a.after[n-1]}
	a.arrived.Store(0)
	say(f)
}

// askAll lets askers ask n questions, each waiting for its answer before the next.
func askAll(askers, n int, ask func(asker int) error) (figures, error) {
	var next atomic.Int64
	var wg sync.WaitGroup
	times := make([]time.Duration, n)
	broken := make(chan error, askers)
	began := time.Now()
	for asker := range askers {
		wg.Go(func() { // ends when all are asked
			for i := int(next.Add(1)); i <= n; i = int(next.Add(1)) {
				asked := time.Now()
				if err := ask(asker); err != nil {
					broken <- err
					return
				}
				times[i-1] = time.Since(asked)
			}
		})
	}
	wg.Wait()
	took := time.Since(began)
	if len(broken) > 0 {
		return figures{}, <-broken
	}
	slices.Sort(times)
	return figures{Count: n, P50: times[n/2], P99: times[n*99/100], Took: took}, nil
}

func askOne(ws *websocket.Conn) error {
	id := rand.Text()
	err := ws.WriteMessage(websocket.TextMessage, []byte(mustJSON(protocol.ClientMessage{
		Type: "command", ID: id, Name: "question.submit",
		Data: json.RawMessage(mustJSON(submission(id, benchQuestion))),
	})))
	if err != nil {
		return err
	}
	for {
		_, data, err := ws.ReadMessage()
		if err != nil {
			return err
		}
		var m protocol.ServerMessage
		if err := json.Unmarshal(data, &m); err != nil {
			return err
		}
		switch {
		case m.Reply != nil && m.Reply.OK == nil:
			return errors.New(string(data))
		case m.Reply != nil && m.Reply.To == id:
			return nil
		}
	}
}

const benchQuestion = "Bao giờ tôi được cấp sổ đỏ cho thửa đất số 5?"
