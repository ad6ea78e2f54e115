package sfu

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/dtls/v3/pkg/crypto/fingerprint"
	"github.com/pion/dtls/v3/pkg/crypto/selfsign"
	"github.com/pion/ice/v4"
	"github.com/pion/logging"
)

var (
	errNoCertificate    = errors.New("no certificate")
	errOtherCertificate = errors.New("not the certificate of the offer")
)

// identity is the certificate this process shows to its viewers: one for all, because
// making one costs more than a handshake.
type identity struct {
	certificate tls.Certificate
	fingerprint string // "sha-256 AB:CD…"
}

func newIdentity() (*identity, error) {
	c, err := selfsign.GenerateSelfSigned()
	if err != nil {
		return nil, fmt.Errorf("make the viewers' certificate: %w", err)
	}
	f, err := fingerprintOf(c.Certificate[0], "sha-256")
	if err != nil {
		return nil, fmt.Errorf("make the viewers' certificate: %w", err)
	}
	return &identity{certificate: c, fingerprint: "sha-256 " + strings.ToUpper(f)}, nil
}

// fingerprintOf returns the fingerprint of a certificate (RFC 8122 §5).
func fingerprintOf(raw []byte, algorithm string) (string, error) {
	hash := map[string]crypto.Hash{
		"sha-256": crypto.SHA256, "sha-384": crypto.SHA384, "sha-512": crypto.SHA512,
	}[strings.ToLower(algorithm)]
	c, err := x509.ParseCertificate(raw)
	if err != nil {
		return "", fmt.Errorf("read certificate: %w", err)
	}
	f, err := fingerprint.Fingerprint(c, hash)
	if err != nil {
		return "", fmt.Errorf("hash certificate: %w", err)
	}
	return f, nil
}

// dtlsOptions are those of both sides.
type dtlsOptions struct {
	server []dtls.ServerOption
	client []dtls.ClientOption
}

func (i *identity) options(o *viewerOffer, logs logging.LoggerFactory) dtlsOptions {
	shared := []dtls.Option{
		dtls.WithCertificates(i.certificate),
		dtls.WithSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM, dtls.SRTP_AES128_CM_HMAC_SHA1_80),
		dtls.WithInsecureSkipVerify(true), // the fingerprint is what counts
		dtls.WithVerifyPeerCertificate(o.fits),
		dtls.WithExtendedMasterSecret(dtls.RequireExtendedMasterSecret),
		dtls.WithFlightInterval(400 * time.Millisecond),
		dtls.WithLoggerFactory(logs),
	}
	var all dtlsOptions
	for _, s := range shared {
		all.server, all.client = append(all.server, s), append(all.client, s)
	}
	// ICE has shown that the address is real: no cookie, a round trip less.
	all.server = append(all.server, dtls.WithClientAuth(dtls.RequireAnyClientCert), dtls.WithInsecureSkipVerifyHello(true))
	return all
}

// agentOptions are those of a viewer's ICE agent, the same as settings gives to
// PeerConnections: what is added to one is added to the other.
func (n *Node) agentOptions() []ice.AgentOption {
	disconnected, failed := n.silence()
	networks := []ice.NetworkType{ice.NetworkTypeUDP4, ice.NetworkTypeUDP6}
	options := make([]ice.AgentOption, 0, 16)
	if n.tcp != nil {
		networks = append(networks, ice.NetworkTypeTCP4, ice.NetworkTypeTCP6)
		options = append(options, ice.WithTCPMux(n.tcp))
	}
	return append(options,
		ice.WithICELite(true),
		ice.WithUDPMux(n.mux),
		ice.WithNetworkTypes(networks),
		ice.WithDisableActiveTCP(),
		ice.WithCandidateTypes([]ice.CandidateType{ice.CandidateTypeHost}),
		ice.WithIncludeLoopback(),
		ice.WithMulticastDNSMode(ice.MulticastDNSModeDisabled),
		ice.WithDisconnectedTimeout(disconnected),
		ice.WithFailedTimeout(failed),
		ice.WithKeepaliveInterval(iceKeepAlive),
		ice.WithLoggerFactory(n.logs),
	)
}

// resumeWithin is how long a page may be away and come back to its session.
func (n *Node) resumeWithin() time.Duration {
	if n.cfg.ResumeWithin > 0 {
		return n.cfg.ResumeWithin
	}
	return resumeWithin
}

// silence returns after how long without a packet a peer counts as disconnected, and how
// long after that as gone.
func (n *Node) silence() (disconnected, failed time.Duration) {
	all := iceFailed
	if n.cfg.DeadAfter > 0 {
		all = n.cfg.DeadAfter
	}
	disconnected = min(iceDisconnected, all/2)
	return disconnected, all - disconnected
}
