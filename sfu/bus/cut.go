package bus

import (
	"slices"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
)

// decide sets the venue the programme is to be at.
func (b *Bus) decide(t time.Duration) {
	to := b.rule(t)
	if to != b.target {
		b.target, b.targetAt = to, t
	}
	if b.hold.active && b.hold.source.Venue != to {
		b.hold.clear()
	}
}

// rule is: the slate if asked for; else who is wanted, while alive; else City Hall; else
// the slate. Who went silent on air has to stay for a while before it is shown again.
func (b *Bus) rule(t time.Duration) conference.VenueID {
	if b.slate {
		return Slate
	}
	wanted := b.wanted
	if wanted == "" {
		wanted = b.cfg.Main
	}
	v := b.venues[wanted]
	if !v.alive(t) {
		if !b.lost && b.onAir.Venue == wanted {
			b.lost, b.unsteady = true, b.returned != 0 && t-b.returned < UnsteadyFor
		}
	} else if b.lost && (wanted == b.cfg.Main || b.onAir.Venue == Slate || t-v.since >= b.returnAfter()) {
		b.lost, b.returned = false, t
	}
	switch {
	case v.alive(t) && !b.lost:
		return wanted
	case b.venues[b.cfg.Main].alive(t):
		return b.cfg.Main
	default:
		return Slate
	}
}

// returnAfter is how long who went silent must have sent again.
func (b *Bus) returnAfter() time.Duration {
	if b.unsteady {
		return UnsteadyAfter
	}
	return ReturnAfter
}

// wants returns the layer whose keyframe is waited for.
func (b *Bus) wants(t time.Duration) (Source, bool) {
	if b.hold.active || b.target == Slate {
		return Source{}, false
	}
	v := b.venues[b.target]
	if v == nil {
		return Source{}, false
	}
	best, ok := v.best(b.cfg.Rung, t)
	switch {
	case !ok:
		return Source{}, false
	case b.onAir.Venue != b.target || b.air != &v.layers[b.onAir.Layer]:
		return Source{Venue: b.target, Layer: best}, true
	case b.prefers(best, b.onAir.Layer) && v.steady(best, t):
		return Source{Venue: b.target, Layer: best}, true
	case b.prefers(b.onAir.Layer, best):
		return Source{Venue: b.target, Layer: best}, true
	default:
		return Source{}, false
	}
}

// mayCut reports whether the programme cuts to the keyframe that q begins.
func (b *Bus) mayCut(s Source, q packet, t time.Duration) bool {
	if !q.keyframe || s.Venue != b.target || b.hold.active {
		return false
	}
	v := b.venues[s.Venue]
	if b.onAir.Venue != s.Venue || b.air != &v.layers[b.onAir.Layer] {
		best, _ := v.best(b.cfg.Rung, t)
		return s.Layer == best || t-b.targetAt >= layerPatience
	}
	if b.prefers(s.Layer, b.onAir.Layer) {
		return v.steady(s.Layer, t)
	}
	return !v.sends(b.onAir.Layer, t)
}

// fall cuts to the layer below one that has ended, from the keyframe of it that has come
// since: the picture goes on where it stopped, and nobody waits for another keyframe.
func (b *Bus) fall(t time.Duration) {
	v := b.venues[b.onAir.Venue]
	if b.hold.active || v == nil || b.onAir.Venue != b.target || b.air != &v.layers[b.onAir.Layer] || v.sends(b.onAir.Layer, t) {
		return
	}
	best, ok := v.best(b.cfg.Rung, t)
	if !ok {
		return
	}
	l := &v.layers[best]
	if key, kept := l.keyframe(); kept && key.at > b.airAt && l.whole(key) {
		b.hold.start(Source{Venue: b.target, Layer: best}, l, t)
	}
}

// prefers reports whether a layer fits the rung better than another one.
func (b *Bus) prefers(layer, other uint8) bool {
	return distance(b.cfg.Rung, layer) < distance(b.cfg.Rung, other)
}

// maxHeld is how many packets a cut may hold; more, and it is carried out at once.
const maxHeld = 256

// hold is a cut under way: the packets of the new source that wait.
type hold struct {
	active  bool
	source  Source
	layer   *layer
	since   time.Duration
	key     int64    // timestamp of the keyframe
	packets []packet // never empty while active
}

// start holds what came of a layer since its newest keyframe.
func (h *hold) start(s Source, l *layer, t time.Duration) {
	key, _ := l.keyframe()
	*h = hold{active: true, source: s, layer: l, since: t, key: key.ts, packets: h.packets[:0]}
	for i := max(0, l.next-recentPackets); i < l.next; i++ {
		h.add(l.recent[i%recentPackets])
	}
	l.forgetRecent()
}

// add keeps the packets in order of their sequence numbers; those of the frame before
// the keyframe are dropped.
func (h *hold) add(p packet) {
	if p.ts < h.key {
		return
	}
	i, _ := slices.BinarySearchFunc(h.packets, p.seq, func(e packet, seq int64) int { return int(e.seq - seq) })
	h.packets = slices.Insert(h.packets, i, p)
}

func (h *hold) clear() { *h = hold{packets: h.packets[:0]} }

// due reports whether the cut can be carried out: nothing is missing before the
// keyframe and the frame on air is complete, or the patience is over.
func (h *hold) due(frameOpen bool, t time.Duration) bool {
	waited := t - h.since
	if waited >= FrameFor || len(h.packets) >= maxHeld {
		return true
	}
	first := h.packets[0].seq
	return !frameOpen && (waited >= HoldFor || h.layer.seen.has(first-1))
}

// release carries the cut under way out, if it is due.
func (b *Bus) release(dst []Out, t time.Duration) []Out {
	if !b.hold.active || !b.hold.due(b.video.open, t) {
		return dst
	}
	held := b.hold.packets
	b.onAir, b.air, b.airAt = b.hold.source, b.hold.layer, 0
	b.video.cut(held[0])
	first := len(dst)
	for _, p := range held {
		dst = b.forward(dst, p)
	}
	if len(dst) > first {
		dst[first].Cut = true
	}
	b.hold.clear()
	return dst
}

// forward rewrites one packet of the source on air.
func (b *Bus) forward(dst []Out, p packet) []Out {
	seq, ts, ok := b.video.rewrite(p)
	if !ok {
		return dst
	}
	b.airAt = max(b.airAt, p.at)
	return append(dst, Out{Ref: p.ref, Source: b.onAir, Seq: seq, Timestamp: ts, Marker: p.marker})
}
