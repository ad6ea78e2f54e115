// Package ticket makes what somebody takes home of a registration: the calendar entry
// (RFC 5545); the page to print is in paper. It is pure: no clock, no network, no store, and it is told no more of a person
// than stands on the ticket.
package ticket
