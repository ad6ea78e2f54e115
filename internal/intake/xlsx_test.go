package intake_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/intake"
)

// xlsxOf returns a workbook with the table on its first sheet.
func xlsxOf(tb testing.TB, table [][]string) []byte {
	tb.Helper()
	return workbook(tb, func(file *excelize.File) error {
		for i, row := range table {
			for j, cell := range row {
				name, err := excelize.CoordinatesToCellName(j+1, i+1)
				if err != nil {
					return err
				}
				if err := file.SetCellStr("Sheet1", name, cell); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func workbook(tb testing.TB, fill func(*excelize.File) error) []byte {
	tb.Helper()
	file := excelize.NewFile()
	if err := fill(file); err != nil {
		tb.Fatal(err)
	}
	out, err := file.WriteToBuffer()
	if err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

func zipOf(tb testing.TB, parts map[string]string) []byte {
	tb.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for name, content := range parts {
		part, err := w.Create(name)
		if err != nil {
			tb.Fatal(err)
		}
		if _, err := part.Write([]byte(content)); err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

// repack changes the parts of a workbook.
func repack(tb testing.TB, data []byte, change func(name, content string) string) []byte {
	tb.Helper()
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		tb.Fatal(err)
	}
	parts := map[string]string{}
	for _, part := range r.File {
		content, err := r.Open(part.Name)
		if err != nil {
			tb.Fatal(err)
		}
		var buffer bytes.Buffer
		if _, err := buffer.ReadFrom(content); err != nil {
			tb.Fatal(err)
		}
		parts[part.Name] = change(part.Name, buffer.String())
	}
	return zipOf(tb, parts)
}

func sheetOf(rows string) string {
	return `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>` + rows + `</sheetData></worksheet>`
}

func simple(tb testing.TB) []byte {
	tb.Helper()
	return xlsxOf(tb, [][]string{{"Câu hỏi", "Chủ đề"}, {"Hỏi gì?", "cap-giay"}})
}

func TestXLSXAsPeopleMakeThem(t *testing.T) {
	t.Parallel()
	data := workbook(t, func(file *excelize.File) error {
		for _, step := range []func() error{
			func() error { return file.SetSheetName("Sheet1", "Ghi chú") },
			func() error { return file.SetCellStr("Ghi chú", "A1", "Bảng này do phường lập") },
			func() error { _, err := file.NewSheet("Danh sách"); return err },
			func() error { return file.MergeCell("Danh sách", "A1", "E1") },
			func() error { return file.SetCellStr("Danh sách", "A1", "DANH SÁCH CÂU HỎI CỦA CÔNG DÂN") },
			func() error {
				return file.SetSheetRow("Danh sách", "A3", &[]any{"STT", "Câu hỏi (*)", "Lĩnh vực / Topic", "SĐT", "Mã phiếu"})
			},
			func() error {
				return file.SetSheetRow("Danh sách", "A4", &[]any{1, "Hỏi gì?", "First certificate", 912345678, 84912345678})
			},
			func() error { return file.SetSheetRow("Danh sách", "A5", &[]any{2}) },
			func() error { return file.SetSheetRow("Danh sách", "A9", &[]any{3, "Hỏi nữa?", "Thuế"}) },
			func() error {
				return file.SetCellRichText("Danh sách", "B10", []excelize.RichTextRun{{Text: "Hỏi "}, {Text: "đậm?"}})
			},
			func() error { return file.SetCellStr("Danh sách", "C10", "cap-giay") },
		} {
			if err := step(); err != nil {
				return err
			}
		}
		return nil
	})
	result := read(t, data)
	if diff := cmp.Diff([]string{"9 topic row.unknown_topic"}, codes(result)); diff != "" {
		t.Error(diff)
	}
	if len(result.Rows) != 2 {
		t.Fatalf("got %+v", result.Rows)
	}
	first, second := result.Rows[0], result.Rows[1]
	if first.Number != 4 || first.Phone != "0912345678" || first.ExternalID != "84912345678" || first.Topic != "cap-giay" {
		t.Errorf("got %+v", first)
	}
	if second.Number != 10 || second.Body != "Hỏi đậm?" {
		t.Errorf("got %+v", second)
	}
	if diff := cmp.Diff([]string{"STT"}, result.Ignored); diff != "" {
		t.Error(diff)
	}
}

func TestFormulasAreNotCalculated(t *testing.T) {
	t.Parallel()
	cell := func(ref, formula, value string) string {
		return `<c r="` + ref + `" t="str">` + formula + `<v>` + value + `</v></c>`
	}
	const formula = `<f>CONCAT("tính","ra")</f>`
	data := repack(t, simple(t), func(name, content string) string {
		if name != "xl/worksheets/sheet1.xml" {
			return content
		}
		return sheetOf(`<row r="1">` + cell("A1", "", "Câu hỏi") + cell("B1", "", "Chủ đề") + `</row>` +
			`<row r="2"><c r="A2">` + formula + `</c>` + cell("B2", "", "cap-giay") + `</row>` +
			`<row r="3">` + cell("A3", formula, "Giá trị đã lưu?") + cell("B3", "", "cap-giay") + `</row>`)
	})
	result := read(t, data)
	if diff := cmp.Diff([]string{"2 body row.no_body"}, codes(result)); diff != "" {
		t.Error(diff)
	}
	if len(result.Rows) != 1 || result.Rows[0].Body != "Giá trị đã lưu?" {
		t.Errorf("got %+v", result.Rows)
	}
}

func TestXLSXThatWouldUnpackToTooMuch(t *testing.T) {
	t.Parallel()
	replace := func(part, content string) []byte {
		return repack(t, simple(t), func(name, old string) string {
			if name == part {
				return content
			}
			return old
		})
	}
	many := map[string]string{}
	for i := range 2001 {
		many[fmt.Sprintf("xl/media/%d.png", i)] = ""
	}
	lying := replace("xl/worksheets/sheet1.xml", strings.Repeat("<row/>", 100_000))
	at := bytes.Index(lying, []byte("PK\x01\x02")) // the directory says less than there is
	for at >= 0 {
		name := string(lying[at+46 : at+46+int(lying[at+28])])
		if name == "xl/worksheets/sheet1.xml" {
			copy(lying[at+24:at+28], []byte{10, 0, 0, 0})
		}
		next := bytes.Index(lying[at+4:], []byte("PK\x01\x02"))
		if next < 0 {
			break
		}
		at += 4 + next
	}
	for name, test := range map[string]struct {
		data []byte
		want string
	}{
		"bytes":        {replace("xl/worksheets/sheet1.xml", strings.Repeat(" ", 49<<20)), "import.too_complex"},
		"elements":     {replace("xl/worksheets/sheet1.xml", strings.Repeat("<c/>", 3_000_001)), "import.too_complex"},
		"attributes":   {replace("xl/worksheets/sheet1.xml", "<c "+strings.Repeat(`a="" `, 3_000_001)+"/>"), "import.too_complex"},
		"sheets":       {replace("xl/workbook.xml", "<workbook><sheets>"+strings.Repeat("<sheet/>", 20_001)+"</sheets></workbook>"), "import.too_complex"},
		"styles":       {replace("xl/styles.xml", "<styleSheet><cellXfs>"+strings.Repeat("<xf/>", 300_001)+"</cellXfs></styleSheet>"), "import.too_complex"},
		"texts":        {replace("xl/sharedStrings.xml", "<sst>"+strings.Repeat("<si/>", 1_000_001)+"</sst>"), "import.too_complex"},
		"parts":        {zipOf(t, many), "import.too_complex"},
		"says less":    {lying, "import.bad_xlsx"},
		"no workbook":  {replace("_rels/.rels", "<Relationships/>"), "import.bad_xlsx"},
		"hidden away":  {replace("_rels/.rels", `<Relationships><Relationship Id="1" Type="http://x/officeDocument" Target="xl/worksheets/w.xml"/></Relationships>`), "import.bad_xlsx"},
		"wide rows":    {replace("xl/worksheets/sheet1.xml", sheetOf(strings.Repeat(`<row><c r="XFD1"><v>1</v></c></row>`, 100_000))), "import.too_complex"},
		"far row":      {replace("xl/worksheets/sheet1.xml", sheetOf(`<row r="1048577"><c r="A1048577"><v>1</v></c></row>`)), "import.bad_xlsx"},
		"cut":          {simple(t)[:2000], "import.bad_xlsx"},
		"broken XML":   {replace("xl/worksheets/sheet1.xml", "<worksheet><sheetData><row><c"), "import.bad_xlsx"},
		"ends early":   {replace("xl/worksheets/sheet1.xml", "<worksheet><sheetData><row>"), "import.bad_xlsx"},
		"control sign": {replace("xl/worksheets/sheet1.xml", sheetOf(`<row><c t="str"><v>Câu hỏi</v></c></row><row><c t="str"><v>`+"\x0b"+`</v></c></row>`)), "import.bad_xlsx"},
		"broken style": {replace("xl/styles.xml", "<styleSheet><cellXfs"), "import.bad_xlsx"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := intake.Read(bytes.NewReader(test.data), options)
			if !errors.Is(err, &conference.Error{Code: test.want}) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

// TestQ6_XLSXAtTheLimit is the largest table that is taken.
func TestQ6_XLSXAtTheLimit(t *testing.T) {
	t.Parallel()
	table := func(rows int) []byte {
		return workbook(t, func(file *excelize.File) error {
			w, err := file.NewStreamWriter("Sheet1")
			if err != nil {
				return err
			}
			if err := w.SetRow("A1", []any{"Câu hỏi", "Chủ đề", "Điểm cầu", "Họ và tên", "SĐT"}); err != nil {
				return err
			}
			for i := range rows {
				body := fmt.Sprintf("Câu hỏi số %d: %s", i, strings.Repeat("đất đai ", 5))
				row := []any{body, "cap-giay", "Quận Đống Đa", "Nguyễn Văn Ánh", "0912345678"}
				if err := w.SetRow(fmt.Sprintf("A%d", i+2), row); err != nil {
					return err
				}
			}
			return w.Flush()
		})
	}
	if result := read(t, table(intake.MaxRows)); len(result.Rows) != intake.MaxRows || len(result.Problems) > 0 {
		t.Errorf("got %d rows, problems %v", len(result.Rows), result.Problems[:min(3, len(result.Problems))])
	}
	if _, err := intake.ReadXLSX(table(intake.MaxRows+1), options); !errors.Is(err, &conference.Error{Code: "import.too_many_rows"}) {
		t.Errorf("one row more: got %v", err)
	}
}

func TestTemplatesCanBeImported(t *testing.T) {
	t.Parallel()
	var asCSV, asXLSX bytes.Buffer
	if err := intake.WriteTemplateCSV(&asCSV); err != nil {
		t.Fatal(err)
	}
	if err := intake.WriteTemplateXLSX(&asXLSX, &info); err != nil {
		t.Fatal(err)
	}
	for _, data := range [][]byte{asCSV.Bytes(), asXLSX.Bytes()} {
		if result := read(t, data); result.Total != 0 || len(result.Ignored) != 0 {
			t.Errorf("an empty template: got %+v", result)
		}
	}
	filled := append(bytes.Clone(asCSV.Bytes()), "7,Hỏi gì?,cap-giay,dong-da,A,0912345678,B\r\n"...)
	file, err := excelize.OpenReader(&asXLSX)
	if err != nil {
		t.Fatal(err)
	}
	if err := file.SetSheetRow("Câu hỏi", "A2", &[]any{"7", "Hỏi gì?", "Cấp sổ đỏ lần đầu", "Quận Đống Đa", "A", "0912345678", "B"}); err != nil {
		t.Fatal(err)
	}
	if choices, err := file.GetDataValidations("Câu hỏi"); err != nil || len(choices) != 2 {
		t.Errorf("got %d lists to choose from, %v", len(choices), err)
	}
	again, err := file.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	want := read(t, filled)
	if diff := cmp.Diff(want, read(t, again.Bytes())); diff != "" || len(want.Rows) != 1 {
		t.Error(diff)
	}
}
