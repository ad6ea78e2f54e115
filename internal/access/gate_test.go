package access_test

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/diemcau/diemcau/internal/access"
	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/secret"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type clock struct {
	nowMu sync.Mutex // guards now
	now   time.Time
}

func (c *clock) Now() time.Time {
	c.nowMu.Lock()
	defer c.nowMu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.nowMu.Lock()
	defer c.nowMu.Unlock()
	c.now = c.now.Add(d)
}

func newClock() *clock { return &clock{now: time.Date(2022, 10, 28, 8, 0, 0, 0, time.UTC)} }

func newKeys(fill byte) *secret.Keys {
	return secret.New([]byte(strings.Repeat(string(rune(fill)), 32)))
}

func newGate(t *testing.T, c *clock, store *memory, demo string) *access.Gate {
	t.Helper()
	return access.New(access.Config{Ephemeral: store, Keys: newKeys('k'), Now: c.Now, DemoRun: demo})
}

func venueGrant(c *clock) access.Grant {
	return access.Grant{
		ID: access.NewID(), Conference: "dat-dai-2022", Role: conference.RoleVenue, Venue: "ba-vi",
		Person: "Nguyễn Văn A", Expires: c.Now().Add(time.Hour),
	}
}

func wantCode(t *testing.T, err error, kind conference.Kind, code string) {
	t.Helper()
	var refusal *conference.Error
	if !errors.As(err, &refusal) || refusal.Code != code || refusal.Kind != kind {
		t.Fatalf("got error %v, want %s (%s)", err, code, kind)
	}
}

func TestRedeem_opensASessionOnce(t *testing.T) {
	t.Parallel()
	c := newClock()
	gate := newGate(t, c, newMemory(c.Now), "")
	grant := venueGrant(c)
	token := gate.Sign(grant)
	cookie, session, err := gate.Redeem(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	want := &access.Session{
		Ref: session.Ref, Conference: "dat-dai-2022", Role: conference.RoleVenue, Venue: "ba-vi",
		Person: "Nguyễn Văn A", Grant: grant.ID, CreatedAt: c.Now(), ExpiresAt: c.Now().Add(access.SessionTTL),
	}
	if diff := cmp.Diff(want, session); diff != "" {
		t.Errorf("session (-want +got):\n%s", diff)
	}
	got, err := gate.Session(t.Context(), cookie)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("session of the cookie (-want +got):\n%s", diff)
	}
	_, _, err = gate.Redeem(t.Context(), token)
	wantCode(t, err, conference.KindUnauthorised, "link.used")
	if _, err := gate.Verify(t.Context(), token); err != nil {
		t.Errorf("a used link as a bearer token: got %v, want none: an encoder reconnects", err)
	}
	if list, err := gate.Sessions(t.Context(), "dat-dai-2022"); err != nil || len(list) != 1 {
		t.Errorf("got %d sessions and error %v, want 1: the second use must leave none", len(list), err)
	}
}

func TestRedeem_oneOfManyAtOnceWins(t *testing.T) {
	t.Parallel()
	c := newClock()
	store := newMemory(c.Now)
	token := newGate(t, c, store, "").Sign(venueGrant(c))
	results := make(chan error, 20)
	for range cap(results) {
		gate := newGate(t, c, store, "") // as many nodes
		go func() {
			_, _, err := gate.Redeem(context.WithoutCancel(t.Context()), token)
			results <- err
		}()
	}
	won := 0
	for range cap(results) {
		if err := <-results; err == nil {
			won++
		} else {
			wantCode(t, err, conference.KindUnauthorised, "link.used")
		}
	}
	if won != 1 {
		t.Errorf("got %d sessions out of one link, want 1", won)
	}
	list, err := newGate(t, c, store, "").Sessions(t.Context(), "dat-dai-2022")
	if err != nil || len(list) != 1 {
		t.Errorf("got %d listed sessions and error %v, want 1", len(list), err)
	}
}

func TestVerify_refusals(t *testing.T) {
	t.Parallel()
	c := newClock()
	gate := newGate(t, c, newMemory(c.Now), "run-1")
	sign := func(change func(*access.Grant)) string {
		grant := venueGrant(c)
		change(&grant)
		return gate.Sign(grant)
	}
	good := sign(func(*access.Grant) {})
	payload, signature, _ := strings.Cut(good, ".")
	foreign := access.NewSigner(newKeys('x')).Sign(venueGrant(c))
	raised := base64.RawURLEncoding.EncodeToString([]byte(`{"jti":"a","c":"c","r":"admin","e":"2099-01-01T00:00:00Z"}`))
	for _, test := range []struct{ name, token, code string }{
		{"empty", "", "link.invalid"},
		{"no dot", payload, "link.invalid"},
		{"other payload under the same signature", raised + "." + signature, "link.invalid"},
		{"foreign key", foreign, "link.invalid"},
		{"signature cut", good[:len(good)-2], "link.invalid"},
		{"too long", good + strings.Repeat("A", access.MaxTokenBytes), "link.invalid"},
		{"unknown role", sign(func(g *access.Grant) { g.Role = "king" }), "link.invalid"},
		{"citizens have no links", sign(func(g *access.Grant) { g.Role, g.Venue = conference.RoleCitizen, "" }), "link.invalid"},
		{"nobody is the system", sign(func(g *access.Grant) { g.Role, g.Venue = conference.RoleSystem, "" }), "link.invalid"},
		{"venue role without a venue", sign(func(g *access.Grant) { g.Venue = "" }), "link.invalid"},
		{"stage role with a venue", sign(func(g *access.Grant) { g.Role = conference.RoleStage }), "link.invalid"},
		{"stage of no conference", sign(func(g *access.Grant) { g.Role, g.Venue, g.Conference = conference.RoleStage, "", "" }), "link.invalid"},
		{"expired", sign(func(g *access.Grant) { g.Expires = c.Now() }), "link.expired"},
		{"demo of another run", sign(func(g *access.Grant) { g.Demo = "run-0" }), "link.expired"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := gate.Verify(t.Context(), test.token)
			wantCode(t, err, conference.KindUnauthorised, test.code)
			_, _, err = gate.Redeem(t.Context(), test.token)
			wantCode(t, err, conference.KindUnauthorised, test.code)
		})
	}
}

func TestRedeem_demoLinksAgainAndAgain(t *testing.T) {
	t.Parallel()
	c := newClock()
	store := newMemory(c.Now)
	gate := newGate(t, c, store, "run-1")
	grant := venueGrant(c)
	grant.Demo = "run-1"
	token := gate.Sign(grant)
	var cookies []string
	for range 3 {
		cookie, session, err := gate.Redeem(t.Context(), token)
		if err != nil {
			t.Fatal(err)
		}
		if !session.Demo {
			t.Error("got a session not marked as demo")
		}
		cookies = append(cookies, cookie)
	}
	restarted := newGate(t, c, store, "run-2")
	if _, _, err := restarted.Redeem(t.Context(), token); err == nil {
		t.Error("a demo link outlived the server that made it")
	}
	for _, cookie := range cookies {
		if _, err := restarted.Session(t.Context(), cookie); err != nil {
			t.Errorf("a session after a restart: got %v, want none", err)
		}
	}
}

func TestSession_unknownAndExpired(t *testing.T) {
	t.Parallel()
	c := newClock()
	gate := newGate(t, c, newMemory(func() time.Time { return time.Time{} }), "") // a store that forgets nothing
	cookie, session, err := gate.Redeem(t.Context(), gate.Sign(venueGrant(c)))
	if err != nil {
		t.Fatal(err)
	}
	for _, value := range []string{"", "x", strings.Repeat("A", 43), cookie + "A", session.Ref} {
		_, err := gate.Session(t.Context(), value)
		wantCode(t, err, conference.KindUnauthorised, "session.unknown")
	}
	c.advance(access.SessionTTL)
	_, err = gate.Session(t.Context(), cookie)
	wantCode(t, err, conference.KindUnauthorised, "session.unknown")
	if list, err := gate.Sessions(t.Context(), session.Conference); err != nil || len(list) != 0 {
		t.Errorf("got %d sessions and error %v after they expired, want none", len(list), err)
	}
	wantCode(t, gate.Revoke(t.Context(), session.Ref), conference.KindNotFound, "session.unknown")
}

func TestRevoke_endsSessionAndLinkOnAllNodes(t *testing.T) {
	t.Parallel()
	c := newClock()
	store := newMemory(c.Now)
	here, there := newGate(t, c, store, ""), newGate(t, c, store, "")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	refs, err := there.Revoked(ctx)
	if err != nil {
		t.Fatal(err)
	}
	revocations, err := there.Revocations(ctx)
	if err != nil {
		t.Fatal(err)
	}
	token := here.Sign(venueGrant(c))
	cookie, session, err := here.Redeem(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	if err := here.Revoke(t.Context(), session.Ref); err != nil {
		t.Fatal(err)
	}
	if got := <-refs; got != session.Ref {
		t.Errorf("got revoked %q, want %q", got, session.Ref)
	}
	if got, want := <-revocations, (access.Revocation{Ref: session.Ref, Grant: session.Grant}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	_, err = there.Session(t.Context(), cookie)
	wantCode(t, err, conference.KindUnauthorised, "session.unknown")
	_, err = there.Verify(t.Context(), token)
	wantCode(t, err, conference.KindUnauthorised, "link.revoked")
	wantCode(t, here.Revoke(t.Context(), session.Ref), conference.KindNotFound, "session.unknown")
	cancel()
	for range refs {
	}
	for range revocations {
	}
}

func TestSignOut_leavesTheLink(t *testing.T) {
	t.Parallel()
	c := newClock()
	gate := newGate(t, c, newMemory(c.Now), "")
	token := gate.Sign(venueGrant(c))
	cookie, _, err := gate.Redeem(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // a second time is no error
		if err := gate.SignOut(t.Context(), cookie); err != nil {
			t.Fatal(err)
		}
	}
	_, err = gate.Session(t.Context(), cookie)
	wantCode(t, err, conference.KindUnauthorised, "session.unknown")
	if _, err := gate.Verify(t.Context(), token); err != nil {
		t.Errorf("the link as a bearer token: got %v, want none", err)
	}
}

func TestSessions_newestFirstOfTheConferenceOnly(t *testing.T) {
	t.Parallel()
	c := newClock()
	gate := newGate(t, c, newMemory(c.Now), "")
	var want []string
	for range 40 {
		c.advance(time.Second)
		_, session, err := gate.Redeem(t.Context(), gate.Sign(venueGrant(c)))
		if err != nil {
			t.Fatal(err)
		}
		want = append([]string{session.Ref}, want...)
	}
	other := venueGrant(c)
	other.Conference = "another"
	if _, _, err := gate.Redeem(t.Context(), gate.Sign(other)); err != nil {
		t.Fatal(err)
	}
	list, err := gate.Sessions(t.Context(), "dat-dai-2022")
	if err != nil {
		t.Fatal(err)
	}
	got := make([]string, 0, len(list))
	for _, s := range list {
		got = append(got, s.Ref)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("sessions (-want +got):\n%s", diff)
	}
}

func TestRedeem_storesNoCookieAndNoToken(t *testing.T) {
	t.Parallel()
	c := newClock()
	store := newMemory(c.Now)
	gate := newGate(t, c, store, "")
	token := gate.Sign(venueGrant(c))
	cookie, _, err := gate.Redeem(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	dump := store.dump()
	if strings.Contains(dump, cookie) || strings.Contains(dump, token) {
		t.Errorf("the store holds the cookie or the token: %s", dump)
	}
}
