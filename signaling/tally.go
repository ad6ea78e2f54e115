package signaling

import (
	"maps"

	"github.com/diemcau/diemcau/internal/conference"
)

// tally tells the totals of votes that have changed, at most once a second: a popular
// question costs every socket one small message, however many support it.
func (r *room) tally() {
	totals, at := r.conf.Votes(r.votedAt)
	if at == r.votedAt {
		return
	}
	changed := make(map[conference.QuestionID]int)
	for id, n := range totals {
		if r.votes[id] != n {
			changed[id] = n
		}
	}
	for id := range r.votes {
		if _, still := totals[id]; !still {
			changed[id] = 0
		}
	}
	r.votes, r.votedAt = maps.Clone(totals), at
	if len(changed) == 0 {
		return
	}
	for _, g := range r.rings {
		who := audience{role: g.role, public: r.public}
		if len(g.socks) == 0 || !who.questions() {
			continue
		}
		g.cached = nil // it tells the old totals
		r.mark(g, true, who.votes(changed))
		for c := range g.socks {
			c.wake()
		}
	}
}
