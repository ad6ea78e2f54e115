// Package sfu is the media plane: it takes H.264 and Opus from the venues and forwards
// them to the other venues, to the stage and to the programme. It stores nothing, speaks
// no JSON, and obeys one thing: who has the floor.
//
//	venue ─PeerConnection─▶ one ring per source layer ─┬▶ slots of venues and of the stage
//	OBS ───WHIP───────────▶                            └▶ bus (programme) ─▶ WHEP viewers
//	                     microphones ─▶ mixer ─────────▶ bus
package sfu
