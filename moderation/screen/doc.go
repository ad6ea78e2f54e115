// Package screen looks a question over before moderators see it and says which rule makes
// a closer look worth while: a listed word, a link, capitals throughout, letters repeated
// without end. It never refuses anything: what it finds is held, and a person decides.
//
//	words.vi.txt, words.en.txt, the operator's file ─▶ New ─▶ Check(text) ─▶ rule, hit
//
// Words are compared with their Vietnamese marks, whatever their case and wherever a tone
// stands (hoà, hòa): without marks the commonest words of the language, các and lớn among
// them, would read as abuse. Forms usually written without marks are listed as such.
//
// Check is a pure function of the lists and the text.
package screen
