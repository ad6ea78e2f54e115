package sfu

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"github.com/diemcau/diemcau/sfu/h264"
	"github.com/diemcau/diemcau/sfu/ring"
)

const (
	// repairFor is how long a tap waits for a packet that is missing: it may be asked for
	// again and come.
	repairFor = 500 * time.Millisecond
	// keepTimeFor bounds how far a feed's timestamps are reckoned from one moment: they wrap.
	keepTimeFor = time.Hour
)

// Tap reads the programme behind the packet path, for a packager: it looks into the rings
// when its owner asks, some ten times a second, and the packets' own goroutines know
// nothing of it. While a tap is open the programme is mixed even if nobody is connected.
// Not safe for concurrent use.
type Tap struct {
	programme *programme
	rungs     []*reader
	sound     reader
	due       []heard
}

// reader is how far a ring has been read.
type reader struct {
	feed    *feed
	began   bool
	next    uint64    // sequence number
	missing time.Time // since when next is; zero: it is not
	units   h264.Assembler
	out     []h264.Unit
}

// heard is a picture or a frame of sound that was read.
type heard struct {
	at    int64
	rung  int // -1: sound
	unit  h264.Unit
	frame []byte
}

// Tap opens a tap. Error: the programme could not be made.
func (p *Plane) Tap() (*Tap, error) {
	if p.broken != nil {
		return nil, p.broken
	}
	t := &Tap{programme: p.programme, sound: reader{feed: p.programme.audio}}
	for _, f := range p.programme.pictures() {
		t.rungs = append(t.rungs, &reader{feed: f})
	}
	p.programme.taps.Add(1)
	p.programme.awake.Store(true)
	return t, nil
}

// Close ends it.
func (t *Tap) Close() { t.programme.taps.Add(-1) }

// Rungs returns how many sizes of the picture there are; 0 is the largest.
func (t *Tap) Rungs() int { return len(t.rungs) }

// Ask asks for a keyframe of every rung.
func (t *Tap) Ask() {
	now := t.programme.now().UnixNano()
	for _, r := range t.rungs {
		r.feed.keys.ask(now)
	}
}

// Read gives what has come since to video and sound, as it was captured; times are
// nanoseconds since 1970 on the server's clock. What is given may be kept.
func (t *Tap) Read(video func(rung int, u h264.Unit), sound func(at int64, frame []byte)) {
	now := t.programme.now()
	t.due = t.due[:0]
	for i, r := range t.rungs {
		r.read(now, func(p *ring.Packet) {
			r.out = r.units.Push(r.out[:0], h264.Packet{
				Seq: p.Seq, TS: p.TS, Capture: p.Capture, Marker: p.Marker, Payload: p.Payload,
			})
			for _, u := range r.out {
				t.due = append(t.due, heard{at: u.Capture, rung: i, unit: u})
			}
		})
		if r.began && r.units.Waiting() {
			r.feed.keys.ask(now.UnixNano())
		}
	}
	t.sound.read(now, func(p *ring.Packet) {
		t.due = append(t.due, heard{at: p.Capture, rung: -1, frame: bytes.Clone(p.Payload)})
	})
	slices.SortStableFunc(t.due, func(a, b heard) int { return cmp.Compare(a.at, b.at) })
	for _, h := range t.due {
		if h.rung < 0 {
			sound(h.at, h.frame)
		} else {
			video(h.rung, h.unit)
		}
	}
	clear(t.due)
}

// read gives the packets in the order of their numbers; one that is missing is waited for,
// as long as the ring still has what follows it.
func (r *reader) read(now time.Time, take func(p *ring.Packet)) {
	newest, some := r.feed.store.Newest()
	if !some {
		return
	}
	if !r.began {
		r.began, r.next = true, newest
	}
	size := uint64(r.feed.store.Size())
	if newest+1 > r.next+size { // overtaken
		r.next, r.missing = newest+1-size/2, time.Time{}
	}
	for r.next <= newest {
		p := r.feed.store.Get(r.next)
		if p != nil {
			take(p)
			p.Release()
			r.next, r.missing = r.next+1, time.Time{}
			continue
		}
		if r.missing.IsZero() {
			r.missing = now
		}
		if now.Sub(r.missing) < repairFor && newest-r.next < size/2 {
			return
		}
		r.next, r.missing = r.next+1, time.Time{}
		// What is missing right behind it was lost with it.
		for r.next <= newest {
			if p := r.feed.store.Get(r.next); p != nil {
				p.Release()
				break
			}
			r.next++
		}
	}
}
