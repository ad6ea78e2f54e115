package sfu

import (
	"time"

	"github.com/diemcau/diemcau/sfu/layer"
)

// toldLately is how long what a receiver said counts.
const toldLately = 5 * time.Second

// told is what a viewer said last of what it gets; the reader of the socket writes.
func (v *Viewer) told(now time.Time) layer.Told {
	told := layer.Told{Loss: -1}
	if at := v.rembAt.Load(); at != 0 && now.UnixNano()-at < int64(toldLately) {
		told.Bits = int(min(v.remb.Load(), 1<<40))
	}
	if at := v.lossAt.Load(); at != 0 && now.UnixNano()-at < int64(toldLately) {
		told.Loss = float64(v.loss.Load()) / 256
	}
	return told
}

// climb decides, once a second, which rung a viewer should have. It goes there at that
// rung's next keyframe and is served where it is until then.
func (s *shard) climb(v *Viewer, now time.Time) {
	if !v.legs[picture].on || v.fixed {
		return
	}
	to := v.ladder.Step(v.told(now), v.audience.takes(v.legs[beside].on), now.UnixNano())
	if to == v.target {
		return
	}
	s.stay(v)
	if to == v.rung {
		return
	}
	g := s.groupOf(v.audience, to)
	g.begin()
	g.coming = append(g.coming, v)
	v.target = to
	v.audience.watched[to].Add(1)
	g.stream(picture).cut.askKey(now.UnixNano())
}

// stay gives up the way to another rung.
func (s *shard) stay(v *Viewer) {
	if v.target == v.rung {
		return
	}
	g := s.groupOf(v.audience, v.target)
	g.coming = without(g.coming, v)
	v.audience.watched[v.target].Add(-1)
	v.target = v.rung
}

// moving reports whether somebody is on the way between rungs of an audience.
func (s *shard) moving(a *audience) bool {
	for _, g := range s.groups {
		if g.audience == a && len(g.coming) > 0 {
			return true
		}
	}
	return false
}

// arrive lets those in that wait for the keyframe the flush begins with. Their timestamps
// go on: both rungs have the programme's clock, and each audience's cut an offset to it.
func (s *shard) arrive(g *group, now time.Time) {
	if len(g.coming) == 0 || !s.batch.starts() {
		return
	}
	for _, v := range g.coming {
		from := s.groupOf(v.audience, v.rung)
		leg := &v.legs[picture]
		was, known := from.stream(picture).cut.timestamp(now.UnixNano())
		is, begun := g.stream(picture).cut.timestamp(now.UnixNano())
		if known && begun {
			leg.tsOff += was - is // modulo 2^32
		}
		leg.lost()
		leg.stream = g.stream(picture)
		if !hasSecond(from.rung) {
			v.legs[beside].lost()
			s.askKey(&v.legs[beside], now)
		}
		from.viewers = without(from.viewers, v)
		v.audience.watched[v.rung].Add(-1)
		v.rung = g.rung
		g.viewers = append(g.viewers, v)
		v.counters.layers.Add(1)
	}
	clear(g.coming)
	g.coming = g.coming[:0]
}

// starts reports whether decoding can start at a picture of the batch.
func (b *batch) starts() bool {
	for i := range b.entries[:b.pictures] {
		if b.entries[i].starts {
			return true
		}
	}
	return false
}
