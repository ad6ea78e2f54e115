package repair

import (
	"slices"
	"time"
)

// How packets are asked for.
const (
	most      = 256                   // packets missing at once; beyond that only a keyframe helps
	overtaken = 3                     // later packets after which one counts as lost
	patience  = 8 * time.Millisecond  // … or so long
	together  = 10 * time.Millisecond // requests are at least so far apart
	firstTrip = 100 * time.Millisecond
	leastWait = 40 * time.Millisecond // between two requests for one packet
	mostWait  = 700 * time.Millisecond
	useful    = 3 * time.Second // a player gives up after as long

	perPacket = 1.5  // requests for each packet that comes: a line that takes no more is not filled with repairs
	atOnce    = most // … and before any has come
	perHeld   = 0.15 // … after a Hold, each once in a round trip: what a line that loses a tenth in any case needs
	heldFor   = time.Second

	lossOver   = 64 // packets over which the loss is smoothed
	lossSome   = 0.025
	lossMuch   = 0.075
	leastOften = 20 * time.Millisecond // leastWait of a line that loses some
)

// Asker is the memory of one stream. Not for concurrent use; the zero value is ready.
type Asker struct {
	highest uint64
	missing []gap // by number
	trip    time.Duration
	loss    float64 // share of the packets that did not come in their turn, of late
	due     int64   // nothing is due before
	spent   float64 // requests beyond what came since
	held    int64   // when Hold was last called
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
	if a.isHeld(now) {
		a.spent = max(0, a.spent-perHeld)
	} else {
		a.spent = max(0, a.spent-perPacket)
	}
	switch {
	case a.highest == 0 || seq > a.highest+most:
		a.missing = a.missing[:0]
	case seq <= a.highest:
		a.came(seq, now)
		return
	default:
		for s := a.highest + 1; s < seq; s++ {
			a.missing = append(a.missing, gap{seq: s, since: now})
			a.loss += (1 - a.loss) / lossOver
		}
		a.loss -= a.loss / lossOver
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

// wait returns how long after a request the next one for the same packet is due. Where
// packets are lost requests are lost too, so that several go in one round trip: who sends
// answers a packet once in a round trip however often it is asked for (libwebrtc and pion do).
func (a *Asker) wait(now int64) time.Duration {
	if a.trip == 0 {
		return firstTrip
	}
	trip := min(a.trip*9/8, mostWait)
	switch {
	case a.isHeld(now):
		return max(trip, leastWait)
	case a.loss > lossMuch:
		return max(trip/3, leastOften)
	case a.loss > lossSome:
		return max(trip/2, leastOften)
	}
	return max(trip, leastWait)
}

// Hold is called before Due while a queue stands before the line's bottleneck: little is
// asked for now and for a second after that, each packet once in a round trip, or the queue
// overflows by what is sent again.
func (a *Asker) Hold(now int64) {
	if !a.isHeld(now) {
		a.spent = atOnce
	}
	a.held = now
}

func (a *Asker) isHeld(now int64) bool { return now-a.held < int64(heldFor) }

// Due appends to dst the sequence numbers to be asked for now.
func (a *Asker) Due(dst []uint16, now int64) []uint16 {
	if len(a.missing) == 0 || now < a.due {
		return dst
	}
	wait := a.wait(now)
	a.missing = slices.DeleteFunc(a.missing, func(g gap) bool { return now-g.since > int64(useful) })
	a.due = now + int64(patience/2)
	before := len(dst)
	for i := range a.missing {
		g := &a.missing[i]
		switch {
		case a.spent >= atOnce:
		case g.first == 0 && a.highest-g.seq < overtaken && now-g.since < int64(patience):
		case g.first != 0 && now-g.asked < int64(wait):
		default:
			if g.first == 0 {
				g.first = now
			}
			g.asked = now
			a.spent++
			dst = append(dst, uint16(g.seq)) // modulo 2^16
		}
	}
	if len(dst) > before {
		a.due = now + int64(together)
	}
	return dst
}
