package similar

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/diemcau/diemcau/internal/text"
)

// maxTextBytes is how much of a text is looked at: 600 runes of Vietnamese are less than
// 1,800 bytes in NFC.
const maxTextBytes = 4096

// part is one word as it was written.
type part struct {
	folded, marked string
	names          bool // written like a proper name, or a year
	closes         bool // a sentence or clause ends after it
}

func (p part) hasMarks() bool { return len(p.folded) != len(p.marked) }

// asksWhether reports the word that makes a question of a sentence by ending it.
func (p part) asksWhether() bool {
	if !p.closes {
		return false
	}
	switch p.folded {
	case "khong", "ko", "k", "kg", "hok", "hong", "chua":
		return true
	}
	return false
}

// fold joins the folded words by spaces.
func fold(parts []part) string {
	var joined strings.Builder
	for i, part := range parts {
		if i > 0 {
			joined.WriteByte(' ')
		}
		joined.WriteString(part.folded)
	}
	return joined.String()
}

// marked joins the words with their marks by spaces.
func marked(parts []part) string {
	if len(parts) == 1 {
		return parts[0].marked
	}
	var joined strings.Builder
	for i, part := range parts {
		if i > 0 {
			joined.WriteByte(' ')
		}
		joined.WriteString(part.marked)
	}
	return joined.String()
}

// split returns the words of a text: runs of letters, marks and digits, a number and the
// unit written onto it apart (20m2), % as a word.
func split(s string) []part {
	r := splitter{text: cut(s), start: -1, opening: true}
	for i, letter := range r.text {
		r.letter(i, letter)
	}
	r.end(len(r.text))
	for len(r.parts) > 0 && isParticle(r.parts[len(r.parts)-1].folded) {
		r.parts = r.parts[:len(r.parts)-1]
	}
	r.close()
	return r.parts
}

// splitter walks through a text.
type splitter struct {
	text    string
	parts   []part
	start   int  // where the word under way begins; -1 between words
	digits  bool // the word under way ends in a digit
	opening bool // no word of the sentence yet
}

func (s *splitter) letter(i int, letter rune) {
	digit := letter >= '0' && letter <= '9'
	if digit || unicode.IsLetter(letter) || unicode.IsMark(letter) || unicode.IsNumber(letter) {
		if s.start >= 0 && s.digits && unicode.IsLetter(letter) {
			s.end(i)
		}
		if s.start < 0 {
			s.start = i
		}
		s.digits = digit
		return
	}
	s.end(i)
	switch letter {
	case '%':
		s.parts = append(s.parts, part{folded: "%", marked: "%"})
	case '.', '!', '?', ':', ';', '\n', '-', '"', '“':
		s.opening = true
		s.close()
	case ',':
		s.close()
	}
}

// end ends the word under way before i.
func (s *splitter) end(i int) {
	if s.start < 0 {
		return
	}
	written := s.text[s.start:i]
	s.start = -1
	if folded := spell(text.Fold(written)); folded != "" {
		s.parts = append(s.parts, part{
			folded: folded, marked: text.Marked(written), names: isName(written, s.opening),
		})
		s.opening = false
	}
}

// close marks the last word as the end of a clause.
func (s *splitter) close() {
	if len(s.parts) > 0 {
		s.parts[len(s.parts)-1].closes = true
	}
}

// isParticle reports the words of courtesy and wonder after the last word of a question.
func isParticle(w string) bool {
	switch w {
	case "a", "nhi", "vay", "dzay", "the", "ha", "nhe", "em", "oi":
		return true
	}
	return false
}

// isName reports whether a word is a year, or one capital and
// small letters elsewhere than at a sentence's opening.
func isName(w string, opening bool) bool {
	first, size := utf8.DecodeRuneInString(w)
	if first >= '0' && first <= '9' {
		return len(w) == 4
	}
	return !opening && unicode.IsUpper(first) && len(w) > size && strings.ToLower(w[size:]) == w[size:]
}

// spell writes i for y where both are in use: kĩ and kỹ, lí and lý, quí and quý.
func spell(w string) string {
	if len(w) < 2 || w[len(w)-1] != 'y' {
		return w
	}
	switch w[len(w)-2] {
	case 'h', 'k', 'l', 'm', 's', 't':
		if len(w) == 2 {
			return w[:1] + "i"
		}
	case 'u':
		if len(w) == 3 && w[0] == 'q' {
			return "qui"
		}
	}
	return w
}

// cut returns the beginning of s that is looked at, not cutting through a character.
func cut(s string) string {
	if len(s) <= maxTextBytes {
		return s
	}
	end := maxTextBytes
	for end > maxTextBytes-utf8.UTFMax && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end]
}
