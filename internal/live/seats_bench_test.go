package live_test

import (
	"crypto/rand"
	"fmt"
	"testing"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog/eventlogtest"
	"github.com/diemcau/diemcau/internal/live"
)

// BenchmarkR6_Registrations measures acknowledged registrations for 500 seats of one venue, the
// rest waiting, through Conference.Do by 1, 50 and 400 people at a time who each wait for
// their answer. In the same run the very bytes are written again in the very batches with
// nothing around them, as in BenchmarkQ8_Submissions.
func BenchmarkR6_Registrations(b *testing.B) {
	const seats = 500
	run := func(b *testing.B, c *live.Conference, people int) float64 {
		b.Helper()
		must(b, c, admin, openSeats(seats))
		decided := live.Decided(c)
		rate := benchDo(b, c, people, func(i int64) conference.Body {
			return person(rand.Text(), fmt.Sprintf("09%08d", i))
		})
		b.ReportMetric(float64(live.Decided(c)-decided)/float64(b.N), "decided/op")
		if count := c.Seats()["ba-dinh"]; count.Confirmed != min(b.N, seats) || count.Confirmed+count.Waiting != b.N {
			b.Errorf("got %+v of %d", count, b.N)
		}
		return rate
	}
	for _, people := range []int{1, 50, 400} {
		b.Run(fmt.Sprintf("sqlite,people=%d", people), func(b *testing.B) {
			store := newStore(b)
			rate := run(b, startConference(b, store), people)
			batches := batchesOf(b, store)
			b.ReportMetric(eventsOf(batches)/float64(len(batches)), "events/append")
			b.ReportMetric(rate/benchFlat(b, batches), "of-flat")
		})
		b.Run(fmt.Sprintf("redis,people=%d", people), func(b *testing.B) {
			server := eventlogtest.StartRedis(b)
			store := openRedisAt(b, server.URL)
			rate := run(b, startConference(b, store), people)
			batches := batchesOf(b, store)
			b.ReportMetric(eventsOf(batches)/float64(len(batches)), "events/append")
			b.ReportMetric(rate/benchXADD(b, server.Address(), batches), "of-xadd")
		})
	}
}
