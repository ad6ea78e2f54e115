//go:build linux

package load_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"
)

const (
	m1Window = 4 * time.Second // of one measurement
	m1Rounds = 3               // server and limit in turn; the median counts

	joinsAtOnce = 50
	ringFills   = 5 * time.Second
)

// BenchmarkM1_Viewers measures what a forwarded packet costs the server, with 50, 200 and
// 400 viewers, in both ways of sending, and the limit in the same minutes.
func BenchmarkM1_Viewers(b *testing.B) {
	if runtime.NumCPU() < 2 {
		b.Fatal("two CPUs are needed: the server must not share one with the generator")
	}
	first, rest := cpus()
	pin(b, rest)
	for _, mode := range []struct{ name, role string }{{"tick", roleTick}, {"frames", roleWhole}} {
		b.Run(mode.name, func(b *testing.B) {
			r := newRig(b, mode.role, first)
			for _, n := range []int{50, 200, 400} {
				b.Run(strconv.Itoa(n), func(b *testing.B) {
					for range b.N {
						r.join(b, n)
						r.measure(b, first)
					}
				})
			}
		})
	}
}

// cpus returns the first CPU we may use, and the others.
func cpus() (first, rest unix.CPUSet) {
	var all unix.CPUSet
	if err := unix.SchedGetaffinity(0, &all); err != nil {
		return all, all
	}
	for i := range 1024 {
		switch {
		case !all.IsSet(i):
		case first.Count() == 0:
			first.Set(i)
		default:
			rest.Set(i)
		}
	}
	return first, rest
}

// pin keeps the generator's threads off the server's CPU.
func pin(tb testing.TB, set unix.CPUSet) {
	tb.Helper()
	tasks, err := os.ReadDir("/proc/self/task")
	check(tb, err)
	for _, task := range tasks {
		id, err := strconv.Atoi(task.Name())
		check(tb, err)
		_ = unix.SchedSetaffinity(id, &set) // a thread that has just ended
	}
	runtime.GOMAXPROCS(set.Count())
}

// rig is a server, a source and receivers.
type rig struct {
	server    *server
	source    *source
	identity  *identity
	receivers []*receiver
	first     float64 // resident memory with one viewer
	cancel    context.CancelFunc
}

func newRig(tb testing.TB, role string, on unix.CPUSet) *rig {
	tb.Helper()
	r := &rig{server: startServer(tb, role, on)}
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel = cancel
	var err error
	r.identity, err = newIdentity()
	check(tb, err)
	r.source, err = publish(ctx, r.server.url)
	check(tb, err)
	var running sync.WaitGroup
	running.Go(func() { r.source.run(ctx) })
	running.Go(func() { r.keepAlive(ctx) })
	tb.Cleanup(func() {
		cancel()
		running.Wait()
		for _, x := range r.receivers {
			x.close()
		}
		_ = r.source.pc.Close()
	})
	return r
}

// receiversMu guards rig.receivers while it grows.
var receiversMu sync.Mutex

func (r *rig) all() []*receiver {
	receiversMu.Lock()
	defer receiversMu.Unlock()
	return slices.Clone(r.receivers)
}

// keepAlive sends every receiver's connectivity check as often as Chromium does.
func (r *rig) keepAlive(ctx context.Context) {
	tick := time.NewTicker(2500 * time.Millisecond) // as Chromium
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			for _, x := range r.all() {
				_ = x.keepAlive()
			}
		}
	}
}

// join connects receivers until there are n that see a picture.
func (r *rig) join(tb testing.TB, n int) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	var joining errgroup.Group
	joining.SetLimit(joinsAtOnce)
	if len(r.all()) == 0 {
		x, err := watch(ctx, r.server.url, r.identity, true)
		check(tb, err)
		receiversMu.Lock()
		r.receivers = append(r.receivers, x)
		receiversMu.Unlock()
		wait(ringFills) // what one viewer needs and all share is not counted for each
		r.first = r.server.rss(tb)
	}
	for range n - len(r.all()) {
		joining.Go(func() error {
			x, err := watch(ctx, r.server.url, r.identity, false)
			for err != nil && strings.Contains(err.Error(), "media.full") && ctx.Err() == nil {
				wait(time.Second) // as a viewer is told by Retry-After
				x, err = watch(ctx, r.server.url, r.identity, false)
			}
			if err != nil {
				return err
			}
			receiversMu.Lock()
			r.receivers = append(r.receivers, x)
			receiversMu.Unlock()
			select {
			case <-x.first:
				return nil
			case <-ctx.Done():
				return fmt.Errorf("a receiver sees no picture: %w", ctx.Err())
			}
		})
	}
	check(tb, joining.Wait())
}

// result is one row of the table.
type result struct {
	micros, limit, rate, run, limitRun, allocs, generator []float64
	delays                                                []time.Duration
	dropped                                               uint64
}

func (r *rig) measure(b *testing.B, on unix.CPUSet) {
	b.Helper()
	var sum result
	for range m1Rounds {
		trace := r.window(b, &sum)
		r.source.held.Store(true)
		check(b, r.server.cmd.Process.Signal(syscall.SIGSTOP))
		c := r.replay(b, on, trace)
		check(b, r.server.cmd.Process.Signal(syscall.SIGCONT))
		r.source.held.Store(false)
		sum.limit = append(sum.limit, c.Micros/float64(c.Packets))
		sum.limitRun = append(sum.limitRun, float64(c.Packets)/float64(c.Calls))
		wait(time.Second) // until the stream has settled
	}
	slices.Sort(sum.delays)
	at := func(p float64) float64 {
		if len(sum.delays) == 0 {
			return -1
		}
		return float64(sum.delays[int(float64(len(sum.delays)-1)*p)]) / 1e6
	}
	n := float64(len(r.all()))
	b.ReportMetric(median(sum.micros), "µs/packet")
	b.ReportMetric(median(sum.limit), "limit-µs/packet")
	b.ReportMetric(median(sum.micros)/median(sum.limit), "×limit")
	b.ReportMetric(median(sum.rate), "packets/s")
	b.ReportMetric(median(sum.run), "packets/call")
	b.ReportMetric(median(sum.limitRun), "limit-packets/call")
	b.ReportMetric((r.server.rss(b)-r.first)/(n-1), "KiB/viewer")
	b.ReportMetric(at(0.5), "p50-ms")
	b.Logf("%+v", r.server.figures(b))
	b.ReportMetric(at(0.99), "p99-ms")
	b.ReportMetric(median(sum.allocs), "allocs/packet")
	b.ReportMetric(median(sum.generator)*100, "generator-%")
	b.ReportMetric(float64(sum.dropped), "dropped")
	b.ReportMetric(0, "ns/op")
}

// window measures the server for a while and returns what one receiver saw.
func (r *rig) window(b *testing.B, sum *result) []arrival {
	b.Helper()
	all := r.all()
	traced := all[0]
	for _, x := range all {
		x.take()
	}
	before, cpu, own, start := r.server.figures(b), r.server.cpu(b), spent(), time.Now()
	traced.trace(true)
	wait(m1Window)
	trace := traced.trace(false)
	cpu, own = r.server.cpu(b)-cpu, spent()-own
	elapsed, after := time.Since(start).Seconds(), r.server.figures(b)
	for _, x := range all {
		sum.delays = append(sum.delays, x.take()...)
	}
	packets := float64(after.Packets - before.Packets)
	sum.micros = append(sum.micros, cpu/packets)
	sum.rate = append(sum.rate, packets/elapsed)
	sum.run = append(sum.run, packets/float64(after.Calls-before.Calls))
	sum.allocs = append(sum.allocs, float64(after.Mallocs-before.Mallocs)/packets)
	sum.generator = append(sum.generator, own/1e6/elapsed/float64(runtime.GOMAXPROCS(0)))
	sum.dropped += after.Dropped - before.Dropped
	return trace
}

// replay lets the limit send the same to the same receivers.
func (r *rig) replay(b *testing.B, on unix.CPUSet, trace []arrival) cost {
	b.Helper()
	job := replay{Flushes: flushes(trace)}
	for _, x := range r.all() {
		job.Ports = append(job.Ports, uint16(x.port()))
	}
	cmd, in, out := child(b, roleLimit, on)
	check(b, json.NewEncoder(in).Encode(job))
	check(b, in.Close())
	var c cost
	check(b, json.NewDecoder(out).Decode(&c))
	check(b, cmd.Wait())
	return c
}

func wait(d time.Duration) { <-time.After(d) }

func median(all []float64) float64 {
	all = slices.Sorted(slices.Values(all))
	if len(all) == 0 {
		return 0
	}
	return all[len(all)/2]
}
