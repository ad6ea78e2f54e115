package workday

import (
	"fmt"
	"time"
)

// Zone returns the time of Việt Nam (Asia/Ho_Chi_Minh): UTC+7 without daylight saving
// since 1975. It is fixed here so that a machine without zone files has it too.
func Zone() *time.Location { return time.FixedZone("Asia/Ho_Chi_Minh", 7*60*60) }

// Date is a day of the calendar in Việt Nam, counted from 1 January 1970; dates compare
// with < and ==. It is written "2006-01-02".
type Date int

const (
	layout    = time.DateOnly
	dayLength = 24 * 60 * 60 // seconds
	weekDays  = 7
)

// On returns the date; a day beyond the month's end runs into the next month.
func On(year int, month time.Month, day int) Date {
	return Date(floorDiv(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix(), dayLength))
}

// DateOf returns the date that calendars in Việt Nam show at the instant.
func DateOf(at time.Time) Date {
	y, m, d := at.In(Zone()).Date()
	return On(y, m, d)
}

// ParseDate reads "2006-01-02".
func ParseDate(text string) (Date, error) {
	at, err := time.Parse(layout, text)
	if err != nil {
		return 0, fmt.Errorf("date %q: want YYYY-MM-DD", text)
	}
	return On(at.Date()), nil
}

// Start returns the first instant of the date in Việt Nam.
func (d Date) Start() time.Time {
	y, m, day := d.utc().Date()
	return time.Date(y, m, day, 0, 0, 0, 0, Zone())
}

// Year returns the year of the date.
func (d Date) Year() int { return d.utc().Year() }

// Weekday returns the day of the week.
func (d Date) Weekday() time.Weekday { return d.utc().Weekday() }

// String returns "2006-01-02".
func (d Date) String() string { return d.utc().Format(layout) }

// MarshalText writes "2006-01-02".
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads "2006-01-02".
func (d *Date) UnmarshalText(text []byte) error {
	read, err := ParseDate(string(text))
	if err != nil {
		return err
	}
	*d = read
	return nil
}

func (d Date) utc() time.Time { return time.Unix(int64(d)*dayLength, 0).UTC() }

func floorDiv[N int | int64](a, b N) N {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}
