package sfu_test

import (
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/sfu"
)

const levelURI = sdp.AudioLevelURI

// lineOfVenue returns what the plane measures of a venue.
func lineOfVenue(plane *sfu.Plane, venue conference.VenueID) (sfu.Line, bool) {
	for _, l := range plane.Lines() {
		if l.Venue == venue {
			return l, true
		}
	}
	return sfu.Line{}, false
}

// TestLines_countWhatIsMissing: packets that come late are told apart from those that never do.
func TestLines_countWhatIsMissing(t *testing.T) {
	t.Parallel()
	plane := newPlane(t)
	e := joinVenue(t, plane, east)
	if _, sends := lineOfVenue(plane, east); sends {
		if l, _ := lineOfVenue(plane, east); l.Picture || l.Packets != 0 || l.Level != -1 {
			t.Errorf("before anything was sent: got %+v", l)
		}
	}
	send := func(seq uint16) {
		must(t, e.video[0].WriteRTP(&rtp.Packet{
			Header:  rtp.Header{Version: 2, SequenceNumber: seq, Timestamp: uint32(seq) * 3000, Marker: true},
			Payload: []byte{0x41, 1, 2, 3},
		}))
	}
	var seq uint16 = 65530 // numbers wrap on the way
	send(seq)
	until(t, "the first packet has come", func() bool { l, _ := lineOfVenue(plane, east); return l.Packets > 0 })
	first, _ := lineOfVenue(plane, east)
	for range 20 {
		seq++
		if seq == 5 || seq == 6 || seq == 7 {
			continue
		}
		send(seq)
	}
	send(6) // one of three comes late
	until(t, "the late one has come", func() bool { l, _ := lineOfVenue(plane, east); return l.Repaired > 0 })
	l, _ := lineOfVenue(plane, east)
	if l.Packets-first.Packets != 18 || l.Gaps != 3 || l.Repaired != 1 || !l.Picture || l.Layers != 1 {
		t.Errorf("got %+v, want 18 packets after the first, 3 gaps, 1 repaired", l)
	}
	if l.Bytes == 0 || l.Bytes%4 != 0 {
		t.Errorf("got %d bytes", l.Bytes)
	}
	// A jump is a stream that begins anew, no loss.
	send(seq + 20000)
	until(t, "the far one has come", func() bool { l, _ := lineOfVenue(plane, east); return l.Packets-first.Packets == 19 })
	if l, _ := lineOfVenue(plane, east); l.Gaps != 3 {
		t.Errorf("a jump counts as loss: %d gaps", l.Gaps)
	}
}

// TestLines_whatTheReceiverSays: loss, jitter and the time there and back of its reports.
func TestLines_whatTheReceiverSays(t *testing.T) {
	t.Parallel()
	plane := newPlane(t)
	city, e := joinVenue(t, plane, hall), joinVenue(t, plane, east)
	film(t, city, 1)
	speak(t, city, words(1))
	film(t, e, 2)
	picture := e.wait(e.slot(sfu.SlotProgramme, video, 0), "the programme", sees(1))[0].SSRC
	sound := e.wait(e.slot(sfu.SlotVoice, audio, 0), "city hall's voice", hears(1))[0].SSRC
	until(t, "told", func() bool {
		must(t, e.pc.WriteRTCP([]rtcp.Packet{&rtcp.ReceiverReport{SSRC: 1, Reports: []rtcp.ReceptionReport{
			{SSRC: picture, FractionLost: 64, Jitter: 90_000},
			{SSRC: sound, FractionLost: 3, Jitter: 48 * 30},
			{SSRC: 12345, FractionLost: 255}, // nobody's
		}}}))
		l, _ := lineOfVenue(plane, east)
		return l.LossDown == 0.25 && l.JitterDown == 30*time.Millisecond
	})
	if l, _ := lineOfVenue(plane, east); l.RTT != 0 {
		t.Errorf("got a round trip of %v from a report that answers no sender report", l.RTT)
	}
}

// TestLines_levelsTellWhoSpeaks: from the packets' headers, of closed microphones too.
func TestLines_levelsTellWhoSpeaks(t *testing.T) {
	t.Parallel()
	plane := newPlane(t)
	e, w := joinVenue(t, plane, east), joinVenue(t, plane, west)
	plane.SetFloor(sfu.Floor{Holder: west})
	end := make(chan struct{})
	ended := make(chan struct{}, 2)
	talk := func(p *peer, below uint8) {
		var id uint8
		for _, h := range p.pc.GetSenders()[0].GetParameters().HeaderExtensions {
			if h.URI == levelURI {
				id = uint8(h.ID)
			}
		}
		if id == 0 {
			t.Fatal("the answer does not take levels")
		}
		go func() {
			defer func() { ended <- struct{}{} }()
			tick := time.NewTicker(20 * time.Millisecond)
			defer tick.Stop()
			for seq := uint16(0); ; seq++ {
				h := rtp.Header{Version: 2, SequenceNumber: seq, Timestamp: uint32(seq) * 960}
				if h.SetExtension(id, []byte{0x80 | below}) != nil {
					return
				}
				_ = p.audio.WriteRTP(&rtp.Packet{Header: h, Payload: []byte{0xf8, 0xff, 0xfe}})
				select {
				case <-end:
					return
				case <-tick.C:
				}
			}
		}()
	}
	talk(e, 30)
	talk(w, 20)
	t.Cleanup(func() { close(end); <-ended; <-ended })
	until(t, "west speaks, east has sound", func() bool {
		now, loud := plane.Speaking()
		return now == west && len(loud) == 1 && loud[0] == east
	})
	until(t, "levels", func() bool {
		l, _ := lineOfVenue(plane, west)
		return l.Level == 66 // −20 dBov on a scale of 60 dB
	})
}
