// Package floor holds the rules of who may speak: hands, preview, giving and taking
// the floor, the slate. It is pure: no clock, no packets. The SFU obeys its state.
//
//	offline → connected → ready → queued → preview → live → ready
//
// The main venue (City Hall) always may speak while it is connected; at most one other
// venue holds the floor.
package floor
