package rehearse

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// gatheredWithin is how soon 95 of 100 venues are ready, in the soak.
const gatheredWithin = 5 * time.Second

// M2: 30 venues (soak: 126 too) join at once. Each is ready before long and has joined
// once, whoever got the floor meanwhile; in the soak, where no machine stalls for seconds,
// with one offer.
func TestM2_VenuesJoinAndNegotiateOnce(t *testing.T) {
	t.Parallel()
	counts, long := []int{30}, 8*time.Second
	if soak() {
		counts, long = []int{30, 126}, 60*time.Second
	}
	for _, venues := range counts { //nolint:paralleltest // one after the other: they are many
		t.Run(strconv.Itoa(venues), func(t *testing.T) {
			h := newHouse(t, venues)
			var out bytes.Buffer
			err := h.play(venues, long, &out).Wait() // on a busy machine not all promises are kept
			t.Logf("%v\n%s", err, out.String())
			var joins, offers, ready int
			var p95 time.Duration
			for line := range strings.Lines(out.String()) {
				name, rest, _ := strings.Cut(line, "  ")
				switch rest = strings.TrimSpace(rest); name {
				case "venues":
					_, _ = fmt.Sscanf(rest, fmt.Sprintf("%d, joined %%d times with %%d offers", venues), &joins, &offers)
				case "ready after":
					var median, last, after string
					_, _ = fmt.Sscanf(rest, "%s median, %s p95, %s slowest of %d", &median, &after, &last, &ready)
					p95, _ = time.ParseDuration(after)
				}
			}
			if joins != venues || ready != venues {
				t.Errorf("%d venues were ready and joined %d times, want %d, once each", ready, joins, venues)
			}
			if soak() && (offers != venues || p95 > gatheredWithin) {
				t.Errorf("got %d offers, and 95 of 100 venues ready after %v; want %d, and at most %v", offers, p95, venues, gatheredWithin)
			}
		})
	}
}

// BenchmarkM2_CostOfAVenue tells what one more venue costs the server: CPU, goroutines and
// memory, with 10, 30 and 126 of them. It must cost the 126th what it cost the 30th.
func BenchmarkM2_CostOfAVenue(b *testing.B) {
	counts := []int{10, 30, 126}
	costs := make([]size, len(counts))
	const settle, long = 5 * time.Second, 15 * time.Second
	for i, venues := range counts {
		b.Run(strconv.Itoa(venues), func(b *testing.B) {
			for b.Loop() {
				h := newHouse(b, venues)
				h.play(venues, time.Hour, io.Discard, "--no-floor")
				h.until("all are there", func() bool { return int(h.measure().sessions) == venues })
				pause(b.Context(), settle)
				from, begun := h.measure(), time.Now()
				pause(b.Context(), long)
				to := h.measure()
				took := time.Since(begun).Seconds()
				to.cpu, to.packets = (to.cpu-from.cpu)/took, (to.packets-from.packets)/took
				costs[i] = to
				n := float64(venues)
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(1000*to.cpu/n, "ms-cpu/s/venue")
				b.ReportMetric(to.packets/n, "packets/s/venue")
				b.ReportMetric(to.goroutines/n, "goroutines/venue")
				b.ReportMetric(to.rss/1024/n, "KiB/venue")
			}
		})
	}
	if slices.ContainsFunc(costs, func(s size) bool { return s.goroutines == 0 }) {
		return // not all were asked for
	}
	more := func(what string, of func(size) float64, most float64) {
		early := (of(costs[1]) - of(costs[0])) / float64(counts[1]-counts[0])
		late := (of(costs[2]) - of(costs[1])) / float64(counts[2]-counts[1])
		b.Logf("one more venue, %s: %.2f from %d to %d, %.2f from %d to %d", what, early, counts[0], counts[1], late, counts[1], counts[2])
		if late > most*early {
			b.Errorf("one more venue costs %.2f %s at last and %.2f at first, want at most %g times as much", late, what, early, most)
		}
	}
	// Packets a venue are the same however many there are, or the players got no time.
	if few, many := costs[1].packets/float64(counts[1]), costs[2].packets/float64(counts[2]); many < 0.7*few {
		b.Errorf("the machine plays %.0f packets a second for each of %d venues and %.0f for each of %d: it is too busy to tell", few, counts[1], many, counts[2])
	}
	more("ms of CPU a second", func(s size) float64 { return 1000 * s.cpu }, 1.5)
	more("goroutines", func(s size) float64 { return s.goroutines }, 1.1)
	more("KiB", func(s size) float64 { return s.rss / 1024 }, 1.5)
}
