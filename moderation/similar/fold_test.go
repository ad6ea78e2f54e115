package similar_test

import (
	"testing"

	"golang.org/x/text/unicode/norm"

	"github.com/diemcau/diemcau/moderation/similar"
)

// TestFold holds what counts as one thing, and what must not.
func TestFold(t *testing.T) {
	t.Parallel()
	lexicon := similar.NewLexicon()
	for _, test := range []struct {
		name string
		one  []string
		not  []string
	}{
		{"the certificate", []string{
			"giấy chứng nhận quyền sử dụng đất", "Giấy chứng nhận QSDĐ", "GCN", "GCNQSDĐ", "sổ đỏ", "SỔ HỒNG", "bìa đỏ", "so do",
			norm.NFD.String("sổ đỏ"),
		}, []string{"hộ khẩu", "sổ tay"}},
		{"the office", []string{
			"văn phòng đăng ký đất đai", "Văn phòng đăng kí đất đai", "VPĐK", "VPĐKĐĐ", "vpdkdd", "chi nhánh VPĐKĐĐ",
		}, []string{"văn phòng công chứng", "UBND"}},
		{"the committee", []string{"Ủy ban nhân dân", "Uỷ ban nhân dân", "UBND", "ubnd"}, []string{"nhân dân"}},
		{"procedure", []string{"thủ tục hành chính", "TTHC", "thủ tục"}, []string{"hành chính"}},
		{"tone placement", []string{"hòa giải", "hoà giải", "HOÀ GIẢI", "hoa giai"}, []string{"hóa giá"}},
		{"compensation", []string{"bồi thường", "đền bù", "den bu"}, []string{"bồi dưỡng"}},
		{"marks tell words apart", []string{"bàn bạc", "BÀN BẠC"}, []string{"bán bạc"}},
		{"bought and sold", []string{"mua bán đất", "bán đất", "mua đất", "chuyển nhượng đất"}, []string{"thuê đất"}},
		{"numbers", []string{"ba năm", "3 năm"}, []string{"bà năm", "năm ba"}},
		{"after is not six", []string{"sáu năm", "6 năm"}, []string{"sau năm"}},
		{"units", []string{"20m2", "20 m²", "20 mét vuông", "hai mươi mét"}, []string{"20 triệu"}},
		{"how long", []string{"bao lâu", "mấy ngày", "bao nhiêu ngày"}, []string{"bao giờ", "bao nhiêu tiền"}},
		{"when", []string{"bao giờ", "khi nào", "chừng nào", "khi mô"}, []string{"ở đâu"}},
		{"whether", []string{"được cấp sổ đỏ không?", "có được cấp GCN hay không ạ", "dc cap so do ko"}, []string{"được cấp sổ đỏ"}},
		{"courtesy", []string{
			"Kính thưa đồng chí Chủ tịch, cho tôi hỏi: tách thửa ra sao ạ?", "tách thửa như thế nào", "tach sổ ntn",
		}, []string{"hợp thửa thế nào"}},
		{"only courtesy", []string{"Xin cảm ơn", "xin cam on"}, []string{""}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			want := lexicon.Fold(test.one[0])
			if want == "" {
				t.Errorf("%q folds to nothing", test.one[0])
			}
			for _, text := range test.one {
				if got := lexicon.Fold(text); got != want {
					t.Errorf("%q: got %q, want %q", text, got, want)
				}
			}
			for _, text := range test.not {
				if got := lexicon.Fold(text); got == want {
					t.Errorf("%q: got %q, the same as %q", text, got, test.one[0])
				}
			}
		})
	}
}
