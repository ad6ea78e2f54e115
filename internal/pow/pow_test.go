package pow_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/diemcau/diemcau/internal/pow"
)

// solution is what a page sends, before base64.
type solution struct {
	Algorithm string `json:"algorithm"`
	Challenge string `json:"challenge"`
	Number    int64  `json:"number"`
	Salt      string `json:"salt"`
	Signature string `json:"signature"`
}

// solve finds the number without the library's help.
func solve(t *testing.T, c pow.Challenge) solution {
	t.Helper()
	for n := range c.MaxNumber + 1 {
		sum := sha256.Sum256([]byte(c.Salt + strconv.FormatInt(n, 10)))
		if hex.EncodeToString(sum[:]) == c.Challenge {
			return solution{c.Algorithm, c.Challenge, n, c.Salt, c.Signature}
		}
	}
	t.Fatal("the challenge has no solution")
	return solution{}
}

func (s solution) proof(t *testing.T) string {
	t.Helper()
	raw, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(raw)
}

func start() time.Time { return time.Date(2022, 10, 28, 1, 0, 0, 0, time.UTC) }

func issuer(letter string, now *time.Time) *pow.Issuer {
	return pow.NewIssuer(bytes.Repeat([]byte(letter), 32), func() time.Time { return *now })
}

func TestCheck_acceptsTheSolution(t *testing.T) {
	t.Parallel()
	now := start()
	c, err := issuer("k", &now).Issue("dat-dai", 5000)
	if err != nil {
		t.Fatal(err)
	}
	if c.MaxNumber != 5000 || c.Algorithm != "SHA-256" || !strings.Contains(c.Salt, "max=5000") {
		t.Errorf("got %+v", c)
	}
	now = now.Add(pow.Valid - time.Second)
	// Another node with the same key takes it too.
	got, err := issuer("k", &now).Check("dat-dai", solve(t, c).proof(t))
	if err != nil || got.MaxNumber != 5000 || got.ID != c.Challenge || !got.Expires.Equal(start().Add(pow.Valid)) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestCheck_refuses(t *testing.T) {
	t.Parallel()
	now := start()
	ours := issuer("k", &now)
	c, err := ours.Issue("dat-dai", 2000)
	if err != nil {
		t.Fatal(err)
	}
	good := solve(t, c)
	change := func(f func(*solution)) string {
		s := good
		f(&s)
		return s.proof(t)
	}
	stranger, err := issuer("x", &now).Issue("dat-dai", 2000)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, conference, proof string
		after                   time.Duration
		want                    error
	}{
		{"nothing", "dat-dai", "", 0, pow.ErrMalformed},
		{"no base64", "dat-dai", "%%%", 0, pow.ErrMalformed},
		{"no JSON", "dat-dai", base64.StdEncoding.EncodeToString([]byte("{")), 0, pow.ErrMalformed},
		{"too long", "dat-dai", strings.Repeat("A", pow.MaxProofBytes+4), 0, pow.ErrMalformed},
		{"another number", "dat-dai", change(func(s *solution) { s.Number++ }), 0, pow.ErrForged},
		{"a negative number", "dat-dai", change(func(s *solution) { s.Number = -1 }), 0, pow.ErrForged},
		{"another algorithm", "dat-dai", change(func(s *solution) { s.Algorithm = "SHA-1" }), 0, pow.ErrForged},
		{"a longer life", "dat-dai", change(func(s *solution) { s.Salt = strings.Replace(s.Salt, "expires=1", "expires=2", 1) }), 0, pow.ErrForged},
		{"made easier afterwards", "dat-dai", change(func(s *solution) { s.Salt = strings.Replace(s.Salt, "max=2000", "max=9999", 1) }), 0, pow.ErrForged},
		{"a digit moved into the salt", "dat-dai", change(func(s *solution) { s.Salt, s.Number = s.Salt+strconv.FormatInt(s.Number/10, 10), s.Number%10 }), 0, pow.ErrForged},
		{"without the final &", "dat-dai", change(func(s *solution) { s.Salt = strings.TrimSuffix(s.Salt, "&") }), 0, pow.ErrForged},
		{"own signature", "dat-dai", change(func(s *solution) { s.Signature = strings.Repeat("0", 64) }), 0, pow.ErrForged},
		{"another key's", "dat-dai", solve(t, stranger).proof(t), 0, pow.ErrForged},
		{"another conference's", "rac-thai", good.proof(t), 0, pow.ErrForged},
		{"too late", "dat-dai", good.proof(t), pow.Valid, pow.ErrExpired},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			later := start().Add(test.after)
			if _, err := issuer("k", &later).Check(test.conference, test.proof); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
}

func FuzzCheck(f *testing.F) {
	now := start()
	ours := issuer("k", &now)
	f.Add(base64.StdEncoding.EncodeToString([]byte(`{"algorithm":"SHA-256","challenge":"","number":1,"salt":"a?max=1&","signature":""}`)))
	f.Add("e30=")
	f.Fuzz(func(t *testing.T, proof string) {
		if _, err := ours.Check("dat-dai", proof); err == nil {
			t.Errorf("%q was accepted", proof)
		}
	})
}
