package sfu

import (
	"errors"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/transport/v5/packetio"
)

// M9: RTCP that nobody reads, as that of repairs, takes no more and no more memory; what is
// read goes on.
func TestM9_ReportsNobodyReadsAreFew(t *testing.T) {
	t.Parallel()
	report, err := (&rtcp.SenderReport{SSRC: 7}).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	place := newDownlink(time.Now, func() {}).buffer(packetio.RTCPBufferPacket, 7)
	for range 10 * keptReports {
		if _, err := place.Write(report); err != nil && !errors.Is(err, packetio.ErrFull) {
			t.Fatal(err)
		}
	}
	kept, ok := place.(*reports)
	if !ok {
		t.Fatalf("got a %T", place)
	}
	if n := kept.Count(); n != keptReports {
		t.Errorf("%d packets are kept, want %d", n, keptReports)
	}
	for range 10 * keptReports {
		if n, err := place.Read(make([]byte, 1500)); err != nil || n != len(report) {
			t.Fatalf("read %d bytes: %v", n, err)
		}
		if _, err := place.Write(report); err != nil {
			t.Fatalf("what is read takes no more: %v", err)
		}
	}
}
