package paper

import (
	"bytes"
	"fmt"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"github.com/boombuler/barcode/qr"
	"github.com/go-fonts/liberation/liberationsansbold"
	"github.com/go-fonts/liberation/liberationsansregular"
)

// Sizes of the page, mm; letters in points.
const (
	margin    = 20.0
	wide      = 210 - 2*margin
	qrSide    = 70.0 // with its quiet zone
	quiet     = 4.0  // modules (ISO/IEC 18004 §6.3.8)
	point     = 25.4 / 72
	lineSpace = 1.5 // marks stand above and below Vietnamese letters
	family    = "sans"
)

// Ticket is what is printed. Its sentences are in one language.
type Ticket struct {
	Lang     string    // "vi" or "en", of the document
	MadeAt   time.Time // of the document
	Heading  string    // what this paper is
	Title    string    // of the conference
	Facts    []Fact
	Code     string // in the QR symbol: this and nothing else
	CodeName string // what the code is, above it
	// Standing is where the registration stood when it was printed.
	Standing string
	// Void prints the code without a symbol: nobody is let in with it.
	Void bool
	// Notices are at the foot: what to bring, that it is recorded.
	Notices []string
}

// Fact is one line: what it is, and how it is.
type Fact struct{ Name, Value string }

// Print returns the page as PDF. Text that is too long for its place ends with "…".
func Print(t *Ticket) ([]byte, error) {
	pdf := fpdf.New("P", "mm", "A4", "")
	pdf.AddUTF8FontFromBytes(family, "", liberationsansregular.TTF)
	pdf.AddUTF8FontFromBytes(family, "B", liberationsansbold.TTF)
	pdf.SetAutoPageBreak(false, 0)
	pdf.SetMargins(margin, margin, margin)
	pdf.SetCatalogSort(true)
	pdf.SetCreationDate(t.MadeAt.UTC())
	pdf.SetModificationDate(t.MadeAt.UTC())
	pdf.SetProducer("Diem Cau", false)
	pdf.SetLang(t.Lang)
	pdf.SetTitle(known(t.Heading+" – "+t.Title), true)
	pdf.AddPage()
	w := writer{pdf: pdf, y: margin}
	w.text(style{size: 13, most: 1}, t.Heading)
	w.text(style{bold: true, size: 20, most: 4}, t.Title)
	w.rule()
	for _, fact := range t.Facts {
		w.fact(fact)
	}
	w.fact(Fact{Value: t.Standing})
	w.rule()
	w.text(style{size: 11, most: 1, centred: true}, t.CodeName)
	w.text(style{bold: true, size: 28, most: 1, centred: true}, t.Code)
	if !t.Void {
		if err := w.symbol(t.Code); err != nil {
			return nil, err
		}
	}
	w.rule()
	for _, notice := range t.Notices {
		w.text(style{size: 11, most: 3}, notice)
	}
	var out bytes.Buffer
	if err := pdf.Output(&out); err != nil {
		return nil, fmt.Errorf("print a ticket: %w", err)
	}
	return out.Bytes(), nil
}

// writer writes downwards.
type writer struct {
	pdf *fpdf.Fpdf
	y   float64 // mm from the top
}

type style struct {
	bold, centred bool
	size          float64 // points
	most          int     // lines
}

func (w *writer) text(s style, text string) { w.block(s, text, margin, wide) }

// block writes lines from x on and goes below them.
func (w *writer) block(s style, text string, x, width float64) {
	w.font(s)
	high, align := s.size*point*lineSpace, "L"
	if s.centred {
		align = "C"
	}
	for _, line := range w.lines(known(text), width, s.most) {
		w.pdf.SetXY(x, w.y)
		w.pdf.CellFormat(width, high, line, "", 0, align+"M", false, 0, "")
		w.y += high
	}
}

func (w *writer) font(s style) {
	weight := ""
	if s.bold {
		weight = "B"
	}
	w.pdf.SetFont(family, weight, s.size)
}

// fact writes the name at the left and the value beside it, or the value alone, in bold.
func (w *writer) fact(f Fact) {
	const left = 38.0
	switch top := w.y; {
	case f.Value == "":
	case f.Name == "":
		w.block(style{bold: true, size: 13, most: 3}, f.Value, margin, wide)
	default:
		w.block(style{size: 12, most: 1}, f.Name, margin, left)
		below := w.y
		w.y = top
		w.block(style{size: 12, most: 3}, f.Value, margin+left, wide-left)
		w.y = max(w.y, below)
	}
}

func (w *writer) rule() {
	const space = 4.0
	w.y += space
	w.pdf.SetLineWidth(0.3)
	w.pdf.Line(margin, w.y, margin+wide, w.y)
	w.y += space
}

// symbol draws the code in the middle, a rectangle for each run of dark modules.
func (w *writer) symbol(code string) error {
	encoded, err := qr.Encode(code, qr.Q, qr.Auto)
	if err != nil {
		return fmt.Errorf("draw the code of a ticket: %w", err)
	}
	size := encoded.Bounds().Dx()
	module := qrSide / (float64(size) + 2*quiet)
	left, top := margin+(wide-qrSide)/2+quiet*module, w.y+quiet*module
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
	w.y += qrSide
	return nil
}
