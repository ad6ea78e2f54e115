package bandwidth

import (
	"testing"
	"time"
)

// M5: a line of 400 kbit/s that lets 3,000 bytes through at once after a pause is not taken
// for a faster one.
func TestM5_ProbeSeesThroughABurst(t *testing.T) {
	t.Parallel()
	const (
		line, burst = 400_000, 3000
		size        = 319
		fast        = 900_000
	)
	var p prober
	free := -time.Duration(burst * 8 * int(time.Second) / line)
	for n := 0; n*size*8 < fast*int(probeOver)/int(time.Second); n++ {
		sent := time.Duration(n * size * 8 * int(time.Second) / fast)
		free = max(free, sent-time.Duration(burst*8*int(time.Second)/line)) + time.Duration(size*8*int(time.Second)/line)
		p.came = append(p.came, arrival{sent: int64(sent), at: max(sent, free) + 20*time.Millisecond, size: size})
	}
	sent, arrived := p.rates()
	if sent < 0.9*fast || sent > 1.1*fast {
		t.Errorf("sent at %.0f bits/s, want %d", sent, fast)
	}
	if arrived > 1.15*line {
		t.Errorf("arrived at %.0f bits/s over a line of %d", arrived, line)
	}
}
