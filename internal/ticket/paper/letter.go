package paper

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-fonts/liberation/liberationserifbold"
	"github.com/go-fonts/liberation/liberationserifbolditalic"
	"github.com/go-fonts/liberation/liberationserifitalic"
	"github.com/go-fonts/liberation/liberationserifregular"
)

// Letterhead is who invites. What is "" is left to be filled in by hand, or left out.
type Letterhead struct {
	Superior string // the body above the agency; "" none
	Agency   string
	Number   string    // of the letter, "12/GM-UBND"
	Town     string    // where it is signed
	Date     time.Time // of the letter; zero: room for it
	Chair    string    // who chairs the conference
	Contact  string    // whom to ask
	Office   string    // of who signs, a line each
	Signer   string
}

// Letters is a file of invitations, one a person, each beginning on a page of its own. They
// have the form of a Vietnamese authority's invitation (giấy mời, Decree 30/2020/NĐ-CP,
// appendix III), which is prescribed: there is no English one.
type Letters struct {
	MadeAt time.Time
	Head   Letterhead
	Title  string // of the conference
	Text   string // of the invitation, paragraphs; "" the form's own words
	Each   []Letter
}

// Letter is the invitation of one person.
type Letter struct {
	Name    string
	About   string // what tells people of the same name apart
	Facts   []Fact // when, where
	Code    string // of the ticket, in letters
	Symbol  string // in the QR symbol: this and nothing else
	Notices []string
}

// The form's sizes: letters of 12 to 14 points, the margins that are prescribed.
const (
	letterSize   = 13.0
	firstIndent  = 10.0
	symbolSide   = 44.0
	signingSpace = 22.0 // for signature and seal
)

func serif() face {
	return face{
		"": liberationserifregular.TTF, "B": liberationserifbold.TTF, "I": liberationserifitalic.TTF, "BI": liberationserifbolditalic.TTF,
	}
}

// PrintLetters returns the letters as PDF, in their order.
func PrintLetters(all *Letters) ([]byte, error) {
	w := newWriter("vi", "Giấy mời – "+all.Title, all.MadeAt, serif(), margins{20, 15, 20, 30})
	for i := range all.Each {
		w.page()
		if err := w.letter(all, &all.Each[i]); err != nil {
			return nil, fmt.Errorf("print a letter: %w", err)
		}
	}
	return w.file()
}

func (w *writer) letter(all *Letters, one *Letter) error {
	w.letterhead(&all.Head, all.MadeAt)
	w.y += 6
	w.text(style{weight: "B", size: 15, align: "C", most: 1}, "GIẤY MỜI")
	w.text(style{weight: "B", size: 14, align: "C", most: 4}, "Dự hội nghị: "+all.Title)
	w.line(w.left+w.wide*0.4, w.y+1, w.wide*0.2)
	w.y += 6
	body := style{size: letterSize, align: "J", indent: firstIndent, most: 60}
	w.text(body, strings.TrimSpace(all.Head.Agency+" trân trọng kính mời:"))
	w.text(style{weight: "B", size: 14, align: "C", most: 3}, "Ông/Bà "+one.Name)
	w.text(style{weight: "I", size: letterSize, align: "C", most: 3}, one.About)
	for _, paragraph := range paragraphs(all.Text, "Tới dự hội nghị “"+all.Title+"”.") {
		w.text(body, paragraph)
	}
	if err := w.particulars(all.Head.Chair, one); err != nil {
		return err
	}
	notices := one.Notices
	if all.Head.Contact != "" {
		notices = append(slices.Clip(notices), "Liên hệ: "+strings.TrimRight(all.Head.Contact, ".")+".")
	}
	for i, notice := range notices {
		if i == len(notices)-1 {
			notice += "/." // the form's end
		}
		w.text(body, notice)
	}
	w.signature(&all.Head)
	return nil
}

// paragraphs are the lines of a text that have words, or the one that stands for none.
func paragraphs(text, none string) []string {
	var out []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	if out == nil {
		return []string{none}
	}
	return out
}

// letterhead writes who writes at the left, the country's name and motto at the right.
func (w *writer) letterhead(h *Letterhead, madeAt time.Time) {
	const left = 66.0
	right, wide := w.left+left, w.wide-left
	top := w.y
	w.block(style{size: 12, align: "C", most: 2}, strings.ToUpper(h.Superior), w.left, left)
	w.block(style{weight: "B", size: 12, align: "C", most: 3}, strings.ToUpper(h.Agency), w.left, left)
	w.line(w.left+left/3, w.y+0.5, left/3)
	below := w.y
	w.y = top
	w.block(style{weight: "B", size: 12, align: "C", most: 1}, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", right, wide)
	motto := style{weight: "B", size: 13, align: "C", most: 1}
	w.block(motto, "Độc lập - Tự do - Hạnh phúc", right, wide)
	w.font(motto)
	under := w.pdf.GetStringWidth("Độc lập - Tự do - Hạnh phúc")
	w.line(right+(wide-under)/2, w.y+0.5, under)
	w.y = max(w.y, below) + 3
	top = w.y
	number := h.Number
	if number == "" {
		number = "          /GM"
	}
	w.block(style{size: letterSize, align: "C", most: 1}, "Số: "+number, w.left, left)
	w.y = top
	w.block(style{weight: "I", size: letterSize, align: "C", most: 1}, signedAt(h, madeAt), right, wide)
}

// signedAt is place and date of a letter, in the form's words.
func signedAt(h *Letterhead, madeAt time.Time) string {
	town := h.Town
	if town == "" {
		town = "…………"
	}
	if h.Date.IsZero() {
		return fmt.Sprintf("%s, ngày … tháng … năm %d", town, madeAt.Year())
	}
	month := h.Date.Format("1")
	if h.Date.Month() < time.March {
		month = h.Date.Format("01") // so that nobody puts a figure before it
	}
	return fmt.Sprintf("%s, ngày %s tháng %s năm %d", town, h.Date.Format("02"), month, h.Date.Year())
}

// particulars writes when and where, and the ticket beside them.
func (w *writer) particulars(chair string, one *Letter) error {
	facts := one.Facts
	if chair != "" {
		facts = append([]Fact{{"Chủ trì", chair}}, facts...)
	}
	const gap = 4.0
	fact := style{size: letterSize, most: 5}
	high := 0.0
	for _, f := range facts {
		high += float64(len(w.broken(fact, f.Name+": "+f.Value, w.wide-symbolSide-gap))) * fact.high()
	}
	code := style{weight: "B", size: 11, align: "C", most: 1}
	w.y += 2
	w.room(max(high, symbolSide+code.high()))
	top, right := w.y, w.left+w.wide-symbolSide
	if err := w.symbol(one.Symbol, right, top, symbolSide); err != nil {
		return err
	}
	w.y = top + symbolSide - 2
	w.block(code, one.Code, right, symbolSide)
	below := w.y
	w.y = top + 2
	for _, f := range facts {
		w.block(fact, f.Name+": "+f.Value, w.left, w.wide-symbolSide-gap)
	}
	w.y = max(w.y, below) + 2
	return nil
}

// signature writes who signs at the right, and who gets a copy at the left.
func (w *writer) signature(h *Letterhead) {
	const left = 70.0
	office := strings.Split(strings.ToUpper(h.Office), "\n")
	bold := style{weight: "B", size: letterSize, align: "C", most: 2}
	w.y += 4
	w.room(float64(len(office)+2)*bold.high() + signingSpace)
	top, right, wide := w.y, w.left+left, w.wide-left
	w.block(style{weight: "BI", size: 12, most: 1}, "Nơi nhận:", w.left, left)
	for _, copied := range []string{"- Như trên;", "- Lưu: VT."} {
		w.block(style{size: 11, most: 1}, copied, w.left, left)
	}
	w.y = top
	for _, line := range office {
		w.block(bold, line, right, wide)
	}
	w.y += signingSpace
	w.block(bold, h.Signer, right, wide)
}
