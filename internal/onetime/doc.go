// Package onetime finds out whether somebody has the telephone they say they have: a code of
// six digits is sent there and has to come back.
//
//	Send(number) ─▶ Ephemeral: HMAC of the code, 10 minutes ─▶ Sender
//	Check(number, code) ─▶ true once it was right; five wrong ones end it
//
// Neither a number nor a code is in the store's keys, its values or a log line in the clear.
// Senders: a gateway that takes JSON over HTTP, one that takes mail, and, for demonstrations
// alone, the console.
package onetime
