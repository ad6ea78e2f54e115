package intake

import (
	"errors"
	"fmt"

	"github.com/diemcau/diemcau/internal/conference"
)

// Text is a sentence in both languages.
type Text struct {
	Vi string `json:"vi"`
	En string `json:"en"`
}

// Problem is what is wrong with one row. It holds no personal data but what the sentence
// quotes of a topic's or a venue's cell.
type Problem struct {
	Row    int    `json:"row"`              // as spreadsheets count, from 1
	Column Column `json:"column,omitempty"` // "" when it is about the whole row
	Code   string `json:"code"`             // stable: "row.…"
	Text   Text   `json:"text"`
}

func problem(row int, column Column, code string, text Text) Problem {
	return Problem{Row: row, Column: column, Code: code, Text: text}
}

// say fills the same values into both sentences.
func say(vi, en string, values ...any) Text {
	return Text{Vi: fmt.Sprintf(vi, values...), En: fmt.Sprintf(en, values...)}
}

// Sentence returns what a person is told about a refusal of the whole file; false for
// codes that are not of this package.
func Sentence(code string) (Text, bool) {
	text, ok := map[string]Text{
		"import.too_large": {
			"Tệp lớn hơn 5 MB. Hãy bỏ hình ảnh, chia thành nhiều tệp rồi nhập lại.",
			"The file is larger than 5 MB. Take pictures out, split it, and import again.",
		},
		"import.empty": {
			"Tệp không có dữ liệu. Hãy kiểm tra lại tệp đã chọn.",
			"The file is empty. Check that you chose the right one.",
		},
		"import.bad_encoding": {
			"Tệp không dùng bảng mã Unicode (UTF-8); có vẻ là bảng mã cũ TCVN3 (ABC), VNI hoặc Windows-1258. Hãy mở bằng Excel hoặc LibreOffice, chuyển sang Unicode rồi lưu dạng “CSV UTF-8” hoặc XLSX.",
			"The file is not in Unicode (UTF-8); it looks like one of the old encodings TCVN3 (ABC), VNI or Windows-1258. Open it in Excel or LibreOffice, convert it to Unicode and save it as “CSV UTF-8” or XLSX.",
		},
		"import.old_excel": {
			"Đây là tệp Excel đời cũ (.xls) hoặc tệp có mật khẩu. Hãy bỏ mật khẩu và lưu lại dạng .xlsx.",
			"This is an old Excel file (.xls) or one with a password. Remove the password and save it as .xlsx.",
		},
		"import.bad_xlsx": {
			"Không đọc được tệp XLSX; tệp có thể bị hỏng. Hãy mở bằng Excel hoặc LibreOffice và lưu lại.",
			"The XLSX file cannot be read; it may be damaged. Open it in Excel or LibreOffice and save it again.",
		},
		"import.too_complex": {
			"Tệp XLSX quá lớn khi giải nén hoặc quá phức tạp. Hãy sao chép riêng bảng câu hỏi sang tệp mới rồi nhập lại.",
			"The XLSX file is too complex, or unpacks to too much. Copy the table of questions into a new file and import that.",
		},
		"import.too_many_rows": {
			"Tệp có hơn 10.000 dòng. Chưa có dòng nào được nhập; hãy chia thành nhiều tệp.",
			"The file has more than 10,000 rows. None was imported; split it into several files.",
		},
		"import.no_header": {
			"Không tìm thấy dòng tiêu đề trong 20 dòng đầu. Cần có cột “Nội dung câu hỏi”; hãy dùng tệp mẫu.",
			"No row of headings in the first 20 rows. A column “Question” is needed; use the template.",
		},
		"import.no_venues": {
			"Không tìm thấy dòng tiêu đề trong 20 dòng đầu. Cần có cột “Điểm cầu” (và “Số ghế”, “Ghế dành riêng”, “Địa chỉ” nếu có).",
			"No row of headings in the first 20 rows. A column “Venue” is needed (and “Seats”, “Reserved”, “Address” where known).",
		},
		"import.column_twice": {
			"Có hai cột cùng ý nghĩa trong dòng tiêu đề. Hãy đổi tên hoặc xóa một cột.",
			"Two columns of the header mean the same. Rename or delete one of them.",
		},
	}[code]
	return text, ok
}

func refuse(code, detail string) error {
	return conference.Refuse(conference.KindInvalid, code, detail)
}

func isRefusal(err error, code string) bool {
	return errors.Is(err, &conference.Error{Code: code})
}
