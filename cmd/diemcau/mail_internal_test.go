package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/diemcau/diemcau/internal/demo"
	"github.com/diemcau/diemcau/internal/mail/mailtest"
)

// mailed are the flags of a server that writes to people by a mail server of the test.
func mailed(box *mailtest.Server, more ...string) []string {
	return append([]string{
		"--demo", "--tls-listen=off", "--mail-smtp=" + box.Address, "--mail-tls=off", "--mail-from=Ban tổ chức <doithoai@example.vn>",
	}, more...)
}

func (b *browser) registerOne(base string, n int) personReceipt {
	b.Helper()
	status, said := b.call("POST", base, "/api/v1/conferences/"+string(demo.ID)+"/registrations", fmt.Sprintf(
		`{"idempotencyKey":"0123456789abcdef-%d","name":%q,"phone":"09876501%02d","email":"chim-%d@example.vn","online":true,"consents":{"privacy":"2022-10"}}`,
		n, somebody.name, n, n))
	var made personReceipt
	if err := json.Unmarshal([]byte(said), &made); err != nil || status != http.StatusCreated {
		b.Fatalf("got %d %s", status, said)
	}
	return made
}

// TestR5_MailThroughKills: a server is killed with kill -9 while letters wait and while one is on
// its way. All who registered get theirs; none twice but the one that was on its way, under the
// same Message-ID; and no address, name or code is in a log line or a metric.
func TestR5_MailThroughKills(t *testing.T) {
	t.Parallel()
	const people, killAt = 8, 3
	var p atomic.Pointer[process]
	var killed atomic.Bool
	var onItsWay atomic.Value
	box := mailtest.Start(t, mailtest.Config{Data: func(l *mailtest.Letter) error {
		if strings.HasPrefix(l.To[0], fmt.Sprintf("chim-%d@", killAt)) && killed.CompareAndSwap(false, true) {
			onItsWay.Store(l.To[0])
			_ = p.Load().command.Process.Kill() // before it hears that it was taken
		}
		return nil
	}})
	data, metrics := t.TempDir(), freeAddress(t)
	flags := mailed(box, "--mail-per-minute=6000", "--metrics-listen="+metrics)
	p.Store(start(t, data, flags...))
	said := []*process{p.Load()}
	b := newBrowser(t)
	var codes []string
	for n := range people {
		if n == killAt+1 {
			<-p.Load().ended // killed by the box; whoever registered before is acknowledged
			p.Store(start(t, data, flags...))
			said = append(said, p.Load())
		}
		codes = append(codes, b.registerOne(p.Load().url, n).Code)
	}
	seen, ids := map[string]int{}, map[string]string{}
	for _, letter := range box.Wait(people + 1) {
		header, parts := letter.Open(t)
		to := letter.To[0]
		if seen[to]++; seen[to] > 1 && ids[to] != header.Get("Message-Id") {
			t.Errorf("to %s twice, under %s and %s", to, ids[to], header.Get("Message-Id"))
		}
		ids[to] = header.Get("Message-Id")
		if strings.Contains(string(parts[0].Body), somebody.name) {
			t.Errorf("to %s: the letter has what was typed", to)
		}
	}
	for n := range people {
		to, want := fmt.Sprintf("chim-%d@example.vn", n), 1
		if to == onItsWay.Load() {
			want = 2
		}
		if seen[to] != want {
			t.Errorf("%d letters to %s, want %d", seen[to], to, want)
		}
	}
	scraped := ""
	for hangs := time.Now().Add(2 * time.Minute); !strings.Contains(scraped, "diemcau_mail_due 0") && time.Now().Before(hangs); {
		_, scraped = b.call("GET", "http://"+metrics, "/metrics", "")
	}
	if !strings.Contains(scraped, "diemcau_mail_due 0") || !strings.Contains(scraped, fmt.Sprintf("diemcau_mail_sent_total %d", people-killAt)) {
		t.Errorf("the metrics: %s", scraped)
	}
	p.Load().stop()
	var told strings.Builder
	told.WriteString(scraped)
	for _, one := range said {
		told.WriteString(one.logs.String() + one.out.String())
	}
	for name, raw := range filesOf(t, data) {
		told.WriteString(name + string(raw))
	}
	all := told.String()
	for _, canary := range append(codes, "chim-", somebody.name, "98765010") {
		if strings.Contains(all, canary) {
			t.Errorf("a log line, a metric or a file tells %q", canary)
		}
	}
}
