package livestream

import (
	"context"
	"fmt"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/sfu/hls"
)

const (
	// partsListed is how many whole groups' parts a playlist lists; partsKept, how many groups'
	// are still to be had, by those who read an older playlist.
	partsListed = 3
	partsKept   = 6
	// waitFor is how long a request waits for what comes next: three target durations.
	waitFor = 3 * hls.TargetDuration
	// waitersMost is how many requests may wait, in all conferences together.
	waitersMost = 5000
	// farthest is how many groups ahead may be asked for (RFC 8216bis §6.2.5.2).
	farthest = 2
)

// ahead is what is shown of the group at hand. Nil: there are no parts.
type ahead struct {
	partial hls.Partial
	entry   hls.Entry // without a track's own
	tracks  int
}

// ahead returns what is to be shown of the group at hand, and a number that is another one
// when there is more; nil when no parts are made.
func (c *channel) ahead() (*ahead, int) {
	if !c.station.cfg.Parts || c.venue != "" {
		return nil, 0
	}
	var a ahead
	if len(c.pending) > 0 { // it is whole, and not on the disk yet
		g := &c.pending[0].group
		a.partial = hls.Partial{Sequence: g.Sequence, Discontinuity: g.Discontinuity, Next: make([]time.Time, len(g.Tracks))}
		for _, t := range g.Tracks {
			a.partial.Tracks = append(a.partial.Tracks, t.Parts)
		}
	} else if p, ok := c.packager.Partial(); ok {
		a.partial = p
	}
	a.entry = hls.Entry{Sequence: a.partial.Sequence, Init: c.init, Discontinuity: a.partial.Discontinuity, Number: c.number}
	if a.partial.Discontinuity {
		a.entry.Init = a.partial.Sequence
		if len(c.groups) > 0 {
			a.entry.Number++
		}
	}
	n := 0
	for _, parts := range a.partial.Tracks {
		n += len(parts)
	}
	return &a, n
}

// put adds the group at hand to the answers; it follows the last that is whole, or there is none.
func (a *ahead) put(s *snapshot, last *kept) {
	if a == nil {
		return
	}
	a.tracks = len(last.tracks)
	if a.partial.Sequence != last.Sequence+1 || len(a.partial.Tracks) != len(last.tracks) {
		a.partial = hls.Partial{Sequence: last.Sequence + 1}
		return
	}
	for i, parts := range a.partial.Tracks {
		name := trackName(i, len(a.partial.Tracks))
		s.parts(name, a.partial.Sequence, parts)
		if len(parts) > 0 {
			s.forever(hls.InitFile(name, a.entry.Init), name, parts[0].Format.Init)
		}
	}
}

// parts adds parts to the answers.
func (s *snapshot) parts(track string, sequence uint64, parts []hls.Part) {
	for i := range parts {
		s.forever(hls.PartFile(track, sequence, i, parts[i].Start), track, parts[i].Data)
	}
}

// of returns what track i of n is told of the group at hand.
func (a *ahead) of(i, n int, groups []kept) hls.Ahead {
	var told hls.Ahead
	last := &groups[len(groups)-1]
	for k := range n {
		r := hls.Report{Track: trackName(k, n), Sequence: last.Sequence}
		if t, _ := last.of(k, n); len(t.parts) > 0 {
			r.Part = len(t.parts) - 1
		}
		if parts := a.track(k); len(parts) > 0 {
			r.Sequence, r.Part = a.partial.Sequence, len(parts)-1
		}
		if k != i {
			told.Reports = append(told.Reports, r)
		}
	}
	if parts := a.track(i); len(parts) > 0 {
		e := a.entry
		e.Start, e.Independent, e.Parts, e.Track = parts[0].Start, parts[0].Independent, parts, trackName(i, n)
		told.Partial = &e
	}
	told.Hint = a.hint(i, n)
	return told
}

// track returns the parts of a track of the group at hand.
func (a *ahead) track(i int) []hls.Part {
	if i >= len(a.partial.Tracks) {
		return nil
	}
	return a.partial.Tracks[i]
}

// hint returns the address of the part of track i of n that comes next; "": it is not known.
func (a *ahead) hint(i, n int) string {
	if i >= len(a.partial.Next) || a.partial.Next[i].IsZero() {
		return ""
	}
	return hls.PartFile(trackName(i, n), a.partial.Sequence, len(a.track(i)), a.partial.Next[i])
}

// Awaited is what a request for a playlist waits for (_HLS_msn, _HLS_part).
type Awaited struct {
	Sequence uint64
	Part     int // -1: all of the group
}

var (
	errTooFar = conference.Refuse(conference.KindInvalid, "live.too_far", "")
	errWaited = conference.Refuse(conference.KindUnavailable, "live.waited", "")
)

// Await is File for a player that wants what is not there yet: it returns when the playlist
// holds what is awaited, or the hinted part is there. Want nil: nothing but a hinted part is
// waited for. Refusals: those of File; live.too_far when it is long until then; live.waited when
// too many wait, or it did not come. May be called concurrently; ctx ends it.
func (s *Station) Await(ctx context.Context, info *conference.Info, name string, want *Awaited) (*File, error) {
	var late <-chan time.Time
	for {
		f, err := s.File(info, name)
		c := (*s.shown.Load())[info.ID]
		if c == nil {
			return f, err
		}
		shown := c.shown.Load()
		if shown == nil || shown.ahead == nil {
			return f, err
		}
		wait, err := shown.waits(f, err, name, want)
		if !wait {
			return f, err
		}
		if late == nil {
			if s.waiting.Add(1) > waitersMost {
				s.waiting.Add(-1)
				return nil, errWaited
			}
			defer s.waiting.Add(-1)
			timer := time.NewTimer(waitFor)
			defer timer.Stop()
			late = timer.C
		}
		select {
		case <-shown.over:
		case <-late:
			return nil, errWaited
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for %s: %w", name, ctx.Err())
		}
	}
}

// waits reports whether a request has to wait for the next snapshot. File and failed are what
// it would be answered with now.
func (s *snapshot) waits(file *File, failed error, name string, want *Awaited) (bool, error) {
	n := s.ahead.tracks
	for i := range n {
		track := trackName(i, n)
		switch {
		case failed != nil && s.ahead.hint(i, n) == name:
			return true, nil
		case want == nil || name != track+".m3u8" || file == nil:
			continue
		case want.Sequence > s.ahead.partial.Sequence+farthest-1:
			return false, errTooFar
		case want.Sequence == s.ahead.partial.Sequence:
			return want.Part < 0 || want.Part >= len(s.ahead.track(i)), nil
		default:
			return want.Sequence > s.ahead.partial.Sequence, nil
		}
	}
	return false, failed
}
