package rewrite_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/diemcau/diemcau/sfu/rewrite"
)

func TestSwitchKeepsNumbersContiguous(t *testing.T) {
	t.Parallel()
	r := rewrite.New(65534, 4_294_960_000)
	r.Switch(500, 90_000, 0)
	type out struct {
		seq uint64
		ts  uint32
	}
	var got []out
	take := func(seq uint64, ts uint32) {
		s, out2, ok := r.Rewrite(seq, ts)
		if !ok {
			t.Fatalf("packet %d was refused", seq)
		}
		got = append(got, out{s, out2})
	}
	take(500, 90_000)
	take(501, 93_000)
	r.Switch(9000, 10, 6000)
	take(9000, 10)
	take(9001, 3010)
	want := []out{
		{131070, 4_294_960_000}, {131071, 4_294_963_000}, {131072, 1_704}, {131073, 4_704},
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("packet %d: got %v, want %v", i, got[i], want[i])
		}
	}
	if _, _, ok := r.Rewrite(8999, 0); ok {
		t.Error("a packet from before the switch was taken")
	}
}

func TestNothingBeforeTheFirstSwitch(t *testing.T) {
	t.Parallel()
	r := rewrite.New(1, 1)
	if _, _, ok := r.Rewrite(5, 5); ok {
		t.Error("a packet was taken before there was a source")
	}
}

// Sources with sent numbers, losses, delays and doubles: every incoming packet has one
// outgoing number, two packets never share one, numbers of a run leave no hole that the
// source did not have, the next run begins right after the highest, and a picture that is
// newer than all before has a higher timestamp.
func TestRewriterProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := rewrite.New(rapid.Uint16().Draw(t, "seq"), rapid.Uint32().Draw(t, "ts"))
		type origin struct {
			run int
			seq uint64
		}
		used := map[uint64]origin{}
		highest, lastTS, sent := uint64(0), uint32(0), false
		for run := range rapid.IntRange(1, 6).Draw(t, "runs") {
			first := uint64(rapid.Uint32().Draw(t, "first")) + 1<<16
			ts := rapid.Uint32().Draw(t, "first ts")
			r.Switch(first, ts, rapid.Uint32().Draw(t, "elapsed"))
			if sent && r.Next() != highest+1 {
				t.Fatalf("run %d begins at %d after %d", run, r.Next(), highest)
			}
			for i := range rapid.IntRange(1, 40).Draw(t, "packets") {
				seq := first
				if i > 0 {
					seq = first + uint64(rapid.IntRange(-3, 40).Draw(t, "number"))
				}
				in := ts + uint32(seq-first)*1500
				out, outTS, ok := r.Rewrite(seq, in)
				if ok != (seq >= first) {
					t.Fatalf("packet %d of a run from %d: got %v", seq, first, ok)
				}
				if !ok {
					continue
				}
				if was, known := used[out]; known && was != (origin{run, seq}) {
					t.Fatalf("number %d was given twice", out)
				}
				used[out] = origin{run, seq}
				if sent && out > highest && int32(outTS-lastTS) <= 0 {
					t.Fatalf("packet %d: timestamp %d after %d", out, outTS, lastTS)
				}
				if !sent || out > highest {
					highest, lastTS = out, outTS
				}
				sent = true
			}
		}
	})
}
