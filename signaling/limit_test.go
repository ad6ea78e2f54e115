package signaling_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/limits"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/moderation"
	"github.com/diemcau/diemcau/signaling"
	"github.com/diemcau/diemcau/signaling/protocol"
)

// limited gives a hub limits of its own.
func limited(change func(*limits.Config)) func(*signaling.Config) {
	return func(cfg *signaling.Config) {
		own := limits.Config{Now: time.Now, Key: bytes.Repeat([]byte("k"), 32)}
		change(&own)
		cfg.Limits = limits.New(own)
	}
}

// taking is a conference that takes every submission.
func taking() *fakeConference {
	conf := newFakeConference()
	conf.handle(func(context.Context, conference.Command) (live.Outcome, error) {
		return live.Outcome{Question: "q1", Code: "CODE-q1", State: moderation.StatePending}, nil
	})
	return conf
}

func TestLimits_oneSocketFloodsAnotherIsServed(t *testing.T) {
	t.Parallel()
	h := serve(t, taking(), limited(func(cfg *limits.Config) { cfg.Scale = 0.1 })) // 3 at once, then one in 5 s
	hostile, citizen := h.join(conference.RoleCitizen, "", ""), h.join(conference.RoleCitizen, "", "")
	hostile.snapshot()
	citizen.snapshot()
	refused := 0
	for range 20 {
		r := hostile.command(commandID(), "question.submit", submission("0123456789abcdef", "Bao giờ có sổ?"))
		if r.Error == nil {
			continue
		}
		refused++
		if r.Error.Code != "rate.limited" || r.Error.Kind != conference.KindRateLimited || r.Error.RetryAfterMs <= 0 || r.Error.Message == "" {
			t.Fatalf("got %s", mustJSON(r))
		}
	}
	if refused != 17 {
		t.Errorf("%d of 20 were refused, want 17", refused)
	}
	if r := citizen.command(commandID(), "question.submit", submission("another-citizen-1", "Bao giờ có sổ?")); r.OK == nil || r.OK.Code == "" {
		t.Errorf("the citizen got %s", mustJSON(r))
	}
}

func TestProof_submitWithProofOverTheSocket(t *testing.T) {
	t.Parallel()
	h := serve(t, taking(), limited(func(cfg *limits.Config) { cfg.Proof = limits.ProofAlways }))
	p := h.dial("")
	p.hello(protocol.Hello{Protocols: []int{1}, Lang: protocol.LangEn})
	p.snapshot()
	body := submission("0123456789abcdef", "Bao giờ có sổ?")
	r := p.command(commandID(), "question.submit", body)
	if r.Error == nil || r.Error.Code != "proof.required" || r.Error.Challenge == nil || r.Error.RetryAfterMs <= 0 ||
		!strings.Contains(r.Error.Message, "staff") {
		t.Fatalf("got %s", mustJSON(r))
	}
	body.Proof = solve(t, r.Error.Challenge)
	if r := p.command(commandID(), "question.submit", body); r.OK == nil {
		t.Errorf("with the proof: got %s", mustJSON(r))
	}
	body.IdempotencyKey = "fedcba9876543210"
	if r := p.command(commandID(), "question.submit", body); r.Error == nil || r.Error.Code != "proof.required" {
		t.Errorf("the proof again, for another question: got %s", mustJSON(r))
	}
	hall := h.join(conference.RoleVenue, "phu-loc", "")
	hall.snapshot()
	if r := hall.command(commandID(), "question.submit", submission("from-the-hall-0001", "Bao giờ có sổ?")); r.OK == nil {
		t.Errorf("staff in the hall: got %s", mustJSON(r))
	}
}

// solve returns the proof for a challenge, as a page would.
func solve(t *testing.T, c *protocol.Challenge) string {
	t.Helper()
	for n := range c.MaxNumber + 1 {
		number := strconv.FormatInt(n, 10)
		sum := sha256.Sum256([]byte(c.Salt + number))
		if hex.EncodeToString(sum[:]) == c.Challenge {
			return base64.StdEncoding.EncodeToString([]byte(`{"algorithm":"` + c.Algorithm + `","challenge":"` + c.Challenge +
				`","number":` + number + `,"salt":"` + c.Salt + `","signature":"` + c.Signature + `"}`))
		}
	}
	t.Fatal("the challenge has no solution")
	return ""
}

func TestHub_guessingCodesIsLimitedForTheAddress(t *testing.T) {
	t.Parallel()
	conf := newFakeConference()
	conf.put("q1", moderation.StateApproved, "Câu một")
	// 6 guesses at once, and none more while this clock stands.
	h := serve(t, conf, limited(func(cfg *limits.Config) { cfg.Scale, cfg.Now = 0.1, start }))
	guess := func(p *peer) string {
		p.send(protocol.ClientMessage{Type: "follow", ID: "f1", Code: "CODE-nothing"})
		return p.reply("f1").Error.Code
	}
	for range 3 {
		p := h.join(conference.RoleCitizen, "", "")
		p.snapshot()
		guess(p)
		guess(p)
	}
	p := h.join(conference.RoleCitizen, "", "")
	p.snapshot()
	if code := guess(p); code != "rate.limited" {
		t.Errorf("the seventh guess from one address, over a fresh socket: got %s", code)
	}
}

// dialFrom opens a socket through a proxy, for an address.
func (h *harness) dialFrom(address string) (*websocket.Conn, int) {
	h.t.Helper()
	dialer := websocket.Dialer{Subprotocols: []string{protocol.Subprotocol}, HandshakeTimeout: patience}
	header := http.Header{"X-Forwarded-For": {address}}
	ws, response, err := dialer.Dial("ws"+strings.TrimPrefix(h.server.URL, "http")+"/"+string(fakeID), header)
	if response == nil {
		h.t.Fatalf("dial: %v", err)
	}
	_ = response.Body.Close()
	if ws != nil {
		h.t.Cleanup(func() { _ = ws.Close() })
	}
	return ws, response.StatusCode
}

func TestHub_socketsOfAnAddressAreLimited(t *testing.T) {
	t.Parallel()
	// From an address that is not this machine's: the proxy's word.
	h := serve(t, newFakeConference(), limited(func(cfg *limits.Config) {
		cfg.SocketsPerAddress = 2
		cfg.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	}))
	first, status := h.dialFrom("203.0.113.9")
	if _, second := h.dialFrom("203.0.113.9"); status != 101 || second != 101 {
		t.Fatalf("got %d and %d, want two sockets", status, second)
	}
	if _, third := h.dialFrom("203.0.113.9"); third == 101 {
		t.Error("a third socket of the address was opened")
	}
	if _, other := h.dialFrom("198.51.100.7"); other != 101 {
		t.Errorf("another address got %d", other)
	}
	_ = first.Close()
	for range 1000 {
		if _, again := h.dialFrom("203.0.113.9"); again == 101 {
			return
		}
	}
	t.Error("a closed socket still counts")
}

func TestLimits_votesOfASocket(t *testing.T) {
	t.Parallel()
	h := serve(t, taking(), limited(func(cfg *limits.Config) { cfg.Scale = 0.1 })) // 3 at once
	p := h.join(conference.RoleCitizen, "", "")
	p.snapshot()
	vote := protocol.QuestionVote{ID: "q1", Voter: "0123456789abcdef", On: true}
	for n := range 4 {
		r := p.command(commandID(), "question.vote", vote)
		if refused := r.Error != nil; refused != (n == 3) || (refused && r.Error.Code != "rate.limited") {
			t.Fatalf("vote %d: got %s", n, mustJSON(r))
		}
	}
}

func TestLimits_withdrawingIsNoWayToGuess(t *testing.T) {
	t.Parallel()
	conf := newFakeConference()
	conf.handle(func(context.Context, conference.Command) (live.Outcome, error) {
		return live.Outcome{}, conference.Refuse(conference.KindNotFound, "question.unknown_code", "")
	})
	h := serve(t, conf, limited(func(cfg *limits.Config) { cfg.Scale = 0.1 })) // 6 guesses at once
	p := h.join(conference.RoleCitizen, "", "")
	p.snapshot()
	p.wantGuessesCounted("question.withdraw")
}

func TestLimits_searchesOfASocket(t *testing.T) {
	t.Parallel()
	h := serve(t, taking(), limited(func(cfg *limits.Config) { cfg.Scale = 0.1 })) // 3 at once
	p := h.join(conference.RoleCitizen, "", "")
	p.snapshot()
	for n := range 4 {
		r := p.command(commandID(), "question.similar", protocol.QuestionSimilar{Body: "Bao giờ có sổ?"})
		if refused := r.Error != nil; refused != (n == 3) || (refused && r.Error.Code != "rate.limited") {
			t.Fatalf("search %d: got %s", n, mustJSON(r))
		}
	}
}
