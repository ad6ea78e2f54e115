package speaker

import (
	"math"

	"github.com/diemcau/diemcau/internal/conference"
)

// An echo is a microphone whose level follows what the others say, later. Levels of the last
// eight seconds are compared once a second, at every delay from 100 ms to 1.2 s: the way to
// the hall, its loudspeakers, and back. A steady tone follows nothing and tells nothing.
const (
	trackSteps  = 80
	leastDelay  = 1 // steps
	mostDelay   = 12
	follows     = 0.8 // coefficient of correlation
	leastSpread = 5.0 // decibels: standard deviation of what the others say
	nearSpread  = 2.0 // … of the microphone
	echoAfter   = 3   // evaluations
	noEchoAfter = 4
)

// track is the last levels, oldest first from next on.
type track struct {
	level [trackSteps]float64
	next  int
	full  bool
}

func (t *track) add(level float64) {
	t.level[t.next] = level
	t.next = (t.next + 1) % trackSteps
	t.full = t.full || t.next == 0
}

// at returns the level i steps after the oldest.
func (t *track) at(i int) float64 { return t.level[(t.next+i)%trackSteps] }

// listenForEcho keeps what each microphone hears and what the others say beside it.
func (f *Floor) listenForEcho(heard []Heard) {
	var loudest, second float64 // of the open ones
	var who conference.VenueID
	for _, h := range heard {
		if level := float64(h.Level); h.Open && h.Level != Unknown {
			switch {
			case level > loudest || who == "":
				loudest, second, who = level, loudest, h.Venue
			case level > second:
				second = level
			}
		}
	}
	for _, h := range heard {
		m := f.mics[h.Venue]
		if m == nil || h.Level == Unknown {
			continue
		}
		others := loudest
		if h.Venue == who {
			others = second
		}
		m.near.add(float64(h.Level))
		m.far.add(others)
		if f.step%StepsPerSecond == 0 {
			m.judge(f.now == h.Venue)
		}
	}
}

// judge looks for an echo; whoever speaks gives back nothing.
func (m *mic) judge(speaks bool) {
	if !speaks && m.far.full && echoes(&m.near, &m.far) {
		m.echoes = max(m.echoes, 0) + 1
	} else {
		m.echoes = min(m.echoes, 0) - 1
	}
	switch {
	case m.echoes >= echoAfter:
		m.echo = true
	case m.echoes <= -noEchoAfter:
		m.echo = false
	}
}

// echoes reports whether near follows far at some delay.
func echoes(near, far *track) bool {
	for delay := leastDelay; delay <= mostDelay; delay++ {
		if correlation(near, far, delay) >= follows {
			return true
		}
	}
	return false
}

// correlation is that of near with far so many steps before; 0 when either hardly moves.
func correlation(near, far *track, delay int) float64 {
	n := float64(trackSteps - delay)
	var sx, sy, sxx, syy, sxy float64
	for i := delay; i < trackSteps; i++ {
		x, y := far.at(i-delay), near.at(i)
		sx, sy, sxx, syy, sxy = sx+x, sy+y, sxx+x*x, syy+y*y, sxy+x*y
	}
	vx, vy := sxx/n-sx*sx/n/n, syy/n-sy*sy/n/n
	if vx < leastSpread*leastSpread || vy < nearSpread*nearSpread {
		return 0
	}
	return (sxy/n - sx*sy/n/n) / math.Sqrt(vx*vy)
}

// Echo reports whether a venue's microphone gives back what the others say.
func (f *Floor) Echo(venue conference.VenueID) bool {
	m := f.mics[venue]
	return m != nil && m.echo
}
