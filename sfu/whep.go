package sfu

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"net/netip"
	"strconv"

	"github.com/diemcau/diemcau/internal/conference"
)

// Watch sends the programme (venue "") or one venue to a viewer (WHEP) and returns the
// answer to its offer. A viewer that does not offer H.264 is refused with media.no_h264
// before anything is made; one too many with media.full: there are Config.MaxViewers, or
// the machine spends all its time sending.
func (p *Plane) Watch(ctx context.Context, venue conference.VenueID, offer string) (*Viewer, string, error) {
	return p.WatchFrom(ctx, netip.Prefix{}, venue, offer)
}

// WatchFrom is Watch for a viewer at an address, which may be a quarter of the viewers that
// are connecting (Config.MaxOpening); the zero Prefix is none.
func (p *Plane) WatchFrom(ctx context.Context, from netip.Prefix, venue conference.VenueID, offer string) (*Viewer, string, error) {
	if p.broken != nil {
		return nil, "", p.broken
	}
	o, err := readViewerOffer(offer)
	if err != nil {
		return nil, "", err
	}
	s, ok := p.node.place()
	if !ok {
		return nil, "", conference.Refuse(conference.KindUnavailable, "media.full", "")
	}
	var number [8]byte
	rand.Read(number[:])
	v := &Viewer{
		id: token(), plane: p, from: from, shard: s, counters: &p.counters, offer: o, done: make(chan struct{}),
		number: strconv.FormatUint(binary.BigEndian.Uint64(number[:])>>2, 10), etag: `"` + token() + `"`,
	}
	life, cancel := context.WithCancel(context.Background())
	v.cancel = cancel
	v.allot()
	v.audience = p.admitViewer(v, venue)
	answer, err := v.start(ctx, life)
	if err != nil {
		return nil, "", err
	}
	return v, answer, nil
}

// start makes the connection and the viewer's goroutine, or ends what was begun.
func (v *Viewer) start(ctx, life context.Context) (string, error) {
	v.plane.node.opening.begin(v, v.plane.node.maxOpening())
	err := v.connect(ctx)
	var answer string
	if err == nil {
		answer, err = v.answer()
	}
	if err == nil && !v.plane.node.spawn(func() { v.run(life) }) {
		err = conference.Refuse(conference.KindUnavailable, "media.full", "media is ending")
	}
	if err != nil {
		v.leave()
	}
	return answer, err
}

// defaultMaxViewers is how many viewers one process takes at most.
const defaultMaxViewers = 20_000

// place returns the shard with the fewest viewers, with the new one counted in; false:
// there is no room.
func (n *Node) place() (*shard, bool) {
	limit := int32(defaultMaxViewers)
	if n.cfg.MaxViewers > 0 {
		limit = int32(min(n.cfg.MaxViewers, 1<<20))
	}
	var all int32
	least := n.shards[0]
	for _, s := range n.shards {
		all += s.viewers.Load()
		if s.viewers.Load() < least.viewers.Load() {
			least = s
		}
	}
	if all >= limit || least.load.Load() > fullFrom {
		return nil, false
	}
	least.viewers.Add(1)
	return least, true
}

// admitViewer notes the viewer and returns its audience.
func (p *Plane) admitViewer(v *Viewer, venue conference.VenueID) *audience {
	p.planeMu.Lock()
	defer p.planeMu.Unlock()
	p.viewers[v.id] = v
	a := p.audiences[venue]
	if a == nil {
		a = newAudience(venue, p.node.shards)
		p.audiences[venue] = a
	}
	return a
}

// forget ends it.
func (p *Plane) forget(v *Viewer) {
	p.planeMu.Lock()
	delete(p.viewers, v.id)
	p.planeMu.Unlock()
	p.changed()
}
