package signaling_test

import (
	"fmt"
	"maps"
	mrand "math/rand/v2"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unique"

	"github.com/google/go-cmp/cmp"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/moderation"
	"github.com/diemcau/diemcau/signaling"
	"github.com/diemcau/diemcau/signaling/protocol"
)

func soak() bool { return os.Getenv("DIEMCAU_SOAK") == "1" }

// cutting is the figures of TestQ5_NothingLostNothingTwice.
func cutting() (clients, cuts, restarts int) {
	if soak() {
		return 2000, 50, 4
	}
	return 200, 5, 2
}

// TestQ5_NothingLostNothingTwice: clients of four roles are cut at random, again and
// again, while questions live at 20 events a second in another process, which is killed
// or stopped meanwhile and started again on the same log. All come back with nothing but
// their cursors. What each has read in the end is what the log holds for its role, and
// what it holds is what a snapshot shows.
func TestQ5_NothingLostNothingTwice(t *testing.T) {
	t.Parallel()
	clients, cuts, restarts := cutting()
	n := startNode(t, t.TempDir())
	roles := []conference.Role{conference.RoleCitizen, conference.RoleModerator, conference.RoleScreen, conference.RoleStage}
	all := make([]*follower, clients)
	for i := range all {
		all[i] = newFollower(t, n, roles[i%len(roles)], i)
		if !all[i].connect() {
			return
		}
	}
	var wg sync.WaitGroup
	for _, f := range all {
		wg.Go(func() { f.follow(cuts) }) // ends with the last cut
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	events := n.live(done, clients*cuts, restarts)
	t.Logf("%d clients cut %d times, %d restarts, %d events", clients, n.cuts.Load(), restarts, events)
	n.stop()

	// What is in the log is read by a third server, and so are the last events.
	conf := runningIn(t, n.folder)
	h := serve(t, conf, func(c *signaling.Config) { c.Gate = wideGate{} })
	n.at(h.address())
	end := conf.Snapshot().Cursor
	fresh, logs := map[conference.Role]*follower{}, map[conference.Role][]string{}
	for _, role := range roles {
		fresh[role], logs[role] = newFollower(t, n, role, clients), logged(t, conf, role)
		if !fresh[role].connect() {
			return
		}
		fresh[role].readTo(end) // a snapshot may be 250 ms old; the events follow
	}
	for i, f := range all {
		if f.connect() {
			f.readTo(end)
		}
		if diff := f.view.diff(fresh[f.role].view); diff != "" {
			t.Errorf("client %d (%s) holds something else than a snapshot (-snapshot +held):\n%s", i, f.role, diff)
		}
		if !slices.Equal(f.texts, logs[f.role]) {
			t.Errorf("client %d (%s) (-log +read):\n%s", i, f.role, cmp.Diff(logs[f.role], f.texts))
		}
		if _ = f.p.ws.Close(); t.Failed() {
			return // two thousand more of the same help nobody
		}
	}
}

// logged is what the log holds for a role, one line an event.
func logged(t *testing.T, conf *live.Conference, role conference.Role) []string {
	t.Helper()
	var out []string
	public := map[moderation.State]bool{
		moderation.StateApproved: true, moderation.StateQueued: true, moderation.StateStaged: true,
		moderation.StateOnAir: true, moderation.StateAnswered: true,
	}
	staff := role == conference.RoleModerator || role == conference.RoleStage
	for after := uint64(0); ; {
		changes, _, err := conf.Since(after)
		if err != nil {
			t.Fatal(err)
		}
		if len(changes) == 0 {
			return out
		}
		for _, c := range changes {
			after = c.Event.Position
			switch {
			case c.Question == nil:
			case staff || public[c.Question.State]:
				out = append(out, fmt.Sprintf("%s %s", c.Question.ID, c.Question.State))
			case c.Previous != nil && public[c.Previous.State]:
				out = append(out, fmt.Sprintf("%s gone", c.Question.ID))
			}
		}
	}
}

// follower is a client that is cut at random and comes back with its cursor.
type follower struct {
	t      *testing.T
	node   *node
	role   conference.Role
	cookie string
	random *mrand.Rand
	life   int // of the server, that it is connected to
	p      *peer
	view   view
	texts  []string
}

// view is what a client holds. Questions are JSON, and one string for all who hold the same.
type view struct {
	Questions map[string]unique.Handle[string]
	Queue     []string
	OnAir     string
}

func (v *view) hold(q *protocol.Question) { v.Questions[q.ID] = unique.Make(mustJSON(q)) }

// diff compares with a view that is known to be right.
func (v *view) diff(right view) string {
	if maps.Equal(v.Questions, right.Questions) && slices.Equal(v.Queue, right.Queue) && v.OnAir == right.OnAir {
		return ""
	}
	return cmp.Diff(right.plain(), v.plain())
}

func (v *view) plain() map[string]string {
	out := map[string]string{"queue": mustJSON(v.Queue), "on air": v.OnAir}
	for id, q := range v.Questions {
		out[id] = q.Value()
	}
	return out
}

func newFollower(t *testing.T, n *node, role conference.Role, number int) *follower {
	t.Helper()
	f := &follower{t: t, node: n, role: role, random: mrand.New(mrand.NewPCG(uint64(number), 7))}
	if role != conference.RoleCitizen {
		f.cookie = fmt.Sprintf("dc.%s=%s-%d", role, role, number)
	}
	return f
}

// connect comes in, with the cursor if there is one; while the server is away it waits.
func (f *follower) connect() bool {
	for {
		err := f.enter()
		if err == nil {
			return true
		}
		if !f.node.restartedSince(f.life) {
			f.t.Errorf("%s cannot come in: %v", f.role, err)
			return false
		}
	}
}

func (f *follower) enter() error {
	var url, cursor string
	url, f.life = f.node.where()
	ws, err := dialAt(url, f.cookie)
	if err != nil {
		return err
	}
	if f.p != nil {
		cursor = f.p.cursor
	}
	f.p = &peer{t: f.t, ws: ws, cursor: cursor}
	f.p.send(protocol.ClientMessage{Type: "hello", Hello: &protocol.Hello{Protocols: []int{1}, Role: f.role, Cursor: cursor}})
	if cursor != "" && f.random.IntN(4) == 0 {
		return nil // may be cut before it is welcome
	}
	return f.begin()
}

// begin reads the welcome, and the snapshot if it is the first.
func (f *follower) begin() error {
	m, err := f.p.read()
	if err != nil {
		return err
	}
	if m.Welcome == nil {
		return fmt.Errorf("got %s instead of a welcome", mustJSON(m))
	}
	if f.p.cursor != "" {
		if !m.Welcome.Resumed {
			f.t.Errorf("%s was not resumed at %s", f.role, f.p.cursor)
		}
		return nil
	}
	if m, err = f.p.read(); err != nil {
		return err
	}
	s := m.Snapshot
	f.p.cursor = s.Cursor
	f.view = view{Questions: map[string]unique.Handle[string]{}, Queue: s.Queue, OnAir: s.OnAir}
	for i := range s.Questions {
		f.view.hold(&s.Questions[i])
	}
	return nil
}

// follow reads and cuts its own socket so many times, and comes back each time.
func (f *follower) follow(cuts int) {
	for cuts > 0 && !f.t.Failed() {
		if f.random.IntN(8) == 0 || f.node.hurry.Load() {
			_ = f.p.ws.Close()
			f.node.cuts.Add(1)
			cuts--
			if !f.connect() {
				return
			}
			continue
		}
		if !f.one() {
			return
		}
	}
}

func (f *follower) readTo(cursor string) {
	for f.p.cursor != cursor && f.one() {
	}
}

// one takes one message, from the next server if this one goes away.
func (f *follower) one() bool {
	m, err := f.p.read()
	switch {
	case err != nil && f.node.restartedSince(f.life):
		return f.connect()
	case err != nil:
		f.t.Errorf("%s was closed: %v", f.role, err)
		return false
	case m.Bye != nil && m.Bye.Reason != "draining":
		f.t.Errorf("%s got %s", f.role, mustJSON(m))
	case m.Welcome != nil && !m.Welcome.Resumed:
		f.t.Errorf("%s was not resumed at %s", f.role, f.p.cursor)
	case m.Events != nil:
		f.take(m.Events.Events)
	}
	return true
}

func (f *follower) take(events []protocol.Event) {
	for i := range events {
		e := &events[i]
		if e.Question != nil {
			f.view.hold(e.Question)
			f.texts = append(f.texts, fmt.Sprintf("%s %s", e.Question.ID, e.Question.State))
		}
		if e.Gone != "" {
			delete(f.view.Questions, e.Gone)
			f.texts = append(f.texts, e.Gone+" gone")
		}
		if e.Queue != nil {
			f.view.Queue = *e.Queue
		}
		if e.OnAir != nil {
			f.view.OnAir = *e.OnAir
		}
	}
}

// node is a server in another process that is restarted now and then, and its clients'
// way to it.
type node struct {
	t      *testing.T
	folder string
	cuts   atomic.Int64
	hurry  atomic.Bool // the clients cut themselves at once

	mu   sync.Mutex // guards all below; held while the server is away
	p    *process
	url  string
	life int
}

func startNode(t *testing.T, folder string) *node {
	t.Helper()
	n := &node{t: t, folder: folder}
	n.start()
	return n
}

// start starts the server; mu is held, or nobody knows n yet.
func (n *node) start() {
	n.p = startProcess(n.t, nodeFolder, n.folder)
	n.p.hear(&n.url)
	n.life++
}

// where returns the server's address and which of its lives this is.
func (n *node) where() (url string, life int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.url, n.life
}

func (n *node) restartedSince(life int) bool {
	_, now := n.where()
	return now != life
}

// at says that the server is somewhere else now.
func (n *node) at(url string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.url = url
	n.life++
}

// stop ends the server in peace.
func (n *node) stop() {
	if err := n.p.end(); err != nil {
		n.t.Errorf("server: %v", err)
	}
}

// maxEvents is less than what a conference keeps: all is compared with it in the end.
const maxEvents = 3800

// live makes 20 events a second until done, and restarts the server each time a share of
// the cuts has been made: killed in the middle of an event, or stopped, in turn.
func (n *node) live(done <-chan struct{}, cuts, restarts int) (events int) {
	tick := time.NewTicker(time.Second / 20)
	defer tick.Stop()
	restarted := 0
	for {
		select {
		case <-tick.C:
		case <-done:
			if restarted < restarts {
				n.t.Errorf("restarted %d times, want %d", restarted, restarts)
			}
			return events
		}
		if events == maxEvents {
			n.hurry.Store(true)
			continue
		}
		n.p.tell("next")
		if events++; n.cuts.Load() < int64(cuts*(restarted+1)/(restarts+1)) || restarted == restarts {
			n.p.hear(new(int))
			continue
		}
		n.mu.Lock()
		if restarted++; restarted%2 == 1 {
			n.p.kill()
		} else {
			n.stop()
		}
		n.start()
		n.mu.Unlock()
	}
}
