package hls

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// PartTarget is EXT-X-PART-INF:PART-TARGET, the longest that a part may last; HoldBack is how
// far from the end of the last one a player stays (RFC 8216bis §4.4.3.8: three parts or more).
const (
	PartTarget = 500 * time.Millisecond
	HoldBack   = 3*PartTarget + 200*time.Millisecond

	partSlack = 10 * time.Millisecond // by which a camera's pace may waver
)

// Part is a piece of a segment that a player may have before all of it is there: the same
// samples at the same times. Nothing in it changes.
type Part struct {
	Format      *Format
	Data        []byte
	Start       time.Time
	Duration    time.Duration
	Independent bool // begins with a keyframe
}

// Partial is the group at hand, as far as it has come. Those before it are whole.
type Partial struct {
	Sequence      uint64
	Discontinuity bool
	Tracks        [][]Part // the rungs, then the sound
	// Next is when each track's next part begins; zero: not in this group any more, or not known.
	Next []time.Time
}

// PartFile names a part: by its time as well, for what follows a crash may have its number.
func PartFile(track string, sequence uint64, index int, start time.Time) string {
	return fmt.Sprintf("%s-%d.%d-%s.m4s", track, sequence, index, strconv.FormatInt(start.UnixMilli(), 36))
}

// Partial returns the group at hand; false: there is none, or parts are not made. Nobody may
// change it; it is that of the moment.
func (p *Packager) Partial() (Partial, bool) {
	if p.cfg.Part == 0 || len(p.marks) == 0 {
		return Partial{}, false
	}
	m := p.marks[0]
	g := Partial{Sequence: p.number, Discontinuity: m.discontinuity}
	for _, t := range append(slices.Clone(p.rungs), p.sound) {
		if t.number > p.number { // it has crossed already
			g.Tracks, g.Next = append(g.Tracks, m.segments[t.index].Parts), append(g.Next, time.Time{})
			continue
		}
		var next time.Time
		if t.open && t.cutAt < len(t.samples) {
			next = t.when(t.samples[t.cutAt].at, p.cfg.Epoch)
		}
		g.Tracks, g.Next = append(g.Tracks, slices.Clip(t.parts)), append(g.Next, next)
	}
	return g, true
}

// partAt ends the part at hand where the sample at a tick begins, if that would make it too long.
func (t *track) partAt(at int64, p *Packager) {
	if p.cfg.Part == 0 || t.cutAt >= len(t.samples) {
		return
	}
	lasts := time.Duration(nanosOf(at-t.samples[t.cutAt].at, t.rate))
	if lasts+t.usual() > p.cfg.Part+partSlack {
		t.part(at, p)
	}
}

// part ends the part at hand at a tick.
func (t *track) part(end int64, p *Packager) {
	if p.cfg.Part == 0 || t.cutAt >= len(t.samples) {
		return
	}
	samples := t.samples[t.cutAt:]
	t.parts = append(t.parts, Part{
		Format: t.format, Data: fragment(uint32(t.number), samples, end, t.data[t.cutFrom:]),
		Start:       t.when(samples[0].at, p.cfg.Epoch),
		Duration:    time.Duration(nanosOf(end-samples[0].at, t.rate)),
		Independent: samples[0].key,
	})
	t.cutAt, t.cutFrom = len(t.samples), len(t.data)
}

// Ahead is what a playlist tells of a programme that is shown in parts.
type Ahead struct {
	// Partial is the entry of the group at hand; nil: nothing of it is there yet.
	Partial *Entry
	// Hint is the part that comes next; "": not known.
	Hint string
	// Reports are the other tracks and how far they are.
	Reports []Report
}

// Report is how far a track's playlist is.
type Report struct {
	Track    string
	Sequence uint64 // of the group of the last part
	Part     int    // the last part in it
}

// MediaInParts is Media for a playlist that goes on, with the parts of the last groups.
func MediaInParts(track string, entries []Entry, ahead Ahead) []byte {
	var b strings.Builder
	b.Grow(600 + 110*len(entries) + 120*(4*5+4))
	all := entries
	if ahead.Partial != nil {
		all = append(slices.Clip(entries), *ahead.Partial)
	}
	begin(&b, all, false, func() {
		fmt.Fprintf(&b, "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=%.3f\n#EXT-X-PART-INF:PART-TARGET=%.3f\n",
			HoldBack.Seconds(), PartTarget.Seconds())
	})
	for i := range all {
		before(&b, track, all, i)
		e := &all[i]
		if len(e.Parts) > 0 {
			date(&b, e)
		}
		for n, part := range e.Parts {
			fmt.Fprintf(&b, "#EXT-X-PART:DURATION=%.5f,URI=%q", min(part.Duration, PartTarget).Seconds(), PartFile(e.from(track), e.Sequence, n, part.Start))
			if part.Independent {
				b.WriteString(",INDEPENDENT=YES")
			}
			b.WriteByte('\n')
		}
		if i == len(entries) {
			continue
		}
		if len(e.Parts) == 0 {
			date(&b, e)
		}
		segment(&b, track, e)
	}
	if ahead.Hint != "" {
		fmt.Fprintf(&b, "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=%q\n", ahead.Hint)
	}
	for _, r := range ahead.Reports {
		fmt.Fprintf(&b, "#EXT-X-RENDITION-REPORT:URI=\"%s.m3u8\",LAST-MSN=%d,LAST-PART=%d\n", r.Track, r.Sequence, r.Part)
	}
	return []byte(b.String())
}
