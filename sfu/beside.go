package sfu

import (
	"sync/atomic"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/sfu/bus"
)

// besideRung is the layer of City Hall's camera that is shown beside another venue: two
// pictures share the width that one has.
const besideRung = 1

// pulledBeside is the venue under which an edge puts in the second picture of its origin.
const pulledBeside conference.VenueID = ":beside"

// second is the programme's second picture: City Hall's, while another venue is on air and
// the stage wants both. It is a rung whose bus knows City Hall alone, on the clock of the
// others, and of what it makes only that is put out which is to be seen.
type second struct {
	rung                    // with a pause
	from conference.VenueID // City Hall; at an edge pulledBeside
	on   atomic.Bool        // it is to be seen now
}

func (s *second) begin(f *feed, cfg bus.Config) {
	cfg.Rung = besideRung
	if cfg.Pulled {
		cfg.Main = pulledBeside
	}
	s.from = cfg.Main
	s.rung = rung{video: f, bus: bus.New(cfg), pause: &pause{}}
}

// pause leaves stretches out of a picture: what passes has numbers without a gap, and
// begins at a keyframe after each.
type pause struct {
	open  bool
	waits bool   // for a keyframe, since it was opened
	from  uint64 // the lowest number that passes
	left  uint64 // how many were left out
	next  uint64 // after the highest that passed; 0: none did
}

// set opens or closes.
func (p *pause) set(open bool) {
	if open && !p.open {
		p.waits = true
	}
	p.open = open
}

// pass returns the number of a packet; false: it is left out.
func (p *pause) pass(seq uint64, key bool) (uint64, bool) {
	switch {
	case !p.open || p.waits && !key:
		return 0, false
	case p.waits:
		if p.next > 0 {
			p.left = seq - p.next
		}
		p.from, p.waits = seq, false
	case seq < p.from:
		return 0, false
	}
	p.next = max(p.next, seq-p.left+1)
	return seq - p.left, true
}

// showBeside gives a packet of a candidate to the second picture's bus, if it is of it.
func (p *programme) showBeside(s bus.Source, q bus.Packet, at time.Time) {
	if s.Venue == p.beside.from {
		p.emitBeside(p.beside.bus.Video(p.outs[:0], s, q, at))
	}
}

// soundOf returns under which venue a rung's bus takes the sound of one: what an edge pulls is
// two venues with one sound, and both have its clock.
func (p *programme) soundOf(r *rung, v conference.VenueID) conference.VenueID {
	if r.pause != nil && v == p.main {
		return p.beside.from
	}
	return v
}

func (p *programme) emitBeside(outs []bus.Out) {
	p.outs = outs
	b := &p.beside
	on := p.wantsBeside()
	b.pause.set(on)
	if b.on.Swap(on) != on {
		p.changed()
	}
	if on && len(outs) > 0 {
		b.video.arrives(p.now().UnixNano())
	}
	for _, o := range outs {
		p.put(&b.rung, o)
	}
}

// wantsBeside reports whether there is to be a second picture now.
func (p *programme) wantsBeside() bool {
	if p.beside.from == pulledBeside {
		return true // the origin decides
	}
	on := p.clock().OnAir().Venue
	return p.floor.Beside && on != "" && on != p.main && on != bus.Slate
}

// tickBeside does what time alone decides.
func (p *programme) tickBeside(now time.Time) {
	b := &p.beside
	p.emitBeside(b.bus.Tick(p.outs[:0], now))
	_, cuts := b.bus.Wants(now)
	if (cuts || b.pause.waits) && p.watched(&b.rung) {
		p.keyBeside(now)
	}
}

// keyBeside asks City Hall for a keyframe of its picture, while that is to be seen.
func (p *programme) keyBeside(now time.Time) {
	b := &p.beside
	s, cuts := b.bus.Wants(now)
	if !cuts {
		s = b.bus.OnAir()
	}
	if f := p.sources[s]; f != nil && b.pause.open {
		f.keys.ask(now.UnixNano())
	}
}
