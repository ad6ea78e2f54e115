package burst_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/diemcau/diemcau/sfu/burst"
)

func TestPlan(t *testing.T) {
	t.Parallel()
	type run struct {
		Size    int
		Indices []int
		Pads    []int
	}
	for _, tt := range []struct {
		name             string
		pictures, sounds []int
		want             []run
		alone            int
	}{
		{name: "nothing"},
		{
			name: "a shorter packet ends a run", pictures: []int{1100, 1100, 640, 1100},
			want: []run{{1100, []int{0, 1, 2}, []int{0, 0, 0}}, {1100, []int{3}, []int{0}}},
		},
		{
			name: "neighbours are made equal", pictures: []int{1100, 1101, 1099, 1101},
			want: []run{{1101, []int{0, 1, 2, 3}, []int{1, 0, 2, 0}}},
		},
		{
			name: "but not by more than the limit", pictures: []int{1100, 1108, 1113},
			want: []run{{1108, []int{0, 1}, []int{8, 0}}, {1113, []int{2}, []int{0}}},
		},
		{
			name: "sound rides on an open run", pictures: []int{1100, 1100}, sounds: []int{90},
			want: []run{{1100, []int{0, 1, 2}, []int{0, 0, 0}}},
		},
		{
			name: "and goes alone without one", pictures: []int{1100, 640}, sounds: []int{90}, alone: 1,
			want: []run{{1100, []int{0, 1}, []int{0, 0}}, {90, []int{2}, []int{0}}},
		},
		{
			name: "two sounds, two open runs", pictures: []int{1000, 1200}, sounds: []int{90, 91},
			want: []run{{1000, []int{0, 2}, []int{0, 0}}, {1200, []int{1, 3}, []int{0, 0}}},
		},
		{name: "sound alone", sounds: []int{90}, alone: 1, want: []run{{90, []int{0}, []int{0}}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var p burst.Planner
			runs, alone := p.Plan(tt.pictures, tt.sounds)
			var got []run
			for _, r := range runs {
				g := run{Size: r.Size}
				for _, piece := range r.Pieces {
					g.Indices, g.Pads = append(g.Indices, piece.Index), append(g.Pads, piece.Pad)
				}
				got = append(got, g)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" || alone != tt.alone {
				t.Errorf("alone %d, want %d; runs (-want +got):\n%s", alone, tt.alone, diff)
			}
		})
	}
}

// Whatever the sizes: every packet is in exactly one run, pictures and sounds
// each in order, all of a run
// but the last have its size, nobody is padded by more than the limit, and the kernel's
// limits hold.
func FuzzPlan(f *testing.F) {
	f.Add([]byte{200, 200, 200, 10}, []byte{3})
	f.Add([]byte{1, 2, 3, 250, 251, 252, 0}, []byte{1, 200})
	f.Add([]byte{}, []byte{9, 9})
	f.Fuzz(func(t *testing.T, a, b []byte) {
		sizes := func(bytes []byte, by int) []int {
			var all []int
			for _, x := range bytes[:min(len(bytes), 300)] {
				all = append(all, 1+int(x)*by+int(x)%7)
			}
			return all
		}
		pictures, sounds := sizes(a, 5), sizes(b, 1)
		all := append(append([]int{}, pictures...), sounds...)
		var p burst.Planner
		p.Plan([]int{1200, 1199, 40}, []int{60}) // a planner is used again and again
		runs, alone := p.Plan(pictures, sounds)
		seen := make([]bool, len(all))
		last, lastSound, single := -1, -1, 0
		for _, r := range runs {
			if len(r.Pieces) == 0 || len(r.Pieces) > burst.MaxPackets+1 || len(r.Pieces)*(r.Size+40) > 65000 {
				t.Fatalf("a run of %d packets of %d bytes", len(r.Pieces), r.Size)
			}
			for i, piece := range r.Pieces {
				if seen[piece.Index] {
					t.Fatalf("packet %d twice", piece.Index)
				}
				seen[piece.Index] = true
				size := all[piece.Index] + piece.Pad
				if piece.Pad < 0 || piece.Pad > burst.MaxPad || size > r.Size || (i < len(r.Pieces)-1 && size != r.Size) {
					t.Fatalf("packet %d of %d: %d+%d bytes in a run of %d", i, len(r.Pieces), all[piece.Index], piece.Pad, r.Size)
				}
				if piece.Index < len(pictures) {
					if piece.Index <= last {
						t.Fatalf("picture %d after %d", piece.Index, last)
					}
					last = piece.Index
					continue
				}
				if piece.Index <= lastSound {
					t.Fatalf("sound %d after %d", piece.Index, lastSound)
				}
				lastSound = piece.Index
				if len(r.Pieces) == 1 {
					single++
				}
			}
		}
		for i, s := range seen {
			if !s {
				t.Fatalf("packet %d is lost", i)
			}
		}
		if single != alone {
			t.Fatalf("got %d sounds alone, told %d", single, alone)
		}
	})
}
