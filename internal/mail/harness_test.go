package mail_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net"
	netmail "net/mail"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog"
	"github.com/diemcau/diemcau/internal/eventlog/sqlitelog"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/internal/mail"
	"github.com/diemcau/diemcau/internal/registration"
	"github.com/diemcau/diemcau/internal/secret"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	theID      conference.ID = "dat-dai"
	base                     = "https://doithoai.example.vn"
	hangsAfter               = 2 * time.Minute // much longer than anything takes
)

var (
	admin   = conference.Actor{Role: conference.RoleAdmin, Session: "admin-1", Person: "Quản trị"}
	citizen = conference.Actor{Role: conference.RoleCitizen}
)

func info() conference.Info {
	return conference.Info{
		ID: theID, Title: "Đối thoại về thủ tục đất đai", TitleEn: "Dialogue on land procedures", Public: true,
		StartsAt: time.Date(2099, 10, 28, 1, 0, 0, 0, time.UTC), Place: "Trung tâm Hội nghị",
		Venues: []conference.Venue{
			{ID: "thanh-pho", Name: "UBND Thành phố", Main: true},
			{ID: "ba-vi", Name: "Huyện Ba Vì", Address: "252 đường Quảng Oai", Seats: 1},
			{ID: "ha-dong", Name: "Quận Hà Đông", Seats: 100},
		},
		Topics: []conference.Topic{{ID: "so-do", Name: "Cấp sổ đỏ"}},
		Registration: &conference.Registration{
			OpensAt: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), ClosesAt: time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC),
			Privacy: conference.Notice{Version: "v1", Text: "Thông tin…"},
		},
	}
}

// words are what is written to a log.
type words struct {
	mu  sync.Mutex // guards all
	all bytes.Buffer
}

func (w *words) Write(line []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.all.Write(line)
}

func (w *words) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.all.String()
}

// house is a node with its conference.
type house struct {
	*testing.T

	store eventlog.Store
	node  *live.Node
	c     *live.Conference
	log   *words
	made  int
}

func newStore(t *testing.T) eventlog.Store {
	t.Helper()
	store, err := sqlitelog.Open(t.Context(), t.TempDir(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}

func newHouse(t *testing.T, store eventlog.Store) *house {
	t.Helper()
	h := &house{T: t, store: store, log: &words{}}
	h.node = live.New(live.Config{
		Store: store, Secret: secret.New(bytes.Repeat([]byte{7}, 32)), Logger: slog.New(slog.NewTextHandler(h.log, nil)), Now: time.Now, Letters: true,
	})
	background(t, h.node.Run)
	for h.node.Ready(t.Context()) != nil { // it has no signal
		runtime.Gosched()
	}
	if err := h.node.Create(t.Context(), admin, info()); err != nil {
		t.Fatal(err)
	}
	var err error
	if h.c, err = h.node.Conference(theID); err != nil {
		t.Fatal(err)
	}
	return h
}

// background runs something until stop, at the latest after the test.
func background(t *testing.T, run func(context.Context) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- run(ctx) }() // ended by stop
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if err := <-ended; err != nil {
				t.Errorf("run: %v", err)
			}
		})
	}
	t.Cleanup(stop)
	return stop
}

func (h *house) must(actor conference.Actor, body conference.Body) live.Outcome {
	h.Helper()
	outcome, err := h.c.Do(h.Context(), conference.Command{ID: rand.Text(), Actor: actor, Body: body})
	if err != nil {
		h.Fatalf("%s: %v", body.CommandType(), err)
	}
	return outcome
}

func (h *house) register(email string, change func(*live.RegisterPerson)) *live.Registered {
	h.Helper()
	h.made++
	body := live.RegisterPerson{
		IdempotencyKey: rand.Text(), Venue: "ha-dong",
		Person:   registration.Person{Name: "Nguyễn Thị Hoa", Phone: fmt.Sprintf("09120%05d", h.made), Email: email},
		Consents: []registration.Consent{{Purpose: registration.PurposePrivacy, Version: "v1"}},
	}
	if change != nil {
		change(&body)
	}
	return h.must(citizen, body).Registered
}

func (h *house) edit(change func(*conference.Info)) {
	h.Helper()
	next := *h.c.Snapshot().Info
	next.Venues = append([]conference.Venue(nil), next.Venues...)
	change(&next)
	h.must(admin, conference.Edit{Revision: next.Revision, Info: next})
}

// server is where a mail server is, and how it is used.
func server(t *testing.T, address string, change func(*mail.ServerConfig)) *mail.Server {
	t.Helper()
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	cfg := mail.ServerConfig{Host: host, Encryption: mail.Plain}
	if cfg.Port, err = strconv.Atoi(port); err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(&cfg)
	}
	return mail.NewServer(cfg)
}

// postman makes one that is in a hurry.
func (h *house) postman(server *mail.Server, change func(*mail.Config)) *mail.Postman {
	cfg := mail.Config{
		Conferences: h.node, Server: server, Store: h.store.Ephemeral(), Alone: true, Key: bytes.Repeat([]byte{1}, 16), Now: time.Now,
		Sender:    mail.Sender{From: netmail.Address{Name: "Ban tổ chức đối thoại", Address: "doithoai@example.vn"}},
		Logger:    slog.New(slog.NewTextHandler(h.log, nil)),
		Base:      func() string { return base },
		PerMinute: 1_000_000, Haste: 1000,
	}
	if change != nil {
		change(&cfg)
	}
	return mail.New(cfg)
}

// until waits until the conference's letters are as wanted.
func (h *house) until(what string, want func() bool) {
	h.Helper()
	hangs := time.NewTimer(hangsAfter)
	defer hangs.Stop()
	for !want() {
		position := h.c.Snapshot().Position
		_, more, err := h.c.Since(position)
		if err != nil || want() {
			continue
		}
		select {
		case <-more:
		case <-hangs.C:
			h.Fatalf("%s: waited in vain; %+v\n%s", what, h.c.Letters(), h.log)
		}
	}
}

// sent waits until so many letters are noted as sent.
func (h *house) sent(n uint64) {
	h.Helper()
	h.until(fmt.Sprintf("%d sent", n), func() bool { return h.c.Letters().Sent >= n })
}
