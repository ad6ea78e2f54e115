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
	return p.view(ctx, viewing{from: from, venue: venue}, offer)
}

// WatchRung sends one size of the programme, 0 the largest, for as long as the viewer stays,
// whatever its line takes: for an edge, which needs all of them and takes each by a viewer of
// its own. There is a place for it when there is none for others. Refusals: those of Watch;
// media.bad_sdp for a size there is not.
func (p *Plane) WatchRung(ctx context.Context, rung int, offer string) (*Viewer, string, error) {
	if rung < 0 || rung >= rungs {
		return nil, "", badSDP("no such size of the picture")
	}
	return p.view(ctx, viewing{rung: rung, fixed: true}, offer)
}

// viewing is what a viewer watches, and from where.
type viewing struct {
	from  netip.Prefix
	venue conference.VenueID
	rung  int  // where it begins
	fixed bool // and stays
}

func (p *Plane) view(ctx context.Context, at viewing, offer string) (*Viewer, string, error) {
	if p.broken != nil {
		return nil, "", p.broken
	}
	o, err := readViewerOffer(offer)
	if err != nil {
		return nil, "", err
	}
	s, ok := p.node.place(at.fixed)
	if !ok {
		return nil, "", conference.Refuse(conference.KindUnavailable, "media.full", "")
	}
	var number [8]byte
	rand.Read(number[:])
	v := &Viewer{
		id: token(), plane: p, from: at.from, shard: s, rung: at.rung, target: at.rung, fixed: at.fixed, counters: &p.counters, offer: o, done: make(chan struct{}),
		number: strconv.FormatUint(binary.BigEndian.Uint64(number[:])>>2, 10), etag: `"` + token() + `"`,
	}
	life, cancel := context.WithCancel(context.Background())
	v.cancel = cancel
	v.allot(at.venue == "")
	v.audience = p.admitViewer(v, at.venue)
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
// there is no room. For an edge there always is.
func (n *Node) place(edge bool) (*shard, bool) {
	least, full := n.room()
	if full && !edge {
		return nil, false
	}
	least.viewers.Add(1)
	return least, true
}

// Full reports whether no further viewer is taken now.
func (n *Node) Full() bool {
	_, full := n.room()
	return full
}

// room returns the shard with the fewest viewers, and whether there is room for no more.
func (n *Node) room() (least *shard, full bool) {
	limit := int32(defaultMaxViewers)
	if n.cfg.MaxViewers > 0 {
		limit = int32(min(n.cfg.MaxViewers, 1<<20))
	}
	var all int32
	least = n.shards[0]
	for _, s := range n.shards {
		all += s.viewers.Load()
		if s.viewers.Load() < least.viewers.Load() {
			least = s
		}
	}
	return least, all >= limit || least.load.Load() > fullFrom
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
