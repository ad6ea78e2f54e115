package text_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/diemcau/diemcau/internal/text"
)

func TestParagraph(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, in, want string }{
		{"Vietnamese decomposed", norm.NFD.String("Sổ đỏ của tôi bị chậm"), "Sổ đỏ của tôi bị chậm"},
		{"trimmed", " \t a  b \r\n\r\n\r\n\r\n c \n", "a b\n\nc"},
		{"control", "a\x00b\x1bc\x7fd", "abcd"},
		{"bidi override", "abc\u202egpj.exe\u202c \u2066x\u2069", "abcgpj.exe x"},
		{"zero width", "s\u200bổ\ufeff \u2060đỏ\u00ad", "sổ đỏ"},
		{"joiner run", "a\u200d\u200d\u200d", "a"},
		{"family emoji", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f468\u200d\U0001f469\u200d\U0001f467"},
		{"only invisible", "\u200b\u202e\u3164\u2800\x07", ""},
		{"only marks", "\u0301\u0302", ""},
		{"invalid UTF-8", "a\xff\xfeb", "ab"},
		{"zalgo", "x" + strings.Repeat("\u0336", 40) + "y", "x" + strings.Repeat("\u0336", 4) + "y"},
		{"private use and tags", "a\ue000b\U000e0041c", "abc"},
		{"joined by dropping", "e\u200b\u0302", "ê"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := text.Paragraph(test.in); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestLine(t *testing.T) {
	t.Parallel()
	if got := text.Line("a\n\nb\u2028c"); got != "a b c" {
		t.Errorf("got %q, want %q", got, "a b c")
	}
	if got := text.Runes(norm.NFD.String("đường")); got != 5 {
		t.Errorf("runes of đường: got %d, want 5", got)
	}
}

func FuzzParagraph(f *testing.F) {
	for _, seed := range []string{"", "Sổ đỏ", "a\u202eb", "\u0301\u200d\u0301", "x\n\n\ny", "\xff", "\U0001f468\u200d\U0001f469", "e\u200d\u0301"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		got := text.Paragraph(in)
		if again := text.Paragraph(got); again != got {
			t.Errorf("not stable: %q, then %q", got, again)
		}
		if !utf8.ValidString(got) || !norm.NFC.IsNormalString(got) {
			t.Errorf("%q is not valid NFC", got)
		}
		for _, r := range got {
			if unicode.Is(unicode.Cc, r) && r != '\n' || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
				t.Errorf("%q holds %U", got, r)
			}
		}
		if strings.ContainsRune(text.Line(in), '\n') {
			t.Errorf("line of %q has a break", in)
		}
	})
}

func TestE164(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"0912 345 678": "+84912345678", "+84 (0)912": "", "84912345678": "+84912345678", "0084912345678": "+84912345678",
		"912345678": "+84912345678", "02438253536": "+842438253536", "+33 1 23 45 67 89": "+33123456789", "": "", "gọi tôi": "", "0166": "", "0000000000": "", "01661234567": "", "091234567": "", "+8491234560": "", "+849123456789012": "",
	} {
		got, ok := text.E164(typed)
		if ok != (want != "") || ok && got != want {
			t.Errorf("%q: got %q %v, want %q", typed, got, ok, want)
		}
	}
}
