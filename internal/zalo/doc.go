// Package zalo takes questions that citizens write to the city's Zalo Official Account and
// tells them their tracking code. It knows the shape of Zalo's webhook and of its message
// API and nothing of conferences: what becomes of a message is the Submitter's affair.
//
//	Zalo ──POST──▶ Handler: signature · age · Parse ──▶ Submitter.Submit ──▶ the event log
//	  ▲               │ 200 = the question is durable (or finally refused)        │
//	  │               │ 503 = nothing is promised, send it again            ◀─────┘
//	  └──Sender◀── Run ◀── bounded queue of answers (after the 200)
//
// What acknowledges. Zalo takes 200 for "delivered" and anything else for "send it again"
// (for up to twelve hours, with the same msg_id). The handler therefore answers 200 only
// after Submit has returned, and Submit returns only when the question is durable. It has
// Config.Budget for that, less than the two seconds Zalo waits; a log that is slower or
// away gets 503. The idempotency key is derived from msg_id, so that however often a
// message comes, to whatever node, it is one question with one code.
//
// What is not acknowledged is the answer to the citizen. It is sent after the 200 from a
// bounded queue, which Run empties before it returns; a node that is killed loses the
// answers in its queue, never a question. When the queue is full the handler says 503
// before it submits anything.
package zalo
