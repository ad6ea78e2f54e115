package eventlogtest

import (
	"bytes"
	"context"
	"errors"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/diemcau/diemcau/internal/eventlog"
)

// RunEphemeral is the conformance suite of eventlog.Ephemeral.
func RunEphemeral(t *testing.T, open Open) {
	t.Helper()
	for _, test := range []struct {
		name string
		run  func(*pair)
	}{
		{"CompareAndSet", testCompareAndSet},
		{"OneWinner", testOneWinner},
		{"Expiry", testExpiry},
		{"Increment", testIncrement},
		{"IncrementExpiry", testIncrementExpiry},
		{"EntryLimits", testEntryLimits},
		{"Publish", testPublish},
		{"LaggingSubscriber", testLaggingSubscriber},
		{"SubscriptionEnds", testSubscriptionEnds},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			one, two := open(t)
			test.run(&pair{T: t, ctx: t.Context(), key: NewID(), one: one.Ephemeral(), two: two.Ephemeral(), store: two})
		})
	}
}

type pair struct {
	*testing.T
	ctx      context.Context //nolint:containedctx // lives as long as its test
	key      string          // nobody else's
	one, two eventlog.Ephemeral
	store    eventlog.Store // of two
}

func (p *pair) wantValue(want []byte) {
	p.Helper()
	got, err := p.two.Get(p.ctx, p.key)
	if err != nil || (got == nil) != (want == nil) || !bytes.Equal(got, want) {
		p.Fatalf("got %q (nil %v), %v; want %q (nil %v)", got, got == nil, err, want, want == nil)
	}
}

func (p *pair) swap(old, value []byte, ttl time.Duration) bool {
	p.Helper()
	replaced, err := p.one.CompareAndSet(p.ctx, p.key, old, value, ttl)
	if err != nil {
		p.Fatalf("compare %q and set %q: %v", old, value, err)
	}
	return replaced
}

// untilGone reads until the key has expired: time is the server's, so it cannot be faked.
func (p *pair) untilGone() {
	p.Helper()
	deadline, cancel := context.WithTimeout(p.ctx, 20*time.Second)
	defer cancel()
	for {
		value, err := p.two.Get(deadline, p.key)
		if err != nil {
			p.Fatalf("key did not expire: %v", err)
		}
		if value == nil {
			return
		}
	}
}

func testCompareAndSet(p *pair) {
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	p.wantValue(nil)
	for i, step := range []struct {
		old, value []byte
		want       bool
		after      []byte
	}{
		{[]byte("a"), []byte("b"), false, nil}, // old is not there
		{nil, nil, true, nil},                  // delete what is not there
		{nil, []byte("a"), true, []byte("a")},
		{nil, []byte("b"), false, []byte("a")}, // must not exist, but does
		{[]byte("x"), []byte("b"), false, []byte("a")},
		{[]byte{}, []byte("b"), false, []byte("a")},
		{[]byte("x"), nil, false, []byte("a")},
		{[]byte("a"), every, true, every},
		{every, []byte{}, true, []byte{}}, // empty is not nothing
		{nil, []byte("b"), false, []byte{}},
		{[]byte{}, []byte("c"), true, []byte("c")},
		{[]byte("c"), nil, true, nil},
		{nil, []byte("d"), true, []byte("d")},
	} {
		if got := p.swap(step.old, step.value, time.Hour); got != step.want {
			p.Errorf("step %d: replaced %v, want %v", i, got, step.want)
		}
		p.wantValue(step.after)
	}
}

// testOneWinner is the one-use link: of many who redeem it on two nodes one gets in.
func testOneWinner(p *pair) {
	var winners atomic.Int32
	group, ctx := errgroup.WithContext(p.ctx)
	for i := range 32 {
		node := p.one
		if i%2 == 1 {
			node = p.two
		}
		group.Go(func() error {
			won, err := node.CompareAndSet(ctx, p.key, nil, []byte(strconv.Itoa(i)), time.Hour)
			if won {
				winners.Add(1)
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		p.Fatal(err)
	}
	if winners.Load() != 1 {
		p.Errorf("%d winners, want 1", winners.Load())
	}
}

func testExpiry(p *pair) {
	p.swap(nil, []byte("short"), 20*time.Millisecond)
	p.untilGone()
	if !p.swap(nil, []byte("again"), 20*time.Millisecond) {
		p.Error("an expired key is still in the way")
	}
	p.untilGone()
	p.swap(nil, []byte("tiny"), time.Nanosecond) // short is not for ever
	p.untilGone()
	// Setting again sets the time to live again: for ever.
	p.swap(nil, []byte("x"), time.Hour)
	if !p.swap([]byte("x"), []byte("y"), 0) {
		p.Error("not replaced")
	}
	p.wantValue([]byte("y"))
}

func testIncrement(p *pair) {
	const goroutines, times = 8, 25
	group, ctx := errgroup.WithContext(p.ctx)
	for i := range goroutines {
		node := p.one
		if i%2 == 1 {
			node = p.two
		}
		group.Go(func() error {
			for range times {
				if _, err := node.Increment(ctx, p.key, 3, 0); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		p.Fatal(err)
	}
	value, err := p.one.Increment(p.ctx, p.key, -1, 0)
	if want := int64(3*goroutines*times - 1); err != nil || value != want {
		p.Errorf("got %d, %v; want %d", value, err, want)
	}
	p.wantValue([]byte(strconv.FormatInt(value, 10)))
	p.swap([]byte(strconv.FormatInt(value, 10)), []byte("words"), 0)
	if _, err := p.one.Increment(p.ctx, p.key, 1, 0); !errors.Is(err, eventlog.ErrMalformed) {
		p.Errorf("increment words: got %v, want %v", err, eventlog.ErrMalformed)
	}
}

func testIncrementExpiry(p *pair) {
	if _, err := p.one.Increment(p.ctx, p.key, 1, 50*time.Millisecond); err != nil {
		p.Fatal(err)
	}
	// A second increment does not prolong it (nor make it last for ever).
	if _, err := p.one.Increment(p.ctx, p.key, 1, time.Hour); err != nil {
		p.Fatal(err)
	}
	p.untilGone()
	if value, err := p.one.Increment(p.ctx, p.key, 5, time.Hour); err != nil || value != 5 {
		p.Errorf("after expiry: got %d, %v; want 5", value, err)
	}
}

func testEntryLimits(p *pair) {
	long := strings.Repeat("k", eventlog.MaxKeyBytes+1)
	for _, key := range []string{"", long} {
		_, getErr := p.one.Get(p.ctx, key)
		_, setErr := p.one.CompareAndSet(p.ctx, key, nil, []byte("v"), 0)
		_, addErr := p.one.Increment(p.ctx, key, 1, 0)
		_, subErr := p.one.Subscribe(p.ctx, key)
		for _, err := range []error{getErr, setErr, addErr, subErr, p.one.Publish(p.ctx, key, nil)} {
			if !errors.Is(err, eventlog.ErrMalformed) {
				p.Errorf("key of %d bytes: got %v, want %v", len(key), err, eventlog.ErrMalformed)
			}
		}
	}
	full := bytes.Repeat([]byte{7}, eventlog.MaxValueBytes)
	if !p.swap(nil, full, 0) {
		p.Error("largest value refused")
	}
	p.wantValue(full)
	if _, err := p.one.CompareAndSet(p.ctx, p.key, full, append(full, 7), 0); !errors.Is(err, eventlog.ErrMalformed) {
		p.Errorf("too large a value: got %v, want %v", err, eventlog.ErrMalformed)
	}
}

func (p *pair) subscribe(ctx context.Context, node eventlog.Ephemeral) <-chan []byte {
	p.Helper()
	messages, err := node.Subscribe(ctx, p.key)
	if err != nil {
		p.Fatalf("subscribe: %v", err)
	}
	return messages
}

func (p *pair) publish(payload string) {
	p.Helper()
	if err := p.one.Publish(p.ctx, p.key, []byte(payload)); err != nil {
		p.Fatalf("publish: %v", err)
	}
}

func testPublish(p *pair) {
	p.publish("nobody hears")
	here, there := p.subscribe(p.ctx, p.one), p.subscribe(p.ctx, p.two)
	if err := p.one.Publish(p.ctx, p.key+"-other", []byte("elsewhere")); err != nil {
		p.Fatal(err)
	}
	for _, want := range []string{"one", "", "\x00\xff ề"} {
		p.publish(want)
		for _, messages := range []<-chan []byte{here, there} {
			if got := <-messages; string(got) != want {
				p.Fatalf("got %q, want %q", got, want)
			}
		}
	}
}

// testLaggingSubscriber: who does not read loses the oldest, never the newest, never
// the order, and holds nobody up.
func testLaggingSubscriber(p *pair) {
	const sent = 4 * eventlog.MaxLag
	messages := p.subscribe(p.ctx, p.two)
	for i := range sent {
		p.publish(strconv.Itoa(i))
	}
	if cap(messages) > eventlog.MaxLag {
		p.Errorf("%d messages may wait, want at most %d", cap(messages), eventlog.MaxLag)
	}
	for last := -1; last != sent-1; {
		got, err := strconv.Atoi(string(<-messages))
		if err != nil || got <= last {
			p.Fatalf("got %d after %d (%v)", got, last, err)
		}
		last = got
	}
}

func testSubscriptionEnds(p *pair) {
	ctx, cancel := context.WithCancel(p.ctx)
	ends, stays := p.subscribe(ctx, p.two), p.subscribe(p.ctx, p.two)
	cancel()
	for range ends { // until it is closed
	}
	p.publish("still here")
	if got := <-stays; string(got) != "still here" {
		p.Errorf("got %q", got)
	}
	if err := p.store.Close(); err != nil {
		p.Fatalf("close: %v", err)
	}
	if _, open := <-stays; open {
		p.Error("the subscription outlives its store")
	}
}
