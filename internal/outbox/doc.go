// Package outbox knows which letters are due to people who registered and gave an e-mail
// address. It is pure: what is due follows from the events of the log alone, so that nothing
// that was acknowledged is lost, on whatever node, through whatever restart.
//
//	registration.made, .offered, .moved, …, conference.edited ─▶ due ─▶ mail.sent
//	                                                              └──▶ mail.failed ─▶ mail.again ─▶ due
//
// Of one person one letter at most is due: what happens meanwhile is told by the same letter,
// which says where the registration stands when it is written. Erasing a person, and the end
// of the conference, end what is due. Nothing is due before mail.began: who switches letters
// on writes to nobody about the past.
//
// It knows no address and no word of a letter, only whose registration and why.
package outbox
