package sfu_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"github.com/diemcau/diemcau/sfu"
)

// viewed is a plane whose City Hall is filmed, and a viewer of the programme that sees it.
func viewed(t *testing.T, s shape) (*sfu.Plane, *peer, string) {
	t.Helper()
	plane := newPlane(t)
	city := joinVenue(t, plane, hall)
	film(t, city, 1)
	viewer := watch(t, plane, s)
	pictures := viewer.slot(sfu.SlotProgramme, video, 0)
	viewer.wait(pictures, "city hall", sees(1))
	return plane, viewer, pictures
}

// What a viewer asks for again is sent again: as RTX with the original number in front, or
// without RTX as it was, to the byte.
func TestM1_LostPacketsAreSentAgain(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		s    shape
	}{{"rtx", shape{videos: 1, audios: 1}}, {"no rtx", shape{videos: 1, audios: 1, noRTX: true}}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			plane, viewer, mid := viewed(t, tt.s)
			all := viewer.wait(mid, "a second of pictures", func(all []received) bool { return len(all) >= 60 })
			lost := all[len(all)-5]
			seen := 0
			for _, q := range all {
				if q.SequenceNumber == lost.SequenceNumber {
					seen++
				}
			}
			must(t, viewer.pc.WriteRTCP([]rtcp.Packet{&rtcp.TransportLayerNack{
				MediaSSRC: lost.SSRC, Nacks: []rtcp.NackPair{{PacketID: lost.SequenceNumber, LostPackets: 1}},
			}}))
			until(t, "counted", func() bool { return plane.Stats().Retransmitted >= 2 })
			if tt.s.noRTX {
				viewer.wait(mid, "the packet again", func(all []received) bool {
					n := 0
					for _, q := range all {
						if q.SequenceNumber == lost.SequenceNumber && string(q.Payload) == string(lost.Payload) && q.Timestamp == lost.Timestamp {
							n++
						}
					}
					return n > seen
				})
				return
			}
			viewer.wait(mid, "the packet again", func(all []received) bool {
				n := 0
				for _, q := range all {
					if q.SequenceNumber == lost.SequenceNumber && string(q.Payload) == string(lost.Payload) {
						n++
					}
				}
				return n > seen
			})
		})
	}
}

// A viewer that loses its line restarts ICE by PATCH and goes on with the same streams,
// from another address.
func TestM1_ViewerRestartsICE(t *testing.T) {
	t.Parallel()
	_, viewer, mid := viewed(t, shape{videos: 1, audios: 1})
	tag := viewer.viewer.ETag()
	local := viewer.pc.LocalDescription().SDP
	trickle := "a=ice-ufrag:" + lineOf(local, "a=ice-ufrag:") + "\r\na=ice-pwd:" + lineOf(local, "a=ice-pwd:") + "\r\n"
	if body, err := viewer.viewer.Patch(t.Context(), trickle, tag); err != nil || body != "" {
		t.Errorf("got %q, %v for a trickled candidate, want nothing", body, err)
	}
	_, err := viewer.viewer.Patch(t.Context(), trickle, `"other"`)
	wantCode(t, err, "media.etag_mismatch")
	_, err = viewer.viewer.Patch(t.Context(), "hello", tag)
	wantCode(t, err, "media.bad_sdp")
	for range 2 {
		offer, err := viewer.pc.CreateOffer(&webrtc.OfferOptions{ICERestart: true})
		must(t, err)
		gathered := webrtc.GatheringCompletePromise(viewer.pc)
		must(t, viewer.pc.SetLocalDescription(offer))
		<-gathered
		local := viewer.pc.LocalDescription().SDP
		fresh := "a=ice-ufrag:" + lineOf(local, "a=ice-ufrag:") + "\r\na=ice-pwd:" + lineOf(local, "a=ice-pwd:") + "\r\n"
		body, err := viewer.viewer.Patch(t.Context(), fresh, "*")
		must(t, err)
		if viewer.viewer.ETag() == tag || !strings.Contains(body, "a=candidate:") {
			t.Errorf("got tag %s and fragment\n%s", viewer.viewer.ETag(), body)
		}
		tag = viewer.viewer.ETag()
		if again, err := viewer.viewer.Patch(t.Context(), fresh, tag); err != nil || again != "" || viewer.viewer.ETag() != tag {
			t.Errorf("a candidate trickled after the restart began another one: %q, %v", again, err)
		}
		answer := replaceLine(viewer.answer, "a=ice-ufrag:", lineOf(body, "a=ice-ufrag:"))
		answer = replaceLine(answer, "a=ice-pwd:", lineOf(body, "a=ice-pwd:"))
		must(t, viewer.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}))
		before := len(viewer.packets(mid))
		all := viewer.wait(mid, "pictures after the restart", func(all []received) bool { return len(all) > before+60 })
		if all[0].SSRC != all[len(all)-1].SSRC {
			t.Errorf("got SSRC %d after the restart, want %d", all[len(all)-1].SSRC, all[0].SSRC)
		}
	}
}

// A viewer that leaves properly, one that falls silent and one that is closed are gone.
func TestM1_ViewersLeave(t *testing.T) {
	t.Parallel()
	plane := newPlane(t)
	polite, silent, closed := watch(t, plane, shape{videos: 1}), watch(t, plane, shape{videos: 1}), watch(t, plane, shape{videos: 1})
	until(t, "three viewers", func() bool { return plane.Stats().Viewers == 3 })
	must(t, polite.pc.Close())
	must(t, silent.pc.SCTP().Transport().ICETransport().Stop())
	closed.viewer.Close()
	for _, p := range []*peer{polite, silent, closed} {
		<-p.viewer.Done()
	}
	until(t, "no viewer", func() bool { return plane.Stats().Viewers == 0 })
}

// A viewer may take sound only, and one that offers more m-lines is answered in their order.
func TestViewerTakesWhatItWants(t *testing.T) {
	t.Parallel()
	plane := newPlane(t)
	city := joinVenue(t, plane, hall)
	speak(t, city, words(1))
	listener := watch(t, plane, shape{audios: 1})
	listener.wait(listener.slot(sfu.SlotProgramme, audio, 0), "sound", func(all []received) bool { return len(all) > 20 })
	more := watch(t, plane, shape{videos: 2, audios: 2})
	more.wait(more.slot(sfu.SlotProgramme, video, 0), "pictures", func(all []received) bool { return len(all) > 5 })
	if n := strings.Count(more.answer, "a=inactive"); n != 1 {
		t.Errorf("got %d m-lines refused, want the second sound:\n%s", n, more.answer)
	}
	venue := watchVenue(t, plane, hall, shape{videos: 3, audios: 1})
	if n := strings.Count(venue.answer, "a=inactive"); n != 2 {
		t.Errorf("got %d m-lines of a venue refused, want all pictures but one:\n%s", n, venue.answer)
	}
}

// The process takes as many viewers as it is told to, then says that it is full.
func TestM1_FullIsSaid(t *testing.T) {
	t.Parallel()
	plane := newNode(t, sfu.Config{MaxViewers: 2}).Plane("c", hall)
	first := watch(t, plane, shape{videos: 1})
	watch(t, plane, shape{videos: 1})
	_, _, err := plane.Watch(t.Context(), "", offerOf(t, false))
	wantCode(t, err, "media.full")
	first.viewer.Close()
	until(t, "room again", func() bool {
		v, _, err := plane.Watch(t.Context(), "", offerOf(t, false))
		if err == nil {
			v.Close()
		}
		return err == nil
	})
}

// Whole frames, as under load, are the same stream.
func TestM1_WholeFrames(t *testing.T) {
	t.Parallel()
	plane := newNode(t, sfu.Config{Flush: sfu.FlushFrames}).Plane("c", hall)
	city := joinVenue(t, plane, hall)
	film(t, city, 1)
	speak(t, city, words(1))
	viewer := watch(t, plane, shape{videos: 1, audios: 1})
	viewer.wait(viewer.slot(sfu.SlotProgramme, video, 0), "city hall", sees(1))
	contiguous(t, viewer, viewer.slot(sfu.SlotProgramme, video, 0))
	contiguous(t, viewer, viewer.slot(sfu.SlotProgramme, audio, 0))
}

// A viewer is told when its pictures and its sound were taken: sender reports in the time
// of its own streams.
func TestM1_ViewerGetsSenderReports(t *testing.T) {
	t.Parallel()
	_, viewer, mid := viewed(t, shape{videos: 1, audios: 1})
	all := viewer.packets(mid)
	for _, tr := range viewer.pc.GetTransceivers() {
		if tr.Mid() != mid {
			continue
		}
		var first *rtcp.SenderReport
		for {
			packets, _, err := tr.Receiver().ReadRTCP()
			must(t, err)
			for _, q := range packets {
				r, ok := q.(*rtcp.SenderReport)
				if !ok || r.SSRC != all[0].SSRC {
					continue
				}
				if first == nil {
					first = r
					continue
				}
				ticks := float64(r.RTPTime - first.RTPTime)
				seconds := float64(r.NTPTime-first.NTPTime) / (1 << 32)
				if rate := ticks / seconds; rate < 89_000 || rate > 91_000 {
					t.Errorf("got %v ticks a second between two reports, want 90000", rate)
				}
				// The packets before the report were taken before it, by the same clock.
				if d := int32(r.RTPTime - all[0].Timestamp); d <= 0 || d > 90_000*60 || r.PacketCount <= first.PacketCount {
					t.Errorf("got %+v, %d ticks after the first packet", r, d)
				}
				return
			}
		}
	}
}

// However many ask, and however many come, a source is asked for a keyframe at most once a
// second, and everybody sees a picture soon.
func TestM3_ManyJoinOneKeyframeASecond(t *testing.T) {
	t.Parallel()
	plane, first, mid := viewed(t, shape{videos: 1})
	before, start := plane.Stats().KeyframesAsked, len(first.packets(mid))
	var all []*peer
	for range 8 {
		all = append(all, watch(t, plane, shape{videos: 1}))
	}
	for _, p := range all {
		got := p.wait(p.slot(sfu.SlotProgramme, video, 0), "city hall", sees(1))
		if !startsPicture(got[0].Packet) {
			t.Errorf("a viewer began with %x, want parameter sets", got[0].Payload[:1])
		}
	}
	// 60 packets of pictures are a second.
	seconds := uint64(len(first.packets(mid))-start)/60 + 2
	if asked := plane.Stats().KeyframesAsked - before; asked < 1 || asked > seconds {
		t.Errorf("got %d keyframe requests in about %d seconds for 8 viewers", asked, seconds)
	}
}

// Viewers, venues, stages and encoders over IPv6 alone.
func TestM1_EverybodyOverIPv6(t *testing.T) {
	t.Parallel()
	for role, p := range everybody(t, newNode(t, sfu.Config{}), shape{networks: []webrtc.NetworkType{webrtc.NetworkTypeUDP6}}) {
		pair, err := p.pc.SCTP().Transport().ICETransport().GetSelectedCandidatePair()
		must(t, err)
		if ip := net.ParseIP(pair.Remote.Address); ip == nil || ip.To4() != nil || p.way() != "udp host" {
			t.Errorf("%s came to %s by %s, want IPv6", role, pair.Remote.Address, p.way())
		}
	}
}

// A viewer whose network gives it another address, as its checks show, is sent the same
// stream there: the same source, the numbers going on. Nothing more goes to the old one.
func TestM1_ViewerFollowsItsAddress(t *testing.T) {
	t.Parallel()
	for name, address := range map[string]string{"IPv4": "127.0.0.1", "IPv6": "::1"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plane := newPlane(t)
			film(t, joinVenue(t, plane, hall), 1)
			var offer string
			viewer := newPeer(t, shape{videos: 1, audios: 1}).negotiate(func(ctx context.Context, text string) (answer string, err error) {
				offer = text
				_, answer, err = plane.Watch(ctx, "", text)
				return answer, err
			})
			mid := viewer.slot(sfu.SlotProgramme, video, 0)
			last := viewer.wait(mid, "city hall", func(all []received) bool { return len(all) > 30 })
			conn, err := new(net.ListenConfig).ListenPacket(t.Context(), "udp", net.JoinHostPort(address, "0"))
			must(t, err)
			defer conn.Close()
			knockAt(t, conn, net.ParseIP(address), viewer.answer, offer)
			must(t, conn.SetReadDeadline(time.Now().Add(patience)))
			buf := make([]byte, 2048)
			var before uint16
			for got := 0; got < 20; {
				n, _, err := conn.ReadFrom(buf)
				must(t, err)
				var h rtp.Header
				if _, err := h.Unmarshal(buf[:n]); err != nil || h.SSRC != last[0].SSRC {
					continue // sound, reports, checks
				}
				if got == 0 && int16(h.SequenceNumber-last[len(last)-1].SequenceNumber) < 0 {
					t.Errorf("got number %d at the new address after %d at the old one", h.SequenceNumber, last[len(last)-1].SequenceNumber)
				}
				if got > 0 && h.SequenceNumber != before+1 {
					t.Errorf("got number %d after %d at the new address", h.SequenceNumber, before)
				}
				before, got = h.SequenceNumber, got+1
			}
			for _, q := range viewer.packets(mid) {
				if int16(q.SequenceNumber-before) >= 0 {
					t.Errorf("number %d went to the old address", q.SequenceNumber)
				}
			}
		})
	}
}
