package rehearse

import (
	"fmt"
	"slices"
	"time"
)

// mostBroken is how many frames of a thousand may be not decodable after repair.
const mostBroken = 5

// mostTold bounds the sentences of one kind of failure.
const mostTold = 10

// Media is what the venues saw and heard.
type Media struct {
	Venues int
	Joins  int // connections of all venues; more than Venues: some came back
	Offers int // of all venues; more than Joins: some restarted ICE
	// Ready is how long each venue took, from its first dial until the stage knew it to be
	// ready, shortest first.
	Ready []time.Duration
	// Ways counts the venues by the way their media took: UDP, TCP, or TLS (relayed).
	Ways      map[string]int
	Stood     time.Duration // the slowest, from asking to join until media got through
	Blind     int           // venues that saw no frame at all
	Frames    int
	Broken    int // not decodable after repair
	Keyframes int
	Cuts      int
	Packets   int
	Late      int // out of order: reordered or repaired
	Lost      int // never came, repair included

	Turns    int // times the floor was given and checked
	Void     int // … and not checked, because connections broke
	Refused  int // … and refused by the rules
	Pairs    int // venue by venue, how often hearing was checked
	NotHeard int // a venue with the floor was not heard at another
	NotMixed int // … not in the programme's sound
	NotSeen  int // … not in the programme's picture
	Leaks    int // a venue without the floor was heard
	Echoes   int // a venue heard itself
	// Reach is how long each turn took until the holder was heard and seen everywhere.
	Reach []time.Duration

	expectTurns bool
	problems    []string
	untold      int
}

func (m *Media) problem(format string, args ...any) {
	if len(m.problems) >= mostTold {
		m.untold++
		return
	}
	m.problems = append(m.problems, fmt.Sprintf(format, args...))
}

// share is how many frames of a hundred were not decodable.
func (m *Media) share() float64 { return 100 * float64(m.Broken) / float64(max(m.Frames, 1)) }

func (m *Media) failures() []string {
	if m.Venues == 0 {
		return nil
	}
	failures := m.problems
	if m.untold > 0 {
		failures = append(failures, fmt.Sprintf("… and %d more like these", m.untold))
	}
	if m.Broken*1000 > m.Frames*mostBroken {
		failures = append(failures, fmt.Sprintf("%.2f %% of frames were not decodable after repair, more than 0.5 %%", m.share()))
	}
	if m.Blind > 0 {
		failures = append(failures, fmt.Sprintf("%d venues saw nothing at all", m.Blind))
	}
	if m.expectTurns && m.Turns == 0 {
		failures = append(failures, "the floor was never given for a whole turn")
	}
	return failures
}

func (m *Media) rows(row func(name, format string, args ...any)) {
	if m.Venues == 0 {
		return
	}
	row("venues", "%d, joined %d times with %d offers", m.Venues, m.Joins, m.Offers)
	if n := len(m.Ready); n > 0 {
		row("ready after", "%s median, %s p95, %s slowest of %d", round(m.Ready[n/2]), round(m.Ready[n*95/100]), round(m.Ready[n-1]), n)
	}
	row("media went by", "UDP: %d venues, TCP: %d, TLS (relayed): %d; stood after %s at the slowest",
		m.Ways[wayUDP], m.Ways[wayTCP], m.Ways[wayRelay], round(m.Stood))
	row("frames received", "%d, %d keyframes, %d cuts, %d not decodable after repair (%.3f %%)",
		m.Frames, m.Keyframes, m.Cuts, m.Broken, m.share())
	row("packets received", "%d of video, %d out of order or repaired, %d lost for good", m.Packets, m.Late, m.Lost)
	row("floor", "%d turns checked, %d void, %d refused", m.Turns, m.Void, m.Refused)
	if len(m.Reach) > 0 {
		slices.Sort(m.Reach)
		row("heard everywhere after", "%s median, %s slowest turn, looked at every %s",
			round(m.Reach[len(m.Reach)/2]), round(m.Reach[len(m.Reach)-1]), lookEvery)
	}
	row("heard and seen", "%d pairs of venues: %d not heard, %d not in the mix, %d not seen, %d heard without the floor, %d echoes",
		m.Pairs, m.NotHeard, m.NotMixed, m.NotSeen, m.Leaks, m.Echoes)
}
