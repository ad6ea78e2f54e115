package workday

import (
	_ "embed"
	"slices"
	"sort"
	"time"
)

//go:embed vietnam.json
var vietnam []byte

// Certainty says how far the holidays of a year, or of one day, can be relied on.
type Certainty string

// The certainties, best first.
const (
	// Official: announced by the Government or fixed by law.
	Official Certainty = "official"
	// Provisional: worked out from the law and earlier years; the announcement may differ.
	Provisional Certainty = "provisional"
	// Unknown: the calendar has no data; only Saturdays and Sundays are free.
	Unknown Certainty = "unknown"
)

// Day is a day that differs from what its weekday says: free, or worked as compensation.
type Day struct {
	Date   Date   `json:"date"`
	Name   string `json:"name"`
	NameEn string `json:"nameEn,omitempty"`
	// Provisional marks a day of an official year that is not itself announced.
	Provisional bool `json:"provisional,omitempty"`
}

// Calendar knows the free and the worked days. It is immutable: everybody may use it.
type Calendar struct {
	years map[int]Year
	free  map[Date]Day
	work  map[Date]Day
	// shifts are the days that change the count, in order: −1 for a free weekday, +1 for a
	// worked Saturday or Sunday. sums[i] is the sum of the first i of them.
	shifts []Date
	sums   []int
}

// Vietnam returns the calendar that comes with the program (2025–2027).
func Vietnam() *Calendar {
	calendar, err := Parse(vietnam)
	if err != nil {
		panic("workday: embedded calendar: " + err.Error()) // a test reads it
	}
	return calendar
}

// With returns a calendar in which every year that other has data for is other's.
func (c *Calendar) With(other *Calendar) *Calendar {
	years := make([]Year, 0, len(c.years)+len(other.years))
	for n, year := range c.years {
		if _, replaced := other.years[n]; !replaced {
			years = append(years, year)
		}
	}
	for _, year := range other.years {
		years = append(years, year)
	}
	return build(years)
}

func build(years []Year) *Calendar {
	c := &Calendar{years: map[int]Year{}, free: map[Date]Day{}, work: map[Date]Day{}}
	for _, year := range years {
		c.years[year.Year] = year
		for _, day := range year.Free {
			c.free[day.Date] = day
			if !weekend(day.Date) {
				c.shifts = append(c.shifts, day.Date)
			}
		}
		for _, day := range year.Work {
			c.work[day.Date] = day
			c.shifts = append(c.shifts, day.Date)
		}
	}
	slices.Sort(c.shifts)
	c.sums = make([]int, len(c.shifts)+1)
	for i, date := range c.shifts {
		c.sums[i+1] = c.sums[i] - 1
		if _, worked := c.work[date]; worked {
			c.sums[i+1] = c.sums[i] + 1
		}
	}
	return c
}

// IsWorkday reports whether offices work on the date.
func (c *Calendar) IsWorkday(date Date) bool {
	if _, worked := c.work[date]; worked {
		return true
	}
	_, free := c.free[date]
	return !free && !weekend(date)
}

// Day returns what is special about the date: a holiday (also one on a Sunday) or a day
// worked as compensation. An ordinary day, and an ordinary weekend, is not special.
func (c *Calendar) Day(date Date) (Day, bool) {
	if day, ok := c.free[date]; ok {
		return day, true
	}
	day, ok := c.work[date]
	return day, ok
}

// Add returns the n-th working day after the date: the day itself never counts, as terms
// in working days begin on the day after (Civil Code 2015, article 147). With n = 0 it is
// the date itself or, if nobody works on it, the next working day; with n < 0 the n-th
// working day before the date. It takes logarithmic time.
func (c *Calendar) Add(date Date, n int) Date {
	if n < 0 {
		return c.nth(c.until(date-1) + n + 1)
	}
	if n == 0 {
		return c.nth(c.until(date-1) + 1)
	}
	return c.nth(c.until(date) + n)
}

// Between returns how many working days there are after from, up to and including to;
// negative when to lies before from. Between(d, Add(d, n)) is n for every n ≥ 1.
func (c *Calendar) Between(from, to Date) int { return c.until(to) - c.until(from) }

// Overdue reports whether now lies after the end of the due date in Việt Nam.
func (c *Calendar) Overdue(due Date, now time.Time) bool { return DateOf(now) > due }

// Certainty returns the worst certainty of all years and days from one date to the other,
// both included, in either order.
func (c *Calendar) Certainty(from, to Date) Certainty {
	if from > to {
		from, to = to, from
	}
	worst := Official
	for year := from.Year(); year <= to.Year(); year++ {
		data, ok := c.years[year]
		if !ok {
			return Unknown
		}
		if data.Certainty != Official || data.hasProvisional(from, to) {
			worst = Provisional
		}
	}
	return worst
}

// Years returns the data of all years, earliest first; the caller must not change it.
func (c *Calendar) Years() []Year {
	years := make([]Year, 0, len(c.years))
	for _, year := range c.years {
		years = append(years, year)
	}
	slices.SortFunc(years, func(a, b Year) int { return a.Year - b.Year })
	return years
}

// until counts the working days from the week of 1 January 1970 to the date, included.
func (c *Calendar) until(date Date) int {
	monday := int(date) + 3 // days since Monday, 29 December 1969
	week := floorDiv(monday, weekDays)
	count := week*5 + min(monday-week*weekDays+1, 5)
	return count + c.sums[sort.Search(len(c.shifts), func(i int) bool { return c.shifts[i] > date })]
}

// nth returns the working day that until counts as the n-th: the first date with that count.
func (c *Calendar) nth(n int) Date {
	guess := floorDiv(n, 5) * weekDays
	slack := 2*len(c.shifts) + 2*weekDays
	low := guess - slack
	return Date(low + sort.Search(2*slack, func(i int) bool { return c.until(Date(low+i)) >= n }))
}

func weekend(date Date) bool {
	day := date.Weekday()
	return day == time.Saturday || day == time.Sunday
}
