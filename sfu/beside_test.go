package sfu_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pion/rtcp"

	"github.com/diemcau/diemcau/sfu"
)

// together is a plane whose City Hall, east and west are filmed (marks 1, 2 and 3), and a
// viewer that has a place for two pictures.
func together(t *testing.T, s shape) (*sfu.Plane, *peer) {
	t.Helper()
	plane := newPlane(t)
	city, e, w := joinSimulcast(t, plane, hall), joinVenue(t, plane, east), joinVenue(t, plane, west)
	for i, p := range []*peer{city, e, w} {
		film(t, p, mark(i+1))
	}
	s.videos, s.audios = 2, 1
	viewer := watch(t, plane, s)
	viewer.wait(viewer.slot(sfu.SlotProgramme, video, 0), "city hall", sees(1))
	return plane, viewer
}

// pictures returns the MIDs of a viewer's two pictures.
func pictures(viewer *peer) (programme, second string) {
	return viewer.slot(sfu.SlotProgramme, video, 0), viewer.slot(sfu.SlotProgramme, video, 1)
}

// still wants that nothing comes in a slot for a second of the programme, but for what is on
// its way.
func still(t *testing.T, p *peer, programme, second, why string) {
	t.Helper()
	more := func(n int) {
		before := len(p.packets(programme))
		p.wait(programme, "more of the programme", func(all []received) bool { return len(all) >= before+n })
	}
	more(10)
	before := len(p.packets(second))
	more(60)
	if got := len(p.packets(second)) - before; got != 0 {
		t.Errorf("%s: got %d packets in the second slot, want none", why, got)
	}
}

// City Hall's picture comes in the second slot while another venue is on air and the stage
// wants both, to a viewer who was there before as well; otherwise nothing does. It is one
// stream through all of it, and so is the programme.
func TestP1_CityHallStandsBesideTheVenueOnAir(t *testing.T) {
	t.Parallel()
	plane, viewer := together(t, shape{})
	programme, second := pictures(viewer)
	if strings.Contains(viewer.answer, "a=inactive") || strings.Count(viewer.answer, "a=msid:beside ") != 1 {
		t.Errorf("the second place was not given:\n%s", viewer.answer)
	}
	alone := watch(t, plane, shape{videos: 1, audios: 1})
	if strings.Contains(alone.answer, "beside") || strings.Count(alone.answer, "m=video") != 1 {
		t.Errorf("an offer of one picture is answered with\n%s", alone.answer)
	}
	still(t, viewer, programme, second, "off")
	plane.SetFloor(sfu.Floor{Beside: true})
	still(t, viewer, programme, second, "City Hall is on air itself")
	plane.SetFloor(sfu.Floor{Holder: west})
	viewer.wait(programme, "west", sees(3))
	still(t, viewer, programme, second, "off, with a venue on air")

	for _, step := range []struct {
		sfu.Floor
		mark mark
	}{{sfu.Floor{Holder: west, Beside: true}, 3}, {sfu.Floor{Holder: east, Beside: true}, 2}} {
		plane.SetFloor(step.Floor)
		viewer.wait(programme, "the venue", sees(step.mark))
		had := len(viewer.packets(second))
		viewer.wait(second, "city hall beside it, in the middle layer", func(all []received) bool {
			return len(all) > had+30 && layerIs(1, 1)(all)
		})
	}
	late := watch(t, plane, shape{videos: 2, audios: 1})
	mid := late.slot(sfu.SlotProgramme, video, 1)
	if got := late.wait(mid, "city hall", sees(1)); !startsPicture(got[0].Packet) {
		t.Errorf("a late viewer's second picture begins with %x, want parameter sets", got[0].Payload[:1])
	}
	plane.SetFloor(sfu.Floor{Holder: east, Beside: true, Slate: true})
	viewer.wait(programme, "the slate", isSlate)
	still(t, viewer, programme, second, "the slate covers the programme")
	shut := len(viewer.packets(second))
	plane.SetFloor(sfu.Floor{Holder: east, Beside: true})
	all := viewer.wait(second, "city hall again", func(all []received) bool { return len(all) > shut+30 && sees(1)(all) })
	if !startsPicture(all[0].Packet) || !startsPicture(all[shut].Packet) {
		t.Error("the second picture does not begin with parameter sets each time")
	}
	plane.SetFloor(sfu.Floor{Holder: east})
	still(t, viewer, programme, second, "off again")
	plane.SetFloor(sfu.Floor{Beside: true})
	viewer.wait(programme, "city hall", sees(1))
	still(t, viewer, programme, second, "City Hall is on air again")

	contiguous(t, viewer, programme)
	contiguous(t, viewer, second)
	contiguous(t, viewer, viewer.slot(sfu.SlotProgramme, audio, 0))
	for _, q := range viewer.packets(second) {
		if m, _, ok := from(q.Packet); ok && m != 1 {
			t.Fatalf("the second slot shows %d", m)
		}
	}
	if viewer.packets(second)[0].SSRC == viewer.packets(programme)[0].SSRC {
		t.Error("both slots have one SSRC")
	}
}

// What is lost of the second picture is sent again, and however often a keyframe of it is
// asked for, City Hall is asked once a second.
func TestP1_SecondPictureIsRepaired(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		s    shape
	}{{"rtx", shape{}}, {"no rtx", shape{noRTX: true}}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			plane, viewer := together(t, tt.s)
			programme, second := pictures(viewer)
			plane.SetFloor(sfu.Floor{Holder: west, Beside: true})
			all := viewer.wait(second, "a second of pictures", func(all []received) bool { return len(all) >= 60 })
			lost := all[len(all)-5]
			until(t, "the packet again", func() bool {
				must(t, viewer.pc.WriteRTCP([]rtcp.Packet{&rtcp.TransportLayerNack{
					MediaSSRC: lost.SSRC, Nacks: []rtcp.NackPair{{PacketID: lost.SequenceNumber}},
				}}))
				return times(viewer.packets(second), lost) > 1
			})

			asked, began, start := plane.Stats().KeyframesAsked, time.Now(), len(viewer.packets(second))
			shown := len(viewer.packets(programme))
			for range 200 {
				must(t, viewer.pc.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: lost.SSRC}}))
			}
			viewer.wait(second, "a keyframe of City Hall", func(all []received) bool {
				for _, q := range all[start:] {
					if startsPicture(q.Packet) && times(all, q) == 1 {
						return true
					}
				}
				return false
			})
			viewer.wait(second, "two seconds", func(all []received) bool { return len(all) > start+120 })
			if n, most := plane.Stats().KeyframesAsked-asked, uint64(time.Since(began)/time.Second)+2; n < 1 || n > most {
				t.Errorf("got %d keyframe requests in %v, want 1 to %d", n, time.Since(began), most)
			}
			for _, q := range viewer.packets(programme)[shown:] {
				if startsPicture(q.Packet) {
					t.Error("the venue on air was asked for a keyframe too")
				}
			}
		})
	}
}

// A line that takes the smallest size alone is left with the programme; when it takes more
// the second picture goes on, at a keyframe and without a gap.
func TestM5_AWeakLineIsLeftWithOnePicture(t *testing.T) {
	t.Parallel()
	plane := newPlane(t)
	city, w := joinSimulcast(t, plane, hall), joinSimulcast(t, plane, west)
	film(t, city, 1, func(c *camera) { c.fat = 2 })
	film(t, w, 3, func(c *camera) { c.fat = 2 })
	viewer := watch(t, plane, shape{videos: 2, audios: 1})
	programme, second := pictures(viewer)
	plane.SetFloor(sfu.Floor{Holder: west, Beside: true})
	viewer.wait(second, "city hall", layerIs(1, 1))
	before := len(viewer.packets(programme))
	viewer.estimates(programme, "two seconds on a good line", 9_000_000, func(all []received) bool { return len(all) > before+240 })
	viewer.estimates(programme, "the lowest layer on a weak line", 150_000, layerIs(3, 2))
	still(t, viewer, programme, second, "a weak line")
	had := len(viewer.packets(second))
	viewer.estimates(programme, "both pictures on a good line", 9_000_000, func([]received) bool {
		return len(viewer.packets(second)) > had+30
	})
	if !startsPicture(viewer.packets(second)[had].Packet) {
		t.Error("the second picture goes on without a keyframe")
	}
	contiguous(t, viewer, programme)
	contiguous(t, viewer, second)
}

// An edge passes the second picture on, in one stream however often it goes and comes.
func TestP7_AnEdgePassesTheSecondPictureOn(t *testing.T) {
	t.Parallel()
	plane := newPlane(t)
	city, w := joinSimulcast(t, plane, hall), joinSimulcast(t, plane, west)
	film(t, city, 1)
	film(t, w, 3)
	o := &origin{}
	o.plane.Store(plane)
	edge := newNode(t, sfu.Config{Edge: true}).Plane("c", "origin")
	pulls(t, edge, o)
	viewer := watch(t, edge, shape{videos: 2, audios: 1})
	programme, second := pictures(viewer)
	viewer.wait(programme, "the programme", sees(1))
	still(t, viewer, programme, second, "off")
	for range 2 {
		had := len(viewer.packets(second))
		plane.SetFloor(sfu.Floor{Holder: west, Beside: true})
		viewer.wait(programme, "west", sees(3))
		viewer.wait(second, "city hall beside it", func(all []received) bool { return len(all) > had+60 && layerIs(1, 1)(all) })
		plane.SetFloor(sfu.Floor{})
		viewer.wait(programme, "city hall alone", sees(1))
		still(t, viewer, programme, second, "off")
	}
	contiguous(t, viewer, programme)
	contiguous(t, viewer, second)
}
