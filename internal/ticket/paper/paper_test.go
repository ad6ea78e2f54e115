package paper_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"image"
	"image/color"
	"io"
	"math"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"

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
		Standing: "Bạn đã có chỗ ngồi.", CodeName: "Mã vé", Code: "4TZ0K-9QW3M-B7XHC",
		Notices: []string{"Hãy mang theo vé này.", "Hội nghị được ghi hình và phát công khai."},
	}
	if change != nil {
		change(t)
	}
	return t
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
	if got := page.scan(t); got != want.Code {
		t.Errorf("the symbol holds %q, want %q", got, want.Code)
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

// page is a file read again, by what PDF says (ISO 32000-1) and not by what printed it.
type page struct {
	file              []byte
	lines             []string
	fonts             map[string]*font
	dark              [][4]float64 // x, y of the upper edge, width, height; points, y upwards
	lowest, rightmost float64      // mm
}

// font is what the page has of a font: CID (here UTF-16) to glyph.
type font struct {
	used  map[rune]bool
	glyph []byte // CIDToGIDMap, two bytes each
}

func (f *font) shape(r rune) uint16 {
	if 2*int(r)+1 >= len(f.glyph) {
		return 0
	}
	return binary.BigEndian.Uint16(f.glyph[2*r:])
}

var (
	anObject = regexp.MustCompile(`(?s)(\d+) 0 obj\n(.*?)\nendobj`)
	aFont    = regexp.MustCompile(`/(F\w+) (\d+) 0 R`)
	inside   = regexp.MustCompile(`/(DescendantFonts|CIDToGIDMap) \[?(\d+) 0 R`)
	aCommand = regexp.MustCompile(`(?s)/(F\w+) [\d.]+ Tf|([\d.-]+) ([\d.-]+) Td \(((?:\\.|[^\\)])*)\) ?Tj|([\d.-]+) ([\d.-]+) ([\d.-]+) ([\d.-]+) re f`)
)

func printed(t *testing.T, ticket *paper.Ticket) *page {
	t.Helper()
	file, err := paper.Print(ticket)
	if err != nil {
		t.Fatal(err)
	}
	p := &page{file: file, fonts: map[string]*font{}, lowest: math.Inf(1)}
	objects := map[string][]byte{}
	for _, found := range anObject.FindAllSubmatch(file, -1) {
		objects[string(found[1])] = found[2]
	}
	for _, found := range aFont.FindAllSubmatch(file, -1) {
		below := objects[string(found[2])]
		for range 2 { // the font, its descendant, its map
			if next := inside.FindSubmatch(below); next != nil {
				below = objects[string(next[2])]
			}
		}
		p.fonts[string(found[1])] = &font{used: map[rune]bool{}, glyph: stream(below)}
	}
	for _, object := range objects {
		if content := stream(object); bytes.Contains(content, []byte(" Tf ")) {
			p.read(t, content)
		}
	}
	return p
}

// read goes through the commands that write and fill.
func (p *page) read(t *testing.T, content []byte) {
	t.Helper()
	var now *font
	for _, c := range aCommand.FindAllSubmatch(content, -1) {
		switch {
		case len(c[1]) > 0:
			now = p.fonts[string(c[1])]
		case len(c[2]) > 0:
			line := unescape(c[4])
			for _, r := range line {
				now.used[r] = true
			}
			p.lines = append(p.lines, line)
			p.lowest = min(p.lowest, number(t, c[3])*25.4/72)
			p.rightmost = max(p.rightmost, number(t, c[2])*25.4/72)
		default:
			p.dark = append(p.dark, [4]float64{number(t, c[5]), number(t, c[6]), number(t, c[7]), number(t, c[8])})
		}
	}
}

// scan paints the rectangles and has them read by a decoder that knows nothing of the encoder.
func (p *page) scan(t *testing.T) string {
	t.Helper()
	const scale, edge = 4, 40
	left, top := math.Inf(1), math.Inf(-1)
	for _, r := range p.dark {
		left, top = min(left, r[0]), max(top, r[1])
	}
	picture := image.NewGray(image.Rect(0, 0, scale*200+2*edge, scale*200+2*edge))
	for i := range picture.Pix {
		picture.Pix[i] = 0xff
	}
	for _, r := range p.dark {
		x, y := (r[0]-left)*scale+edge, (top-r[1])*scale+edge
		for j := math.Round(y); j < math.Round(y-r[3]*scale); j++ {
			for i := math.Round(x); i < math.Round(x+r[2]*scale); i++ {
				picture.SetGray(int(i), int(j), color.Gray{})
			}
		}
	}
	bitmap, err := gozxing.NewBinaryBitmapFromImage(picture)
	if err != nil {
		t.Fatal(err)
	}
	found, err := qrcode.NewQRCodeReader().Decode(bitmap, nil)
	if err != nil {
		t.Fatalf("the symbol of %d rectangles: %v", len(p.dark), err)
	}
	return found.GetText()
}

func stream(object []byte) []byte {
	_, body, found := bytes.Cut(object, []byte("stream\n"))
	if !found {
		return nil
	}
	reader, err := zlib.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil
	}
	all, err := io.ReadAll(reader)
	if err != nil {
		return nil
	}
	return all
}

func unescape(text []byte) string {
	var raw []byte
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' {
			i++
			if text[i] == 'r' {
				raw = append(raw, '\r')
				continue
			}
		}
		raw = append(raw, text[i])
	}
	units := make([]uint16, len(raw)/2)
	for i := range units {
		units[i] = binary.BigEndian.Uint16(raw[2*i:])
	}
	return string(utf16.Decode(units))
}

func number(t *testing.T, text []byte) float64 {
	t.Helper()
	value, err := strconv.ParseFloat(string(text), 64)
	if err != nil {
		t.Fatal(err)
	}
	return value
}
