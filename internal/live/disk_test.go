package live_test

import (
	"errors"
	"sync/atomic"
	"testing"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog/eventlogtest"
	"github.com/diemcau/diemcau/internal/live"
)

// TestQ4_DiskFullUnderRedis: the file under Redis can grow no more, in the middle of an
// event. One that writes before it answers ends itself; one that writes every second goes
// on and refuses. Nobody is acknowledged for what is not there, what is there can be read
// of a Redis that lives, memory stays bounded, and with room again everything is there once.
func TestQ4_DiskFullUnderRedis(t *testing.T) { //nolint:paralleltest // it measures the heap, which all tests share
	for _, fsync := range []string{"always", "everysec"} { //nolint:paralleltest // as above
		t.Run(fsync, func(t *testing.T) {
			server := eventlogtest.StartRedis(t, "--appendfsync", fsync)
			_, c := startConfigured(t, live.Config{Store: openRedisAt(t, server.URL)})
			commands := submissions(sized(300, 3000))
			kept := untilAnswered(t, c, commands[0])
			before := heap()
			server.LimitFiles(server.LogBytes() + 2000)
			refused := giveUntilFull(t, c, commands)
			for range sized(1, 20) {
				wantTryAgain(t, c, refused)
			}
			if after := heap(); after > before+maxGrowth {
				t.Errorf("heap grew from %d to %d bytes", before, after)
			}
			if standing, err := c.Standing(kept.Code); err != nil || standing.Question.ID != kept.Question {
				t.Errorf("standing: %+v, %v", standing, err)
			}
			if fsync == "always" {
				server.Restart()
			} else {
				wantRecord(t, openRedisAt(t, server.URL), kept.Question) // as a node does that starts now
				server.LimitFiles(1 << 40)
			}
			wantAllOnce(t, c, openRedisAt(t, server.URL), commands)
		})
	}
}

// giveUntilFull gives the commands one after the other and then, after the first that is
// refused, the rest at once. It returns those that were told to try again.
func giveUntilFull(t *testing.T, c *live.Conference, commands []conference.Command) []conference.Command {
	t.Helper()
	for i, command := range commands {
		err := inTime(t, c, command)
		orStop(t)
		if err == nil {
			continue
		}
		refusal, is := errors.AsType[*conference.Error](err)
		if !is || refusal.Kind != conference.KindPending && refusal.Kind != conference.KindUnavailable {
			t.Fatalf("with a full disk: got %v, want to be told to try again", err)
		}
		var acked atomic.Int64
		all(commands[i+1:], func(command conference.Command) {
			if err := inTime(t, c, command); err == nil {
				acked.Add(1)
			}
		})
		if acked.Load() > 0 {
			t.Errorf("%d acknowledged after the disk was full", acked.Load())
		}
		orStop(t)
		return commands[i:]
	}
	t.Fatal("the disk was never full")
	return nil
}
