package sfu

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/sfu/h264"
	"github.com/diemcau/diemcau/sfu/ring"
	"github.com/diemcau/diemcau/sfu/slate"
)

// muteFor is how long a venue is without sound before its tap gives silence in the place of it.
const muteFor = time.Second

// VenueTap is Tap for what one venue sends: the largest picture that arrives, and its
// microphone while it may be heard. It outlives the venue's sessions. Not safe for concurrent
// use.
type VenueTap struct {
	plane   *Plane
	venue   conference.VenueID
	pub     *publisher
	picture reader
	sound   reader
	heardAt int64 // when the last sound was captured
	due     []heard
}

// VenueTap opens a tap of a venue. There may be nothing to read for as long as it is away.
func (p *Plane) VenueTap(venue conference.VenueID) *VenueTap {
	return &VenueTap{plane: p, venue: venue}
}

// OnAir returns the venues that may be heard: City Hall, and who has the floor.
func (p *Plane) OnAir() []conference.VenueID {
	p.planeMu.Lock()
	defer p.planeMu.Unlock()
	on := []conference.VenueID{p.main}
	if p.floor.Holder != "" {
		on = append(on, p.floor.Holder)
	}
	return on
}

// Close ends it.
func (t *VenueTap) Close() {}

// Rungs returns how many sizes of the picture there are.
func (t *VenueTap) Rungs() int { return 1 }

// Ask asks for a keyframe.
func (t *VenueTap) Ask() {
	if f := t.picture.feed; f != nil {
		f.keys.ask(t.plane.now().UnixNano())
	}
}

// Read is that of Tap.
func (t *VenueTap) Read(video func(rung int, u h264.Unit), sound func(at int64, frame []byte)) {
	now := t.plane.now()
	t.follow(now)
	t.due = t.due[:0]
	if r := &t.picture; r.feed != nil {
		r.read(now, func(p *ring.Packet) {
			r.out = r.units.Push(r.out[:0], h264.Packet{
				Seq: p.Seq, TS: p.TS, Capture: p.Capture, Marker: p.Marker, Payload: p.Payload,
			})
			for _, u := range r.out {
				t.due = append(t.due, heard{at: u.Capture, unit: u})
			}
		})
		if r.began && r.units.Waiting() {
			t.Ask()
		}
	}
	if t.sound.feed != nil {
		t.sound.read(now, func(p *ring.Packet) {
			t.due = append(t.due, heard{at: p.Capture, rung: -1, frame: bytes.Clone(p.Payload)})
		})
	}
	slices.SortStableFunc(t.due, func(a, b heard) int { return cmp.Compare(a.at, b.at) })
	for _, h := range t.due {
		if h.rung < 0 {
			t.heardAt = h.at
			sound(h.at, h.frame)
			continue
		}
		video(0, h.unit)
		if h.at-t.heardAt > int64(muteFor) { // a closed microphone, or none
			t.heardAt = h.at - int64(muteFor)/2
			sound(t.heardAt, slate.Silence())
		}
	}
	clear(t.due)
}

// follow finds what the venue sends now.
func (t *VenueTap) follow(now time.Time) {
	t.plane.planeMu.Lock()
	pub := t.plane.heard[t.venue]
	t.plane.planeMu.Unlock()
	if pub != t.pub {
		t.pub, t.picture, t.sound = pub, reader{}, reader{}
	}
	if pub == nil {
		return
	}
	pub.need(0, now)
	if f := pub.shows(now).feeds[0]; f != nil && f != t.picture.feed {
		t.picture = reader{feed: f}
		t.Ask()
	}
	if mic := pub.voice(); mic != t.sound.feed {
		t.sound = reader{feed: mic}
	}
}
