package sfu

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/webrtc/v4"

	"github.com/diemcau/diemcau/sfu/ring"
)

// Packets a feed keeps for retransmission: two seconds or more of a 2.5 Mbit/s camera, of
// its smaller layers, and five of sound. At 1.5 kB a packet they are most of the SFU's memory.
const (
	videoRing  = 512
	middleRing = 256
	lowRing    = 128
	audioRing  = 256 // more than the three seconds a player waits for a repair
)

// ringOf is the ring of a camera's layer.
func ringOf(rank int) int { return []int{videoRing, middleRing, lowRing}[min(rank, maxRIDs-1)] }

// feedIDs numbers the feeds of a plane; 0 is nobody.
type feedIDs struct{ last atomic.Uint32 }

func (f *feedIDs) next() uint32 { return f.last.Add(1) }

// feed is one stream of packets that outputs take from: a layer of a camera, a
// microphone, or one medium of the programme. One goroutine puts; anybody may look up.
type feed struct {
	id    uint32
	kind  webrtc.RTPCodecType
	rate  uint32 // ticks per second
	store *ring.Ring
	clock clock
	keys  keyRequests
	flow  flow

	outputs   atomic.Pointer[[]*cut]
	outputsMu sync.Mutex // guards the replacing of outputs

	up      upCounters   // of a publisher's stream
	arrived atomic.Int64 // nanoseconds of the last packet's arrival, 0 before the first
}

func newVideoFeed(id uint32, packets int) *feed {
	return newFeed(&feed{id: id, kind: webrtc.RTPCodecTypeVideo, rate: 90000}, packets)
}

func newAudioFeed(id uint32) *feed {
	return newFeed(&feed{id: id, kind: webrtc.RTPCodecTypeAudio, rate: 48000}, audioRing)
}

func newFeed(f *feed, packets int) *feed {
	f.store = ring.New(packets)
	f.outputs.Store(&[]*cut{})
	return f
}

// put stores the packet and hands it to every output. It reports false for a packet that
// was there already or came too late. Payload is copied.
func (f *feed) put(m ring.Meta, payload []byte) bool {
	p := f.store.Put(m, payload)
	if p == nil {
		return false
	}
	f.flow.add(len(payload))
	for _, c := range *f.outputs.Load() {
		c.forward(f, p)
	}
	return true
}

// arrives notes that the source is alive.
func (f *feed) arrives(now int64) { f.arrived.Store(now) }

// alive reports whether a packet came within the last d.
func (f *feed) alive(now time.Time, d time.Duration) bool {
	at := f.arrived.Load()
	return at != 0 && now.UnixNano()-at < int64(d)
}

// attach makes c an output of the feed.
func (f *feed) attach(c *cut) {
	f.outputsMu.Lock()
	defer f.outputsMu.Unlock()
	old := *f.outputs.Load()
	if slices.Contains(old, c) {
		return
	}
	next := append(slices.Clone(old), c)
	f.outputs.Store(&next)
}

// detach ends it.
func (f *feed) detach(c *cut) {
	f.outputsMu.Lock()
	defer f.outputsMu.Unlock()
	old := *f.outputs.Load()
	if i := slices.Index(old, c); i >= 0 {
		next := slices.Delete(slices.Clone(old), i, i+1)
		f.outputs.Store(&next)
	}
}
