package bandwidth_test

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/rtcp"

	"github.com/diemcau/diemcau/sfu/bandwidth"
)

// line is a bottleneck with a queue, then a way that delays, jitters and loses.
type line struct {
	rate   float64 // bits/s
	queue  time.Duration
	delay  time.Duration
	jitter time.Duration
	loss   float64
	cross  float64 // bits/s of others
}

// sim plays a sender of layers and sound over a line, in virtual time.
type sim struct {
	line
	rng      *rand.Rand
	history  bandwidth.History
	estimate *bandwidth.Estimator
	recorder *twcc.Recorder

	now     int64
	free    int64 // the bottleneck has sent all
	last    int64 // newest arrival: packets keep their order
	coming  []arrival
	told    []report
	stalled int64 // the receiver reads nothing until then

	layers  []float64 // bits/s, low to high
	wanted  float64
	padding int
	padTo   int64
	lost    int
	sent    int

	asked   float64 // requests beyond those that what came allows for, as package repair bounds them
	copies  int     // of what is lost, in each round trip for as long as it is of use; 0: none
	repairs []repair
}

// repair is a packet to be sent again.
type repair struct {
	at, until int64
	size      int
}

type arrival struct {
	at  int64
	seq uint16
}

type report struct {
	at int64
	fb []rtcp.Packet
}

const (
	tick       = int64(time.Millisecond)
	soundEvery = 20
	soundSize  = 124
	frameEvery = 66
	feedback   = 100
)

func newSim(l line) *sim {
	s := &sim{
		line: l, rng: rand.New(rand.NewPCG(1, 2)),
		recorder: twcc.NewRecorder(1), now: int64(time.Hour),
		layers: []float64{110_000, 230_000, 520_000, 1_500_000},
	}
	s.wanted = s.layers[len(s.layers)-1] + 100_000
	s.estimate = bandwidth.New(bandwidth.Config{Start: 800_000, Min: 30_000, Max: 20_000_000}, &s.history)
	return s
}

// send puts one packet on the line; when it is lost and repairs are sent, it is due again.
func (s *sim) send(size int) {
	if !s.put(size) && s.copies > 0 {
		s.repairs = append(s.repairs, repair{s.now + s.trip(), s.now + int64(3*time.Second), size})
	}
}

// trip is when a packet that was lost is asked for, and for the next time.
func (s *sim) trip() int64 { return 2*int64(s.delay) + int64(20*time.Millisecond) }

// put puts one packet on the line; false: it is lost.
func (s *sim) put(size int) bool {
	seq := s.history.Send(size, s.now)
	s.sent++
	queue := s.queue
	if queue == 0 {
		queue = 200 * time.Millisecond
	}
	if s.free-s.now > int64(queue) || s.rng.Float64() < s.loss {
		s.lost++
		return false
	}
	rate := max(s.rate-s.cross, 1000)
	s.free = max(s.free, s.now) + int64(float64(size)*8/rate*float64(time.Second))
	at := s.free + int64(s.delay) + int64(s.rng.Float64()*float64(s.jitter))
	s.last = max(s.last, at)
	s.coming = append(s.coming, arrival{s.last, seq})
	return true
}

// layer is what fits the estimate; -1: sound only.
func (s *sim) layer() int {
	chosen := -1
	for i, bits := range s.layers {
		if bits+60_000 <= float64(s.estimate.Bits()) {
			chosen = i
		}
	}
	return chosen
}

// run lets time pass; watch, if not nil, is called every millisecond and stops it by returning true.
func (s *sim) run(d time.Duration, watch func() bool) time.Duration {
	start := s.now
	for ; s.now-start < int64(d); s.now += tick {
		ms := s.now / tick
		if ms%soundEvery == 0 {
			s.send(soundSize)
		}
		if ms%frameEvery == 0 {
			if l := s.layer(); l >= 0 {
				left := int(s.layers[l] / 8 * frameEvery / 1000)
				for ; left > 0; left -= 1200 {
					s.send(min(left, 1200) + 60)
				}
			}
		}
		s.repair()
		s.probe()
		s.receive(ms)
		if watch != nil && watch() {
			break
		}
	}
	return time.Duration(s.now - start)
}

// repair sends again what is due, in as many copies as are asked for in a round trip.
func (s *sim) repair() {
	s.repairs = slices.DeleteFunc(s.repairs, func(r repair) bool { return s.now >= r.until })
	for i := range s.repairs {
		if r := &s.repairs[i]; r.at <= s.now {
			for range s.copies {
				if s.asked >= 256 {
					break
				}
				s.asked++
				if s.put(r.size) {
					r.until = 0
				}
			}
			r.at = s.now + s.trip()
		}
	}
}

func (s *sim) probe() {
	if s.padding > 0 {
		left := max(s.padTo-s.now, tick)
		n := max(1, int(int64(s.padding)*5*tick/left))
		if (s.now/tick)%5 == 0 {
			for n > 0 && s.padding > 0 {
				size := min(s.padding, 300)
				s.send(size)
				s.padding -= size
				n -= size
			}
		}
		if s.padding <= 0 {
			s.estimate.Probed()
		}
		return
	}
	if p, ok := s.estimate.Probe(int(s.wanted), s.now); ok {
		s.padding, s.padTo = p.Bytes, s.now+int64(p.Over)
	}
}

func (s *sim) receive(ms int64) {
	for len(s.coming) > 0 && s.coming[0].at <= s.now && s.now >= s.stalled {
		s.recorder.Record(1, s.coming[0].seq, s.now/int64(time.Microsecond))
		s.coming = s.coming[1:]
		s.asked = max(0, s.asked-1.5)
	}
	if ms%feedback == 0 {
		if fb := s.recorder.BuildFeedbackPacket(); len(fb) > 0 {
			s.told = append(s.told, report{s.now + int64(s.delay), fb})
		}
	}
	for len(s.told) > 0 && s.told[0].at <= s.now {
		for _, p := range s.told[0].fb {
			if m, ok := p.(*rtcp.TransportLayerCC); ok {
				s.estimate.Feedback(m, s.now)
			}
		}
		s.told = s.told[1:]
	}
}
