package sfu_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/pion/rtcp"

	"github.com/diemcau/diemcau/sfu"
)

// What a receiver lost is sent again from the ring, as a retransmission stream when that
// was negotiated, across a change of source too.
func TestLostPacketsAreSentAgain(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		noRTX bool
	}{{"rtx", false}, {"without rtx", true}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			plane := newPlane(t)
			city, w := joinVenue(t, plane, hall), joinVenue(t, plane, west)
			film(t, city, 1)
			film(t, w, 3)
			viewer := newPeer(t, shape{videos: 1, audios: 1, noRTX: tt.noRTX}).join(
				func(ctx context.Context, offer string) (*sfu.Session, string, error) {
					return plane.JoinVenue(ctx, east, offer)
				})
			mid := viewer.slot(sfu.SlotProgramme, video, 0)
			all := viewer.wait(mid, "city hall", sees(1))
			old := all[len(all)-1]
			plane.SetFloor(sfu.Floor{Holder: west})
			all = viewer.wait(mid, "west", sees(3))
			fresh := all[len(all)-1]
			lost := rtcp.NackPairsFromSequenceNumbers([]uint16{old.SequenceNumber, fresh.SequenceNumber})
			// As a receiver does: what is lost on the way is asked for again.
			var asked time.Time
			until(t, "both again", func() bool {
				if time.Since(asked) > 500*time.Millisecond {
					asked = time.Now()
					must(t, viewer.pc.WriteRTCP([]rtcp.Packet{&rtcp.TransportLayerNack{MediaSSRC: old.SSRC, Nacks: lost}}))
				}
				all := viewer.all(mid)
				return times(all, old) > 1 && times(all, fresh) > 1
			})
			before := plane.Stats().NacksReceived
			// Numbers that were never sent are not answered, and harm nobody.
			must(t, viewer.pc.WriteRTCP([]rtcp.Packet{&rtcp.TransportLayerNack{
				MediaSSRC: old.SSRC, Nacks: []rtcp.NackPair{{PacketID: fresh.SequenceNumber + 20000, LostPackets: 0xffff}},
			}}))
			until(t, "counted", func() bool { return plane.Stats().NacksReceived >= before+17 })
			if s := plane.Stats(); s.Retransmitted+17 > s.NacksReceived {
				t.Errorf("got %d asked, 17 of them for what never was, %d sent again", s.NacksReceived, s.Retransmitted)
			}
		})
	}
}

// times counts the copies of a packet.
func times(all []received, p received) int {
	n := 0
	for _, q := range all {
		if q.SequenceNumber == p.SequenceNumber && q.Timestamp == p.Timestamp && bytes.Equal(q.Payload, p.Payload) {
			n++
		}
	}
	return n
}
