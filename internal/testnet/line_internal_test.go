package testnet

import (
	"math"
	"testing"
	"time"
)

// marched is what a line did to a column of packets.
type marched struct {
	at, due  []time.Time
	verdicts []Verdict
	counts   Counts
}

// march sends count packets of size bytes through a line, one each step.
func march(l Line, count, size int, step time.Duration) (m marched) {
	d := newDirection(7, 1)
	d.set(l)
	now := time.Unix(0, 0)
	for range count {
		left, v := d.pass(now, size)
		m.at, m.due, m.verdicts = append(m.at, now), append(m.due, left), append(m.verdicts, v)
		now = now.Add(step)
	}
	m.counts = d.counts
	return m
}

func TestLine_loss(t *testing.T) {
	t.Parallel()
	const count = 100_000
	for _, share := range []float64{0, 0.01, 0.05, 0.10, 0.20, 1} {
		m := march(Line{Loss: share}, count, 100, time.Millisecond)
		lost := 0
		for _, v := range m.verdicts {
			if v == Lost {
				lost++
			}
		}
		// Five standard deviations of a binomial count; the seed makes it repeat anyway.
		if off := math.Abs(float64(lost) - share*count); off > 5*math.Sqrt(count*share*(1-share)) {
			t.Errorf("loss %g: got %d of %d lost", share, lost, count)
		}
		if m.counts.Lost != lost || m.counts.Packets != count {
			t.Errorf("loss %g: counted %+v, want %d lost", share, m.counts, lost)
		}
	}
}

// Another delay or rate must not lose other packets.
func TestLine_lossIsTheSeedsAlone(t *testing.T) {
	t.Parallel()
	plain := march(Line{Loss: 0.3}, 1000, 100, time.Millisecond).verdicts
	loaded := march(Line{Loss: 0.3, Delay: time.Second, Jitter: time.Second, Reorder: 0.5}, 1000, 100, time.Millisecond).verdicts
	for i := range plain {
		if plain[i] != loaded[i] {
			t.Fatalf("packet %d: %s on a plain line, %s on a slow one", i, plain[i], loaded[i])
		}
	}
}

func TestLine_delayAndJitter(t *testing.T) {
	t.Parallel()
	const count = 20_000
	l := Line{Delay: 50 * time.Millisecond, Jitter: 30 * time.Millisecond}
	// The step is longer than the jitter: no packet waits for the one before.
	m := march(l, count, 100, 40*time.Millisecond)
	least, most, sum := time.Hour, time.Duration(0), time.Duration(0)
	for i := range m.at {
		took := m.due[i].Sub(m.at[i])
		least, most, sum = min(least, took), max(most, took), sum+took
	}
	if least < l.Delay || least > l.Delay+time.Millisecond || most > l.Delay+l.Jitter || most < l.Delay+l.Jitter-time.Millisecond {
		t.Errorf("delays from %v to %v, want 50 ms to 80 ms", least, most)
	}
	if mean := sum / count; mean < 64500*time.Microsecond || mean > 65500*time.Microsecond {
		t.Errorf("mean delay %v, want 65 ms", mean)
	}
	// Close together they keep their order.
	m = march(l, count, 100, time.Millisecond)
	for i := 1; i < count; i++ {
		if m.due[i].Before(m.due[i-1]) {
			t.Fatalf("packet %d leaves before %d", i, i-1)
		}
	}
}

func TestLine_reorder(t *testing.T) {
	t.Parallel()
	const count = 20_000
	m := march(Line{Delay: 10 * time.Millisecond, Reorder: 0.05}, count, 100, time.Millisecond)
	overtaken := 0
	for i := range count - 1 {
		if m.due[i].After(m.due[i+1]) {
			overtaken++
		}
		if took := m.due[i].Sub(m.at[i]); took != 10*time.Millisecond && took != 30*time.Millisecond {
			t.Fatalf("packet %d took %v, want 10 ms or 30 ms", i, took)
		}
	}
	// 5 % are held back; where the next one is too, it is not overtaken by it.
	if want := count * 0.05 * 0.95; math.Abs(float64(overtaken)-want) > 5*math.Sqrt(want) {
		t.Errorf("%d of %d overtaken, want about %g", overtaken, count, want)
	}
	if math.Abs(float64(m.counts.Reordered)-count*0.05) > 5*math.Sqrt(count*0.05) {
		t.Errorf("counted %d held back", m.counts.Reordered)
	}
}

func TestLine_rate(t *testing.T) {
	t.Parallel()
	// 1,000 bytes each millisecond are 8 Mbit/s; 2 Mbit/s pass.
	l := Line{Rate: 2_000_000, Queue: 100 * time.Millisecond}
	m := march(l, 10_000, 1000, time.Millisecond)
	passed, longest := 0, time.Duration(0)
	var last time.Time
	for i, v := range m.verdicts {
		if v == Delivered {
			passed++
			longest, last = max(longest, m.due[i].Sub(m.at[i])), m.due[i]
		}
	}
	bits := float64(passed) * 8000
	if rate := bits / last.Sub(m.at[0]).Seconds(); rate < 1_990_000 || rate > 2_010_000 {
		t.Errorf("passed %g bits/s, want 2 million", rate)
	}
	// The queue holds 100 ms and one packet (4 ms) more.
	if longest < 95*time.Millisecond || longest > 105*time.Millisecond {
		t.Errorf("waited up to %v, want 100 ms", longest)
	}
	if m.counts.Overflowed != 10_000-passed {
		t.Errorf("counted %+v, want %d overflowed", m.counts, 10_000-passed)
	}
	// After a pause 3,000 bytes pass at once, and not more.
	m = march(l, 5, 1000, 0)
	for i, want := range []time.Duration{0, 0, 0, 4 * time.Millisecond, 8 * time.Millisecond} {
		if got := m.due[i].Sub(time.Unix(0, 0)); got != want {
			t.Errorf("packet %d of a burst leaves after %v, want %v", i, got, want)
		}
	}
	// Half the bottleneck's rate passes untouched.
	m = march(l, 1000, 1000, 8*time.Millisecond)
	for i := range m.at {
		if !m.due[i].Equal(m.at[i]) {
			t.Fatalf("packet %d waited %v below the rate", i, m.due[i].Sub(m.at[i]))
		}
	}
	if m.counts.Overflowed != 0 {
		t.Errorf("%d overflowed below the rate", m.counts.Overflowed)
	}
}
