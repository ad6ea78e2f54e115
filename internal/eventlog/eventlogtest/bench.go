package eventlogtest

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog"
)

// BenchAppend measures durable appends of one event with one check and a sealed field
// of 300 bytes, by 1, 50 and 500 submitters who each wait for the answer. It reports
// appends/s and the 50th and 99th percentile of the wait in ms.
func BenchAppend(b *testing.B, open Open) {
	b.Helper()
	for _, submitters := range []int{1, 50, 500} {
		b.Run(fmt.Sprintf("submitters=%d", submitters), func(b *testing.B) {
			store, _ := open(b)
			log, err := store.Log(b.Context(), NewConference())
			if err != nil {
				b.Fatal(err)
			}
			_, start, err := log.Read(b.Context(), 0, 0)
			if err != nil {
				b.Fatal(err)
			}
			waits := submit(b, log, start, submitters)
			b.StopTimer()
			slices.Sort(waits)
			milliseconds := func(part float64) float64 {
				return waits[int(part*float64(len(waits)-1))].Seconds() * 1000
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "appends/s")
			b.ReportMetric(milliseconds(0.50), "p50-ms")
			b.ReportMetric(milliseconds(0.99), "p99-ms")
			_, end, err := log.Read(b.Context(), 0, 0)
			if err != nil || end.Pos != uint64(b.N) {
				b.Fatalf("log ends at %+v (%v), want %d", end, err, b.N)
			}
		})
	}
}

// submit makes b.N appends and returns how long each took.
func submit(b *testing.B, log eventlog.Log, start eventlog.Position, submitters int) []time.Duration {
	b.Helper()
	sample := MakeDraft(b, Sample{Command: NewID(), Entity: "question:sample"})
	sample.Sealed = map[string][]byte{"body": make([]byte, 300)}
	waits := make([]time.Duration, b.N)
	var next atomic.Int64
	var group sync.WaitGroup
	b.ResetTimer()
	for range submitters {
		group.Go(func() { // ends when b.N appends are made
			for i := next.Add(1) - 1; i < int64(b.N); i = next.Add(1) - 1 {
				begin := time.Now()
				results, _, err := log.Append(b.Context(), start, []eventlog.Command{numbered(sample, i)})
				if err != nil || results[0].Stale != nil {
					b.Errorf("append: %+v, %v", results, err)
					return
				}
				waits[i] = time.Since(begin)
			}
		})
	}
	group.Wait()
	return waits
}

func numbered(draft eventlog.Draft, i int64) eventlog.Command {
	entity := conference.Entity(fmt.Sprintf("question:%d", i))
	draft.ID = fmt.Sprintf("event-%d", i)
	draft.Bumps = []conference.Entity{entity}
	return eventlog.Command{
		ID: fmt.Sprintf("command-%d", i), Checks: []eventlog.Check{{Entity: entity}}, Drafts: []eventlog.Draft{draft},
	}
}
