package intake

import (
	"strings"
	"unicode"

	"github.com/diemcau/diemcau/internal/text"
)

// fold returns words as they are compared here: folded, letters and digits only, single
// spaces between them. "Họ và tên (*)" is "ho va ten".
func fold(words string) string {
	return strings.Join(strings.FieldsFunc(text.Fold(words), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}), " ")
}
