package text

import (
	"testing"

	"golang.org/x/text/unicode/norm"
)

// Whatever is taken as it is would come out of rewriting unchanged, and what people type
// is taken as it is.
func TestIsClean(t *testing.T) {
	t.Parallel()
	parts := []string{"a", "ộ", " ", "\n", "\r", "\u0301", "\u00a0", "~", "\u200d"}
	taken := 0
	var try func(text string, more int)
	try = func(text string, more int) {
		for _, breaks := range []bool{false, true} {
			if !isClean(text, breaks) {
				continue
			}
			taken++
			if got := rewrite(text, breaks); got != text {
				t.Fatalf("breaks %v: %q is taken as it is, rewriting gives %q", breaks, text, got)
			}
		}
		for _, part := range parts {
			if more > 0 {
				try(text+part, more-1)
			}
		}
	}
	try("", 5)
	if taken < 1000 {
		t.Errorf("%d texts were taken as they are: too few to prove anything", taken)
	}
	for r := rune(0x80); r < 0x2000; r++ {
		if one := string(r); isComposed(r) && rewrite(one, false) != one {
			t.Errorf("%U is taken as it is, rewriting gives %q", r, rewrite(one, false))
		}
	}
	const typed = "Bao giờ tôi được cấp sổ đỏ cho thửa đất số 5?\n\nĐã nộp ƠN, Ữ: 3/2022 (UBND)."
	if !isClean(typed, true) {
		t.Errorf("%q is not taken as it is", typed)
	}
	if decomposed := norm.NFD.String(typed); isClean(decomposed, true) {
		t.Error("a decomposed text is taken as it is")
	}
}
