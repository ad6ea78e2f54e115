package livestream

import (
	"slices"
	"sync/atomic"
	"time"

	"github.com/diemcau/diemcau/sfu/hls"
)

// cut is a kept group as far as jumping and cutting need it; times are of its largest picture.
type cut struct {
	sequence    uint64
	init        uint64 // the group whose inits are in force
	start       int64  // nanoseconds since 1970
	lasts       time.Duration
	independent bool
	first       bool // nothing was kept right before
}

func (c *cut) end() int64 { return c.start + int64(c.lasts) }

// hole is how much time may be missing between two groups that follow each other.
const hole = time.Second

// reel is what is kept of a conference, in order. One goroutine adds, anybody reads.
type reel struct {
	cuts  []cut
	bytes int64
	shown atomic.Pointer[Recording]
}

// add puts a group at the end.
func (r *reel) add(c cut, bytes int64) {
	if n := len(r.cuts); n > 0 {
		last := &r.cuts[n-1]
		c.first = c.sequence != last.sequence+1 || c.start-last.end() > int64(hole)
	} else {
		c.first = true
	}
	r.cuts = append(r.cuts, c)
	r.bytes += bytes
}

// take takes over what a folder holds.
func (r *reel) take(groups []kept) {
	r.cuts, r.bytes = make([]cut, 0, len(groups)), 0
	for i := range groups {
		g := &groups[i]
		t, bytes := &g.tracks[0], int64(0)
		for j := range g.tracks {
			bytes += int64(g.tracks[j].bytes)
		}
		r.add(cut{
			sequence: g.Sequence, init: g.Init, start: t.start.UnixNano(), lasts: t.duration, independent: t.independent,
		}, bytes)
	}
}

// show lets readers see all that was added. What they see does not change.
func (r *reel) show() {
	r.shown.Store(&Recording{cuts: slices.Clip(r.cuts), Bytes: r.bytes})
}

// Recording is what is kept of a conference's programme. Nothing in it changes.
type Recording struct {
	// Bytes is what it takes on the disk, in all sizes of the picture.
	Bytes int64

	cuts []cut
}

// Stretch is a part of a recording without a gap.
type Stretch struct {
	At     time.Time     // when it was on air
	Offset time.Duration // where it is in the recording
	Length time.Duration
}

// Stretches returns the recording's parts, in their order: offsets are those of a player of
// its playlist, which leaves gaps out.
func (r *Recording) Stretches() []Stretch {
	var all []Stretch
	var offset time.Duration
	for i := range r.cuts {
		c := &r.cuts[i]
		if c.first {
			all = append(all, Stretch{At: time.Unix(0, c.start).UTC(), Offset: offset})
		}
		offset += hls.InTarget(c.lasts)
		last := &all[len(all)-1]
		last.Length = offset - last.Offset
	}
	return all
}

// Span is from when to when; Until zero is for ever.
type Span struct{ From, Until time.Time }

// Place returns where in the recording a span begins and ends; ok false: none of it was kept.
func (r *Recording) Place(s Span) (begins, ends time.Duration, ok bool) {
	var offset time.Duration
	for i := range r.cuts {
		c := &r.cuts[i]
		lasts := hls.InTarget(c.lasts)
		if s.meets(c) {
			if !ok {
				begins = offset + min(lasts, max(0, time.Duration(s.From.UnixNano()-c.start)))
			}
			ok, ends = true, offset+lasts
			if !s.Until.IsZero() {
				ends = offset + min(lasts, time.Duration(s.Until.UnixNano()-c.start))
			}
		}
		offset += lasts
	}
	return begins, ends, ok
}

// meets reports whether some of a group is within the span.
func (s Span) meets(c *cut) bool {
	return c.end() > s.From.UnixNano() && (s.Until.IsZero() || c.start < s.Until.UnixNano())
}

// within returns the groups that it takes to play spans: whole ones, from a keyframe on.
func (r *Recording) within(spans []Span) []cut {
	wanted := make([]bool, len(r.cuts))
	for i := range r.cuts {
		if !slices.ContainsFunc(spans, func(s Span) bool { return s.meets(&r.cuts[i]) }) {
			continue
		}
		for j := i; j >= 0 && !wanted[j]; j-- {
			wanted[j] = true
			if r.cuts[j].independent || r.cuts[j].first {
				break
			}
		}
	}
	var cuts []cut
	for i, w := range wanted {
		if w {
			cuts = append(cuts, r.cuts[i])
		}
	}
	return cuts
}
