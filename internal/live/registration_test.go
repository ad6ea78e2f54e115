package live_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/internal/registration"
	"github.com/diemcau/diemcau/moderation"
)

var registrar = conference.Actor{Role: conference.RoleRegistrar, Session: "desk-1", Person: "Mai"}

// openSeats opens the registration for one venue with so many seats.
func openSeats(n int) registration.Set {
	return registration.Set{
		Registration: &conference.Registration{
			OpensAt: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), ClosesAt: time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC),
			DoorsAt: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC), Privacy: conference.Notice{Version: "v1", Text: "Thông tin…"},
		},
		Seats: []conference.SeatCount{{Venue: "ba-dinh", Seats: n}},
	}
}

func person(key, phone string) live.RegisterPerson {
	return live.RegisterPerson{
		IdempotencyKey: key, Venue: "ba-dinh", Topic: "so-do",
		Person:   registration.Person{Name: "Nguyễn Thị Hoa", Phone: phone, Commune: "Phường Ba Đình", Email: "hoa@Example.VN"},
		Consents: []registration.Consent{{Purpose: registration.PurposePrivacy, Version: "v1"}},
	}
}

// register registers somebody with a number of their own.
func register(tb testing.TB, c *live.Conference, n int) *live.Registered {
	tb.Helper()
	return must(tb, c, citizen, person(rand.Text(), fmt.Sprintf("09120%05d", n))).Registered
}

// TestRegistrationLife: a seat, the line, an offer that is accepted, another that lapses,
// and the door; after a restart everything is as it was.
func TestRegistrationLife(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	node, stop := startNode(t, store)
	c := conferenceOn(t, node)
	refused(t, c, "registration.closed", citizen, person(rand.Text(), "0912000001"))
	must(t, c, admin, openSeats(2))
	refused(t, c, "registration.bad_phone", citizen, person(rand.Text(), "gọi tôi"))
	var made []*live.Registered
	for n := range 4 {
		made = append(made, register(t, c, n))
	}
	for i, want := range []live.Registered{
		{State: "confirmed"}, {State: "confirmed"}, {State: "waiting", Place: 1}, {State: "waiting", Place: 2},
	} {
		if made[i].State != want.State || made[i].Place != want.Place {
			t.Errorf("registration %d: got %+v, want %+v", i, made[i], want)
		}
	}
	refused(t, c, "registration.phone_taken", citizen, person(rand.Text(), "+84 91 200 0001"))
	must(t, c, citizen, registration.Cancel{ID: made[0].ID})
	if s, err := c.Ticket(strings.ToLower(made[2].Ticket)); err != nil || s.Registration.State != registration.StateOffered {
		t.Errorf("the first of the line: %+v %v", s.Registration, err)
	}
	if s, err := c.Ticket(made[3].Ticket); err != nil || s.Place != 1 {
		t.Errorf("the second of the line stands at %d, %v", s.Place, err)
	}
	must(t, c, citizen, registration.Accept{ID: made[2].ID})
	again := must(t, c, citizen, registration.Accept{ID: made[2].ID}).Registered
	if again == nil || again.State != registration.StateConfirmed || again.Ticket != made[2].Ticket {
		t.Errorf("accepted twice: %+v", again)
	}
	must(t, c, registrar, registration.CheckIn{ID: made[1].ID, Venue: "ba-dinh"})
	refused(t, c, "registration.already_checked_in", registrar, registration.CheckIn{ID: made[1].ID, Venue: "ba-dinh"})
	before, counts := c.Tickets(), c.Seats()
	stop()
	node, _ = startNode(t, store)
	c = conferenceOn(t, node)
	if diff := cmp.Diff(counts, c.Seats()); diff != "" {
		t.Errorf("seats after a restart (-before +after):\n%s", diff)
	}
	for i, after := range c.Tickets() {
		if after.Ticket != before[i].Ticket || after.Registration.State != before[i].Registration.State ||
			after.Registration.Person != before[i].Registration.Person {
			t.Errorf("registration %d after a restart: %+v, before %+v", i, after, before[i])
		}
	}
	if phone := c.Tickets()[1].Registration.Person.Phone; phone != "+84912000001" {
		t.Errorf("phone %s", phone)
	}
}

// TestR1_SameKeySameAnswer: a registration repeated on another node, and after a restart, has
// its first answer; other words under its key are refused; the question brought along is
// there once.
func TestR1_SameKeySameAnswer(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, a, b *live.Conference) {
		t.Helper()
		must(t, a, admin, openSeats(1))
		full := person(rand.Text(), "0912345678")
		must(t, a, citizen, full)
		brings := person(rand.Text(), "0912345679")
		brings.Question = "Bao giờ  cấp sổ?"
		var wg sync.WaitGroup
		outcomes := make([]live.Outcome, 8)
		for i := range outcomes {
			wg.Go(func() { outcomes[i] = must(t, []*live.Conference{a, b}[i%2], citizen, brings) }) // ends with its answer
		}
		wg.Wait()
		first := outcomes[0]
		if first.Code == "" || first.Registered.State != registration.StateWaiting || first.Registered.Place != 1 {
			t.Fatalf("got %+v, %+v", first, first.Registered)
		}
		for _, o := range outcomes {
			if *o.Registered != *first.Registered || o.Code != first.Code {
				t.Errorf("got %+v and %s, first %+v and %s", o.Registered, o.Code, first.Registered, first.Code)
			}
		}
		other := brings
		other.Person.Name = "Khác"
		refused(t, b, "idempotency_mismatch", citizen, other)
		for _, c := range []*live.Conference{a, b} {
			waitFor(t, c, "the end", func(s *live.Snapshot) bool { return len(s.Questions) == 1 })
			q := c.Snapshot().Questions[0]
			if q.Channel != moderation.ChannelRegistration || q.Body != "Bao giờ cấp sổ?" || q.MayName {
				t.Errorf("the question: %+v", q)
			}
			if s, err := c.Ticket(first.Registered.Ticket); err != nil || s.Tracking != first.Code {
				t.Errorf("the ticket: %+v %v", s, err)
			}
		}
	})
}

// TestRegistrationWithBadQuestion: a registration whose question is refused leaves nothing.
func TestRegistrationWithBadQuestion(t *testing.T) {
	t.Parallel()
	c := startConference(t, newStore(t))
	must(t, c, admin, openSeats(1))
	bad := person(rand.Text(), "0912345678")
	bad.Question = strings.Repeat("x", 601)
	refused(t, c, "question.too_long", citizen, bad)
	if got := c.Seats()["ba-dinh"]; got != (registration.Count{}) {
		t.Errorf("seats: %+v", got)
	}
}

// TestOfferLapsesByItself: the system ends an offer whose time is over and makes the next.
func TestOfferLapsesByItself(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	clock := struct {
		sync.Mutex

		ahead time.Duration
	}{}
	_, c := startConfigured(t, live.Config{Store: store, Now: func() time.Time {
		clock.Lock()
		defer clock.Unlock()
		return time.Now().Add(clock.ahead)
	}})
	must(t, c, admin, openSeats(1))
	var made []*live.Registered
	for n := range 3 {
		made = append(made, register(t, c, n))
	}
	must(t, c, citizen, registration.Cancel{ID: made[0].ID})
	clock.Lock()
	clock.ahead = 25 * time.Hour
	clock.Unlock()
	refused(t, c, "registration.offer_lapsed", citizen, registration.Accept{ID: made[1].ID})
	waitFor(t, c, "the next offer", func(*live.Snapshot) bool {
		s, err := c.TicketOf(made[2].ID)
		return err == nil && s.Registration.State == registration.StateOffered
	})
	if s, _ := c.TicketOf(made[1].ID); s.Registration.State != registration.StateLapsed {
		t.Errorf("the first offer: %s", s.Registration.State)
	}
	must(t, c, citizen, registration.Accept{ID: made[2].ID})
}

// TestR5_ErasedIsGone: of an erased person no sealed field is left in the store, the question
// loses its asker and stays, and a log restored from before is made to forget again.
func TestR5_ErasedIsGone(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	ledger := live.NewErasureFile(filepath.Join(t.TempDir(), "erased"))
	config := live.Config{Store: store, Erasures: ledger}
	_, c := startConfigured(t, config)
	must(t, c, admin, openSeats(1))
	brings := person(rand.Text(), "0912345679")
	brings.Question = "Bao giờ cấp sổ?"
	made := must(t, c, citizen, brings)
	name := "Nguyễn Thị Hòa"
	must(t, c, citizen, registration.Correct{ID: made.Registered.ID, Name: &name})
	log, err := store.Log(t.Context(), theID)
	if err != nil {
		t.Fatal(err)
	}
	before := sealedOf(t, log)
	must(t, c, citizen, registration.Erase{ID: made.Registered.ID})
	after := sealedOf(t, log)
	for field, n := range map[string]int{"name": 3, "phone": 1, "commune": 1, "email": 1, "body": 1} {
		want := 0
		if field == "body" {
			want = 1 // the question is everybody's
		}
		if before[field] != n || after[field] != want {
			t.Errorf("%s: %d sealed, then %d, want %d and %d", field, before[field], after[field], n, want)
		}
	}
	q := c.Snapshot().Questions[0]
	if q.Name != "" || q.Body == "" {
		t.Errorf("the question: %+v", q)
	}
	changes, _, err := c.Since(0)
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range changes {
		if change.Event.Private["phone"] != "" || change.Question != nil && change.Question.Name != "" {
			t.Errorf("%s is kept with %v", change.Event.Type, change.Event.Private)
		}
	}
	noted, err := ledger.Noted(theID)
	if err != nil || len(noted) != 1 || noted[0] != made.Registered.ID {
		t.Errorf("noted: %v %v", noted, err)
	}
}

// TestR5_RestoredForgetsAgain: a backup from before an erasure knows the person; the node
// that is started on it forgets them before anybody can ask.
func TestR5_RestoredForgetsAgain(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	ledger := live.NewErasureFile(filepath.Join(t.TempDir(), "erased"))
	node, stop := startNode(t, store)
	c := conferenceOn(t, node)
	must(t, c, admin, openSeats(1))
	made := register(t, c, 1)
	stop()
	if err := ledger.Note(theID, []conference.RegistrationID{made.ID}); err != nil { // as on the node that was lost
		t.Fatal(err)
	}
	_, c = startConfigured(t, live.Config{Store: store, Erasures: ledger})
	waitFor(t, c, "the erasure", func(*live.Snapshot) bool {
		s, err := c.TicketOf(made.ID)
		return err == nil && s.Registration.Erased
	})
	log, err := store.Log(t.Context(), theID)
	if err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(hangsAfter); sealedOf(t, log)["phone"] > 0; {
		if time.Now().After(end) {
			t.Fatal("the words stay in the store")
		}
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		_ = log.Wait(ctx, 1<<40)
		cancel()
	}
}

// sealedOf counts the sealed fields of a log.
func sealedOf(t *testing.T, log eventlog.Log) map[string]int {
	t.Helper()
	records, _, err := log.Read(t.Context(), 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	fields := map[string]int{}
	for _, r := range records {
		for field := range r.Sealed {
			fields[field]++
		}
		if bytes.Contains(r.Canonical, []byte("Hoa")) || bytes.Contains(r.Canonical, []byte("9123456")) {
			t.Errorf("in the clear: %s", r.Canonical)
		}
	}
	return fields
}

// TestR4_GuessedTickets: no guessed code is a ticket, not even one with right check characters.
func TestR4_GuessedTickets(t *testing.T) {
	t.Parallel()
	c := startConference(t, newStore(t))
	must(t, c, admin, openSeats(100))
	for n := range 100 {
		register(t, c, n)
	}
	const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	random := make([]byte, 15)
	for range sized(100_000, 1_000_000) {
		_, _ = rand.Read(random) // never fails
		for i := range random {
			random[i] = alphabet[random[i]&31]
		}
		if _, err := c.Ticket(string(random)); !errors.Is(err, &conference.Error{Code: "registration.unknown_code"}) {
			t.Fatalf("%s is taken: %v", random, err)
		}
	}
}

// TestR4_TicketCheck: every wrong character and every two wrong ones are noticed.
func TestR4_TicketCheck(t *testing.T) {
	t.Parallel()
	c := startConference(t, newStore(t))
	must(t, c, admin, openSeats(1))
	shown := register(t, c, 1).Ticket
	if len(shown) != 17 || shown[5] != '-' || shown[11] != '-' {
		t.Fatalf("ticket %q is not XXXXX-XXXXX-XXXXX", shown)
	}
	typed := strings.NewReplacer("0", "o", "1", "l", "-", " ").Replace(strings.ToLower(shown))
	if got, ok := live.NormaliseTicket(typed); !ok || got != shown {
		t.Errorf("typed as %q: %q %v", typed, got, ok)
	}
	figures := live.TicketFigures(shown)
	if got, ok := live.NormaliseTicket(" " + figures + "\r\n"); len(figures) != 30 || strings.Trim(figures, "0123456789") != "" || !ok || got != shown {
		t.Errorf("in figures, %q: %q %v", figures, got, ok)
	}
	for _, wrong := range []string{figures[:29], figures + "0", "32" + figures[2:], "4" + figures[1:], "0:" + figures[2:], figures[2:] + figures[:2]} {
		if got, ok := live.NormaliseTicket(wrong); ok && got != shown {
			t.Errorf("%q is taken for %s", wrong, got)
		}
	}
	const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	code := []byte(strings.ReplaceAll(shown, "-", ""))
	right := bytes.Clone(code)
	for i := range code {
		for _, a := range []byte(alphabet) {
			for j := range i {
				for _, b := range []byte(alphabet) {
					copy(code, right)
					code[i], code[j] = a, b
					if _, ok := live.NormaliseTicket(string(code)); ok != bytes.Equal(code, right) {
						t.Fatalf("%s is taken: %v, the ticket is %s", code, ok, right)
					}
				}
			}
		}
	}
}

func FuzzR4_NormaliseTicket(f *testing.F) {
	for _, seed := range []string{"00000-00000-00000", "000000000000000000000000000000", "313029282726252423222120191817", "abc", "Đ", "----", "ooooooooooooool"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		shown, ok := live.NormaliseTicket(typed)
		if again, stable := live.NormaliseTicket(shown); ok && (!stable || again != shown) {
			t.Errorf("%q became %q, then %q", typed, shown, again)
		}
	})
}

// TestR1_LastSeatOnTwoNodes: again and again two people reach for the one seat that is left,
// each on another node, at the same moment: one has it, the other is the first of the line.
func TestR1_LastSeatOnTwoNodes(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, a, b *live.Conference) {
		t.Helper()
		nodes := []*live.Conference{a, b}
		for round := range 20 {
			must(t, a, admin, openSeats(round+1))
			waitFor(t, b, "the seat", func(s *live.Snapshot) bool {
				v, _ := s.Info.Venue("ba-dinh")
				return v.Seats == round+1
			})
			made := make([]*live.Registered, len(nodes))
			var wg sync.WaitGroup
			for i, c := range nodes {
				wg.Go(func() { made[i] = register(t, c, 2*round+i) }) // ends with its answer
			}
			wg.Wait()
			if made[0].State == registration.StateWaiting {
				made[0], made[1] = made[1], made[0]
			}
			if made[0].State != registration.StateConfirmed || made[1].State != registration.StateWaiting || made[1].Place != 1 {
				t.Fatalf("round %d: got %+v and %+v", round, made[0], made[1])
			}
			must(t, a, citizen, registration.Cancel{ID: made[1].ID})
			waitFor(t, b, "the cancellation", func(*live.Snapshot) bool { return b.Seats()["ba-dinh"].Waiting == 0 })
		}
	})
}

// TestR1_OnePhoneOnTwoNodes: one number registers on two nodes at once, for two different
// slips: one is registered, the other told so.
func TestR1_OnePhoneOnTwoNodes(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, a, b *live.Conference) {
		t.Helper()
		must(t, a, admin, openSeats(100))
		waitFor(t, b, "the seats", func(s *live.Snapshot) bool { return s.Info.Registration != nil })
		for round := range 10 {
			errs := make([]error, 2)
			var wg sync.WaitGroup
			for i, c := range []*live.Conference{a, b} {
				wg.Go(func() { _, errs[i] = do(t, c, citizen, person(rand.Text(), fmt.Sprintf("091100%04d", round))) }) // ends with its answer
			}
			wg.Wait()
			if errs[0] == nil {
				errs[0], errs[1] = errs[1], errs[0]
			}
			if errs[1] != nil || !errors.Is(errs[0], &conference.Error{Code: "registration.phone_taken"}) {
				t.Errorf("round %d: got %v and %v", round, errs[0], errs[1])
			}
		}
	})
}
