package similar

import (
	"cmp"
	"slices"

	"github.com/diemcau/diemcau/internal/conference"
)

// Match is a question that was found and how alike it is: 1 for the same text, 0 for
// nothing in common.
type Match struct {
	ID    conference.QuestionID
	Score float64
}

const (
	// candidates is how many questions are scored in full.
	candidates = 160
	// budget is how many entries of lists one Find reads; the rarest features come first.
	budget = 200_000
	// scale turns a share of the score into a whole number, so that sums do not depend on
	// their order.
	scale = 1 << 22
)

// wanted is a feature of the text looked for.
type wanted struct {
	feature feature
	number  uint32 // empty when no question ever had it
	count   uint32
	mass    uint32
}

// candidate is a question that has some of the rarest features.
type candidate struct {
	sum  uint64
	slot slot
}

// scratch is the working memory of one Find.
type scratch struct {
	sums    []uint32
	wanted  []wanted
	heap    []candidate
	numbers []uint32
}

// Find returns the questions most like text, the best first (equals by id), at most limit
// and at most 160. A text finds itself with score 1. It reads a bounded part of the lists,
// so that among very many questions one that shares only frequent words may be missed.
// Scores below ThresholdCard are returned too: what is worth showing is the caller's.
func (x *Index) Find(text string, limit int) []Match {
	s := x.lexicon.sketch(text)
	if limit <= 0 || len(s.features) == 0 {
		return nil
	}
	work, _ := x.scratch.Get().(*scratch)
	defer x.scratch.Put(work)
	x.mu.RLock()
	defer x.mu.RUnlock()
	own := x.want(work, s.features)
	x.gather(work, own)
	x.choose(work)
	matches := make([]Match, 0, len(work.heap))
	slices.SortFunc(work.wanted, func(a, b wanted) int { return cmp.Compare(a.number, b.number) })
	for _, c := range work.heap {
		entry := &x.question[c.slot]
		other, both := x.compare(work, entry.features)
		matches = append(matches, Match{
			ID: entry.id, Score: score(own, other, both) * aspectFactor(s.aspects, entry.aspects),
		})
	}
	slices.SortFunc(matches, func(a, b Match) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.ID, b.ID))
	})
	return slices.Clip(matches[:min(limit, len(matches))])
}

// want looks the features up, the rarest first, and returns their mass.
func (x *Index) want(work *scratch, features []feature) masses {
	var own masses
	rarity := x.rarity()
	work.wanted = work.wanted[:0]
	for _, f := range features {
		w := wanted{feature: f, number: empty}
		weight := x.lexicon.weight(f, x.known)
		if number, ok := x.numbers[f]; ok {
			w.number, w.count = number, x.traits[number].count
		}
		w.mass = x.mass(rarity, weight, w.count)
		own[f.family()] += uint64(w.mass)
		work.wanted = append(work.wanted, w)
	}
	slices.SortFunc(work.wanted, func(a, b wanted) int {
		return cmp.Or(cmp.Compare(a.count, b.count), cmp.Compare(b.mass, a.mass), cmp.Compare(a.feature, b.feature))
	})
	return own
}

// gather sums, for every question, its share of the mass wanted, over the rarest features
// until the budget is spent.
func (x *Index) gather(work *scratch, own masses) {
	work.sums = append(work.sums[:0], make([]uint32, len(x.question))...)
	share := shares()
	read := uint32(0)
	for _, w := range work.wanted {
		if w.count == 0 {
			continue
		}
		if read += w.count; read > budget && read > w.count {
			break
		}
		family := w.feature.family()
		x.lists[w.number].score(work.sums, uint32(scale*share[family]*float64(w.mass)/float64(own[family])))
	}
}

// choose leaves the best candidates on the heap: the largest sum for its length.
func (x *Index) choose(work *scratch) {
	work.heap = work.heap[:0]
	full, worst := false, uint64(0) // the heap is, and its worst sum
	for at, sum := range work.sums {
		if sum == 0 || (full && uint64(sum)<<16/lengthBase < worst) {
			continue
		}
		entry := &x.question[at]
		if entry.features == nil {
			continue
		}
		c := candidate{sum: uint64(sum) << 16 / (lengthBase + uint64(entry.count)), slot: slot(at)}
		switch {
		case len(work.heap) < candidates:
			work.heap = append(work.heap, c)
			x.up(work.heap, len(work.heap)-1)
		case x.less(work.heap[0], c):
			work.heap[0] = c
			x.down(work.heap)
		}
		full, worst = len(work.heap) == candidates, work.heap[0].sum
	}
}

// lengthBase is the number of features at which a question's length begins to tell
// against it: long questions share features with everything.
const lengthBase = 100

// less orders candidates, the worse first; of equals the higher id is worse.
func (x *Index) less(a, b candidate) bool {
	if a.sum != b.sum {
		return a.sum < b.sum
	}
	return x.question[a.slot].id > x.question[b.slot].id
}

func (x *Index) up(heap []candidate, i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !x.less(heap[i], heap[parent]) {
			return
		}
		heap[i], heap[parent] = heap[parent], heap[i]
		i = parent
	}
}

func (x *Index) down(heap []candidate) {
	for i := 0; ; {
		child := 2*i + 1
		if child >= len(heap) {
			return
		}
		if child+1 < len(heap) && x.less(heap[child+1], heap[child]) {
			child++
		}
		if !x.less(heap[child], heap[i]) {
			return
		}
		heap[i], heap[child] = heap[child], heap[i]
		i = child
	}
}

// compare returns the mass of a question's features, and of those wanted among them.
// The wanted are in order of their numbers.
func (x *Index) compare(work *scratch, packed []byte) (other, both masses) {
	work.numbers = unpack(work.numbers[:0], packed)
	rarity, i := x.rarity(), 0
	for _, number := range work.numbers {
		t := &x.traits[number]
		m := x.mass(rarity, t.weight, t.count)
		other[t.family] += uint64(m)
		for i < len(work.wanted) && work.wanted[i].number < number {
			i++
		}
		if i < len(work.wanted) && work.wanted[i].number == number {
			both[t.family] += uint64(m)
		}
	}
	return other, both
}
