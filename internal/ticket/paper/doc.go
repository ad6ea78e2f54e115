// Package paper prints a ticket: one page of A4 as PDF, with the code as letters and as a QR
// symbol for the door.
//
//	Ticket ─▶ Print ─▶ PDF with the used letters of its fonts inside
//
// The page says no more than the ticket: nothing about the person. It has no clock, network
// or store. The fonts are Liberation Sans (SIL Open Font License 1.1), which has all
// Vietnamese letters.
package paper
