package layer_test

import (
	"encoding/binary"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/diemcau/diemcau/sfu/layer"
)

const off = layer.Off

var camera = [layer.Most]int{1_500_000, 400_000, 120_000}

func sound(class layer.Class) layer.Wish {
	return layer.Wish{Class: class, Height: 1, Bits: [layer.Most]int{55_000}, Now: 0}
}

func picture(class layer.Class, height, now int) layer.Wish {
	return layer.Wish{Class: class, Height: height, Bits: camera, Now: now}
}

// hall is what a hall is sent: a voice, the programme's sound, programme, return, two tiles.
func hall(now ...int) []layer.Wish {
	for len(now) < 4 {
		now = append(now, off)
	}
	return []layer.Wish{
		sound(layer.Heard), sound(layer.Sound), picture(layer.Programme, 720, now[0]), picture(layer.Return, 360, now[1]),
		picture(layer.Tile, 180, now[2]), picture(layer.Tile, 360, now[3]),
	}
}

func TestM5_LineIsShared(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		bits int
		now  []int
		want []int
	}{
		{"plenty", 10_000_000, nil, []int{0, 0, 0, 1, 2, 1}},
		{"2 M: one tile, the larger", 2_200_000, nil, []int{0, 0, 0, 1, off, 2}},
		{"1 M: the programme is in the middle", 1_300_000, nil, []int{0, 0, 1, 1, 2, 2}},
		{"400 k: both are small, no tile", 400_000, nil, []int{0, 0, 2, 2, off, off}},
		{"300 k: the programme alone", 300_000, nil, []int{0, 0, 2, off, off, off}},
		{"120 k: sound only", 120_000, nil, []int{0, 0, off, off, off, off}},
		{"60 k: what is played", 60_000, nil, []int{0, off, off, off, off, off}},
		{"nothing: still not silent", 0, nil, []int{0, off, off, off, off, off}},
		{"no room to spare for a step up", 240_000, nil, []int{0, 0, off, off, off, off}},
		{"what goes already stays", 240_000, []int{2}, []int{0, 0, 2, off, off, off}},
		{"what goes already falls when it must", 800_000, []int{0, 1}, []int{0, 0, 1, 2, off, 2}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := layer.Allot(tt.bits, hall(tt.now...))
			if diff := cmp.Diff(tt.want, got.Chosen); diff != "" {
				t.Errorf("chosen (-want +got):\n%s", diff)
			}
		})
	}
}

func TestBest(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		height int
		bits   [layer.Most]int
		want   int
	}{
		{"hidden", 0, camera, off},
		{"tiny", 40, camera, 2},
		{"a tile", 240, camera, 2},
		{"a large tile", 241, camera, 1},
		{"half the screen", 480, camera, 1},
		{"more", 481, camera, 0},
		{"4K", 2160, camera, 0},
		{"no low layer", 40, [layer.Most]int{1, 1, 0}, 1},
		{"no high layer", 720, [layer.Most]int{0, 0, 1}, 2},
		{"one layer", 40, [layer.Most]int{1, 0, 0}, 0},
		{"none", 720, [layer.Most]int{}, off},
	} {
		w := layer.Wish{Class: layer.Tile, Height: tt.height, Bits: tt.bits}
		if got := w.Best(); got != tt.want {
			t.Errorf("%s: got %d, want %d", tt.name, got, tt.want)
		}
	}
}

func drawWishes(t *rapid.T) []layer.Wish {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) layer.Wish {
		w := layer.Wish{
			Class:  layer.Class(rapid.IntRange(0, 4).Draw(t, "class")),
			Height: rapid.SampledFrom([]int{0, 90, 180, 360, 720}).Draw(t, "height"),
			Now:    rapid.IntRange(off, 2).Draw(t, "now"),
		}
		bits := 0
		for l := layer.Most - 1; l >= 0; l-- {
			if rapid.Bool().Draw(t, "there") {
				bits += rapid.IntRange(20_000, 500_000).Draw(t, "more bits")
				w.Bits[l] = bits
			}
		}
		return w
	}), 0, 12).Draw(t, "wishes")
}

// What must hold of every share.
func check(t interface{ Fatalf(string, ...any) }, bits int, wishes []layer.Wish, s layer.Share) {
	sum, heard := 0, 0
	for i, l := range s.Chosen {
		w := wishes[i]
		best := w.Best()
		switch {
		case l == off:
			if w.Class == layer.Heard && best != off {
				t.Fatalf("sound that is played does not go: %+v", w)
			}
			continue
		case best == off:
			t.Fatalf("what is hidden goes: %+v", w)
		case w.Bits[l] == 0:
			t.Fatalf("layer %d goes, which there is not: %+v", l, w)
		case l < best:
			t.Fatalf("layer %d goes, %d is large enough: %+v", l, best, w)
		}
		sum += w.Bits[l]
		if w.Class == layer.Heard {
			heard += w.Bits[l]
		}
	}
	if sum != s.Bits || sum > max(bits, heard) {
		t.Fatalf("%d bits/s of %d, said %d", sum, bits, s.Bits)
	}
	if s.Wanted < s.Bits || (s.Missing == 0) != (s.Wanted == s.Bits) {
		t.Fatalf("got %+v of %d", s, bits)
	}
}

func TestSharesHold(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		wishes, bits := drawWishes(t), rapid.IntRange(0, 3_000_000).Draw(t, "bits")
		s := layer.Allot(bits, wishes)
		check(t, bits, wishes, s)
		// Said to go on as it goes, it comes to rest, and nobody loses by that.
		again := slices.Clone(wishes)
		last := s
		for range 3*len(wishes) + 1 {
			for i := range again {
				again[i].Now = last.Chosen[i]
			}
			next := layer.Allot(bits, again)
			if slices.Equal(next.Chosen, last.Chosen) {
				return
			}
			last = next
		}
		t.Fatalf("it never comes to rest: %+v of %d", wishes, bits)
	})
}

// Of two like pictures of different classes the first is never worse off; nor is the
// larger of two tiles hidden for the smaller.
func TestM5_ProgrammeBeforeReturnBeforeTiles(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		bits := rapid.IntRange(0, 6_000_000).Draw(t, "bits")
		var wishes []layer.Wish
		for _, c := range []layer.Class{layer.Programme, layer.Return, layer.Tile} {
			wishes = append(wishes, picture(c, 720, off))
		}
		wishes = append(wishes, picture(layer.Tile, 360, off))
		s := layer.Allot(bits, wishes)
		for i := 1; i < len(wishes); i++ {
			worse := s.Chosen[i] != off && (s.Chosen[i-1] == off || s.Chosen[i-1] > s.Chosen[i])
			if worse {
				t.Fatalf("got %v of %d", s.Chosen, bits)
			}
		}
	})
}

// More bits never take the programme a layer down.
func TestMoreBitsAreNotWorse(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		bits := rapid.IntRange(0, 4_000_000).Draw(t, "bits")
		more := bits + rapid.IntRange(0, 1_000_000).Draw(t, "more")
		less, wishes := layer.Allot(bits, hall()), hall()
		much := layer.Allot(more, wishes)
		if l, m := less.Chosen[2], much.Chosen[2]; l != off && (m == off || m > l) {
			t.Fatalf("layer %d of %d, %d of %d", l, bits, m, more)
		}
	})
}

func FuzzAllot(f *testing.F) {
	f.Add(400_000, []byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11})
	f.Add(-1, []byte{})
	f.Fuzz(func(t *testing.T, bits int, b []byte) {
		var wishes []layer.Wish
		for ; len(b) >= 9; b = b[9:] {
			w := layer.Wish{Class: layer.Class(b[0] % 5), Height: int(b[1]) * 8, Now: int(b[2]%4) - 1}
			for l := range w.Bits {
				w.Bits[l] = int(binary.BigEndian.Uint16(b[3+2*l:])) * 30
			}
			slices.SortFunc(w.Bits[:], func(x, y int) int { return y - x })
			wishes = append(wishes, w)
		}
		bits = max(0, min(bits, 1<<30))
		check(t, bits, wishes, layer.Allot(bits, wishes))
	})
}
