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

	feedsMu sync.Mutex // guards layers, mic
	layers  []*layer   // high to low
	mic     *feed
}

// layer is one encoding of a camera.
type layer struct {
	rid  string // "" without simulcast
	rank int    // 0 is the highest
	feed *feed
}

func newPublisher(venue conference.VenueID, c *venueCounters) *publisher {
	return &publisher{venue: venue, audio: c}
}

// addLayer puts the layer in its place, high to low; false when there are three already.
func (p *publisher) addLayer(l *layer) bool {
	p.feedsMu.Lock()
	defer p.feedsMu.Unlock()
	if len(p.layers) >= maxRIDs {
		return false
	}
	at := 0
	for at < len(p.layers) && p.layers[at].rank <= l.rank {
		at++
	}
	next := make([]*layer, 0, len(p.layers)+1)
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

func (p *publisher) feeds() ([]*layer, *feed) {
	p.feedsMu.Lock()
	defer p.feedsMu.Unlock()
	return p.layers, p.mic
}

// quality says which layer is preferred.
type quality int

const (
	highest quality = iota
	middle
	lowest
)

// layer returns the feed of the preferred layer among those that arrive, or nil. A layer
// that does not arrive (Chrome leaves out those under 180 lines) is never waited for.
func (p *publisher) layer(q quality, now time.Time) *feed {
	if p == nil || p.bframes.Load() {
		return nil
	}
	layers, _ := p.feeds()
	alive := make([]*feed, 0, len(layers))
	for _, l := range layers {
		if l.feed.alive(now, layerAlive) {
			alive = append(alive, l.feed)
		}
	}
	if len(alive) == 0 {
		return nil
	}
	switch q {
	case lowest:
		return alive[len(alive)-1]
	case middle:
		return alive[len(alive)/2]
	case highest:
	}
	return alive[0]
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
