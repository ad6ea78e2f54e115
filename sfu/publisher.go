package sfu

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/webrtc/v4"

	"github.com/diemcau/diemcau/internal/conference"
)

// layerAlive is how long a layer counts as arriving after its last packet.
const layerAlive = 2 * time.Second

// noteBFrames is the note of a publisher whose pictures are reordered.
const noteBFrames = "media.b_frames"

// publisher is what one session of a venue sends: up to three layers of one camera and a
// microphone. It lives as long as its session.
type publisher struct {
	venue  conference.VenueID
	offset offset
	audio  *venueCounters
	meter  meter // of the microphone

	// speaks is the floor's word on this venue: its sound is dropped while false.
	speaks atomic.Bool
	// bframes is set when the camera's pictures are reordered; they are not forwarded then.
	bframes atomic.Bool
	profile atomic.Pointer[string]

	ranks  int                   // of the layers that were offered; 1 without simulcast
	needed [maxRIDs]atomic.Int64 // when somebody last needed the layer of a rank, nanoseconds

	feedsMu sync.Mutex     // guards layers, mic
	layers  []*cameraLayer // high to low
	mic     *feed
}

// cameraLayer is one encoding of a camera.
type cameraLayer struct {
	rid  string // "" without simulcast
	rank int    // 0 is the highest
	feed *feed
}

func newPublisher(venue conference.VenueID, ranks int, c *venueCounters) *publisher {
	return &publisher{venue: venue, ranks: max(1, min(ranks, maxRIDs)), audio: c}
}

// addLayer puts the layer in its place, high to low; false when there are three already.
func (p *publisher) addLayer(l *cameraLayer) bool {
	p.feedsMu.Lock()
	defer p.feedsMu.Unlock()
	if len(p.layers) >= maxRIDs {
		return false
	}
	at := 0
	for at < len(p.layers) && p.layers[at].rank <= l.rank {
		at++
	}
	next := make([]*cameraLayer, 0, len(p.layers)+1)
	next = append(next, p.layers[:at]...)
	next = append(next, l)
	p.layers = append(next, p.layers[at:]...)
	return true
}

// setMic takes the first microphone; there is one.
func (p *publisher) setMic(f *feed) bool {
	p.feedsMu.Lock()
	defer p.feedsMu.Unlock()
	if p.mic != nil {
		return false
	}
	p.mic = f
	return true
}

func (p *publisher) feeds() ([]*cameraLayer, *feed) {
	p.feedsMu.Lock()
	defer p.feedsMu.Unlock()
	return p.layers, p.mic
}

// showing is what a slot can show: whose it is, and the feed for each rank, which may be
// that of another layer when the one wanted does not arrive.
type showing struct {
	venue conference.VenueID
	pub   *publisher // whose layers they are; nil: the programme's, or sound
	stage bool       // the stage talks to the hall
	feeds [rungs]*feed
	bits  [rungs]int // what each takes; 0: there is none
}

// layerSoon is how long the last packet of a layer may be ago while others go on: one that
// was left out by the sender must be missed at once.
const layerSoon = 700 * time.Millisecond

// shows returns the camera's layers. One that does not arrive (Chrome leaves out those
// under 180 lines, a weak line the highest) is never waited for: the nearest one stands
// for it, a smaller one before a larger one.
func (p *publisher) shows(now time.Time) showing {
	s := showing{pub: p}
	if p == nil || p.bframes.Load() {
		return s
	}
	s.venue = p.venue
	layers, _ := p.feeds()
	alive := arriving(layers, now)
	for rank := range min(p.ranks, rungs) {
		if at := nearest(alive, rank); at >= 0 {
			s.feeds[rank], s.bits[rank] = alive[at], alive[at].costs(at, now)
		}
	}
	// A layer that sleeps takes what it took; a larger layer never takes less.
	for _, l := range layers {
		if l.rank < p.ranks && alive[l.rank] == nil && s.feeds[l.rank] != nil {
			s.bits[l.rank] = max(s.bits[l.rank], l.feed.costs(l.rank, now))
		}
	}
	for rank := rungs - 2; rank >= 0; rank-- {
		if s.feeds[rank] != nil {
			s.bits[rank] = max(s.bits[rank], s.bits[rank+1])
		}
	}
	return s
}

// arriving returns the feeds of the layers that arrive, by rank; only when none came just
// now, those that did a while ago.
func arriving(layers []*cameraLayer, now time.Time) (alive [rungs]*feed) {
	for _, patience := range []time.Duration{layerSoon, layerAlive} {
		some := false
		for _, l := range layers {
			if l.rank < rungs && l.feed.alive(now, patience) {
				alive[l.rank], some = l.feed, true
			}
		}
		if some {
			break
		}
	}
	return alive
}

// nearest returns the rank that stands for another one among those that arrive; -1: none.
func nearest(alive [rungs]*feed, rank int) int {
	for r := rank; r < rungs; r++ {
		if alive[r] != nil {
			return r
		}
	}
	for r := rank - 1; r >= 0; r-- {
		if alive[r] != nil {
			return r
		}
	}
	return -1
}

// need notes that the layer of a rank is needed.
func (p *publisher) need(rank int, now time.Time) {
	if p != nil {
		p.needed[rank].Store(now.UnixNano())
	}
}

// layerLingers is how long a layer goes on that nobody needs any more.
const layerLingers = 2 * time.Second

// sends returns the ranks that are to be sent: those that are needed, all when the
// programme may show the venue, and always the lowest, by which the venue is known to live.
func (p *publisher) sends(all bool, now time.Time) []int {
	ranks := make([]int, 0, p.ranks)
	for r := range p.ranks {
		at := p.needed[r].Load()
		if all || r == p.ranks-1 || (at != 0 && now.UnixNano()-at < int64(layerLingers)) {
			ranks = append(ranks, r)
		}
	}
	return ranks
}

// voice returns the feed of the microphone if the venue may be heard, or nil.
func (p *publisher) voice() *feed {
	if p == nil || !p.speaks.Load() {
		return nil
	}
	_, mic := p.feeds()
	return mic
}

// tell describes the publisher.
func (p *publisher) tell(now time.Time) Publisher {
	layers, mic := p.feeds()
	t := Publisher{Venue: p.venue}
	for _, l := range layers {
		if l.feed.alive(now, layerAlive) {
			t.Layers++
		}
	}
	t.Video = t.Layers > 0
	t.Audio = mic != nil && mic.alive(now, layerAlive)
	if s := p.profile.Load(); s != nil {
		t.Profile = *s
	}
	if p.bframes.Load() {
		t.Video, t.Note = false, noteBFrames
	}
	return t
}

// rank sorts the RIDs of docs/protocol.md; unknown ones keep the order of the offer.
func rank(rid string, order []string) int {
	for i, r := range order {
		if r == rid {
			return i
		}
	}
	return len(order)
}

// isVideo reports whether the feed carries pictures.
func (f *feed) isVideo() bool { return f.kind == webrtc.RTPCodecTypeVideo }
