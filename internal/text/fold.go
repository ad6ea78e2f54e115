package text

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Fold returns text as people type it in a hurry: lower case, without any mark on a
// letter, đ as d, compatibility forms as plain ones (m² is m2, full-width letters are
// letters); so hòa, hoà, HÒA and hoa are equal. It is for comparing and searching, never
// for showing. Invalid UTF-8 is dropped. Fold(Fold(t)) equals Fold(t).
func Fold(text string) string {
	if isPlain(text) {
		return strings.ToLower(text)
	}
	var out strings.Builder
	out.Grow(len(text))
	var buffer [utf8.UTFMax]byte
	for text = strings.ToValidUTF8(text, ""); text != ""; {
		letter := norm.NFKD.PropertiesString(text)
		size := max(letter.Size(), 1)
		parts := letter.Decomposition()
		if parts == nil {
			parts = append(buffer[:0], text[:size]...)
		}
		for len(parts) > 0 {
			r, size := utf8.DecodeRune(parts)
			if parts = parts[size:]; r < utf8.RuneSelf || !unicode.Is(unicode.M, r) {
				out.WriteRune(foldRune(r))
			}
		}
		text = text[size:]
	}
	folded := out.String()
	if isPlain(folded) {
		return folded
	}
	// Letters that are made of parts (Hangul) are put together again.
	return norm.NFC.String(folded)
}

// foldRune returns the small letter r stands for. Ð (eth) and Ɖ (African d) look like Đ
// and are typed for it.
func foldRune(r rune) rune {
	switch r {
	case 'đ', 'Đ', 'ð', 'Ð', 'ɖ', 'Ɖ':
		return 'd'
	}
	return unicode.ToLower(r)
}

func isPlain(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// Marked returns a Vietnamese word with its marks in one order, the tone last, in lower
// case, so that hòa and hoà are equal and hóa differs from both. It is for comparing.
func Marked(word string) string {
	if isPlain(word) {
		return strings.ToLower(word)
	}
	var out strings.Builder
	out.Grow(len(word) + 2)
	tone := rune(0)
	write := func(r rune) {
		if isTone(r) {
			tone = r
			return
		}
		out.WriteRune(unicode.ToLower(r))
	}
	for at, r := range word {
		var parts []byte
		if r >= utf8.RuneSelf {
			parts = norm.NFD.PropertiesString(word[at:]).Decomposition()
		}
		if parts == nil {
			write(r)
			continue
		}
		for len(parts) > 0 {
			r, size := utf8.DecodeRune(parts)
			parts = parts[size:]
			write(r)
		}
	}
	if tone != 0 {
		out.WriteRune(tone)
	}
	return out.String()
}

// isTone reports the five marks of tone: grave, acute, tilde, hook above, dot below.
func isTone(r rune) bool {
	switch r {
	case '\u0300', '\u0301', '\u0303', '\u0309', '\u0323':
		return true
	}
	return false
}
