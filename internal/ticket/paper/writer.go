package paper

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"github.com/boombuler/barcode/qr"
)

const (
	pageWide  = 210.0 // A4, mm
	pageHigh  = 297.0
	quiet     = 4.0 // modules around a symbol (ISO/IEC 18004 §6.3.8)
	point     = 25.4 / 72
	lineSpace = 1.5 // marks stand above and below Vietnamese letters
	family    = "text"
)

// face is the letters of a document, by fpdf's names of styles.
type face map[string][]byte

// writer writes downwards on pages of A4.
type writer struct {
	pdf        *fpdf.Fpdf
	left, wide float64       // mm
	top, floor float64       // mm from the top of the page: nothing is written below the floor
	fresh      func(*writer) // begins a page; nil: nothing stands on all of them
	y          float64       // mm from the top
}

// margins of a page, mm.
type margins struct{ top, right, bottom, left float64 }

// newWriter begins a document; it has no page yet.
func newWriter(lang, title string, madeAt time.Time, letters face, m margins) *writer {
	pdf := fpdf.New("P", "mm", "A4", "")
	for _, style := range []string{"", "B", "I", "BI"} { // in one order: the same document is the same bytes
		if letters[style] != nil {
			pdf.AddUTF8FontFromBytes(family, style, letters[style])
		}
	}
	pdf.SetAutoPageBreak(false, 0)
	pdf.SetMargins(m.left, m.top, m.right)
	pdf.SetCatalogSort(true)
	pdf.SetCreationDate(madeAt.UTC())
	pdf.SetModificationDate(madeAt.UTC())
	pdf.SetProducer("Diem Cau", false)
	pdf.SetLang(lang)
	pdf.SetTitle(known(title), true)
	return &writer{pdf: pdf, left: m.left, wide: pageWide - m.left - m.right, top: m.top, floor: pageHigh - m.bottom}
}

// page begins a page.
func (w *writer) page() {
	w.pdf.AddPage()
	w.y = w.top
	if w.fresh != nil {
		w.fresh(w)
	}
}

// room goes on to another page when there is less left on this one, mm.
func (w *writer) room(high float64) {
	if w.y+high > w.floor {
		w.page()
	}
}

// file returns the document.
func (w *writer) file() ([]byte, error) {
	var out bytes.Buffer
	if err := w.pdf.Output(&out); err != nil {
		return nil, fmt.Errorf("print: %w", err)
	}
	return out.Bytes(), nil
}

// style is how words are written.
type style struct {
	weight string  // "", "B", "I", "BI"
	align  string  // "" left, "C" middle, "J" to both edges
	size   float64 // points
	most   int     // lines
	indent float64 // of the first line, mm
}

func (s style) high() float64 { return s.size * point * lineSpace }

func (w *writer) text(s style, text string) { w.block(s, text, w.left, w.wide) }

// block writes lines from x on and goes below them.
func (w *writer) block(s style, text string, x, width float64) {
	lines := w.broken(s, text, width)
	for i, line := range lines {
		w.room(s.high())
		at, wide := x, width
		if i == 0 {
			at, wide = x+s.indent, width-s.indent
		}
		w.font(s)
		if s.align == "J" && i < len(lines)-1 {
			w.spread(s, line, at, wide)
		} else {
			w.pdf.SetXY(at, w.y)
			w.pdf.CellFormat(wide, s.high(), line, "", 0, strings.Trim(s.align, "J")+"M", false, 0, "")
		}
		w.y += s.high()
	}
}

// broken are the lines a text takes.
func (w *writer) broken(s style, text string, width float64) []string {
	w.font(s)
	return w.lines(known(text), width, s.indent, s.most)
}

// spread writes a line from edge to edge.
func (w *writer) spread(s style, line string, x, width float64) {
	words := strings.Fields(line)
	letters := 0.0
	for _, word := range words {
		letters += w.pdf.GetStringWidth(word)
	}
	gap := (width - 2*w.pdf.GetCellMargin() - letters) / float64(max(1, len(words)-1))
	for _, word := range words {
		w.pdf.SetXY(x, w.y)
		w.pdf.CellFormat(width, s.high(), word, "", 0, "LM", false, 0, "")
		x += w.pdf.GetStringWidth(word) + gap
	}
}

func (w *writer) font(s style) { w.pdf.SetFont(family, s.weight, s.size) }

// line draws a rule.
func (w *writer) line(x, y, width float64) {
	w.pdf.SetLineWidth(0.3)
	w.pdf.Line(x, y, x+width, y)
}

// symbol draws a code as a QR symbol, a rectangle for each run of dark modules. side has the
// quiet zone.
func (w *writer) symbol(code string, x, y, side float64) error {
	encoded, err := qr.Encode(code, qr.Q, qr.Auto)
	if err != nil {
		return fmt.Errorf("draw a code: %w", err)
	}
	size := encoded.Bounds().Dx()
	module := side / (float64(size) + 2*quiet)
	left, top := x+quiet*module, y+quiet*module
	dark := func(x, y int) bool {
		if x >= size {
			return false
		}
		red, _, _, _ := encoded.At(x, y).RGBA()
		return red == 0
	}
	w.pdf.SetFillColor(0, 0, 0)
	for y := range size {
		for x := 0; x < size; x++ {
			from := x
			for dark(x, y) {
				x++
			}
			if x > from {
				w.pdf.Rect(left+float64(from)*module, top+float64(y)*module, float64(x-from)*module, module, "F")
			}
		}
	}
	return nil
}
