package sfu

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/diemcau/diemcau/sfu/seal"
)

// A viewer's numbers: whatever is late, lost or doubled, no index is used twice, the
// numbers of a viewer that had to wait for a keyframe go on without a gap, nothing is sent
// from before the viewer came, and what is asked for again is what was sent under that number.
func TestM1_LegProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g := newLeg(line{rtx: &format{payload: 97}})
		// Often just before a roll-over.
		g.next = seal.Index(rapid.SampledFrom([]uint64{1, 0xfff0, 0x1_fff8, 0x7ffe}).Draw(t, "first"))
		first := g.next
		sent := map[seal.Index]uint64{}
		seq := rapid.Uint64Range(1<<16, 1<<20).Draw(t, "seq")
		var newest seal.Index
		for range rapid.IntRange(1, 300).Draw(t, "packets") {
			step := rapid.SampledFrom([]int{1, 1, 1, 1, 2, 0, -1, -3}).Draw(t, "step")
			seq = uint64(int64(seq) + int64(step))
			if rapid.IntRange(0, 39).Draw(t, "lost") == 0 {
				g.lost()
			}
			waited := !g.begun || g.waits
			next := g.next
			starts := rapid.IntRange(0, 4).Draw(t, "starts") == 0
			at, ok := g.number(seq, uint32(seq)*3000, starts)
			if !ok {
				if waited && starts {
					t.Fatalf("refused a keyframe at %d", seq)
				}
				continue
			}
			if was, twice := sent[at]; twice {
				t.Fatalf("index %#x for %d and for %d", uint64(at), was, seq)
			}
			if waited && (!starts || at != next) {
				t.Fatalf("began at index %#x with keyframe %v, want %#x", uint64(at), starts, uint64(next))
			}
			if at < first || at > newest+8 && len(sent) > 0 {
				t.Fatalf("index %#x, newest %#x, first %#x", uint64(at), uint64(newest), uint64(first))
			}
			sent[at] = seq
			newest = max(newest, at)
		}
		for at, want := range sent {
			got, ok := g.asked(at.Seq())
			if old := at < g.now.first && (g.before.first == 0 || at < g.before.first); old {
				continue // two losses ago: no longer known
			}
			if !ok || got.number != want || got.at != at {
				t.Fatalf("asked for %#x: got %d (%#x), %v; want %d", uint64(at), got.number, uint64(got.at), ok, want)
			}
		}
	})
}

func TestLegHasNothingBeforeItBegins(t *testing.T) {
	t.Parallel()
	g := newLeg(line{})
	if _, ok := g.asked(7); ok {
		t.Error("got a packet that was never sent")
	}
	if _, ok := g.number(100, 0, false); ok {
		t.Error("began without a keyframe")
	}
	if at, ok := g.number(101, 0, true); !ok || at == 0 || at >= 1<<15 {
		t.Errorf("got first index %#x, %v; want 1 to 2^15-1", uint64(at), ok)
	}
	if _, ok := g.number(100, 0, false); ok {
		t.Error("sent a packet from before the keyframe")
	}
}
