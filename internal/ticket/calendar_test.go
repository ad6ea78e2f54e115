package ticket_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/diemcau/diemcau/internal/ticket"
)

func entry() ticket.Entry {
	return ticket.Entry{
		UID: "b3kz5n2qy7w4m6xsp2rt@dat-dai-2027", Sequence: 3, MadeAt: time.Date(2027, 1, 11, 2, 3, 4, 0, time.UTC),
		StartsAt: time.Date(2027, 3, 1, 8, 0, 0, 0, time.FixedZone("ICT", 7*3600)),
		Title:    "Đối thoại về thủ tục hành chính đất đai; quận, huyện – kỳ tháng 3 năm 2027 tại Thành phố",
		Place:    "Huyện Ba Vì, 252 đường Quảng Oai",
		Note:     "Mang theo vé.\r\nHội nghị được ghi hình và phát công khai.", URL: "https://hop.example.gov.vn/c/dat-dai-2027",
	}
}

// TestCalendar holds the whole object to a golden file.
func TestCalendar(t *testing.T) {
	t.Parallel()
	e := entry()
	want, err := os.ReadFile(filepath.Join("testdata", "ticket.ics"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(e.Calendar())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	e.Tentative = true
	if got := string(e.Calendar()); !strings.Contains(got, "METHOD:PUBLISH\r\n") || !strings.Contains(got, "STATUS:TENTATIVE\r\n") {
		t.Errorf("tentative:\n%s", got)
	}
	e.Cancelled = true
	if got := string(e.Calendar()); !strings.Contains(got, "METHOD:CANCEL\r\n") || !strings.Contains(got, "STATUS:CANCELLED\r\n") || strings.Contains(got, "VALARM") {
		t.Errorf("cancelled:\n%s", got)
	}
}

// FuzzR4_Calendar: whatever a title says, the object has the lines it should have.
func FuzzR4_Calendar(f *testing.F) {
	f.Add("Đối thoại", "a\r\nEND:VCALENDAR\r\nBEGIN:VEVENT", "https://x/\r\nATTENDEE:mailto:a@b")
	f.Add(strings.Repeat("ườ", 60), "\\;,", "")
	f.Fuzz(func(t *testing.T, title, note, url string) {
		e := entry()
		e.Title, e.Note, e.URL = title, note, url
		text := string(e.Calendar())
		if !utf8.ValidString(text) {
			t.Fatal("not UTF-8")
		}
		for line := range strings.SplitSeq(strings.TrimSuffix(text, "\r\n"), "\r\n") {
			if len(line) > 75 || strings.ContainsAny(line, "\r\n") || !utf8.ValidString(line) {
				t.Fatalf("line of %d octets: %q", len(line), line)
			}
		}
		whole := strings.ReplaceAll(text, "\r\n ", "")
		for mark, want := range map[string]int{"BEGIN:VCALENDAR": 1, "BEGIN:VEVENT": 1, "END:VEVENT": 1, "END:VCALENDAR": 1, "BEGIN:VALARM": 1, "ATTENDEE:": 0} {
			got := 0
			for line := range strings.SplitSeq(whole, "\r\n") {
				if strings.HasPrefix(line, mark) {
					got++
				}
			}
			if got != want {
				t.Fatalf("%s %d times, want %d:\n%s", mark, got, want, text)
			}
		}
	})
}
