package sfu_test

import (
	"encoding/binary"
	"testing"

	"github.com/pion/rtcp"

	"github.com/diemcau/diemcau/sfu"
)

// estimates says what the viewer's line takes until ok.
func (p *peer) estimates(mid, why string, bits float32, ok func([]received) bool) {
	p.t.Helper()
	ssrc := p.packets(mid)[0].SSRC
	until(p.t, why, func() bool {
		must(p.t, p.pc.WriteRTCP([]rtcp.Packet{
			&rtcp.ReceiverEstimatedMaximumBitrate{Bitrate: bits, SSRCs: []uint32{ssrc}},
			&rtcp.ReceiverReport{SSRC: 1, Reports: []rtcp.ReceptionReport{{SSRC: ssrc}}},
		}))
		return ok(p.packets(mid))
	})
}

// onTheClock wants that no picture is left out at a change of layer, and that timestamps go
// on there with the pictures, which are 33 ms apart; a busy machine takes them later.
func onTheClock(t *testing.T, all []received) {
	t.Helper()
	type picture struct {
		layer int
		n, ts uint32
	}
	last, changes := picture{layer: -1}, 0
	for i, q := range all {
		_, layer, ok := from(q.Packet)
		if !ok || len(q.Payload) < 9 || q.Payload[0] != 0x7c || q.Payload[1]&0x80 == 0 {
			continue // no packet that begins a picture
		}
		p := picture{layer, binary.BigEndian.Uint32(q.Payload[5:]), q.Timestamp}
		if last.layer >= 0 && layer != last.layer {
			changes++
			if q.Payload[1]&0x1f != 5 {
				t.Errorf("packet %d: from layer %d to %d without a keyframe", i, last.layer, layer)
			}
			if step := int32(p.n - last.n); step < -2 || step > 4 {
				t.Errorf("packet %d of layer %d is picture %d after %d", i, layer, p.n, last.n)
			}
			if step := int32(p.ts - last.ts); step > 60_000 {
				t.Errorf("packet %d of layer %d is %d ticks after the one before", i, layer, step)
			}
		}
		last = p
	}
	if changes < 2 {
		t.Errorf("got %d changes of layer, want 2", changes)
	}
}

// A public viewer goes down the programme's rungs when its line takes less, and up again,
// in one stream: numbers without a gap, rising timestamps, each change at a keyframe. The
// others stay where they are.
func TestM5_ViewersChangeRungs(t *testing.T) {
	t.Parallel()
	plane := newPlane(t)
	city := joinSimulcast(t, plane, hall)
	film(t, city, 1, func(c *camera) { c.fat = 2 })
	weak, strong := watch(t, plane, shape{videos: 1, audios: 1}), watch(t, plane, shape{videos: 1, audios: 1})
	mid, other := weak.slot(sfu.SlotProgramme, video, 0), strong.slot(sfu.SlotProgramme, video, 0)
	sound := weak.slot(sfu.SlotProgramme, audio, 0)
	weak.wait(mid, "the highest layer", layerIs(1, 0))
	strong.wait(other, "the highest layer", layerIs(1, 0))
	before := len(weak.packets(mid))
	weak.estimates(mid, "two seconds on a good line", 9_000_000, func(all []received) bool { return len(all) > before+240 })
	weak.estimates(mid, "the lowest layer on a weak line", 150_000, layerIs(1, 2))
	if !layerIs(1, 0)(strong.packets(other)) {
		t.Error("the other viewer was taken down too")
	}
	weak.estimates(mid, "the highest layer on a good line", 9_000_000, layerIs(1, 0))
	seen := len(weak.packets(mid))
	weak.wait(mid, "it goes on", func(all []received) bool { return len(all) > seen+60 })
	contiguous(t, weak, mid)
	contiguous(t, strong, other)
	contiguous(t, weak, sound)
	onTheClock(t, weak.packets(mid))
	if plane.Stats().LayerChanges < 2 {
		t.Errorf("%d changes are counted", plane.Stats().LayerChanges)
	}
}

// Loss alone takes a viewer down too, also of one venue, whose layers have clocks of their own.
func TestM5_LossTakesAViewerDown(t *testing.T) {
	t.Parallel()
	plane := newPlane(t)
	w := joinSimulcast(t, plane, west)
	film(t, w, 3, func(c *camera) { c.fat = 2 })
	viewer := watchVenue(t, plane, west, shape{videos: 1, audios: 1})
	mid := viewer.slot(sfu.SlotProgramme, video, 0)
	all := viewer.wait(mid, "the highest layer", layerIs(3, 0))
	until(t, "a lower layer", func() bool {
		must(t, viewer.pc.WriteRTCP([]rtcp.Packet{&rtcp.ReceiverReport{
			SSRC: 1, Reports: []rtcp.ReceptionReport{{SSRC: all[0].SSRC, FractionLost: 60}},
		}}))
		return layerIs(3, 1)(viewer.packets(mid)) || layerIs(3, 2)(viewer.packets(mid))
	})
	contiguous(t, viewer, mid)
}
