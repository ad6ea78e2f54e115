package limits_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/diemcau/diemcau/internal/eventlog/eventlogtest"
	"github.com/diemcau/diemcau/internal/eventlog/redislog"
	"github.com/diemcau/diemcau/internal/limits"
)

// The sizes the tests rely on; docs/operations.md §13 tells them too.
const (
	sessionRate, sessionBurst = 2.0, 30
	addressRate, addressBurst = 50.0, 500
)

// passage is when things were let through.
type passage []time.Time

// check fails if in any stretch of time more than burst + rate × time was let through.
// That is so exactly if a leaking vessel of that size, filled by each, runs over.
func (p passage) check(t interface{ Fatalf(string, ...any) }, rate float64, burst int) {
	level := 0.0
	for i := range p {
		if i > 0 {
			level = max(0, level-rate*p[i].Sub(p[i-1]).Seconds())
		}
		if level++; level > float64(burst)+1e-6 {
			t.Fatalf("%.1f more passed by %s than %.0f/s and %d at once", level-float64(burst), p[i].Sub(p[0]), rate, burst)
		}
	}
}

func TestTake_bucketLetsNoMoreThrough(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := newClock()
		l := limits.New(limits.Config{Now: c.now})
		asker := from("192.0.2.7")
		asker.Socket = "one"
		var passed passage
		for range rapid.IntRange(1, 300).Draw(t, "tries") {
			c.pass(time.Duration(rapid.IntRange(-50, 800).Draw(t, "ms")) * time.Millisecond)
			if l.Take(t.Context(), limits.Submission, asker) == nil {
				passed = append(passed, c.now())
			}
			if rapid.IntRange(0, 40).Draw(t, "sweep") == 0 {
				l.Sweep()
			}
		}
		// A clock that goes back shortens the time that has passed, not the one that was counted.
		for i := 1; i < len(passed); i++ {
			if passed[i].Before(passed[i-1]) {
				passed[i] = passed[i-1]
			}
		}
		passed.check(t, sessionRate, sessionBurst)
	})
}

func TestTake_twoNodesLetNoMoreThroughThanOne(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := newClock()
		shared := newMemory(c.now)
		nodes := []*limits.Limits{node(c, shared), node(c, shared)}
		asker := from("192.0.2.7")
		var passed passage
		for range rapid.IntRange(1, 60).Draw(t, "bursts") {
			c.pass(time.Duration(rapid.IntRange(0, 3000).Draw(t, "ms")) * time.Millisecond)
			on := nodes[rapid.IntRange(0, 1).Draw(t, "node")]
			for range rapid.IntRange(1, 80).Draw(t, "tries") {
				if on.Take(t.Context(), limits.Submission, asker) == nil {
					passed = append(passed, c.now())
				}
			}
			if rapid.IntRange(0, 9).Draw(t, "sweep") == 0 {
				on.Sweep()
			}
		}
		passed.check(t, addressRate, addressBurst)
	})
}

func TestTwoNodes_onRealRedis(t *testing.T) {
	t.Parallel()
	redis := eventlogtest.StartRedis(t)
	nodes := make([]*limits.Limits, 2)
	for i := range nodes {
		store, err := redislog.Open(t.Context(), redis.URL, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := store.Close(); err != nil {
				t.Error(err)
			}
		})
		nodes[i] = limits.New(limits.Config{Now: time.Now, Key: []byte("0123456789abcdef"), Ephemeral: store.Ephemeral(), Shared: true})
	}
	var passed passage
	for range 4 * addressBurst {
		for _, l := range nodes {
			if l.Take(t.Context(), limits.Submission, from("192.0.2.7")) == nil {
				passed = append(passed, time.Now())
			}
		}
	}
	passed.check(t, addressRate, addressBurst)
	if len(passed) < addressBurst/3 {
		t.Errorf("only %d passed: too strict for people who share an address", len(passed))
	}
}

func TestTake_hostileClientCostsFewRoundTripsAndNobodyElse(t *testing.T) {
	t.Parallel()
	c := newClock()
	shared := newMemory(c.now)
	l := node(c, shared)
	const floods = 50_000
	passed := 0
	for range floods {
		if l.Take(t.Context(), limits.Submission, from("192.0.2.7")) == nil {
			passed++
		}
	}
	if calls := shared.asked(); passed > addressBurst || calls > 30 {
		t.Errorf("%d attempts: %d passed for %d round trips, want ≤ %d for ≤ 30", floods, passed, calls, addressBurst)
	}
	wantRefusal(t, l.Take(t.Context(), limits.Submission, from("192.0.2.7")), limits.CodeLimited)
	before := shared.asked()
	for i := range 200 {
		other := from(fmt.Sprintf("198.51.100.%d", i))
		if err := l.Take(t.Context(), limits.Submission, other); err != nil {
			t.Fatalf("neighbour %d: %v", i, err)
		}
		if err := l.Submit(t.Context(), other, "", "key"); err != nil {
			t.Fatalf("neighbour %d: %v", i, err)
		}
	}
	if calls := shared.asked() - before; calls > 20 {
		t.Errorf("200 citizens cost %d round trips", calls)
	}
}

func TestTake_sessionIsStricterThanItsAddress(t *testing.T) {
	t.Parallel()
	c := newClock()
	l := node(c, newMemory(c.now))
	flooding, other := from("192.0.2.7"), from("192.0.2.7")
	flooding.Socket, other.Socket = "a", "b"
	passed := 0
	for range 1000 {
		if l.Take(t.Context(), limits.Submission, flooding) == nil {
			passed++
		}
	}
	if passed != sessionBurst {
		t.Errorf("a socket got %d submissions through, want %d", passed, sessionBurst)
	}
	if err := l.Take(t.Context(), limits.Submission, other); err != nil {
		t.Errorf("another phone behind the same address: %v", err)
	}
	refusal := wantRefusal(t, l.Take(t.Context(), limits.Submission, flooding), limits.CodeLimited)
	c.pass(refusal.After)
	if err := l.Take(t.Context(), limits.Submission, flooding); err != nil {
		t.Errorf("after the time that was told: %v", err)
	}
}

func TestTake_sessionIsOneOnAllNodes(t *testing.T) {
	t.Parallel()
	c := newClock()
	shared := newMemory(c.now)
	one, two := node(c, shared), node(c, shared)
	asker := from("192.0.2.7")
	asker.Session = "s7k2"
	passed := 0
	for range 100 {
		for _, l := range []*limits.Limits{one, two} {
			if l.Take(t.Context(), limits.Vote, asker) == nil {
				passed++
			}
		}
	}
	if passed > 30 || passed < 10 {
		t.Errorf("%d votes of one session passed on two nodes, want 10–30", passed)
	}
}

func TestTake_nodeDecidesAloneWhileTheStoreIsAway(t *testing.T) {
	t.Parallel()
	c := newClock()
	shared := newMemory(c.now)
	shared.fail(errAway)
	l := node(c, shared)
	passed := 0
	for range 2000 {
		if l.Take(t.Context(), limits.Submission, from("192.0.2.7")) == nil {
			passed++
		}
	}
	if passed != addressBurst {
		t.Errorf("%d passed, want the bucket of the node alone: %d", passed, addressBurst)
	}
	if calls := shared.asked(); calls != 1 {
		t.Errorf("the store was asked %d times within a second, want once", calls)
	}
	shared.fail(nil)
	c.pass(2 * time.Second)
	before := shared.asked()
	for range 200 {
		_ = l.Take(t.Context(), limits.Submission, from("192.0.2.7"))
	}
	if shared.asked() == before {
		t.Error("the store is back and nobody asks it")
	}
}

// stuck never answers before it must.
type stuck struct{ *memory }

func (s stuck) Increment(ctx context.Context, _ string, _ int64, _ time.Duration) (int64, error) {
	<-ctx.Done()
	return 0, ctx.Err()
}

func TestTake_slowStoreCostsAQuarterOfASecondOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := limits.New(limits.Config{Now: time.Now, Key: []byte("0123456789abcdef"), Ephemeral: stuck{}, Shared: true})
		begun := time.Now()
		for range 100 {
			if err := l.Take(t.Context(), limits.Submission, from("192.0.2.7")); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(begun); took != 250*time.Millisecond {
			t.Errorf("100 submissions waited %s, want 250ms together", took)
		}
	})
}

func TestPeek_countsNothing(t *testing.T) {
	t.Parallel()
	c := newClock()
	l := node(c, newMemory(c.now))
	guesser := from("192.0.2.7")
	for range 1000 {
		if err := l.Peek(limits.Miss, guesser); err != nil {
			t.Fatal(err)
		}
	}
	for range 100 {
		_ = l.Take(t.Context(), limits.Miss, guesser)
	}
	wantRefusal(t, l.Peek(limits.Miss, guesser), limits.CodeLimited)
	if err := l.Peek(limits.Miss, from("192.0.2.8")); err != nil {
		t.Errorf("the neighbour: %v", err)
	}
}

func TestConfig_offAndScale(t *testing.T) {
	t.Parallel()
	c := newClock()
	count := func(l *limits.Limits) (passed int) {
		for range 2000 {
			if l.Take(t.Context(), limits.Submission, from("192.0.2.7")) == nil {
				passed++
			}
		}
		return passed
	}
	if got := count(limits.New(limits.Config{Now: c.now, Scale: 2})); got != 2*addressBurst {
		t.Errorf("twice as generous: %d passed", got)
	}
	if got := count(limits.New(limits.Config{Now: c.now, Off: true})); got != 2000 {
		t.Errorf("off: %d passed", got)
	}
}

func TestEnter_socketsOfAnAddress(t *testing.T) {
	t.Parallel()
	l := limits.New(limits.Config{Now: time.Now, SocketsPerAddress: 3})
	hostile, other := from("2001:db8:1:2::1").Address, from("2001:db8:1:3::1").Address
	for range 3 {
		if err := l.Enter(hostile); err != nil {
			t.Fatal(err)
		}
	}
	wantRefusal(t, l.Enter(from("2001:db8:1:2::ffff").Address), limits.CodeSockets)
	if got := l.Refused(); got != (limits.Refused{Sockets: 1}) {
		t.Errorf("got %+v", got)
	}
	if err := l.Enter(other); err != nil {
		t.Errorf("the neighbour: %v", err)
	}
	l.Leave(hostile)
	if err := l.Enter(hostile); err != nil {
		t.Errorf("after one was closed: %v", err)
	}
	for range 10 {
		if err := l.Enter(from("127.0.0.1").Address); err != nil {
			t.Errorf("this machine: %v", err)
		}
	}
}

func TestNetwork_countsIPv6ByHousehold(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ ip, want string }{
		{"192.0.2.7", "192.0.2.7/32"},
		{"::ffff:192.0.2.7", "192.0.2.7/32"},
		{"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
		{"fe80::1%eth0", "fe80::/64"},
	} {
		if got := limits.Network(netip.MustParseAddr(test.ip)).String(); got != test.want {
			t.Errorf("%s: got %s, want %s", test.ip, got, test.want)
		}
	}
	if got := limits.Network(netip.Addr{}); got != (netip.Prefix{}) {
		t.Errorf("no address: got %s", got)
	}
}

func TestFrom_believesNamedProxiesOnly(t *testing.T) {
	t.Parallel()
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8:ffff::/48")}
	for _, test := range []struct {
		name, peer string
		forwarded  []string
		want       string
	}{
		{"nobody in front", "203.0.113.9:4000", nil, "203.0.113.9/32"},
		{"a stranger's header", "203.0.113.9:4000", []string{"192.0.2.7"}, "203.0.113.9/32"},
		{"a proxy", "10.1.2.3:4000", []string{"192.0.2.7"}, "192.0.2.7/32"},
		{"a proxy over IPv6", "[2001:db8:ffff::1]:4000", []string{"2001:db8:1:2:3::4"}, "2001:db8:1:2::/64"},
		{"a mapped proxy", "[::ffff:10.1.2.3]:4000", []string{"192.0.2.7"}, "192.0.2.7/32"},
		{"two proxies", "10.1.2.3:4000", []string{"192.0.2.7, 10.9.9.9"}, "192.0.2.7/32"},
		{"what the client invented stands left", "10.1.2.3:4000", []string{"198.51.100.1, 192.0.2.7"}, "192.0.2.7/32"},
		{"in a header of its own", "10.1.2.3:4000", []string{"198.51.100.1", "192.0.2.7"}, "192.0.2.7/32"},
		{"with a port", "10.1.2.3:4000", []string{"192.0.2.7:555"}, "192.0.2.7/32"},
		{"in brackets", "10.1.2.3:4000", []string{"[2001:db8:1:2::4]"}, "2001:db8:1:2::/64"},
		{"rubbish", "10.1.2.3:4000", []string{"192.0.2.7, unknown"}, "10.1.2.3/32"},
		{"no header", "10.1.2.3:4000", nil, "10.1.2.3/32"},
		{"proxies only", "10.1.2.3:4000", []string{"10.4.4.4, 10.5.5.5"}, "10.4.4.4/32"},
		{"very long", "10.1.2.3:4000", []string{strings.Repeat("1.1.1.1,", 2000) + "192.0.2.7"}, "192.0.2.7/32"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			l := limits.New(limits.Config{Now: time.Now, TrustedProxies: proxies})
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://x/", http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			r.RemoteAddr = test.peer
			for _, value := range test.forwarded {
				r.Header.Add("X-Forwarded-For", value)
			}
			if got := l.From(r).String(); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}
