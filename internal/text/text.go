package text

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxMarks is how many combining marks may stand on one letter after NFC. Vietnamese
// needs none (NFC composes ộ, ữ, …); other scripts need a few; more is a prank.
const maxMarks = 4

// Line returns text as one line: as Paragraph, with line breaks as spaces.
func Line(text string) string {
	return clean(text, false)
}

// Paragraph returns text in NFC without control characters, bidirectional overrides and
// isolates, invisible characters (zero-width joiners only between letters are kept),
// unassigned private use, or more than four combining marks in a row; invalid UTF-8 is
// dropped, line breaks are \n, at most two in a row, runs of spaces are one space, and
// both ends are trimmed. Paragraph(Paragraph(t)) equals Paragraph(t).
func Paragraph(text string) string {
	return clean(text, true)
}

// Runes returns how long text is as people count: characters after NFC.
func Runes(text string) int { return utf8.RuneCountInString(norm.NFC.String(text)) }

func clean(text string, breaks bool) string {
	if isClean(text, breaks) {
		return text
	}
	return rewrite(text, breaks)
}

func rewrite(text string, breaks bool) string {
	text = norm.NFC.String(strings.ToValidUTF8(text, ""))
	text = strings.ReplaceAll(text, "\r\n", "\n")
	var w writer
	w.out.Grow(len(text))
	for _, r := range text {
		w.rune(r, breaks)
	}
	// Dropping a character can bring a letter and its mark together.
	return norm.NFC.String(w.out.String())
}

// isClean reports whether a text is certainly as clean would make it, by looking at it once:
// printable ASCII and the letters Vietnamese is written with, each in one piece, with single
// spaces and at most two line breaks between them. That is nearly everything people type.
func isClean(text string, breaks bool) bool {
	if text == "" {
		return true
	}
	gap := true // what was before may not be followed by a space
	lines := 2  // line breaks in a row; none may come at the start
	for _, r := range text {
		switch {
		case r == ' ':
			if gap {
				return false
			}
			gap, lines = true, 2
		case r == '\n':
			if lines == 2 || !breaks {
				return false
			}
			gap, lines = true, lines+1
		case r > ' ' && r <= '~', isComposed(r):
			gap, lines = false, 0
		default:
			return false
		}
	}
	return !gap
}

// isComposed reports Latin letters beyond ASCII that are one character in NFC.
func isComposed(r rune) bool {
	switch {
	case r >= 0xc0 && r <= 0x17f: // À–ſ: × and ÷ are as visible as letters
	case r == 'Ơ' || r == 'ơ' || r == 'Ư' || r == 'ư':
	case r >= 0x1ea0 && r <= 0x1ef9: // Ạ–ỹ
	default:
		return false
	}
	return true
}

// writer writes what may stay. Spaces and joiners wait until it is known what follows
// them: at the end of the text, or between spaces, they are not written at all.
type writer struct {
	out    strings.Builder
	breaks int  // line breaks waiting, at most 2
	space  bool // a space waits
	joiner rune // a zero-width joiner waits
	marks  int  // combining marks in a row
	letter bool // the last rune written is a letter or a mark
}

func (w *writer) rune(r rune, breaks bool) {
	switch {
	case r == '\n' || r == '\r' || r == '\u2028' || r == '\u2029' || r == '\u0085':
		if breaks {
			w.breaks = min(w.breaks+1, 2)
		}
		w.space = true
	case unicode.IsSpace(r):
		w.space = true
	case r == '\u200c' || r == '\u200d':
		w.joiner = r
	case isInvisible(r):
	case unicode.Is(unicode.M, r):
		w.mark(r)
	default:
		w.visible(r)
	}
}

// mark writes a combining mark if there is a letter to stand on and room on it.
func (w *writer) mark(r rune) {
	if w.out.Len() == 0 || w.space || w.marks >= maxMarks {
		return
	}
	w.marks++
	w.out.WriteRune(r)
}

func (w *writer) visible(r rune) {
	if w.out.Len() > 0 {
		switch {
		case w.breaks > 0:
			w.out.WriteString("\n\n"[:w.breaks])
		case w.space:
			w.out.WriteByte(' ')
		case w.joiner != 0 && w.letter && joins(r):
			w.out.WriteRune(w.joiner)
		}
	}
	w.breaks, w.space, w.joiner, w.marks = 0, false, 0, 0
	w.letter = joins(r)
	w.out.WriteRune(r)
}

// joins reports whether a zero-width joiner means something beside r: letters of scripts
// that use it, and emoji.
func joins(r rune) bool {
	return unicode.IsLetter(r) || unicode.Is(unicode.So, r) || isEmojiModifier(r)
}

func isEmojiModifier(r rune) bool { return r >= 0x1f3fb && r <= 0x1f3ff }

// isInvisible reports control and format characters (Cc, Cf: bidi overrides, isolates,
// zero-width space, soft hyphen, tags …), private use, surrogates and unassigned code
// points, and letters that show nothing (Hangul fillers, Braille blank).
func isInvisible(r rune) bool {
	switch r {
	case '\u115f', '\u1160', '\u3164', '\uffa0', '\u2800', '\u034f', '\u17b4', '\u17b5', utf8.RuneError:
		return true
	}
	return unicode.Is(unicode.C, r) || !unicode.IsGraphic(r)
}
