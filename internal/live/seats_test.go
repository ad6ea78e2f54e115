package live_test

import (
	"crypto/rand"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog"
	"github.com/diemcau/diemcau/internal/eventlog/eventlogtest"
	"github.com/diemcau/diemcau/internal/registration"
)

// rush is one run of TestR1: people who all register at once, each twice, on whatever server
// there is, and try again until they are told where they stand.
type rush struct {
	tb      testing.TB
	where   []string // of the servers
	people  int
	seats   int
	clients int

	acked, clock atomic.Int64
	more         chan struct{} // receives once per answer

	serversMu sync.Mutex // guards servers
	servers   []*server

	answersMu sync.Mutex // guards answers
	answers   [][]stamped
}

// stamped is an answer with when it was asked for and when it came, by a counter.
type stamped struct {
	told

	sent, came int64
}

func newRush(tb testing.TB, where ...string) *rush {
	tb.Helper()
	r := &rush{
		tb: tb, where: where, people: sized(1000, 20_000), seats: sized(50, 500), clients: 400,
		servers: make([]*server, len(where)),
	}
	r.more = make(chan struct{}, 2*r.people)
	r.answers = make([][]stamped, r.people)
	for i := range where {
		r.servers[i] = startServer(tb, where[i])
	}
	tb.Cleanup(func() {
		for i := range where {
			r.current(i).kill()
		}
	})
	for t, answered := r.current(0).ask(wanted{Command: rand.Text(), Seats: r.seats}); !answered || t.Refused != ""; {
		tb.Fatalf("seats: %+v", t)
	}
	return r
}

func (r *rush) current(i int) *server {
	r.serversMu.Lock()
	defer r.serversMu.Unlock()
	return r.servers[i]
}

func (r *rush) killServer(i int) {
	r.serversMu.Lock()
	defer r.serversMu.Unlock()
	r.servers[i].kill()
	r.servers[i] = startServer(r.tb, r.where[i])
}

// run has everybody register and calls each of kills when its share is answered.
func (r *rush) run(kills []func()) {
	r.tb.Helper()
	keys := make([]string, r.people)
	for i := range keys {
		keys[i] = rand.Text()
	}
	var work sync.WaitGroup
	var next atomic.Int64
	for range r.clients {
		work.Go(func() { // ends when everybody is answered
			for !r.tb.Failed() {
				n := int(next.Add(1)) - 1
				if n >= 2*r.people {
					return
				}
				// The second request of a person follows the first at once, on the next server.
				r.register(n/2, keys[n/2], n%len(r.servers))
			}
		})
	}
	for i, kill := range kills {
		for r.acked.Load() < int64((i+1)*2*r.people/(len(kills)+1)) && !r.tb.Failed() {
			<-r.more
		}
		kill()
	}
	work.Wait()
}

func (r *rush) register(who int, key string, server int) {
	w := wanted{Key: key, Phone: fmt.Sprintf("09%08d", who)}
	sent := r.clock.Add(1)
	for {
		w.Command = rand.Text()
		t, answered := r.current(server).ask(w)
		switch {
		case answered && t.Refused == "":
			r.acked.Add(1)
			r.answersMu.Lock()
			r.answers[who] = append(r.answers[who], stamped{t, sent, r.clock.Add(1)})
			r.answersMu.Unlock()
			r.more <- struct{}{}
			return
		case answered && t.Refused != "again":
			r.tb.Errorf("refused: %s", t.Refused)
			r.more <- struct{}{}
			return
		}
	}
}

// check reads the log anew: as many have seats as there are, nobody twice, everybody else
// stands in the line in order of arrival, and was told so.
func (r *rush) check(t *testing.T, store eventlog.Store) {
	t.Helper()
	node, _ := startNode(t, store)
	c, err := node.Conference(theID)
	if err != nil {
		t.Fatal(err)
	}
	count := c.Seats()["ba-dinh"]
	if count.Confirmed != r.seats || count.Waiting != r.people-r.seats || count.Offered+count.Reserved != 0 {
		t.Errorf("got %+v, want %d on seats and %d waiting", count, r.seats, r.people-r.seats)
	}
	place, holders := map[string]int{}, map[string]bool{}
	for _, ticket := range c.Tickets() { // in order of the log
		holders[ticket.Registration.Holder] = true
		place[string(ticket.Registration.ID)] = len(place) + 1
		if seated := len(place) <= r.seats; seated != (ticket.Registration.State == registration.StateConfirmed) {
			t.Errorf("number %d is %s", len(place), ticket.Registration.State)
		}
	}
	if len(place) != r.people || len(holders) != r.people {
		t.Fatalf("%d registrations of %d people, want %d", len(place), len(holders), r.people)
	}
	ends := make([]int64, r.people) // of who got number n, when the first answer came
	begins := make([]int64, r.people)
	for who, answers := range r.answers {
		if len(answers) != 2 {
			t.Fatalf("person %d got %d answers, want 2", who, len(answers))
		}
		first := answers[0]
		number := place[first.ID]
		for _, a := range answers {
			if a.ID != first.ID || a.Code2 != first.Code2 || a.State != first.State || a.Place != first.Place {
				t.Errorf("person %d was told %+v and %+v", who, first.told, a.told)
			}
		}
		now, err := c.TicketOf(conference.RegistrationID(first.ID))
		if err != nil {
			t.Fatalf("number %d: %v", number, err)
		}
		if want := max(0, number-r.seats); first.Place != want || now.Place != want {
			t.Errorf("number %d was told place %d and stands at %d, want %d", number, first.Place, now.Place, want)
		}
		ends[number-1], begins[number-1] = min(first.came, answers[1].came), min(first.sent, answers[1].sent)
	}
	// Whoever was answered before another asked stands before them.
	latest := int64(0) // when the last of those with smaller numbers asked
	for i := range begins {
		if ends[i] < latest {
			t.Fatalf("number %d was answered before somebody with a smaller number asked", i+1)
		}
		latest = max(latest, begins[i])
	}
}

// TestR1_SeatsOnRedis: two servers over one Redis, all of which are killed in turn.
func TestR1_SeatsOnRedis(t *testing.T) {
	t.Parallel()
	redis := eventlogtest.StartRedis(t)
	r := newRush(t, redis.URL, redis.URL)
	r.run([]func(){
		func() { r.killServer(0) },
		func() { redis.Kill(); redis.Restart() },
		func() { r.killServer(1) },
	})
	r.current(0).kill()
	r.current(1).kill()
	r.check(t, openRedisAt(t, redis.URL))
}

// TestR1_SeatsOnSQLite: one server, which is the log's writer, killed twice.
func TestR1_SeatsOnSQLite(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := newRush(t, dir)
	r.run([]func(){func() { r.killServer(0) }, func() { r.killServer(0) }})
	r.current(0).kill()
	store := openSQLite(t, dir)
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	r.check(t, store)
}
