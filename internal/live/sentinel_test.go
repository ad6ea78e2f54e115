package live_test

import (
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog/eventlogtest"
	"github.com/diemcau/diemcau/internal/live"
)

// TestQ3_SentinelFailover kills the master while citizens ask, again and again until they
// are answered. Three Sentinels name one of the replicas; the node finds it by itself, and
// everything acknowledged, before or after, is there once.
func TestQ3_SentinelFailover(t *testing.T) {
	t.Parallel()
	sentinels := eventlogtest.StartSentinels(t, 2)
	address := sentinels.URL() + "&replicas=2&replica_timeout=2s"
	node, _ := startNode(t, openRedisAt(t, address))
	c := patientlyOn(t, node)
	kills, each := sized(1, 10), sized(60, 1000)
	var acked []conference.QuestionID
	for range kills {
		acked = append(acked, askThroughKill(t, c, submissions(each), sentinels.KillMaster)...)
	}
	if len(acked) != kills*each {
		t.Errorf("%d acknowledged, want %d", len(acked), kills*each)
	}
	rollbacks := wantRecord(t, openRedisAt(t, address), acked...)
	t.Logf("%d acknowledged through %d kills, %d rollbacks noted", len(acked), kills, rollbacks)
}

// TestQ3_CarelessMaster: the master that Sentinels name after a failover keeps no
// append-only file, as the one before did. The node asks it, is not ready, and says what to
// set; when that is done, it is.
func TestQ3_CarelessMaster(t *testing.T) {
	t.Parallel()
	sentinels := eventlogtest.StartSentinels(t, 1)
	store := openRedisAt(t, sentinels.URL())
	node, _ := startNode(t, store)
	c := patientlyOn(t, node)
	ask(t, c, "Trước khi máy chính hỏng")
	sentinels.Spare().Command("CONFIG", "SET", "appendonly", "no")
	sentinels.KillMaster()
	const want = "set appendonly yes"
	for {
		err := node.Ready(t.Context())
		if err != nil && strings.Contains(err.Error(), want) {
			break
		}
		if err == nil && t.Context().Err() == nil {
			t.Fatal("ready on a master that forgets")
		}
	}
	sentinels.Master().Command("CONFIG", "SET", "appendonly", "yes")
	for node.Ready(t.Context()) != nil {
		runtime.Gosched()
	}
}

// askThroughKill has a few people ask until all is answered; kill is called when a third is.
func askThroughKill(t *testing.T, c *live.Conference, commands []conference.Command, kill func()) (asked []conference.QuestionID) {
	t.Helper()
	var people sync.WaitGroup
	var next atomic.Int64
	answers := make(chan conference.QuestionID, len(commands))
	third := make(chan struct{})
	for range 4 {
		people.Go(func() { // ends when all commands are answered
			for i := next.Add(1) - 1; i < int64(len(commands)) && !t.Failed(); i = next.Add(1) - 1 {
				answers <- untilAnswered(t, c, commands[i]).Question
				if i == int64(len(commands)/3) {
					close(third)
				}
			}
		})
	}
	<-third
	kill()
	people.Wait()
	close(answers)
	for id := range answers {
		asked = append(asked, id)
	}
	return asked
}
