package redislog_test

import (
	"errors"
	"testing"

	"github.com/diemcau/diemcau/internal/eventlog"
	"github.com/diemcau/diemcau/internal/eventlog/eventlogtest"
	"github.com/diemcau/diemcau/internal/eventlog/redislog"
)

// impatient waits for a replica, but not long; patient long enough for a busy machine.
const (
	impatient = "?replicas=1&replica_timeout=100ms"
	patient   = "?replicas=1&replica_timeout=9s&read_timeout=20s"
)

func TestQ3_RedisLogWithReplica(t *testing.T) {
	t.Parallel()
	server := eventlogtest.StartRedis(t)
	eventlogtest.StartReplica(t, server)
	eventlogtest.RunLog(t, nodes(server.URL+patient))
}

// wantUnknown fails the test unless the outcome is told as unknown, and not as refused.
func wantUnknown(t *testing.T, what string, err error) {
	t.Helper()
	if !errors.Is(err, eventlog.ErrUnknownOutcome) || errors.Is(err, eventlog.ErrUnavailable) {
		t.Errorf("%s: got %v, want %v", what, err, eventlog.ErrUnknownOutcome)
	}
}

// TestQ3_RedisWaitsForReplica: with its replica gone the server still writes, but nothing
// is confirmed: neither one's own event, nor another node's, nor that a command is stale.
// With a replica again everything is.
func TestQ3_RedisWaitsForReplica(t *testing.T) {
	t.Parallel()
	server := eventlogtest.StartRedis(t)
	replica := eventlogtest.StartReplica(t, server)
	log, start := openLog(t, server.URL+patient)
	confirmed := eventlogtest.Questions(t, 1)
	if _, end, err := log.Append(t.Context(), start, confirmed); err != nil || end.Pos != 1 {
		t.Fatalf("with a replica: %+v, %v", end, err)
	}
	replica.CutOff()
	log, start = openLog(t, server.URL+impatient)
	own := eventlogtest.Questions(t, 1)
	_, _, err := log.Append(t.Context(), start, own)
	wantUnknown(t, "own event", err)
	careless, _ := openLog(t, server.URL)
	foreign := eventlogtest.Questions(t, 1)
	if _, _, err := careless.Append(t.Context(), start, foreign); err != nil {
		t.Fatalf("a node that does not wait: %v", err)
	}
	end := endOf(t, log)
	if end.Pos != 3 {
		t.Fatalf("log ends at %d, want 3", end.Pos)
	}
	// A connection that has written nothing would be told at once: hence the fence.
	fresh, _ := openLog(t, server.URL+impatient)
	_, _, err = fresh.Append(t.Context(), end, nil)
	wantUnknown(t, "another node's event", err)
	_, _, err = log.Append(t.Context(), end, own)
	wantUnknown(t, "a repeated command", err)
	if fences, err := raw(t, server.URL).HGet(t.Context(), "{c:hurt}:meta", "fence").Int(); err != nil || fences != 2 {
		t.Errorf("%d fences, %v; want one for each call that wrote no event", fences, err)
	}
	if records := wantWhole(t, log); len(records) != 3 {
		t.Errorf("%d events, want 3", len(records))
	}

	eventlogtest.StartReplica(t, server)
	log, _ = openLog(t, server.URL+patient)
	if _, now, err := log.Append(t.Context(), end, nil); err != nil || now != end {
		t.Errorf("fence with a replica: %+v, %v; want %+v", now, err, end)
	}
	results, _, err := log.Append(t.Context(), end, own)
	if err != nil || results[0].Stale == nil {
		t.Errorf("the repeated command: %+v, %v; want stale", results, err)
	}
	eventlogtest.WantOnce(t, wantWhole(t, log), confirmed, own, foreign)
}

// TestQ3_RedisStaleReplicaPromoted plays the failover that loses: positions are used again
// with other events. Who has seen the lost ones is told, also after the log is longer.
func TestQ3_RedisStaleReplicaPromoted(t *testing.T) {
	t.Parallel()
	master := eventlogtest.StartRedis(t)
	replica := eventlogtest.StartReplica(t, master)
	line := eventlogtest.StartProxy(t, master.Address())
	log, start := openLog(t, line.URL())
	if _, _, err := log.Append(t.Context(), start, eventlogtest.Questions(t, 5)); err != nil {
		t.Fatal(err)
	}
	replica.CatchUp(master)
	replica.CutOff()
	if _, _, err := log.Append(t.Context(), start, eventlogtest.Questions(t, 6)); err != nil {
		t.Fatal(err)
	}
	lost := endOf(t, log)
	master.Kill()
	replica.Promote()
	line.Redirect(replica.Address())
	other, kept := openLog(t, replica.URL)
	if kept.Pos != 5 || kept.Epoch != lost.Epoch {
		t.Fatalf("promoted log ends at %+v, want 5 in epoch %s", kept, lost.Epoch)
	}
	// Connections that broke with the master are noticed one by one.
	for {
		_, _, err := log.Append(t.Context(), lost, nil)
		if errors.Is(err, eventlog.ErrRolledBack) {
			break
		}
		if !errors.Is(err, eventlog.ErrUnknownOutcome) && !errors.Is(err, eventlog.ErrUnavailable) {
			t.Fatalf("shorter log: got %v, want %v", err, eventlog.ErrRolledBack)
		}
	}
	if _, _, err := other.Append(t.Context(), kept, eventlogtest.Questions(t, 9)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := log.Append(t.Context(), lost, eventlogtest.Questions(t, 1)); !errors.Is(err, eventlog.ErrRolledBack) {
		t.Errorf("log of 14 other events: got %v, want %v", err, eventlog.ErrRolledBack)
	}
	note := eventlogtest.MakeCommand(t, eventlogtest.Sample{Entity: "log"})
	end, err := log.Renew(t.Context(), lost, eventlog.NewEpoch(), note)
	if err != nil || end.Epoch == lost.Epoch || end.Pos != 15 {
		t.Errorf("renewed: %+v, %v; want position 15 of another epoch", end, err)
	}
	if _, _, err := other.Append(t.Context(), kept, nil); !errors.Is(err, eventlog.ErrEpoch) {
		t.Errorf("a node that knows the old epoch: got %v, want %v", err, eventlog.ErrEpoch)
	}
	wantWhole(t, log)
}

func TestQ3_WaitForDisk(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]bool{
		"7.2.0": true, "7.4.1": true, "8.0.0": true, "10.0": true, "7.0.15": false, "6.2.6": false, "": false, "x": false,
	} {
		if got := redislog.CanWaitForDisk(version); got != want {
			t.Errorf("redis %q: got %v, want %v", version, got, want)
		}
	}
	for _, test := range []struct {
		name  string
		acked []int64
		err   error
		ok    bool
	}{
		{"server and two replicas", []int64{1, 2}, nil, true},
		{"more than wanted", []int64{1, 3}, nil, true},
		{"one replica", []int64{1, 1}, nil, false},
		{"not the server", []int64{0, 2}, nil, false},
		{"malformed", []int64{2}, nil, false},
		{"failed", nil, errors.New("i/o timeout"), false},
	} {
		err := redislog.EnoughOnDisk(2, test.acked, test.err)
		if ok := err == nil; ok != test.ok || !ok && !errors.Is(err, eventlog.ErrUnknownOutcome) {
			t.Errorf("%s: got %v", test.name, err)
		}
	}
}

func TestRedisClock(t *testing.T) {
	t.Parallel()
	store := open(t, eventlogtest.StartRedis(t).URL)
	first, err := store.Clock(t.Context())
	if err != nil || first.IsZero() {
		t.Fatalf("got %v, %v", first, err)
	}
	if second, err := store.Clock(t.Context()); err != nil || second.Before(first) {
		t.Errorf("got %v, %v after %v", second, err, first)
	}
}
