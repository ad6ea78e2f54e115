// Package workday counts working days in Việt Nam: Monday to Friday without the public
// holidays, plus the Saturdays that are worked for them. The law gives the holidays, the
// Government moves them a little every year, so they are data: vietnam.json, which an
// installation may replace year by year with a file of its own. The package reads no clock.
//
//	vietnam.json ─▶ Parse ─▶ Calendar ◀─ With(operator's file)
//	                            │
//	      IsWorkday · Add · Between · Overdue · Certainty
package workday
