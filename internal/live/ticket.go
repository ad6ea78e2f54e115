package live

import "strings"

// A ticket's code is 13 characters of Crockford's base32 (65 bits that nobody can guess) and
// two check characters, shown as XXXXX-XXXXX-XXXXX. It is derived from the registration's id
// and never stored.
const ticketChars = 13

// NormaliseTicket returns a ticket's code as it is shown, however it was typed; see
// NormaliseCode. Every one or two wrong characters are noticed.
func NormaliseTicket(typed string) (string, bool) {
	var digits [ticketChars + 2]byte
	n := 0
	for _, r := range strings.ToUpper(typed) {
		switch r {
		case ' ', '-', '\u00a0', '\u2010', '\u2011', '\u2013':
			continue
		case 'O':
			r = '0'
		case 'I', 'L':
			r = '1'
		}
		at := strings.IndexRune(codeAlphabet, r)
		if at < 0 || n == len(digits) {
			return "", false
		}
		digits[n] = byte(at)
		n++
	}
	a, b := ticketCheck(digits[:ticketChars])
	if n != len(digits) || digits[ticketChars] != a || digits[ticketChars+1] != b {
		return "", false
	}
	return showTicket(digits), true
}

// ticketOf returns the code made of the first 65 bits of a MAC.
func ticketOf(mac []byte) string {
	var digits [ticketChars + 2]byte
	bits, have, at := uint(0), 0, 0
	for i := range ticketChars {
		for have < 5 {
			bits, have, at = bits<<8|uint(mac[at]), have+8, at+1
		}
		have -= 5
		digits[i] = byte(bits>>have) & 31
	}
	digits[ticketChars], digits[ticketChars+1] = ticketCheck(digits[:ticketChars])
	return showTicket(digits)
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

// times multiplies over GF(32).
func times(a, b byte) byte {
	var product byte
	for ; b > 0; b >>= 1 {
		if b&1 != 0 {
			product ^= a
		}
		a <<= 1
		if a&32 != 0 {
			a ^= 0b100101
		}
	}
	return product
}

func showTicket(digits [ticketChars + 2]byte) string {
	const group = 5
	out := make([]byte, 0, len(digits)+2)
	for i, d := range digits {
		if i > 0 && i%group == 0 {
			out = append(out, '-')
		}
		out = append(out, codeAlphabet[d])
	}
	return string(out)
}
