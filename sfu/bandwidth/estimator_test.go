package bandwidth_test

import (
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtcp"

	"github.com/diemcau/diemcau/sfu/bandwidth"
)

const long = 30 * time.Second

// M5's line, with the times that were promised: 2 M, 400 k, 60 k, 2 M.
func TestM5_EstimateFollowsTheLine(t *testing.T) {
	t.Parallel()
	s := newSim(line{rate: 2e6, delay: 20 * time.Millisecond})
	for _, step := range []struct {
		rate   float64
		within time.Duration
		layer  int // at most when it falls, at least when it rises
		rises  bool
	}{
		{2e6, 8 * time.Second, 3, true},
		{400e3, 2 * time.Second, 1, false},
		{60e3, 4 * time.Second, -1, false},
		{2e6, 8 * time.Second, 3, true},
	} {
		s.rate = step.rate
		took := s.run(long, func() bool {
			if step.rises {
				return s.layer() >= step.layer
			}
			return s.layer() <= step.layer
		})
		t.Logf("%v bits/s: layer %d after %v, estimate %d", step.rate, s.layer(), took, s.estimate.Bits())
		if took > step.within {
			t.Errorf("%v bits/s: layer %d only after %v, want at most %v", step.rate, step.layer, took, step.within)
		}
		s.run(10*time.Second, nil)
		if step.rate < 1e6 && float64(s.estimate.Bits()) > 1.4*step.rate {
			t.Errorf("the estimate is %d on a line of %v bits/s", s.estimate.Bits(), step.rate)
		}
	}
}

// Lines on which nothing must be given up, and how much of the time the best layer goes.
func TestEstimateIsNotFooled(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		line line
		then line // after ten seconds
	}{
		{"jitter", line{rate: 4e6, delay: 20 * time.Millisecond, jitter: 30 * time.Millisecond}, line{}},
		{"5 % lost", line{rate: 4e6, delay: 50 * time.Millisecond, loss: 0.05, jitter: 30 * time.Millisecond}, line{}},
		{"20 % lost from the beginning", line{rate: 4e6, delay: 50 * time.Millisecond, loss: 0.20}, line{}},
		{"20 % lost later", line{rate: 4e6, delay: 50 * time.Millisecond}, line{rate: 4e6, delay: 50 * time.Millisecond, loss: 0.20, jitter: 30 * time.Millisecond}},
		{"a longer way", line{rate: 4e6, delay: 20 * time.Millisecond}, line{rate: 4e6, delay: 300 * time.Millisecond}},
		{"a shorter way", line{rate: 4e6, delay: 300 * time.Millisecond}, line{rate: 4e6, delay: 20 * time.Millisecond}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newSim(tt.line)
			s.run(10*time.Second, nil)
			if tt.then.rate != 0 {
				s.line = tt.then
				s.last = 0
				s.run(6*time.Second, nil)
			}
			best, all := 0, 0
			s.run(20*time.Second, func() bool {
				if all++; s.layer() == 3 {
					best++
				}
				return false
			})
			t.Logf("the best layer %d %% of the time, estimate %d", 100*best/all, s.estimate.Bits())
			if best < all*95/100 {
				t.Errorf("the best layer went %d %% of the time, want 95", 100*best/all)
			}
		})
	}
}

// A receiver that is held up for a while (a busy machine) tells of late packets, but the
// newest are not late.
func TestEstimateForgivesAReceiverThatIsHeldUp(t *testing.T) {
	t.Parallel()
	s := newSim(line{rate: 4e6, delay: 20 * time.Millisecond})
	s.run(10*time.Second, nil)
	before := s.estimate.Bits()
	for range 10 {
		s.stalled = s.now + int64(300*time.Millisecond)
		s.run(time.Second, nil)
	}
	if s.layer() != 3 {
		t.Errorf("layer %d after stalls, estimate %d, was %d", s.layer(), s.estimate.Bits(), before)
	}
}

// A line that was down is not taken for a narrow one.
func TestEstimateSurvivesAnOutage(t *testing.T) {
	t.Parallel()
	s := newSim(line{rate: 4e6, delay: 20 * time.Millisecond})
	s.run(10*time.Second, nil)
	s.loss = 1
	s.run(2*time.Second, nil)
	s.loss = 0
	if took := s.run(long, func() bool { return s.layer() == 3 }); took > 0 {
		t.Errorf("the best layer is back only after %v", took)
	}
	if took := s.run(3*time.Second, func() bool { return s.layer() != 3 }); took < 3*time.Second {
		t.Errorf("layer %d %v after, estimate %d", s.layer(), took, s.estimate.Bits())
	}
}

// Few packets say little: a line that loses some from the beginning is not taken for a full
// one by bad luck.
func TestEstimateIsNotMovedByLuck(t *testing.T) {
	t.Parallel()
	falls := 0
	for seed := range uint64(40) {
		s := newSim(line{rate: 4e6, delay: 20 * time.Millisecond, loss: 0.08})
		s.rng = rand.New(rand.NewPCG(seed, 1))
		highest := 0
		s.run(4*time.Second, func() bool {
			bits := s.estimate.Bits()
			if bits < highest*95/100 {
				falls++
				return true
			}
			highest = max(highest, bits)
			return false
		})
	}
	t.Logf("%d of 40 fell", falls)
	if falls > 4 {
		t.Errorf("%d of 40 estimates fell, want at most 4", falls)
	}
}

// A policer drops what is too much; its queue is too short to be seen.
func TestEstimateFallsByLossAlone(t *testing.T) {
	t.Parallel()
	s := newSim(line{rate: 4e6, delay: 20 * time.Millisecond})
	s.run(10*time.Second, nil)
	s.rate, s.queue = 400e3, 50*time.Millisecond
	if took := s.run(long, func() bool { return s.layer() <= 1 }); took > 2*time.Second {
		t.Errorf("fell only after %v", took)
	}
	s.run(10*time.Second, nil)
	s.sent, s.lost = 0, 0
	s.run(20*time.Second, nil)
	if share := float64(s.lost) / float64(s.sent); share > 0.1 {
		t.Errorf("%.0f %% are lost in the long run, estimate %d", 100*share, s.estimate.Bits())
	}
}

// A line that becomes narrow while what it loses is sent again, up to three times in a round
// trip: the repairs hide neither the line nor what it takes.
func TestM5_RepairsHideNoNarrowLine(t *testing.T) {
	t.Parallel()
	for copies := 1; copies <= 3; copies++ {
		for seed := range uint64(60) {
			s := newSim(line{rate: 3e6, delay: time.Duration(5+seed%40) * time.Millisecond, queue: time.Duration(60+4*seed) * time.Millisecond})
			s.layers, s.wanted = []float64{150e3, 650e3, 2.4e6}, 2.5e6
			s.rng, s.copies = rand.New(rand.NewPCG(seed, 2)), copies
			s.run(10*time.Second+time.Duration(seed)*7*time.Millisecond, nil)
			s.rate = 500e3
			if took := s.run(long, func() bool { return s.layer() <= 0 }); took > 3*time.Second {
				t.Errorf("%d copies, seed %d: fell only after %v", copies, seed, took)
			}
			s.run(5*time.Second, nil)
			if bits := float64(s.estimate.Bits()); bits > 1.4*500e3 {
				t.Errorf("%d copies, seed %d: the estimate is %.0f on a line of 500 kbit/s", copies, seed, bits)
			}
		}
	}
}

// On a line that takes sound only, probing must not cost the sound.
func TestM5_ProbesSpareTheSound(t *testing.T) {
	t.Parallel()
	s := newSim(line{rate: 60e3, delay: 20 * time.Millisecond})
	s.run(20*time.Second, nil)
	s.sent, s.lost = 0, 0
	s.run(60*time.Second, nil)
	t.Logf("lost %d of %d, estimate %d", s.lost, s.sent, s.estimate.Bits())
	if share := float64(s.lost) / float64(s.sent); share > 0.03 {
		t.Errorf("%.1f %% are lost", 100*share)
	}
}

// Whatever a receiver says, nothing breaks and the estimate stays within its bounds.
func FuzzFeedback(f *testing.F) {
	s := newSim(line{rate: 1e6})
	for range 50 {
		s.send(200)
		s.now += 5 * tick
		s.recorder.Record(1, uint16(s.sent), s.now/1000)
	}
	for _, p := range s.recorder.BuildFeedbackPacket() {
		b, err := p.Marshal()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b, uint16(50))
	}
	f.Add([]byte{0x8f, 205, 0, 5, 0, 0, 0, 1, 0, 0, 0, 2, 0, 1, 0, 4, 0, 0, 1, 0, 0x20, 4, 4, 4, 4, 4, 0, 0}, uint16(3))
	f.Fuzz(func(t *testing.T, b []byte, sent uint16) {
		var m rtcp.TransportLayerCC
		if m.Unmarshal(b) != nil {
			return
		}
		var h bandwidth.History
		e := bandwidth.New(bandwidth.Config{Start: 500_000, Min: 30_000, Max: 2_000_000}, &h)
		now := int64(time.Hour)
		for range sent % 3000 {
			h.Send(1200, now)
			now += tick
		}
		for range 4 { // the same again and again, and with probes between
			now += 100 * tick
			e.Feedback(&m, now)
			if p, ok := e.Probe(3_000_000, now); ok {
				if p.Bytes < 0 || p.Bytes > 1<<20 {
					t.Fatalf("a probe of %d bytes", p.Bytes)
				}
				h.Send(p.Bytes, now)
				e.Probed()
			}
			if bits := e.Bits(); bits < 30_000 || bits > 2_000_000 {
				t.Fatalf("the estimate is %d", bits)
			}
		}
	})
}

// Numbers and times of many goroutines at once; meant for the race detector.
func TestHistoryIsForMany(t *testing.T) {
	t.Parallel()
	var h bandwidth.History
	e := bandwidth.New(bandwidth.Config{Start: 500_000, Min: 30_000, Max: 2_000_000}, &h)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range int64(2000) {
				h.Send(1200, int64(time.Hour)+i*tick)
			}
		})
	}
	for i := range int64(50) {
		e.Feedback(&rtcp.TransportLayerCC{
			BaseSequenceNumber: uint16(i * 40), PacketStatusCount: 40, ReferenceTime: uint32(i),
			PacketChunks: []rtcp.PacketStatusChunk{&rtcp.RunLengthChunk{RunLength: 40}},
		}, int64(time.Hour)+i*tick)
	}
	wg.Wait()
}

func TestSendAllocatesNothing(t *testing.T) { //nolint:paralleltest // AllocsPerRun
	var h bandwidth.History
	if n := testing.AllocsPerRun(1000, func() { h.Send(1200, 1) }); n != 0 {
		t.Errorf("got %v allocations per packet, want 0", n)
	}
}
