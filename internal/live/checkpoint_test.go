package live_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog"
	"github.com/diemcau/diemcau/internal/eventlog/eventlogtest"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/internal/record"
)

// copied is a public copy of the record, as this node reads it.
func copied(t *testing.T, c *live.Conference) string {
	t.Helper()
	var out bytes.Buffer
	w, err := record.NewWriter(&out, theID, false)
	if err == nil {
		err = c.Record(t.Context(), 0, w.Write)
	}
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// untilCovered waits until a checkpoint covers a position.
func untilCovered(t *testing.T, c *live.Conference, position uint64) {
	t.Helper()
	waitFor(t, c, "a checkpoint", func(*live.Snapshot) bool {
		covered, _ := live.Covered(c)
		return covered >= position
	})
}

// TestJ10_RecordIsSigned: two nodes write side by side; after each 1,000 events the log holds
// one checkpoint, not two, and after the close one that covers all there is, also what came
// later. Whoever has the public key alone can check a copy; a restart finds it whole.
func TestJ10_RecordIsSigned(t *testing.T) {
	t.Parallel()
	signed := func(t *testing.T, open func() eventlog.Store) {
		t.Helper()
		node, stop := startNode(t, open())
		a, b := conferenceOn(t, node), startConference(t, open())
		commands := submissions(2_100)
		all(commands[:1_000], func(command conference.Command) { untilAnswered(t, a, command) })
		all(commands[1_000:], func(command conference.Command) { // each on either node, and again on the other
			first, second := a, b
			if command.ID[0] > 'M' {
				first, second = b, a
			}
			untilAnswered(t, first, command)
			untilAnswered(t, second, command)
		})
		for _, c := range []*live.Conference{a, b} {
			untilCovered(t, c, 2_000)
		}
		must(t, a, admin, conference.Close{})
		closed := a.Snapshot().Position
		untilCovered(t, a, closed)
		end := a.Snapshot().Position
		report, err := record.Verify(strings.NewReader(copied(t, a)), node.RecordKey(), nil)
		if err != nil || report.Events != end || report.Covered != end-1 || report.Conference != theID {
			t.Errorf("got %+v, %v, want all but the last of %d events covered", report, err, end)
		}
		// A node may sign the second boundary only, when the first checkpoint is still under way.
		if report.Checkpoints < 2 || report.Checkpoints > 3 {
			t.Errorf("got %d checkpoints for %d events and a close, want 2 or 3", report.Checkpoints, end)
		}
		stop()
		node, _ = startNode(t, open())
		again, err := node.Conference(theID)
		if err != nil {
			t.Fatal(err)
		}
		if covered, broken := live.Covered(again); covered != end-1 || broken != 0 {
			t.Errorf("after a start: covered %d, broken at %d; want %d, 0", covered, broken, end-1)
		}
	}
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		store := newStore(t)
		signed(t, func() eventlog.Store { return store })
	})
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		server := eventlogtest.StartRedis(t)
		signed(t, func() eventlog.Store { return openRedis(t, server) })
	})
}

// TestJ10_RecordChangedBehindTheServer: a time in the store, which no hash chain covers, is
// changed while the server is away. Its next start says so, once, and goes on; a copy does
// not verify.
func TestJ10_RecordChangedBehindTheServer(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	node, stop := startNode(t, store)
	c := conferenceOn(t, node)
	all(submissions(1_000), func(command conference.Command) { untilAnswered(t, c, command) })
	untilCovered(t, c, 1_000)
	stop()
	logs := &spoken{}
	changed := live.New(live.Config{
		Store: timeShifted{store}, Secret: masterKey(7), Now: time.Now, Logger: slog.New(slog.NewJSONHandler(logs, nil)),
	})
	runNode(t, changed)
	c = conferenceOn(t, changed)
	ask(t, c, "Vẫn hỏi được chứ?")
	if _, broken := live.Covered(c); broken <= 1_000 {
		t.Fatalf("broken at %d, want the first checkpoint", broken)
	}
	for !strings.Contains(logs.String(), "the record was changed") {
		runtime.Gosched()
	}
	_, err := record.Verify(strings.NewReader(copied(t, c)), changed.RecordKey(), nil)
	if !errors.Is(err, record.ErrChanged) || !strings.Contains(err.Error(), "of the events 1–1000 at least one") {
		t.Errorf("got %v", err)
	}
}

// timeShifted is a store in which the first event happened a microsecond later.
type timeShifted struct{ eventlog.Store }

func (s timeShifted) Log(ctx context.Context, id conference.ID) (eventlog.Log, error) {
	log, err := s.Store.Log(ctx, id)
	return timeShiftedLog{log}, err
}

type timeShiftedLog struct{ eventlog.Log }

func (l timeShiftedLog) Read(ctx context.Context, after uint64, limit int) ([]eventlog.Record, eventlog.Position, error) {
	records, end, err := l.Log.Read(ctx, after, limit)
	for i := range records {
		if records[i].Position == 1 {
			records[i].At = records[i].At.Add(time.Microsecond)
		}
	}
	return records, end, err
}

// spoken keeps what is logged.
type spoken struct {
	mu  sync.Mutex // guards all
	all strings.Builder
}

func (s *spoken) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all.Write(p)
}

func (s *spoken) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all.String()
}
