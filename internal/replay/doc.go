// Package replay knows what was on air when: which question, and which venue had the floor.
//
//	log ─▶ live: the state after each event ─▶ Ledger ─▶ Story ─▶ chapters of the recording
//
// It is told the state after every event, in order, and knows neither events nor
// recordings, no clock and no lock.
package replay
