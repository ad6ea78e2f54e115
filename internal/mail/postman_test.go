package mail_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/diemcau/diemcau/internal/eventlog"
	"github.com/diemcau/diemcau/internal/eventlog/eventlogtest"
	"github.com/diemcau/diemcau/internal/eventlog/redislog"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/internal/mail"
	"github.com/diemcau/diemcau/internal/mail/mailtest"
	"github.com/diemcau/diemcau/internal/outbox"
	"github.com/diemcau/diemcau/internal/registration"
)

// TestRefused: what is refused for now is tried again until it is taken, and goes once; what is
// refused for good is not, until somebody asks. What the servers say is in no log line.
func TestRefused(t *testing.T) {
	t.Parallel()
	var busy atomic.Int64
	var gone atomic.Bool
	gone.Store(true)
	box := mailtest.Start(t, mailtest.Config{Rcpt: func(to string) error {
		switch {
		case to == "full@example.vn" && busy.Add(1) <= 3:
			return mailtest.Refuse(452, smtp.EnhancedCode{4, 2, 2}, to)
		case to == "gone@example.vn" && gone.Load():
			return mailtest.Refuse(550, smtp.EnhancedCode{5, 1, 1}, to)
		}
		return nil
	}})
	h := newHouse(t, newStore(t))
	post := h.postman(server(t, box.Address, nil), nil)
	background(t, post.Run)
	lost := h.register("gone@example.vn", nil)
	h.until("the one refused for good", func() bool { return len(h.c.Letters().Failed) == 1 })
	h.register("full@example.vn", nil)
	h.sent(1)
	if got := h.c.Letters(); got.Failed[outbox.Fault{Stage: outbox.StageRecipient, Code: 550, Status: "5.1.1"}] != 1 || got.Due != 0 {
		t.Errorf("counts: %+v", got)
	}
	if got := box.Tries(); got != 5 {
		t.Errorf("%d tries, want 1 of the one refused for good and 4 of the other", got)
	}
	if stats := post.Stats(); stats.Sent != 1 || stats.Refused[outbox.StageRecipient] != 4 {
		t.Errorf("stats: %+v", stats)
	}
	gone.Store(false)
	h.must(admin, outbox.Resend{Registration: lost.ID})
	h.sent(2)
	if letters := box.Letters(); len(letters) != 2 || letters[1].To[0] != "gone@example.vn" || len(h.c.Letters().Failed) != 0 {
		t.Errorf("%d letters, %+v", len(letters), h.c.Letters())
	}
	if said := h.log.String(); strings.Contains(said, "@") || strings.Contains(said, "Hoa") || !strings.Contains(said, "5.1.1") {
		t.Errorf("the log: %s", said)
	}
}

// TestAllRefused: a server that refuses every letter for good does not use them up.
func TestAllRefused(t *testing.T) {
	t.Parallel()
	var relay atomic.Bool
	box := mailtest.Start(t, mailtest.Config{Data: func(l *mailtest.Letter) error {
		if !relay.Load() {
			return mailtest.Refuse(554, smtp.EnhancedCode{5, 7, 1}, l.To[0])
		}
		return nil
	}})
	h := newHouse(t, newStore(t))
	const people = 12
	for i := range people {
		h.register(fmt.Sprintf("p%d@example.vn", i), nil)
	}
	post := h.postman(server(t, box.Address, nil), func(c *mail.Config) { c.Haste = 10 })
	background(t, post.Run)
	h.until("five", func() bool {
		return h.c.Letters().Failed[outbox.Fault{Stage: outbox.StageContent, Code: 554, Status: "5.7.1"}] >= 5
	})
	for {
		trouble, err := post.Trouble(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if trouble != nil && trouble.Code == 554 {
			break
		}
		runtime.Gosched()
	}
	relay.Store(true)
	h.until("the rest", func() bool { return h.c.Letters().Due == 0 })
	counts := h.c.Letters()
	failed := 0
	for _, n := range counts.Failed {
		failed += n
	}
	if failed < 5 || failed > 7 || failed+int(counts.Sent) != people {
		t.Errorf("%d failed, %d sent: a server that refuses all used them up", failed, counts.Sent)
	}
	h.must(admin, outbox.Resend{})
	h.sent(people)
	if got := len(box.Letters()); got != people {
		t.Errorf("%d letters for %d people", got, people)
	}
}

// TestServerAway: while the server is away, or does not let us in, no letter fails; when it is
// back they go, each once. Administrators are told meanwhile.
func TestServerAway(t *testing.T) {
	t.Parallel()
	h := newHouse(t, newStore(t))
	address := freeAddress(t)
	wrong := mailtest.Password + "?"
	post := h.postman(server(t, address, nil), nil)
	stop := background(t, post.Run)
	for i := range 3 {
		h.register(fmt.Sprintf("p%d@example.vn", i), nil)
	}
	wantTrouble(t, post, outbox.StageConnect)
	stop()
	own := authority(t)
	box := mailtest.Start(t, mailtest.Config{Address: address, Login: true, TLS: own.config})
	post = h.postman(server(t, address, func(c *mail.ServerConfig) {
		c.Encryption, c.Roots, c.User, c.Password = mail.STARTTLS, own.roots, mailtest.User, wrong
	}), nil)
	stop = background(t, post.Run)
	wantTrouble(t, post, outbox.StageLogin)
	stop()
	post = h.postman(server(t, address, func(c *mail.ServerConfig) {
		c.Encryption, c.Roots, c.User, c.Password = mail.STARTTLS, own.roots, mailtest.User, mailtest.Password
	}), nil)
	background(t, post.Run)
	h.sent(3)
	if got := h.c.Letters(); got.Sent != 3 || len(got.Failed) != 0 || len(box.Letters()) != 3 {
		t.Errorf("%+v, %d letters", got, len(box.Letters()))
	}
	if trouble, err := post.Trouble(t.Context()); err != nil || trouble != nil {
		t.Errorf("trouble that is over: %+v %v", trouble, err)
	}
	if said := h.log.String(); strings.Contains(said, "@") || strings.Contains(said, mailtest.Password) {
		t.Errorf("the log: %s", said)
	}
}

// TestEncryption: nothing is sent in the clear, or to somebody else's server, where it should not be.
func TestEncryption(t *testing.T) {
	t.Parallel()
	own, other := authority(t), authority(t)
	for _, test := range []struct {
		name  string
		box   mailtest.Config
		how   mail.Encryption
		roots *x509.CertPool
		want  outbox.Stage // "": it arrives
	}{
		{"starttls", mailtest.Config{TLS: own.config}, mail.STARTTLS, own.roots, ""},
		{"implicit", mailtest.Config{TLS: own.config, Implicit: true}, mail.Implicit, own.roots, ""},
		{"no starttls", mailtest.Config{}, mail.STARTTLS, own.roots, outbox.StageTLS},
		{"starttls of another", mailtest.Config{TLS: other.config}, mail.STARTTLS, own.roots, outbox.StageTLS},
		{"implicit of another", mailtest.Config{TLS: other.config, Implicit: true}, mail.Implicit, own.roots, outbox.StageTLS},
		{"plain, where tls is spoken", mailtest.Config{}, mail.Implicit, own.roots, outbox.StageTLS},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h, box := newHouse(t, newStore(t)), mailtest.Start(t, test.box)
			post := h.postman(server(t, box.Address, func(c *mail.ServerConfig) { c.Encryption, c.Roots = test.how, test.roots }), nil)
			background(t, post.Run)
			h.register("hoa@example.vn", nil)
			if test.want == "" {
				box.Wait(1)
				return
			}
			wantTrouble(t, post, test.want)
			if box.Tries() != 0 {
				t.Error("the server was told whom it is for")
			}
		})
	}
}

// TestAddresses: addresses of unusual shapes, and of domains in letters of their own.
func TestAddresses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, given, told string
		unicode           bool
	}{
		{"plus and quote", "o'brien+ve@Sub.Example.VN", "o'brien+ve@sub.example.vn", false},
		{"signs", "!#$%&*-/=?^_{|}~x@example.vn", "!#$%&*-/=?^_{|}~x@example.vn", false},
		{"domain", "hoa@hội-nghị.vn", "hoa@xn--hi-ngh-gl8b5d.vn", false},
		{"name", "đặng@example.vn", "đặng@example.vn", true},
		{"name, and the server cannot", "đặng@example.vn", "", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h, box := newHouse(t, newStore(t)), mailtest.Start(t, mailtest.Config{Unicode: test.unicode})
			background(t, h.postman(server(t, box.Address, nil), nil).Run)
			h.register(test.given, nil)
			if test.told == "" {
				h.until("it fails", func() bool {
					return h.c.Letters().Failed[outbox.Fault{Stage: outbox.StageAddress, Code: 553, Status: "5.6.7"}] == 1
				})
				return
			}
			letter := box.Wait(1)[0]
			header, _ := letter.Open(t)
			if to, err := header.AddressList("To"); err != nil || len(to) != 1 || to[0].Address != letter.To[0] {
				t.Errorf("header %v, %v", to, err)
			}
			if letter.To[0] != test.told {
				t.Errorf("told %q, want %q", letter.To[0], test.told)
			}
		})
	}
}

// TestR5_ErasedIsNotWritten: an erasure ends what is due, and a letter on its way is the last.
func TestR5_ErasedIsNotWritten(t *testing.T) {
	t.Parallel()
	h, box := newHouse(t, newStore(t)), mailtest.Start(t, mailtest.Config{})
	gone := h.register("gone@example.vn", nil)
	h.must(admin, registration.Erase{ID: gone.ID})
	h.register("hoa@example.vn", nil)
	background(t, h.postman(server(t, box.Address, nil), nil).Run)
	h.sent(1)
	if letters := box.Letters(); len(letters) != 1 || letters[0].To[0] != "hoa@example.vn" || h.c.Letters().Due != 0 {
		t.Errorf("%d letters, %+v", len(letters), h.c.Letters())
	}
}

// TestOneBox: an address is not filled by whoever registers it again and again; the letters wait.
func TestOneBox(t *testing.T) {
	t.Parallel()
	h, box := newHouse(t, newStore(t)), mailtest.Start(t, mailtest.Config{})
	for i := range 53 {
		h.register([]string{"victim@example.vn", "Victim@Example.vn"}[i%2], waits)
	}
	h.register("hoa@example.vn", nil)
	background(t, h.postman(server(t, box.Address, nil), nil).Run)
	h.sent(51)
	if got := h.c.Letters(); got.Due != 3 || got.Sent != 51 || len(box.Letters()) != 51 {
		t.Errorf("%+v, %d letters", got, len(box.Letters()))
	}
}

// TestPace: no more letters go a minute than were allowed, however many wait.
func TestPace(t *testing.T) {
	t.Parallel()
	h, box := newHouse(t, newStore(t)), mailtest.Start(t, mailtest.Config{})
	const letters, perMinute = 11, 600
	for i := range letters {
		h.register(fmt.Sprintf("p%d@example.vn", i), waits)
	}
	begun := time.Now()
	background(t, h.postman(server(t, box.Address, nil), func(c *mail.Config) { c.PerMinute = perMinute }).Run)
	h.sent(letters)
	if took, least := time.Since(begun), (letters-1)*time.Minute/perMinute; took < least {
		t.Errorf("%d letters in %v, want at least %v", letters, took, least)
	}
}

// TestTwoNodes: of two nodes one sends; when it stops the other goes on; every letter goes once.
func TestTwoNodes(t *testing.T) {
	t.Parallel()
	redis := eventlogtest.StartRedis(t)
	open := func() eventlog.Store {
		store, err := redislog.Open(t.Context(), redis.URL, slog.New(slog.DiscardHandler))
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
	a, b, box := newHouse(t, open()), newHouse(t, open()), mailtest.Start(t, mailtest.Config{})
	together := func(c *mail.Config) { c.Alone = false }
	posts := []*mail.Postman{a.postman(server(t, box.Address, nil), together), b.postman(server(t, box.Address, nil), together)}
	const people = 40
	register := func(from, to int) {
		for i := from; i < to; i++ {
			a.register(fmt.Sprintf("p%d@example.vn", i), waits)
		}
	}
	register(0, people/2)
	stops := []func(){background(t, posts[0].Run), background(t, posts[1].Run)}
	a.sent(people / 2)
	sender := 0
	if posts[1].Stats().Sent > 0 {
		sender = 1
	}
	if n := posts[1-sender].Stats().Sent; n != 0 {
		t.Errorf("the other node sent %d at the same time", n)
	}
	register(people/2, people)
	posts[sender].Drain(t.Context())
	stops[sender]()
	a.sent(people)
	seen := map[string]int{}
	for _, letter := range box.Letters() {
		seen[letter.To[0]]++
	}
	for to, n := range seen {
		if n != 1 {
			t.Errorf("%d letters to %s", n, to)
		}
	}
	if len(seen) != people {
		t.Errorf("letters to %d people, want %d", len(seen), people)
	}
}

// waits has somebody wait in line, who gets no page to print: that takes a second under -race.
func waits(r *live.RegisterPerson) { r.Venue = "ba-vi" }

func wantTrouble(t *testing.T, post *mail.Postman, stage outbox.Stage) {
	t.Helper()
	for hangs := time.Now().Add(hangsAfter); ; {
		trouble, err := post.Trouble(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if trouble != nil && trouble.Stage == stage && !trouble.Next.IsZero() && !trouble.Since.IsZero() {
			return
		}
		if time.Now().After(hangs) {
			t.Fatalf("trouble: %+v, want %s", trouble, stage)
		}
		runtime.Gosched()
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // only asks for a free port
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// signed is a certificate for 127.0.0.1 that only its own roots know.
type signed struct {
	config *tls.Config
	roots  *x509.CertPool
}

func authority(t *testing.T) signed {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mail.test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return signed{&tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{{Certificate: [][]byte{raw}, PrivateKey: key}}}, roots}
}
