package live_test

import (
	"runtime"
	"slices"
	"testing"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/moderation"
	"github.com/diemcau/diemcau/moderation/similar"
)

// like waits until exactly these questions are found for the words.
func like(t *testing.T, c *live.Conference, words string, want ...conference.QuestionID) {
	t.Helper()
	for {
		var got []conference.QuestionID
		for _, found := range c.Similar(words, 10) {
			if found.Score >= similar.ThresholdAsk {
				got = append(got, found.Question.ID)
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if slices.Equal(got, want) {
			return
		}
		if t.Context().Err() != nil {
			t.Fatalf("%q: got %v, want %v", words, got, want)
		}
		runtime.Gosched() // the index follows behind
	}
}

// TestSimilar_follows: what was asked is found in other words, on every node and after a
// restart; what was merged or withdrawn is not, and comes back when that is undone.
func TestSimilar_follows(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, a, b *live.Conference) {
		t.Helper()
		first := ask(t, a, "Bao giờ xã tôi được cấp sổ đỏ lần đầu?")
		second := ask(t, a, "Khi nào thì xã tôi được cấp giấy chứng nhận lần đầu?")
		ask(t, a, "Giá đền bù đất nông nghiệp khi làm đường vành đai là bao nhiêu?")
		const words = "bao gio xa toi duoc cap so do lan dau"
		for _, node := range []*live.Conference{a, b} {
			like(t, node, words, first.Question, second.Question)
			like(t, node, "Lịch thi đấu bóng đá tối nay")
		}
		must(t, a, lan, moderation.ClaimCard{ID: second.Question})
		must(t, a, lan, moderation.Merge{ID: second.Question, Into: first.Question})
		like(t, b, words, first.Question)
		must(t, a, citizen, live.WithdrawQuestion{Code: first.Code})
		like(t, b, words, second.Question)
	})
}
