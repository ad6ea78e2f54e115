// Package access answers "who are you" and "may you". Who: a signed link for a role, a
// venue and a person's name, redeemed once into a session; a bearer token for encoders.
// May: one table, role × action, deny by default.
//
//	link #t=TOKEN ──POST──▶ Redeem ──▶ session (Ephemeral, stored by hash) ──▶ cookie
//	cookie ──▶ Session ──▶ conference.Actor ──▶ May(role, action)
package access
