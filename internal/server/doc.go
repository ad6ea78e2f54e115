// Package server is the HTTP edge: the pages, the REST interface, sign-in, WHIP and WHEP,
// health, and the listeners with their certificates. It decides nothing about questions,
// floors or media; it asks the running conference and the media plane, and turns their
// refusals into problem documents in the reader's language.
//
//	browser ─▶ limits · security headers · origin check ─▶ page (static shell, no data)
//	                                                     ├▶ /api/v1 ─▶ access ─▶ live
//	                                                     ├▶ socket ─▶ signaling (handed in)
//	encoder, player ─▶ CORS *, bearer ────────────────────┴▶ WHIP/WHEP ─▶ media (handed in)
//
// docs/operations.md is the table of its routes.
package server
