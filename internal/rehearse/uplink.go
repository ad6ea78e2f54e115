package rehearse

import (
	"encoding/binary"
	"sync"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"

	"github.com/diemcau/diemcau/sfu/bandwidth"
)

// What a line is taken for at first, and the bounds; bits/s, as browsers have them.
const (
	startUp = 1_000_000
	leastUp = 30_000
	mostUp  = 20_000_000

	aroundPayload = 20 + 8 + 12 + 20 + 16 // bytes: IP, UDP, RTP with extensions, the seal
)

// uplink estimates a venue's own line from the server's feedback, as a browser does: every
// packet bears a transport-wide number.
type uplink struct {
	interceptor.NoOp

	history bandwidth.History

	mu       sync.Mutex // guards estimate
	estimate *bandwidth.Estimator
}

func newUplink() *uplink {
	u := &uplink{}
	u.estimate = bandwidth.New(bandwidth.Config{Start: startUp, Min: leastUp, Max: mostUp}, &u.history)
	return u
}

// NewInterceptor implements interceptor.Factory; there is one connection.
func (u *uplink) NewInterceptor(string) (interceptor.Interceptor, error) { return u, nil }

// BindLocalStream numbers what is sent.
func (u *uplink) BindLocalStream(info *interceptor.StreamInfo, below interceptor.RTPWriter) interceptor.RTPWriter {
	var id uint8
	for _, e := range info.RTPHeaderExtensions {
		if e.URI == sdp.TransportCCURI {
			id = uint8(e.ID) // 1–14
		}
	}
	return interceptor.RTPWriterFunc(func(h *rtp.Header, payload []byte, a interceptor.Attributes) (int, error) {
		if id != 0 {
			size := len(payload) + int(h.PaddingSize) + aroundPayload
			number := binary.BigEndian.AppendUint16(nil, u.history.Send(size, time.Now().UnixNano()))
			if err := h.SetExtension(id, number); err != nil {
				return 0, err //nolint:wrapcheck // cannot be: it is two bytes
			}
		}
		return below.Write(h, payload, a) //nolint:wrapcheck // passed on
	})
}

// BindRTCPReader takes the server's feedback.
func (u *uplink) BindRTCPReader(above interceptor.RTCPReader) interceptor.RTCPReader {
	return interceptor.RTCPReaderFunc(func(b []byte, a interceptor.Attributes) (int, interceptor.Attributes, error) {
		n, attributes, err := above.Read(b, a)
		if err != nil {
			return n, attributes, err //nolint:wrapcheck // passed on
		}
		packets, _ := rtcp.Unmarshal(b[:n]) // what is malformed is not for us to judge
		for _, p := range packets {
			if m, is := p.(*rtcp.TransportLayerCC); is {
				u.mu.Lock()
				u.estimate.Feedback(m, time.Now().UnixNano())
				u.mu.Unlock()
			}
		}
		return n, attributes, nil
	})
}

// bits returns what may be sent.
func (u *uplink) bits() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.estimate.Bits()
}

// probe returns how much padding to send now to find out whether the line takes more.
func (u *uplink) probe(wanted int) (bandwidth.Probe, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.estimate.Probe(wanted, time.Now().UnixNano())
}

func (u *uplink) probed() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.estimate.Probed()
}
