package sfu

import (
	"maps"
	"sync"
	"sync/atomic"

	"github.com/diemcau/diemcau/internal/conference"
)

// Stats are counters of a plane since it was made, for metrics and tests.
type Stats struct {
	Sessions       int    // PeerConnections now
	Viewers        int    // that are connected (WHEP)
	PacketsIn      uint64 // RTP packets received from publishers
	PacketsOut     uint64 // RTP packets sent, retransmissions included
	Junk           uint64 // RTP and RTCP that could not be read
	NacksReceived  uint64 // sequence numbers asked for again by receivers
	Retransmitted  uint64 // of these, answered
	KeyframesAsked uint64 // picture loss indications sent to publishers
	ViewersDropped uint64 // times a viewer was too slow and had to wait for a keyframe
	LayerChanges   uint64 // times a slot went from one layer of a picture to another, or to none
	SoundOnly      uint64 // times a page's line took no picture any more
	Venues         map[conference.VenueID]VenueStats
	Downlinks      map[conference.VenueID]Downlink // of the venues' pages that tell what they get
}

// Downlink is what is known of the line to a venue's page.
type Downlink struct {
	Bits      int // what it is taken for, bits/s
	SoundOnly bool
}

// VenueStats counts the sound of one venue: what it sent while it might be heard, and what
// was dropped because it had no floor.
type VenueStats struct {
	AudioForwarded uint64
	AudioDropped   uint64
}

type venueCounters struct{ forwarded, dropped atomic.Uint64 }

type counters struct {
	in, out, junk, nacks, resent, plis, late, layers, soundOnly atomic.Uint64

	venuesMu sync.Mutex // guards venues
	venues   map[conference.VenueID]*venueCounters
}

// venue returns the counters of a venue; they outlive its sessions.
func (c *counters) venue(id conference.VenueID) *venueCounters {
	c.venuesMu.Lock()
	defer c.venuesMu.Unlock()
	v := c.venues[id]
	if v == nil {
		if c.venues == nil {
			c.venues = make(map[conference.VenueID]*venueCounters)
		}
		v = &venueCounters{}
		c.venues[id] = v
	}
	return v
}

func (c *counters) snapshot() Stats {
	c.venuesMu.Lock()
	venues := maps.Clone(c.venues)
	c.venuesMu.Unlock()
	s := Stats{
		PacketsIn: c.in.Load(), PacketsOut: c.out.Load(), Junk: c.junk.Load(),
		NacksReceived: c.nacks.Load(), Retransmitted: c.resent.Load(), KeyframesAsked: c.plis.Load(),
		ViewersDropped: c.late.Load(), LayerChanges: c.layers.Load(), SoundOnly: c.soundOnly.Load(),
		Venues: make(map[conference.VenueID]VenueStats, len(venues)),
	}
	for id, v := range venues {
		s.Venues[id] = VenueStats{AudioForwarded: v.forwarded.Load(), AudioDropped: v.dropped.Load()}
	}
	return s
}
