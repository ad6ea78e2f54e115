package intake_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/unicode/norm"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/intake"
)

var info = conference.Info{
	ID: "dat-dai",
	Venues: []conference.Venue{
		{ID: "tp", Name: "UBND Thành phố", Main: true},
		{ID: "dong-da", Name: "Quận Đống Đa"},
		{ID: "soc-son", Name: "Huyện Sóc Sơn"},
		{ID: "tu-liem-q", Name: "Quận Từ Liêm"},
		{ID: "tu-liem-h", Name: "Huyện Từ Liêm"},
		{ID: "quan-1", Name: "Quận 1"},
	},
	Topics: []conference.Topic{
		{ID: "cap-giay", Name: "Cấp sổ đỏ lần đầu", NameEn: "First certificate"},
		{ID: "chuyen-muc-dich", Name: "Chuyển mục đích sử dụng đất", NameEn: "Change of land use"},
	},
}

var options = intake.Options{Info: &info, Secret: []byte("a secret of the installation")}

func read(t *testing.T, data []byte) *intake.Result {
	t.Helper()
	result, err := intake.Read(bytes.NewReader(data), options)
	if err != nil {
		t.Fatalf("read: %v", err)
	}
	return result
}

func csvOf(rows ...string) []byte { return []byte(strings.Join(rows, "\n") + "\n") }

// codes lists what was wrong as "row column code".
func codes(result *intake.Result) []string {
	var all []string
	for _, p := range result.Problems {
		all = append(all, strings.Join(strings.Fields(fmt.Sprint(p.Row, " ", p.Column, " ", p.Code)), " "))
	}
	return all
}

func TestExampleFile(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/example.csv")
	if err != nil {
		t.Fatal(err)
	}
	result := read(t, data)
	if result.Total != 3 || len(result.Problems) != 0 || len(result.Ignored) != 0 {
		t.Fatalf("got %d rows, problems %v, ignored %v", result.Total, codes(result), result.Ignored)
	}
	got := make([]intake.Row, 0, len(result.Rows))
	for _, row := range result.Rows {
		if len(row.Key) != 46 {
			t.Errorf("row %d: key %q", row.Number, row.Key)
		}
		row.Key = ""
		got = append(got, row)
	}
	want := []intake.Row{
		{
			Number: 2, Body: "Gia đình tôi nộp hồ sơ xin cấp sổ đỏ từ tháng 3, khi nào có kết quả?", Topic: "cap-giay",
			Venue: "dong-da", Name: "Nguyễn Văn A", Phone: "0912345678", ExternalID: "DD-001",
		},
		{
			Number: 3, Body: "Đất khai hoang trước năm 1993, không có giấy tờ, thì cần nộp những gì?\nỦy ban phường hướng dẫn chưa rõ.",
			Topic: "cap-giay", Venue: "dong-da", Name: "Trần Thị B", Phone: "0987654321", ExternalID: "DD-002",
		},
		{
			Number: 4, Body: `Thửa đất ghi là "đất vườn" có được chuyển thành đất ở không?`, Topic: "chuyen-muc-dich",
			Venue: "soc-son", Name: "Lê Văn C", Organisation: "Hợp tác xã Tân Tiến", ExternalID: "SS-001",
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestSameQuestionsFromAnyFile: what carries a table changes nothing, not even the keys.
func TestSameQuestionsFromAnyFile(t *testing.T) {
	t.Parallel()
	table := [][]string{
		{"Nội dung câu hỏi", "Chủ đề", "Điểm cầu", "Họ và tên", "Số điện thoại"},
		{"Bao giờ có sổ đỏ?", "Cấp sổ đỏ lần đầu", "Đống Đa", "Nguyễn Văn Ánh", "0912345678"},
		{"Xin chuyển đất vườn sang đất ở?", "chuyen-muc-dich", "", "", ""},
	}
	join := func(comma, end string) string {
		var out strings.Builder
		for _, row := range table {
			out.WriteString(strings.Join(row, comma) + end)
		}
		return out.String()
	}
	want := read(t, []byte(join(",", "\n"))).Rows
	if len(want) != 2 || want[0].Key == want[1].Key {
		t.Fatalf("got %+v", want)
	}
	wide := func(text string, little bool) []byte {
		var out bytes.Buffer
		for _, unit := range utf16.Encode([]rune("\ufeff" + text)) {
			if little {
				out.Write([]byte{byte(unit), byte(unit >> 8)})
			} else {
				out.Write([]byte{byte(unit >> 8), byte(unit)})
			}
		}
		return out.Bytes()
	}
	for name, data := range map[string][]byte{
		"byte order mark":    []byte("\ufeff" + join(",", "\r\n")),
		"semicolons":         []byte(join(";", "\r\n")),
		"tabs":               []byte(join("\t", "\n")),
		"sep line":           []byte("sep=|\r\n" + join("|", "\r\n")),
		"UTF-16":             wide(join("\t", "\r\n"), true),
		"UTF-16 big endian":  wide(join(",", "\n"), false),
		"decomposed":         []byte(norm.NFD.String(join(",", "\n"))),
		"upper case header":  []byte(strings.Replace(join(",", "\n"), table[0][0], strings.ToUpper(table[0][0]), 1)),
		"title above, blank": []byte("DANH SÁCH CÂU HỎI\n\n" + join(",", "\n") + "\n,,,,\n"),
		"XLSX":               xlsxOf(t, table),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			result := read(t, data)
			got := result.Rows
			for i := range got {
				got[i].Number = want[i].Number
			}
			if diff := cmp.Diff(want, got); diff != "" || len(result.Problems) > 0 {
				t.Errorf("problems %v, rows:\n%s", codes(result), diff)
			}
		})
	}
}

func TestProblemsOfRows(t *testing.T) {
	t.Parallel()
	head := "ID,Question,Topic,District,Full name,Phone,Company,Ghi chú"
	long := strings.Repeat("ố", 601)
	for _, test := range []struct {
		name string
		row  string
		want []string
	}{
		{"good", "1,Hỏi gì?,cap-giay,dong-da,A,0912345678,B,x", nil},
		{"600 characters", "1," + long[:len("ố")*600] + ",cap-giay,,,,,", nil},
		{"601 characters", "1," + long + ",cap-giay,,,,,", []string{"2 body row.body_too_long"}},
		{"no body", "1, ,cap-giay,,,,,", []string{"2 body row.no_body"}},
		{"invisible body", "1,\u200b\u202e,cap-giay,,,,,", []string{"2 body row.no_body"}},
		{"no topic", "1,Hỏi gì?,,,,,,", []string{"2 topic row.no_topic"}},
		{"unknown topic", "1,Hỏi gì?,Thuế,,,,,", []string{"2 topic row.unknown_topic"}},
		{"unknown venue", "1,Hỏi gì?,cap-giay,Quận 2,,,,", []string{"2 venue row.unknown_venue"}},
		{"numbered district", "1,Hỏi gì?,cap-giay,QUẬN 1,,,,", nil},
		{"number alone", "1,Hỏi gì?,cap-giay,1,,,,", []string{"2 venue row.unknown_venue"}},
		{"ambiguous venue", "1,Hỏi gì?,cap-giay,Từ Liêm,,,,", []string{"2 venue row.ambiguous_venue"}},
		{"typed without marks", "1,Hỏi gì?,Cap so do lan dau,DONG DA,,,,", nil},
		{"full name decides", "1,Hỏi gì?,cap-giay,huyen tu liem,,,,", nil},
		{"two phones", "1,Hỏi gì?,cap-giay,,,0912345678/0987654321,,", []string{"2 phone row.bad_phone"}},
		{"phone a spreadsheet spoilt", "1,Hỏi gì?,cap-giay,,,9.12E+08,,", []string{"2 phone row.bad_phone"}},
		{"80 characters of a name", "1,Hỏi gì?,cap-giay,," + long[:len("ố")*80] + ",,,", nil},
		{"81 characters of a name", "1,Hỏi gì?,cap-giay,," + long[:len("ố")*81] + ",,,", []string{"2 name row.name_too_long"}},
		{"201 characters of a company", "1,Hỏi gì?,cap-giay,,,," + long[:len("ố")*201] + ",", []string{"2 organisation row.organisation_too_long"}},
		{"three at once", "1,,Thuế,Quận 2,,,,", []string{"2 body row.no_body", "2 topic row.unknown_topic", "2 venue row.unknown_venue"}},
		{"old font", "1,§Êt ®ai cña t«i ch\u00ada cã sæ ®á,cap-giay,,,,,", []string{"2 body row.legacy_font"}},
		{"signs that are no old font", "1,Điều 5 § 3 – 100 m² ở đâu?,cap-giay,,,,,", nil},
		{"only what is not understood", ",,,,,,,x", nil},
		{"bare quote", `1,Hỏi "gì"?,cap-giay,,,,,`, []string{"2 row.bad_csv"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			good := "9,Câu hỏi tốt?,cap-giay,,,,,"
			result := read(t, csvOf(head, test.row, good))
			if diff := cmp.Diff(test.want, codes(result)); diff != "" {
				t.Errorf("problems:\n%s", diff)
			}
			if n := len(result.Rows); n == 0 || result.Rows[n-1].Number != 3 {
				t.Errorf("the good row after it is missing: %+v", result.Rows)
			}
			for _, p := range result.Problems {
				if !strings.Contains(p.Text.Vi, "Dòng 2") || !strings.Contains(p.Text.En, "Row 2") {
					t.Errorf("without its row: %+v", p.Text)
				}
			}
			if diff := cmp.Diff([]string{"Ghi chú"}, result.Ignored); diff != "" {
				t.Errorf("ignored:\n%s", diff)
			}
		})
	}
}

func TestPhoneNumbers(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"0912.345.678": "0912345678", "912345678": "0912345678", "+84 912 345 678": "0912345678",
		"(+84)912345678": "0912345678", "84912345678": "0912345678", "0084912345678": "0912345678",
		"024 3825 3536": "02438253536", "+49 30 1234567": "+49301234567", "113": "", "+": "", "000": "", "0912345678901": "",
		"không có": "",
	} {
		result := read(t, csvOf("Question,Topic,Phone", "Hỏi gì?,cap-giay,"+typed))
		got := ""
		if len(result.Rows) == 1 {
			got = result.Rows[0].Phone
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", typed, got, want)
		}
	}
}

func TestRepeatedRows(t *testing.T) {
	t.Parallel()
	result := read(t, csvOf("Mã,Câu hỏi,Chủ đề,Điểm cầu",
		"1,Hỏi gì?,cap-giay,dong-da",
		"1,Hỏi gì?,cap-giay,dong-da",
		"1,Hỏi khác?,cap-giay,dong-da",
		"1,Hỏi khác?,cap-giay,soc-son", // another venue counts from 1 too
		",Hỏi gì?,cap-giay,dong-da",
		",Hỏi gì?,cap-giay,dong-da",
	))
	want := []string{"3 row.repeated", "4 externalId row.id_twice", "7 row.repeated"}
	if diff := cmp.Diff(want, codes(result)); diff != "" {
		t.Error(diff)
	}
	if len(result.Rows) != 3 || result.Total != 6 {
		t.Errorf("got %d rows of %d", len(result.Rows), result.Total)
	}
}

func TestKeysAreSecret(t *testing.T) {
	t.Parallel()
	data := csvOf("Question,Topic", "Hỏi gì?,cap-giay")
	other := options
	other.Secret = []byte("the secret of another installation")
	elsewhere := options
	next := info
	next.ID = "thue"
	elsewhere.Info = &next
	keys := map[string]bool{}
	for _, o := range []intake.Options{options, options, other, elsewhere} {
		result, err := intake.ReadCSV(data, o)
		if err != nil {
			t.Fatal(err)
		}
		keys[result.Rows[0].Key] = true
	}
	if len(keys) != 3 {
		t.Errorf("got %d keys, want one per secret and conference", len(keys))
	}
	if _, err := intake.ReadCSV(data, intake.Options{Info: &info, Secret: []byte("short")}); err == nil {
		t.Error("a short secret was taken")
	}
}

func TestTopicOfTheImport(t *testing.T) {
	t.Parallel()
	with := options
	with.Topic = "cap-giay"
	result, err := intake.ReadCSV(csvOf("Câu hỏi", "Hỏi gì?", "Hỏi nữa?"), with)
	if err != nil || len(result.Rows) != 2 || result.Rows[1].Topic != "cap-giay" {
		t.Errorf("got %+v, %v", result, err)
	}
	with.Topic = "thue"
	if _, err := intake.ReadCSV(csvOf("Câu hỏi", "x"), with); !errors.Is(err, &conference.Error{Code: "question.unknown_topic"}) {
		t.Errorf("got %v", err)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	rows := make([]string, 0, intake.MaxRows+2)
	rows = append(rows, "Question,Topic")
	for i := range intake.MaxRows {
		rows = append(rows, fmt.Sprintf("Câu hỏi số %d?,cap-giay", i))
	}
	if result := read(t, csvOf(rows...)); len(result.Rows) != intake.MaxRows {
		t.Errorf("at the limit: got %d rows, problems %d", len(result.Rows), len(result.Problems))
	}
	for name, test := range map[string]struct {
		data []byte
		want string
	}{
		"nothing":           {nil, "import.empty"},
		"blank":             {[]byte("\n \n,,\n"), "import.empty"},
		"no header":         {csvOf("a,b", "c,d"), "import.no_header"},
		"header too late":   {csvOf(append(strings.Split(strings.Repeat("x,y\n", 20), "\n")[:20], "Question,Topic", "a,cap-giay")...), "import.no_header"},
		"a prose question":  {csvOf("Nội dung,hôm nay,là gì"), "import.no_header"},
		"column twice":      {csvOf("Question,Topic,Câu hỏi", "a,b,c"), "import.column_twice"},
		"too many rows":     {csvOf(append(rows, "Hỏi thêm?,cap-giay")...), "import.too_many_rows"},
		"too large":         {bytes.Repeat([]byte("x"), intake.MaxBytes+1), "import.too_large"},
		"TCVN3":             {[]byte("Question,Topic\n\xa7\xca\xb5t \xaeai c\xf1a t\xabi,cap-giay\n"), "import.bad_encoding"},
		"Windows-1258":      {[]byte("Question,Topic\n\xd0\xe2\xecT \xf0ai cu\xd2a t\xf4i,cap-giay\n"), "import.bad_encoding"},
		"UTF-16 bare":       {[]byte("Q\x00u\x00e\x00s\x00t\x00"), "import.bad_encoding"},
		"UTF-16 cut":        {[]byte("\xff\xfeQ\x00u"), "import.bad_encoding"},
		"old Excel":         {[]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "import.old_excel"},
		"archive of others": {zipOf(t, map[string]string{"a.txt": "x"}), "import.bad_xlsx"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := intake.Read(bytes.NewReader(test.data), options)
			var refusal *conference.Error
			if !errors.As(err, &refusal) || refusal.Code != test.want {
				t.Fatalf("got %v, want %s", err, test.want)
			}
			if text, ok := intake.Sentence(refusal.Code); !ok || text.Vi == "" || text.En == "" {
				t.Errorf("no sentence for %s", refusal.Code)
			}
		})
	}
	for text, want := range map[string]string{"\xa7\xca\xb5t \xaeai c\xf1a t\xabi\xb8": "TCVN3", "\xd0\xe2\xecT \xf0ai cu\xd2a t\xf4i": "1258"} {
		if _, err := intake.ReadCSV([]byte(text), options); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want a guess at %s", err, want)
		}
	}
}

func TestRowNumbersAreTheSpreadsheets(t *testing.T) {
	t.Parallel()
	result := read(t, csvOf("", "Question,Topic", "", "\"một\n\ndòng\",cap-giay", "", "", "Hai?,cap-giay", "Ba?,thue"))
	var numbers []int
	for _, row := range result.Rows {
		numbers = append(numbers, row.Number)
	}
	if diff := cmp.Diff([]int{4, 7}, numbers); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"8 topic row.unknown_topic"}, codes(result)); diff != "" {
		t.Error(diff)
	}
}
