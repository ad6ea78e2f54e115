package rehearse

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
)

// Report is what a rehearsal found.
type Report struct {
	Server     string
	Conference conference.ID
	For        time.Duration
	Record     Record
	Media      Media
	// Failures are the promises that were not kept, one sentence each; none: all is well.
	Failures []string
}

// Record is what became of the questions.
type Record struct {
	Citizens     int
	Asked        int
	Acknowledged int
	Missing      int // acknowledged, not in the record
	Twice        int // more than once in the record
	Unseen       int // in the record, not shown in time to somebody who may see it
	Leaked       int // shown to citizens though it is not for them

	Repeated        int // asked again with the same key from another device
	OtherCodes      int // … and given another code
	Mismatches      int // a key with other words, refused
	MismatchesTaken int // … not refused

	Decided, RacesLost, Answered int
	Reconnects                   int
	P50, P99, Slowest            time.Duration // from asking to the acknowledgement
	Problems                     []string
}

// Judge fills Failures from the counts.
func (r *Report) Judge() {
	rec := &r.Record
	for _, f := range []struct {
		n    int
		text string
	}{
		{rec.Missing, "acknowledged questions are missing"},
		{rec.Twice, "questions are in the record more than once"},
		{rec.Unseen, "questions were not seen by somebody who may see them"},
		{rec.Leaked, "questions were shown to citizens before they were approved"},
		{rec.OtherCodes, "repeated questions were given another tracking code"},
		{rec.MismatchesTaken, "keys were taken again with other words"},
	} {
		if f.n > 0 {
			r.Failures = append(r.Failures, fmt.Sprintf("%d %s", f.n, f.text))
		}
	}
	if rec.Asked > 0 && rec.Acknowledged == 0 {
		r.Failures = append(r.Failures, "no question was acknowledged")
	}
	r.Failures = append(r.Failures, rec.Problems...)
	r.Failures = append(r.Failures, r.Media.failures()...)
}

// Write prints the report as a table.
func (r *Report) Write(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	row := func(name, format string, args ...any) {
		_, _ = fmt.Fprintf(w, "%s\t%s\n", name, fmt.Sprintf(format, args...)) // Flush tells
	}
	rec := &r.Record
	row("server", "%s, conference %s, %s", r.Server, r.Conference, r.For)
	row("citizens", "%d; %d reconnections of all sockets", rec.Citizens, rec.Reconnects)
	row("questions", "%d asked, %d acknowledged, %d missing, %d twice, %d unseen, %d shown too early",
		rec.Asked, rec.Acknowledged, rec.Missing, rec.Twice, rec.Unseen, rec.Leaked)
	row("same key again", "%d from another device, %d given another code; %d with other words refused, %d taken",
		rec.Repeated, rec.OtherCodes, rec.Mismatches, rec.MismatchesTaken)
	row("acknowledged after", "%s median, %s p99, %s slowest", round(rec.P50), round(rec.P99), round(rec.Slowest))
	row("staff", "%d decided, %d races lost, %d answered on air", rec.Decided, rec.RacesLost, rec.Answered)
	r.Media.rows(row)
	if len(r.Failures) == 0 {
		row("result", "all promises kept")
	}
	for i, f := range r.Failures {
		name := "FAILED"
		if i > 0 {
			name = ""
		}
		row(name, "%s", f)
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("print the report: %w", err)
	}
	return nil
}

func round(d time.Duration) time.Duration { return d.Round(100 * time.Microsecond) }
