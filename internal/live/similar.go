package live

import (
	"context"
	"sync/atomic"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/text"
	"github.com/diemcau/diemcau/moderation"
	"github.com/diemcau/diemcau/moderation/similar"
)

// Likeness is a question that asks something like a text does.
type Likeness struct {
	Question *moderation.Question
	Score    float64 // 0–1; similar.ThresholdAsk and ThresholdCard say what is worth showing
}

// likes keeps the index of a conference's questions. It follows the durable state behind
// the commands' back: a submission never waits for it.
type likes struct {
	lexicon *similar.Lexicon
	index   atomic.Pointer[similar.Index]
}

// follow keeps the index up to date until ctx ends.
func (l *likes) follow(ctx context.Context, c *Conference) {
	position, known := uint64(0), false
	for ctx.Err() == nil {
		if !known {
			position, known = l.build(c), true
		}
		changes, more, err := c.Since(position)
		if err != nil {
			known = false // a gap: the log was restored, or much happened at once
			continue
		}
		for i := range changes {
			position = changes[i].Event.Position
			if q := changes[i].Question; q != nil {
				l.note(l.index.Load(), q)
			}
		}
		if len(changes) > 0 {
			continue
		}
		select {
		case <-ctx.Done():
		case <-more:
		}
	}
}

// build makes the index anew and returns the position it is of.
func (l *likes) build(c *Conference) uint64 {
	snapshot, index := c.Snapshot(), l.lexicon.Index()
	for _, q := range snapshot.Questions {
		l.note(index, q)
	}
	l.index.Store(index)
	return snapshot.Position
}

// note takes a question over as it stands. Another stands for a merged one, and what was
// withdrawn or erased is not to be found.
func (l *likes) note(index *similar.Index, q *moderation.Question) {
	if q.Body == "" || q.State == moderation.StateWithdrawn || q.State == moderation.StateMerged {
		index.Remove(q.ID)
		return
	}
	index.Put(q.ID, q.Body)
}

// Similar returns up to limit questions that ask something like the words, the likest
// first, of all states but merged and withdrawn. It may lag a moment behind the log. Which
// of them the caller shows to whom is the caller's to decide.
func (c *Conference) Similar(words string, limit int) []Likeness {
	index := c.likes.index.Load()
	if index == nil || len(words) > maxBodyBytes {
		return nil
	}
	var found []Likeness
	for _, match := range index.Find(text.Paragraph(words), limit) {
		if q := c.question(match.ID); q != nil {
			found = append(found, Likeness{Question: q, Score: match.Score})
		}
	}
	return found
}

func (c *Conference) question(id conference.QuestionID) *moderation.Question {
	c.stateMu.RLock()
	defer c.stateMu.RUnlock()
	return c.state.questions.Question(id)
}
