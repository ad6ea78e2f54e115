package live_test

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog"
	"github.com/diemcau/diemcau/internal/eventlog/eventlogtest"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/moderation"
	"github.com/diemcau/diemcau/sfu/floor"
)

const (
	notReadyWithin = 3 * time.Second // after the store has gone
	backWithin     = 5 * time.Second // after it has come back
	maxGrowth      = 64 << 20        // bytes of heap that an outage may cost
)

// startConfigured runs a node and opens the usual conference on it.
func startConfigured(tb testing.TB, cfg live.Config) (*live.Node, *live.Conference) {
	tb.Helper()
	node := startOpened(tb, cfg)
	return node, conferenceOn(tb, node)
}

// startOpened runs a node until it has opened the logs there are.
func startOpened(tb testing.TB, cfg live.Config) *live.Node {
	tb.Helper()
	cfg.Secret, cfg.Logger = masterKey(7), slog.New(slog.DiscardHandler)
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	node := live.New(cfg)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- node.Run(ctx) }() // ended by the clean-up
	tb.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			tb.Errorf("run: %v", err)
		}
	})
	for node.Opened() != nil {
		runtime.Gosched()
	}
	return node
}

func submissions(n int) []conference.Command {
	commands := make([]conference.Command, n)
	for i := range commands {
		commands[i] = conference.Command{ID: rand.Text(), Actor: citizen, Body: question(rand.Text(), "Có ai nghe không?")}
	}
	return commands
}

// all carries the commands out at once, each by carry.
func all(commands []conference.Command, carry func(command conference.Command)) {
	var group sync.WaitGroup
	for _, command := range commands {
		group.Go(func() { carry(command) }) // ends with its answer
	}
	group.Wait()
}

// orStop ends a test that has failed: what hangs once hangs again.
func orStop(t *testing.T) {
	t.Helper()
	if t.Failed() {
		t.FailNow()
	}
}

// inTime gives a command and fails the test when it is not answered at all.
func inTime(t *testing.T, c *live.Conference, command conference.Command) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), hangsAfter)
	defer cancel()
	_, err := c.Do(ctx, command)
	if ctx.Err() != nil {
		t.Errorf("%s: not answered within %v", command.Body.CommandType(), hangsAfter)
	}
	return err
}

// wantTryAgain gives every command once and fails unless each is told to try again.
func wantTryAgain(t *testing.T, c *live.Conference, commands []conference.Command) {
	t.Helper()
	all(commands, func(command conference.Command) {
		err := inTime(t, c, command)
		refusal, is := errors.AsType[*conference.Error](err)
		if !is || refusal.Kind != conference.KindPending && refusal.Kind != conference.KindUnavailable {
			t.Errorf("%s: got %v, want to be told to try again", command.Body.CommandType(), err)
		}
	})
	orStop(t)
}

// wantAllOnce repeats the commands until they are acknowledged and looks for them in the log.
func wantAllOnce(t *testing.T, c *live.Conference, store eventlog.Store, commands []conference.Command) {
	t.Helper()
	asked := make([]conference.QuestionID, 0, len(commands))
	var askedMu sync.Mutex // guards asked
	all(commands, func(command conference.Command) {
		outcome := untilAnswered(t, c, command)
		askedMu.Lock()
		defer askedMu.Unlock()
		asked = append(asked, outcome.Question)
	})
	wantRecord(t, store, asked...)
	wantQuestions(t, c, len(commands))
}

func heap() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

// TestQ4_RedisUnreachable: the line to Redis swallows everything and tells nobody. Nobody
// is acknowledged, the node says that it is not ready, memory stays bounded; when the line
// is back, so is the node, and what was asked is there once.
func TestQ4_RedisUnreachable(t *testing.T) { //nolint:paralleltest // it measures the heap, which all tests share
	const askers = 2000
	server := eventlogtest.StartRedis(t)
	line := eventlogtest.StartProxy(t, server.Address())
	store := openRedisAt(t, line.URL()+"?read_timeout=300ms&write_timeout=300ms&dial_timeout=300ms")
	node, c := startConfigured(t, live.Config{Store: store, LogTimeout: 300 * time.Millisecond})
	before := heap()
	commands := submissions(askers)
	line.Hold()
	ctx, cancel := context.WithTimeout(t.Context(), notReadyWithin)
	defer cancel()
	if err := node.Ready(ctx); err == nil || ctx.Err() != nil {
		t.Errorf("ready: got %v after the log has gone, want it to be told within %v", err, notReadyWithin)
	}
	for gone := time.Now(); ; {
		wantTryAgain(t, c, commands)
		if time.Since(gone) >= time.Duration(sized(0, 30))*time.Second {
			break
		}
	}
	if after := heap(); after > before+maxGrowth {
		t.Errorf("heap grew from %d to %d bytes", before, after)
	}
	line.Release()
	began := time.Now()
	untilAnswered(t, c, commands[0])
	if took := time.Since(began); took > backWithin {
		t.Errorf("acknowledged %v after the line was back, want at most %v", took, backWithin)
	}
	wantAllOnce(t, c, openRedisAt(t, server.URL), commands)
	for node.Ready(t.Context()) != nil {
		runtime.Gosched()
	}
}

// TestQ4_RedisSlow: every request to Redis arrives late. Everybody is served, in groups.
func TestQ4_RedisSlow(t *testing.T) {
	t.Parallel()
	server := eventlogtest.StartRedis(t)
	line := eventlogtest.StartProxy(t, server.Address())
	_, c := startConfigured(t, live.Config{Store: openRedisAt(t, line.URL())})
	line.Delay(time.Duration(sized(50, 500)) * time.Millisecond)
	commands := submissions(300)
	all(commands, func(command conference.Command) {
		if _, err := c.Do(t.Context(), command); err != nil {
			t.Errorf("slow, but there: %v", err)
		}
	})
	wantAllOnce(t, c, openRedisAt(t, server.URL), commands)
}

// TestQ4_RedisOutOfMemory: Redis refuses to write and keeps what it has.
func TestQ4_RedisOutOfMemory(t *testing.T) {
	t.Parallel()
	server := eventlogtest.StartRedis(t)
	store := openRedisAt(t, server.URL)
	_, c := startConfigured(t, live.Config{Store: store})
	commands := submissions(50)
	kept := untilAnswered(t, c, commands[0])
	server.Command("CONFIG", "SET", "maxmemory", "1")
	all(commands[1:], func(command conference.Command) {
		if _, err := c.Do(t.Context(), command); !errors.Is(err, &conference.Error{Code: "log.unavailable"}) {
			t.Errorf("without memory: got %v, want log.unavailable", err)
		}
	})
	// What is there is told, and repeating it too; no card is claimed without a lease.
	if standing, err := c.Standing(kept.Code); err != nil || standing.Question.ID != kept.Question {
		t.Errorf("standing: %+v, %v", standing, err)
	}
	if again, err := c.Do(t.Context(), commands[0]); err != nil || again.Code != kept.Code || !again.Repeated {
		t.Errorf("repeated: %+v, %v", again, err)
	}
	refused(t, c, "log.unavailable", lan, moderation.ClaimCard{ID: kept.Question})
	server.Command("CONFIG", "SET", "maxmemory", "0")
	wantAllOnce(t, c, store, commands)
	must(t, c, lan, moderation.ClaimCard{ID: kept.Question})
}

// TestQ4_DiskFull: the files of a server on SQLite can grow no more. Nobody is
// acknowledged for what is not written; with room again, or after kill -9 and a start on
// the same data, everything acknowledged is there once.
func TestQ4_DiskFull(t *testing.T) {
	t.Parallel()
	const full, plenty = 4 << 10, 1 << 40
	dir := t.TempDir()
	m := newMassacre(t, dir, 200)
	for i := range 200 {
		if i == 50 {
			m.limitFiles(full)
			m.wantRefusals(30)
			m.limitFiles(plenty)
		}
		m.askOne()
	}
	m.limitFiles(full)
	m.wantRefusals(10)
	m.current().kill()
	store := openSQLite(t, dir)
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	m.check(t, store)
}

func (m *massacre) limitFiles(bytes uint64) {
	m.tb.Helper()
	if t, answered := m.current().ask(wanted{Limit: bytes}); !answered || t.Refused != "" {
		m.tb.Fatalf("limit files to %d bytes: %+v, %v", bytes, t, answered)
	}
}

// wantRefusals fails unless n submissions are told to try again.
func (m *massacre) wantRefusals(n int) {
	m.tb.Helper()
	for range n {
		t, answered := m.current().ask(wanted{Command: rand.Text(), Key: rand.Text(), Body: "Có ai nghe không?"})
		if !answered || t.Refused != "again" {
			m.tb.Errorf("with a full disk: got %+v, %v, want to be told to try again", t, answered)
		}
	}
}

// TestQ4_ClockOff: the clocks of two of three nodes are an hour off, one each way. They
// say so, but decide by the log's clock: no lease ends early, no consent is forgotten, and
// the log's time stays true.
func TestQ4_ClockOff(t *testing.T) {
	t.Parallel()
	server := eventlogtest.StartRedis(t)
	_, right := startConfigured(t, live.Config{Store: openRedisAt(t, server.URL)})
	asked := ask(t, right, "Mấy giờ rồi?")
	must(t, right, lan, moderation.ClaimCard{ID: asked.Question})
	must(t, right, system, floor.Connect{Venue: "ba-dinh"})
	must(t, right, stage, floor.Ready{Venue: "ba-dinh"})
	for _, skew := range []time.Duration{time.Hour, -time.Hour} {
		store := openRedisAt(t, server.URL)
		node, off := startConfigured(t, live.Config{Store: store, Now: func() time.Time { return time.Now().Round(0).Add(skew) }})
		if err := node.Ready(t.Context()); err == nil {
			t.Errorf("a node whose clock is off by %v is ready", skew)
		}
		waitFor(t, off, "the claim", func(s *live.Snapshot) bool { return len(s.Questions) > 0 && s.Questions[0].Claim != nil })
		if due := live.Chores(t.Context(), off); due != 0 {
			t.Errorf("off by %v: %d cards are to be put back, want none", skew, due)
		}
		refused(t, off, "question.claimed_by_other", minh, moderation.ClaimCard{ID: asked.Question})
		must(t, off, system, floor.Disconnect{Venue: "ba-dinh"})
		must(t, off, system, floor.Connect{Venue: "ba-dinh"})
		late := ask(t, off, "Đồng hồ sai")
		s := waitFor(t, off, "the question", func(s *live.Snapshot) bool { return s.Position >= late.Position })
		if venue := s.Venues[1]; venue.ID != "ba-dinh" || !venue.Consent {
			t.Errorf("off by %v: %+v, want its consent kept over a short drop", skew, venue)
		}
		if age := time.Since(s.Questions[len(s.Questions)-1].SubmittedAt).Abs(); age > time.Minute {
			t.Errorf("off by %v: submitted %v from now", skew, age)
		}
		wantRecord(t, store, asked.Question, late.Question)
	}
	must(t, right, lan, moderation.Approve{ID: asked.Question})
}
