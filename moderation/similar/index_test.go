package similar_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/moderation/similar"
)

const lateResult = "Nộp hồ sơ cấp sổ đỏ 8 tháng chưa có kết quả, bao giờ mới được cấp?"

func TestFind(t *testing.T) {
	t.Parallel()
	index := similar.New()
	index.Put("late", lateResult)
	index.Put("split", "Diện tích tối thiểu để tách thửa đất ở nông thôn là bao nhiêu m2?")
	index.Put("lost", "Tôi bị mất sổ đỏ thì làm thủ tục cấp lại ở đâu?")
	index.Put("nothing", "?!…")
	for _, test := range []struct{ name, text, want string }{
		{"itself", lateResult, "late"},
		{"without marks", "nop ho so cap so do 8 thang chua co ket qua bao gio moi duoc cap", "late"},
		{"another word", "Nộp HS cấp GCN tám tháng chưa có KQ, khi nào mới được cấp ạ?", "late"},
		{"short form", "mat GCN lam lai o dau", "lost"},
		{"dialect", "Mình mất bìa đỏ, mần lại chỗ mô?", "lost"},
		{"units", "Tách thửa đất ở nông thôn tối thiểu mấy mét vuông?", "split"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := index.Find(test.text, 1)
			if len(got) != 1 || string(got[0].ID) != test.want || got[0].Score < similar.ThresholdCard {
				t.Errorf("got %+v, want %s over %v", got, test.want, similar.ThresholdCard)
			}
		})
	}
	for name, got := range map[string][]similar.Match{
		"no word":  index.Find(" ?! ", 5),
		"no limit": index.Find(lateResult, 0),
		"a foreign text": slices.DeleteFunc(index.Find("Jazz concert at the lake on Friday", 5), func(m similar.Match) bool {
			return m.Score < similar.ThresholdCard
		}),
	} {
		if len(got) > 0 {
			t.Errorf("%s: got %+v, want nothing", name, got)
		}
	}
	if got := index.Len(); got != 4 {
		t.Errorf("length: got %d, want 4", got)
	}
}

func TestPutAndRemove(t *testing.T) {
	t.Parallel()
	index := similar.New()
	index.Put("a", lateResult)
	index.Put("a", "Tôi bị mất sổ đỏ thì làm thủ tục cấp lại ở đâu?")
	if got := index.Find(lateResult, 5); len(got) != 1 || got[0].Score >= similar.ThresholdCard {
		t.Errorf("the text that was replaced: got %+v, want a under %v", got, similar.ThresholdCard)
	}
	index.Remove("a")
	index.Remove("a")
	if got := index.Find(lateResult, 5); len(got) > 0 || index.Len() != 0 {
		t.Errorf("removed: got %+v of %d, want nothing of 0", got, index.Len())
	}
}

// TestQ6_RapidIndex drives an index with random questions put, changed and removed, and
// compares it with one built from what is left, in another order.
func TestQ6_RapidIndex(t *testing.T) {
	t.Parallel()
	lexicon := similar.NewLexicon()
	rapid.Check(t, func(t *rapid.T) {
		index, model := lexicon.Index(), map[conference.QuestionID]string{}
		texts := newCorpus(uint64(rapid.IntRange(1, 1000).Draw(t, "seed")))
		words := strings.Fields("đất sổ đỏ cấp bao giờ thu hồi ở đâu không 50m2 HOÀ bán 中 🙂")
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			id := conference.QuestionID(fmt.Sprintf("q%d", rapid.IntRange(0, 12).Draw(t, "id")))
			switch rapid.IntRange(0, 3).Draw(t, "action") {
			case 0:
				index.Remove(id)
				delete(model, id)
			case 1:
				model[id] = texts.question()
				index.Put(id, model[id])
			default:
				model[id] = strings.Join(rapid.SliceOfN(rapid.SampledFrom(words), 1, 8).Draw(t, "words"), " ")
				index.Put(id, model[id])
			}
		}
		compareToRebuilt(t, lexicon, index, model)
	})
}

// fataler is what compareToRebuilt needs of a test.
type fataler interface {
	Fatalf(format string, args ...any)
}

// compareToRebuilt asks for every text of the model and checks that it finds itself before
// anything less like it, and that an index built afresh, the last id first, agrees.
func compareToRebuilt(t fataler, lexicon *similar.Lexicon, index *similar.Index, model map[conference.QuestionID]string) {
	ids := make([]conference.QuestionID, 0, len(model))
	for id := range model {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	slices.Reverse(ids)
	rebuilt := lexicon.Index()
	for _, id := range ids {
		rebuilt.Put(id, model[id])
	}
	if index.Len() != len(model) {
		t.Fatalf("length: got %d, want %d", index.Len(), len(model))
	}
	for _, id := range ids {
		got := index.Find(model[id], len(ids))
		if diff := cmp.Diff(rebuilt.Find(model[id], len(ids)), got); diff != "" {
			t.Fatalf("%q: rebuilt and grown differ (-rebuilt +grown):\n%s", model[id], diff)
		}
		if lexicon.Fold(model[id]) == "" {
			if len(got) > 0 {
				t.Fatalf("%q has no word: got %+v, want nothing", model[id], got)
			}
			continue
		}
		at := slices.IndexFunc(got, func(m similar.Match) bool { return m.ID == id })
		if at < 0 || got[at].Score != 1 || got[0].Score != 1 {
			t.Fatalf("%q: finds itself at %d of %+v", model[id], at, got)
		}
	}
}

// TestRemovedQuestionsLeaveNoTrace removes so many questions that the rest is renumbered,
// twice, and more than are ever scored in full.
func TestRemovedQuestionsLeaveNoTrace(t *testing.T) {
	t.Parallel()
	lexicon := similar.NewLexicon()
	index, model, texts := lexicon.Index(), map[conference.QuestionID]string{}, newCorpus(4)
	for i := range 3000 {
		id := conference.QuestionID(fmt.Sprintf("q%04d", i))
		text := texts.question()
		index.Put(id, text)
		if i%10 == 0 {
			model[id] = text
		}
		if i%2 == 1 {
			index.Remove(id)
		}
	}
	for _, id := range []conference.QuestionID{"blank", ""} { // no word, no name: kept all the same
		model[id] = "?!"
		index.Put(id, model[id])
	}
	for i := range 3000 {
		id := conference.QuestionID(fmt.Sprintf("q%04d", i))
		if _, stays := model[id]; !stays {
			index.Remove(id)
		}
	}
	compareToRebuilt(t, lexicon, index, model)
}

// TestEqualsComeByID asks for a text that more questions have than are ever scored: the
// lowest ids are found, in order, whatever the order they came in.
func TestEqualsComeByID(t *testing.T) {
	t.Parallel()
	const most = 160
	index := similar.New()
	for i := range 400 {
		index.Put(conference.QuestionID(fmt.Sprintf("q%03d", (i*7+3)%400)), lateResult)
	}
	got := index.Find(lateResult, 400)
	if len(got) != most {
		t.Fatalf("matches: got %d, want %d", len(got), most)
	}
	for i, match := range got {
		if want := fmt.Sprintf("q%03d", i); string(match.ID) != want || match.Score != 1 {
			t.Fatalf("match %d: got %+v, want %s with score 1", i, match, want)
		}
	}
}

// TestManyReadersOneWriter finds while questions come and go; a question that stays is
// always found.
func TestManyReadersOneWriter(t *testing.T) {
	t.Parallel()
	index, texts := similar.New(), newCorpus(5)
	index.Put("stays", lateResult)
	done := make(chan struct{})
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() { // ends when the writer is done
			for {
				if got := index.Find(lateResult, 3); len(got) == 0 || got[0].ID != "stays" || got[0].Score != 1 {
					t.Errorf("got %+v, want the question that stays", got)
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	for i := range 300 {
		index.Put(conference.QuestionID(fmt.Sprintf("q%d", i%100)), texts.question())
		index.Remove(conference.QuestionID(fmt.Sprintf("q%d", (i+50)%100)))
	}
	close(done)
	readers.Wait()
}

func FuzzFind(f *testing.F) {
	for _, seed := range []string{
		"", lateResult, "ko", "20m2 15/10/1993 5%", "HOÀ hòa", "\xff\xfe", "한국어 질문 🙂", "không không không", "a\u0301\u0300\u0323",
		strings.Repeat("đất đai ", 700),
	} {
		f.Add(seed)
	}
	others, lexicon := newCorpus(6), similar.NewLexicon()
	index := lexicon.Index()
	for i := range 20 {
		index.Put(conference.QuestionID(fmt.Sprintf("q%d", i)), others.question())
	}
	f.Fuzz(func(t *testing.T, text string) {
		folded := lexicon.Fold(text)
		index.Put("it", text)
		matches := index.Find(text, 30)
		for _, match := range matches {
			if !(match.Score >= 0 && match.Score <= 1) {
				t.Errorf("score of %s: got %v, want 0 to 1", match.ID, match.Score)
			}
		}
		found := slices.ContainsFunc(matches, func(m similar.Match) bool { return m.ID == "it" && m.Score == 1 })
		if found != (folded != "") {
			t.Errorf("%q (%q): found itself %v in %+v", text, folded, found, matches)
		}
		index.Remove("it")
		if slices.ContainsFunc(index.Find(text, 30), func(m similar.Match) bool { return m.ID == "it" }) {
			t.Errorf("%q is found after it was removed", text)
		}
	})
}
