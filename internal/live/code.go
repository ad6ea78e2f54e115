package live

import "strings"

// A tracking code is 10 characters of Crockford's base32 (50 bits) and one check
// character, shown as XXXXX-XXXXX-C. It is derived from the question's id and never stored.
const (
	codeAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ" // no I, L, O, U
	codeChars    = 10
)

// NormaliseCode returns a tracking code as it is shown, whatever the case, spaces and
// dashes it was typed with, and with O, I and L read as the digits they look like. It
// reports false when the length, a character or the check character is wrong: every
// single wrong character and every swap of two is noticed.
func NormaliseCode(typed string) (string, bool) {
	var digits [codeChars + 1]byte
	if !readDigits(typed, digits[:]) || digits[codeChars] != codeCheck(digits[:codeChars]) {
		return "", false
	}
	return showDigits(digits[:]), true
}

// codeOf returns the code made of the first 50 bits of a MAC.
func codeOf(mac []byte) string {
	var digits [codeChars + 1]byte
	drawDigits(mac, digits[:codeChars])
	digits[codeChars] = codeCheck(digits[:codeChars])
	return showDigits(digits[:])
}

// codeCheck is Σ αⁱ·dᵢ over GF(32) with α a root of x⁵+x²+1: the αⁱ differ and none is
// zero, so one wrong digit or two swapped ones change the sum.
func codeCheck(digits []byte) byte {
	var sum byte
	for _, d := range digits {
		sum = times(2, sum) ^ d
	}
	return times(2, sum) // so that a swap with the check character is noticed too
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

// readDigits fills digits with what was typed; false: it is not as many, or something else.
func readDigits(typed string, digits []byte) bool {
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
			return false
		}
		digits[n] = byte(at)
		n++
	}
	return n == len(digits)
}

// drawDigits makes digits of the first bits of a MAC, five each.
func drawDigits(mac, digits []byte) {
	bits, have, at := uint(0), 0, 0
	for i := range digits {
		for have < 5 {
			bits, have, at = bits<<8|uint(mac[at]), have+8, at+1
		}
		have -= 5
		digits[i] = byte(bits>>have) & 31
	}
}

// showDigits writes digits in groups of five.
func showDigits(digits []byte) string {
	const group = 5
	out := make([]byte, 0, len(digits)+len(digits)/group)
	for i, d := range digits {
		if i > 0 && i%group == 0 {
			out = append(out, '-')
		}
		out = append(out, codeAlphabet[d])
	}
	return string(out)
}
