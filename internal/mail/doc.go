// Package mail writes to people who registered and gave an e-mail address: what became of
// their registration, with the ticket where there is one.
//
//	outbox (the log) ─▶ Postman: one node, so many a minute ─▶ Letter ─▶ Server (SMTP)
//	        ▲                                                              │ 250
//	        └────────────── mail.sent, or mail.failed ◀────────────────────┘
//
// What is due is no queue of this package's own: it follows from the log, and a letter is
// due until the log says that a mail server has taken it. A crash therefore loses none; one
// goes twice only when the process, or the log, is gone between the server's 250 and the
// event, and then with the same Message-ID. One node sends at a time, under a lease.
//
// Temporary refusals are tried again, ever more rarely; permanent ones are not. What is wrong
// between this installation and its mail server stops all letters for a while and fails none.
// Addresses and what servers say about them are in no log line, metric or open data.
package mail
