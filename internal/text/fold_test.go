package text_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/diemcau/diemcau/internal/text"
)

func TestFold(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, in, want string }{
		{"empty", "", ""},
		{"plain", "So do 2022", "so do 2022"},
		{"every vowel", "aăâeêioôơuưy ÀẮẬÈỂÍÒỘỢÙỮỲ", "aaaeeiooouuy aaaeeiooouuy"},
		{"new and old placement", "hòa hoà HÒA thủy thuỷ khỏe khoẻ", "hoa hoa hoa thuy thuy khoe khoe"},
		{"decomposed", norm.NFD.String("Đường Nguyễn Trãi"), "duong nguyen trai"},
		{"eth for đ", "Ðất Ɖai", "dat dai"},
		{"compatibility", "100 m² ＵＢＮＤ ﬁ", "100 m2 ubnd fi"},
		{"invalid", "đ\xffất", "dat"},
		{"other scripts", "한국 Ж é", "한국 ж e"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := text.Fold(test.in); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestMarked(t *testing.T) {
	t.Parallel()
	same := [][]string{
		{"hòa", "hoà", "HÒA", norm.NFD.String("Hoà"), "ho\u0300a"},
		{"khỏe", "khoẻ", "Khỏe"},
		{"thủy", "thuỷ"},
		{"đất", norm.NFD.String("đất"), "ĐẤT", "đâ\u0301t", "đa\u0301\u0302t"},
		{"hóa", "hoá"},
		{"hoa", "HOA"},
		{"dat", "DAT"},
	}
	seen := map[string]string{}
	for _, words := range same {
		want := text.Marked(words[0])
		if other, taken := seen[want]; taken {
			t.Errorf("%q and %q: got both as %q", words[0], other, want)
		}
		seen[want] = words[0]
		for _, word := range words {
			if got := text.Marked(word); got != want {
				t.Errorf("%q: got %q, want %q", word, got, want)
			}
		}
	}
}

func FuzzFold(f *testing.F) {
	for _, seed := range []string{"", "Sổ đỏ", "HOÀ hòa", "m²", "\xff\u0301", "한", "İ", "ẞ", "\u0344", "Ǆ"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		got := text.Fold(in)
		if again := text.Fold(got); again != got {
			t.Errorf("not stable: %q, then %q", got, again)
		}
		if !utf8.ValidString(got) && utf8.ValidString(in) {
			t.Errorf("%q became invalid", in)
		}
		if other := text.Fold(norm.NFD.String(in)); utf8.ValidString(in) && other != got {
			t.Errorf("decomposed %q folds to %q, want %q", in, other, got)
		}
		if strings.ContainsFunc(got, func(r rune) bool { return r < unicode.MaxLatin1 && unicode.IsUpper(r) }) {
			t.Errorf("%q has a capital", got)
		}
	})
}
