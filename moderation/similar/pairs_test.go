package similar_test

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/diemcau/diemcau/internal/conference"
	content "github.com/diemcau/diemcau/internal/text"
	"github.com/diemcau/diemcau/moderation/similar"
)

// labelled is a line of testdata/pairs.tsv.
type labelled struct {
	half, kind string
	same       bool
	a, b       string
}

// loadPairs reads the pairs of one half.
func loadPairs(tb testing.TB, half string) []labelled {
	tb.Helper()
	file, err := os.ReadFile("testdata/pairs.tsv")
	if err != nil {
		tb.Fatal(err)
	}
	var pairs []labelled
	for line := range strings.Lines(string(file)) {
		field := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if strings.HasPrefix(line, "#") || field[0] == "half" {
			continue
		}
		if len(field) != 5 || (field[1] != "same" && field[1] != "other") || (field[0] != "dev" && field[0] != "held") {
			tb.Fatalf("bad line %q", line)
		}
		if field[0] == half {
			pairs = append(pairs, labelled{half: field[0], same: field[1] == "same", kind: field[2], a: field[3], b: field[4]})
		}
	}
	return pairs
}

// labelledSet is one half as a conference would hold it: every text a question of its own.
type labelledSet struct {
	pairs []labelled
	index *similar.Index
	ids   map[string]conference.QuestionID // by text
	group map[conference.QuestionID]string // the question its text is the same as
}

func newLabelledSet(tb testing.TB, half string) *labelledSet {
	tb.Helper()
	set := &labelledSet{
		pairs: loadPairs(tb, half), index: similar.New(),
		ids: map[string]conference.QuestionID{}, group: map[conference.QuestionID]string{},
	}
	for _, pair := range set.pairs {
		set.put(pair.a, pair.a)
		if pair.same {
			set.put(pair.b, pair.a)
		} else {
			set.put(pair.b, pair.b)
		}
	}
	return set
}

func (s *labelledSet) put(text, group string) {
	if _, there := s.ids[text]; there {
		return
	}
	id := conference.QuestionID("q" + strconv.Itoa(len(s.ids)))
	s.ids[text], s.group[id] = id, group
	s.index.Put(id, text)
}

// figures count what a threshold does.
type figures struct {
	same, found  int // same pairs, and those at or over the threshold
	other, wrong int // labelled other pairs, and those at or over the threshold
	listed, fit  int // everything listed for the questions, and what is of their group
}

func (f figures) recall() float64    { return float64(f.found) / float64(f.same) }
func (f figures) precision() float64 { return float64(f.found) / float64(f.found+f.wrong) }
func (f figures) inLists() float64   { return float64(f.fit) / float64(f.listed) }

// measure asks for both texts of every pair.
func (s *labelledSet) measure(threshold float64) figures {
	var f figures
	for _, pair := range s.pairs {
		for _, way := range [][2]string{{pair.a, pair.b}, {pair.b, pair.a}} {
			over := s.score(way[0], way[1]) >= threshold
			switch {
			case pair.same && over:
				f.same, f.found = f.same+1, f.found+1
			case pair.same:
				f.same++
			case over:
				f.other, f.wrong = f.other+1, f.wrong+1
			default:
				f.other++
			}
		}
	}
	for text, id := range s.ids {
		for _, match := range s.index.Find(text, 6) {
			if match.Score < threshold || match.ID == id {
				continue
			}
			f.listed++
			if s.group[match.ID] == s.group[id] {
				f.fit++
			}
		}
	}
	return f
}

// score returns how alike the index finds b when asked for a; 0 if it does not list it.
func (s *labelledSet) score(a, b string) float64 {
	for _, match := range s.index.Find(a, len(s.ids)) {
		if match.ID == s.ids[b] {
			return match.Score
		}
	}
	return 0
}

// TestPairsAreSound holds what the figures rest on: enough pairs, no text in both halves,
// none labelled two ways.
func TestPairsAreSound(t *testing.T) {
	t.Parallel()
	halves := map[string]string{}
	total := 0
	for _, half := range []string{"dev", "held"} {
		labels := map[[2]string]bool{}
		for _, pair := range loadPairs(t, half) {
			total++
			if pair.a == pair.b || labels[[2]string{pair.a, pair.b}] {
				t.Errorf("pair twice, or of one text: %q", pair.b)
			}
			labels[[2]string{pair.a, pair.b}] = true
			for _, text := range []string{pair.a, pair.b} {
				if in, known := halves[text]; known && in != half {
					t.Errorf("%q is in both halves", text)
				}
				halves[text] = half
				if text != content.Paragraph(text) || content.Runes(text) > 600 {
					t.Errorf("%q is not as the conference would hold it", text)
				}
			}
		}
	}
	if total < 300 {
		t.Errorf("pairs: got %d, want 300 at least", total)
	}
}

// TestHeldOutFloors measures the half that no weight, word list or threshold was chosen
// on. The floors stand a little under what was measured.
func TestHeldOutFloors(t *testing.T) {
	t.Parallel()
	set := newLabelledSet(t, "held")
	for _, test := range []struct {
		name                       string
		threshold                  float64
		recall, precision, inLists float64
	}{
		{"ask", similar.ThresholdAsk, 0.70, 0.85, 0.80},
		{"card", similar.ThresholdCard, 0.80, 0.75, 0.65},
	} {
		f := set.measure(test.threshold)
		t.Logf("%s: recall %.3f, precision %.3f, right in lists %.3f (%+v)", test.name, f.recall(), f.precision(), f.inLists(), f)
		if f.recall() < test.recall || f.precision() < test.precision || f.inLists() < test.inLists {
			t.Errorf("%s: recall %.3f, precision %.3f, right in lists %.3f, want at least %.2f, %.2f, %.2f",
				test.name, f.recall(), f.precision(), f.inLists(), test.recall, test.precision, test.inLists)
		}
	}
}
