package text

import "strings"

// Phone returns a telephone number in its one form: a Vietnamese one as 0 and 9 or 10
// digits, another country's as + and 8–15 digits; false when it is none. Spaces, dots,
// dashes and brackets, +84, 0084 and a leading zero that a spreadsheet has eaten are understood.
func Phone(typed string) (string, bool) {
	var digits strings.Builder
	plus := false
	for _, c := range strings.TrimSpace(typed) {
		switch {
		case c >= '0' && c <= '9':
			digits.WriteRune(c)
		case c == '+' && digits.Len() == 0 && !plus:
			plus = true
		case strings.ContainsRune(" .-()\u00a0", c):
		default:
			return "", false
		}
	}
	number := digits.String()
	if rest, ok := strings.CutPrefix(number, "00"); ok && !plus {
		plus, number = true, rest
	}
	switch n := len(number); {
	case strings.HasPrefix(number, "84") && (plus || n > 10) && (n == 11 || n == 12):
		return "0" + number[2:], true
	case plus:
		return "+" + number, n >= 8 && n <= 15 && number[0] != '0'
	case n == 9 && strings.ContainsRune("35789", rune(number[0])):
		return "0" + number, true
	}
	return number, (len(number) == 10 || len(number) == 11) && number[0] == '0'
}

// E164 returns a telephone number as the world writes it, "+" and the country first: +84… of
// a Vietnamese one, which is of a mobile (03, 05, 07, 08, 09 and 8 digits) or a line (02 and 9
// digits). false when it is none.
func E164(typed string) (string, bool) {
	number, ok := Phone(typed)
	if !ok {
		return "", false
	}
	rest, domestic := strings.CutPrefix(number, "0")
	if !domestic {
		return number, !strings.HasPrefix(number, "+84") // one that is none of there
	}
	const mobile, line = 9, 10
	switch {
	case len(rest) == mobile && strings.ContainsRune("35789", rune(rest[0])), len(rest) == line && rest[0] == '2':
		return "+84" + rest, true
	}
	return "", false
}
