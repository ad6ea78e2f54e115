package sfu_test

import (
	"context"
	"encoding/binary"
	"testing"

	"github.com/pion/rtp"

	"github.com/diemcau/diemcau/sfu"
)

// M4: sound has no stream for repairs, so what is sent again bears its old number. It is
// passed on however many packets came meanwhile, for as long as a player waits for it.
func TestM4_SoundIsRepairedSecondsLater(t *testing.T) {
	t.Parallel()
	plane := newPlane(t)
	city := joinVenue(t, plane, hall)
	viewer := newPeer(t, shape{videos: 1, audios: 2}).join(func(ctx context.Context, offer string) (*sfu.Session, string, error) {
		return plane.JoinVenue(ctx, east, offer)
	})
	mid := viewer.slot(sfu.SlotVoice, audio, 0)
	send := func(n uint16) {
		t.Helper()
		must(t, city.audio.WriteRTP(&rtp.Packet{
			Header:  rtp.Header{Version: 2, SequenceNumber: n, Timestamp: uint32(n) * 960},
			Payload: binary.BigEndian.AppendUint16([]byte{0xf8}, n),
		}))
	}
	came := func(n uint16) bool {
		for _, p := range viewer.all(mid) {
			if len(p.Payload) == 3 && binary.BigEndian.Uint16(p.Payload[1:]) == n {
				return true
			}
		}
		return false
	}
	n := uint16(100)
	until(t, "the voice of City Hall", func() bool { n++; send(n); return came(n) })
	const lost, seconds = 1, 3
	missing := n + lost
	for n = missing + 1; n < missing+50*seconds; n++ {
		send(n)
	}
	n-- // was sent, and may be lost
	until(t, "what came after the one that is missing", func() bool { send(n); return came(n) })
	until(t, "the one that was missing", func() bool { send(missing); return came(missing) })
}
