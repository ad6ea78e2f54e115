package repair_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/diemcau/diemcau/sfu/repair"
)

const ms = int64(time.Millisecond)

func TestAskedAtOnceThenOnceARoundTrip(t *testing.T) {
	t.Parallel()
	var a repair.Asker
	now := int64(time.Hour)
	a.Got(65536, now)
	a.Got(65538, now)
	if got := a.Due(nil, now); len(got) != 0 {
		t.Errorf("asked for %v that may only be late", got)
	}
	a.Got(65539, now+ms)
	a.Got(65540, now+ms)
	if got := a.Due(nil, now+10*ms); !slices.Equal(got, []uint16{1}) {
		t.Errorf("got %v, want the first packet that is missing", got)
	}
	asked := 0
	for at := now + 11*ms; at < now+1000*ms; at += 5 * ms {
		asked += len(a.Due(nil, at))
	}
	if asked < 5 || asked > 12 {
		t.Errorf("asked %d times in a second, want about once in 100 ms", asked)
	}
	a.Got(65537, now+1000*ms)
	if got := a.Due(nil, now+2000*ms); len(got) != 0 {
		t.Errorf("asked for %v that came", got)
	}
}

func TestGivesUp(t *testing.T) {
	t.Parallel()
	var a repair.Asker
	now := int64(time.Hour)
	a.Got(65536, now)
	a.Got(65540, now)
	if got := a.Due(nil, now+int64(4*time.Second)); len(got) != 0 {
		t.Errorf("asked for %v after four seconds", got)
	}
	a.Got(65540+100_000, now)
	if got := a.Due(nil, now+50*ms); len(got) != 0 {
		t.Errorf("asked for %d packets of another life", len(got))
	}
}

// M4, over lines of all kinds that lose both ways: nearly everything comes, and not much more
// is sent than was lost.
func TestM4_RepairsAreFewAndEnough(t *testing.T) {
	t.Parallel()
	for _, line := range []struct {
		loss    float64
		trip    int64   // ms
		missing float64 // share of the lost that may be
		stalls  bool    // the sender stands still now and then, which looks like a queue
	}{
		{0.01, 40, 0, false},
		{0.05, 200, 0, false},
		{0.10, 100, 0, false},
		{0.10, 600, 0.002, false},
		{0.20, 300, 0.002, false},
		{0.20, 650, 0.01, false},
		{0.05, 200, 0, true},
		{0.10, 100, 0, true},
		{0.10, 260, 0.002, true},
	} {
		rng := rand.New(rand.NewPCG(1, uint64(line.trip)))
		var a repair.Asker
		type coming struct {
			at, sent int64
			seq      uint64
		}
		var waited, repaired int64 // nanoseconds from when it was first sent, packets
		const packets = 6000       // a minute
		var repairs []coming
		have := map[uint64]bool{}
		lost, sent, asked := 0, 0, 0
		answered := map[uint16]int64{} // who sends does so once a round trip
		for i := range uint64(packets) {
			now := int64(time.Hour) + int64(i)*10*ms
			repairs = slices.DeleteFunc(repairs, func(c coming) bool {
				if c.at <= now {
					if !have[c.seq] {
						waited, repaired = waited+c.at-c.sent, repaired+1
					}
					have[c.seq] = true
					a.Got(c.seq, now)
				}
				return c.at <= now
			})
			if seq := 65536 + i; rng.Float64() >= line.loss || i == 0 {
				have[seq] = true
				a.Got(seq, now)
			} else {
				lost++
			}
			if line.stalls && i%90 < 10 {
				a.Hold(now)
			}
			due := a.Due(nil, now)
			through := rng.Float64() >= line.loss // the request, with all that it asks for
			for _, s := range due {
				asked++
				if at := answered[s]; !through || (at != 0 && now-at < line.trip*ms) {
					continue
				}
				answered[s] = now
				sent++
				if rng.Float64() >= line.loss {
					repairs = append(repairs, coming{now + line.trip*ms, int64(time.Hour) + int64(s)*10*ms, 65536 + uint64(s)})
				}
			}
		}
		missing := 0
		for i := range uint64(packets - 300) {
			if !have[65536+i] {
				missing++
			}
		}
		if trips := float64(waited) / float64(repaired) / float64(line.trip*ms); line.trip >= 200 && trips > 1.6 {
			t.Errorf("%g %% lost, %d ms there and back: a repair takes %.2f round trips", 100*line.loss, line.trip, trips)
		}
		t.Logf("%g %% lost, %d ms: %d lost, asked %d times, %d sent again, %d missing", 100*line.loss, line.trip, lost, asked, sent, missing)
		if float64(missing) > line.missing*float64(lost) || float64(sent) > 1.6*float64(lost) || asked > 6*lost {
			t.Errorf("%g %% lost, %d ms there and back: %d of %d lost were not repaired by %d, asked for %d times",
				100*line.loss, line.trip, missing, lost, sent, asked)
		}
	}
}

// Whatever comes, what is asked for is missing, and not asked for too often.
func TestAsksOnlyForWhatIsMissing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var a repair.Asker
		have, now, base := map[uint16]bool{}, int64(time.Hour), uint64(1<<16+65_500)
		last := map[uint16]int64{}
		for range rapid.IntRange(1, 200).Draw(t, "packets") {
			base += uint64(rapid.IntRange(0, 4).Draw(t, "on"))
			seq := base - uint64(rapid.IntRange(0, 8).Draw(t, "back"))
			now += int64(rapid.IntRange(0, 60).Draw(t, "ms")) * ms
			have[uint16(seq)] = true
			a.Got(seq, now)
			for _, s := range a.Due(nil, now) {
				if have[s] {
					t.Fatalf("asked for %d, which came", s)
				}
				if at, asked := last[s]; asked && now-at < 20*ms {
					t.Fatalf("asked for %d again after %d ms", s, (now-at)/ms)
				}
				last[s] = now
			}
		}
	})
}

// A line that loses half of everything, for a minute: no flood of requests.
func TestRequestsAreBounded(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 1))
	var a repair.Asker
	messages, seq := 0, uint64(1<<16)
	for now := int64(time.Hour); now < int64(time.Hour+time.Minute); now += ms {
		if seq++; rng.Float64() < 0.5 {
			a.Got(seq, now)
		}
		due := a.Due(nil, now)
		if len(due) > 256 {
			t.Fatalf("asked for %d packets at once", len(due))
		}
		if len(due) > 0 {
			messages++
		}
	}
	if messages > 60*100 {
		t.Errorf("%d messages in a minute, want at most one in 10 ms", messages)
	}
}

// A line that takes a fifth of what is sent: what is sent again does not fill it up for good.
func TestRequestsAreNoMoreThanTheLineCarries(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 1))
	var a repair.Asker
	asked, came, seq := 0, 0, uint64(1<<16)
	for now := int64(time.Hour); now < int64(time.Hour+20*time.Second); now += 4 * ms {
		if seq++; rng.Float64() < 0.2 {
			came++
			a.Got(seq, now)
		}
		if asked += len(a.Due(nil, now)); asked > 256+3*came/2 {
			t.Fatalf("asked %d times when %d packets had come", asked, came)
		}
	}
	if asked < came {
		t.Errorf("asked %d times only, %d packets came", asked, came)
	}
}

func FuzzAsker(f *testing.F) {
	f.Add([]byte{1, 0, 3, 200, 255, 7})
	f.Fuzz(func(t *testing.T, b []byte) {
		var a repair.Asker
		seq, now := uint64(1<<16), int64(time.Hour)
		for i, step := range b {
			seq = max(1, seq+uint64(step)-uint64(b[len(b)-1-i]))
			now += int64(step) * ms
			a.Got(seq, now)
			if n := len(a.Due(nil, now)); n > 256 {
				t.Fatalf("asked for %d packets at once", n)
			}
		}
	})
}

// M5: a line whose queue stood is asked for little at first, and for as much as ever later.
func TestM5_AskedForLittleAfterAQueue(t *testing.T) {
	t.Parallel()
	var a repair.Asker
	now := int64(time.Hour)
	seq := uint64(65536)
	a.Got(seq, now)
	asked := func(packets int) (n int) {
		for range packets {
			seq += 2 // every other packet is lost
			now += 10 * ms
			a.Got(seq, now)
			n += len(a.Due(nil, now))
		}
		return n
	}
	if n := asked(50); n < 40 {
		t.Errorf("asked for %d of 50 before the queue", n)
	}
	a.Hold(now)
	if n := asked(90); n > 25 {
		t.Errorf("asked %d times in 0.9 s after the queue, with 90 packets", n)
	}
	if n := asked(100); n < 100 {
		t.Errorf("asked %d times a second later, with 100 packets", n)
	}
}
