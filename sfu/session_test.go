package sfu_test

import (
	"context"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/sfu"
)

func ends(t *testing.T, s *sfu.Session) {
	t.Helper()
	select {
	case <-s.Done():
	case <-time.After(patience):
		t.Fatal("the session did not end")
	}
}

// A second join of a venue replaces the first; nobody sees a ghost.
func TestSecondJoinReplacesFirst(t *testing.T) {
	t.Parallel()
	plane := newPlane(t)
	first := joinVenue(t, plane, hall)
	film(t, first, 1)
	e := joinVenue(t, plane, east)
	mid := e.slot(sfu.SlotReturn, video, 0)
	e.wait(mid, "the first", sees(1))
	second := joinVenue(t, plane, hall)
	film(t, second, 2)
	ends(t, first.session)
	if !first.session.Replaced() || second.session.Replaced() {
		t.Error("the first page is not told that another took its place, or the second is")
	}
	e.wait(mid, "the second", sees(2))
	e.wait(e.slot(sfu.SlotProgramme, video, 0), "the second in the programme", sees(2))
	contiguous(t, e, mid)
	_, err := plane.Session(first.session.ID())
	wantCode(t, err, "media.unknown_session")
	if got, err := plane.Session(second.session.ID()); err != nil || got != second.session {
		t.Errorf("got %v, %v, want the second session", got, err)
	}
	until(t, "two sessions left", func() bool { return plane.Stats().Sessions == 2 })
}

// A peer that falls silent is removed, and its session ends when it does not come back.
func TestDeadPeerIsRemoved(t *testing.T) {
	t.Parallel()
	plane := newNode(t, sfu.Config{ResumeWithin: 4 * time.Second}).Plane("c", hall)
	city := joinVenue(t, plane, hall)
	film(t, city, 1)
	until(t, "published", func() bool {
		all, _ := plane.Publishers()
		return all[hall].Video
	})
	// The network goes: only the ICE transport is stopped, so that no DTLS alert tells.
	must(t, city.pc.SCTP().Transport().ICETransport().Stop())
	ends(t, city.session)
	until(t, "nobody publishes", func() bool {
		all, _ := plane.Publishers()
		return len(all) == 0
	})
}

// A page that goes away properly is noticed at once, and Close ends a session.
func TestClosedPeerIsRemoved(t *testing.T) {
	t.Parallel()
	plane := newPlane(t)
	city, e := joinVenue(t, plane, hall), joinVenue(t, plane, east)
	must(t, city.pc.Close())
	ends(t, city.session)
	e.session.Close()
	ends(t, e.session)
	until(t, "no session left", func() bool { return plane.Stats().Sessions == 0 })
}

// A page restarts ICE with a full offer and goes on with the same slots.
func TestPageRestartsICE(t *testing.T) {
	t.Parallel()
	plane := newPlane(t)
	city, e := joinVenue(t, plane, hall), joinVenue(t, plane, east)
	film(t, city, 1)
	mid := e.slot(sfu.SlotReturn, video, 0)
	e.wait(mid, "city hall", sees(1))
	for range 2 {
		offer, err := e.pc.CreateOffer(&webrtc.OfferOptions{ICERestart: true})
		must(t, err)
		gathered := webrtc.GatheringCompletePromise(e.pc)
		must(t, e.pc.SetLocalDescription(offer))
		<-gathered
		answer, err := e.session.Restart(t.Context(), e.pc.LocalDescription().SDP)
		must(t, err)
		must(t, e.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}))
		before := len(e.packets(mid))
		e.wait(mid, "pictures after the restart", func(all []received) bool { return len(all) > before+60 })
	}
	if e.session.ID() == "" || e.pc.ConnectionState() != webrtc.PeerConnectionStateConnected {
		t.Errorf("got %s, want connected", e.pc.ConnectionState())
	}
	_, err := e.session.Restart(t.Context(), offerOf(t, true))
	wantCode(t, err, "media.bad_sdp")
}

func publish(t *testing.T, plane *sfu.Plane, v conference.VenueID, s shape) *peer {
	t.Helper()
	return newPeer(t, s).join(func(ctx context.Context, offer string) (*sfu.Session, string, error) {
		return plane.Publish(ctx, v, offer)
	})
}

// An encoder is City Hall: single layer and simulcast; a second one is refused while the
// first sends.
func TestEncoderPublishes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		rids []string
	}{{"single", nil}, {"simulcast", []string{"a", "b"}}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			plane := newPlane(t)
			obs := publish(t, plane, hall, shape{mic: true, camera: true, rids: tt.rids})
			_, stop := film(t, obs, 1)
			silent := speak(t, obs, words(1))
			viewer := watch(t, plane, shape{videos: 1, audios: 1})
			viewer.wait(viewer.slot(sfu.SlotProgramme, video, 0), "the encoder's highest", layerIs(1, 0))
			until(t, "told", func() bool {
				all, _ := plane.Publishers()
				return all[hall].Layers == max(1, len(tt.rids)) && all[hall].Audio
			})
			_, _, err := plane.Publish(t.Context(), hall, offerOf(t, true))
			wantCode(t, err, "media.already_publishing")
			stop()
			silent()
			until(t, "silent", func() bool {
				all, _ := plane.Publishers()
				return !all[hall].Video && !all[hall].Audio
			})
			again, _, err := plane.Publish(t.Context(), hall, offerOf(t, true))
			must(t, err)
			ends(t, obs.session)
			again.Close()
		})
	}
}

// WHIP's entity tags: trickled candidates need the right one, a restart gives a new one.
func TestEncoderPatches(t *testing.T) {
	t.Parallel()
	plane := newPlane(t)
	obs := publish(t, plane, hall, shape{mic: true, camera: true})
	film(t, obs, 1)
	tag := obs.session.ETag()
	local := obs.pc.LocalDescription().SDP
	ufrag, pwd := lineOf(local, "a=ice-ufrag:"), lineOf(local, "a=ice-pwd:")
	trickle := "a=ice-ufrag:" + ufrag + "\r\na=ice-pwd:" + pwd + "\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\n" +
		"a=candidate:1 1 udp 2122260223 abc.local 49203 typ host\r\n"
	if body, err := obs.session.Patch(t.Context(), trickle, tag); err != nil || body != "" {
		t.Errorf("got %q, %v for a trickled candidate, want nothing", body, err)
	}
	_, err := obs.session.Patch(t.Context(), trickle, `"other"`)
	wantCode(t, err, "media.etag_mismatch")
	_, err = obs.session.Patch(t.Context(), trickle, "")
	wantCode(t, err, "media.etag_mismatch")
	_, err = obs.session.Patch(t.Context(), "hello", tag)
	wantCode(t, err, "media.bad_sdp")
	if got := obs.session.ETag(); got != tag {
		t.Errorf("got a new tag %s without a restart", got)
	}

	offer, err := obs.pc.CreateOffer(&webrtc.OfferOptions{ICERestart: true})
	must(t, err)
	gathered := webrtc.GatheringCompletePromise(obs.pc)
	must(t, obs.pc.SetLocalDescription(offer))
	<-gathered
	local = obs.pc.LocalDescription().SDP
	body, err := obs.session.Patch(t.Context(),
		"a=ice-ufrag:"+lineOf(local, "a=ice-ufrag:")+"\r\na=ice-pwd:"+lineOf(local, "a=ice-pwd:")+"\r\n", "*")
	must(t, err)
	if obs.session.ETag() == tag {
		t.Error("the tag did not change with the restart")
	}
	answer := replaceLine(obs.answer, "a=ice-ufrag:", lineOf(body, "a=ice-ufrag:"))
	answer = replaceLine(answer, "a=ice-pwd:", lineOf(body, "a=ice-pwd:"))
	must(t, obs.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}))
	viewer := watch(t, plane, shape{videos: 1, audios: 1})
	viewer.wait(viewer.slot(sfu.SlotProgramme, video, 0), "the encoder after the restart", sees(1))
}
