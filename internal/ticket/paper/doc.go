// Package paper prints what people hold in their hands: a ticket, one page of A4 as PDF with
// the code as letters and as a QR symbol for the door; the invitations of a venue, a letter a
// person in the form of a Vietnamese authority; and the list that people sign at the door.
//
//	Ticket      ─▶ Print            ─┐
//	Letters     ─▶ PrintLetters     ─┼▶ PDF with the used letters of its fonts inside
//	SigningList ─▶ PrintSigningList ─┘
//
// The ticket says nothing about the person, the others no more than they are for. It has no
// clock, network or store. The fonts are Liberation Sans, and Liberation Serif, which is as
// wide as the Times New Roman that is prescribed for letters (SIL Open Font License 1.1);
// both have all Vietnamese letters.
package paper
