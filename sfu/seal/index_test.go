package seal_test

import (
	"testing"

	"github.com/diemcau/diemcau/sfu/seal"
)

func TestFirstIndexLeavesRoom(t *testing.T) {
	t.Parallel()
	for _, random := range []uint16{0, 1, 1<<15 - 2, 1<<15 - 1, 1 << 15, 1<<16 - 1} {
		if at := seal.First(random); at == 0 || at >= 1<<15 || at.ROC() != 0 {
			t.Errorf("First(%d) = %#x, want 1 to 2^15-1", random, uint64(at))
		}
	}
}

// Whatever is asked for within the last 2^16 packets is found, on both sides of a roll-over.
func FuzzIndexNearest(f *testing.F) {
	f.Add(uint64(0x1_0003), uint16(7))
	f.Add(uint64(0x1_0003), uint16(0))
	f.Add(uint64(3), uint16(5))
	f.Add(uint64(0xffff), uint16(0xffff))
	f.Fuzz(func(t *testing.T, newest uint64, back uint16) {
		newest &= 1<<48 - 1
		want := seal.Index(newest) - seal.Index(back)
		exists := uint64(back) <= newest
		got, ok := seal.Index(newest).Nearest(uint16(newest) - back)
		if ok != exists || (ok && (got != want || got.Seq() != uint16(newest)-back)) {
			t.Fatalf("newest %#x, %d back: got %#x, %v; want %#x, %v", newest, back, uint64(got), ok, uint64(want), exists)
		}
	})
}

// A window never lets an index through twice, and always one that is newer than all.
func FuzzWindow(f *testing.F) {
	f.Add([]byte{1, 2, 3, 2, 250, 250, 1})
	f.Add([]byte{0, 0, 255, 255, 255, 128, 128, 7})
	f.Add([]byte{129, 127, 129, 127})
	f.Fuzz(func(t *testing.T, steps []byte) {
		var w seal.Window
		used := map[seal.Index]bool{}
		var newest seal.Index
		at := seal.Index(1000)
		for i, s := range steps {
			at += seal.Index(int64(s) - 120) // forwards and back
			if i%7 == 6 {
				at += 600 // beyond the window
			}
			ok := w.Use(at)
			if ok && used[at] {
				t.Fatalf("step %d: index %d twice", i, at)
			}
			if !ok && at > newest {
				t.Fatalf("step %d: index %d, the newest, was refused", i, at)
			}
			if !ok && !used[at] && newest-at < 256 {
				t.Fatalf("step %d: index %d was refused, though not used", i, at)
			}
			used[at] = used[at] || ok
			newest = max(newest, at)
		}
	})
}
