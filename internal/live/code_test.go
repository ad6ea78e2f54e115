package live_test

import (
	"strings"
	"testing"

	"github.com/diemcau/diemcau/internal/live"
)

func TestNormaliseCode(t *testing.T) {
	t.Parallel()
	c := startConference(t, newStore(t))
	code := ask(t, c, "Mã của tôi?").Code
	if len(code) != 13 || code[5] != '-' || code[11] != '-' {
		t.Fatalf("code %q is not XXXXX-XXXXX-C", code)
	}
	typed := strings.ToLower(strings.ReplaceAll(code, "-", " "))
	typed = strings.NewReplacer("0", "o", "1", "l").Replace(typed)
	if got, ok := live.NormaliseCode("  " + typed); !ok || got != code {
		t.Errorf("typed as %q: got %q %v, want %q", typed, got, ok, code)
	}
	if standing, err := c.Standing(typed); err != nil || standing.Code != code {
		t.Errorf("standing of %q: got %+v %v", typed, standing, err)
	}
	for _, bad := range []string{"", "-", code[:12], code + "0", strings.Repeat("A", 5000), "ĐĐĐĐĐ-ĐĐĐĐĐ-Đ"} {
		if got, ok := live.NormaliseCode(bad); ok {
			t.Errorf("%.20q is taken for %q", bad, got)
		}
	}
}

// TestCodeCheck tries every wrong character and every swap of two.
func TestCodeCheck(t *testing.T) {
	t.Parallel()
	const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	c := startConference(t, newStore(t))
	for range 20 {
		code := []byte(strings.ReplaceAll(ask(t, c, "Mã").Code, "-", ""))
		for i, right := range code {
			for _, wrong := range []byte(alphabet) {
				if wrong == right {
					continue
				}
				code[i] = wrong
				if _, ok := live.NormaliseCode(string(code)); ok {
					t.Errorf("%s with a wrong character at %d is taken", code, i)
				}
			}
			code[i] = right
			for j := range i {
				if code[i] == code[j] {
					continue
				}
				code[i], code[j] = code[j], code[i]
				if _, ok := live.NormaliseCode(string(code)); ok {
					t.Errorf("%s with %d and %d swapped is taken", code, i, j)
				}
				code[i], code[j] = code[j], code[i]
			}
		}
	}
}

func FuzzNormaliseCode(f *testing.F) {
	for _, seed := range []string{"00000-00000-0", "abc", "Đ", "----", "oooooooooool"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		shown, ok := live.NormaliseCode(typed)
		if again, stable := live.NormaliseCode(shown); ok && (!stable || again != shown) {
			t.Errorf("%q became %q, then %q", typed, shown, again)
		}
	})
}
