package rehearse

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/nack"
	"github.com/pion/interceptor/pkg/report"
	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/logging"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"

	"github.com/diemcau/diemcau/sfu/repair"
	"github.com/diemcau/diemcau/sfu/ring"
)

// What a venue page offers (docs/protocol.md): a microphone and a simulcast camera up;
// programme and return picture, programme sound and voices down.
const (
	receiveVideos = 2
	receiveAudios = 4

	payloadH264 = 102
	payloadRTX  = 103
	payloadOpus = 111

	disconnectedAfter = 2500 * time.Millisecond // as browsers do
	failedAfter       = 8 * time.Second         // … beyond that
	keepAlive         = time.Second

	replayWindow = 1024 // packets, as browsers have it
)

// newAPI makes the WebRTC stack of one venue on a socket of its own; where UDP does not get
// through it takes TCP, and a relay it is given by TLS.
func newAPI(socket net.PacketConn, relay relayDialer, up *uplink) (*webrtc.API, error) {
	media := &webrtc.MediaEngine{}
	feedback := []webrtc.RTCPFeedback{
		{Type: "nack"}, {Type: "nack", Parameter: "pli"}, {Type: "ccm", Parameter: "fir"}, {Type: webrtc.TypeRTCPFBTransportCC},
	}
	for _, c := range []struct {
		kind  webrtc.RTPCodecType
		codec webrtc.RTPCodecParameters
	}{
		{webrtc.RTPCodecTypeVideo, webrtc.RTPCodecParameters{PayloadType: payloadH264, RTPCodecCapability: webrtc.RTPCodecCapability{
			MimeType: webrtc.MimeTypeH264, ClockRate: 90_000, RTCPFeedback: feedback,
			SDPFmtpLine: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
		}}},
		{webrtc.RTPCodecTypeVideo, webrtc.RTPCodecParameters{PayloadType: payloadRTX, RTPCodecCapability: webrtc.RTPCodecCapability{
			MimeType: webrtc.MimeTypeRTX, ClockRate: 90_000, SDPFmtpLine: fmt.Sprintf("apt=%d", payloadH264),
		}}},
		{webrtc.RTPCodecTypeAudio, webrtc.RTPCodecParameters{PayloadType: payloadOpus, RTPCodecCapability: webrtc.RTPCodecCapability{
			MimeType: webrtc.MimeTypeOpus, ClockRate: soundRate, Channels: 2, SDPFmtpLine: "minptime=10;useinbandfec=1",
			RTCPFeedback: []webrtc.RTCPFeedback{{Type: "nack"}, {Type: webrtc.TypeRTCPFBTransportCC}},
		}}},
	} {
		if err := media.RegisterCodec(c.codec, c.kind); err != nil {
			return nil, fmt.Errorf("register a codec: %w", err)
		}
	}
	for _, uri := range []string{sdp.SDESMidURI, sdp.SDESRTPStreamIDURI, sdp.SDESRepairRTPStreamIDURI} {
		if err := media.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: uri}, webrtc.RTPCodecTypeVideo); err != nil {
			return nil, fmt.Errorf("register a header extension: %w", err)
		}
	}
	for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeVideo, webrtc.RTPCodecTypeAudio} {
		if err := media.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: sdp.TransportCCURI}, kind); err != nil {
			return nil, fmt.Errorf("register a header extension: %w", err)
		}
	}
	if err := media.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: levelURI}, webrtc.RTPCodecTypeAudio); err != nil {
		return nil, fmt.Errorf("register a header extension: %w", err)
	}
	registry, err := interceptors(up)
	if err != nil {
		return nil, err
	}
	quiet := silent()
	settings := webrtc.SettingEngine{LoggerFactory: quiet}
	settings.SetNetworkTypes([]webrtc.NetworkType{
		webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6, webrtc.NetworkTypeTCP4, webrtc.NetworkTypeTCP6,
	})
	settings.SetICEProxyDialer(relay)
	settings.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	settings.SetICETimeouts(disconnectedAfter, failedAfter, keepAlive)
	settings.SetSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM, dtls.SRTP_AES128_CM_HMAC_SHA1_80)
	settings.SetSRTPReplayProtectionWindow(replayWindow)
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetICEUDPMux(webrtc.NewICEUDPMux(quiet.NewLogger("ice"), socket))
	return webrtc.NewAPI(webrtc.WithMediaEngine(media), webrtc.WithInterceptorRegistry(registry), webrtc.WithSettingEngine(settings)), nil
}

// silent logs nothing: what breaks is told by what does not come.
func silent() logging.LoggerFactory {
	f := logging.NewDefaultLoggerFactory()
	f.DefaultLogLevel = logging.LogLevelDisabled
	return f
}

// socketBuffer is asked of the kernel: thirty venues on two cores wait for their turn.
const socketBuffer = 1 << 20

// listen opens a UDP socket on the address this machine reaches the server from.
func listen(ctx context.Context, from Network, host string) (net.PacketConn, error) {
	local, err := localAddress(ctx, from, host)
	if err != nil {
		return nil, err
	}
	socket, err := from.ListenPacket(ctx, "udp", local.String())
	if err != nil {
		return nil, fmt.Errorf("open a socket for media: %w", err)
	}
	if udp, ok := socket.(*net.UDPConn); ok {
		_ = udp.SetReadBuffer(socketBuffer)  // the kernel's own size will do
		_ = udp.SetWriteBuffer(socketBuffer) // likewise
	}
	return socket, nil
}

// localAddress is the address this machine reaches a host from, with port 0.
func localAddress(ctx context.Context, from Network, host string) (*net.UDPAddr, error) {
	probe, err := from.Dial(ctx, "udp", net.JoinHostPort(host, "9")) // nothing is sent
	if err != nil {
		return nil, fmt.Errorf("find the way to %s: %w", host, err)
	}
	local, ok := probe.LocalAddr().(*net.UDPAddr)
	_ = probe.Close() // it was never used
	if !ok {
		return nil, fmt.Errorf("find the way to %s: %w", host, net.ErrClosed)
	}
	local.Port = 0
	return local, nil
}

// moved reports whether this machine has another address by now.
func (p *peer) moved(ctx context.Context, from Network, host string) bool {
	now, err := localAddress(ctx, from, host)
	if err != nil {
		return false // no way at all; it may come back
	}
	was, ok := p.socket.LocalAddr().(*net.UDPAddr)
	return ok && !was.IP.Equal(now.IP)
}

// interceptors answer the server's requests, report, and let both sides learn what the
// line takes. Lost packets are asked for by who reads them.
func interceptors(up *uplink) (*interceptor.Registry, error) {
	registry := &interceptor.Registry{}
	responder, err := nack.NewResponderInterceptor()
	if err != nil {
		return nil, fmt.Errorf("make the nack responder: %w", err)
	}
	receiver, err := report.NewReceiverInterceptor()
	if err != nil {
		return nil, fmt.Errorf("make receiver reports: %w", err)
	}
	sender, err := report.NewSenderInterceptor()
	if err != nil {
		return nil, fmt.Errorf("make sender reports: %w", err)
	}
	congestion, err := twcc.NewSenderInterceptor(twcc.WithLoggerFactory(silent()))
	if err != nil {
		return nil, fmt.Errorf("make congestion feedback: %w", err)
	}
	for _, f := range []interceptor.Factory{up, repairedFactory{}, responder, receiver, sender, congestion} {
		registry.Add(f)
	}
	return registry, nil
}

// peer is one PeerConnection of a venue.
type peer struct {
	pc     *webrtc.PeerConnection
	socket net.PacketConn
	mic    *webrtc.TrackLocalStaticRTP
	camera []*webrtc.TrackLocalStaticRTP // high to low
	sender *webrtc.RTPSender             // of the camera
	voice  *webrtc.RTPSender             // of the microphone
	up     *uplink
	stands chan struct{} // closed when media gets through
	ended  chan struct{} // closed when it never stood, or was closed
	// unsteady tells that nothing comes any more; it may come back by itself.
	unsteady chan struct{}
	lost     atomic.Bool // nothing comes since then
}

// newPeer makes the connection with all its m-lines in the order of the protocol.
func newPeer(ctx context.Context, host string, rids []string, videos int, by relays) (*peer, error) {
	socket, err := listen(ctx, by.dialer.from, host)
	if err != nil {
		return nil, err
	}
	p := &peer{
		socket: socket, up: newUplink(), stands: make(chan struct{}), ended: make(chan struct{}), unsteady: make(chan struct{}, 1),
	}
	api, err := newAPI(socket, by.dialer, p.up)
	if err == nil {
		p.pc, err = api.NewPeerConnection(webrtc.Configuration{ICEServers: by.servers})
	}
	if err != nil {
		_ = socket.Close() // it was never used
		return nil, fmt.Errorf("make a peer connection: %w", err)
	}
	if err := p.lines(rids, videos); err != nil {
		p.close()
		return nil, fmt.Errorf("offer the m-lines: %w", err)
	}
	var once, stands sync.Once
	p.pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		stood := p.lost.Load()
		switch s {
		case webrtc.PeerConnectionStateConnected:
			p.lost.Store(false)
			stands.Do(func() { close(p.stands) })
			return
		case webrtc.PeerConnectionStateDisconnected:
			stood = true
		case webrtc.PeerConnectionStateFailed, webrtc.PeerConnectionStateClosed:
			if s == webrtc.PeerConnectionStateClosed || !stood {
				once.Do(func() { close(p.ended) })
			}
		case webrtc.PeerConnectionStateUnknown, webrtc.PeerConnectionStateNew, webrtc.PeerConnectionStateConnecting:
			return
		}
		if p.lost.Store(stood); !stood {
			return
		}
		select {
		case p.unsteady <- struct{}{}:
		default:
		}
	})
	return p, nil
}

// close ends the connection and waits for what it had running.
func (p *peer) close() {
	_ = p.pc.GracefulClose() // it is over either way
	_ = p.socket.Close()     // likewise
}

func (p *peer) lines(rids []string, videos int) error {
	sendonly := webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly}
	recvonly := webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}
	var err error
	if p.mic, err = webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus}, "microphone", "venue"); err != nil {
		return err
	}
	tr, err := p.pc.AddTransceiverFromTrack(p.mic, sendonly)
	if err != nil {
		return err
	}
	p.voice = tr.Sender()
	for i, rid := range rids {
		track, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeH264}, "camera", "venue", webrtc.WithRTPStreamID(rid))
		if err != nil {
			return err
		}
		p.camera = append(p.camera, track)
		if i > 0 {
			if err := p.sender.AddEncoding(track); err != nil {
				return err
			}
			continue
		}
		tr, err := p.pc.AddTransceiverFromTrack(track, sendonly)
		if err != nil {
			return err
		}
		p.sender = tr.Sender()
	}
	for range videos {
		if _, err := p.pc.AddTransceiverFromKind(webrtc.RTPCodecTypeVideo, recvonly); err != nil {
			return err
		}
	}
	for range receiveAudios {
		if _, err := p.pc.AddTransceiverFromKind(webrtc.RTPCodecTypeAudio, recvonly); err != nil {
			return err
		}
	}
	return nil
}

// losses asks for the packets of a track that are missing, as a browser does.
type losses struct {
	repair.Asker

	unwrap ring.Unwrapper
	ssrc   uint32
	due    []uint16
}

// got notes a packet and asks for what is missing.
func (l *losses) got(p *peer, seq uint16) {
	now := time.Now().UnixNano()
	l.Got(l.unwrap.Extend(seq), now)
	if l.due = l.Due(l.due[:0], now); len(l.due) > 0 {
		// Lost with the connection, of which the reader hears by itself.
		_ = p.pc.WriteRTCP([]rtcp.Packet{&rtcp.TransportLayerNack{
			MediaSSRC: l.ssrc, Nacks: rtcp.NackPairsFromSequenceNumbers(l.due),
		}})
	}
}

// connect offers; ask carries the offer to the server and returns the answer.
func (p *peer) connect(ctx context.Context, ask func(offer string) (string, error)) error {
	return p.negotiate(ctx, nil, ask)
}

// restart offers once more with a restart of ICE. The way there was is given up at once.
func (p *peer) restart(ctx context.Context, ask func(offer string) (string, error)) error {
	return p.negotiate(ctx, &webrtc.OfferOptions{ICERestart: true}, ask)
}

func (p *peer) negotiate(ctx context.Context, how *webrtc.OfferOptions, ask func(offer string) (string, error)) error {
	offer, err := p.pc.CreateOffer(how)
	if err != nil {
		return fmt.Errorf("make an offer: %w", err)
	}
	gathered := webrtc.GatheringCompletePromise(p.pc)
	if err := p.pc.SetLocalDescription(offer); err != nil {
		return fmt.Errorf("set the offer: %w", err)
	}
	select {
	case <-gathered:
	case <-ctx.Done():
		return fmt.Errorf("gather candidates: %w", ctx.Err())
	}
	answer, err := ask(p.pc.LocalDescription().SDP)
	if err != nil {
		return err
	}
	if err := p.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}); err != nil {
		return fmt.Errorf("set the answer: %w", err)
	}
	return nil
}

// extensions are the header extensions that name a simulcast packet's m-line and layer.
type extensions struct {
	midID, ridID uint8
	mid          []byte
}

func (p *peer) extensions() extensions {
	var e extensions
	for _, h := range p.sender.GetParameters().HeaderExtensions {
		switch h.URI {
		case sdp.SDESMidURI:
			e.midID = uint8(h.ID) // 1–14
		case sdp.SDESRTPStreamIDURI:
			e.ridID = uint8(h.ID) // 1–14
		}
	}
	for _, tr := range p.pc.GetTransceivers() {
		if tr.Sender() == p.sender {
			e.mid = []byte(tr.Mid())
		}
	}
	return e
}

// name writes which m-line and layer a packet is of.
func (e *extensions) name(h *rtp.Header, rid string) error {
	if e.ridID == 0 {
		return nil
	}
	if err := h.SetExtension(e.midID, e.mid); err != nil {
		return err //nolint:wrapcheck // cannot be: it is short
	}
	return h.SetExtension(e.ridID, []byte(rid)) //nolint:wrapcheck // likewise
}

// hostOf returns the host of a base URL.
func hostOf(base string) string {
	_, rest, _ := strings.Cut(base, "://")
	host, _, err := net.SplitHostPort(rest)
	if err != nil {
		return strings.Trim(rest, "[]")
	}
	return host
}
