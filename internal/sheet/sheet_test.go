package sheet_test

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"github.com/diemcau/diemcau/internal/sheet"
)

func table() *sheet.Table {
	return &sheet.Table{
		Name: "Đăng ký", Heads: []string{"Họ và tên", "Điện thoại"},
		Rows: [][]string{
			{"Nguyễn Thị Hoa", "0912000001"},
			{"=HYPERLINK(\"http://x\")", "+84912000001"},
			{"@SUM(1)", "+1+cmd|' /C calc'!A0"},
			{" -2+3", "\t=1"},
			{"“Ngoặc”, và\nxuống dòng", ""},
		},
	}
}

// want is the table as it may be opened.
func want() [][]string {
	return [][]string{
		{"Họ và tên", "Điện thoại"},
		{"Nguyễn Thị Hoa", "0912000001"},
		{"'=HYPERLINK(\"http://x\")", "+84912000001"},
		{"'@SUM(1)", "'+1+cmd|' /C calc'!A0"},
		{"' -2+3", "'\t=1"},
		{"“Ngoặc”, và\nxuống dòng", ""},
	}
}

func TestCSV(t *testing.T) {
	t.Parallel()
	var file bytes.Buffer
	if err := table().WriteCSV(&file); err != nil {
		t.Fatal(err)
	}
	text, marked := strings.CutPrefix(file.String(), "\ufeff")
	if !marked {
		t.Error("Excel takes it for another encoding")
	}
	got, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want(), got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestXLSX(t *testing.T) {
	t.Parallel()
	var file bytes.Buffer
	if err := table().WriteXLSX(&file); err != nil {
		t.Fatal(err)
	}
	book, err := excelize.OpenReader(&file)
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	for i, row := range want() {
		for j, cell := range row {
			name, err := excelize.CoordinatesToCellName(j+1, i+1)
			if err != nil {
				t.Fatal(err)
			}
			got, err := book.GetCellValue("Đăng ký", name)
			if err != nil || got != cell {
				t.Errorf("%s: got %q (%v), want %q", name, got, err, cell)
			}
			if formula, err := book.GetCellFormula("Đăng ký", name); formula != "" || err != nil {
				t.Errorf("%s is the formula %q (%v)", name, formula, err)
			}
		}
	}
}

func FuzzR4_Inert(f *testing.F) {
	for _, seed := range []string{"=1", "+84912000001", "  @x", "", "\t=", "＝1", "-"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, cell string) {
		got := sheet.Inert(cell)
		if got != cell && got != "'"+cell {
			t.Fatalf("%q became %q", cell, got)
		}
		if start := strings.TrimLeft(got, " "); start != "" && strings.ContainsRune("=-@\t", rune(start[0])) {
			t.Fatalf("%q may be calculated", got)
		}
	})
}
