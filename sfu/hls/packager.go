package hls

import (
	"slices"
	"time"

	"github.com/diemcau/diemcau/sfu/h264"
)

// When a group is cut. A player begins three target durations from the end, so short ones
// are what keeps the delay small; no segment may be rounded to more than the target.
const (
	// TargetDuration is EXT-X-TARGETDURATION.
	TargetDuration = 2 * time.Second
	// Shortest is the age from which a keyframe cuts.
	Shortest = 1500 * time.Millisecond
	// Longest is the age at which a group is cut without one.
	Longest = 2400 * time.Millisecond
	// Apart is how far a rung's own keyframe may be from the group's boundary.
	Apart = 500 * time.Millisecond
	// Late is how long after a discontinuity a rung's keyframe is waited for. A player throws
	// away what comes between an init and the first keyframe (Media Source Extensions §3.5.7):
	// cut without one, it would find a hole there.
	Late = 1500 * time.Millisecond

	askAge    = 1700 * time.Millisecond // when keyframes are asked for
	askAgain  = 700 * time.Millisecond
	staleFor  = time.Second // after which a rung without pictures is filled by another
	brokenFor = 10 * time.Second
)

// Config is what a Packager needs.
type Config struct {
	// Rungs is how many sizes of the picture there are; 0 is the largest.
	Rungs int
	// Epoch is what decode times count from, whole seconds, before the first picture.
	Epoch time.Time
	// First is the media sequence number of the first group.
	First uint64
	// Ask asks for a keyframe of every rung.
	Ask func()
	// Part is how long a part may last, PartTarget; 0: none are made.
	Part time.Duration
}

// Group is one segment of every track, with one media sequence number. Nothing in it
// changes any more.
type Group struct {
	Sequence uint64
	// Discontinuity is set for the first group of a packager, and for one before which a
	// rung's parameter sets changed: every track gets its Init again.
	Discontinuity bool
	Tracks        []Segment // the rungs, then the sound
}

// Segment is one track's part of a group.
type Segment struct {
	Format      *Format
	Data        []byte
	Start       time.Time
	Duration    time.Duration
	Independent bool // begins with a keyframe
	Parts       []Part
}

// mark is a boundary between two groups.
type mark struct {
	at            int64 // nanoseconds of capture
	discontinuity bool
	segments      []Segment // of the group that begins here, by track
	closed        int
}

// Packager cuts a conference's programme into groups. Not safe for concurrent use.
type Packager struct {
	cfg    Config
	epoch  int64 // nanoseconds
	rungs  []*track
	sound  *track
	source []int   // which rung a track's pictures are of
	seen   []int64 // when a rung's last picture was captured; 0: never
	oldest int64   // the first picture of all
	newest int64   // the last one

	number uint64  // of marks[0]
	marks  []*mark // where the groups begin that are not done; none before the first keyframe
	asked  int64   // when keyframes were asked for
	done   []Group
	resets uint64
}

// New returns a Packager that begins with the first keyframes.
func New(cfg Config) *Packager {
	p := &Packager{
		cfg: cfg, epoch: cfg.Epoch.UnixNano(), number: cfg.First,
		source: make([]int, cfg.Rungs), seen: make([]int64, cfg.Rungs),
		sound: &track{index: cfg.Rungs, rate: soundRate, format: soundFormat(cfg.Epoch)},
	}
	for i := range cfg.Rungs {
		p.rungs = append(p.rungs, &track{index: i, rate: videoRate})
		p.source[i] = i
	}
	return p
}

// Video takes one picture of a rung; pictures of all rungs, and sound, come as they were
// captured, give or take half a second. Nobody may change u's bytes any more.
func (p *Packager) Video(rung int, u h264.Unit) {
	if rung < 0 || rung >= len(p.rungs) || u.Capture <= p.epoch {
		return
	}
	if p.oldest == 0 {
		p.oldest = u.Capture
	}
	p.seen[rung] = max(p.seen[rung], u.Capture)
	p.newest = max(p.newest, u.Capture)
	for i, t := range p.rungs {
		if u.Key && p.nearest(i) == rung {
			p.source[i] = rung
		}
		if p.source[i] == rung {
			p.picture(t, &u)
		}
	}
	if p.sound.open && u.Capture-p.sound.lastNanos > int64(time.Second) {
		p.silence(p.sound.ticks(u.Capture - int64(time.Second) - p.epoch))
	}
	p.guard()
}

// nearest returns the rung whose pictures track i shows: its own while that is alive, else
// the nearest one that is, the smaller first.
func (p *Packager) nearest(i int) int {
	for d := range p.rungs {
		for _, r := range []int{i + d, i - d} {
			if r >= 0 && r < len(p.rungs) && p.seen[r] != 0 && p.newest-p.seen[r] < int64(staleFor) {
				return r
			}
		}
	}
	return i
}

// picture adds a picture to a track, after the cut that it calls for.
func (p *Packager) picture(t *track, u *h264.Unit) {
	if t.waiting && !u.Key {
		return
	}
	if t.waiting = u.Capture <= t.lastNanos; t.waiting || !p.opens(t, u) {
		return
	}
	if u.Key && !t.format.same(u) {
		f, err := videoFormat(u, p.cfg.Epoch)
		if err != nil {
			t.waiting = true // no player could play it either
			return
		}
		if len(t.samples) > 0 {
			p.boundary(t, u.Capture).discontinuity = true
			p.cross(t, u.Capture)
		}
		t.format = f
	} else if len(t.samples) > 0 && p.cuts(t, u) {
		p.boundary(t, u.Capture)
		p.cross(t, u.Capture)
	}
	ticks := t.ticks(u.Capture - p.epoch)
	t.partAt(ticks, p)
	t.add(ticks, u)
}

// opens reports whether pictures of the track are taken; the first one is a keyframe. All
// begins when every rung has sent, or one of them for a second.
func (p *Packager) opens(t *track, u *h264.Unit) bool {
	if t.open || !u.Key {
		return t.open
	}
	if len(p.marks) == 0 {
		if slices.Contains(p.seen, 0) && u.Capture-p.oldest < int64(staleFor) {
			return false
		}
		p.marks = []*mark{p.mark(u.Capture)}
		p.marks[0].discontinuity = true
	}
	t.open, t.number = true, p.number
	return true
}

// cuts reports whether a track's next segment begins with the picture.
func (p *Packager) cuts(t *track, u *h264.Unit) bool {
	long := time.Duration(u.Capture-t.startNanos) >= Longest
	next := p.next(t)
	if next == nil { // by the age of the group, not of the segment: rungs must agree
		return long || u.Key && time.Duration(u.Capture-p.marks[t.number-p.number].at) >= Shortest
	}
	switch off := time.Duration(u.Capture - next.at); {
	case u.Key:
		return long || off >= -Apart
	case next.discontinuity:
		return off >= Late
	default:
		return long || off >= Apart
	}
}

// next returns where the track's next group begins, nil when nobody has said so.
func (p *Packager) next(t *track) *mark {
	if i := t.number + 1 - p.number; i < uint64(len(p.marks)) {
		return p.marks[i]
	}
	return nil
}

// boundary is next, made if there is none.
func (p *Packager) boundary(t *track, at int64) *mark {
	if m := p.next(t); m != nil {
		return m
	}
	m := p.mark(at)
	p.marks = append(p.marks, m)
	return m
}

func (p *Packager) mark(at int64) *mark {
	return &mark{at: at, segments: make([]Segment, len(p.rungs)+1)}
}

// cross ends the track's segment where the next one begins, and hands over the groups that
// are whole with it.
func (p *Packager) cross(t *track, at int64) {
	m := p.marks[t.number-p.number]
	m.segments[t.index] = t.cut(t.ticks(at-p.epoch), at, p)
	m.closed++
	t.number++
	for len(p.marks) > 0 && p.marks[0].closed == len(p.rungs)+1 {
		p.done = append(p.done, Group{
			Sequence: p.number, Discontinuity: p.marks[0].discontinuity, Tracks: p.marks[0].segments,
		})
		p.marks, p.number = p.marks[1:], p.number+1
	}
}

// Sound takes one frame of Opus captured at nanoseconds since 1970, on the clock of the
// pictures. The bytes are copied.
func (p *Packager) Sound(at int64, frame []byte) {
	t := p.sound
	if len(p.marks) == 0 || len(frame) == 0 || at <= p.epoch {
		return
	}
	ticks := t.ticks(at - p.epoch)
	if !t.open {
		if at < p.marks[0].at-int64(Frame)/2 {
			return
		}
		t.open, t.number, t.due = true, p.number, ticks
	}
	p.silence(ticks)
	switch off := ticks - t.due; {
	case off < -frameTicks/2:
		return // was there already
	case off <= frameTicks/2:
		ticks = t.due // a jitter of the reckoning, not of the sound
	}
	p.hear(ticks, frame)
	p.guard()
}

// silence fills what is missing before ticks, in whole frames.
func (p *Packager) silence(ticks int64) {
	for ticks-p.sound.due >= frameTicks {
		p.hear(p.sound.due, silence)
	}
}

// hear adds a frame, after the cut that has come.
func (p *Packager) hear(ticks int64, frame []byte) {
	t := p.sound
	at := p.epoch + nanosOf(ticks, soundRate)
	if m := p.next(t); m != nil && len(t.samples) > 0 && at >= m.at-int64(Frame)/2 {
		p.cross(t, at)
	}
	t.partAt(ticks, p)
	t.due = ticks + frameLength(frame)
	t.addSound(ticks, at, frame)
}

// guard begins anew when a track has had nothing for long, for nothing is handed over
// without it: memory is bounded whatever comes.
func (p *Packager) guard() {
	if len(p.marks) == 0 {
		return
	}
	first := p.marks[0].at
	last := max(p.newest, p.sound.lastNanos)
	if last-first < int64(brokenFor) {
		return
	}
	for _, t := range append(slices.Clone(p.rungs), p.sound) {
		t.clear()
	}
	p.marks = nil
	p.resets++
}

// Tick asks for keyframes when it is time. Now is in nanoseconds since 1970.
func (p *Packager) Tick(now int64) {
	due := len(p.marks) == 0
	if !due {
		newest := p.marks[len(p.marks)-1]
		due = now-newest.at >= int64(askAge)
		for _, t := range p.rungs {
			due = due || !t.open || p.next(t) != nil
		}
	}
	if due && now-p.asked >= int64(askAgain) {
		p.asked = now
		p.cfg.Ask()
	}
}

// Finish ends the last group where its tracks end.
func (p *Packager) Finish() {
	for _, t := range append(slices.Clone(p.rungs), p.sound) {
		if !t.open || len(t.samples) == 0 {
			continue
		}
		at := t.lastNanos + int64(t.usual())
		p.boundary(t, at)
		p.cross(t, at)
	}
}

// Take returns the groups that are whole, in their order, and forgets them.
func (p *Packager) Take() []Group {
	done := p.done
	p.done = nil
	return done
}

// Resets returns how often all began anew because a track had nothing for long.
func (p *Packager) Resets() uint64 { return p.resets }
