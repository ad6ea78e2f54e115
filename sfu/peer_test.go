package sfu_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/logging"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/sfu"
)

const (
	hall conference.VenueID = "toa-thi-chinh"
	east conference.VenueID = "quan-dong"
	west conference.VenueID = "quan-tay"
)

// patience is how long a test waits for something that is to happen.
const patience = time.Minute

func newPlane(t *testing.T) *sfu.Plane {
	t.Helper()
	return newNode(t, sfu.Config{}).Plane("c", hall)
}

// newNode runs a node with cfg until the test ends.
func newNode(t *testing.T, cfg sfu.Config) *sfu.Node {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	if os.Getenv("SFU_DEBUG") != "" {
		log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	cfg.Logger, cfg.Now = log, time.Now
	if cfg.DeadAfter == 0 {
		cfg.DeadAfter = 3 * time.Second
	}
	n, err := sfu.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- n.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("run: %v", err)
		}
	})
	return n
}

// until waits until ok, looking again at every tick; it is for counters nobody announces.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline:
			t.Fatalf("waited in vain: %s", what)
		case <-tick.C:
		}
	}
}

// received is one packet that came in on an m-line.
type received struct {
	mid string
	rtp.Packet
}

// peer is a client: a PeerConnection whose sending is driven by the test.
type peer struct {
	t       *testing.T
	pc      *webrtc.PeerConnection
	session *sfu.Session // nil: a viewer
	viewer  *sfu.Viewer
	answer  string

	video []*webrtc.TrackLocalStaticRTP // high to low
	audio *webrtc.TrackLocalStaticRTP
	vsend *webrtc.RTPSender
	plis  chan uint32 // SSRC

	mu   sync.Mutex
	got  map[string][]received // by mid
	more chan struct{}         // closed and replaced with every packet
}

type shape struct {
	mic, camera bool
	rids        []string
	videos      int // recvonly
	audios      int
	noRTX       bool
	networks    []webrtc.NetworkType // nil: all
	relays      []webrtc.ICEServer   // if there are any, media takes no other way
	socket      net.PacketConn       // nil: pion's own
}

func newPeer(t *testing.T, s shape) *peer {
	t.Helper()
	m := &webrtc.MediaEngine{}
	feedback := []webrtc.RTCPFeedback{{Type: "nack"}, {Type: "nack", Parameter: "pli"}}
	must(t, m.RegisterCodec(webrtc.RTPCodecParameters{
		RTPCodecCapability: webrtc.RTPCodecCapability{
			MimeType: webrtc.MimeTypeH264, ClockRate: 90000, RTCPFeedback: feedback,
			SDPFmtpLine: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
		}, PayloadType: 106,
	}, webrtc.RTPCodecTypeVideo))
	if !s.noRTX {
		must(t, m.RegisterCodec(webrtc.RTPCodecParameters{
			RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeRTX, ClockRate: 90000, SDPFmtpLine: "apt=106"},
			PayloadType:        107,
		}, webrtc.RTPCodecTypeVideo))
	}
	must(t, m.RegisterCodec(webrtc.RTPCodecParameters{
		RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2, SDPFmtpLine: "minptime=10;useinbandfec=1"},
		PayloadType:        111,
	}, webrtc.RTPCodecTypeAudio))
	for _, uri := range []string{sdp.SDESMidURI, sdp.SDESRTPStreamIDURI, sdp.SDESRepairRTPStreamIDURI} {
		must(t, m.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: uri}, webrtc.RTPCodecTypeVideo))
	}
	must(t, m.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: levelURI}, webrtc.RTPCodecTypeAudio))
	e := webrtc.SettingEngine{LoggerFactory: quiet()}
	e.SetIncludeLoopbackCandidate(true)
	e.SetNetworkTypes(s.networks)
	if s.socket != nil {
		e.SetICEUDPMux(webrtc.NewICEUDPMux(quiet().NewLogger("mux"), s.socket))
	}
	e.DisableSRTPReplayProtection(true) // a test looks for packets that are sent twice
	api := webrtc.NewAPI(webrtc.WithMediaEngine(m), webrtc.WithSettingEngine(e),
		webrtc.WithInterceptorRegistry(&interceptor.Registry{}))
	cfg := webrtc.Configuration{ICEServers: s.relays}
	if len(s.relays) > 0 {
		cfg.ICETransportPolicy = webrtc.ICETransportPolicyRelay
	}
	pc, err := api.NewPeerConnection(cfg)
	must(t, err)
	p := &peer{
		t: t, pc: pc, got: make(map[string][]received), more: make(chan struct{}),
		plis: make(chan uint32, 64),
	}
	t.Cleanup(func() { _ = pc.GracefulClose() })
	p.sends(s)
	for range s.videos {
		p.recvonly(webrtc.RTPCodecTypeVideo)
	}
	for range s.audios {
		p.recvonly(webrtc.RTPCodecTypeAudio)
	}
	pc.OnTrack(p.read)
	return p
}

func (p *peer) sends(s shape) {
	p.t.Helper()
	if s.mic {
		track, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus}, "mic", "up")
		must(p.t, err)
		p.audio = track
		_, err = p.pc.AddTransceiverFromTrack(track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
		must(p.t, err)
	}
	if !s.camera {
		return
	}
	rids := s.rids
	if len(rids) == 0 {
		rids = []string{""}
	}
	for i, rid := range rids {
		var options []func(*webrtc.TrackLocalStaticRTP)
		if rid != "" {
			options = append(options, webrtc.WithRTPStreamID(rid))
		}
		track, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeH264}, "camera", "up", options...)
		must(p.t, err)
		p.video = append(p.video, track)
		if i > 0 {
			must(p.t, p.vsend.AddEncoding(track))
			continue
		}
		tr, err := p.pc.AddTransceiverFromTrack(track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
		must(p.t, err)
		p.vsend = tr.Sender()
	}
}

func (p *peer) recvonly(kind webrtc.RTPCodecType) {
	p.t.Helper()
	_, err := p.pc.AddTransceiverFromKind(kind, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly})
	must(p.t, err)
}

// join offers, gives the offer to how, and waits until connected.
func (p *peer) join(how func(context.Context, string) (*sfu.Session, string, error)) *peer {
	p.t.Helper()
	return p.negotiate(func(ctx context.Context, offer string) (answer string, err error) {
		p.session, answer, err = how(ctx, offer)
		return answer, err
	})
}

// negotiate offers, gives the offer to how, and waits until connected.
func (p *peer) negotiate(how func(context.Context, string) (string, error)) *peer {
	p.t.Helper()
	connected := make(chan struct{})
	var once sync.Once
	p.pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		if s == webrtc.PeerConnectionStateConnected {
			once.Do(func() { close(connected) })
		}
	})
	must(p.t, p.offer(nil, how))
	select {
	case <-connected:
	case <-time.After(patience):
		p.t.Fatal("not connected")
	}
	for _, track := range p.video {
		go p.feedback(track.RID())
	}
	return p
}

// offer offers, gives the offer to how, and takes its answer.
func (p *peer) offer(options *webrtc.OfferOptions, how func(context.Context, string) (string, error)) error {
	p.t.Helper()
	offer, err := p.pc.CreateOffer(options)
	must(p.t, err)
	gathered := webrtc.GatheringCompletePromise(p.pc)
	must(p.t, p.pc.SetLocalDescription(offer))
	<-gathered
	if p.answer, err = how(p.t.Context(), p.pc.LocalDescription().SDP); err != nil {
		return err
	}
	must(p.t, p.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: p.answer}))
	return nil
}

// feedback collects the keyframe requests to a layer until the connection is closed.
func (p *peer) feedback(rid string) {
	for {
		packets, _, err := p.vsend.ReadSimulcastRTCP(rid)
		if err != nil {
			return
		}
		for _, q := range packets {
			if pli, ok := q.(*rtcp.PictureLossIndication); ok {
				select {
				case p.plis <- pli.MediaSSRC:
				default:
				}
			}
		}
	}
}

func (p *peer) read(track *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
	mid := receiver.RTPTransceiver().Mid()
	for {
		q, _, err := track.ReadRTP()
		if err != nil {
			return
		}
		p.mu.Lock()
		p.got[mid] = append(p.got[mid], received{mid: mid, Packet: *q.Clone()})
		close(p.more)
		p.more = make(chan struct{})
		p.mu.Unlock()
	}
}

// packets returns what came in on an m-line so far.
func (p *peer) packets(mid string) []received {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.got[mid])
}

// all returns what came in on an m-line.
func (p *peer) all(mid string) []received {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.got[mid])
}

// wait waits until ok of the packets of an m-line.
func (p *peer) wait(mid, what string, ok func([]received) bool) []received {
	p.t.Helper()
	deadline := time.After(patience)
	for {
		p.mu.Lock()
		all, more := slices.Clone(p.got[mid]), p.more
		p.mu.Unlock()
		if ok(all) {
			return all
		}
		select {
		case <-more:
		case <-deadline:
			p.t.Fatalf("waited in vain: %s (%d packets on mid %s)", what, len(all), mid)
		}
	}
}

// slot returns the MID of the n-th slot of a kind and medium.
func (p *peer) slot(kind sfu.SlotKind, media webrtc.RTPCodecType, n int) string {
	p.t.Helper()
	if p.session == nil { // a viewer: its m-lines are the programme, the second picture last
		for _, tr := range p.pc.GetTransceivers() {
			if kind != sfu.SlotProgramme || tr.Kind() != media {
				continue
			}
			if n == 0 {
				return tr.Mid()
			}
			n--
		}
		p.t.Fatalf("a viewer has no such slot: %s", kind)
	}
	slots, _, _ := p.session.Slots()
	for _, s := range slots {
		if s.Kind != kind || p.kind(s.MID) != media {
			continue
		}
		if n == 0 {
			return s.MID
		}
		n--
	}
	p.t.Fatalf("no such slot: %s", kind)
	return ""
}

func (p *peer) kind(mid string) webrtc.RTPCodecType {
	for _, tr := range p.pc.GetTransceivers() {
		if tr.Mid() == mid {
			return tr.Kind()
		}
	}
	return 0
}

// waitSlot waits until the slot shows the venue.
func (p *peer) waitSlot(mid string, venue conference.VenueID) {
	p.t.Helper()
	deadline := time.After(patience)
	for {
		slots, _, change := p.session.Slots()
		if slices.ContainsFunc(slots, func(s sfu.Slot) bool { return s.MID == mid && s.Venue == venue }) {
			return
		}
		select {
		case <-change:
		case <-deadline:
			p.t.Fatalf("slot %s never showed %q: %v", mid, venue, slots)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	var refusal *conference.Error
	if !errors.As(err, &refusal) || refusal.Code != code {
		t.Fatalf("got %v, want %s", err, code)
	}
}

func quiet() logging.LoggerFactory {
	f := logging.NewDefaultLoggerFactory()
	f.DefaultLogLevel = logging.LogLevelDisabled
	return f
}

// lineOf returns the rest of the first line of a description with the prefix.
func lineOf(text, prefix string) string {
	for l := range strings.Lines(text) {
		if v, ok := strings.CutPrefix(l, prefix); ok {
			return strings.TrimRight(v, "\r\n")
		}
	}
	return ""
}

// replaceLine replaces the rest of every line with the prefix.
func replaceLine(text, prefix, value string) string {
	var b strings.Builder
	for l := range strings.Lines(text) {
		if strings.HasPrefix(l, prefix) {
			l = prefix + value + "\r\n"
		}
		b.WriteString(l)
	}
	return b.String()
}
