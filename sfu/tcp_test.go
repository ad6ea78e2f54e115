package sfu_test

import (
	"context"
	"net"
	"strings"
	"testing"

	"github.com/pion/webrtc/v4"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/sfu"
)

// tcpNode is a node that takes media over TCP as well.
func tcpNode(t *testing.T) *sfu.Node {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", ":0")
	must(t, err)
	return newNode(t, sfu.Config{TCP: l})
}

// relayNode is a node that relays, and its address for clients.
func relayNode(t *testing.T, network, address string) (*sfu.Node, webrtc.ICEServer) {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), network, address)
	must(t, err)
	node := newNode(t, sfu.Config{Relay: l, RelayKey: []byte("0123456789abcdef")})
	username, credential := node.RelayCredentials("session")
	return node, webrtc.ICEServer{
		URLs: []string{"turn:" + l.Addr().String() + "?transport=tcp"}, Username: username, Credential: credential,
	}
}

// way returns the protocol of a peer's selected candidate pair, as "tcp host".
func (p *peer) way() string {
	p.t.Helper()
	pair, err := p.pc.SCTP().Transport().ICETransport().GetSelectedCandidatePair()
	must(p.t, err)
	if pair == nil {
		return "none"
	}
	if pair.Local.Typ == webrtc.ICECandidateTypeRelay {
		return "relay"
	}
	return pair.Remote.Protocol.String() + " " + pair.Remote.Typ.String()
}

// everybody joins in every role, over the given networks and relays only, and sees and hears.
func everybody(t *testing.T, node *sfu.Node, over shape) map[string]*peer {
	t.Helper()
	with := func(s shape) shape {
		s.networks, s.relays = over.networks, over.relays
		return s
	}
	plane := node.Plane("c", hall)
	venue := func(v conference.VenueID) func(context.Context, string) (*sfu.Session, string, error) {
		return func(ctx context.Context, offer string) (*sfu.Session, string, error) {
			return plane.JoinVenue(ctx, v, offer)
		}
	}
	peers := map[string]*peer{
		"venue": newPeer(t, with(shape{mic: true, camera: true, videos: 2, audios: 3})).join(venue(hall)),
		"stage": newPeer(t, with(shape{videos: 3, audios: 3})).join(plane.JoinStage),
		"WHIP": newPeer(t, with(shape{mic: true, camera: true})).join(
			func(ctx context.Context, offer string) (*sfu.Session, string, error) {
				return plane.Publish(ctx, east, offer)
			}),
		"WHEP": watch(t, plane, with(shape{videos: 1, audios: 1})),
	}
	film(t, peers["venue"], 1)
	speak(t, peers["venue"], words(1))
	film(t, peers["WHIP"], 2)
	speak(t, peers["WHIP"], words(2))
	for _, name := range []string{"stage", "WHEP"} {
		p := peers[name]
		p.wait(p.slot(sfu.SlotProgramme, video, 0), name+": city hall", sees(1))
	}
	plane.SetFloor(sfu.Floor{Holder: east})
	for _, name := range []string{"venue", "stage", "WHEP"} {
		p := peers[name]
		p.wait(p.slot(sfu.SlotProgramme, video, 0), name+": the encoder on air", sees(2))
		contiguous(t, p, p.slot(sfu.SlotProgramme, video, 0))
	}
	p := peers["venue"]
	p.wait(p.slot(sfu.SlotVoice, audio, 0), "the encoder's voice", hears(2))
	return peers
}

// Without UDP media takes TCP, in every role, over either IP version.
func TestM6_MediaArrivesOverTCPWithoutUDP(t *testing.T) {
	t.Parallel()
	for name, network := range map[string]webrtc.NetworkType{"IPv4": webrtc.NetworkTypeTCP4, "IPv6": webrtc.NetworkTypeTCP6} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			node := tcpNode(t)
			for role, p := range everybody(t, node, shape{networks: []webrtc.NetworkType{network}}) {
				if got := p.way(); got != "tcp host" {
					t.Errorf("%s came by %s, want tcp host", role, got)
				}
				if !strings.Contains(p.answer, "typ host tcptype passive\r\n") {
					t.Errorf("%s: no passive candidate in the answer", role)
				}
			}
			if got := node.TCPStats(); got.Lines < 4 || got.Unknown != 0 {
				t.Errorf("got %+v, want a connection for each of four", got)
			}
		})
	}
}

// Where both get through, UDP is taken; the connections of TCP hurt nobody.
func TestM6_UDPIsPreferred(t *testing.T) {
	t.Parallel()
	for role, p := range everybody(t, tcpNode(t), shape{}) {
		if got := p.way(); got != "udp host" {
			t.Errorf("%s came by %s, want udp host", role, got)
		}
	}
}

// An ICE restart over TCP brings media back, with the connections of before gone.
func TestM6_RestartOverTCP(t *testing.T) {
	t.Parallel()
	node := tcpNode(t)
	plane := node.Plane("c", hall)
	city := newPeer(t, shape{mic: true, camera: true, videos: 2, audios: 3, networks: []webrtc.NetworkType{webrtc.NetworkTypeTCP4}}).join(
		func(ctx context.Context, offer string) (*sfu.Session, string, error) {
			return plane.JoinVenue(ctx, hall, offer)
		})
	film(t, city, 1)
	viewer := watch(t, plane, shape{videos: 1, audios: 1})
	mid := viewer.slot(sfu.SlotProgramme, video, 0)
	viewer.wait(mid, "city hall", sees(1))

	offer, err := city.pc.CreateOffer(&webrtc.OfferOptions{ICERestart: true})
	must(t, err)
	gathered := webrtc.GatheringCompletePromise(city.pc)
	must(t, city.pc.SetLocalDescription(offer))
	<-gathered
	answer, err := city.session.Restart(t.Context(), city.pc.LocalDescription().SDP)
	must(t, err)
	must(t, city.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}))
	before := len(viewer.packets(mid))
	viewer.wait(mid, "city hall after the restart", func(all []received) bool { return len(all) > before+60 })
	if got := city.way(); got != "tcp host" {
		t.Errorf("came by %s, want tcp host", got)
	}
}

// Where only TLS gets through, media is relayed by the server itself to itself.
func TestM6_MediaArrivesThroughTheRelay(t *testing.T) {
	t.Parallel()
	for network, address := range map[string]string{"tcp4": "127.0.0.1:0", "tcp6": "[::1]:0"} {
		t.Run(network, func(t *testing.T) {
			t.Parallel()
			node, server := relayNode(t, network, address)
			// One session has four relays, as many as there are roles here.
			for role, p := range everybody(t, node, shape{relays: []webrtc.ICEServer{server}}) {
				if got := p.way(); got != "relay" {
					t.Errorf("%s came by %s, want the relay", role, got)
				}
			}
			if got := node.Relays(); got != 4 {
				t.Errorf("got %d relays, want 4", got)
			}
		})
	}
}
