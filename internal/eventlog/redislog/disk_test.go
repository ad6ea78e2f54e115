package redislog_test

import (
	"os/exec"
	"regexp"
	"testing"

	"github.com/diemcau/diemcau/internal/eventlog/eventlogtest"
	"github.com/diemcau/diemcau/internal/eventlog/redislog"
)

// diskWaiter returns the program of a server that has WAITAOF. Where there is none (see
// scripts/need.sh) it is redis-server, and false: then WAIT is what can be tested.
func diskWaiter(tb testing.TB) (program string, waits bool) {
	tb.Helper()
	if _, err := exec.LookPath("valkey-server"); err == nil {
		return "valkey-server", true
	}
	said, err := exec.CommandContext(tb.Context(), "redis-server", "--version").Output()
	version := regexp.MustCompile(`v=(\S+)`).FindSubmatch(said)
	if err != nil || version == nil {
		tb.Fatalf("redis-server is missing: install the package redis-server: %v", err)
	}
	return "redis-server", redislog.CanWaitForDisk(string(version[1]))
}

func startDiskWaiter(tb testing.TB, arguments ...string) (server *eventlogtest.Redis, waits bool) {
	tb.Helper()
	program, waits := diskWaiter(tb)
	server = eventlogtest.StartServer(tb, program, arguments...)
	if !waits {
		tb.Logf("%s has no WAITAOF: install valkey-server to test it", program)
	}
	return server, waits
}

func TestQ3_LogOnDisksOfReplicas(t *testing.T) {
	t.Parallel()
	server, _ := startDiskWaiter(t)
	eventlogtest.StartReplica(t, server)
	eventlogtest.RunLog(t, nodes(server.URL+patient))
}

// TestQ3_ReplicaWithoutDisk: a replica that has the event in memory only is not enough for
// a server that can be asked for more; once it keeps a file, it is.
func TestQ3_ReplicaWithoutDisk(t *testing.T) {
	t.Parallel()
	server, waits := startDiskWaiter(t)
	replica := eventlogtest.StartReplica(t, server, "--appendonly", "no")
	log, start := openLog(t, server.URL+impatient)
	inMemory := eventlogtest.Questions(t, 1)
	_, _, err := log.Append(t.Context(), start, inMemory)
	if waits {
		wantUnknown(t, "in the memory of the replica", err)
	}
	replica.Command("CONFIG", "SET", "appendonly", "yes")
	log, _ = openLog(t, server.URL+patient)
	onDisk := eventlogtest.Questions(t, 1)
	if _, _, err := log.Append(t.Context(), start, onDisk); err != nil {
		t.Errorf("on the disk of the replica: %v", err)
	}
	if results, _, err := log.Append(t.Context(), start, inMemory); err != nil || results[0].Stale == nil {
		t.Errorf("the first event, now on disk: %+v, %v; want stale", results, err)
	}
	eventlogtest.WantOnce(t, wantWhole(t, log), inMemory, onDisk)
}

// TestQ3_ServerWithoutDisk: a server that keeps no file itself is not waited for in vain.
func TestQ3_ServerWithoutDisk(t *testing.T) {
	t.Parallel()
	server, _ := startDiskWaiter(t, "--appendonly", "no")
	eventlogtest.StartReplica(t, server)
	log, start := openLog(t, server.URL+patient)
	if _, _, err := log.Append(t.Context(), start, eventlogtest.Questions(t, 1)); err != nil {
		t.Errorf("on the disk of the replica alone: %v", err)
	}
}
