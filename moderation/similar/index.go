package similar

import (
	"slices"
	"sync"

	"github.com/diemcau/diemcau/internal/conference"
)

// Index holds the questions of one conference. Any number of goroutines may call Find and
// Len; Put and Remove may be called by any goroutine too, and exclude each other and
// Find. A Put waits for the Finds under way (milliseconds in a large conference), so a
// goroutine that must not wait feeds the index through another.
//
// A question of 300 letters costs about 600 bytes beside its id; of features there are
// 4 × 65,536 at most, whatever is put.
type Index struct {
	lexicon *Lexicon
	known   []class // of the words the lexicon knows, by code
	logs    *logs
	scratch sync.Pool // of *scratch

	mu       sync.RWMutex // guards all below
	numbers  map[feature]uint32
	lists    []list // by a feature's number
	traits   []trait
	slots    map[conference.QuestionID]slot
	question []entry // by slot
}

// trait is what the score needs of a feature.
type trait struct {
	count  uint32 // questions that have it
	weight float32
	family uint8
}

// entry is what is kept of a question; its features are nil once removed, and empty, not
// nil, of a text without a word.
type entry struct {
	id       conference.QuestionID
	features []byte // pack of the numbers of its features
	count    uint16
	aspects  uint16
}

// New returns an empty index with a lexicon of its own.
func New() *Index { return NewLexicon().Index() }

// Index returns an empty index that reads with l; any number may share it.
func (l *Lexicon) Index() *Index {
	x := &Index{
		lexicon: l, known: l.classes(), logs: newLogs(),
		numbers: map[feature]uint32{}, slots: map[conference.QuestionID]slot{},
	}
	x.scratch.New = func() any { return new(scratch) }
	return x
}

// Len returns how many questions there are.
func (x *Index) Len() int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return len(x.slots)
}

// Put adds a question, or gives it another text. A text without a letter or digit is kept
// and never found.
func (x *Index) Put(id conference.QuestionID, text string) {
	s := x.lexicon.sketch(text)
	x.mu.Lock()
	defer x.mu.Unlock()
	x.remove(id)
	at := slot(len(x.question))
	numbers := make([]uint32, 0, len(s.features))
	for _, f := range s.features {
		number := x.number(f)
		x.lists[number].add(at)
		x.traits[number].count++
		numbers = append(numbers, number)
	}
	slices.Sort(numbers)
	x.question = append(x.question, entry{
		id: id, features: pack(numbers), count: uint16(len(numbers)), aspects: s.aspects,
	})
	x.slots[id] = at
}

// Remove forgets a question; one that is not there is no error.
func (x *Index) Remove(id conference.QuestionID) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.remove(id)
}

func (x *Index) remove(id conference.QuestionID) {
	at, there := x.slots[id]
	if !there {
		return
	}
	for _, number := range unpack(nil, x.question[at].features) {
		x.traits[number].count--
	}
	x.question[at] = entry{}
	delete(x.slots, id)
	if gone := len(x.question) - len(x.slots); gone > len(x.slots)/2+minRenumber {
		x.renumber()
	}
}

// minRenumber is how many empty slots are left alone, whatever the size.
const minRenumber = 1024

// renumber closes the gaps that removed questions left. It takes about 5 ns for each
// feature of each question, once in as many removals as half the questions left.
func (x *Index) renumber() {
	numbers := make([]slot, len(x.question))
	left := make([]entry, 0, len(x.slots))
	for at, entry := range x.question {
		numbers[at] = empty
		if entry.features != nil {
			numbers[at] = slot(len(left))
			x.slots[entry.id] = slot(len(left))
			left = append(left, entry)
		}
	}
	x.question = left
	var buffer []byte
	for i := range x.lists {
		buffer = x.lists[i].renumber(numbers, buffer)
	}
}

// number returns the number of a feature, a new one for a new feature.
func (x *Index) number(f feature) uint32 {
	if number, ok := x.numbers[f]; ok {
		return number
	}
	number := uint32(len(x.lists))
	x.numbers[f] = number
	x.lists = append(x.lists, list{})
	x.traits = append(x.traits, trait{weight: x.lexicon.weight(f, x.known), family: uint8(f.family())})
	return number
}

// rarity is the logarithm of how many questions there are: what rarities are measured by.
func (x *Index) rarity() float32 {
	return leastRarity + x.logs.ln(uint32(len(x.slots))+priorAll)
}

// mass returns the squared weight of a feature that count questions have, as a whole
// number, so that sums do not depend on their order; more than 0.
func (x *Index) mass(rarity, weight float32, count uint32) uint32 {
	weight *= rarity - x.logs.ln(count+prior)
	return uint32(massScale * weight * weight)
}
