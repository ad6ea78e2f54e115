package workday

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/diemcau/diemcau/internal/conference"
)

// Limits of a calendar file.
const (
	MaxFileBytes = 1 << 20
	MaxDays      = 60 // a year's free or worked days
	MinYear      = 1976
	MaxYear      = 2200
	maxNameRunes = 200
)

// Year is the data of one year. The file of an operator is {"years": [Year, …]}.
type Year struct {
	Year      int       `json:"year"`
	Certainty Certainty `json:"certainty"` // official or provisional
	Source    string    `json:"source"`    // where the data is from
	Free      []Day     `json:"free"`      // holidays and days taken off for them
	Work      []Day     `json:"work"`      // Saturdays and Sundays worked in exchange
}

func (y *Year) hasProvisional(from, to Date) bool {
	for _, days := range [][]Day{y.Free, y.Work} {
		for _, day := range days {
			if day.Provisional && from <= day.Date && day.Date <= to {
				return true
			}
		}
	}
	return false
}

// Parse reads a calendar file: JSON, at most 1 MiB, of the shape of vietnam.json.
// Refusal: calendar.bad_file (KindInvalid), whose Detail says what is wrong where.
func Parse(data []byte) (*Calendar, error) {
	if len(data) > MaxFileBytes {
		return nil, refuse("larger than 1 MiB")
	}
	var file struct {
		Years []Year `json:"years"`
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&file); err != nil {
		return nil, refuse(err.Error())
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, refuse("something follows the closing brace")
	}
	if len(file.Years) == 0 {
		return nil, refuse(`no years: want {"years": [{"year": 2025, …}]}`)
	}
	seen := map[int]bool{}
	for i := range file.Years {
		year := &file.Years[i]
		if seen[year.Year] {
			return nil, refuse(fmt.Sprintf("year %d: twice", year.Year))
		}
		seen[year.Year] = true
		if problem := year.problem(); problem != "" {
			return nil, refuse(fmt.Sprintf("year %d: %s", year.Year, problem))
		}
	}
	return build(file.Years), nil
}

func (y *Year) problem() string {
	switch {
	case y.Year < MinYear || y.Year > MaxYear:
		return fmt.Sprintf("want %d–%d", MinYear, MaxYear)
	case y.Certainty != Official && y.Certainty != Provisional:
		return `certainty: "official" or "provisional"`
	case len(y.Free) > MaxDays || len(y.Work) > MaxDays:
		return fmt.Sprintf("more than %d free or worked days", MaxDays)
	}
	seen := map[Date]bool{}
	for _, days := range [][]Day{y.Free, y.Work} {
		for _, day := range days {
			switch {
			case day.Date.Year() != y.Year:
				return day.Date.String() + ": of another year"
			case seen[day.Date]:
				return day.Date.String() + ": twice"
			case day.Name == "" || utf8.RuneCountInString(day.Name) > maxNameRunes:
				return day.Date.String() + ": name of 1–200 characters"
			}
			seen[day.Date] = true
		}
	}
	for _, day := range y.Work {
		if !weekend(day.Date) {
			return fmt.Sprintf("work %s: is a %s, worked anyway", day.Date, day.Date.Weekday().String())
		}
	}
	return ""
}

func refuse(detail string) error {
	return conference.Refuse(conference.KindInvalid, "calendar.bad_file", detail)
}
