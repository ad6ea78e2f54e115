package live

import (
	"context"
	"sync/atomic"
	"time"

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
// the commands' back and at its own pace: a submission never waits for it.
type likes struct {
	lexicon *similar.Lexicon
	index   atomic.Pointer[similar.Index]

	// Of follow alone.
	words map[conference.QuestionID]string // what the index has
	taken int
	seen  uint64 // of Conference.decided, at the last pause
}

const (
	likesAtOnce = 64                    // changes taken over in a row; each may cost 70 µs
	likesPause  = 20 * time.Millisecond // then others have the processor
	likesYield  = 10 * likesPause       // while many commands come in
	likesRush   = 100                   // commands during a pause that are many
)

// follow keeps the index up to date until ctx ends.
func (l *likes) follow(ctx context.Context, c *Conference) {
	l.words = make(map[conference.QuestionID]string)
	l.index.Store(l.lexicon.Index())
	position, cursor := l.all(ctx, c)
	for ctx.Err() == nil {
		changes, more, err := c.Since(position)
		if err == nil && len(changes) == 0 {
			_, err = c.Resume(cursor)
		}
		if err != nil { // the log was restored, or ran far ahead: it may do so again
			pause(ctx, likesYield)
			position, cursor = l.all(ctx, c)
			continue
		}
		if len(changes) == 0 {
			select {
			case <-ctx.Done():
			case <-more:
			}
			continue
		}
		for i := range changes {
			position, cursor = changes[i].Event.Position, changes[i].Cursor
			if q := changes[i].Question; q != nil {
				l.take(ctx, c, q)
			}
		}
	}
}

// all takes over what has changed of all questions and returns what place that is of.
func (l *likes) all(ctx context.Context, c *Conference) (position uint64, cursor string) {
	snapshot := c.Snapshot()
	now := make(map[conference.QuestionID]bool, len(snapshot.Questions))
	for _, q := range snapshot.Questions {
		if ctx.Err() != nil {
			return snapshot.Position, snapshot.Cursor // a stop does not wait for the rest
		}
		now[q.ID] = true
		l.take(ctx, c, q)
	}
	for id := range l.words {
		if !now[id] { // the log was restored without it
			l.index.Load().Remove(id)
			delete(l.words, id)
		}
	}
	return snapshot.Position, snapshot.Cursor
}

// take takes a question over and rests after so many.
func (l *likes) take(ctx context.Context, c *Conference, q *moderation.Question) {
	if !l.note(q) {
		return
	}
	if l.taken++; l.taken%likesAtOnce != 0 {
		return
	}
	pause(ctx, likesPause)
	decided := c.decided.Load()
	if decided-l.seen > likesRush {
		pause(ctx, likesYield)
	}
	l.seen = decided
}

// note takes a question over as it stands, and reports whether that changed the index.
// Another stands for a merged one, and what was withdrawn or erased is not to be found.
func (l *likes) note(q *moderation.Question) bool {
	words := q.Body
	if q.State == moderation.StateWithdrawn || q.State == moderation.StateMerged {
		words = ""
	}
	if words == l.words[q.ID] {
		return false
	}
	if words == "" {
		l.index.Load().Remove(q.ID)
		delete(l.words, q.ID)
		return true
	}
	l.index.Load().Put(q.ID, words)
	l.words[q.ID] = words
	return true
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
