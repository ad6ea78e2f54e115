package signaling

import (
	"math"

	"github.com/diemcau/diemcau/moderation/similar"
	"github.com/diemcau/diemcau/signaling/protocol"
)

const (
	similarLooked = 100 // of which the role may not see all
	similarShown  = 5
)

// similar returns what the role may see of the questions that ask something like the
// words. Whoever is about to ask gets only what is surely alike.
func (c *conn) similar(words string) []protocol.Likeness {
	who := audience{role: c.actor.Role, public: c.room.conf.Snapshot().Info.Public}
	least := similar.ThresholdAsk
	if who.staff() {
		least = similar.ThresholdCard
	}
	var out []protocol.Likeness
	for _, found := range c.room.conf.Similar(words, similarLooked) {
		if found.Score >= least && who.sees(found.Question) && len(out) < similarShown {
			out = append(out, protocol.Likeness{ID: string(found.Question.ID), Percent: int(math.Round(100 * found.Score))})
		}
	}
	return out
}
