package screen

import (
	"strings"
	"unicode"
)

const (
	drawnOut     = 6   // the same letter in a row
	hammered     = 10  // the same mark of punctuation in a row; dots stand in forms
	chanted      = 5   // the same word in a row
	shoutLetters = 20  // shorter texts may be an abbreviation
	shoutShare   = 0.8 // of the letters that have a case
)

// hasLink reports an address of a page other than the authorities' own.
func hasLink(text string) bool {
	for _, word := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune("()[]{}<>\"'“”,;", r)
	}) {
		if isLink(strings.TrimRight(word, ".!?:…")) {
			return true
		}
	}
	return false
}

func isLink(word string) bool {
	host, schemed := word, false
	if _, rest, found := strings.Cut(word, "://"); found {
		host, schemed = rest, true
	}
	host, _, _ = strings.Cut(host, "/")
	host, _, _ = strings.Cut(host, "?")
	if at := strings.LastIndexByte(host, '@'); at >= 0 && !schemed {
		return false // an e-mail address
	}
	if host == "gov.vn" || strings.HasSuffix(host, ".gov.vn") || strings.HasSuffix(host, ".chinhphu.vn") {
		return false
	}
	if schemed || strings.HasPrefix(host, "www.") {
		return true
	}
	name, top := cutLast(host, '.')
	if name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-.") != "" {
		return false
	}
	switch top {
	case "vn", "com", "net", "org", "info", "biz", "me", "ly", "gl", "io", "cc", "tv", "top", "xyz", "club", "shop", "site",
		"online", "click", "link", "live", "app", "store", "website":
		return true
	}
	return false
}

// cutLast cuts around the last separator; without one, before is "".
func cutLast(text string, separator byte) (before, after string) {
	at := strings.LastIndexByte(text, separator)
	if at < 0 {
		return "", text
	}
	return text[:at], text[at+1:]
}

// repeats reports letters, marks or words that are repeated without end. Digits and dots
// repeat in honest questions: prices, parcels, blanks to fill in.
func repeats(text string, words []string) bool {
	last, run := rune(-1), 0
	for _, r := range text {
		if r = unicode.ToLower(r); r != last {
			last, run = r, 0
		}
		run++
		switch {
		case unicode.IsLetter(r) && run >= drawnOut:
			return true
		case strings.ContainsRune("!?~*#$%^&@+=", r) && run >= hammered:
			return true
		}
	}
	run = 0
	for i := range words {
		if i > 0 && words[i] != words[i-1] {
			run = 0
		}
		if run++; run >= chanted {
			return true
		}
	}
	return false
}

// shouts reports a text written in capitals.
func shouts(text string) bool {
	upper, cased := 0, 0
	for _, r := range text {
		switch {
		case unicode.IsUpper(r):
			upper++
			cased++
		case unicode.IsLower(r):
			cased++
		}
	}
	return cased >= shoutLetters && float64(upper) >= shoutShare*float64(cased)
}
