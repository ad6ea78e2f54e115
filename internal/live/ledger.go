package live

import (
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/moderation"
)

const (
	keepAcked  = 10 * time.Minute // how long an acknowledged command can be written again
	maxAcked   = 50_000           // commands kept; at 1 KB each some 50 MB
	pruneFrom  = 1024             // fewer are not worth the trouble
	healBefore = 30 * time.Second // how long a lost command that is refused is tried again
)

// ledger keeps, in memory, what this node has acknowledged of late. When the log turns out
// to have lost some of it, the commands are decided again, in their first order: a cause
// that is there after all writes nothing. What rested on another node's lost event is
// refused until that node has written it again; therefore a refusal is not final at once.
// A nil ledger keeps nothing. Owned by run's goroutine.
type ledger struct {
	logger *slog.Logger
	acked  []acked    // oldest first
	full   int        // when to prune it
	todo   []*request // to be tried now
	later  []*request // refused, or not written; to be tried when there is news
	until  time.Time  // when refusals become final
	now    func() time.Time
}

type acked struct {
	at      time.Time
	command conference.Command
}

func newLedger(logger *slog.Logger, now func() time.Time) *ledger {
	return &ledger{logger: logger, now: now}
}

// note keeps an acknowledged command.
func (l *ledger) note(r *request, now time.Time) {
	if _, own := r.command.Body.(checkpoint); l == nil || r.healed != nil || own {
		return // kept since it was first acknowledged, or signed anew anyway
	}
	if len(l.acked) >= max(l.full, pruneFrom) {
		l.prune(now)
	}
	l.acked = append(l.acked, acked{now, r.command})
}

// prune drops what is too old, or too much. Seldom, because the rest is moved.
func (l *ledger) prune(now time.Time) {
	old := 0
	for old < len(l.acked) && (now.Sub(l.acked[old].at) > keepAcked || len(l.acked)-old > maxAcked*3/4) {
		old++
	}
	l.acked = slices.Delete(l.acked, 0, old)
	l.full = min(2*len(l.acked), maxAcked)
}

// reread finds what a new state lacks, to be written again, and returns how much it is.
func (l *ledger) reread(s *state, now time.Time) int {
	if l == nil {
		return 0
	}
	l.todo, l.later, l.until = nil, nil, now.Add(healBefore)
	for _, a := range l.acked {
		if _, there := s.outcomes[a.command.ID]; !there && now.Sub(a.at) <= keepAcked {
			l.todo = append(l.todo, l.again(a.command))
		}
	}
	return len(l.todo)
}

func (l *ledger) again(command conference.Command) *request {
	r := &request{command: command, tried: true}
	r.healed = func(a answer) { l.answered(r, a) }
	return r
}

// answered takes the answer to a command that was tried again.
func (l *ledger) answered(r *request, a answer) {
	if a.err == nil {
		return
	}
	var refusal *conference.Error
	final := !errors.As(a.err, &refusal) || refusal.Kind == conference.KindInvalid || l.now().After(l.until)
	if final && !l.unreachable(refusal) {
		l.logger.Error("acknowledged command was lost and can no longer be carried out",
			slog.String("code", r.command.Body.CommandType()), slog.Any("err", a.err))
		return
	}
	l.later = append(l.later, l.again(r.command))
}

// unreachable: nothing was decided; the log is away.
func (l *ledger) unreachable(refusal *conference.Error) bool {
	return refusal != nil && (refusal.Kind == conference.KindUnavailable || refusal.Kind == conference.KindPending)
}

// claims returns the sessions whose claims are to be written again, by question.
func (l *ledger) claims() map[conference.QuestionID]string {
	claims := make(map[conference.QuestionID]string)
	if l == nil {
		return claims
	}
	for _, r := range l.todo {
		if body, claim := r.command.Body.(moderation.ClaimCard); claim {
			claims[body.ID] = r.command.Actor.Session
		}
	}
	return claims
}

// retry has what was refused tried again.
func (l *ledger) retry() {
	if l != nil {
		l.todo, l.later = append(l.todo, l.later...), nil
	}
}

// lost takes what has to be written again.
func (l *ledger) lost() []*request {
	if l == nil || len(l.todo) == 0 {
		return nil
	}
	todo := l.todo
	l.todo = nil
	return todo
}
