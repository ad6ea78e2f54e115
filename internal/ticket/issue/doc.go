// Package issue makes what the holder of a ticket is given: the calendar entry, the page to
// print, and the sentences about where the registration stands. The pages and the letters say
// the same because both take it from here. It is told no more of a person than stands on the
// ticket, and says no more: no name.
package issue
