package limits_test

import (
	"encoding/binary"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/diemcau/diemcau/internal/limits"
)

// BenchmarkSubmission is what the limits cost one citizen's question: each from an address
// of its own, and all from one that floods.
func BenchmarkSubmission(b *testing.B) {
	for _, bench := range []struct {
		name string
		from func(n uint32) netip.Addr
	}{
		{"citizens", func(n uint32) netip.Addr {
			var raw [4]byte
			binary.BigEndian.PutUint32(raw[:], n)
			return netip.AddrFrom4(raw)
		}},
		{"flood", func(uint32) netip.Addr { return netip.AddrFrom4([4]byte{192, 0, 2, 7}) }},
	} {
		b.Run(bench.name, func(b *testing.B) {
			l := limits.New(limits.Config{Now: time.Now, Key: []byte("0123456789abcdef"), Proof: limits.ProofOff})
			var n atomic.Uint32
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					asker := limits.Asker{Address: limits.Network(bench.from(n.Add(1) % 100_000)), Conference: place}
					if l.Take(b.Context(), limits.Submission, asker) == nil {
						_ = l.Submit(b.Context(), asker, "", "key") // the conference's bucket may be empty
					}
				}
			})
		})
	}
}
