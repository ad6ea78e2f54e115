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

// Over lines of all kinds: nearly everything comes, and not much more is sent than was lost.
func TestRepairsAreFewAndEnough(t *testing.T) {
	t.Parallel()
	for _, line := range []struct {
		loss float64
		trip int64 // ms
	}{{0.01, 40}, {0.05, 200}, {0.10, 100}, {0.10, 600}, {0.20, 300}} {
		rng := rand.New(rand.NewPCG(1, uint64(line.trip)))
		var a repair.Asker
		type coming struct {
			at  int64
			seq uint64
		}
		const packets = 6000 // a minute
		var repairs []coming
		have := map[uint64]bool{}
		lost, sent := 0, 0
		for i := range uint64(packets) {
			now := int64(time.Hour) + int64(i)*10*ms
			repairs = slices.DeleteFunc(repairs, func(c coming) bool {
				if c.at <= now {
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
			for _, s := range a.Due(nil, now) {
				if rng.Float64() < line.loss {
					continue // the request is lost
				}
				sent++
				if rng.Float64() >= line.loss {
					repairs = append(repairs, coming{now + line.trip*ms, 65536 + uint64(s)})
				}
			}
		}
		missing := 0
		for i := range uint64(packets - 300) {
			if !have[65536+i] {
				missing++
			}
		}
		t.Logf("%g %% lost, %d ms: %d lost, %d sent again, %d missing", 100*line.loss, line.trip, lost, sent, missing)
		if missing > lost/200 || float64(sent) > 2.2*float64(lost) {
			t.Errorf("%g %% lost, %d ms there and back: %d of %d lost were not repaired by %d", 100*line.loss, line.trip, missing, lost, sent)
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
				if at, asked := last[s]; asked && now-at < 40*ms {
					t.Fatalf("asked for %d again after %d ms", s, (now-at)/ms)
				}
				last[s] = now
			}
		}
	})
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
