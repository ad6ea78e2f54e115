package similar

import "slices"

// A feature is family<<16 | code.
type feature uint32

// The families of features.
const (
	familyWord   = iota // a word
	familyPair          // two words in a row
	familyTriple        // three letters in a row, the ends of the word included
	familyName          // a proper name or a number
	families
)

func (f feature) family() int { return int(f >> 16) }

// sketch is what is kept of a text: its features in rising order, each once, and which
// aspects it asks for, a bit each.
type sketch struct {
	features []feature
	aspects  uint16
}

// sketch reads a text.
func (l *Lexicon) sketch(text string) sketch {
	read := l.read(text)
	var s sketch
	s.features = make([]feature, 0, 8*len(read))
	before, paired := uint16(0), false
	for _, w := range read {
		s.features = append(s.features, familyWord<<16|feature(w.code))
		if w.class == classAspect && w.letters != vagueAspect {
			s.aspects |= 1 << w.code
		}
		if w.names {
			s.features = append(s.features, familyName<<16|feature(w.code))
		}
		if paired {
			s.features = append(s.features, familyPair<<16|feature(pair(before, w.code)))
		}
		before, paired = w.code, true
		if w.class != classAspect {
			s.features = triples(s.features, w.letters)
		}
	}
	slices.Sort(s.features)
	s.features = slices.Compact(s.features)
	return s
}

// vagueAspect is asked beside any other and tells nothing.
const vagueAspect = "@how"

// pair is the code of two words in a row; rare pairs may share a code.
func pair(a, b uint16) uint16 { return uint16(stir(uint32(a)<<16 | uint32(b))) }

// triples appends the letter triples of a word, both ends counted as a letter.
func triples(features []feature, letters string) []feature {
	code, count := feature(0), 0
	for _, r := range letters {
		code = (code*symbols + symbol(r)) % (symbols * symbols * symbols)
		if count++; count >= 2 {
			features = append(features, familyTriple<<16|code)
		}
	}
	return append(features, familyTriple<<16|(code*symbols)%(symbols*symbols*symbols))
}

// symbols is how many letters the triples tell apart: 40³ < 2¹⁶.
const symbols = 40

// symbol returns 0 for a word's end (never returned for a letter), 1–36 for a–z and 0–9,
// 37–39 for anything else.
func symbol(r rune) feature {
	switch {
	case r >= 'a' && r <= 'z':
		return feature(r-'a') + 1
	case r >= '0' && r <= '9':
		return feature(r-'0') + 27
	default:
		return 37 + feature(r%3)
	}
}

// weight returns how much a feature counts before its rarity is known.
func (l *Lexicon) weight(f feature, known []class) float32 {
	if f.family() != familyWord {
		return 1
	}
	code := int(f & 0xffff)
	if code >= len(known) {
		return 1
	}
	switch known[code] {
	case classCommon:
		return weightCommon
	case classAspect:
		return weightAspect
	case classPlain:
	}
	return 1
}

// classes returns the class of each word the lexicon knows, by code.
func (l *Lexicon) classes() []class {
	list := make([]class, len(l.codes))
	for _, w := range l.codes {
		list[w.code] = w.class
	}
	return list
}
