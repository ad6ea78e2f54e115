package sfu

import (
	"maps"
	"slices"
	"time"

	"github.com/pion/webrtc/v4"

	"github.com/diemcau/diemcau/internal/conference"
)

// route decides, from the floor and from what arrives, which feed every slot is to show,
// tells the programme who its candidates are, and asks waited-for keyframes of their
// sources. It is idempotent; it runs at every change and every 100 ms.
func (p *Plane) route() {
	now := p.now()
	p.planeMu.Lock()
	forgotten := p.choose(now)
	p.permit()
	var waited []*feed
	for _, s := range p.sessions {
		waited = append(waited, p.direct(s, now)...)
	}
	for _, a := range p.audiences {
		waited = append(waited, p.show(a, now)...)
	}
	p.publish(now)
	for _, pub := range p.heard {
		layers, _ := pub.feeds()
		for _, l := range layers {
			if l.feed.keys.wanted.Load() {
				waited = append(waited, l.feed)
			}
		}
	}
	p.planeMu.Unlock()
	for _, f := range waited {
		f.keys.ask(now.UnixNano())
	}
	for _, v := range forgotten {
		p.programme.command(p.ended, entry{kind: entryForget, source: sourceOf(v, 0)})
	}
}

// choose decides who publishes each venue: an encoder before the page, and nobody who has
// been silent for long. It returns the
// venues whose publisher is another one than before.
func (p *Plane) choose(now time.Time) []conference.VenueID {
	chosen := make(map[conference.VenueID]*publisher, len(p.heard))
	encoders := make(map[conference.VenueID]bool)
	for _, s := range p.sessions {
		if s.pub == nil || encoders[s.venue] || s.gone(now) || (s.role == roleEncoder && !s.connected.Load()) {
			continue
		}
		chosen[s.venue] = s.pub
		encoders[s.venue] = s.role == roleEncoder
	}
	var forgotten []conference.VenueID
	for v, old := range p.heard {
		if chosen[v] != old {
			forgotten = append(forgotten, v)
		}
	}
	p.heard = chosen
	if p.programme == nil {
		return nil
	}
	candidates := make(map[*publisher]bool, 3)
	for _, v := range []conference.VenueID{p.main, p.floor.Holder, p.floor.Preview} {
		if pub := chosen[v]; pub != nil {
			candidates[pub] = true
		}
	}
	if !maps.Equal(candidates, *p.programme.candidates.Load()) {
		p.programme.candidates.Store(&candidates)
	}
	return forgotten
}

// publish tells the watchers of Publishers what is new.
func (p *Plane) publish(now time.Time) {
	told := make(map[conference.VenueID]Publisher, len(p.heard))
	for v, pub := range p.heard {
		told[v] = pub.tell(now)
	}
	if maps.Equal(told, p.published) {
		return
	}
	p.published = told
	close(p.change)
	p.change = make(chan struct{})
}

// direct points the slots of a session at their feeds and returns those whose keyframe is
// waited for.
func (p *Plane) direct(s *Session, now time.Time) []*feed {
	var waited []*feed
	view := make([]Slot, 0, len(s.slots))
	tiles := s.shown()
	if tiles == nil && s.hasTiles() {
		tiles = p.everybody(s.venue)
	}
	for _, slot := range s.slots {
		f, venue := p.source(s, slot, tiles, now)
		switch {
		case !s.connected.Load():
			f = nil // a keyframe sent now would be lost
		case s.lost.Load() != 0:
			f = nil // likewise; and what was lost before is not worth repairing afterwards
			slot.cut.abandon()
		}
		if f == nil {
			venue = ""
		}
		slot.cut.point(f)
		if w := slot.cut.waiting(); w != nil {
			waited = append(waited, w)
		}
		view = append(view, Slot{MID: slot.mid, Kind: slot.kind, Venue: venue})
	}
	s.see(view)
	return waited
}

// show points an audience at the programme, or at the best picture of its venue and at its
// sound while it may be heard; it returns what it waits for.
func (p *Plane) show(a *audience, now time.Time) []*feed {
	var video, audio *feed
	switch {
	case a.size.Load() == 0:
	case a.venue != "":
		video, audio = p.heard[a.venue].layer(highest, now), p.heard[a.venue].voice()
	case p.programme != nil:
		video, audio = p.programme.video, p.programme.audio
	}
	a.video.cut.point(video)
	a.audio.cut.point(audio)
	if w := a.video.cut.waiting(); w != nil {
		return []*feed{w}
	}
	if video != nil && video.keys.wanted.Load() { // asked too soon after the last time
		return []*feed{video}
	}
	return nil
}

// source returns what a slot is to show: a feed, or nil for nothing yet, and whose it is.
func (p *Plane) source(
	s *Session, slot *slot, tiles []conference.VenueID, now time.Time,
) (*feed, conference.VenueID) {
	switch slot.kind {
	case SlotProgramme:
		return p.programmeFor(s, slot, now)
	case SlotReturn:
		venue := p.main
		if s.venue == p.main {
			venue = p.floor.Holder
		}
		return p.heard[venue].layer(middle, now), venue
	case SlotVoice:
		voices := slices.DeleteFunc([]conference.VenueID{p.main, p.floor.Holder}, func(v conference.VenueID) bool {
			return v == s.venue || v == ""
		})
		if slot.index >= len(voices) {
			return nil, ""
		}
		return p.heard[voices[slot.index]].voice(), voices[slot.index]
	case SlotTile:
		if slot.index >= len(tiles) {
			return nil, ""
		}
		return p.heard[tiles[slot.index]].layer(lowest, now), tiles[slot.index]
	}
	return nil, ""
}

// programmeFor is the programme; but the venue that has the floor sees City Hall instead
// of itself.
func (p *Plane) programmeFor(s *Session, slot *slot, now time.Time) (*feed, conference.VenueID) {
	video := slot.media == webrtc.RTPCodecTypeVideo
	if video && s.role == roleVenue && s.venue != p.main && s.venue == p.floor.Holder {
		if f := p.heard[p.main].layer(highest, now); f != nil {
			return f, p.main
		}
	}
	if p.programme == nil {
		return nil, ""
	}
	venue := p.programme.shows()
	if video {
		return p.programme.video, venue
	}
	return p.programme.audio, venue
}

// everybody is what tile slots show until somebody chooses: City Hall, then the others by
// id, never oneself.
func (p *Plane) everybody(self conference.VenueID) []conference.VenueID {
	all := slices.DeleteFunc(slices.Sorted(maps.Keys(p.heard)), func(v conference.VenueID) bool {
		return v == self || v == p.main
	})
	if p.main == self || p.heard[p.main] == nil {
		return all
	}
	return slices.Insert(all, 0, p.main)
}
