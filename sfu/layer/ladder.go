package layer

import "time"

// How a receiver that only tells what it estimates and what it loses goes from rung to rung.
const (
	ladderFull    = 0.10 // loss, twice in a row
	ladderWell    = 0.02
	ladderPatient = 10 * time.Second // before the next rung is tried
	ladderSure    = 3 * time.Second  // … when the estimate says that it fits
	ladderMost    = 80 * time.Second
	ladderTrial   = 6 * time.Second // a fall so soon after a rise makes the next trial wait longer
	ladderFits    = 0.85            // of its cost: an estimate below it is too little
	ladderSpare   = 1.3
	// Chromium's estimate is at most half as much again as what comes, and rises by 8 % a
	// second: a small one says nothing, but one that fell so much says that the line is full.
	ladderFell    = 0.93
	ladderFellFor = 3 * time.Second
)

// Told is what a receiver said last.
type Told struct {
	Bits int     // its own estimate (REMB), bits/s; 0: none of late
	Loss float64 // share of packets, 0–1; negative: none of late
}

// Ladder is the rung of one receiver, 0 the highest. The zero value stands on the highest.
type Ladder struct {
	rung   int
	rose   int64 // when it was last tried to go up
	calm   int64 // all is well since then; 0: not begun
	bad    int   // reports in a row that say otherwise
	wait   time.Duration
	trying bool
	bits   int   // the estimate before
	fell   int64 // when it fell last
}

// Step takes what the receiver says, once a second, and what each rung takes (bits/s), and
// returns the rung it should have.
func (l *Ladder) Step(told Told, costs [Most]int, now int64) int {
	if l.calm == 0 {
		l.calm, l.wait = now, ladderPatient
	}
	if float64(told.Bits) < ladderFell*float64(l.bits) && told.Bits > 0 {
		l.fell = now
	}
	l.bits = told.Bits
	little := told.Bits > 0 && float64(told.Bits) < ladderFits*float64(costs[l.rung]) &&
		l.fell != 0 && now-l.fell < int64(ladderFellFor)
	if little || told.Loss > ladderFull {
		l.calm = now
		if l.bad++; l.bad >= 2 {
			l.down(told, costs, now)
		}
		return l.rung
	}
	l.bad = 0
	if told.Loss > ladderWell {
		l.calm = now
	}
	if l.trying && now-l.rose > int64(ladderTrial) {
		l.trying, l.wait = false, ladderPatient
	}
	l.up(told, costs, now)
	return l.rung
}

// down goes to the highest rung that fits what the receiver estimates, or one down.
func (l *Ladder) down(told Told, costs [Most]int, now int64) {
	for r := l.rung + 1; r < Most; r++ {
		if costs[r] == 0 || costs[r] > costs[l.rung]*9/10 {
			continue // there is nothing to be won
		}
		l.rung, l.bad = r, 0
		if told.Bits == 0 || costs[r] <= told.Bits {
			break
		}
	}
	if l.trying {
		l.wait = min(2*l.wait, ladderMost)
	}
	l.trying = false
	l.calm = now
}

// up tries the next rung when all was well for long enough.
func (l *Ladder) up(told Told, costs [Most]int, now int64) {
	if l.rung == 0 {
		return
	}
	wait, next := l.wait, costs[l.rung-1]
	if float64(told.Bits) > ladderSpare*float64(next) {
		wait = min(wait, ladderSure)
	}
	if next == 0 || now-l.calm < int64(wait) {
		return
	}
	l.rung--
	l.rose, l.calm, l.trying = now, now, true
}
