package sfu

import (
	"context"
	"encoding/binary"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/stun/v4"

	"github.com/diemcau/diemcau/internal/conference"
)

// viewerOfferText is what a viewer offers whose packets the test makes itself.
var viewerOfferText = strings.ReplaceAll(chromeOffer, "a=sendonly\r\n", "a=recvonly\r\na=setup:actpass\r\n"+
	"a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\na=fingerprint:sha-256 "+strings.Repeat("00:", 31)+"00\r\n")

// TestM8_ALatePairLeavesNothing: ICE tells of the pair it has chosen on a goroutine of its
// own, which may come when the viewer has already gone. Its address, or the goroutine that
// writes to it, would stay for ever.
func TestM8_ALatePairLeavesNothing(t *testing.T) {
	t.Parallel()
	node, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- node.Run(ctx) }() // ends with stop
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	v, _, err := node.Plane("c", conference.VenueID("hall")).Watch(ctx, "", viewerOfferText)
	if err != nil {
		t.Fatal(err)
	}
	chosen, gate := make(chan struct{}, 8), make(chan struct{})
	if err := v.agent.OnSelectedCandidatePairChange(func(local, remote ice.Candidate) {
		chosen <- struct{}{}
		<-gate
		v.moved(local, remote)
	}); err != nil {
		t.Fatal(err)
	}
	choose(t, v, node.Port())
	<-chosen
	v.Close()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for err == nil { // until the agent is being closed
		<-tick.C
		_, _, err = v.agent.GetLocalUserCredentials()
	}
	close(gate)
	for forgotten := false; !forgotten; <-tick.C {
		v.plane.planeMu.Lock()
		forgotten = v.plane.viewers[v.id] == nil
		v.plane.planeMu.Unlock()
	}
	node.viewersAt.mu.RLock()
	defer node.viewersAt.mu.RUnlock()
	if left := len(node.viewersAt.at); left != 0 {
		t.Errorf("%d addresses are kept for viewers that have gone", left)
	}
}

// choose sends the check that has ICE choose a pair.
func choose(t *testing.T, v *Viewer, port int) {
	t.Helper()
	ufrag, pwd, err := v.agent.GetLocalUserCredentials()
	if err != nil {
		t.Fatal(err)
	}
	m, err := stun.Build(stun.BindingRequest, stun.TransactionID, stun.NewUsername(ufrag+":abcd"),
		stun.RawAttribute{Type: stun.AttrUseCandidate}, stun.RawAttribute{Type: stun.AttrPriority, Value: binary.BigEndian.AppendUint32(nil, 1<<24)},
		stun.RawAttribute{Type: stun.AttrICEControlling, Value: make([]byte, 8)},
		stun.NewShortTermIntegrity(pwd), stun.Fingerprint)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := new(net.ListenConfig).ListenPacket(t.Context(), "udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if _, err := conn.WriteTo(m.Raw, &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port}); err != nil {
		t.Fatal(err)
	}
}
