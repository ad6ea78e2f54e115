package paper_test

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/diemcau/diemcau/internal/ticket/paper"
)

// letters are all a Vietnamese text can have beyond ASCII, in both cases.
const letters = "àáảãạăằắẳẵặâầấẩẫậèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵđ" +
	"ÀÁẢÃẠĂẰẮẲẴẶÂẦẤẨẪẬÈÉẺẼẸÊỀẾỂỄỆÌÍỈĨỊÒÓỎÕỌÔỒỐỔỖỘƠỜỚỞỠỢÙÚỦŨỤƯỪỨỬỮỰỲÝỶỸỴĐ–…“”’"

func ticketOf(change func(*paper.Ticket)) *paper.Ticket {
	t := &paper.Ticket{
		Lang: "vi", MadeAt: time.Date(2027, 1, 11, 2, 3, 4, 0, time.UTC), Heading: "Vé tham dự",
		Title: "Đối thoại về thủ tục hành chính đất đai; quận, huyện – kỳ tháng 3 năm 2027 tại Thành phố",
		Facts: []paper.Fact{
			{"Thời gian", "08:00, 01/03/2027"}, {"Điểm cầu", "Huyện Ba Vì"}, {"Địa chỉ", "252 đường Quảng Oai, xã Quảng Oai"},
		},
		Standing: "Bạn đã có chỗ ngồi.", CodeName: "Mã vé", Code: "4TZ0K-9QW3M-B7XHC", Symbol: "042631001909232803201107291712",
		Notices: []string{"Hãy mang theo vé này.", "Hội nghị được ghi hình và phát công khai."},
	}
	if change != nil {
		change(t)
	}
	return t
}

// printed is a ticket's page.
func printed(t *testing.T, ticket *paper.Ticket) *page {
	t.Helper()
	file, err := paper.Print(ticket)
	if err != nil {
		t.Fatal(err)
	}
	return pagesOf(t, file)[0]
}

// TestPrint: the page says what the ticket says, every letter has a shape in the font that is
// inside, and the symbol holds the code and nothing else.
func TestPrint(t *testing.T) {
	t.Parallel()
	want := ticketOf(func(t *paper.Ticket) { t.Notices = append(t.Notices, letters) })
	page := printed(t, want)
	if keep := os.Getenv("DIEMCAU_KEEP_TICKET"); keep != "" {
		if err := os.WriteFile(keep, page.file, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if n := bytes.Count(page.file, []byte("/Type /Page\n")); n != 1 {
		t.Errorf("%d pages", n)
	}
	said := strings.Join(page.lines, " ")
	for _, part := range []string{want.Heading, want.Title, want.Standing, want.Code, want.Facts[2].Value, want.Notices[1]} {
		if !strings.Contains(said, part) {
			t.Errorf("no %q in %q", part, said)
		}
	}
	shown := strings.Join(page.lines, "")
	for _, letter := range letters {
		if !strings.ContainsRune(shown, letter) {
			t.Errorf("%c is not printed", letter)
		}
	}
	for _, font := range page.fonts {
		for letter := range font.used {
			if letter != ' ' && font.shape(letter) == 0 {
				t.Errorf("%c has no shape in its font", letter)
			}
		}
	}
	if got := page.scan(t); got != want.Symbol {
		t.Errorf("the symbol holds %q, want %q", got, want.Symbol)
	}
	if len(page.file) > 80_000 {
		t.Errorf("%d bytes: the fonts are inside as a whole", len(page.file))
	}
}

// TestPrint_void has the code as letters alone.
func TestPrint_void(t *testing.T) {
	t.Parallel()
	page := printed(t, ticketOf(func(t *paper.Ticket) { t.Void, t.Standing = true, "Đăng ký đã hủy." }))
	if said := strings.Join(page.lines, " "); len(page.dark) != 0 || !strings.Contains(said, "Đăng ký đã hủy.") {
		t.Errorf("%d rectangles, %q", len(page.dark), said)
	}
}

// TestPrint_atOnce: many pages at a time are the pages one by one (the fonts are shared).
func TestPrint_atOnce(t *testing.T) {
	t.Parallel()
	want := printed(t, ticketOf(nil)).file
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() { // ends when its page is printed
			if got, err := paper.Print(ticketOf(nil)); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%d bytes, %v; alone %d", len(got), err, len(want))
			}
		})
	}
	all.Wait()
}

// FuzzR4_Print: whatever a title says, it is one page and the code is whole.
func FuzzR4_Print(f *testing.F) {
	f.Add("Đối thoại", "Ba Vì")
	f.Add(strings.Repeat("ườ", 900), "\x00(\\)\r\nendstream 🏛 \u200b𝔸 ﷽ 漢字")
	f.Add("\xff\xfe", strings.Repeat("a b ", 500))
	f.Fuzz(func(t *testing.T, title, where string) {
		page := printed(t, ticketOf(func(t *paper.Ticket) { t.Title, t.Facts[1].Value = title, where }))
		if n := bytes.Count(page.file, []byte("/Type /Page\n")); n != 1 || !slices.Contains(page.lines, "4TZ0K-9QW3M-B7XHC") {
			t.Fatalf("%d pages, %q", n, page.lines)
		}
		if page.lowest < 10 || page.rightmost > 200 {
			t.Fatalf("over the edge of the page: %.0f mm above the foot, %.0f mm from the left", page.lowest, page.rightmost)
		}
	})
}

func BenchmarkPrint(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := paper.Print(ticketOf(nil)); err != nil {
			b.Fatal(err)
		}
	}
}
