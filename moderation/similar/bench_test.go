package similar_test

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/moderation/similar"
)

const manyQuestions = 100_000

// manyIndex is the large index, built once for all benchmarks, and what it holds in memory
// beyond its ids, bytes a question.
var manyIndex = sync.OnceValues(func() (*similar.Index, float64) {
	before := heap()
	index := similar.New()
	invented := newCorpus(1)
	for i := range manyQuestions {
		index.Put(conference.QuestionID(fmt.Sprintf("m%019d", i)), invented.question())
	}
	return index, float64(heap()-before) / manyQuestions
})

// heap returns what is allocated and in use, in bytes.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

// BenchmarkQ9_SimilarAt100k times single Finds among 100,000 questions, one at a time: for
// invented questions the index has not seen and for every text of the held half.
func BenchmarkQ9_SimilarAt100k(b *testing.B) {
	index, size := manyIndex()
	asked := heldTexts(b)
	invented := newCorpus(2)
	for range 4 * len(asked) {
		asked = append(asked, invented.question())
	}
	times := make([]time.Duration, 0, b.N)
	for i := 0; b.Loop(); i++ {
		start := time.Now()
		index.Find(asked[i%len(asked)], 5)
		times = append(times, time.Since(start))
	}
	slices.Sort(times)
	b.ReportMetric(milliseconds(times[len(times)/2]), "p50-ms")
	b.ReportMetric(milliseconds(times[len(times)*99/100]), "p99-ms")
	b.ReportMetric(size, "B/question")
	runtime.KeepAlive(index)
}

// BenchmarkSimilarPut times adding a question to 100,000.
func BenchmarkSimilarPut(b *testing.B) {
	index, _ := manyIndex()
	invented := newCorpus(3)
	texts := make([]string, 1000)
	for i := range texts {
		texts[i] = invented.question()
	}
	id := func(i int) conference.QuestionID { return conference.QuestionID(fmt.Sprintf("p%019d", i)) }
	put := 0
	for b.Loop() {
		index.Put(id(put), texts[put%len(texts)])
		put++
	}
	b.StopTimer()
	for i := range put {
		index.Remove(id(i))
	}
}

// BenchmarkQ9_SimilarQuality reports, for the labelled pairs of each half, how many of
// those that ask the same score at or over each threshold (recall), how many of those that
// do ask the same (precision), and how much of the lists people would see is right; and
// for the held half how many same questions stand among the first five of 100,000.
func BenchmarkQ9_SimilarQuality(b *testing.B) {
	for _, half := range []string{"dev", "held"} {
		set := newLabelledSet(b, half)
		for _, use := range []struct {
			name      string
			threshold float64
		}{{"ask", similar.ThresholdAsk}, {"card", similar.ThresholdCard}} {
			b.Run(half+"/"+use.name, func(b *testing.B) {
				var f figures
				for b.Loop() {
					f = set.measure(use.threshold)
				}
				b.ReportMetric(f.recall(), "recall")
				b.ReportMetric(f.precision(), "precision")
				b.ReportMetric(f.inLists(), "right-in-lists")
			})
		}
	}
	b.Run("held/among100k", func(b *testing.B) {
		var first, over float64
		for b.Loop() {
			first, over = amongMany(b)
		}
		b.ReportMetric(first, "recall-first5")
		b.ReportMetric(over, "recall-card5")
	})
}

// amongMany puts each compared text of the held half into the large index, asks for the
// question, and returns in how many cases it is among the first five, and also over
// ThresholdCard.
func amongMany(b *testing.B) (first, over float64) {
	b.Helper()
	index, _ := manyIndex()
	same := slices.DeleteFunc(loadPairs(b, "held"), func(pair labelled) bool { return !pair.same })
	for _, pair := range same {
		index.Put("target", pair.b)
		for _, match := range index.Find(pair.a, 5) {
			if match.ID != "target" {
				continue
			}
			first++
			if match.Score >= similar.ThresholdCard {
				over++
			}
		}
	}
	index.Remove("target")
	return first / float64(len(same)), over / float64(len(same))
}

func heldTexts(tb testing.TB) []string {
	tb.Helper()
	var texts []string
	for _, pair := range loadPairs(tb, "held") {
		texts = append(texts, pair.a, pair.b)
	}
	return texts
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
