package live_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog"
	"github.com/diemcau/diemcau/internal/eventlog/eventlogtest"
	"github.com/diemcau/diemcau/internal/live"
)

const (
	perSecond  = 40_000 // acknowledged, what SQLite must reach at 500 submitters
	ofBareXADD = 0.5    // of bare XADDs' rate, what Redis must reach there
	judgedFrom = 10_000
)

// BenchmarkQ8_Submissions measures acknowledged submissions through Conference.Do by 1, 50
// and 500 submitters who each wait for their answer. In the same run the very bytes are
// written again in the very batches with nothing around them: to a flat file with one
// fdatasync per batch, and on Redis as bare XADDs, one pipeline per batch.
func BenchmarkQ8_Submissions(b *testing.B) {
	var missed []string // told at the end: a benchmark that fails does not print its figures
	for _, submitters := range []int{1, 50, 500} {
		b.Run(fmt.Sprintf("sqlite,submitters=%d", submitters), func(b *testing.B) {
			store := newStore(b)
			rate := benchSubmit(b, startConference(b, store), submitters)
			flat := benchFlat(b, batchesOf(b, store))
			b.ReportMetric(rate/flat, "of-flat")
			if b.N >= judgedFrom && submitters == 500 && rate < perSecond {
				missed = append(missed, fmt.Sprintf("%s: %.0f acknowledged/s, want at least %d on a quiet machine", b.Name(), rate, perSecond))
			}
		})
	}
	for _, submitters := range []int{1, 50, 500} {
		b.Run(fmt.Sprintf("redis,submitters=%d", submitters), func(b *testing.B) {
			server := eventlogtest.StartRedis(b)
			store := openRedisAt(b, server.URL)
			rate := benchSubmit(b, startConference(b, store), submitters)
			batches := batchesOf(b, store)
			b.ReportMetric(rate/benchFlat(b, batches), "of-flat")
			bare := benchXADD(b, server.Address(), batches)
			b.ReportMetric(rate/bare, "of-xadd")
			if b.N >= judgedFrom && submitters == 500 && rate < ofBareXADD*bare {
				missed = append(missed, fmt.Sprintf("%s: %.2f of bare XADDs' rate, want at least %.1f", b.Name(), rate/bare, ofBareXADD))
			}
		})
	}
	for _, goal := range missed {
		b.Error(goal)
	}
}

// benchSubmit makes b.N submissions and returns how many were acknowledged per second.
func benchSubmit(b *testing.B, c *live.Conference, submitters int) float64 {
	b.Helper()
	rate := benchDo(b, c, submitters, func(int64) conference.Body {
		return question(rand.Text(), "Bao giờ tôi được cấp sổ đỏ cho thửa đất số 5?")
	})
	if got := len(c.Snapshot().Questions); got != b.N {
		b.Errorf("questions: got %d, want %d", got, b.N)
	}
	return rate
}

// benchDo gives b.N commands and returns how many were acknowledged per second.
func benchDo(b *testing.B, c *live.Conference, submitters int, body func(i int64) conference.Body) float64 {
	b.Helper()
	waits := make([]time.Duration, b.N)
	var next atomic.Int64
	var group sync.WaitGroup
	used := cpuTime(b)
	b.ResetTimer()
	for range submitters {
		group.Go(func() { // ends when b.N submissions are made
			for i := next.Add(1) - 1; i < int64(b.N); i = next.Add(1) - 1 {
				command := conference.Command{ID: rand.Text(), Actor: citizen, Body: body(i)}
				begin := time.Now()
				if _, err := c.Do(b.Context(), command); err != nil {
					b.Error(err)
				}
				waits[i] = time.Since(begin)
			}
		})
	}
	group.Wait()
	b.StopTimer()
	rate := float64(b.N) / b.Elapsed().Seconds()
	slices.Sort(waits)
	b.ReportMetric(rate, "acked/s")
	b.ReportMetric(waits[len(waits)/2].Seconds()*1000, "p50-ms")
	b.ReportMetric(waits[len(waits)*99/100].Seconds()*1000, "p99-ms")
	b.ReportMetric(float64((cpuTime(b)-used).Microseconds())/float64(b.N), "cpu-µs/op")
	return rate
}

// cpuTime returns the processor time this process has used.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// batchesOf reads what was written, as it was written: the log gives all events of one
// append one time.
func batchesOf(b *testing.B, store eventlog.Store) (batches [][]eventlog.Record) {
	b.Helper()
	log, err := store.Log(b.Context(), theID)
	if err != nil {
		b.Fatal(err)
	}
	records, _, err := eventlogtest.ReadAll(b.Context(), log, eventlog.MaxRead)
	if err != nil {
		b.Fatal(err)
	}
	for len(records) > 0 {
		n := 1
		for n < len(records) && records[n].At.Equal(records[0].At) {
			n++
		}
		batches, records = append(batches, records[:n]), records[n:]
	}
	return batches
}

func eventsOf(batches [][]eventlog.Record) (events float64) {
	for _, batch := range batches {
		events += float64(len(batch))
	}
	return events
}

// benchFlat appends the batches to a file, with one fdatasync after each, and returns how
// many events that are per second.
func benchFlat(b *testing.B, batches [][]eventlog.Record) float64 {
	b.Helper()
	file, err := os.Create(filepath.Join(b.TempDir(), "flat"))
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	contents := make([][]byte, len(batches))
	for i, batch := range batches {
		for _, r := range batch {
			contents[i] = append(contents[i], strings.Join([]string{r.ID, r.Cause, r.Digest, r.Hash}, " ")...)
			contents[i] = append(contents[i], r.Canonical...)
			for _, sealed := range r.Sealed {
				contents[i] = append(contents[i], sealed...)
			}
		}
	}
	began := time.Now()
	for _, content := range contents {
		if _, err := file.Write(content); err != nil {
			b.Fatal(err)
		}
		if err := syscall.Fdatasync(int(file.Fd())); err != nil {
			b.Fatal(err)
		}
	}
	rate := eventsOf(batches) / time.Since(began).Seconds()
	b.ReportMetric(rate, "flat/s")
	return rate
}

// benchXADD adds the batches to a stream, one pipeline per batch, each waiting for the
// answers to the one before, and returns how many events that are per second.
func benchXADD(b *testing.B, address string, batches [][]eventlog.Record) float64 {
	b.Helper()
	conn, err := new(net.Dialer).DialContext(context.WithoutCancel(b.Context()), "tcp", address)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	pipelines := make([][]byte, len(batches))
	for i, batch := range batches {
		var pipeline bytes.Buffer
		for _, r := range batch {
			arguments := []string{"XADD", "bare", "*", "id", r.ID, "cause", r.Cause, "e", string(r.Canonical), "d", r.Digest, "h", r.Hash}
			for field, sealed := range r.Sealed {
				arguments = append(arguments, field, string(sealed))
			}
			fmt.Fprintf(&pipeline, "*%d\r\n", len(arguments))
			for _, argument := range arguments {
				fmt.Fprintf(&pipeline, "$%d\r\n%s\r\n", len(argument), argument)
			}
		}
		pipelines[i] = pipeline.Bytes()
	}
	answers := bufio.NewReader(conn)
	began := time.Now()
	for i, pipeline := range pipelines {
		if _, err := conn.Write(pipeline); err != nil {
			b.Fatal(err)
		}
		for range batches[i] { // "$15\r\n1669852800000-0\r\n"
			head, err := answers.ReadString('\n')
			if err == nil && head[0] == '$' {
				_, err = answers.ReadString('\n')
			}
			if err != nil || head[0] != '$' {
				b.Fatalf("XADD: %q, %v", head, err)
			}
		}
	}
	rate := eventsOf(batches) / time.Since(began).Seconds()
	b.ReportMetric(rate, "xadd/s")
	return rate
}
