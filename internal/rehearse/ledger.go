package rehearse

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/diemcau/diemcau/moderation"
	"github.com/diemcau/diemcau/signaling/protocol"
)

// ledger is what the server acknowledged, kept apart from it.
type ledger struct {
	run string // mark of this rehearsal in every question

	mu         sync.Mutex // guards all below
	entries    []*entry
	latencies  []time.Duration
	retries    int // submissions repeated after a cut, from the same or another socket
	otherCodes int // repetitions that were given another code
	mismatches int // the same key with other words, refused as it must be
	accepted   int // … accepted, which must not be
	problems   []string
}

// entry is one question a citizen asked.
type entry struct {
	key, text string
	code      string // "" until acknowledged
}

func newLedger(run string) *ledger { return &ledger{run: run} }

// add writes a question down before it is asked.
func (l *ledger) add(key string) *entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := &entry{
		key:  key,
		text: fmt.Sprintf("%s, câu %d: Thời hạn cấp giấy chứng nhận quyền sử dụng đất là bao nhiêu ngày?", l.run, len(l.entries)+1),
	}
	l.entries = append(l.entries, e)
	return e
}

// acknowledged notes the answer to a submission; again is true for a repetition.
func (l *ledger) acknowledged(e *entry, code string, took time.Duration, again bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if again {
		l.retries++
	}
	switch {
	case code == "":
		l.problems = append(l.problems, "an acknowledged question has no tracking code")
	case e.code == "":
		e.code = code
		l.latencies = append(l.latencies, took)
	case e.code != code:
		l.otherCodes++
	}
}

// mismatch notes what became of a key used with other words.
func (l *ledger) mismatch(refusedAsItMust bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if refusedAsItMust {
		l.mismatches++
	} else {
		l.accepted++
	}
}

// problem notes something the server must not do.
func (l *ledger) problem(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.problems = append(l.problems, fmt.Sprintf(format, args...))
}

// counts of the acknowledged questions in what the server has.
type counts struct {
	asked, acknowledged int
	missing, twice      int
}

// compare looks every acknowledged question up in a moderator's snapshot, and returns
// where each stands by its tracking code.
func (l *ledger) compare(all []*protocol.Question) (counts, map[string]*protocol.Question) {
	l.mu.Lock()
	defer l.mu.Unlock()
	byText := map[string][]*protocol.Question{}
	for _, q := range all {
		words := q.Original
		if words == "" {
			words = q.Text
		}
		byText[words] = append(byText[words], q)
	}
	c := counts{asked: len(l.entries)}
	byCode := map[string]*protocol.Question{}
	for _, e := range l.entries {
		found := byText[e.text]
		if len(found) > 1 {
			c.twice++
		}
		if e.code == "" {
			continue
		}
		c.acknowledged++
		if len(found) == 0 {
			c.missing++
			continue
		}
		byCode[e.code] = found[0]
	}
	return c, byCode
}

// quantile returns the latency that a share of the submissions did not exceed.
func (l *ledger) quantile(share float64) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.latencies) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(l.latencies))
	return sorted[min(len(sorted)-1, int(share*float64(len(sorted))))]
}

// public reports whether everybody may see a question in this state.
func public(s protocol.QuestionState) bool {
	return slices.Contains([]protocol.QuestionState{
		moderation.StateApproved, moderation.StateQueued, moderation.StateStaged,
		moderation.StateOnAir, moderation.StateAnswered,
	}, s)
}
