package screen_test

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/diemcau/diemcau/internal/demo"
	"github.com/diemcau/diemcau/moderation/screen"
)

func newScreen(t *testing.T, operator ...string) *screen.Screen {
	t.Helper()
	var s *screen.Screen
	var err error
	if len(operator) == 0 {
		s, err = screen.New()
	} else {
		s, err = screen.New(strings.NewReader(strings.Join(operator, "\n")))
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestCheck_holds(t *testing.T) {
	t.Parallel()
	s := newScreen(t)
	for _, test := range []struct{ name, text, want string }{
		{"a word", "Cán bộ khốn nạn, bao giờ trả sổ?", screen.RuleWord},
		{"in capitals", "Làm ăn như ÓC CHÓ vậy", screen.RuleWord},
		{"between punctuation", "Trả lời đi, đ.m!", screen.RuleWord},
		{"spelled out", "Trả lời đi v c l", screen.RuleWord},
		{"drawn out", "Sao đéoooo trả lời", screen.RuleWord},
		{"across a line break", "thằng\nchó", screen.RuleWord},
		{"English", "What the FUCK is this?", screen.RuleWord},
		{"an advertisement", "Cần vay tiền nhanh xin gọi số này", screen.RuleWord},
		{"a link", "Xem tại https://vi-du.com/a?b=c nhé", screen.RuleLink},
		{"a link without scheme", "Xem (bit.ly/abc).", screen.RuleLink},
		{"www", "www.dat-nen-gia-re.example", screen.RuleLink},
		{"a borrowed name", "Vào https://dichvucong.gov.vn.vi-du.xyz ngay", screen.RuleLink},
		{"a name before @", "https://dichvucong.gov.vn@vi-du.xyz", screen.RuleLink},
		{"one letter on and on", "Chán quááááááá", screen.RuleRepeat},
		{"marks on and on", "Bao giờ có sổ?????????????", screen.RuleRepeat},
		{"one word on and on", "sổ đỏ đâu đâu đâu đâu đâu", screen.RuleRepeat},
		{"capitals throughout", "TÔI HỎI BAO GIỜ XÃ TÔI ĐƯỢC CẤP SỔ ĐỎ", screen.RuleCapitals},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if rule, hit := s.Check(test.text); !hit || rule != test.want {
				t.Errorf("got %q, %t; want %q", rule, hit, test.want)
			}
		})
	}
}

func TestCheck_letsHonestQuestionsThrough(t *testing.T) {
	t.Parallel()
	s := newScreen(t)
	for _, text := range []string{
		"",
		"Bao giờ xã tôi được cấp sổ đỏ?",
		"Các buổi tiếp công dân lớn nhỏ đều không có cán bộ, xin hỏi vì sao?",
		"Các lô đất 12, 13 có diện tích 1.000.000 m2, giá 15000000 đồng, hồ sơ số ........................",
		"Tôi nộp tại https://dichvucong.gov.vn/ho-so và tại hanoi.gov.vn, chưa thấy trả lời.",
		"Xin gửi thư đến van.thu@vi-du.vn có được không?",
		"UBND TP HN trả lời giúp", // abbreviations
		"Cơ sở giết mổ gia súc gần nhà tôi gây ô nhiễm.",
		"Chó thả rông ở tổ 5, ai xử lý?",
		"Nghị định 43/2014/NĐ-CP, điều 20.Khoản 3 quy định thế nào?",
		"Thửa đất A B C của ông N. V. Tuấn ở ô số 5",
		"Hồ sơ của tôi bị trả lại, trả lại và trả lại.",
		"When will my certificate be issued? Class assignment of the land, please.",
	} {
		if rule, hit := s.Check(text); hit {
			t.Errorf("%q is held as %q", text, rule)
		}
	}
	for _, topic := range demo.Conference().Topics {
		if rule, hit := s.Check(topic.Name); hit {
			t.Errorf("topic %q is held as %q", topic.Name, rule)
		}
	}
}

func TestNew_operatorsFile(t *testing.T) {
	t.Parallel()
	s := newScreen(t, "\ufeff# của phường", "hoà giải ngầm  # với chú thích", "", "-casino")
	for text, want := range map[string]bool{
		"Có hòa giải ngầm không?": true, // the tone may stand on either letter
		"Có HOÀ GIẢI NGẦM không?": true,
		"Ai cấp phép casino?":     false,
		"Cán bộ khốn nạn":         true, // the embedded lists stay
	} {
		if _, hit := s.Check(text); hit != want {
			t.Errorf("%q: got %t, want %t", text, hit, want)
		}
	}
}

func TestNew_badFiles(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"not UTF-8":       "tốt\nx\xff\n",
		"decomposed":      "ho\u0300a\n",
		"a line too long": strings.Repeat("a", screen.MaxPhraseRunes+1),
		"too many lines":  strings.Repeat("tốt\n", screen.MaxPhrases+1),
	} {
		if _, err := screen.New(strings.NewReader(text)); !errors.Is(err, screen.ErrMalformed) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := screen.New(failing{}); err == nil || errors.Is(err, screen.ErrMalformed) {
		t.Errorf("a file that cannot be read: got %v", err)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("the disk is gone") }

func TestCheck_isAFunctionOfTheText(t *testing.T) {
	t.Parallel()
	s := newScreen(t)
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		rule, hit := s.Check(text)
		again, hitAgain := s.Check(text)
		if rule != again || hit != hitAgain || hit != (rule != "") {
			t.Fatalf("%q: got %q %t, then %q %t", text, rule, hit, again, hitAgain)
		}
		if _, found := s.Check(text + " khốn nạn"); !found {
			t.Fatalf("%q hides a listed word", text)
		}
	})
}
