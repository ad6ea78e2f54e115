package paper_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/diemcau/diemcau/internal/ticket/paper"
)

// longest is as long as a name may be: 80 letters.
const longest = "Công Tằng Tôn Nữ Huyền Trân Nguyễn Phước Thị Thường Xuân Quỳnh Hương Diễm Phượng"

// lettersTo are invitations of so many people. Every tenth has the longest name, the second
// and the third the same.
func lettersTo(people int, change func(*paper.Letters)) *paper.Letters {
	all := &paper.Letters{
		MadeAt: time.Date(2027, 1, 11, 2, 3, 4, 0, time.UTC),
		Head: paper.Letterhead{
			Agency: "Ủy ban nhân dân thành phố Hà Nội", Number: "12/GM-UBND", Town: "Hà Nội", Date: time.Date(2027, 2, 5, 0, 0, 0, 0, time.UTC),
			Chair: "Chủ tịch UBND Thành phố", Contact: "Văn phòng UBND Thành phố, 024 0000 0000", Office: "TM. Ủy ban nhân dân\nChủ tịch", Signer: "Nguyễn Văn Ký",
		},
		Title: "Đối thoại về thủ tục hành chính đất đai; quận, huyện – kỳ tháng 3 năm 2027",
	}
	for i := range people {
		one := paper.Letter{
			Name: fmt.Sprintf("Nguyễn Thị Người Thứ %d", i+1), About: "Xã Tản Lĩnh", Code: fmt.Sprintf("%05d-9QW3M-B7XHC", i), Symbol: fmt.Sprintf("%030d", i),
			Facts: []paper.Fact{
				{"Thời gian", "08 giờ 00, thứ Hai, ngày 01 tháng 3 năm 2027; đón khách từ 07 giờ 15"},
				{"Địa điểm", "Điểm cầu Huyện Ba Vì, 252 đường Quảng Oai, xã Quảng Oai"},
				{"Chỗ ngồi", "đã giữ một chỗ cho Ông/Bà"},
			},
			Notices: []string{
				"Khi đến, xin mang theo giấy mời này, bản in hoặc ảnh chụp mã trên điện thoại, và giấy tờ liên quan đến câu hỏi.",
				"Hội nghị được ghi hình, ghi âm và phát công khai.",
			},
		}
		switch {
		case i%10 == 9:
			one.Name = longest
		case i == 1:
			one.Name, one.About = "Nguyễn Thị Hoa", "Xã Tản Lĩnh"
		case i == 2:
			one.Name, one.About = "Nguyễn Thị Hoa", "Xã Quảng Oai, Hợp tác xã Nông nghiệp Tổng hợp và Dịch vụ Ba Trại"
		}
		all.Each = append(all.Each, one)
	}
	if change != nil {
		change(all)
	}
	return all
}

// keep writes a file down for somebody to look at, where the environment asks for it.
func keep(t *testing.T, variable string, file []byte) {
	t.Helper()
	if path := os.Getenv(variable); path != "" {
		if err := os.WriteFile(path, file, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestPrintLetters: 500 people, a page each, in their order; every page has its own name and
// its own code, which can be scanned.
func TestPrintLetters(t *testing.T) {
	t.Parallel()
	all := lettersTo(500, nil)
	file, err := paper.PrintLetters(all)
	if err != nil {
		t.Fatal(err)
	}
	keep(t, "DIEMCAU_KEEP_LETTERS", file)
	pages := pagesOf(t, file)
	if len(pages) != len(all.Each) {
		t.Fatalf("%d pages for %d letters", len(pages), len(all.Each))
	}
	for i, page := range pages {
		one := all.Each[i]
		said := strings.Join(page.lines, " ")
		for _, part := range []string{
			"CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc", "Số: 12/GM-UBND", "Hà Nội, ngày 05 tháng 02 năm 2027", "GIẤY MỜI",
			"Ông/Bà " + one.Name, one.About, one.Code, "thứ Hai, ngày 01 tháng 3 năm 2027", "252 đường Quảng Oai", "ghi âm và phát công khai",
			"Liên hệ: Văn phòng UBND Thành phố, 024 0000 0000./.", "TM. ỦY BAN NHÂN DÂN", "CHỦ TỊCH", "Nguyễn Văn Ký", "- Lưu: VT.",
		} {
			if !strings.Contains(said, part) {
				t.Fatalf("page %d has no %q: %q", i+1, part, said)
			}
		}
		if page.lowest < 20 || page.rightmost > 195 {
			t.Fatalf("page %d is written beyond its margins: %.0f mm above the foot, %.0f mm from the left", i+1, page.lowest, page.rightmost)
		}
		if i%100 < 3 {
			if got := page.scan(t); got != one.Symbol {
				t.Fatalf("page %d: the symbol holds %q, want %q", i+1, got, one.Symbol)
			}
		}
	}
	for name, font := range pages[0].fonts {
		for letter := range font.used {
			if letter != ' ' && font.shape(letter) == 0 {
				t.Errorf("%c has no shape in font %s", letter, name)
			}
		}
	}
	if len(file) > 4_000_000 {
		t.Errorf("%d bytes for 500 letters", len(file))
	}
}

// TestPrintLetters_unfilled leaves room for what the clerk writes by hand.
func TestPrintLetters_unfilled(t *testing.T) {
	t.Parallel()
	file, err := paper.PrintLetters(lettersTo(1, func(l *paper.Letters) { l.Head = paper.Letterhead{}; l.Each[0].About = "" }))
	if err != nil {
		t.Fatal(err)
	}
	keep(t, "DIEMCAU_KEEP_LETTER_UNFILLED", file)
	pages := pagesOf(t, file)
	said := strings.Join(pages[0].lines, " ")
	for _, part := range []string{"/GM", "…………, ngày … tháng … năm 2027", "trân trọng kính mời:", "Tới dự hội nghị “Đối thoại"} {
		if !strings.Contains(said, part) {
			t.Errorf("no %q in %q", part, said)
		}
	}
	if len(pages) != 1 || strings.Contains(said, "Chủ trì") || strings.Contains(said, "Liên hệ") {
		t.Errorf("%d pages: %q", len(pages), said)
	}
}

// TestPrintLetters_longText goes on to as many pages as it takes and cuts no symbol in two.
func TestPrintLetters_longText(t *testing.T) {
	t.Parallel()
	paragraph := strings.Repeat("Thành phố kính mời ông bà đến đối thoại về đất đai. ", 12)
	all := lettersTo(2, func(l *paper.Letters) { l.Text = strings.Repeat(paragraph+"\n\n", 8) })
	file, err := paper.PrintLetters(all)
	if err != nil {
		t.Fatal(err)
	}
	keep(t, "DIEMCAU_KEEP_LETTER_LONG", file)
	pages := pagesOf(t, file)
	if len(pages) < 4 || len(pages)%2 != 0 {
		t.Fatalf("%d pages for two long letters", len(pages))
	}
	var codes []string
	for _, page := range pages {
		if page.lowest < 20 {
			t.Errorf("written %.0f mm above the foot", page.lowest)
		}
		if len(page.dark) > 0 {
			codes = append(codes, page.scan(t))
		}
	}
	if want := []string{all.Each[0].Symbol, all.Each[1].Symbol}; !slices.Equal(codes, want) {
		t.Errorf("the symbols hold %q, want %q", codes, want)
	}
}

func BenchmarkPrintLetters(b *testing.B) {
	all := lettersTo(500, nil)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := paper.PrintLetters(all); err != nil {
			b.Fatal(err)
		}
	}
}

// TestPrintSigningList: everybody has a line, a venue begins on a page of its own, the heads
// stand on every page, and people of one name are told apart.
func TestPrintSigningList(t *testing.T) {
	t.Parallel()
	list := &paper.SigningList{
		MadeAt: time.Date(2027, 1, 11, 2, 3, 4, 0, time.UTC), Agency: "Ủy ban nhân dân thành phố Hà Nội",
		Title: "Đối thoại về thủ tục hành chính đất đai",
	}
	big := paper.SigningVenue{Name: "Huyện Ba Vì", When: "08 giờ 00, ngày 01 tháng 3 năm 2027, 252 đường Quảng Oai", Spare: 10}
	for i, letter := range lettersTo(500, nil).Each {
		row := paper.SigningRow{Name: letter.Name, About: letter.About, PhoneEnds: fmt.Sprintf("%03d", i)}
		if i == 1 || i == 2 {
			row.Note = "trùng họ tên"
		}
		big.Rows = append(big.Rows, row)
	}
	list.Venues = []paper.SigningVenue{big, {Name: "Phường Tây Tựu", Spare: 3}}
	file, err := paper.PrintSigningList(list)
	if err != nil {
		t.Fatal(err)
	}
	keep(t, "DIEMCAU_KEEP_SIGNING", file)
	pages := pagesOf(t, file)
	said := make([]string, len(pages))
	for i, page := range pages {
		said[i] = strings.Join(page.lines, " ")
		if !strings.Contains(said[i], "Ký tên") || !strings.Contains(said[i], "Tờ ") || page.lowest < 10 || page.rightmost > 195 {
			t.Errorf("page %d: %.0f mm above the foot, %.0f mm from the left, %q", i+1, page.lowest, page.rightmost, said[i])
		}
	}
	whole := strings.Join(said, " ")
	for i, row := range big.Rows {
		if !strings.Contains(whole, " "+row.Name+" ") || !strings.Contains(whole, "…"+row.PhoneEnds) {
			t.Fatalf("line %d, %s, is missing", i+1, row.Name)
		}
	}
	if got := strings.Count(whole, longest); got != 50 {
		t.Errorf("the longest name is there %d times, want 50", got)
	}
	if got := strings.Count(whole, "trùng họ tên"); got != 2 {
		t.Errorf("%d people of the same name, want 2", got)
	}
	last := said[len(said)-1]
	if !strings.Contains(last, "Phường Tây Tựu") || strings.Contains(last, "Ba Vì") || !strings.Contains(last, "Danh sách có 0 người") || !strings.Contains(last, "Tờ 1") {
		t.Errorf("the second venue's page: %q", last)
	}
	if !strings.Contains(whole, " 510 ") || strings.Contains(whole, " 511 ") {
		t.Error("not ten spare lines after 500")
	}
}
