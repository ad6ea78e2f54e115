package live

import (
	"fmt"
	"strings"
)

// A ticket's code is 13 characters of Crockford's base32 (65 bits that nobody can guess) and
// two check characters, shown as XXXXX-XXXXX-XXXXX. It is derived from the registration's id
// and never stored.
const ticketChars = 13

// NormaliseTicket returns a ticket's code as it is shown, however it was typed, or from its
// TicketFigures; see NormaliseCode. Every one or two wrong characters are noticed.
func NormaliseTicket(typed string) (string, bool) {
	var digits [ticketChars + 2]byte
	if !readFigures(strings.TrimSpace(typed), digits[:]) && !readDigits(typed, digits[:]) {
		return "", false
	}
	a, b := ticketCheck(digits[:ticketChars])
	if digits[ticketChars] != a || digits[ticketChars+1] != b {
		return "", false
	}
	return showDigits(digits[:]), true
}

// TicketFigures returns a ticket's code as its QR symbol has it: each of its digits as two of
// 00–31, thirty in all. A scanner types it, and figures come through caps lock and input
// methods for Vietnamese unchanged.
func TicketFigures(shown string) string {
	var figures strings.Builder
	for _, char := range strings.ReplaceAll(shown, "-", "") {
		fmt.Fprintf(&figures, "%02d", strings.IndexRune(codeAlphabet, char))
	}
	return figures.String()
}

// readFigures fills digits with those of TicketFigures; false: it is something else.
func readFigures(typed string, digits []byte) bool {
	if len(typed) != 2*len(digits) {
		return false
	}
	for i := range digits {
		tens, ones := typed[2*i]-'0', typed[2*i+1]-'0'
		if digits[i] = 10*tens + ones; tens > 3 || ones > 9 || digits[i] > 31 {
			return false
		}
	}
	return true
}

// ticketOf returns the code made of the first 65 bits of a MAC.
func ticketOf(mac []byte) string {
	var digits [ticketChars + 2]byte
	drawDigits(mac, digits[:ticketChars])
	digits[ticketChars], digits[ticketChars+1] = ticketCheck(digits[:ticketChars])
	return showDigits(digits[:])
}

// ticketCheck returns two digits that make Σ dᵢ·αⁱ and Σ dᵢ·α²ⁱ vanish over GF(32), α a root
// of x⁵+x²+1: a Reed–Solomon code, which notices every two wrong digits.
func ticketCheck(digits []byte) (byte, byte) {
	// The remainder of d(x)·x² by (x+α)(x+α²) = x² + (α+α²)x + α³.
	const middle, last = 2 ^ 4, 8
	var high, low byte
	for _, d := range digits {
		lead := d ^ high
		high, low = low^times(middle, lead), times(last, lead)
	}
	return high, low
}
