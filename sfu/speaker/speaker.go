package speaker

import (
	"slices"

	"github.com/diemcau/diemcau/internal/conference"
)

// StepsPerSecond is how often Step is to be called.
const StepsPerSecond = 10

// MaxLevel is the loudest a microphone can be: full scale. Levels are decibels above −127 dBov.
const MaxLevel = 127

// Unknown is the level of a microphone that does not tell any.
const Unknown = -1

// What counts as sound, in levels: so much above the microphone's own noise, within bounds.
const (
	aboveNoise = 12
	leastSound = 60 // −67 dBov
	mostSound  = 80 // −47 dBov: this loud is always sound, however steady
	quietest   = 40
)

// How long things last before they are told, in steps.
const (
	speaksAfter  = 2  // a first speaker, when nobody speaks
	takesAfter   = 8  // another one, who has to be louder
	louderBy     = 4  // decibels
	silentAfter  = 12 // the one who speaks
	loudAfter    = 5  // a closed microphone
	notLoudAfter = 20
)

// Heard is one microphone in one step.
type Heard struct {
	Venue conference.VenueID
	Level int  // 0–MaxLevel, or Unknown
	Open  bool // the conference hears it
}

// Floor is what one conference's microphones say. The zero value is ready; it belongs to one
// goroutine.
type Floor struct {
	mics map[conference.VenueID]*mic
	now  conference.VenueID
	rest int // steps in which the one who speaks was silent
	step int
}

// mic is one microphone.
type mic struct {
	level   float64 // envelope
	noise   float64
	sounds  int // steps with sound in a row; negative: without
	rivals  int // steps in which it was louder than the one who speaks
	loud    bool
	open    bool
	seen    int // step
	near    track
	far     track
	echoes  int // evaluations in a row that found an echo; negative: none
	echo    bool
	started bool
}

// Step takes the levels of all microphones.
func (f *Floor) Step(heard []Heard) {
	if f.mics == nil {
		f.mics = map[conference.VenueID]*mic{}
	}
	f.step++
	for _, h := range heard {
		if h.Level == Unknown {
			continue
		}
		m := f.mics[h.Venue]
		if m == nil {
			m = &mic{noise: leastSound - aboveNoise}
			f.mics[h.Venue] = m
		}
		m.take(h)
		m.seen = f.step
	}
	for venue, m := range f.mics {
		if m.seen != f.step {
			delete(f.mics, venue)
		}
	}
	f.choose()
	f.listenForEcho(heard)
}

// take follows the level up fast and down slowly, and the noise the other way round.
func (m *mic) take(h Heard) {
	level := float64(h.Level)
	if !m.started || level > m.level {
		m.level, m.started = level, true
	} else {
		m.level += 0.3 * (level - m.level)
	}
	if level < m.noise {
		m.noise = max(quietest, level)
	} else {
		m.noise += 0.01 * (level - m.noise)
	}
	if m.level >= min(mostSound, max(leastSound, m.noise+aboveNoise)) {
		m.sounds = max(m.sounds, 0) + 1
	} else {
		m.sounds = min(m.sounds, 0) - 1
	}
	m.open = h.Open
	switch {
	case m.open || m.sounds <= -notLoudAfter:
		m.loud = false
	case m.sounds >= loudAfter:
		m.loud = true
	}
}

// choose finds who speaks among the open microphones.
func (f *Floor) choose() {
	current := f.mics[f.now]
	if current != nil && current.sounds < 0 {
		f.rest++
	} else {
		f.rest = 0
	}
	if current == nil || !current.open || f.rest >= silentAfter {
		f.now, current, f.rest = "", nil, 0
	}
	need := speaksAfter
	if current != nil {
		need = takesAfter
	}
	var best conference.VenueID
	for venue, m := range f.mics {
		if venue == f.now {
			continue
		}
		if m.rivals++; !m.rival(current) {
			m.rivals = 0
		}
		if m.rivals >= need && f.before(venue, best) {
			best = venue
		}
	}
	if best == "" {
		return
	}
	f.now, f.rest = best, 0
	for _, m := range f.mics {
		m.rivals = 0
	}
}

// rival reports whether an open microphone has sound while the one who speaks (nil: nobody) is
// silent, or clearly more of it.
func (m *mic) rival(current *mic) bool {
	if !m.open || m.sounds <= 0 {
		return false
	}
	return current == nil || current.sounds <= 0 || m.level >= current.level+louderBy
}

// before reports whether a venue is louder than the best so far; of equals the first by id.
func (f *Floor) before(venue, best conference.VenueID) bool {
	if best == "" {
		return true
	}
	a, b := f.mics[venue].level, f.mics[best].level
	return a > b || (a == b && venue < best)
}

// Now returns who speaks among the open microphones; "": nobody.
func (f *Floor) Now() conference.VenueID { return f.now }

// Loud returns the closed microphones with sound, by id.
func (f *Floor) Loud() []conference.VenueID {
	var loud []conference.VenueID
	for venue, m := range f.mics {
		if m.loud {
			loud = append(loud, venue)
		}
	}
	slices.Sort(loud)
	return loud
}
