package sfu

import (
	"fmt"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/report"
	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/logging"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"
)

// extAbsSendTime is the header extension publishers' bandwidth estimators use beside
// transport-wide sequence numbers.
const extAbsSendTime = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"

// How fast a silent peer is noticed. Failed ends the session.
const (
	iceDisconnected = 4 * time.Second
	iceFailed       = 11 * time.Second
	iceKeepAlive    = 2 * time.Second
)

// replayWindow is how many packets of one stream a packet may come after newer ones before
// it is taken for a replay: what libwebrtc has. pion's own, 64, is 1.3 s of sound, and of
// pictures less than a round trip: what was sent again would be thrown away.
const replayWindow = 1024

// newAPI makes the WebRTC stack of one PeerConnection. The media engine knows exactly the
// formats chosen from the offer, so that pion's comparison of profile bytes never decides.
func (n *Node) newAPI(o *offer, r role, d *downlink) (*webrtc.API, error) {
	media := &webrtc.MediaEngine{}
	publishes := false
	for _, l := range o.lines {
		publishes = publishes || l.up
		if err := register(media, l); err != nil {
			return nil, err
		}
	}
	registry := &interceptor.Registry{}
	settings := n.settings(r)
	if d != nil {
		settings.BufferFactory = d.buffer
	}
	if err := extensions(media); err != nil {
		return nil, err
	}
	if publishes {
		if err := publishing(registry, n.logs); err != nil {
			return nil, err
		}
	}
	return webrtc.NewAPI(
		webrtc.WithMediaEngine(media),
		webrtc.WithInterceptorRegistry(registry),
		webrtc.WithSettingEngine(settings),
	), nil
}

func (n *Node) settings(r role) webrtc.SettingEngine {
	s := webrtc.SettingEngine{LoggerFactory: n.logs}
	s.SetLite(true)
	s.SetICEUDPMux(n.mux)
	networks := []webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6}
	if n.tcp != nil {
		s.SetICETCPMux(n.tcp)
		networks = append(networks, webrtc.NetworkTypeTCP4, webrtc.NetworkTypeTCP6)
	}
	s.SetNetworkTypes(networks)
	s.DisableActiveTCP(true)
	s.SetIncludeLoopbackCandidate(true)
	s.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	disconnected, failed := n.silence()
	if r != roleEncoder {
		failed = 2 * n.resumeWithin() // the session ends before: its page may come back until then
	}
	s.SetICETimeouts(disconnected, failed, iceKeepAlive)
	s.SetSRTPProtectionProfiles(
		dtls.SRTP_AEAD_AES_128_GCM, dtls.SRTP_AES128_CM_HMAC_SHA1_80)
	s.SetSRTPReplayProtectionWindow(replayWindow)
	s.DisableMediaEngineCopy(true)
	return s
}

func register(media *webrtc.MediaEngine, l line) error {
	switch l.media {
	case webrtc.RTPCodecTypeAudio:
		return register1(media, l.media, webrtc.RTPCodecParameters{
			RTPCodecCapability: webrtc.RTPCodecCapability{
				MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2,
				SDPFmtpLine:  "minptime=10;useinbandfec=1",
				RTCPFeedback: []webrtc.RTCPFeedback{{Type: webrtc.TypeRTCPFBTransportCC}, {Type: webrtc.TypeRTCPFBNACK}},
			},
			PayloadType: webrtc.PayloadType(l.codec.payload),
		})
	case webrtc.RTPCodecTypeVideo:
		err := register1(media, l.media, webrtc.RTPCodecParameters{
			RTPCodecCapability: webrtc.RTPCodecCapability{
				MimeType: webrtc.MimeTypeH264, ClockRate: 90000, SDPFmtpLine: l.codec.fmtp,
				RTCPFeedback: []webrtc.RTCPFeedback{
					{Type: webrtc.TypeRTCPFBTransportCC},
					{Type: webrtc.TypeRTCPFBCCM, Parameter: "fir"},
					{Type: webrtc.TypeRTCPFBNACK},
					{Type: webrtc.TypeRTCPFBNACK, Parameter: "pli"},
				},
			},
			PayloadType: webrtc.PayloadType(l.codec.payload),
		})
		if err != nil || l.rtx == nil {
			return err
		}
		return register1(media, l.media, webrtc.RTPCodecParameters{
			RTPCodecCapability: webrtc.RTPCodecCapability{
				MimeType: webrtc.MimeTypeRTX, ClockRate: 90000, SDPFmtpLine: l.rtx.fmtp,
			},
			PayloadType: webrtc.PayloadType(l.rtx.payload),
		})
	case webrtc.RTPCodecTypeUnknown:
	}
	return nil
}

func register1(media *webrtc.MediaEngine, kind webrtc.RTPCodecType, c webrtc.RTPCodecParameters) error {
	if err := media.RegisterCodec(c, kind); err != nil {
		return badSDP("one payload type for two formats")
	}
	return nil
}

// extensions registers those that name a publisher's layers, and those by which either
// side learns what the line takes.
func extensions(media *webrtc.MediaEngine) error {
	up := []webrtc.RTPTransceiverDirection{webrtc.RTPTransceiverDirectionRecvonly}
	both := []webrtc.RTPTransceiverDirection{webrtc.RTPTransceiverDirectionRecvonly, webrtc.RTPTransceiverDirectionSendonly}
	for _, e := range []struct {
		uri string
		by  []webrtc.RTPTransceiverDirection
	}{
		{sdp.SDESMidURI, up},
		{sdp.SDESRTPStreamIDURI, up},
		{sdp.SDESRepairRTPStreamIDURI, up},
		{sdp.TransportCCURI, both},
		{extAbsSendTime, up},
	} {
		for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeVideo, webrtc.RTPCodecTypeAudio} {
			if err := media.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: e.uri}, kind, e.by...); err != nil {
				return fmt.Errorf("register header extension: %w", err)
			}
		}
	}
	err := media.RegisterHeaderExtension(
		webrtc.RTPHeaderExtensionCapability{URI: sdp.AudioLevelURI}, webrtc.RTPCodecTypeAudio, webrtc.RTPTransceiverDirectionRecvonly)
	if err != nil {
		return fmt.Errorf("register header extension: %w", err)
	}
	return nil
}

// publishing adds what a publisher needs: receiver reports and feedback for its bandwidth
// estimator. Lost packets are asked for by upTrack, and sent again from the rings: pion's
// generator knows nothing of repairs on a stream of their own and asks for ever.
func publishing(registry *interceptor.Registry, logs logging.LoggerFactory) error {
	reports, err := report.NewReceiverInterceptor(report.WithReceiverLoggerFactory(logs))
	if err != nil {
		return fmt.Errorf("make receiver reports: %w", err)
	}
	congestion, err := twcc.NewSenderInterceptor(twcc.WithLoggerFactory(logs))
	if err != nil {
		return fmt.Errorf("make congestion feedback: %w", err)
	}
	registry.Add(reports)
	registry.Add(congestion)
	return nil
}
