package sfu_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/sfu"
)

// origin is a node that an edge pulls from; it can be taken away and come back as another.
type origin struct {
	plane atomic.Pointer[sfu.Plane] // nil: it is away
	rungs [sfu.Rungs]atomic.Int32   // answered, by size
}

func (o *origin) ask(ctx context.Context, rung int, offer string) (string, error) {
	plane := o.plane.Load()
	if plane == nil {
		return "", conference.Refuse(conference.KindUnavailable, "media.unavailable", "")
	}
	_, answer, err := plane.WatchRung(ctx, rung, offer)
	if err == nil {
		o.rungs[rung].Add(1)
	}
	return answer, err
}

// pulls keeps pulling until the test ends.
func pulls(t *testing.T, edge *sfu.Plane, o *origin) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for ctx.Err() == nil {
			_ = edge.Pull(ctx, o.ask) // it is tried again
			select {
			case <-ctx.Done():
			case <-tick.C:
			}
		}
	}()
	t.Cleanup(func() { cancel(); <-ended })
}

// loneNode is a node that can be ended before the test is.
func loneNode(t *testing.T) (n *sfu.Node, end func()) {
	t.Helper()
	n, err := sfu.New(sfu.Config{Now: time.Now})
	must(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- n.Run(ctx) }()
	var once atomic.Bool
	end = func() {
		if once.CompareAndSwap(false, true) {
			cancel()
			must(t, <-ended)
		}
	}
	t.Cleanup(end)
	return n, end
}

// watchRung watches one size of the programme.
func watchRung(t *testing.T, plane *sfu.Plane, rung int) *peer {
	t.Helper()
	p := newPeer(t, shape{videos: 1})
	return p.negotiate(func(ctx context.Context, offer string) (answer string, err error) {
		p.viewer, answer, err = plane.WatchRung(ctx, rung, offer)
		return answer, err
	})
}

// An edge shows its origin's programme, all sizes of it; while the origin is away there is
// the slate, and then the programme again, to the viewer one stream without a gap.
func TestP7_PulledProgrammeIsOneStream(t *testing.T) {
	t.Parallel()
	o := &origin{}
	edge := newNode(t, sfu.Config{Edge: true}).Plane("c", "origin")
	pulls(t, edge, o)
	viewer := watch(t, edge, shape{videos: 1, audios: 1})
	pictures, sound := viewer.slot(sfu.SlotProgramme, video, 0), viewer.slot(sfu.SlotProgramme, audio, 0)
	viewer.wait(pictures, "the edge's own slate", isSlate)

	for round := range 2 {
		node, end := loneNode(t)
		plane := node.Plane("c", hall)
		city := joinSimulcast(t, plane, hall)
		m := mark(round + 1)
		_, stop := film(t, city, m)
		o.plane.Store(plane)
		viewer.wait(pictures, "the origin's programme in the highest size", layerIs(m, 0))
		for rung := range sfu.Rungs {
			if o.rungs[rung].Load() < int32(round+1) {
				t.Errorf("size %d was not asked for in round %d", rung, round)
			}
		}
		o.plane.Store(nil)
		stop()
		city.pc.Close()
		end()
		viewer.wait(pictures, "the slate", isSlate)
	}
	contiguous(t, viewer, pictures)
	contiguous(t, viewer, sound)
}

// Whatever the edge's viewers ask for, the origin's camera is asked for a keyframe once a
// second at most, and each size is at the edge what it is at the origin.
func TestP7_EdgeViewersShareOneKeyframeRequest(t *testing.T) {
	t.Parallel()
	node := newNode(t, sfu.Config{})
	plane := node.Plane("c", hall)
	city := joinSimulcast(t, plane, hall)
	film(t, city, 1)
	o := &origin{}
	o.plane.Store(plane)
	edge := newNode(t, sfu.Config{Edge: true}).Plane("c", "origin")
	pulls(t, edge, o)
	first := watch(t, edge, shape{videos: 1, audios: 1})
	first.wait(first.slot(sfu.SlotProgramme, video, 0), "the programme", layerIs(1, 0))
	tap, err := edge.Tap()
	must(t, err)
	defer tap.Close()

	asked, began := plane.Stats().KeyframesAsked, time.Now()
	for range 10 {
		v := watch(t, edge, shape{videos: 1, audios: 1})
		v.wait(v.slot(sfu.SlotProgramme, video, 0), "the programme", sees(1))
	}
	took := time.Since(began)
	// Three layers, each once a second; and what was on its way.
	if n, most := plane.Stats().KeyframesAsked-asked, uint64(3*(took/time.Second+2)); n > most {
		t.Errorf("the camera was asked %d times in %v, want at most %d", n, took, most)
	}
	for rung := range sfu.Rungs {
		p := watchRung(t, edge, rung)
		p.wait(p.slot(sfu.SlotProgramme, video, 0), "its size", layerIs(1, rung))
	}
	if n := plane.Stats().Viewers; n != sfu.Rungs {
		t.Errorf("the origin has %d viewers, want the %d of the edge", n, sfu.Rungs)
	}
}

// An edge's viewers stay at their size, and there is always a place for them.
func TestP7_AnEdgeIsLetIn(t *testing.T) {
	t.Parallel()
	plane := newNode(t, sfu.Config{MaxViewers: 1}).Plane("c", hall)
	city := joinSimulcast(t, plane, hall)
	film(t, city, 1)
	one := watch(t, plane, shape{videos: 1, audios: 1})
	one.wait(one.slot(sfu.SlotProgramme, video, 0), "the programme", layerIs(1, 0))
	for rung := range sfu.Rungs {
		p := watchRung(t, plane, rung)
		p.wait(p.slot(sfu.SlotProgramme, video, 0), "its size", layerIs(1, rung))
	}
	for _, rung := range []int{-1, sfu.Rungs} {
		_, _, err := plane.WatchRung(t.Context(), rung, "v=0\r\n")
		wantCode(t, err, "media.bad_sdp")
	}
}
