package limits_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/limits"
	"github.com/diemcau/diemcau/internal/pow"
)

// solve returns the proof for a challenge, as a page would.
func solve(tb testing.TB, c *pow.Challenge) string {
	tb.Helper()
	for n := range c.MaxNumber + 1 {
		sum := sha256.Sum256([]byte(c.Salt + strconv.FormatInt(n, 10)))
		if hex.EncodeToString(sum[:]) != c.Challenge {
			continue
		}
		raw, err := json.Marshal(map[string]any{
			"algorithm": c.Algorithm, "challenge": c.Challenge, "number": n, "salt": c.Salt, "signature": c.Signature,
		})
		if err != nil {
			tb.Fatal(err)
		}
		return base64.StdEncoding.EncodeToString(raw)
	}
	tb.Fatal("the challenge has no solution")
	return ""
}

// flood asks for n submissions from as many addresses, without proof.
func flood(tb testing.TB, l *limits.Limits, n int) {
	tb.Helper()
	for i := range n {
		asker := from(fmt.Sprintf("10.%d.%d.%d", i>>16&255, i>>8&255, i&255))
		if l.Take(tb.Context(), limits.Submission, asker) == nil {
			_ = l.Submit(tb.Context(), asker, "", "flood")
		}
	}
}

func always(cfg *limits.Config) { cfg.Proof = limits.ProofAlways }

// challenge asks without a proof and returns what is to be solved.
func challenge(tb testing.TB, l *limits.Limits) *pow.Challenge {
	tb.Helper()
	refusal := wantRefusal(tb, l.Submit(tb.Context(), from("192.0.2.7"), "", "key"), limits.CodeProof)
	if refusal.Challenge == nil {
		tb.Fatal("the refusal holds no challenge")
	}
	return refusal.Challenge
}

func TestProof_switchesOnAndOff(t *testing.T) {
	t.Parallel()
	c := newClock()
	l := node(c, newMemory(c.now))
	if err := l.Submit(t.Context(), from("192.0.2.7"), "", "first"); err != nil || l.ProofOn(place) {
		t.Fatalf("in peace: %v, proof on %t", err, l.ProofOn(place))
	}
	flood(t, l, 2500)
	if got := l.Refused(); l.Flooded() != 1 || got.Proof == 0 {
		t.Errorf("%d flooded, refused %+v", l.Flooded(), got)
	}
	if !l.ProofOn(place) || l.ProofOn("another") {
		t.Fatalf("flooded: here %t, elsewhere %t; want true, false", l.ProofOn(place), l.ProofOn("another"))
	}
	easy := challenge(t, l)
	if err := l.Submit(t.Context(), from("192.0.2.7"), solve(t, easy), "mine"); err != nil {
		t.Errorf("with a proof: %v", err)
	}
	flood(t, l, 6000)
	if harder := challenge(t, l); harder.MaxNumber <= easy.MaxNumber || harder.MaxNumber > limits.HardestProof || easy.MaxNumber < limits.EasiestProof {
		t.Errorf("got %d, then %d; want it to rise within %d–%d", easy.MaxNumber, harder.MaxNumber, limits.EasiestProof, limits.HardestProof)
	}
	staff := from("192.0.2.7")
	staff.Session = "v1"
	if err := l.Submit(t.Context(), staff, "", "from the hall"); err != nil {
		t.Errorf("staff, who take questions in the hall and by phone: %v", err)
	}
	c.pass(30 * time.Second)
	if !l.ProofOn(place) {
		t.Error("off again too early")
	}
	c.pass(70 * time.Second)
	l.Sweep()
	if err := l.Submit(t.Context(), from("192.0.2.7"), "", "calm"); err != nil || l.ProofOn(place) {
		t.Errorf("calm again: %v, proof on %t", err, l.ProofOn(place))
	}
}

func TestProof_oneAddressCannotSwitchItOn(t *testing.T) {
	t.Parallel()
	c := newClock()
	l := node(c, newMemory(c.now))
	for range 600 { // a minute
		c.pass(100 * time.Millisecond)
		for range 100 {
			if l.Take(t.Context(), limits.Submission, from("192.0.2.7")) == nil {
				_ = l.Submit(t.Context(), from("192.0.2.7"), "", "flood")
			}
		}
	}
	if l.ProofOn(place) {
		t.Error("one address made everybody solve puzzles")
	}
}

func TestProof_nodesSeeTheFloodTogether(t *testing.T) {
	t.Parallel()
	c := newClock()
	shared := newMemory(c.now)
	one, two := node(c, shared), node(c, shared)
	for range 100 { // 10 s of 350 a second at each node: neither would think much of it
		c.pass(100 * time.Millisecond)
		flood(t, one, 35)
		flood(t, two, 35)
	}
	alone := node(c, newMemory(c.now))
	for range 100 {
		c.pass(100 * time.Millisecond)
		flood(t, alone, 35)
	}
	if !one.ProofOn(place) && !two.ProofOn(place) || alone.ProofOn(place) {
		t.Errorf("got %t, %t, alone %t; want one of two on, alone off", one.ProofOn(place), two.ProofOn(place), alone.ProofOn(place))
	}
}

func TestProof_badOnesAreRefused(t *testing.T) {
	t.Parallel()
	c := newClock()
	l := node(c, newMemory(c.now), always)
	proof := solve(t, challenge(t, l))
	stale := solve(t, challenge(t, l))
	stranger := limits.New(limits.Config{Now: c.now, Key: []byte("another key of 16"), Proof: limits.ProofAlways})
	forged := solve(t, challenge(t, stranger))
	tooEasy, err := pow.NewIssuer([]byte("kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"), c.now).Issue(string(place), limits.EasiestProof-1)
	if err != nil {
		t.Fatal(err)
	}
	easy := solve(t, &tooEasy)
	if err := l.Submit(t.Context(), from("192.0.2.7"), proof, "mine"); err != nil {
		t.Fatal(err)
	}
	if err := l.Submit(t.Context(), from("198.51.100.7"), proof, "mine"); err != nil {
		t.Errorf("the same submission again, from another address: %v", err)
	}
	for _, test := range []struct {
		name, proof string
		after       time.Duration
		where       conference.ID
	}{
		{name: "none"},
		{name: "rubbish", proof: "cnViYmlzaA=="},
		{name: "used", proof: proof},
		{name: "forged", proof: forged},
		{name: "too easy", proof: easy},
		{name: "another conference's", proof: solve(t, challenge(t, l)), where: "rac-thai"},
		{name: "too late", proof: stale, after: pow.Valid},
	} {
		c.pass(test.after)
		asker := from("192.0.2.7")
		if test.where != "" {
			asker.Conference = test.where
		}
		refusal := wantRefusal(t, l.Submit(t.Context(), asker, test.proof, "other"), limits.CodeProof)
		if refusal.Challenge == nil || refusal.Challenge.MaxNumber < limits.EasiestProof {
			t.Errorf("%s: got challenge %+v", test.name, refusal.Challenge)
		}
	}
}

func TestProof_tooEasyForTheFloodOfNow(t *testing.T) {
	t.Parallel()
	c := newClock()
	l := node(c, newMemory(c.now))
	flood(t, l, 2500)
	early := solve(t, challenge(t, l))
	flood(t, l, 8000)
	wantRefusal(t, l.Submit(t.Context(), from("192.0.2.7"), early, "saved up"), limits.CodeProof)
}

func TestProof_isGoodOnceOnAllNodes(t *testing.T) {
	t.Parallel()
	c := newClock()
	shared := newMemory(c.now)
	one, two := node(c, shared, always), node(c, shared, always)
	proof := solve(t, challenge(t, one))
	if err := two.Submit(t.Context(), from("192.0.2.7"), proof, "mine"); err != nil {
		t.Fatalf("one node's challenge at the other: %v", err)
	}
	wantRefusal(t, one.Submit(t.Context(), from("192.0.2.7"), proof, "other"), limits.CodeProof)
	before := shared.asked()
	for range 1000 {
		_ = two.Submit(t.Context(), from("192.0.2.7"), proof, "replay")
	}
	if calls := shared.asked() - before; calls > 20 { // the demand is told in portions
		t.Errorf("1,000 replays cost %d round trips", calls)
	}
}

func TestProof_whileTheStoreIsAway(t *testing.T) {
	t.Parallel()
	c := newClock()
	shared := newMemory(c.now)
	l := node(c, shared, always)
	shared.fail(errAway)
	proof := solve(t, challenge(t, l))
	if err := l.Submit(t.Context(), from("192.0.2.7"), proof, "mine"); err != nil {
		t.Errorf("nobody is shut out because a counter cannot be reached: %v", err)
	}
	wantRefusal(t, l.Submit(t.Context(), from("192.0.2.7"), proof, "other"), limits.CodeProof)
}

func TestProof_withoutKeyOrSwitchedOff(t *testing.T) {
	t.Parallel()
	c := newClock()
	for name, l := range map[string]*limits.Limits{
		"no key": limits.New(limits.Config{Now: c.now, Proof: limits.ProofAlways}),
		"off":    node(c, newMemory(c.now), func(cfg *limits.Config) { cfg.Proof = limits.ProofOff }),
	} {
		flood(t, l, 2100)
		if err := l.Submit(t.Context(), from("192.0.2.7"), "", "mine"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
