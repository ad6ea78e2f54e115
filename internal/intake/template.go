package intake

import (
	"encoding/csv"
	"fmt"
	"io"

	"github.com/xuri/excelize/v2"

	"github.com/diemcau/diemcau/internal/conference"
)

const (
	sheetQuestions = "Câu hỏi"
	sheetLists     = "Danh mục"
	textFormat     = 49 // Excel's built-in "@": what is typed stays as it is
)

// Title returns the heading of the column in the template, in both languages.
func (c Column) Title() string {
	return c.Headings()[0] + " / " + map[Column]string{
		ColumnBody: "Question", ColumnTopic: "Topic", ColumnVenue: "Venue", ColumnName: "Full name",
		ColumnPhone: "Phone", ColumnOrganisation: "Organisation", ColumnExternalID: "ID",
	}[c]
}

// WriteTemplateCSV writes an empty table in CSV (UTF-8 with a byte order mark, which Excel needs).
func WriteTemplateCSV(w io.Writer) error {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return fmt.Errorf("write template: %w", err)
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true
	titles := make([]string, 0, len(Columns()))
	for _, column := range Columns() {
		titles = append(titles, column.Title())
	}
	if err := out.Write(titles); err != nil {
		return fmt.Errorf("write template: %w", err)
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("write template: %w", err)
	}
	return nil
}

// WriteTemplateXLSX writes an empty workbook: a table whose topics and venues are chosen from the
// conference's, which stand on a second sheet. Phone numbers keep their leading zero.
func WriteTemplateXLSX(w io.Writer, info *conference.Info) error {
	file := excelize.NewFile()
	defer func() { _ = file.Close() }() // it was never on disk
	for _, step := range []func(*excelize.File, *conference.Info) error{
		writeSheets, writeLists, writeTitles, writeChoices,
	} {
		if err := step(file, info); err != nil {
			return fmt.Errorf("write template: %w", err)
		}
	}
	if _, err := file.WriteTo(w); err != nil {
		return fmt.Errorf("write template: %w", err)
	}
	return nil
}

func writeSheets(file *excelize.File, _ *conference.Info) error {
	if err := file.SetSheetName("Sheet1", sheetQuestions); err != nil {
		return err
	}
	_, err := file.NewSheet(sheetLists)
	return err
}

// writeLists writes the topics to columns A and B of the second sheet, the venues to D and E.
func writeLists(file *excelize.File, info *conference.Info) error {
	put := func(row int, column string, id, name string) error {
		if err := file.SetCellStr(sheetLists, fmt.Sprintf("%s%d", column, row), id); err != nil {
			return err
		}
		return file.SetCellStr(sheetLists, fmt.Sprintf("%c%d", column[0]+1, row), name)
	}
	if err := put(1, "A", "Mã / ID", ColumnTopic.Title()); err != nil {
		return err
	}
	for i, topic := range info.Topics {
		if err := put(i+2, "A", string(topic.ID), topic.Name); err != nil {
			return err
		}
	}
	if err := put(1, "D", "Mã / ID", ColumnVenue.Title()); err != nil {
		return err
	}
	for i, venue := range info.Venues {
		if err := put(i+2, "D", string(venue.ID), venue.Name); err != nil {
			return err
		}
	}
	return file.SetColWidth(sheetLists, "A", "E", 40)
}

func writeTitles(file *excelize.File, _ *conference.Info) error {
	plain, err := file.NewStyle(&excelize.Style{NumFmt: textFormat, Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}})
	if err != nil {
		return err
	}
	bold, err := file.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}, Alignment: &excelize.Alignment{WrapText: true}})
	if err != nil {
		return err
	}
	for i, column := range Columns() {
		letter, err := excelize.ColumnNumberToName(i + 1)
		if err != nil {
			return err
		}
		width := 22.0
		if column == ColumnBody {
			width = 70
		}
		cell := letter + "1"
		for _, step := range []func() error{
			func() error { return file.SetColWidth(sheetQuestions, letter, letter, width) },
			func() error { return file.SetColStyle(sheetQuestions, letter, plain) },
			func() error { return file.SetCellStr(sheetQuestions, cell, column.Title()) },
			func() error { return file.SetCellStyle(sheetQuestions, cell, cell, bold) },
		} {
			if err := step(); err != nil {
				return err
			}
		}
	}
	return file.SetPanes(sheetQuestions, &excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"})
}

// writeChoices lets topics and venues be chosen instead of typed.
func writeChoices(file *excelize.File, info *conference.Info) error {
	for i, column := range Columns() {
		var list string
		switch column { //nolint:exhaustive // the other columns are free text
		case ColumnTopic:
			list = fmt.Sprintf("'%s'!$B$2:$B$%d", sheetLists, len(info.Topics)+1)
		case ColumnVenue:
			list = fmt.Sprintf("'%s'!$E$2:$E$%d", sheetLists, len(info.Venues)+1)
		default:
			continue
		}
		letter, err := excelize.ColumnNumberToName(i + 1)
		if err != nil {
			return err
		}
		choice := excelize.NewDataValidation(true)
		choice.SetSqref(fmt.Sprintf("%s2:%s%d", letter, letter, MaxRows+1))
		choice.SetSqrefDropList(list)
		if err := file.AddDataValidation(sheetQuestions, choice); err != nil {
			return err
		}
	}
	return nil
}
