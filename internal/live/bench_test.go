package live_test

import (
	"crypto/rand"
	"fmt"
	"sync"
	"testing"

	"github.com/diemcau/diemcau/internal/conference"
)

// BenchmarkJ10_Submissions measures submissions through Conference.Do, durable on SQLite,
// by 1, 50 and 500 citizens who each wait for their answer before they ask again.
func BenchmarkJ10_Submissions(b *testing.B) {
	for _, citizens := range []int{1, 50, 500} {
		b.Run(fmt.Sprintf("citizens=%d", citizens), func(b *testing.B) {
			c := startConference(b, newStore(b))
			work := make(chan struct{}, citizens)
			var wg sync.WaitGroup
			b.ResetTimer()
			for range citizens {
				wg.Go(func() { // ends when work is closed
					for range work {
						command := conference.Command{
							ID: rand.Text(), Actor: citizen, Body: question(rand.Text(), "Bao giờ tôi được cấp sổ đỏ cho thửa đất số 5?"),
						}
						if _, err := c.Do(b.Context(), command); err != nil {
							b.Error(err)
						}
					}
				})
			}
			for range b.N {
				work <- struct{}{}
			}
			close(work)
			wg.Wait()
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "questions/s")
			if got := len(c.Snapshot().Questions); got != b.N {
				b.Errorf("questions: got %d, want %d", got, b.N)
			}
		})
	}
}
