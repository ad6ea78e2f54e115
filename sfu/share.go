package sfu

import (
	"slices"
	"time"

	"github.com/pion/webrtc/v4"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/sfu/layer"
)

// unlimited is a line nothing is known of.
const unlimited = 1 << 40

// usualLook is what a picture's slot is to a page, and how large it shows what it has not
// told the size of, in lines.
var usualLook = map[SlotKind]struct { //nolint:gochecknoglobals // a table
	class  layer.Class
	height int
}{
	SlotProgramme: {layer.Programme, 720}, SlotReturn: {layer.Return, 360}, SlotTile: {layer.Tile, 180},
}

// direct shares a session's line among its slots, points them at their feeds, and returns
// those whose keyframe is waited for. With planeMu held.
func (p *Plane) direct(s *Session, now time.Time) []*feed {
	tiles, looks := s.shown()
	if tiles == nil && s.hasTiles() {
		tiles = p.everybody(s.venue)
	}
	shows := make([]showing, len(s.slots))
	wishes := make([]layer.Wish, len(s.slots))
	for i, slot := range s.slots {
		shows[i] = p.source(s, slot, tiles, now)
		wishes[i] = s.wish(slot, &shows[i], looks)
	}
	takes := s.takes()
	share := layer.Allot(takes, wishes)
	if s.line != nil {
		s.line.sends.Store(int64(share.Bits))
		if share.Missing > 0 {
			s.line.want(share.Bits + share.Missing)
		}
	}
	full := layer.Now(wishes) > takes
	p.countPaused(s, wishes, share.Chosen)
	var waited []*feed
	view := make([]Slot, len(s.slots))
	away := !s.connected.Load() || s.lost.Load() != 0
	for i, slot := range s.slots {
		if away {
			slot.cut.abandon() // what was lost is not worth repairing afterwards
		}
		to := aim{share.Chosen[i], full && slot.isPicture() && layer.Smaller(slot.layer, share.Chosen[i])}
		view[i] = p.point(slot, &shows[i], to, now, away)
		view[i].Paused = share.Chosen[i] == layer.Off && wishes[i].Best() != layer.Off
		if w := slot.cut.waiting(); w != nil {
			waited = append(waited, w)
		}
	}
	s.see(view, p.wantedOf(s, now))
	return waited
}

// aim is what a slot is to show.
type aim struct {
	layer int
	hurry bool // the line does not take what goes now, and this takes less
}

// point shows the layer in the slot.
func (p *Plane) point(slot *slot, show *showing, to aim, now time.Time, away bool) Slot {
	var f *feed
	chosen := to.layer
	if chosen != layer.Off {
		f = show.feeds[chosen]
		show.pub.need(chosen, now)
	}
	if slot.isPicture() && slot.layer != chosen {
		p.counters.layers.Add(1)
	}
	slot.layer = chosen
	slot.cut.point(f, to.hurry)
	if to.hurry {
		slot.cut.supersede(slot.newest.Load() + 1)
	}
	told := Slot{MID: slot.mid, Kind: slot.kind}
	if show.feeds[0] != nil && !away {
		told.Venue, told.Stage = show.venue, show.stage
	}
	return told
}

// wish is what a slot asks of the line.
func (s *Session) wish(slot *slot, show *showing, looks map[string]Look) layer.Wish {
	w := layer.Wish{Class: layer.Heard, Height: 1, Bits: show.bits, Now: slot.layer}
	switch {
	case slot.isPicture():
		usual := usualLook[slot.kind]
		w.Class, w.Height = usual.class, usual.height
	case (slot.kind == SlotProgramme) == (s.role == roleVenue):
		w.Class = layer.Sound // a venue plays the voices, a stage the programme
	}
	look, told := looks[slot.mid]
	switch {
	case !s.connected.Load(), s.lost.Load() != 0: // a keyframe sent now would be lost
		w.Height = 0
	case told && look.Hidden:
		w.Height = 0
	case told && look.Height > 0 && slot.isPicture():
		w.Height = look.Height
	}
	return w
}

// takes returns what may be sent to the session, in bits/s. A receiver that cannot tell
// what it gets is sent everything.
func (s *Session) takes() int {
	if s.line == nil || !slices.ContainsFunc(s.slots, (*slot).isWide) {
		return unlimited
	}
	bits, known := s.line.bits()
	if known {
		s.estimate.Store(int64(bits))
	}
	return bits
}

// countPaused counts sessions that are left with sound.
func (p *Plane) countPaused(s *Session, wishes []layer.Wish, chosen []int) {
	wanted, sent := false, false
	for i, slot := range s.slots {
		if slot.isPicture() {
			wanted = wanted || wishes[i].Best() != layer.Off
			sent = sent || chosen[i] != layer.Off
		}
	}
	only := wanted && !sent
	if only && !s.soundOnly {
		p.counters.soundOnly.Add(1)
	}
	s.soundOnly = only
}

// wantedOf returns the layers of a page's camera that somebody needs, by rid; nil: all.
func (p *Plane) wantedOf(s *Session, now time.Time) []string {
	rids := s.rids()
	if s.pub == nil || s.role != roleVenue || len(rids) < 2 {
		return nil
	}
	onAir := p.programme != nil && p.programme.wants(s.pub)
	wanted := make([]string, 0, len(rids))
	for _, rank := range s.pub.sends(onAir, now) {
		wanted = append(wanted, rids[rank])
	}
	return wanted
}

func soundOf(f *feed, v conference.VenueID, now time.Time) showing {
	if f == nil {
		return showing{venue: v}
	}
	return showing{venue: v, feeds: [rungs]*feed{f}, bits: [rungs]int{f.costs(0, now)}}
}

// source returns what a slot is to show.
func (p *Plane) source(s *Session, slot *slot, tiles []conference.VenueID, now time.Time) showing {
	switch slot.kind {
	case SlotProgramme:
		return p.programmeFor(s, slot, now)
	case SlotReturn:
		venue := p.main
		if s.venue == p.main {
			venue = p.floor.Holder
		}
		return p.heard[venue].shows(now)
	case SlotVoice:
		if show, talks := p.stageVoice(s, slot.index); talks {
			return show
		}
		voices := slices.DeleteFunc([]conference.VenueID{p.main, p.floor.Holder}, func(v conference.VenueID) bool {
			return v == s.venue || v == ""
		})
		if slot.index < len(voices) {
			return soundOf(p.heard[voices[slot.index]].voice(), voices[slot.index], now)
		}
	case SlotTile:
		if slot.index < len(tiles) {
			return p.heard[tiles[slot.index]].shows(now)
		}
	}
	return showing{}
}

// programmeFor is the programme; but the venue that has the floor sees City Hall instead
// of itself.
func (p *Plane) programmeFor(s *Session, slot *slot, now time.Time) showing {
	video := slot.isPicture()
	if video && s.role == roleVenue && s.venue != p.main && s.venue == p.floor.Holder {
		if show := p.heard[p.main].shows(now); show.feeds[0] != nil {
			return show
		}
	}
	if p.programme == nil {
		return showing{}
	}
	if !video {
		return soundOf(p.programme.audio, p.programme.shows(), now)
	}
	return p.pictures(now)
}

// pictures returns the programme's picture in its three sizes. A rung that nobody watches
// may still be in another layer, so what it would take is asked of the source.
func (p *Plane) pictures(now time.Time) showing {
	show := showing{venue: p.programme.shows()}
	source := p.heard[show.venue].shows(now)
	for i := range p.programme.rungs {
		f := p.programme.rungs[i].video
		show.feeds[i], show.bits[i] = f, f.costs(i, now)
		if source.bits[i] > 0 {
			show.bits[i] = source.bits[i]
		}
	}
	for i := rungs - 2; i >= 0; i-- {
		show.bits[i] = max(show.bits[i], show.bits[i+1])
	}
	return show
}

func (s *slot) isPicture() bool { return s.media == webrtc.RTPCodecTypeVideo }

// isWide reports whether the receiver tells what it gets.
func (s *slot) isWide() bool {
	b := s.bound.Load()
	return b != nil && b.wide != 0
}
