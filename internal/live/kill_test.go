package live_test

import (
	"crypto/rand"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog"
	"github.com/diemcau/diemcau/internal/eventlog/eventlogtest"
)

// massacre is one run of TestQ1: clients that repeat every submission until it is
// acknowledged, by whatever server there is.
type massacre struct {
	tb        testing.TB
	where     string
	questions int
	clients   int

	acked, retried atomic.Int64
	more           chan struct{} // receives once per acknowledgement

	serverMu sync.Mutex // guards server
	server   *server

	answersMu sync.Mutex // guards answers
	answers   map[string]told
}

func newMassacre(tb testing.TB, where string, questions int) *massacre {
	tb.Helper()
	m := &massacre{
		tb: tb, where: where, questions: questions, clients: 40,
		more: make(chan struct{}, questions), answers: make(map[string]told),
		server: startServer(tb, where),
	}
	tb.Cleanup(func() { m.current().kill() })
	return m
}

func (m *massacre) current() *server {
	m.serverMu.Lock()
	defer m.serverMu.Unlock()
	return m.server
}

// killServer kills the server and starts another on the same log; clients wait for it.
func (m *massacre) killServer() {
	m.serverMu.Lock()
	defer m.serverMu.Unlock()
	m.server.kill()
	m.server = startServer(m.tb, m.where)
}

// run asks all questions and calls each of kills when its share of them is acknowledged.
func (m *massacre) run(kills []func()) {
	m.tb.Helper()
	var work sync.WaitGroup
	var next atomic.Int64
	for range m.clients {
		work.Go(func() { // ends when all questions are acknowledged
			for next.Add(1) <= int64(m.questions) && !m.tb.Failed() {
				m.askOne()
			}
		})
	}
	for i, kill := range kills {
		for m.acked.Load() < int64((i+1)*m.questions/(len(kills)+1)) && !m.tb.Failed() {
			<-m.more
		}
		kill()
	}
	work.Wait()
	m.tb.Logf("%d submissions acknowledged through %d kills, %d repetitions", m.acked.Load(), len(kills), m.retried.Load())
}

func (m *massacre) askOne() {
	w := wanted{Command: rand.Text(), Key: rand.Text(), Body: "Còn đó không?"}
	for {
		t, answered := m.current().ask(w)
		switch {
		case answered && t.Refused == "":
			m.acked.Add(1)
			m.answersMu.Lock()
			m.answers[w.Key] = t
			m.answersMu.Unlock()
			m.more <- struct{}{}
			return
		case answered && t.Refused != "again":
			m.tb.Errorf("refused: %s", t.Refused)
			m.more <- struct{}{}
			return
		}
		m.retried.Add(1)
	}
}

// check reads the log: every acknowledged question is there once, without a gap, and its
// key still gives its code.
func (m *massacre) check(t *testing.T, store eventlog.Store) {
	t.Helper()
	asked := make([]conference.QuestionID, 0, len(m.answers))
	for _, answer := range m.answers {
		asked = append(asked, conference.QuestionID(answer.Question))
	}
	if len(asked) != m.questions {
		t.Errorf("%d acknowledged, want %d", len(asked), m.questions)
	}
	wantRecord(t, store, asked...)
	node, _ := startNode(t, store)
	c, err := node.Conference(theID)
	if err != nil {
		t.Fatal(err)
	}
	wantQuestions(t, c, m.questions)
	for key, answer := range m.answers {
		outcome := must(t, c, citizen, question(key, "Còn đó không?"))
		if outcome.Code != answer.Code || string(outcome.Question) != answer.Question {
			t.Fatalf("key %s gives %+v, was acknowledged as %+v", key, outcome, answer)
		}
	}
}

// TestQ1_KilledOnRedis kills the server and the redis-server in turn while citizens ask.
func TestQ1_KilledOnRedis(t *testing.T) {
	t.Parallel()
	redis := eventlogtest.StartRedis(t)
	m := newMassacre(t, redis.URL, sized(1000, 10_000))
	var kills []func()
	for range sized(2, 20) {
		kills = append(kills, m.killServer, func() { redis.Kill(); redis.Restart() })
	}
	m.run(kills)
	m.current().kill()
	m.check(t, openRedisAt(t, redis.URL))
}

// TestQ1_KilledOnSQLite kills the server, which is the log's writer, while citizens ask.
func TestQ1_KilledOnSQLite(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	m := newMassacre(t, dir, sized(1000, 10_000))
	var kills []func()
	for range sized(4, 40) {
		kills = append(kills, m.killServer)
	}
	m.run(kills)
	m.current().kill()
	store := openSQLite(t, dir)
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	m.check(t, store)
}
