package layer

import (
	"cmp"
	"slices"
)

// Class is what a slot is for; the smaller goes first.
type Class uint8

// The classes.
const (
	Heard     Class = iota // sound that is played: it goes before everything, whatever the line takes
	Sound                  // sound that may not be played
	Programme              // pictures …
	Return
	Tile
)

// Off is the choice of nothing.
const Off = -1

// Most is how many layers a picture has.
const Most = 3

// Wish is one slot. The layers are numbered from the highest, 0; sound has one.
type Wish struct {
	Class Class
	// Height is how large the picture is shown, in lines of the screen; 0 is hidden, and
	// sound that is not to be sent.
	Height int
	// Bits is what each layer takes, in bits/s of IP packets; 0: there is no such layer.
	Bits [Most]int
	// Now is the layer sent now, or Off.
	Now int
}

// Spare is how much more than its cost must be free for a step up, in percent.
const Spare = 15

// enough is how much smaller than it is shown a picture may be, in percent.
const enough = 75

// lines is how high each layer of a camera is.
var lines = [Most]int{720, 360, 180} //nolint:gochecknoglobals // a table

// Best returns the layer a picture shown so high should be: the smallest that is not much
// smaller than it is shown; Off when it is hidden or there is none.
func (w *Wish) Best() int {
	if w.Height <= 0 {
		return Off
	}
	best := Off
	for l := Most - 1; l >= 0; l-- {
		if w.Bits[l] == 0 {
			continue
		}
		best = l
		if lines[l]*100 >= w.Height*enough {
			break
		}
	}
	return best
}

// least returns the lowest layer there is.
func (w *Wish) least() int {
	for l := Most - 1; l >= 0; l-- {
		if w.Bits[l] > 0 {
			return l
		}
	}
	return Off
}

// Now returns what goes now takes together, in bits/s.
func Now(wishes []Wish) int {
	sum := 0
	for i := range wishes {
		if w := &wishes[i]; w.Now != Off && w.Height > 0 {
			sum += w.Bits[w.Now]
		}
	}
	return sum
}

// Smaller reports whether a picture in layer to takes less than in layer from.
func Smaller(from, to int) bool { return from != Off && (to == Off || to > from) }

// Share is what came of it.
type Share struct {
	// Chosen is the layer of each wish, in their order.
	Chosen []int
	// Bits is what they take together.
	Bits int
	// Wanted is what everything would take that is wanted.
	Wanted int
	// Missing is the least a step that was not taken needs, beside Bits; 0: nothing is missing.
	Missing int
}

// Allot shares bits/s among the wishes.
func Allot(bits int, wishes []Wish) Share {
	s := Share{Chosen: make([]int, len(wishes))}
	order := make([]int, len(wishes))
	for i := range wishes {
		s.Chosen[i], order[i] = Off, i
		if best := wishes[i].Best(); best != Off {
			s.Wanted += wishes[i].Bits[best]
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		x, y := &wishes[a], &wishes[b]
		if x.Class != y.Class {
			return cmp.Compare(x.Class, y.Class)
		}
		return cmp.Compare(y.Height, x.Height)
	})
	round := func(from, to Class, step func(i int)) {
		for _, i := range order {
			if c := wishes[i].Class; c >= from && c <= to {
				step(i)
			}
		}
	}
	small := func(i int) { s.take(bits, wishes, i, true) }
	full := func(i int) { s.take(bits, wishes, i, false) }
	round(Heard, Sound, full)
	round(Programme, Return, small)
	round(Programme, Return, full)
	round(Tile, Tile, small)
	round(Tile, Tile, full)
	return s
}

// take gives a wish its smallest layer, or steps up to the best it should have.
func (s *Share) take(bits int, wishes []Wish, i int, small bool) {
	w := &wishes[i]
	best := w.Best()
	if best == Off {
		return
	}
	if small {
		best = max(best, w.least())
	}
	for l := Most - 1; l >= best; l-- {
		if w.Bits[l] == 0 || (s.Chosen[i] != Off && l >= s.Chosen[i]) {
			continue
		}
		cost := w.Bits[l]
		if s.Chosen[i] != Off {
			cost -= w.Bits[s.Chosen[i]]
		}
		needs := s.Bits + cost
		if w.Now == Off || l < w.Now {
			needs += max(cost, w.Bits[l]/2) * Spare / 100
		}
		if w.Class != Heard && needs > bits {
			if s.Missing == 0 || needs-s.Bits < s.Missing {
				s.Missing = needs - s.Bits
			}
			return
		}
		s.Chosen[i] = l
		s.Bits += cost
	}
}
