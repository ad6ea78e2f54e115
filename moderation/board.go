package moderation

import (
	"slices"

	"github.com/diemcau/diemcau/internal/conference"
)

// Board is all questions of a conference: as a root the state itself, as an Overlay the
// changes of a batch that is not durable yet, falling through to its parent for the rest.
//
// Only one goroutine may Apply to a board; several may read a root while nobody applies.
type Board struct {
	parent    *Board
	questions map[conference.QuestionID]*Question
	order     []conference.QuestionID // submissions of this layer, oldest first
	queue     []conference.QuestionID // replaced, never changed in place
	queueSet  bool                    // this layer has a running order of its own
	onAir     conference.QuestionID
	onAirSet  bool
	votes     map[conference.QuestionID]map[string]bool // voter → supports, of this layer
}

// NewBoard returns the board of a conference nobody has asked anything in.
func NewBoard() *Board {
	return &Board{
		questions: make(map[conference.QuestionID]*Question), votes: make(map[conference.QuestionID]map[string]bool),
		queueSet: true, onAirSet: true,
	}
}

// Overlay returns an empty layer on top of b. Dropping it undoes what was applied to it.
func (b *Board) Overlay() *Board {
	return &Board{
		parent: b, questions: make(map[conference.QuestionID]*Question), votes: make(map[conference.QuestionID]map[string]bool),
	}
}

// Rest puts an overlay onto another board, which has taken over what its parent held.
func (b *Board) Rest(on *Board) { b.parent = on }

// Question returns the question, or nil.
func (b *Board) Question(id conference.QuestionID) *Question {
	for layer := b; layer != nil; layer = layer.parent {
		if q, ok := layer.questions[id]; ok {
			return q
		}
	}
	return nil
}

// Questions returns all questions in order of submission.
func (b *Board) Questions() []*Question {
	ids := slices.Clone(b.order)
	for layer := b.parent; layer != nil; layer = layer.parent {
		ids = append(slices.Clone(layer.order), ids...)
	}
	questions := make([]*Question, len(ids))
	for i, id := range ids {
		questions[i] = b.Question(id)
	}
	return questions
}

// Merged returns the questions another one stands for, in order of submission.
func (b *Board) Merged(into conference.QuestionID) []conference.QuestionID {
	var ids []conference.QuestionID
	for _, q := range b.Questions() {
		if q.MergedInto == into && into != "" {
			ids = append(ids, q.ID)
		}
	}
	return ids
}

// Queue returns the running order; the caller must not change it. A staged question is
// always its first.
func (b *Board) Queue() []conference.QuestionID {
	layer := b
	for !layer.queueSet {
		layer = layer.parent
	}
	return layer.queue
}

// OnAir returns the question on air, or "".
func (b *Board) OnAir() conference.QuestionID {
	layer := b
	for !layer.onAirSet {
		layer = layer.parent
	}
	return layer.onAir
}

// staged returns the staged question, or "".
func (b *Board) staged() conference.QuestionID {
	queue := b.Queue()
	if len(queue) > 0 && b.Question(queue[0]).State == StateStaged {
		return queue[0]
	}
	return ""
}

// Withhold takes the asker out of a question of a root that is to be forgotten, so that nobody
// is told who it was before that is written.
func (b *Board) Withhold(id conference.QuestionID) {
	if q := b.Question(id); q != nil {
		next := *q
		next.forgetAsker()
		b.put(&next)
	}
}

func (b *Board) put(q *Question)                      { b.questions[q.ID] = q }
func (b *Board) setQueue(ids []conference.QuestionID) { b.queue, b.queueSet = ids, true }
func (b *Board) setOnAir(id conference.QuestionID)    { b.onAir, b.onAirSet = id, true }

// without returns the running order without the question, in a slice of its own.
func without(ids []conference.QuestionID, id conference.QuestionID) []conference.QuestionID {
	next := make([]conference.QuestionID, 0, len(ids)+1)
	for _, other := range ids {
		if other != id {
			next = append(next, other)
		}
	}
	return next
}
