package layer_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/diemcau/diemcau/sfu/layer"
)

var rungs = [layer.Most]int{1_600_000, 550_000, 250_000}

// line says what a receiver would tell of a rung on a line of so many bits/s.
func tell(line, rung int, estimates bool) layer.Told {
	told := layer.Told{Loss: 0}
	if rungs[rung] > line {
		told.Loss = 1 - float64(line)/float64(rungs[rung])
	}
	if estimates { // no more than half as much again as what comes
		told.Bits = min(line, rungs[rung]*3/2)
	}
	return told
}

func TestLadderFitsTheLine(t *testing.T) {
	t.Parallel()
	for _, estimates := range []bool{true, false} {
		var l layer.Ladder
		now, rung := int64(time.Hour), 0
		run := func(line, seconds int) (falls int) {
			for range seconds {
				now += int64(time.Second)
				next := l.Step(tell(line, rung, estimates), rungs, now)
				if next > rung {
					falls++
				}
				rung = next
			}
			return falls
		}
		run(4_000_000, 30)
		if rung != 0 {
			t.Errorf("estimates %v: rung %d on a good line", estimates, rung)
		}
		run(400_000, 6)
		if rung != 2 {
			t.Errorf("estimates %v: rung %d after six seconds of 400 kbit/s, want 2", estimates, rung)
		}
		if falls := run(400_000, 300); falls > 6 {
			t.Errorf("estimates %v: %d trials in five minutes of 400 kbit/s", estimates, falls)
		}
		run(4_000_000, 200)
		if rung != 0 {
			t.Errorf("estimates %v: rung %d after 200 s of a good line", estimates, rung)
		}
	}
}

func TestLadderDoesNotLeaveForNothing(t *testing.T) {
	t.Parallel()
	var l layer.Ladder
	for i := range int64(60) { // one layer: the lower rungs are the same picture
		if got := l.Step(layer.Told{Loss: 0.3}, [layer.Most]int{900_000, 900_000, 900_000}, int64(time.Hour)+i*int64(time.Second)); got != 0 {
			t.Fatalf("rung %d, want 0", got)
		}
	}
	var silent layer.Ladder // says nothing at all
	for i := range int64(60) {
		if got := silent.Step(layer.Told{Loss: -1}, rungs, int64(time.Hour)+i*int64(time.Second)); got != 0 {
			t.Fatalf("rung %d of a receiver that says nothing, want 0", got)
		}
	}
}

// A small estimate that never fell is one of a quiet picture.
func TestLadderTrustsNoSmallEstimate(t *testing.T) {
	t.Parallel()
	var l layer.Ladder
	for i := range int64(60) {
		if got := l.Step(layer.Told{Bits: 300_000 + int(i)*20_000}, rungs, int64(time.Hour)+i*int64(time.Second)); got != 0 {
			t.Fatalf("rung %d after %d s, want 0", got, i)
		}
	}
}

// Whatever is told, the rung is one of them, and one report never moves it.
func TestLadderHolds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var l layer.Ladder
		now, rung, bad := int64(time.Hour), 0, 0
		for range rapid.IntRange(1, 200).Draw(t, "seconds") {
			now += int64(time.Second)
			told := layer.Told{
				Bits: rapid.SampledFrom([]int{0, 100_000, 400_000, 700_000, 3_000_000}).Draw(t, "bits"),
				Loss: rapid.SampledFrom([]float64{-1, 0, 0.01, 0.05, 0.2}).Draw(t, "loss"),
			}
			was := rung
			if told.Loss > 0.1 || told.Bits > 0 && told.Bits < rungs[was]*85/100 {
				bad++
			} else {
				bad = 0
			}
			rung = l.Step(told, rungs, now)
			switch {
			case rung < 0 || rung >= layer.Most || rung < was-1:
				t.Fatalf("from rung %d to %d", was, rung)
			case rung > was && bad < 2:
				t.Fatalf("left rung %d for one report", was)
			case rung < was && told.Loss > 0.02:
				t.Fatalf("rose from rung %d while it loses", was)
			}
			if rung > was {
				bad = 0
			}
		}
	})
}
