package server_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/diemcau/diemcau/internal/limits"
	"github.com/diemcau/diemcau/internal/pow"
	"github.com/diemcau/diemcau/internal/server"
)

// limited gives a house limits of its own, behind a proxy on this machine, so that tests
// can come from many addresses.
func limited(change func(*limits.Config)) option {
	return func(cfg *server.Config) {
		own := limits.Config{
			Now: time.Now, Key: bytes.Repeat([]byte("k"), 32),
			TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
		}
		change(&own)
		cfg.Limits = limits.New(own)
	}
}

func (h *house) askFrom(address string, fields map[string]string) answer {
	h.Helper()
	return h.do(request{
		method: "POST", path: api + "/questions", body: toJSON(h, fields), origin: "-",
		header: map[string]string{"X-Forwarded-For": address},
	})
}

func TestLimits_oneAddressFloodsAnotherIsServed(t *testing.T) {
	t.Parallel()
	h := newHouse(t, limited(func(cfg *limits.Config) { cfg.Scale = 0.2 })) // 100 at once, 10 a second
	stop := make(chan struct{})
	var flood sync.WaitGroup
	var refusedMu sync.Mutex // guards refused and last
	refused, last := 0, answer{}
	for n := range 4 {
		flood.Go(func() { // ends with stop
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				got := h.askFrom("203.0.113.9", question(fmt.Sprintf("key-of-a-flood-%d-%d", n, i), "Ngập?"))
				if got.status == http.StatusTooManyRequests {
					refusedMu.Lock()
					refused, last = refused+1, got
					refusedMu.Unlock()
				}
			}
		})
	}
	flooded := func() bool {
		refusedMu.Lock()
		defer refusedMu.Unlock()
		return refused > 100
	}
	for served := 0; served < 20 || !flooded(); served++ {
		got := h.askFrom(fmt.Sprintf("198.51.100.%d", served%250), question(fmt.Sprintf("key-of-a-citizen-%d", served), "Bao giờ có sổ?"))
		if got.status != http.StatusCreated {
			t.Errorf("citizen %d: got %d %s", served, got.status, got.body)
			break
		}
	}
	close(stop)
	flood.Wait()
	h.wantProblem(last, http.StatusTooManyRequests, "rate.limited")
	if after, err := strconv.Atoi(last.header.Get("Retry-After")); err != nil || after < 1 {
		t.Errorf("got Retry-After %q", last.header.Get("Retry-After"))
	}
}

// solve returns the proof for a challenge, as a page would.
func solve(t *testing.T, c *pow.Challenge) string {
	t.Helper()
	for n := range c.MaxNumber + 1 {
		sum := sha256.Sum256([]byte(c.Salt + strconv.FormatInt(n, 10)))
		if hex.EncodeToString(sum[:]) == c.Challenge {
			return base64.StdEncoding.EncodeToString([]byte(toJSON(t, map[string]any{
				"algorithm": c.Algorithm, "challenge": c.Challenge, "number": n, "salt": c.Salt, "signature": c.Signature,
			})))
		}
	}
	t.Fatal("the challenge has no solution")
	return ""
}

func TestProof_submitWithProofOverHTTP(t *testing.T) {
	t.Parallel()
	h := newHouse(t, limited(func(cfg *limits.Config) { cfg.Proof = limits.ProofAlways }))
	fields := question("key-of-a-citizen-1", "Bao giờ tôi nhận được sổ đỏ?")
	got := h.ask(fields)
	h.wantProblem(got, http.StatusTooManyRequests, "proof.required")
	if got.problem.Challenge == nil || got.header.Get("Retry-After") == "" || !strings.Contains(got.problem.Title, "cán bộ") {
		t.Fatalf("got %s, Retry-After %q", got.body, got.header.Get("Retry-After"))
	}
	english := h.do(request{method: "POST", path: api + "/questions", body: toJSON(t, fields), lang: "en"})
	if !strings.Contains(english.problem.Title, "staff") {
		t.Errorf("got %q", english.problem.Title)
	}
	if h.questions() != 0 {
		t.Error("a question without proof was written")
	}
	fields["proof"] = solve(t, got.problem.Challenge)
	first := h.ask(fields)
	again := h.ask(fields) // the answer was lost
	if first.status != http.StatusCreated || again.status != http.StatusCreated || first.body != again.body {
		t.Errorf("got %d %s, then %d %s", first.status, first.body, again.status, again.body)
	}
	other := question("key-of-a-citizen-2", "Câu khác?")
	other["proof"] = fields["proof"]
	h.wantProblem(h.ask(other), http.StatusTooManyRequests, "proof.required")
	if h.questions() != 1 {
		t.Errorf("got %d questions, want 1", h.questions())
	}
}

func TestLookup_knownCodesAreNotGuesses(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	code := fromJSON[received](t, h.ask(question("key-of-a-citizen-1", "Bao giờ có sổ?")).body).Code
	for n := range 100 { // a guesser has 60
		got := h.do(request{method: "POST", path: "/api/v1/questions/lookup", body: toJSON(t, map[string]string{"code": code})})
		if got.status != http.StatusOK {
			t.Fatalf("look-up %d: got %d %s", n, got.status, got.body)
		}
	}
}

// TestM8_AFloodOfViewersIsRefused: each costs an ICE agent. Whoever comes from another
// address is served, and the media plane is told the addresses apart.
func TestM8_AFloodOfViewersIsRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t, limited(func(cfg *limits.Config) {
		cfg.Scale = 0.02 // 10 at once of an address, 20 of all
		begun := time.Now()
		cfg.Now = func() time.Time { return begun }
	}))
	watch := func(address string) answer {
		return h.do(request{
			method: "POST", path: api + "/whep", body: offer, contentType: typeSDP, origin: "-",
			header: map[string]string{"X-Forwarded-For": address},
		})
	}
	for n := range 12 {
		got, want := watch("203.0.113.9"), http.StatusCreated
		if n >= 10 {
			want = http.StatusTooManyRequests
		}
		if got.status != want {
			t.Fatalf("viewer %d: got %d %s, want %d", n, got.status, got.body, want)
		}
		if want == http.StatusTooManyRequests && got.header.Get("Retry-After") == "" {
			t.Error("a refusal does not say when to come again")
		}
	}
	if got := watch("2001:db8::7"); got.status != http.StatusCreated {
		t.Errorf("another address: got %d %s", got.status, got.body)
	}
	h.media.refusalMu.Lock()
	defer h.media.refusalMu.Unlock()
	want := append(slices.Repeat([]netip.Prefix{netip.MustParsePrefix("203.0.113.9/32")}, 10), netip.MustParsePrefix("2001:db8::/64"))
	if !slices.Equal(h.media.viewers, want) {
		t.Errorf("the media plane was told %v, want %v", h.media.viewers, want)
	}
}
