// Package pow makes and checks proofs of work: a puzzle that costs a phone a moment and
// whoever floods the conference a computing centre. It uses no service of others and
// knows nobody: a challenge holds a random salt, the conference, how hard it is and when
// it ends, and is signed; nothing about who asked for it is in it.
//
//	Issue(conference, maxNumber) ─▶ Challenge ─▶ page finds the number ─▶ proof
//	Check(conference, proof) ─▶ Solved{ID, MaxNumber, Expires}
//
// The format is ALTCHA's (SHA-256, number hidden in salt ‖ number), so any ALTCHA client
// can solve it. That a proof is used once is for the caller to see to, by Solved.ID.
package pow
