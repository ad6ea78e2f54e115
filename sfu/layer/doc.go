// Package layer shares a line among what a receiver is sent: which sound goes, and which
// layer of which picture. It is a pure function of what the line takes, of how large each
// picture is shown, and of what is sent now.
//
//	sound that is played ─▶ other sound ─▶ programme and return, small ─▶ programme, full
//	  ─▶ return, full ─▶ tiles, small, the largest first ─▶ tiles, full
//
// Each step is taken while the line takes it; the first sound always goes. A step up needs
// some room to spare, what goes already needs none: a line that wavers does not make
// pictures waver.
package layer
