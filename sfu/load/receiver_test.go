//go:build linux

package load_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/dtls/v3/pkg/crypto/fingerprint"
	"github.com/pion/dtls/v3/pkg/crypto/selfsign"
	"github.com/pion/ice/v4"
	"github.com/pion/srtp/v3"
	"github.com/pion/stun/v4"

	"github.com/diemcau/diemcau/sfu/netio"
	"github.com/diemcau/diemcau/sfu/seal"
)

// sampleEvery is of how many video packets one is opened, to learn its delay.
const sampleEvery = 16

// errRefused says that an offer was refused.
var errRefused = errors.New("refused")

// stampAt is where in a video payload the time of its sending stands.
const stampAt = 2

// receiver is a WHEP viewer that only counts. After the handshake it costs the generator
// one system call for each burst it gets.
type receiver struct {
	conn   port
	traced *traced // nil: not recorded
	server netip.AddrPort
	check  []byte // a connectivity check, sent again and again
	dtls   chan []byte
	gone   chan struct{}
	end    sync.Once
	video  uint32
	first  chan time.Time // the first picture is complete

	keys    atomic.Pointer[srtp.Context]
	packets atomic.Uint64
	bytes   atomic.Uint64
	delays  []time.Duration // of the sample; owned by the reader until it is asked for
	delayMu sync.Mutex      // guards delays, arrivals
	record  bool
	arrived []arrival
	begun   bool
}

// port is a receiver's socket.
type port interface {
	ReadFromAddrPort(b []byte) (int, netip.AddrPort, error)
	WriteToAddrPort(b []byte, to netip.AddrPort) (int, error)
	LocalAddr() net.Addr
	Close() error
}

// arrival is one packet as a receiver saw it.
type arrival struct {
	at   time.Time
	size int
}

// identity is the certificate of all receivers.
type identity struct {
	certificate tls.Certificate
	fingerprint string
}

func newIdentity() (*identity, error) {
	c, err := selfsign.GenerateSelfSigned()
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParseCertificate(c.Certificate[0])
	if err != nil {
		return nil, err
	}
	f, err := fingerprint.Fingerprint(parsed, crypto.SHA256)
	return &identity{c, f}, err
}

const viewerOffer = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n" +
	"a=fingerprint:sha-256 %s\r\na=setup:actpass\r\na=ice-ufrag:viewer\r\na=ice-pwd:viewerviewerviewerviewer\r\n" +
	"m=video 9 UDP/TLS/RTP/SAVPF 106 107\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=recvonly\r\na=rtcp-mux\r\n" +
	"a=rtpmap:106 H264/90000\r\na=fmtp:106 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f\r\n" +
	"a=rtcp-fb:106 nack\r\na=rtcp-fb:106 nack pli\r\na=rtpmap:107 rtx/90000\r\na=fmtp:107 apt=106\r\n" +
	"m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:1\r\na=recvonly\r\na=rtcp-mux\r\n" +
	"a=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1\r\n"

// attribute returns the first value of an attribute.
func attribute(sdp, key string) string {
	_, rest, _ := strings.Cut(sdp, "a="+key+":")
	value, _, _ := strings.Cut(rest, "\r\n")
	return value
}

// post makes an offer and returns the answer.
func post(ctx context.Context, url, offer string) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(offer))
	if err != nil {
		return "", err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", err
	}
	if resp.StatusCode != http.StatusCreated {
		return "", fmt.Errorf("%w: %s: %s %s", errRefused, url, resp.Status, b)
	}
	return string(b), nil
}

// watch connects a receiver; it returns when the keys are agreed on. Record makes it one
// whose arrivals can be traced.
func watch(ctx context.Context, url string, id *identity, record bool) (*receiver, error) {
	answer, err := post(ctx, url+"/whep", fmt.Sprintf(viewerOffer, id.fingerprint))
	if err != nil {
		return nil, err
	}
	fields := strings.Fields(attribute(answer, "candidate"))
	if len(fields) < 6 {
		return nil, errors.New("no candidate")
	}
	port, err := strconv.ParseUint(fields[5], 10, 16)
	if err != nil {
		return nil, err
	}
	ssrc, err := strconv.ParseUint(strings.Fields(attribute(answer, "ssrc"))[0], 10, 32)
	if err != nil {
		return nil, err
	}
	r := &receiver{
		server: netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(port)),
		dtls:   make(chan []byte, 32), gone: make(chan struct{}), first: make(chan time.Time, 1), video: uint32(ssrc),
	}
	check, err := stun.Build(stun.BindingRequest, stun.TransactionID,
		stun.NewUsername(attribute(answer, "ice-ufrag")+":viewer"), ice.UseCandidate(), ice.AttrControlling(1),
		ice.PriorityAttr(1), stun.NewShortTermIntegrity(attribute(answer, "ice-pwd")), stun.Fingerprint)
	if err != nil {
		return nil, err
	}
	r.check = check.Raw
	if record {
		if r.traced, err = newTraced(r.tap); err != nil {
			return nil, err
		}
		r.conn = r.traced
	} else if r.conn, err = netio.Listen(netio.Config{Tap: r.tap}); err != nil { //nolint:contextcheck // binding does not wait
		return nil, err
	}
	go r.read()
	if err := r.keepAlive(); err != nil {
		return nil, err
	}
	return r, r.handshake(ctx, id)
}

func (r *receiver) handshake(ctx context.Context, id *identity) error {
	c, err := dtls.ClientWithOptions(r, net.UDPAddrFromAddrPort(r.server), dtls.WithCertificates(id.certificate),
		dtls.WithInsecureSkipVerify(true), dtls.WithSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM),
		dtls.WithFlightInterval(300*time.Millisecond))
	if err != nil {
		return err
	}
	if err := c.HandshakeContext(ctx); err != nil {
		return err
	}
	state, _ := c.ConnectionState()
	keys, err := seal.Extract(seal.GCM, &state, true)
	if err != nil {
		return err
	}
	opener, err := srtp.CreateContext(keys.RemoteKey, keys.RemoteSalt, srtp.ProtectionProfileAeadAes128Gcm)
	r.keys.Store(opener)
	return err
}

// port returns the port the receiver listens on.
func (r *receiver) port() int {
	if a, ok := r.conn.LocalAddr().(*net.UDPAddr); ok {
		return a.Port
	}
	return 0
}

func (r *receiver) keepAlive() error {
	_, err := r.conn.WriteToAddrPort(r.check, r.server)
	return err
}

func (r *receiver) read() {
	buf := make([]byte, 1)
	for {
		if _, _, err := r.conn.ReadFromAddrPort(buf); err != nil {
			return
		}
	}
}

// tap takes everything; it is called by the reader.
func (r *receiver) tap(b []byte, _ netip.AddrPort) bool {
	switch {
	case len(b) < 12:
	case b[0] >= 20 && b[0] <= 63:
		select {
		case r.dtls <- bytes.Clone(b):
		default:
		}
	case b[0]>>6 == 2 && (b[1] < 192 || b[1] > 223):
		r.media(b)
	}
	return true
}

func (r *receiver) media(b []byte) {
	r.packets.Add(1)
	r.bytes.Add(uint64(len(b)))
	video := binary.BigEndian.Uint32(b[8:]) == r.video
	if video && !r.begun && b[1]&0x80 != 0 {
		r.begun = true
		r.first <- time.Now()
	}
	sample := video && binary.BigEndian.Uint16(b[2:])%sampleEvery == 0
	if !sample && !r.record {
		return
	}
	now := time.Now()
	r.delayMu.Lock()
	defer r.delayMu.Unlock()
	if r.record {
		r.arrived = append(r.arrived, arrival{r.traced.at, len(b)})
	}
	if k := r.keys.Load(); sample && k != nil {
		plain, err := k.DecryptRTP(nil, b, nil)
		if err == nil && len(plain) > 12+stampAt+8 && plain[12] == fragment {
			sent := int64(binary.BigEndian.Uint64(plain[12+stampAt:]))
			if d := time.Duration(now.UnixNano() - sent); d > 0 && d < time.Minute { // else the slate's
				r.delays = append(r.delays, d)
			}
		}
	}
}

// take returns the delays since the last call.
func (r *receiver) take() []time.Duration {
	r.delayMu.Lock()
	defer r.delayMu.Unlock()
	d := r.delays
	r.delays = nil
	return d
}

// trace records every arrival for a while.
func (r *receiver) trace(on bool) []arrival {
	r.delayMu.Lock()
	defer r.delayMu.Unlock()
	r.record = on
	a := r.arrived
	r.arrived = nil
	return a
}

func (r *receiver) close() {
	r.end.Do(func() { close(r.gone); _ = r.conn.Close() })
}

// ReadFrom gives DTLS its datagrams.
func (r *receiver) ReadFrom(b []byte) (int, net.Addr, error) {
	select {
	case d := <-r.dtls:
		return copy(b, d), net.UDPAddrFromAddrPort(r.server), nil
	case <-r.gone:
		return 0, nil, net.ErrClosed
	}
}

// WriteTo sends for DTLS.
func (r *receiver) WriteTo(b []byte, _ net.Addr) (int, error) {
	return r.conn.WriteToAddrPort(b, r.server)
}

// The rest of a net.PacketConn.
func (r *receiver) Close() error                     { return nil }
func (r *receiver) LocalAddr() net.Addr              { return r.conn.LocalAddr() }
func (r *receiver) SetDeadline(time.Time) error      { return nil }
func (r *receiver) SetReadDeadline(time.Time) error  { return nil }
func (r *receiver) SetWriteDeadline(time.Time) error { return nil }
