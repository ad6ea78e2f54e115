package paper

import (
	"strings"
	"unicode"
)

const (
	ellipsis = "…"
	missing  = '□'
)

// known replaces what the fonts or a line cannot hold: letters beyond the basic plane, control
// characters, ends of lines.
func known(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.In(r, unicode.Cf):
			return -1
		case r > 0xffff, r == unicode.ReplacementChar, unicode.In(r, unicode.Cs, unicode.Co):
			return missing
		}
		return r
	}, text)
}

// lines breaks a text between words, within a word that is wider than a line, and after most
// lines for good. The first is shorter by indent. The font is set.
func (w *writer) lines(text string, width, indent float64, most int) []string {
	width -= 2 * w.pdf.GetCellMargin()
	var out []string
	fits := func(line string) bool {
		room := width
		if len(out) == 0 {
			room -= indent
		}
		return w.pdf.GetStringWidth(line) <= room
	}
	line := ""
	for word := range strings.FieldsSeq(text) {
		if next := strings.TrimSpace(line + " " + word); fits(next) {
			line = next
			continue
		}
		if line != "" {
			out = append(out, line)
		}
		for line = word; !fits(line); {
			head := cut(line, fits)
			out, line = append(out, head), line[len(head):]
			if len(out) > most {
				break
			}
		}
		if len(out) > most {
			break
		}
	}
	if line != "" {
		out = append(out, line)
	}
	if len(out) > most {
		out = out[:most]
		last := out[most-1]
		out[most-1] = cut(last, func(line string) bool { return fits(line + ellipsis) }) + ellipsis
	}
	return out
}

// cut returns the longest beginning that fits, one letter at least.
func cut(line string, fits func(string) bool) string {
	end := 0
	for i, r := range line {
		if next := i + len(string(r)); end == 0 || fits(line[:next]) {
			end = next
			continue
		}
		break
	}
	return line[:end]
}
