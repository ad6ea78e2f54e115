package bus_test

import (
	"slices"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/sfu/bus"
)

var epoch = time.Date(2022, 10, 28, 1, 0, 0, 0, time.UTC)

// camera makes the packets of one simulated source.
type camera struct {
	source  bus.Source
	seq     uint16
	ts      uint32 // at captured time 0
	delay   time.Duration
	frame   time.Duration
	packets int // per frame
	every   int // frames per keyframe
}

// sent is one packet of a camera, as it was sent.
type sent struct {
	source  bus.Source
	packet  bus.Packet
	frame   int
	index   int
	key     bool // of a keyframe
	arrival time.Duration
}

// film returns the packets of a camera between two times, in order.
func (c *camera) film(from, to time.Duration) []sent {
	var all []sent
	n := 0
	for at := from; at < to; at += c.frame {
		key := n%c.every == 0
		count := c.packets
		if key {
			count *= 3
		}
		for i := range count {
			all = append(all, sent{
				source: c.source, frame: n, index: i, key: key,
				arrival: at + c.delay + time.Duration(i)*300*time.Microsecond,
				packet: bus.Packet{
					Seq:       c.seq,
					Timestamp: c.ts + uint32(at*bus.VideoRate/time.Second),
					Marker:    i == count-1,
					Keyframe:  key && i == 0, // the parameter sets
				},
			})
			c.seq++
		}
		n++
	}
	return all
}

// shown is one packet of the programme with what it was made of.
type shown struct {
	bus.Out
	from sent
	at   time.Duration
}

// step is something that happens to the bus at a time.
type step struct {
	at    time.Duration
	venue conference.VenueID // taken; "" otherwise
	do    func(b *bus.Bus, now time.Time)
}

// run lets packets arrive and steps happen, with a tick every 20 ms, and returns what
// the programme sent, in order of sending.
func run(b *bus.Bus, arrivals []sent, steps []step, until time.Duration) []shown {
	slices.SortStableFunc(arrivals, func(x, y sent) int { return int(x.arrival - y.arrival) })
	var (
		all  []shown
		outs []bus.Out
	)
	collect := func(at time.Duration) {
		for _, o := range outs {
			all = append(all, shown{Out: o, from: arrivals[o.Ref], at: at})
		}
		outs = outs[:0]
	}
	tick := time.Duration(0)
	i, j := 0, 0
	for i < len(arrivals) || j < len(steps) || tick < until {
		next := tick
		if i < len(arrivals) {
			next = min(next, arrivals[i].arrival)
		}
		if j < len(steps) {
			next = min(next, steps[j].at)
		}
		if next >= until {
			break
		}
		now := epoch.Add(next)
		switch {
		case j < len(steps) && steps[j].at == next:
			steps[j].do(b, now)
			j++
		case i < len(arrivals) && arrivals[i].arrival == next:
			a := arrivals[i]
			a.packet.Ref = uint64(i)
			outs = b.Video(outs, a.source, a.packet, now)
			i++
		default:
			outs = b.Tick(outs, now)
			tick += 20 * time.Millisecond
		}
		collect(next)
	}
	return all
}

func take(at time.Duration, id conference.VenueID) step {
	return step{at: at, venue: id, do: func(b *bus.Bus, now time.Time) { b.Take(id, now) }}
}

func setSlate(at time.Duration, on bool) step {
	return step{at: at, do: func(b *bus.Bus, now time.Time) { b.SetSlate(on, now) }}
}

func single(id conference.VenueID) bus.Source { return bus.Source{Venue: id} }

func newCamera(id conference.VenueID) *camera {
	return &camera{source: single(id), delay: 20 * time.Millisecond, frame: 33 * time.Millisecond, packets: 3, every: 15}
}

func newBus() *bus.Bus {
	return bus.New(bus.Config{Main: "main", Epoch: epoch, VideoSeq: 65500, VideoTimestamp: 1<<32 - 90_000})
}

// onAirAt tells which venue the programme showed at a time.
func onAirAt(all []shown, at time.Duration) conference.VenueID {
	var id conference.VenueID
	for _, s := range all {
		if s.at > at {
			break
		}
		if s.Cut {
			id = s.Source.Venue
		}
	}
	return id
}
