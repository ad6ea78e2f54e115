package repair

import (
	"slices"
	"time"
)

// How packets are asked for.
const (
	most      = 256                  // packets missing at once; beyond that only a keyframe helps
	overtaken = 3                    // later packets after which one counts as lost
	patience  = 8 * time.Millisecond // … or so long
	firstTrip = 100 * time.Millisecond
	leastTrip = 40 * time.Millisecond
	mostTrip  = 700 * time.Millisecond
	useful    = 3 * time.Second // a player gives up after as long
)

// Asker is the memory of one stream. Not for concurrent use; the zero value is ready.
type Asker struct {
	highest uint64
	missing []gap // by number
	trip    time.Duration
	due     int64 // nothing is due before
}

// gap is one packet that is missing.
type gap struct {
	seq   uint64
	since int64
	first int64 // asked for; 0: not yet
	asked int64
}

// Got notes a packet by its extended sequence number; now is in nanoseconds.
func (a *Asker) Got(seq uint64, now int64) {
	switch {
	case a.highest == 0 || seq > a.highest+most:
		a.missing = a.missing[:0]
	case seq <= a.highest:
		a.came(seq, now)
		return
	default:
		for s := a.highest + 1; s < seq; s++ {
			a.missing = append(a.missing, gap{seq: s, since: now})
			a.due = 0
		}
		if len(a.missing) > most {
			a.missing = slices.Delete(a.missing, 0, len(a.missing)-most)
		}
	}
	a.highest = max(a.highest, seq)
}

// came takes a packet out that was missing.
func (a *Asker) came(seq uint64, now int64) {
	i, found := slices.BinarySearchFunc(a.missing, seq, func(g gap, seq uint64) int {
		return int(int64(g.seq - seq)) // near each other
	})
	if !found {
		return
	}
	if g := a.missing[i]; g.first != 0 {
		// It is taken for the answer to the first request: one that was lost makes the trip
		// look longer. So a longer one counts little, and a shorter one at once: at 20 % loss
		// both ways every third is too long.
		if a.trip == 0 {
			a.trip = firstTrip
		}
		took := time.Duration(now - g.first)
		if took > a.trip {
			a.trip += (took - a.trip) / 16
		} else {
			a.trip -= (a.trip - took) / 2
		}
	}
	a.missing = slices.Delete(a.missing, i, i+1)
}

// Due appends to dst the sequence numbers to be asked for now.
func (a *Asker) Due(dst []uint16, now int64) []uint16 {
	if len(a.missing) == 0 || now < a.due {
		return dst
	}
	wait := min(max(a.trip*9/8, leastTrip), mostTrip)
	if a.trip == 0 {
		wait = firstTrip
	}
	a.missing = slices.DeleteFunc(a.missing, func(g gap) bool { return now-g.since > int64(useful) })
	a.due = now + int64(patience/2)
	for i := range a.missing {
		g := &a.missing[i]
		switch {
		case g.first == 0 && a.highest-g.seq < overtaken && now-g.since < int64(patience):
		case g.first != 0 && now-g.asked < int64(wait):
		default:
			if g.first == 0 {
				g.first = now
			}
			g.asked = now
			dst = append(dst, uint16(g.seq)) // modulo 2^16
		}
	}
	return dst
}
