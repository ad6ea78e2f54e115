package paper_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"image"
	"image/color"
	"io"
	"math"
	"regexp"
	"strconv"
	"testing"
	"unicode/utf16"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
)

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
	contents = regexp.MustCompile(`/Contents (\d+) 0 R`)
	aCommand = regexp.MustCompile(`(?s)/(F\w+) [\d.]+ Tf|([\d.-]+) ([\d.-]+) Td \(((?:\\.|[^\\)])*)\) ?Tj|([\d.-]+) ([\d.-]+) ([\d.-]+) ([\d.-]+) re f`)
)

// pagesOf reads a file's pages in their order.
func pagesOf(t *testing.T, file []byte) []*page {
	t.Helper()
	objects := map[string][]byte{}
	var ids []string
	for _, found := range anObject.FindAllSubmatch(file, -1) {
		objects[string(found[1])] = found[2]
		ids = append(ids, string(found[1]))
	}
	fonts := map[string]*font{}
	for _, found := range aFont.FindAllSubmatch(file, -1) {
		below := objects[string(found[2])]
		for range 2 { // the font, its descendant, its map
			if next := inside.FindSubmatch(below); next != nil {
				below = objects[string(next[2])]
			}
		}
		fonts[string(found[1])] = &font{used: map[rune]bool{}, glyph: stream(below)}
	}
	var pages []*page
	for _, id := range ids {
		object := objects[id]
		content := contents.FindSubmatch(object)
		if !bytes.Contains(object, []byte("/Type /Page\n")) || content == nil {
			continue
		}
		p := &page{file: file, fonts: fonts, lowest: math.Inf(1)}
		p.read(t, stream(objects[string(content[1])]))
		pages = append(pages, p)
	}
	return pages
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
