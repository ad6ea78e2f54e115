package line

import (
	"math"
	"slices"
	"time"
)

// Grade is what a line is worth, in one word.
type Grade string

// The grades, best first. GradeNone: nothing arrives.
const (
	GradeGood Grade = "good"
	GradeFair Grade = "fair"
	GradeWeak Grade = "weak"
	GradeNone Grade = "none"
)

// rank sorts grades, 0 the best.
func (g Grade) rank() int {
	return slices.Index([]Grade{GradeGood, GradeFair, GradeWeak, GradeNone}, g)
}

// Cause is why a line is not good.
type Cause string

// The causes.
const (
	CauseNothing   Cause = "nothing"   // neither picture nor sound arrives
	CauseNoPicture Cause = "noPicture" // sound arrives, no picture
	CauseNoSound   Cause = "noSound"   // a picture arrives, no sound
	CauseUpWeak    Cause = "upWeak"    // the line takes less than the picture wants
	CauseCPU       Cause = "cpu"       // the venue's machine cannot encode more
	CauseLossUp    Cause = "lossUp"    // packets from the venue are lost and sent again
	CauseLeftUp    Cause = "leftUp"    // packets from the venue that never came
	CauseLossDown  Cause = "lossDown"  // packets to the venue are lost
	CauseDownWeak  Cause = "downWeak"  // the venue can receive little
	CauseDelay     Cause = "delay"     // there and back takes long
	CauseJitter    Cause = "jitter"    // packets come in bursts
	CauseFreezes   Cause = "freezes"   // the programme stands still in the hall
	CauseUnheard   Cause = "unheard"   // the venue's page has stopped telling
)

// Facts are what is known about a line over the last seconds. Zero is "not known".
type Facts struct {
	Picture, Sound bool // arrive at the server
	Report         Report
	Quiet          time.Duration // since the last report; 0 when there never was one
	LossUp         float64       // share of packets that did not come at first, 0–1
	LeftUp         float64       // share that did not come at all
	LossDown       float64
	RTT            time.Duration
	JitterUp       time.Duration
	JitterDown     time.Duration
	Estimate       int64 // bits/s the venue can receive, by congestion control
}

// rule is one line of the table: from fair on the line is not good, from weak on it is weak.
type rule struct {
	cause      Cause
	value      func(f *Facts) float64
	fair, weak float64
}

// wantDown is what a venue needs to see the programme well, bits/s.
const wantDown = 1_000_000

// table has all thresholds. Values are shares (0–1) and milliseconds.
func table() []rule {
	ms := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	return []rule{
		{CauseUpWeak, func(f *Facts) float64 { return f.reduced(LimitBandwidth) }, 0.05, 0.6},
		{CauseCPU, func(f *Facts) float64 { return f.reduced(LimitCPU) }, 0.05, 0.6},
		{CauseLeftUp, func(f *Facts) float64 { return f.LeftUp }, 0.003, 0.02},
		{CauseLossUp, func(f *Facts) float64 { return f.LossUp }, 0.02, 0.08},
		{CauseLossDown, func(f *Facts) float64 { return max(f.LossDown, f.Report.LossDown) }, 0.02, 0.08},
		{CauseDownWeak, func(f *Facts) float64 { return f.short() }, 0.3, 0.7},
		{CauseDelay, func(f *Facts) float64 { return max(ms(f.RTT), float64(f.Report.RTTMs)) }, 250, 600},
		{CauseJitter, func(f *Facts) float64 {
			return max(ms(f.JitterUp), ms(f.JitterDown), float64(f.Report.JitterMs))
		}, 50, 150},
		{CauseFreezes, func(f *Facts) float64 { return f.frozen() }, 0.02, 0.1},
		{CauseUnheard, func(f *Facts) float64 { return f.Quiet.Seconds() / unheardAfter.Seconds() }, 1, math.Inf(1)},
	}
}

// unheardAfter is how long a page that has told of its line may be silent.
const unheardAfter = 20 * time.Second

// reduced is how much of the picture's height is given up for a limit, 0–1.
func (f *Facts) reduced(by Limit) float64 {
	r := &f.Report
	if r.Limited != by {
		return 0
	}
	if r.WantedHeight == 0 {
		return 0.1 // held back, nobody knows how much
	}
	return max(0.1, 1-float64(r.Height)/float64(r.WantedHeight))
}

// short is how much of what a venue should receive it cannot, 0–1.
func (f *Facts) short() float64 {
	if f.Estimate <= 0 {
		return 0
	}
	return max(0, 1-float64(f.Estimate)/wantDown)
}

// frozen is the share of time the programme stood still in the hall.
func (f *Facts) frozen() float64 {
	if f.Report.WindowMs == 0 {
		return 0
	}
	return float64(f.Report.FrozenMs) / float64(f.Report.WindowMs)
}

// Judge says what a line is worth and why, the worst cause first.
func Judge(f *Facts) (Grade, []Cause) {
	switch {
	case !f.Picture && !f.Sound:
		return GradeNone, []Cause{CauseNothing}
	case !f.Picture:
		return GradeWeak, []Cause{CauseNoPicture}
	}
	grade := GradeGood
	var weak, fair []Cause
	if !f.Sound {
		grade, weak = GradeWeak, []Cause{CauseNoSound}
	}
	for _, r := range table() {
		switch value := r.value(f); {
		case value >= r.weak:
			grade, weak = GradeWeak, append(weak, r.cause)
		case value >= r.fair:
			fair = append(fair, r.cause)
		}
	}
	if grade == GradeGood && len(fair) > 0 {
		grade = GradeFair
	}
	return grade, append(weak, fair...)
}

// How many judgements in a row change the word that is shown: a line that goes down is told
// soon, one that comes back has to last, so that the word does not flicker.
const (
	worseAfter  = 2
	betterAfter = 5
)

// Steady holds the grade that is shown. The zero value shows the first judgement.
type Steady struct {
	shown  Grade
	causes []Cause
	next   Grade
	seen   int
}

// Take takes a judgement and returns the one to be shown.
func (s *Steady) Take(grade Grade, causes []Cause) (Grade, []Cause) {
	switch {
	case s.shown == "" || grade == s.shown:
		s.shown, s.causes, s.next, s.seen = grade, causes, "", 0
		return s.shown, s.causes
	case s.next == "" || (grade.rank() > s.shown.rank()) != (s.next.rank() > s.shown.rank()):
		s.seen = 0 // the other way than before
	}
	s.next = grade
	s.seen++
	need := betterAfter
	if grade.rank() > s.shown.rank() {
		need = worseAfter
	}
	if s.seen >= need {
		s.shown, s.causes, s.next, s.seen = grade, causes, "", 0
	}
	return s.shown, s.causes
}
