package sfu

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"

	"github.com/diemcau/diemcau/internal/conference"
)

// Rungs is how many sizes the programme's picture has; 0 is the largest.
const Rungs = rungs

// How long a pull waits for the other node.
const (
	pullWithin = 10 * time.Second // for the first packet of every size
	// pullSilent is how long nothing may come of one. The other node's programme never stands
	// still, so silence means that the node, or the line to it, is gone.
	pullSilent = 2500 * time.Millisecond
	pullLook   = 250 * time.Millisecond

	pullDisconnected = 2 * time.Second
	pullFailed       = 3 * time.Second // beyond that
	pullKeepAlive    = 500 * time.Millisecond
)

// The payload types of a pull's offers.
const (
	pullH264 = 102
	pullRTX  = 103
	pullOpus = 111
)

var (
	errPullSilent = errors.New("nothing comes from the other node")
	errPullEnded  = errors.New("the other node, or this one, has ended the connection")
)

// Ask hands an offer for one size of the other node's programme to that node and returns the
// answer (Plane.WatchRung). The offer for the largest asks for the sound as well.
type Ask func(ctx context.Context, rung int, offer string) (answer string, err error)

// Pull shows the programme of another node as this plane's own: the main venue's camera is
// its picture in all its sizes, the main venue's microphone its sound, and the camera of a
// venue nobody else is (pulledBeside) its second picture, which comes when there is one. So whoever watches
// here has one stream with numbers without a gap whatever becomes of the other node; while it
// is away there is the slate. It returns when ctx ends (nil), or when the other node is gone
// for now: call it again. Nobody else may publish to the plane; its node is an Edge.
func (p *Plane) Pull(ctx context.Context, ask Ask) error {
	if p.broken != nil {
		return p.broken
	}
	api, err := p.node.pulling()
	if err != nil {
		return err
	}
	x := &pull{session: p.pulled(p.main, rungs), second: p.pulled(pulledBeside, 1), began: p.now()}
	defer x.close()
	for rung := range rungs {
		if err := x.connect(ctx, api, rung, ask); err != nil {
			return err
		}
	}
	if err := p.admit(ctx, x.session, nil); err != nil {
		return err
	}
	defer p.remove(x.session)
	if err := p.admit(ctx, x.second, nil); err != nil {
		return err
	}
	defer p.remove(x.second)
	return x.watch(ctx)
}

// pull is the connections to another node: one for each size, for a viewer has one picture.
type pull struct {
	session *Session // stands for them in the plane; its pc is the first
	second  *Session // for the second picture, which comes with that of besideRung
	beside  *webrtc.RTPTransceiver
	pcs     []*webrtc.PeerConnection
	began   time.Time
}

// pulled returns the session of a pull: an encoder that publishes a venue.
func (p *Plane) pulled(venue conference.VenueID, ranks int) *Session {
	return &Session{
		id: token(), plane: p, role: roleEncoder, venue: venue, page: Page{Venue: venue, Resume: token()},
		pub:         newPublisher(venue, ranks, p.counters.venue(venue)),
		negotiation: make(chan struct{}, 1), done: make(chan struct{}), change: make(chan struct{}),
	}
}

// pulling makes the WebRTC stack of a pull. It is the side that begins: it needs no port of
// its own, and takes TCP where UDP does not get through.
func (n *Node) pulling() (*webrtc.API, error) {
	media := &webrtc.MediaEngine{}
	for _, l := range []line{
		{
			media: webrtc.RTPCodecTypeVideo,
			codec: format{payload: pullH264, fmtp: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"},
			rtx:   &format{payload: pullRTX, fmtp: fmt.Sprintf("apt=%d", pullH264)},
		},
		{media: webrtc.RTPCodecTypeAudio, codec: format{payload: pullOpus}},
	} {
		if err := register(media, l); err != nil {
			return nil, err
		}
	}
	registry := &interceptor.Registry{}
	if err := publishing(registry, n.logs); err != nil {
		return nil, err
	}
	s := webrtc.SettingEngine{LoggerFactory: n.logs}
	s.SetNetworkTypes([]webrtc.NetworkType{
		webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6, webrtc.NetworkTypeTCP4, webrtc.NetworkTypeTCP6,
	})
	s.SetIncludeLoopbackCandidate(true)
	s.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	s.SetICETimeouts(pullDisconnected, pullFailed, pullKeepAlive)
	s.SetSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM, dtls.SRTP_AES128_CM_HMAC_SHA1_80)
	s.SetSRTPReplayProtectionWindow(replayWindow)
	return webrtc.NewAPI(webrtc.WithMediaEngine(media), webrtc.WithInterceptorRegistry(registry), webrtc.WithSettingEngine(s)), nil
}

// connect asks for one size of the picture.
func (x *pull) connect(ctx context.Context, api *webrtc.API, rung int, ask Ask) error {
	pc, err := api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return fmt.Errorf("make a connection to the other node: %w", err)
	}
	x.pcs = append(x.pcs, pc)
	kinds := []webrtc.RTPCodecType{webrtc.RTPCodecTypeVideo}
	switch rung {
	case 0:
		x.session.pc = pc
		kinds = append(kinds, webrtc.RTPCodecTypeAudio)
	case besideRung:
		x.second.pc = pc
		kinds = append(kinds, webrtc.RTPCodecTypeVideo)
	}
	receive := webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}
	for i, kind := range kinds {
		transceiver, err := pc.AddTransceiverFromKind(kind, receive)
		if err != nil {
			return fmt.Errorf("offer to receive: %w", err)
		}
		if rung == besideRung && i > 0 {
			x.beside = transceiver
		}
	}
	pc.OnConnectionStateChange(func(state webrtc.PeerConnectionState) { x.steady(rung, state) })
	pc.OnTrack(func(track *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) { x.receive(pc, rung, track, receiver) })
	offer, err := pc.CreateOffer(nil)
	if err != nil {
		return fmt.Errorf("make an offer: %w", err)
	}
	gathered := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(offer); err != nil {
		return fmt.Errorf("set an offer: %w", err)
	}
	select {
	case <-gathered:
	case <-ctx.Done():
		return fmt.Errorf("gather candidates: %w", ctx.Err())
	}
	answer, err := ask(ctx, rung, pc.LocalDescription().SDP)
	if err != nil {
		return err
	}
	if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}); err != nil {
		return fmt.Errorf("take the other node's answer: %w", err)
	}
	return nil
}

// steady follows the connections: they are lost together.
func (x *pull) steady(rung int, state webrtc.PeerConnectionState) {
	switch state {
	case webrtc.PeerConnectionStateConnected:
		switch rung {
		case 0:
			x.session.steady(state)
		case besideRung:
			x.second.steady(state)
		}
	case webrtc.PeerConnectionStateFailed, webrtc.PeerConnectionStateClosed:
		x.session.Close()
	case webrtc.PeerConnectionStateUnknown, webrtc.PeerConnectionStateNew,
		webrtc.PeerConnectionStateConnecting, webrtc.PeerConnectionStateDisconnected: // it may come back
	}
}

// receive takes a track as a layer of the main venue's camera, or its microphone.
func (x *pull) receive(pc *webrtc.PeerConnection, rung int, track *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
	s := x.session
	if receiver.RTPTransceiver() == x.beside {
		s, rung = x.second, 0
	}
	ssrc := uint32(track.SSRC())
	u := &upTrack{session: s, pub: s.pub, track: track, payload: uint8(track.PayloadType())}
	u.ask = func(seqs []uint16) {
		_ = pc.WriteRTCP([]rtcp.Packet{&rtcp.TransportLayerNack{ // it is asked for again
			MediaSSRC: ssrc, Nacks: rtcp.NackPairsFromSequenceNumbers(seqs),
		}})
	}
	var taken bool
	if track.Kind() == webrtc.RTPCodecTypeVideo {
		u.rank = rung
		u.feed = newVideoFeed(s.plane.ids.next(), ringOf(rung))
		// However many watch here, the other node is asked once a second at most.
		u.feed.keys.send = func() {
			if pc.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: ssrc}}) == nil {
				s.plane.counters.plis.Add(1)
			}
		}
		taken = s.pub.addLayer(&cameraLayer{rank: rung, feed: u.feed})
	} else {
		u.feed = newAudioFeed(s.plane.ids.next())
		taken = s.pub.setMic(u.feed)
	}
	if !taken || s.ended() {
		return
	}
	s.plane.node.spawn(u.read)
	s.plane.node.spawn(func() { u.readReports(receiver.Read) })
}

// watch waits until the pull is over.
func (x *pull) watch(ctx context.Context) error {
	tick := time.NewTicker(pullLook)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-x.session.done:
			return errPullEnded
		case <-x.session.plane.ended:
			return nil
		case <-tick.C:
			if now := x.session.plane.now(); !x.flows(now) && now.Sub(x.began) > pullWithin {
				return errPullSilent
			}
		}
	}
}

// flows reports whether all that was asked for comes. Once it has come it is waited for no
// longer than for a silence.
func (x *pull) flows(now time.Time) bool {
	layers, mic := x.session.pub.feeds()
	if len(layers) < rungs || mic == nil {
		return false
	}
	quiet := func(f *feed) bool { return !f.alive(now, pullSilent) }
	if quiet(mic) || slices.ContainsFunc(layers, func(l *cameraLayer) bool { return quiet(l.feed) }) {
		return false
	}
	x.began = time.Time{}
	return true
}

// close ends the connections; the other node is told by DTLS.
func (x *pull) close() {
	x.session.Close()
	x.second.Close()
	for _, pc := range x.pcs {
		_ = pc.GracefulClose() // it is over either way
	}
}
