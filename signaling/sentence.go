package signaling

import "github.com/diemcau/diemcau/signaling/protocol"

// Sentence returns what a person is told about a refusal's code, and whether the code
// has a sentence of its own. The HTTP edge says the same in the same words.
func Sentence(code string, lang protocol.Lang) (string, bool) {
	t, known := codeText(code)
	return t.in(lang), known
}
