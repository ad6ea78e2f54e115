package live_test

import (
	"crypto/rand"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/internal/outbox"
	"github.com/diemcau/diemcau/internal/registration"
)

// writingNode runs a node that has people written to.
func writingNode(t *testing.T, store eventlog.Store) (c *live.Conference, stop func()) {
	t.Helper()
	node := live.New(live.Config{Store: store, Secret: masterKey(7), Logger: slog.New(slog.DiscardHandler), Now: time.Now, Letters: true})
	stop = runNode(t, node)
	return conferenceOn(t, node), stop
}

// TestLetters: the first who registers is written to already; what is due is the same after a
// restart and is settled once, whoever notes it; an erasure ends it.
func TestLetters(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	c, stop := writingNode(t, store)
	must(t, c, admin, openSeats(1))
	first, second := register(t, c, 1), register(t, c, 2)
	if due := c.Due(); len(due) != 2 {
		t.Fatalf("due: %+v", due)
	}
	stop()
	c, _ = writingNode(t, store)
	to, err := c.Addressee(first.ID)
	letter := to.Letter
	if err != nil || letter.Due == nil || letter.Due.Reason != outbox.ReasonMade || to.Registration.Person.Email != "hoa@example.vn" {
		t.Fatalf("after a restart: %+v %v", to, err)
	}
	before := c.Snapshot().Position
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { // ends with its answer
			if err := c.LetterSent(t.Context(), first.ID, letter.Due.About); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := c.Letters(); got.Sent != 1 || got.Due != 1 || c.Snapshot().Position != before+1 {
		t.Errorf("noted by many: %+v, %d events", got, c.Snapshot().Position-before)
	}
	must(t, c, admin, registration.Erase{ID: second.ID})
	if got := c.Letters(); got.Due != 0 {
		t.Errorf("after the erasure: %+v", got)
	}
	refused(t, c, "registration.already_erased", admin, outbox.Resend{Registration: second.ID})
}

// TestLetters_offAndTests: without letters nothing is ever due; those of a test are gone when
// it ends, and the ones after it are not.
func TestLetters_offAndTests(t *testing.T) {
	t.Parallel()
	silent := startConference(t, newStore(t))
	must(t, silent, admin, openSeats(1))
	register(t, silent, 1)
	if due := silent.Due(); len(due) != 0 {
		t.Errorf("nobody writes, and due is %+v", due)
	}

	node := live.New(live.Config{Store: newStore(t), Secret: masterKey(7), Logger: slog.New(slog.DiscardHandler), Now: time.Now, Letters: true})
	runNode(t, node)
	test := info()
	test.Test = true
	if err := node.Create(t.Context(), admin, test); err != nil {
		t.Fatal(err)
	}
	c, err := node.Conference(theID)
	if err != nil {
		t.Fatal(err)
	}
	must(t, c, admin, openSeats(5))
	tried := register(t, c, 1)
	if err := c.LetterFailed(t.Context(), tried.ID, c.Due()[0].About, outbox.Fault{Stage: outbox.StageLate}); err != nil {
		t.Fatal(err)
	}
	register(t, c, 2)
	must(t, c, admin, conference.GoLive{})
	if got := c.Letters(); got.Due != 0 || len(got.Failed) != 0 {
		t.Errorf("after the test: %+v", got)
	}
	if err := c.LetterSent(t.Context(), tried.ID, 1<<40); err != nil {
		t.Errorf("one that was on its way: %v", err)
	}
	must(t, c, citizen, person(rand.Text(), "0912000003"))
	if got := c.Letters(); got.Due != 1 {
		t.Errorf("after the test somebody registered: %+v", got)
	}
}

func TestEmail(t *testing.T) {
	t.Parallel()
	c := startConference(t, newStore(t))
	must(t, c, admin, openSeats(50))
	for i, test := range []struct{ typed, want string }{
		{"o'brien+ve@Sub.Example.VN", "o'brien+ve@sub.example.vn"},
		{"!#$%&*-/=?^_{|}~x@example.vn", "!#$%&*-/=?^_{|}~x@example.vn"},
		{"hoa@thư-điện-tử.vn", "hoa@thư-điện-tử.vn"},
		{"đặng@example.vn", "đặng@example.vn"},
		{" hoa@example.vn ", "hoa@example.vn"},
		{"hoa@example.vn\r\nBcc: all@example.vn", ""},
		{"hoa..hoa@example.vn", ""},
		{".hoa@example.vn", ""},
		{"hoa@[127.0.0.1]", ""},
		{`"hoa"@example.vn`, ""},
		{"Hoa <hoa@example.vn>", ""},
		{"hoa@example", ""},
		{"hoa@a@example.vn", ""},
	} {
		body := person(rand.Text(), "")
		body.Person.Phone, body.Person.Email = "09130000"+string(rune('1'+i/10))+string(rune('0'+i%10)), test.typed
		if test.want == "" {
			refused(t, c, "registration.bad_email", citizen, body)
			continue
		}
		made := must(t, c, citizen, body).Registered
		if standing, err := c.TicketOf(made.ID); err != nil || standing.Registration.Person.Email != test.want {
			t.Errorf("%q became %q, %v", test.typed, standing.Registration.Person.Email, err)
		}
	}
}
