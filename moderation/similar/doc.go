// Package similar finds the questions that ask what another question asks: shown to the
// asker before sending and to the moderator beside the card. It knows how people write
// about land procedures in Vietnamese (with and without marks, in short forms, in three
// dialects); it does not know meaning, and a match is a hint for a person, never a
// decision.
//
//	text ─Lexicon─▶ words ─▶ features: words, word pairs, letter triples
//	                              │
//	           Put ─▶ lists: feature → questions that have it
//	                              │
//	Find ─▶ rarest lists first, up to a budget ─▶ 160 candidates ─▶ scored in full
//
// It is pure and in memory: the caller puts what may be shown and removes what no longer
// may. What askers may see and what moderators may see are two indexes over one Lexicon.
package similar
