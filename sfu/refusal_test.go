package sfu_test

import (
	"bytes"
	"context"
	"net"
	"strings"
	"testing"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/sfu"
)

// offerOf makes an offer with pion's default codecs, changed by replacing text.
func offerOf(t *testing.T, up bool, replace ...string) string {
	t.Helper()
	pc, err := webrtc.NewPeerConnection(webrtc.Configuration{})
	must(t, err)
	defer func() { _ = pc.GracefulClose() }()
	direction := webrtc.RTPTransceiverDirectionRecvonly
	if up {
		direction = webrtc.RTPTransceiverDirectionSendonly
	}
	for _, kind := range []webrtc.RTPCodecType{video, audio} {
		if up {
			codec := webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeH264}
			if kind == audio {
				codec.MimeType = webrtc.MimeTypeOpus
			}
			track, err := webrtc.NewTrackLocalStaticRTP(codec, kind.String(), "s")
			must(t, err)
			_, err = pc.AddTransceiverFromTrack(track, webrtc.RTPTransceiverInit{Direction: direction})
			must(t, err)
			continue
		}
		_, err := pc.AddTransceiverFromKind(kind, webrtc.RTPTransceiverInit{Direction: direction})
		must(t, err)
	}
	offer, err := pc.CreateOffer(nil)
	must(t, err)
	return strings.NewReplacer(replace...).Replace(offer.SDP)
}

func TestJ9_OffersThatCannotBeUsedAreRefused(t *testing.T) {
	t.Parallel()
	plane := newPlane(t)
	join := func(ctx context.Context, offer string) error {
		_, _, err := plane.JoinVenue(ctx, east, offer)
		return err
	}
	publish := func(ctx context.Context, offer string) error {
		_, _, err := plane.Publish(ctx, east, offer)
		return err
	}
	watch := func(ctx context.Context, offer string) error {
		_, _, err := plane.Watch(ctx, "", offer)
		return err
	}
	good := offerOf(t, true)
	head, _, _ := strings.Cut(good, "m=")
	for _, tt := range []struct {
		name  string
		how   func(context.Context, string) error
		offer string
		code  string
	}{
		{"empty", join, "", "media.bad_sdp"},
		{"not sdp", join, "v=1\r\nhello", "media.bad_sdp"},
		{"json", join, `{"type":"offer"}`, "media.bad_sdp"},
		{"too long", join, good + strings.Repeat("a=x:y\r\n", 10_000), "media.bad_sdp"},
		{"no m-lines", join, head, "media.bad_sdp"},
		{"cut in the middle", join, good[:len(good)/2], "media.bad_sdp"},
		{"no credentials", join, strings.ReplaceAll(good, "a=ice-", "a=nice-"), "media.bad_sdp"},
		{"no fingerprint", join, strings.ReplaceAll(good, "a=fingerprint", "a=thumb"), "media.bad_sdp"},
		{"no mid", join, strings.ReplaceAll(good, "a=mid:", "a=dim:"), "media.bad_sdp"},
		{"no bundle", publish, strings.ReplaceAll(good, "a=group:BUNDLE", "a=group:LS"), "media.bad_sdp"},
		{"half a bundle", publish, strings.ReplaceAll(good, "BUNDLE 0 1", "BUNDLE 0"), "media.bad_sdp"},
		{"the camera switched off", publish, strings.ReplaceAll(good, "m=video 9", "m=video 0"), "media.no_h264"},
		{"one mid twice", join, strings.ReplaceAll(good, "a=mid:1", "a=mid:0"), "media.bad_sdp"},
		{"a thousand m-lines", join, good + strings.Repeat("m=audio 9 X 0\r\na=mid:9\r\n", 1000), "media.bad_sdp"},
		{"no h264 to publish", publish, strings.ReplaceAll(good, "H264", "VP8"), "media.no_h264"},
		{"no h264 from a venue", join, strings.ReplaceAll(good, "H264", "AV1"), "media.no_h264"},
		{"only packetization mode 0", join, strings.ReplaceAll(good, "packetization-mode=1", "packetization-mode=0"), "media.no_h264"},
		{"no opus", publish, strings.ReplaceAll(good, "opus", "PCMX"), "media.no_opus"},
		{"a viewer without h264", watch, strings.ReplaceAll(offerOf(t, false), "H264", "VP9"), "media.no_h264"},
		{"a viewer who sends", watch, good, "media.bad_sdp"},
		{"an encoder who receives", publish, offerOf(t, false), "media.no_h264"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := tt.how(t.Context(), tt.offer)
			wantCode(t, err, tt.code)
		})
	}
}

// Every profile of the design is taken, at any level, and a viewer is answered with the
// profile it offered.
func TestProfilesAreAccepted(t *testing.T) {
	t.Parallel()
	plane := newPlane(t)
	for _, profile := range []string{
		"42e01f", "42001f", "4d001f", "640c1f", "64001f", "42e034", "42c028", "640028", "4d0032", "42E01F",
	} {
		t.Run(profile, func(t *testing.T) {
			t.Parallel()
			only := offerOf(t, true, "42001f", profile, "42e01f", profile, "4d001f", profile, "64001f", profile)
			s, answer, err := plane.Publish(t.Context(), conference.VenueID("v-"+strings.ToLower(profile)), only)
			must(t, err)
			defer s.Close()
			if !strings.Contains(answer, "profile-level-id="+profile) {
				t.Errorf("the answer lacks %s:\n%s", profile, answer)
			}
		})
	}
	s, answer, err := plane.Watch(t.Context(), "", offerOf(t, false))
	must(t, err)
	defer s.Close()
	if !strings.Contains(answer, "profile-level-id=42e01f") || strings.Contains(answer, "profile-level-id=64") {
		t.Errorf("a viewer who can do everything is to be answered 42e01f:\n%s", answer)
	}
	if strings.Contains(answer, "transport-wide-cc") || !strings.Contains(answer, "a=ice-lite") {
		t.Errorf("the answer to a viewer is not what it should be:\n%s", answer)
	}
}

// A publisher with B-frames stays connected, is told so, and its picture is not forwarded.
func TestJ9_BFramesAreNotForwarded(t *testing.T) {
	t.Parallel()
	plane := newPlane(t)
	city := joinVenue(t, plane, hall)
	film(t, city, 1, func(c *camera) { c.bframe = true })
	speak(t, city, words(1))
	deadline := t.Context()
	for {
		all, change := plane.Publishers()
		if p := all[hall]; p.Note == "media.b_frames" && !p.Video && p.Audio {
			break
		}
		select {
		case <-change:
		case <-deadline.Done():
			t.Fatal("never told")
		}
	}
	e := joinVenue(t, plane, east)
	e.wait(e.slot(sfu.SlotVoice, audio, 0), "the sound goes on", hears(1))
	if got := e.packets(e.slot(sfu.SlotReturn, video, 0)); len(got) != 0 {
		t.Errorf("got %d packets of a picture with B-frames, want 0", len(got))
	}
}

// A keyframe that lacks its parameter sets gets the cached ones.
func TestParameterSetsAreInserted(t *testing.T) {
	t.Parallel()
	plane := newPlane(t)
	city := joinVenue(t, plane, hall)
	film(t, city, 1, func(c *camera) { c.noSets = true })
	until(t, "the camera seen", func() bool {
		all, _ := plane.Publishers()
		return all[hall].Video
	})
	e := joinVenue(t, plane, east)
	mid := e.slot(sfu.SlotReturn, video, 0)
	all := e.wait(mid, "city hall", sees(1))
	if !startsPicture(all[0].Packet) {
		t.Errorf("got %x first, want parameter sets", all[0].Payload)
	}
	contiguous(t, e, mid)
}

// Junk from the network and from a publisher is counted and harms nobody.
func TestJ9_JunkIsCounted(t *testing.T) {
	t.Parallel()
	plane := newPlane(t)
	city, e := joinVenue(t, plane, hall), joinVenue(t, plane, east)
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "udp", "127.0.0.1:"+portOf(t, city.answer))
	must(t, err)
	defer conn.Close()
	for _, junk := range [][]byte{{}, {0}, []byte("GET / HTTP/1.1\r\n\r\n"), bytes.Repeat([]byte{0x80}, 1400), {0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42}} {
		_, err := conn.Write(junk)
		must(t, err)
	}
	for i, payload := range [][]byte{{0x7f, 1}, {0x78, 0xff, 0xff, 1}, {0x7c}, {0x60}, {}} {
		must(t, city.video[0].WriteRTP(&rtp.Packet{
			Header:  rtp.Header{Version: 2, SequenceNumber: uint16(65400 + i), Timestamp: uint32(i)},
			Payload: payload,
		}))
	}
	until(t, "junk counted", func() bool { return plane.Stats().Junk >= 4 })
	film(t, city, 1)
	e.wait(e.slot(sfu.SlotReturn, video, 0), "a good picture after the junk", sees(1))
}

// portOf returns the port of the first candidate of an answer.
func portOf(t *testing.T, answer string) string {
	t.Helper()
	fields := strings.Fields(lineOf(answer, "a=candidate:"))
	if len(fields) < 6 {
		t.Fatalf("no candidate in\n%s", answer)
	}
	return fields[5]
}
