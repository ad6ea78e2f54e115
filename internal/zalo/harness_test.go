package zalo_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/zalo"
)

const (
	appID  = "4123"
	secret = "oa-secret-canary"
	person = "7655909298596854389"
	words  = "Bao giờ tôi có sổ đỏ canary?"
)

// desk is a Submitter: it keeps questions by key, as the log does.
type desk struct {
	mu    sync.Mutex // guards all below
	err   error
	got   []zalo.Submission
	code  map[string]string
	block bool          // Submit lasts until ctx ends
	hold  chan struct{} // when set, Submit waits for it
}

func (d *desk) Submit(ctx context.Context, s zalo.Submission) (string, error) {
	if d.hold != nil {
		<-d.hold
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.block {
		<-ctx.Done()
		return "", ctx.Err()
	}
	if d.err != nil {
		return "", d.err
	}
	d.got = append(d.got, s)
	if d.code == nil {
		d.code = map[string]string{}
	}
	if d.code[s.Key] == "" {
		d.code[s.Key] = fmt.Sprintf("AAAAA-%05d-A", len(d.code))
	}
	return d.code[s.Key], nil
}

func (d *desk) refuse(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.err = err
}

func (d *desk) questions() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.code)
}

// post is a Sender: it keeps what was told to whom.
type post struct {
	mu    sync.Mutex // guards all below
	told  map[string][]string
	fails []error       // errors of the next sends
	gate  chan struct{} // when set, a send waits for it
}

func (p *post) Send(ctx context.Context, to, text string) error {
	if p.gate != nil {
		select {
		case <-p.gate:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.fails) > 0 {
		err := p.fails[0]
		p.fails = p.fails[1:]
		return err
	}
	if p.told == nil {
		p.told = map[string][]string{}
	}
	p.told[to] = append(p.told[to], text)
	return nil
}

func (p *post) all() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var texts []string
	for _, some := range p.told {
		texts = append(texts, some...)
	}
	return texts
}

type bench struct {
	t       *testing.T
	handler *zalo.Handler
	desk    *desk
	post    *post
	log     *bytes.Buffer
	now     time.Time
}

func newBench(t *testing.T, change func(*zalo.Config)) *bench {
	t.Helper()
	b := &bench{t: t, desk: &desk{}, post: &post{}, log: &bytes.Buffer{}, now: time.Date(2026, time.November, 25, 1, 0, 0, 0, time.UTC)}
	cfg := zalo.Config{
		AppID: appID, OASecret: secret, Secret: []byte("the installation's secret"),
		Submitter: b.desk, Sender: b.post, PublicURL: "https://doithoai.example.vn/",
		Now: func() time.Time { return b.now },
		Log: slog.New(slog.NewJSONHandler(b.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if change != nil {
		change(&cfg)
	}
	handler, err := zalo.NewHandler(cfg)
	if err != nil {
		t.Fatal(err)
	}
	b.handler = handler
	return b
}

// event is the body of a text message.
func (b *bench) event(id, text string) string {
	return fmt.Sprintf(`{"app_id":%q,"event_name":"user_send_text","sender":{"id":%q},"recipient":{"id":"1"},"message":{"msg_id":%q,"text":%q},"timestamp":"%d"}`,
		appID, person, id, text, b.now.UnixMilli())
}

// sign is a request with the signature Zalo would send.
func (b *bench) sign(body string) *http.Request {
	stamp := strconv.FormatInt(b.now.UnixMilli(), 10)
	return request(b.t, body, "mac="+zalo.Sign(appID, []byte(body), stamp, secret), stamp)
}

func request(tb testing.TB, body, signature, stamp string) *http.Request {
	tb.Helper()
	r := httptest.NewRequestWithContext(tb.Context(), http.MethodPost, "/zalo", strings.NewReader(body))
	r.Header.Set(zalo.HeaderSignature, signature)
	r.Header.Set(zalo.HeaderTimestamp, stamp)
	return r
}

// give returns status and code of the answer.
func (b *bench) give(r *http.Request) string {
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	code := strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(w.Body.String()), `{"code":"`), `"}`)
	if w.Code == http.StatusServiceUnavailable && w.Header().Get("Retry-After") == "" {
		b.t.Error("503 without Retry-After")
	}
	return fmt.Sprint(w.Code, " ", code)
}

func (b *bench) wants(r *http.Request, want string) {
	b.t.Helper()
	if got := b.give(r); got != want {
		b.t.Errorf("got %s, want %s", got, want)
	}
}

// run sends the answers until stop is called, which returns when Run has.
func (b *bench) run() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- b.handler.Run(ctx) }() // stop ends it
	return func() {
		cancel()
		if err := <-ended; err != nil {
			b.t.Errorf("run: %v", err)
		}
	}
}

func unavailable() error {
	return conference.Refuse(conference.KindUnavailable, "log.unavailable", "")
}

var errBroken = errors.New("broken: " + person)
