// Package intake reads the questions that were collected before a conference out of a
// table: CSV or XLSX. It says of every row what is wrong with it, in both languages, and
// returns the rows that can be used; it stores nothing and submits nothing.
//
//	bytes ─▶ cells (csv.go, xlsx.go) ─▶ header (column.go) ─▶ rows (row.go) ─▶ Result
//	                                                             ▲
//	                                    topics and venues of the conference (match.go)
package intake
