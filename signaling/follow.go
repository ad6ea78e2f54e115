package signaling

import (
	"log/slog"
	"maps"
	"slices"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/signaling/protocol"
)

// follow sends a socket the standing of a question now and at each change.
func (r *room) follow(c *conn, id conference.QuestionID) {
	all := r.followers[id]
	if all == nil {
		all = map[*conn]struct{}{}
		r.followers[id] = all
	}
	all[c] = struct{}{}
	r.tell(id, c)
}

func (r *room) unfollow(c *conn, id conference.QuestionID) {
	delete(r.followers[id], c)
	if len(r.followers[id]) == 0 {
		delete(r.followers, id)
	}
}

// tellFollowers sends new standings. A change of the running order moves every question
// in it; what becomes of a question concerns those it stands for.
func (r *room) tellFollowers(changes []live.Change) {
	if len(r.followers) == 0 {
		return
	}
	touched := map[conference.QuestionID]struct{}{}
	for i := range changes {
		if q := changes[i].Question; q != nil {
			touched[q.ID] = struct{}{}
		}
		for _, id := range changes[i].Queue {
			touched[id] = struct{}{}
		}
		for id := range changes[i].Absent {
			touched[id] = struct{}{}
		}
	}
	for id := range maps.Clone(touched) {
		for merged := range r.behind[id] {
			if touched[merged] = struct{}{}; len(r.followers[merged]) == 0 {
				delete(r.behind[id], merged)
			}
		}
	}
	for id := range touched {
		if all := r.followers[id]; len(all) > 0 {
			r.tell(id, slices.Collect(maps.Keys(all))...)
		}
	}
}

func (r *room) tell(id conference.QuestionID, to ...*conn) {
	s, err := r.conf.StandingOf(id)
	if err != nil {
		r.logger.Error("standing of a followed question is missing", slog.String("question", string(id)), slog.Any("err", err))
		return
	}
	if s.Into != nil {
		if r.behind[s.Into.ID] == nil {
			r.behind[s.Into.ID] = map[conference.QuestionID]struct{}{}
		}
		r.behind[s.Into.ID][id] = struct{}{}
	}
	view := Standing(s)
	message, size, err := prepare(&protocol.ServerMessage{Type: typeStanding, Standing: &view})
	if err != nil {
		r.logger.Error("standing cannot be encoded", slog.String("question", string(id)), slog.Any("err", err))
		return
	}
	for _, c := range to {
		c.sendPrepared(message, size)
	}
}
