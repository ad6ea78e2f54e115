package sfu

import (
	"time"

	"github.com/diemcau/diemcau/sfu/bus"
	"github.com/diemcau/diemcau/sfu/ring"
)

// rungs is how many sizes the programme's picture has: one for each layer of a camera.
const rungs = bus.Layers

// rung is the programme's picture in one size: a bus of its own, for a cut is made at a
// keyframe and each layer has its own. All rungs have one clock, so a receiver can go from
// one to another at a keyframe. A source that lacks a layer is shown in the nearest one.
type rung struct {
	bus   *bus.Bus
	video *feed
	seq   ring.Unwrapper
	pause *pause // nil: all of it is put out
}

// watched reports whether somebody takes the rung, or a tap reads it.
func (p *programme) watched(r *rung) bool {
	return len(*r.video.outputs.Load()) > 0 || p.taps.Load() > 0 && r.pause == nil
}

// clock is the bus that keeps the time of all rungs and of the sound.
func (p *programme) clock() *bus.Bus { return p.rungs[0].bus }

// show gives a packet of a candidate, or of the slate, to every rung.
func (p *programme) show(s bus.Source, q bus.Packet, at time.Time) {
	for i := range p.rungs {
		r := &p.rungs[i]
		p.emit(r, r.bus.Video(p.outs[:0], s, q, at))
	}
	p.showBeside(s, q, at)
}

// emit puts a bus's packets into the feed of its rung.
func (p *programme) emit(r *rung, outs []bus.Out) {
	p.outs = outs
	for _, o := range outs {
		p.put(r, o)
	}
	if now := p.clock().OnAir(); r.bus == p.clock() && (p.onAir.Load() == nil || *p.onAir.Load() != now) {
		p.onAir.Store(&now)
		p.changed()
	}
}

func (p *programme) put(r *rung, o bus.Out) {
	seq := r.seq.Extend(o.Seq)
	if p.ref-o.Ref >= programmeRefs {
		return
	}
	from := p.refs[o.Ref%programmeRefs]
	q := from.feed.store.Get(from.seq)
	if q == nil {
		return
	}
	defer q.Release()
	if r.pause != nil {
		var passes bool
		if seq, passes = r.pause.pass(seq, q.Key); !passes {
			return
		}
	}
	if !p.watched(r) { // whoever comes begins at a keyframe
		r.video.flow.add(len(q.Payload))
		return
	}
	m := ring.Meta{Seq: seq, TS: o.Timestamp, Marker: o.Marker, Key: q.Key}
	if r.video.clock.at.Load() == nil {
		p.synchronise(p.now())
	}
	m.Capture = r.video.clock.capture(m.TS, r.video.rate)
	if m.Key {
		r.video.keys.satisfied()
	}
	r.video.put(m, q.Payload)
}

// synchronise sets the clocks of all feeds: one clock for picture and sound.
func (p *programme) synchronise(now time.Time) {
	for _, r := range p.all {
		r.video.clock.set(moment{ts: p.clock().VideoTime(now), nanos: now.UnixNano()})
	}
	p.audio.clock.set(moment{ts: p.clock().AudioTime(now), nanos: now.UnixNano()})
}
