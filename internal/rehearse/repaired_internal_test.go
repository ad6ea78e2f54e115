package rehearse

import (
	"slices"
	"testing"

	"github.com/pion/interceptor"
	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"
)

// A packet that is sent again twice bears two numbers of the repair stream, and the layer's
// name where repairs have it.
func TestRepairsAreNumberedAsTheyAreSent(t *testing.T) {
	t.Parallel()
	const rid, rrid = 3, 4
	var numbers []uint16
	below := interceptor.RTPWriterFunc(func(h *rtp.Header, _ []byte, _ interceptor.Attributes) (int, error) {
		numbers = append(numbers, h.SequenceNumber)
		if len(h.GetExtension(rid)) > 0 || string(h.GetExtension(rrid)) != "h" {
			t.Errorf("the layer is named %q, the repaired one %q", h.GetExtension(rid), h.GetExtension(rrid))
		}
		return 0, nil
	})
	w := (&repaired{}).BindLocalStream(&interceptor.StreamInfo{RTPHeaderExtensions: []interceptor.RTPHeaderExtension{
		{URI: sdp.SDESRTPStreamIDURI, ID: rid}, {URI: sdp.SDESRepairRTPStreamIDURI, ID: rrid},
	}}, below)
	for _, stored := range []uint16{500, 500, 90} {
		h := rtp.Header{Version: 2, PayloadType: payloadRTX, SequenceNumber: stored}
		if err := h.SetExtension(rid, []byte("h")); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(&h, nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	if want := []uint16{1, 2, 3}; !slices.Equal(numbers, want) {
		t.Errorf("numbers %v, want %v", numbers, want)
	}
}
