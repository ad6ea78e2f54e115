package intake_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/unicode/norm"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/intake"
	"github.com/diemcau/diemcau/internal/text"
)

func FuzzQ6_ImportCSV(f *testing.F) {
	f.Add([]byte("Câu hỏi;Chủ đề\nHỏi gì?;cap-giay\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		checkImport(t, func() (*intake.Result, error) { return intake.ReadCSV(data, options) })
	})
}

// FuzzQ6_ImportXLSX takes its input as a workbook or, if it is no archive, as the sheet of
// one, so that both the container and what is in it are tried.
func FuzzQ6_ImportXLSX(f *testing.F) {
	stock := simple(f)
	f.Add(stock)
	f.Fuzz(func(t *testing.T, data []byte) {
		if !bytes.HasPrefix(data, []byte("PK")) {
			data = repack(t, stock, func(name, content string) string {
				if name == "xl/worksheets/sheet1.xml" {
					return string(data)
				}
				return content
			})
		}
		checkImport(t, func() (*intake.Result, error) { return intake.ReadXLSX(data, options) })
	})
}

// checkImport checks what must hold for any file: it is refused with a sentence, or every
// row is either good or has a problem, and reading it again gives the same.
func checkImport(t *testing.T, read func() (*intake.Result, error)) {
	t.Helper()
	result, err := read()
	if err != nil {
		var refusal *conference.Error
		if !errors.As(err, &refusal) {
			t.Fatalf("not a refusal: %v", err)
		}
		if sentence, ok := intake.Sentence(refusal.Code); !ok || sentence.Vi == "" || sentence.En == "" {
			t.Fatalf("%s has no sentence", refusal.Code)
		}
		return
	}
	numbers, keys := map[int]bool{}, map[string]bool{}
	for _, row := range result.Rows {
		checkRow(t, row)
		if numbers[row.Number] || keys[row.Key] {
			t.Fatalf("row %d twice", row.Number)
		}
		numbers[row.Number], keys[row.Key] = true, true
	}
	for _, p := range result.Problems {
		if p.Row < 1 || p.Code == "" || p.Text.Vi == "" || p.Text.En == "" {
			t.Fatalf("incomplete problem %+v", p)
		}
		numbers[p.Row] = true
	}
	if len(numbers) != result.Total {
		t.Fatalf("%d rows, of which %d are accounted for", result.Total, len(numbers))
	}
	again, err := read()
	if diff := cmp.Diff(result, again); diff != "" || err != nil {
		t.Fatalf("read again: %v\n%s", err, diff)
	}
}

func checkRow(t *testing.T, row intake.Row) {
	t.Helper()
	n := text.Runes(row.Body)
	switch {
	case row.Number < 1 || len(row.Key) != 46:
		t.Fatalf("number or key: %+v", row)
	case n < 1 || n > intake.MaxBodyRunes || !norm.NFC.IsNormalString(row.Body) || text.Paragraph(row.Body) != row.Body:
		t.Fatalf("body %q", row.Body)
	case text.Runes(row.Name) > intake.MaxNameRunes || text.Line(row.Name) != row.Name:
		t.Fatalf("name %q", row.Name)
	case row.Phone != "" && (len(row.Phone) < 9 || len(row.Phone) > 16):
		t.Fatalf("phone %q", row.Phone)
	}
	if _, ok := info.Topic(row.Topic); !ok {
		t.Fatalf("topic %q", row.Topic)
	}
	if _, ok := info.Venue(row.Venue); !ok && row.Venue != "" {
		t.Fatalf("venue %q", row.Venue)
	}
}
