package workday_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/workday"
)

func date(t *testing.T, text string) workday.Date {
	t.Helper()
	d, err := workday.ParseDate(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestIsWorkday(t *testing.T) {
	t.Parallel()
	calendar := workday.Vietnam()
	for _, test := range []struct {
		date string
		want bool
		name string
	}{
		{"2025-01-24", true, "the Friday before Tết"},
		{"2025-01-27", false, "Tết 2025 begins"},
		{"2025-01-31", false, "Tết 2025 ends"},
		{"2025-02-03", true, "back at work"},
		{"2025-04-07", false, "Hùng Kings 2025"},
		{"2025-04-26", true, "a Saturday worked"},
		{"2025-05-02", false, "the Friday it was worked for"},
		{"2025-09-01", false, "the day before National Day"},
		{"2025-09-03", true, "after National Day"},
		{"2026-01-02", false, "exchanged"},
		{"2026-01-10", true, "a Saturday worked"},
		{"2026-02-13", true, "the Friday before Tết"},
		{"2026-02-16", false, "Tết 2026 begins"},
		{"2026-02-23", true, "back at work"},
		{"2026-04-26", false, "Hùng Kings on a Sunday"},
		{"2026-04-27", false, "in lieu"},
		{"2026-08-22", true, "a Saturday worked"},
		{"2026-08-31", false, "exchanged"},
		{"2026-11-24", false, "Culture Day"},
		{"2027-02-03", true, "the Wednesday before Tết"},
		{"2027-02-10", false, "in lieu"},
		{"2027-05-03", false, "in lieu of a Saturday"},
		{"2026-11-28", false, "an ordinary Saturday"},
		{"2022-10-28", true, "no data: a Friday"},
		{"2031-01-01", true, "no data: holidays are not guessed"},
	} {
		t.Run(test.date, func(t *testing.T) {
			t.Parallel()
			if got := calendar.IsWorkday(date(t, test.date)); got != test.want {
				t.Errorf("%s: got %v, want %v", test.name, got, test.want)
			}
		})
	}
}

func TestAddAndBetween(t *testing.T) {
	t.Parallel()
	calendar := workday.Vietnam()
	for _, test := range []struct {
		from string
		n    int
		want string
	}{
		{"2026-11-23", 1, "2026-11-25"},  // over Culture Day
		{"2026-02-13", 1, "2026-02-23"},  // over Tết
		{"2026-02-13", 15, "2026-03-13"}, // fifteen working days
		{"2026-02-18", 1, "2026-02-23"},  // from inside Tết
		{"2026-08-21", 1, "2026-08-22"},  // onto a worked Saturday
		{"2026-08-28", 2, "2026-09-04"},
		{"2025-12-31", 6, "2026-01-10"}, // over the turn of the year
		{"2026-11-27", 1, "2026-11-30"}, // over a weekend
		{"2026-11-28", 0, "2026-11-30"}, // a Saturday is moved on
		{"2026-11-27", 0, "2026-11-27"},
		{"2026-02-23", -1, "2026-02-13"},
		{"2026-02-18", -2, "2026-02-12"},
		{"1969-12-29", 5, "1970-01-05"},
	} {
		t.Run(test.from, func(t *testing.T) {
			t.Parallel()
			from, want := date(t, test.from), date(t, test.want)
			if got := calendar.Add(from, test.n); got != want {
				t.Errorf("add %d: got %s, want %s", test.n, got, want)
			}
			if test.n > 0 {
				if got := calendar.Between(from, want); got != test.n {
					t.Errorf("between %s and %s: got %d, want %d", from, want, got, test.n)
				}
			}
		})
	}
}

func TestOverdueIsByTheClockOfVietnam(t *testing.T) {
	t.Parallel()
	calendar, due := workday.Vietnam(), date(t, "2026-12-04")
	lastInstant := time.Date(2026, time.December, 4, 16, 59, 59, 999999999, time.UTC)
	if calendar.Overdue(due, lastInstant) {
		t.Error("overdue before midnight in Hà Nội")
	}
	if !calendar.Overdue(due, lastInstant.Add(time.Nanosecond)) {
		t.Error("not overdue after midnight in Hà Nội")
	}
	if got := (due + 1).Start(); !got.Equal(lastInstant.Add(time.Nanosecond)) {
		t.Errorf("start of the next day: got %s", got.UTC())
	}
}

func TestCertainty(t *testing.T) {
	t.Parallel()
	calendar := workday.Vietnam()
	for _, test := range []struct {
		from, to string
		want     workday.Certainty
	}{
		{"2025-01-01", "2025-12-31", workday.Official},
		{"2025-12-01", "2026-11-23", workday.Official},
		{"2026-11-30", "2026-11-20", workday.Provisional}, // Culture Day lies between
		{"2026-12-01", "2027-01-15", workday.Provisional},
		{"2027-12-01", "2028-01-02", workday.Unknown},
		{"2024-12-31", "2025-01-01", workday.Unknown},
	} {
		if got := calendar.Certainty(date(t, test.from), date(t, test.to)); got != test.want {
			t.Errorf("%s to %s: got %s, want %s", test.from, test.to, got, test.want)
		}
	}
}

func TestOperatorsFileReplacesWholeYears(t *testing.T) {
	t.Parallel()
	own, err := workday.Parse([]byte(`{"years": [{"year": 2027, "certainty": "official", "source": "s",
		"free": [{"date": "2027-03-01", "name": "Ngày riêng"}], "work": [{"date": "2027-03-06", "name": "Làm bù"}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	calendar := workday.Vietnam().With(own)
	for text, want := range map[string]bool{
		"2027-02-05": true, "2027-03-01": false, "2027-03-06": true, "2026-02-16": false,
	} {
		if got := calendar.IsWorkday(date(t, text)); got != want {
			t.Errorf("%s: got %v, want %v", text, got, want)
		}
	}
	if day, ok := calendar.Day(date(t, "2027-03-06")); !ok || day.Name != "Làm bù" {
		t.Errorf("got %+v", day)
	}
	if day, ok := calendar.Day(date(t, "2027-03-02")); ok {
		t.Errorf("an ordinary day is special: %+v", day)
	}
	var numbers []int
	for _, year := range calendar.Years() {
		numbers = append(numbers, year.Year)
	}
	if diff := cmp.Diff([]int{2025, 2026, 2027}, numbers); diff != "" {
		t.Error(diff)
	}
	if !workday.Vietnam().IsWorkday(date(t, "2027-03-01")) {
		t.Error("the embedded calendar was changed")
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	year := func(rest string) string {
		return `{"years": [{"year": 2026, "certainty": "official", "source": "s", ` + rest + `}]}`
	}
	for name, test := range map[string]struct{ file, want string }{
		"no JSON":        {"hello", "invalid character"},
		"unknown field":  {year(`"holidays": []`), "holidays"},
		"no years":       {`{}`, "no years"},
		"more behind it": {year(`"free": []`) + "{}", "follows"},
		"bad date":       {year(`"free": [{"date": "30/4/2026", "name": "x"}]`), "YYYY-MM-DD"},
		"no such day":    {year(`"free": [{"date": "2026-02-30", "name": "x"}]`), "YYYY-MM-DD"},
		"other year":     {year(`"free": [{"date": "2025-04-30", "name": "x"}]`), "another year"},
		"twice":          {year(`"free": [{"date": "2026-04-30", "name": "x"}, {"date": "2026-04-30", "name": "y"}]`), "twice"},
		"no name":        {year(`"free": [{"date": "2026-04-30"}]`), "name"},
		"worked Monday":  {year(`"work": [{"date": "2026-08-31", "name": "x"}]`), "Monday"},
		"bad certainty":  {`{"years": [{"year": 2026, "certainty": "maybe"}]}`, "certainty"},
		"year twice":     {`{"years": [{"year": 2026, "certainty": "official"}, {"year": 2026, "certainty": "official"}]}`, "twice"},
		"far year":       {`{"years": [{"year": 1066, "certainty": "official"}]}`, "1976"},
		"large":          {strings.Repeat(" ", workday.MaxFileBytes+1), "1 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := workday.Parse([]byte(test.file))
			if !errors.Is(err, &conference.Error{Code: "calendar.bad_file"}) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want calendar.bad_file with %q", err, test.want)
			}
		})
	}
}

func TestDateInJSON(t *testing.T) {
	t.Parallel()
	want := map[string]workday.Date{"due": workday.On(2026, time.December, 32)}
	data, err := json.Marshal(want)
	if err != nil || string(data) != `{"due":"2027-01-01"}` {
		t.Fatalf("got %s, %v", data, err)
	}
	got := map[string]workday.Date{}
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := workday.DateOf(time.Date(2026, time.November, 25, 17, 0, 0, 0, time.UTC)); got.String() != "2026-11-26" {
		t.Errorf("after midnight in Hà Nội: got %s", got)
	}
}

// TestRapidArithmetic compares the counting with walking from day to day.
func TestRapidArithmetic(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		calendar := drawCalendar(t)
		from := workday.On(2024, time.June, 1) + workday.Date(rapid.IntRange(0, 1500).Draw(t, "from"))
		to := from + workday.Date(rapid.IntRange(0, 400).Draw(t, "span"))
		walked := 0
		for d := from + 1; d <= to; d++ {
			if calendar.IsWorkday(d) {
				walked++
			}
		}
		if got := calendar.Between(from, to); got != walked {
			t.Fatalf("between %s and %s: got %d, walked %d", from, to, got, walked)
		}
		if got := calendar.Between(to, from); got != -walked {
			t.Fatalf("backwards: got %d, want %d", got, -walked)
		}
		n := rapid.IntRange(1, 300).Draw(t, "n")
		later, earlier := calendar.Add(from, n), calendar.Add(from, -n)
		if !calendar.IsWorkday(later) || !calendar.IsWorkday(earlier) {
			t.Fatalf("add ±%d to %s: %s, %s: not working days", n, from, earlier, later)
		}
		if got := calendar.Between(from, later); got != n {
			t.Fatalf("between %s and %s: got %d, want %d", from, later, got, n)
		}
		if got := calendar.Between(earlier-1, from-1); got != n {
			t.Fatalf("between %s and %s: got %d, want %d", earlier-1, from-1, got, n)
		}
		if calendar.IsWorkday(from) && calendar.Add(later, -n) != from {
			t.Fatalf("there and back from %s: got %s", from, calendar.Add(later, -n))
		}
		if next := calendar.Add(from, n+1); next <= later {
			t.Fatalf("add %d is %s, add %d is %s", n, later, n+1, next)
		}
		here := calendar.Add(from, 0)
		if here < from || !calendar.IsWorkday(here) || calendar.Between(from-1, here) != 1 {
			t.Fatalf("add 0 to %s: got %s", from, here)
		}
	})
}

// drawCalendar is the embedded one, or one with many days off, whole months of them.
func drawCalendar(t *rapid.T) *workday.Calendar {
	if rapid.Bool().Draw(t, "embedded") {
		return workday.Vietnam()
	}
	year := workday.Year{Year: 2026, Certainty: workday.Provisional}
	first := workday.On(2026, time.January, 1) + workday.Date(rapid.IntRange(0, 300).Draw(t, "first"))
	for i := range workday.Date(rapid.IntRange(0, workday.MaxDays).Draw(t, "run")) {
		year.Free = append(year.Free, workday.Day{Date: first + i, Name: "x"})
	}
	if saturday := first - workday.Date(first.Weekday()) - 1; saturday.Year() == year.Year {
		year.Work = append(year.Work, workday.Day{Date: saturday, Name: "y"})
	}
	data, err := json.Marshal(map[string]any{"years": []workday.Year{year}})
	if err != nil {
		t.Fatal(err)
	}
	calendar, err := workday.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return calendar
}
