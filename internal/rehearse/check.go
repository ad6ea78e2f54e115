package rehearse

import (
	"context"
	"strings"
	"time"

	"github.com/diemcau/diemcau/signaling/protocol"
)

// seeWithin is how long a page may take to show what is in the record.
const seeWithin = 10 * time.Second

// check compares the ledger with the record, and the record with what everybody sees.
func (r *rehearsal) check(ctx context.Context, report *Report) error {
	all, err := r.audit(ctx)
	if err != nil {
		return err
	}
	c, byCode := r.ledger.compare(all)
	truth := map[string]*protocol.Question{}
	for _, q := range all {
		if strings.HasPrefix(q.Text, r.run) || strings.HasPrefix(q.Original, r.run) {
			truth[q.ID] = q
		}
	}
	rec := &report.Record
	rec.Citizens, rec.Asked, rec.Acknowledged, rec.Missing, rec.Twice = len(r.citizens), c.asked, c.acknowledged, c.missing, c.twice
	deadline := time.Now().Add(seeWithin)
	for _, m := range r.moderators {
		rec.Decided += m.decided
		rec.RacesLost += m.lost
		rec.Unseen += converge(ctx, m.socket.view, deadline, func(v *view) int { return differences(v, truth, everything) })
	}
	rec.Unseen += converge(ctx, r.stage.view, deadline, func(v *view) int { return differences(v, truth, everything) })
	for _, c := range r.citizens {
		rec.Unseen += converge(ctx, c.socket.view, deadline, func(v *view) int { return differences(v, truth, public) })
		c.socket.view.look(func(v *view) { rec.Leaked += leaked(v, truth) })
		rec.Unseen += r.standings(ctx, c, deadline, byCode)
	}
	rec.Answered = r.director.answered
	for _, s := range r.sockets() {
		s.mu.Lock()
		rec.Reconnects += max(0, s.connects-1)
		s.mu.Unlock()
	}
	l := r.ledger
	rec.P50, rec.P99, rec.Slowest = l.quantile(0.5), l.quantile(0.99), l.quantile(1)
	l.mu.Lock()
	defer l.mu.Unlock()
	rec.Repeated, rec.OtherCodes = l.retries, l.otherCodes
	rec.Mismatches, rec.MismatchesTaken = l.mismatches, l.accepted
	rec.Problems = append(rec.Problems, l.problems...)
	return nil
}

func everything(protocol.QuestionState) bool { return true }

// differences counts the questions of the record that the page lacks or shows in
// another state.
func differences(v *view, truth map[string]*protocol.Question, may func(protocol.QuestionState) bool) int {
	n := 0
	for id, q := range truth {
		if !may(q.State) {
			continue
		}
		if seen := v.questions[id]; seen == nil || seen.State != q.State {
			n++
		}
	}
	return n
}

// leaked counts the questions a page of the public shows that are not for the public.
func leaked(v *view, truth map[string]*protocol.Question) int {
	n := 0
	for id, q := range v.questions {
		if t := truth[id]; t != nil && !public(t.State) || q.Claim != nil || q.Original != "" || q.Refusal != nil {
			n++
		}
	}
	return n
}

// converge waits until there is no difference, or the deadline; it returns what is left.
func converge(ctx context.Context, v *view, deadline time.Time, count func(*view) int) int {
	late := time.NewTimer(time.Until(deadline))
	defer late.Stop()
	for {
		n := 0
		changed := v.look(func(v *view) { n = count(v) })
		if n == 0 {
			return 0
		}
		select {
		case <-changed:
		case <-late.C:
			return n
		case <-ctx.Done():
			return n
		}
	}
}

// standings counts the followed questions whose asker was not told where they stand.
func (r *rehearsal) standings(ctx context.Context, c *citizen, deadline time.Time, byCode map[string]*protocol.Question) int {
	for {
		n := 0
		for _, code := range c.follows() {
			told, ok := c.standing(code)
			if q := byCode[code]; q != nil && (!ok || told != q.State) {
				n++
			}
		}
		if n == 0 || time.Now().After(deadline) || !pause(ctx, 50*time.Millisecond) {
			return n
		}
	}
}
