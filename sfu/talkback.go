package sfu

import "github.com/diemcau/diemcau/internal/conference"

// Refusals of Talk.
var (
	errNoMicrophone = conference.Refuse(conference.KindInvalid, "media.no_microphone", "the page's offer has no microphone")
	errNoTalkback   = conference.Refuse(conference.KindUnavailable, "media.no_talkback", "")
	errTalkTaken    = conference.Refuse(conference.KindConflict, "media.talk_taken", "")
)

// talkSlots is how many slots for voices a page needs to hear its stage: what may be open
// besides its own microphone, and one.
const talkSlots = 3

// Talk lets the stage's microphone be heard in one hall, in the last of its slots for voices,
// and nowhere else: it is no venue's, so no mix, viewer or recording can have it. "" ends it,
// as the end of the page's socket does. Refusals: media.no_microphone when the page sends
// none; media.no_talkback when the hall has no page that could hear it; media.talk_taken when
// another stage talks to the hall.
func (s *Session) Talk(venue conference.VenueID) error {
	if err := s.talkTo(venue); err != nil {
		return err
	}
	s.plane.route()
	return nil
}

func (s *Session) talkTo(venue conference.VenueID) error {
	p := s.plane
	p.planeMu.Lock()
	defer p.planeMu.Unlock()
	if venue != "" {
		if s.talk == nil {
			return errNoMicrophone
		}
		if other := p.talker(venue); other != nil && other != s {
			return errTalkTaken
		}
		if !p.hearsStage(venue) {
			return errNoTalkback
		}
	}
	s.talksTo = venue
	if s.talk != nil {
		s.talk.speaks.Store(venue != "")
	}
	return nil
}

// hearsStage reports whether a hall has a page with room for its stage; with planeMu held.
func (p *Plane) hearsStage(venue conference.VenueID) bool {
	for _, s := range p.sessions {
		if s.venue == venue && s.role == roleVenue && s.voices() >= talkSlots && s.connected.Load() && s.lost.Load() == 0 {
			return true
		}
	}
	return false
}

// talker returns the stage that talks to a hall, or nil; with planeMu held.
func (p *Plane) talker(venue conference.VenueID) *Session {
	for _, s := range p.sessions {
		if s.talksTo == venue && venue != "" && s.talk != nil && !s.ended() && s.lost.Load() == 0 && !s.parked() {
			return s
		}
	}
	return nil
}

// parked reports whether the page's socket broke.
func (s *Session) parked() bool {
	s.holdMu.Lock()
	defer s.holdMu.Unlock()
	return !s.parkedAt.IsZero()
}

// voices is how many slots for voices a session has.
func (s *Session) voices() int {
	n := 0
	for _, slot := range s.slots {
		if slot.kind == SlotVoice {
			n++
		}
	}
	return n
}

// stageVoice is what the last slot for voices shows while the stage talks to a hall. While it
// does, its microphone is open; nobody else is given it.
func (p *Plane) stageVoice(s *Session, index int) (showing, bool) {
	if s.role != roleVenue || index != s.voices()-1 || index < talkSlots-1 {
		return showing{}, false
	}
	from := p.talker(s.venue)
	if from == nil {
		return showing{}, false
	}
	show := showing{stage: true}
	if mic := from.talk.voice(); mic != nil {
		show.feeds[0], show.bits[0] = mic, usualSound
	}
	return show, true
}

// silence ends the talking of stages that have nobody to hear them any more, or whose page is
// away: it begins again with a press only. With planeMu held.
func (p *Plane) silence() {
	for _, s := range p.sessions {
		if s.talksTo != "" && (p.talker(s.talksTo) != s || !p.hearsStage(s.talksTo)) {
			s.talksTo = ""
			s.talk.speaks.Store(false)
		}
	}
}
