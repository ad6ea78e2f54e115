package rehearse

import (
	"sync/atomic"

	"github.com/pion/interceptor"
	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"
)

// repaired names the layer of packets that are sent again as browsers do: pion copies the
// header of the lost packet, and a repair packet that bears a rid takes the place of the
// layer's own stream at the receiver. The rid goes into rrid instead (RFC 8852 §3.2). And it
// gives them their numbers: pion counts when a packet is stored, so that one that is sent a
// second time bears the number of the first, and is old to the receiver's window.
type repaired struct{ interceptor.NoOp }

// repairedFactory makes one for each connection; it must be added before the responder, so
// that it sees what the responder sends.
type repairedFactory struct{}

// NewInterceptor implements interceptor.Factory.
func (repairedFactory) NewInterceptor(string) (interceptor.Interceptor, error) {
	return &repaired{}, nil
}

// BindLocalStream puts itself below the responder.
func (*repaired) BindLocalStream(info *interceptor.StreamInfo, below interceptor.RTPWriter) interceptor.RTPWriter {
	var rid, rrid uint8
	for _, e := range info.RTPHeaderExtensions {
		switch e.URI {
		case sdp.SDESRTPStreamIDURI:
			rid = uint8(e.ID) // 1–14
		case sdp.SDESRepairRTPStreamIDURI:
			rrid = uint8(e.ID) // 1–14
		}
	}
	var seq atomic.Uint32
	return interceptor.RTPWriterFunc(func(h *rtp.Header, payload []byte, a interceptor.Attributes) (int, error) {
		name := h.GetExtension(rid)
		if h.PayloadType != payloadRTX || len(name) == 0 || rrid == 0 {
			return below.Write(h, payload, a) //nolint:wrapcheck // passed on
		}
		again := h.Clone()
		again.SequenceNumber = uint16(seq.Add(1)) // modulo 2^16
		if err := again.DelExtension(rid); err != nil {
			return 0, err //nolint:wrapcheck // cannot be: it was just read
		}
		if err := again.SetExtension(rrid, name); err != nil {
			return 0, err //nolint:wrapcheck // a rid is short
		}
		return below.Write(&again, payload, a) //nolint:wrapcheck // passed on
	})
}
