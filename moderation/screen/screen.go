package screen

import (
	"bufio"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

//go:embed words.vi.txt
var wordsVi string

//go:embed words.en.txt
var wordsEn string

// The rules Check names; they are stored with the question that is held.
const (
	RuleWord     = "word"
	RuleLink     = "link"
	RuleRepeat   = "repeat"
	RuleCapitals = "capitals"
)

// Limits of an operator's file.
const (
	MaxPhrases     = 10_000
	MaxPhraseRunes = 100
)

// ErrMalformed means that an operator's file cannot be used; the text says where and why.
var ErrMalformed = errors.New("word list is malformed")

// Screen holds the lists. It is not changed once made: safe for concurrent use.
type Screen struct {
	phrases map[string][][]string // by first word
	tones   *strings.Replacer
}

// New returns a Screen with the embedded lists and the operator's files: UTF-8 in NFC, one
// word or phrase a line, "#" begins a comment, a "-" in front takes a phrase off the
// lists. Error: ErrMalformed, and those of the readers.
func New(operator ...io.Reader) (*Screen, error) {
	s := &Screen{phrases: map[string][][]string{}, tones: newTones()}
	for _, r := range append([]io.Reader{strings.NewReader(wordsVi), strings.NewReader(wordsEn)}, operator...) {
		if err := s.read(r); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *Screen) read(r io.Reader) error {
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		line, _, _ := strings.Cut(lines.Text(), "#")
		line = strings.TrimPrefix(strings.TrimSpace(line), "\ufeff")
		phrase, off := strings.CutPrefix(line, "-")
		if err := checkPhrase(phrase); err != nil {
			return fmt.Errorf("%w: line %d %w", ErrMalformed, n, err)
		}
		words := s.words(phrase)
		if len(words) == 0 {
			continue
		}
		s.drop(words)
		if off {
			continue
		}
		s.phrases[words[0]] = append(s.phrases[words[0]], words)
		if n > MaxPhrases {
			return fmt.Errorf("%w: more than %d lines", ErrMalformed, MaxPhrases)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read a word list: %w", err)
	}
	return nil
}

func checkPhrase(phrase string) error {
	switch {
	case !utf8.ValidString(phrase):
		return errors.New("is not UTF-8")
	case utf8.RuneCountInString(phrase) > MaxPhraseRunes:
		return fmt.Errorf("has more than %d characters", MaxPhraseRunes)
	case strings.ContainsFunc(phrase, func(r rune) bool { return unicode.Is(unicode.Mn, r) }):
		return errors.New("has marks apart from their letters: save the file in NFC")
	}
	return nil
}

// drop takes a phrase off the lists.
func (s *Screen) drop(words []string) {
	var kept [][]string
	for _, phrase := range s.phrases[words[0]] {
		if strings.Join(phrase, " ") != strings.Join(words, " ") {
			kept = append(kept, phrase)
		}
	}
	s.phrases[words[0]] = kept
}

// Check returns the first rule that a text meets. The text is as internal/text leaves it:
// NFC, without control and invisible characters.
func (s *Screen) Check(text string) (rule string, hit bool) {
	words := s.words(text)
	switch {
	case s.listed(words), s.listed(spelled(words)):
		return RuleWord, true
	case hasLink(text):
		return RuleLink, true
	case repeats(text, words):
		return RuleRepeat, true
	case shouts(text):
		return RuleCapitals, true
	}
	return "", false
}

// words cuts a text into folded words: lower case, tones where they stood first, nothing
// but letters and digits.
func (s *Screen) words(text string) []string {
	folded := s.tones.Replace(strings.ToLower(text))
	return strings.FieldsFunc(folded, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.Is(unicode.M, r)
	})
}

// listed reports whether a phrase of the lists stands among the words.
func (s *Screen) listed(words []string) bool {
	for i := range words {
		for _, first := range []string{words[i], squeeze(words[i])} {
			for _, phrase := range s.phrases[first] {
				if matches(words[i:], phrase) {
					return true
				}
			}
		}
	}
	return false
}

func matches(words, phrase []string) bool {
	if len(words) < len(phrase) {
		return false
	}
	for i, word := range phrase {
		if words[i] != word && squeeze(words[i]) != word {
			return false
		}
	}
	return true
}

// squeeze writes letters that are drawn out once: "đéoooo" is "đéo".
func squeeze(word string) string {
	var out strings.Builder
	last := rune(-1)
	for _, r := range word {
		if r != last {
			out.WriteRune(r)
		}
		last = r
	}
	return out.String()
}

// spelled joins letters that stand alone: "đ . m" is "đm". Other words end a run.
func spelled(words []string) []string {
	var out []string
	run := ""
	for _, word := range append(words, "--") { // the end is a word of its own
		if utf8.RuneCountInString(word) == 1 && unicode.IsLetter([]rune(word)[0]) {
			run += word
			continue
		}
		if utf8.RuneCountInString(run) > 1 {
			out = append(out, run)
		}
		run = ""
	}
	return out
}

// newTones moves tones from where newer spelling puts them (hoà) to where older does (hòa).
func newTones() *strings.Replacer {
	var pairs []string
	for _, v := range []struct{ plain, toned, second, secondToned string }{
		{"o", "òóỏõọ", "a", "àáảãạ"},
		{"o", "òóỏõọ", "e", "èéẻẽẹ"},
		{"u", "ùúủũụ", "y", "ỳýỷỹỵ"},
	} {
		to, from := []rune(v.toned), []rune(v.secondToned)
		for i := range to {
			pairs = append(pairs, v.plain+string(from[i]), string(to[i])+v.second)
		}
	}
	return strings.NewReplacer(pairs...)
}
