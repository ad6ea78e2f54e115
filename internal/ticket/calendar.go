package ticket

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	foldAt      = 75 // octets of a line, without its end (RFC 5545 §3.1)
	defaultLong = 3 * time.Hour
	stamp       = "20060102T150405Z"
)

// Entry is a conference as it stands in a calendar.
type Entry struct {
	// UID names the entry for ever: a later entry with the same one replaces it.
	UID string
	// Sequence grows with every change (RFC 5545 §3.8.7.4).
	Sequence uint64
	MadeAt   time.Time
	StartsAt time.Time
	EndsAt   time.Time // zero: three hours after the start
	Title    string
	Place    string // where to go
	Note     string // what else to know, any lines
	URL      string
	// Tentative: whether somebody may come is not settled (a waiting line).
	Tentative bool
	// Cancelled takes the entry out of the calendar.
	Cancelled bool
}

// Calendar returns the entry as an iCalendar object (RFC 5545), CRLF, folded, UTF-8. Times are
// in UTC, which no calendar can take for another zone's. It reminds a day before.
func (e *Entry) Calendar() []byte {
	ends := e.EndsAt
	if !ends.After(e.StartsAt) {
		ends = e.StartsAt.Add(defaultLong)
	}
	method, status := "PUBLISH", "CONFIRMED"
	switch {
	case e.Cancelled:
		method, status = "CANCEL", "CANCELLED"
	case e.Tentative:
		status = "TENTATIVE"
	}
	var out strings.Builder
	line := func(name, value string) {
		if value != "" {
			fold(&out, name+":"+value)
		}
	}
	line("BEGIN", "VCALENDAR")
	line("VERSION", "2.0")
	line("PRODID", "-//Diem Cau//Ticket//VI")
	line("METHOD", method)
	line("BEGIN", "VEVENT")
	line("UID", escape(e.UID))
	line("DTSTAMP", e.MadeAt.UTC().Format(stamp))
	line("SEQUENCE", strconv.FormatUint(e.Sequence, 10))
	line("DTSTART", e.StartsAt.UTC().Format(stamp))
	line("DTEND", ends.UTC().Format(stamp))
	line("SUMMARY", escape(e.Title))
	line("LOCATION", escape(e.Place))
	line("DESCRIPTION", escape(e.Note))
	line("URL", uri(e.URL))
	line("STATUS", status)
	if !e.Cancelled {
		line("BEGIN", "VALARM")
		line("ACTION", "DISPLAY")
		line("TRIGGER", "-P1D")
		line("DESCRIPTION", escape(e.Title))
		line("END", "VALARM")
	}
	line("END", "VEVENT")
	line("END", "VCALENDAR")
	return []byte(out.String())
}

// escape is TEXT of RFC 5545 §3.3.11.
func escape(text string) string {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.ToValidUTF8(text, ""))
	return strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\n", `\n`).Replace(strings.Map(printable, text))
}

// uri drops what could end the line.
func uri(text string) string {
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r == 0x7f || r == utf8.RuneError {
			return -1
		}
		return r
	}, text)
}

func printable(r rune) rune {
	if r < ' ' && r != '\n' && r != '\t' || r == 0x7f {
		return -1
	}
	return r
}

// fold writes a line in pieces of at most 75 octets, never within a letter (§3.1).
func fold(out *strings.Builder, text string) {
	room := foldAt
	for text != "" {
		cut := min(room, len(text))
		for cut < len(text) && !utf8.RuneStart(text[cut]) {
			cut--
		}
		out.WriteString(text[:cut])
		out.WriteString("\r\n")
		if text = text[cut:]; text != "" {
			out.WriteByte(' ')
			room = foldAt - 1
		}
	}
}
