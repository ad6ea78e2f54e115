package sfu

import (
	"maps"
	"slices"
	"time"

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
	p.silence()
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
	for _, v := range []conference.VenueID{p.main, p.floor.Holder, p.floor.Preview, pulledBeside} {
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

// show points an audience at the programme, or at the pictures of its venue and at its
// sound while it may be heard; it returns what it waits for. A rung that nobody watches is
// pointed at nothing.
func (p *Plane) show(a *audience, now time.Time) []*feed {
	var audio *feed
	var show showing
	switch {
	case a.size.Load() == 0:
	case a.venue != "":
		show, audio = p.heard[a.venue].shows(now), p.heard[a.venue].voice()
	case p.programme != nil:
		show, audio = p.pictures(now), p.programme.audio
	}
	a.audio.cut.point(audio, false)
	for rung := 1; rung < rungs; rung++ { // who is on one that has gone goes on
		if show.feeds[rung] == nil {
			show.feeds[rung] = show.feeds[rung-1]
		}
	}
	var waited []*feed
	for rung := range a.video {
		cost := 0 // there is none
		if show.bits[rung] > 0 {
			cost = show.bits[rung] + usualSound
		}
		a.costs[rung].Store(int64(cost))
		cut, video := a.video[rung].cut, show.feeds[rung]
		if a.watched[rung].Load() == 0 {
			video = nil
		}
		cut.point(video, false)
		if video == nil {
			continue
		}
		show.pub.need(rung, now)
		if w := cut.waiting(); w != nil {
			waited = append(waited, w)
		} else if video.keys.wanted.Load() { // asked too soon after the last time
			waited = append(waited, video)
		}
	}
	return append(waited, p.showSecond(a, now)...)
}

// showSecond points the second slot of an audience at the programme's second picture, and
// returns it when its keyframe is waited for.
func (p *Plane) showSecond(a *audience, now time.Time) (waited []*feed) {
	if a.venue != "" || p.programme == nil || a.seconds.Load() == 0 {
		a.beside.cut.point(nil, false)
		return nil
	}
	b := &p.programme.beside
	a.beside.cut.point(b.video, false)
	cost := 0
	if b.on.Load() && b.video.alive(now, layerAlive) {
		cost = b.video.costs(besideRung, now)
	}
	if w := a.beside.cut.waiting(); w != nil && b.on.Load() {
		waited = append(waited, w)
	}
	a.second.Store(int64(cost))
	return waited
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
