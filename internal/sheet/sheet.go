package sheet

import (
	"encoding/csv"
	"fmt"
	"io"
	"strings"

	"github.com/xuri/excelize/v2"
)

// textFormat is Excel's built-in "@": what stands in the cell stays as it is.
const textFormat = 49

// Table is one sheet: its title, the headings, and rows of as many cells.
type Table struct {
	Name  string // of the sheet: at most 31 characters
	Heads []string
	Rows  [][]string
}

// WriteCSV writes the table as CSV. A cell that a spreadsheet would calculate gets an
// apostrophe in front (OWASP, CSV injection).
func (t *Table) WriteCSV(w io.Writer) error {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return fmt.Errorf("write %s: %w", t.Name, err)
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true
	for _, row := range append([][]string{t.Heads}, t.Rows...) {
		safe := make([]string, len(row))
		for i, cell := range row {
			safe[i] = Inert(cell)
		}
		if err := out.Write(safe); err != nil {
			return fmt.Errorf("write %s: %w", t.Name, err)
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("write %s: %w", t.Name, err)
	}
	return nil
}

// WriteXLSX writes the table as a workbook of one sheet, all of whose cells are text: numbers
// of telephones keep their zeros.
func (t *Table) WriteXLSX(w io.Writer) error {
	file := excelize.NewFile()
	defer func() { _ = file.Close() }() // it was never on disk
	if err := t.fill(file); err != nil {
		return fmt.Errorf("write %s: %w", t.Name, err)
	}
	if _, err := file.WriteTo(w); err != nil {
		return fmt.Errorf("write %s: %w", t.Name, err)
	}
	return nil
}

func (t *Table) fill(file *excelize.File) error {
	if err := file.SetSheetName("Sheet1", t.Name); err != nil {
		return err
	}
	plain, err := file.NewStyle(&excelize.Style{NumFmt: textFormat, Alignment: &excelize.Alignment{Vertical: "top"}})
	if err != nil {
		return err
	}
	bold, err := file.NewStyle(&excelize.Style{NumFmt: textFormat, Font: &excelize.Font{Bold: true}})
	if err != nil {
		return err
	}
	out, err := file.NewStreamWriter(t.Name)
	if err != nil {
		return err
	}
	if err := out.SetColWidth(1, max(1, len(t.Heads)), 24); err != nil {
		return err
	}
	if err := out.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	for i, row := range append([][]string{t.Heads}, t.Rows...) {
		style := plain
		if i == 0 {
			style = bold
		}
		cells := make([]any, len(row))
		for j, cell := range row {
			cells[j] = excelize.Cell{StyleID: style, Value: Inert(cell)}
		}
		if err := out.SetRow(fmt.Sprintf("A%d", i+1), cells); err != nil {
			return err
		}
	}
	return out.Flush()
}

// Inert returns a cell that no spreadsheet takes for a formula, a link or a command, not even
// after it was saved as CSV and opened again. A telephone number in the international form
// is left as it is.
func Inert(cell string) string {
	start := strings.TrimLeft(cell, " \u00a0\u3000")
	if start == "" || !strings.ContainsRune("=+-@\t\r\n|＝＋－＠", []rune(start)[0]) || isPhone(start) {
		return cell
	}
	return "'" + cell
}

func isPhone(text string) bool {
	digits, plus := strings.CutPrefix(text, "+")
	return plus && len(digits) >= 8 && len(digits) <= 15 && strings.Trim(digits, "0123456789") == ""
}
