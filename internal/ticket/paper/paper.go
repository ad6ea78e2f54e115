package paper

import (
	"time"

	"github.com/go-fonts/liberation/liberationsansbold"
	"github.com/go-fonts/liberation/liberationsansregular"
)

// Ticket is what is printed. Its sentences are in one language.
type Ticket struct {
	Lang     string    // "vi" or "en", of the document
	MadeAt   time.Time // of the document
	Heading  string    // what this paper is
	Title    string    // of the conference
	Facts    []Fact
	Code     string // in letters
	Symbol   string // in the QR symbol: this and nothing else
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

const ticketMargin = 20.0

func sans() face { return face{"": liberationsansregular.TTF, "B": liberationsansbold.TTF} }

// Print returns the page as PDF. Text that is too long for its place ends with "…".
func Print(t *Ticket) ([]byte, error) {
	const qrSide = 70.0
	m := margins{ticketMargin, ticketMargin, 0, ticketMargin} // one page, whatever it says
	w := newWriter(t.Lang, t.Heading+" – "+t.Title, t.MadeAt, sans(), m)
	w.page()
	w.text(style{size: 13, most: 1}, t.Heading)
	w.text(style{weight: "B", size: 20, most: 4}, t.Title)
	w.rule()
	for _, fact := range t.Facts {
		w.fact(fact)
	}
	w.fact(Fact{Value: t.Standing})
	w.rule()
	w.text(style{size: 11, most: 1, align: "C"}, t.CodeName)
	w.text(style{weight: "B", size: 28, most: 1, align: "C"}, t.Code)
	if !t.Void {
		if err := w.symbol(t.Symbol, w.left+(w.wide-qrSide)/2, w.y, qrSide); err != nil {
			return nil, err
		}
		w.y += qrSide
	}
	w.rule()
	for _, notice := range t.Notices {
		w.text(style{size: 11, most: 3}, notice)
	}
	return w.file()
}

// fact writes the name at the left and the value beside it, or the value alone, in bold.
func (w *writer) fact(f Fact) {
	const name = 38.0
	switch top := w.y; {
	case f.Value == "":
	case f.Name == "":
		w.text(style{weight: "B", size: 13, most: 3}, f.Value)
	default:
		w.block(style{size: 12, most: 1}, f.Name, w.left, name)
		below := w.y
		w.y = top
		w.block(style{size: 12, most: 3}, f.Value, w.left+name, w.wide-name)
		w.y = max(w.y, below)
	}
}

func (w *writer) rule() {
	const space = 4.0
	w.line(w.left, w.y+space, w.wide)
	w.y += 2 * space
}
