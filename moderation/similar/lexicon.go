package similar

import (
	"slices"
	"strconv"
	"strings"
)

// class is how much a word tells about a question.
type class uint8

const (
	classPlain class = iota
	classCommon
	classAspect
)

// word is one word after folding: its code, and its letters for the letter triples.
type word struct {
	code    uint16
	class   class
	letters string
	names   bool // a proper name, or a year
}

// firstHashed is the first code of words the lexicon does not know.
const firstHashed = 2048

// Lexicon brings the ways in which people write one thing together. It does not change
// after NewLexicon; anybody may use it at any time.
type Lexicon struct {
	phrases map[string][]word // a folded phrase, words joined by one space, and what it stands for; nothing for a stop word
	exact   map[string][]word // phrases that mean another thing with other marks, by their words with marks
	strict  map[string]bool   // those phrases, folded
	longest map[string]int    // by first word: words in the longest phrase beginning with it
	codes   map[string]word   // the words the lexicon knows, by name
	whether word              // what a sentence that ends in "không" or "chưa" asks
}

// NewLexicon reads the words of the house.
func NewLexicon() *Lexicon {
	l := &Lexicon{phrases: map[string][]word{}, exact: map[string][]word{}, strict: map[string]bool{}, longest: map[string]int{}, codes: map[string]word{}}
	l.addLines(aspectWords, classAspect)
	for phrase := range strings.SplitSeq(commonWords, "|") {
		for _, part := range split(phrase) {
			l.name(part.folded, classCommon)
		}
	}
	for phrase := range strings.FieldsFuncSeq(stopWords, func(r rune) bool { return r == '|' || r == '\n' }) {
		l.addPhrase(phrase, nil)
	}
	l.addLines(sameWords, classPlain)
	l.addNumbers()
	l.whether = l.codes["@whether"]
	return l
}

// Fold returns text as the words it is compared by: folded, short forms written out,
// different words for one thing the same; words that only carry the sentence are left
// out unless there are no others. Only the first 4,096 bytes are looked at.
func (l *Lexicon) Fold(text string) string {
	var letters []string
	for _, w := range l.read(text) {
		letters = append(letters, w.letters)
	}
	return strings.Join(letters, " ")
}

// addLines takes "meaning = phrase | phrase" lines.
func (l *Lexicon) addLines(lines string, class class) {
	for line := range strings.Lines(strings.TrimSpace(lines)) {
		meaning, phrases, _ := strings.Cut(line, "=")
		var stands []word
		if class == classAspect {
			stands = []word{l.name(strings.TrimSpace(meaning), class)}
		} else {
			for _, part := range split(meaning) {
				stands = append(stands, l.name(part.folded, class))
			}
			l.addPhrase(meaning, stands)
		}
		for phrase := range strings.SplitSeq(phrases, "|") {
			l.addPhrase(phrase, stands)
		}
	}
}

// addPhrase makes phrase stand for the words; the first to claim a phrase keeps it. Of
// one word the marks must agree (bán, bàn), unless the text has none at all.
func (l *Lexicon) addPhrase(phrase string, stands []word) {
	parts := split(phrase)
	if len(parts) == 1 {
		l.addExact(parts, stands)
	}
	if len(parts) > 0 {
		l.addFolded(parts, stands)
	}
}

func (l *Lexicon) addExact(parts []part, stands []word) {
	l.strict[fold(parts)] = true
	if key := marked(parts); l.exact[key] == nil {
		l.exact[key] = append([]word{}, stands...)
	}
}

func (l *Lexicon) addFolded(parts []part, stands []word) {
	key := fold(parts)
	if _, taken := l.phrases[key]; taken {
		return
	}
	l.phrases[key] = stands
	l.longest[parts[0].folded] = max(l.longest[parts[0].folded], len(parts))
}

// name gives a word of the lexicon its code; the first class stays.
func (l *Lexicon) name(letters string, class class) word {
	if known, ok := l.codes[letters]; ok {
		return known
	}
	w := word{code: uint16(len(l.codes)), class: class, letters: letters}
	l.codes[letters] = w
	return w
}

// addNumbers brings "ba năm" and "3 năm" together. A number word alone means too many
// other things once its marks are gone (tám, tạm), so it counts before a unit only.
func (l *Lexicon) addNumbers() {
	ones := []string{"", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín"}
	units := strings.Fields("năm tháng ngày lần mét triệu tỷ tầng thửa hộ suất anh sào phần")
	for number := 1; number < 100; number++ {
		tens, one := number/10, number%10
		spoken := ones[one]
		switch {
		case tens == 1 && one == 0:
			spoken = "mười"
		case tens == 1:
			spoken = "mười " + ones[one]
			if one == 5 {
				spoken = "mười lăm"
			}
		case tens > 1 && one == 0:
			spoken = ones[tens] + " mươi"
		case tens > 1:
			continue // people write these in digits
		}
		l.addNumber(number, spoken, units)
		if one == 0 && tens > 1 {
			l.addNumber(number, ones[tens]+" chục", units)
		}
	}
}

func (l *Lexicon) addNumber(number int, spoken string, units []string) {
	digits := l.name(strconv.Itoa(number), classPlain)
	for _, unit := range units {
		stands := []word{digits}
		parts := split(unit)
		if known, ok := l.exact[parts[0].marked]; ok {
			stands = append(stands, known...)
		} else {
			stands = append(stands, l.name(parts[0].folded, classPlain))
		}
		phrase := split(spoken + " " + unit)
		l.addExact(phrase, stands)
		l.addFolded(phrase, stands)
	}
}

// read returns the words of a text, each phrase of the lexicon as what it stands for.
func (l *Lexicon) read(text string) []word {
	parts := split(text)
	if read := l.resolve(parts); len(read) > 0 {
		return read
	}
	read := make([]word, len(parts))
	for i, part := range parts {
		read[i] = l.word(part.folded)
	}
	return read
}

// resolve finds the longest phrase at each word in turn.
func (l *Lexicon) resolve(parts []part) []word {
	joined := fold(parts)
	marks := slices.ContainsFunc(parts, part.hasMarks)
	starts := make([]int, 0, len(parts)+1)
	at := 0
	for _, part := range parts {
		starts = append(starts, at)
		at += len(part.folded) + 1
	}
	starts = append(starts, at)
	read := make([]word, 0, len(parts))
	for i := 0; i < len(parts); {
		if parts[i].asksWhether() {
			read = append(read, l.whether)
			i++
			continue
		}
		length := min(l.longest[parts[i].folded], len(parts)-i)
		for ; length > 0; length-- {
			key := joined[starts[i] : starts[i+length]-1]
			stands, found := l.phrases[key]
			if found && marks && l.strict[key] {
				stands, found = l.exact[marked(parts[i:i+length])]
			}
			if found {
				read = append(read, stands...)
				break
			}
		}
		if length == 0 {
			w := l.word(parts[i].folded)
			w.names = parts[i].names
			read = append(read, w)
			length = 1
		}
		i += length
	}
	return read
}

func (l *Lexicon) word(letters string) word {
	if known, ok := l.codes[letters]; ok {
		return known
	}
	return word{code: firstHashed + uint16(hash(letters)%(1<<16-firstHashed)), letters: letters}
}

// hash is FNV-1a, stirred so that its low bits are as good as its high ones.
func hash(s string) uint32 {
	h := uint32(2166136261)
	for i := range len(s) {
		h = (h ^ uint32(s[i])) * 16777619
	}
	return stir(h)
}

// stir is the finaliser of MurmurHash3.
func stir(h uint32) uint32 {
	h ^= h >> 16
	h *= 0x85ebca6b
	h ^= h >> 13
	h *= 0xc2b2ae35
	return h ^ h>>16
}
