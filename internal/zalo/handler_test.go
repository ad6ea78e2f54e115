package zalo_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/zalo"
)

func TestSignIsThePlainHash(t *testing.T) {
	t.Parallel()
	// printf '4123{"a":1}1700000000000oa' | sha256sum
	const want = "89f59f40338b95e2e6af7c3ccc0775bac27c422136086fa590ef889a82578888"
	if got := zalo.Sign("4123", []byte(`{"a":1}`), "1700000000000", "oa"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestOnlySignedEventsAreTaken(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	body := b.event("m1", words)
	stamp := strconv.FormatInt(b.now.UnixMilli(), 10)
	good := zalo.Sign(appID, []byte(body), stamp, secret)
	otherApp := strings.Replace(body, appID, "9999", 1)
	unstamped := strings.Replace(body, `,"timestamp":"`+stamp+`"`, "", 1)
	for _, test := range []struct{ name, body, signature, stamp, want string }{
		{"none", body, "", stamp, "401 zalo.bad_signature"},
		{"mac= and nothing", body, "mac=", stamp, "401 zalo.bad_signature"},
		{"other secret", body, zalo.Sign(appID, []byte(body), stamp, "x"), stamp, "401 zalo.bad_signature"},
		{"other body", strings.Replace(body, "tôi", "anh", 1), good, stamp, "401 zalo.bad_signature"},
		{"other app", otherApp, zalo.Sign(appID, []byte(otherApp), stamp, secret), stamp, "401 zalo.bad_signature"},
		{"shortened", body, good[:63], stamp, "401 zalo.bad_signature"},
		{"no time at all", unstamped, zalo.Sign(appID, []byte(unstamped), "", secret), "", "401 zalo.bad_signature"},
		{"time that is no number", unstamped, zalo.Sign(appID, []byte(unstamped), "}1", secret), "}1", "401 zalo.bad_signature"},
		{"bare", body, good, "", "200 zalo.taken"},
		{"the same again", body, "mac=" + good, stamp, "200 zalo.repeated"},
		{"no hexadecimal", body, "mac=" + strings.Repeat("z", 64), stamp, "401 zalo.bad_signature"},
		{"header's time", strings.Replace(unstamped, "m1", "m3", 1), "mac=" + zalo.Sign(appID, []byte(strings.Replace(unstamped, "m1", "m3", 1)), stamp, secret), stamp, "200 zalo.taken"},
	} {
		if got := b.give(request(t, test.body, test.signature, test.stamp)); got != test.want {
			t.Errorf("%s: got %s, want %s", test.name, got, test.want)
		}
	}
	if n := b.desk.questions(); n != 2 {
		t.Errorf("got %d questions, want 2", n)
	}
}

func TestWhatIsNoQuestion(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.wants(request(t, " {\n} ", "", ""), "200 zalo.probe")
	b.wants(request(t, "{", "", ""), "400 zalo.bad_json")
	b.wants(b.sign(b.event("m1", words)+"{}"), "400 zalo.bad_json")
	b.wants(request(t, strings.Repeat("x", zalo.MaxBodyBytes+1), "", ""), "413 zalo.too_large")
	b.wants(httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/zalo", nil), "405 request.bad_method")
	b.wants(b.sign(fmt.Sprintf(`{"app_id":%s,"event_name":"follow","follower":{"id":"1"},"timestamp":%d}`, appID, b.now.UnixMilli())), "200 zalo.ignored")
	stop := b.run()
	b.wants(b.sign(strings.Replace(b.event("m1", ""), "user_send_text", "user_send_image", 1)), "200 zalo.taken")
	stop()
	if n := b.desk.questions(); n != 0 {
		t.Errorf("got %d questions", n)
	}
	if told := b.post.all(); len(told) != 1 || !strings.Contains(told[0], "bằng chữ") {
		t.Errorf("a picture was answered with %q", told)
	}
}

func TestOldEventsAreRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	old := b.sign(b.event("m1", words))
	begin := b.now
	b.now = begin.Add(zalo.DefaultMaxAge + time.Second)
	b.wants(old, "403 zalo.too_old")
	b.now = begin.Add(time.Hour)
	early := b.sign(b.event("m2", words))
	b.now = begin
	b.wants(early, "403 zalo.too_old")
	late := b.sign(b.event("m3", words))
	b.now = begin.Add(12 * time.Hour) // Zalo still repeats it
	b.wants(late, "200 zalo.taken")
}

// TestQ6_ZaloMessageIsOneQuestion delivers one message many times at once and to two nodes.
func TestQ6_ZaloMessageIsOneQuestion(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	other := newBench(t, func(cfg *zalo.Config) { cfg.Submitter = b.desk })
	stop := b.run()
	var wg sync.WaitGroup
	for range 20 {
		for _, node := range []*bench{b, other} {
			wg.Go(func() {
				if got := node.give(node.sign(node.event("m1", words))); !strings.HasPrefix(got, "200 ") {
					t.Errorf("got %s", got)
				}
			})
		}
	}
	wg.Wait()
	stop()
	if n := b.desk.questions(); n != 1 {
		t.Errorf("got %d questions, want 1", n)
	}
	want := []string{"Câu hỏi của bạn đã được tiếp nhận. Mã theo dõi: AAAAA-00000-A. Xem kết quả tại https://doithoai.example.vn/q#AAAAA-00000-A\n" +
		"Your question was received. Tracking code: AAAAA-00000-A. Follow it at https://doithoai.example.vn/q#AAAAA-00000-A"}
	if diff := cmp.Diff(want, b.post.all()); diff != "" {
		t.Error(diff)
	}
	s := b.desk.got[0]
	if s.Body != words || len(s.Key) != 44 || len(s.Asker) != 40 || !s.At.Equal(b.now) || strings.Contains(s.Key+s.Asker, person) {
		t.Errorf("got %+v", s)
	}
	b.wants(b.sign(b.event("m2", words)), "503 zalo.busy") // Run has ended
	strange := newBench(t, func(cfg *zalo.Config) { cfg.Secret = []byte("another installation") })
	strange.wants(strange.sign(strange.event("m1", words)), "200 zalo.taken")
	if u := strange.desk.got[0]; u.Key == s.Key || u.Asker == s.Asker {
		t.Error("keys or pseudonyms do not depend on the secret")
	}
}

func TestNothingIsPromisedThatIsNotStored(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	for _, err := range []error{
		unavailable(), errBroken, context.DeadlineExceeded,
		conference.Refuse(conference.KindPending, "log.pending", ""), fmt.Errorf("submit: %w", unavailable()),
	} {
		b.desk.refuse(err)
		b.wants(b.sign(b.event("m1", words)), "503 zalo.try_again")
	}
	b.desk.refuse(nil)
	b.wants(b.sign(b.event("m1", words)), "200 zalo.taken")
	if n := b.desk.questions(); n != 1 {
		t.Errorf("got %d questions, want 1", n)
	}
}

// TestSlowLogIsAnsweredInTime: the answer comes before Zalo gives up, and promises nothing.
func TestSlowLogIsAnsweredInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		b.desk.block = true
		begin := time.Now()
		b.wants(b.sign(b.event("m1", words)), "503 zalo.try_again")
		if took := time.Since(begin); took != zalo.DefaultBudget {
			t.Errorf("took %s", took)
		}
	})
}

func TestRefusalsAreToldAndFinal(t *testing.T) {
	t.Parallel()
	for code, test := range map[string]struct {
		kind conference.Kind
		want string
	}{
		"question.too_long":     {conference.KindInvalid, "600"},
		"question.empty":        {conference.KindInvalid, "bằng chữ"},
		"conference.not_open":   {conference.KindConflict, "hội nghị mở"},
		"request.rate_limited":  {conference.KindRateLimited, "đợi ít phút"},
		"question.unknown_kind": {conference.KindNotFound, "question.unknown_kind"},
	} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, nil)
			b.desk.refuse(conference.Refuse(test.kind, code, ""))
			stop := b.run()
			b.wants(b.sign(b.event("m1", words)), "200 zalo.taken")
			b.wants(b.sign(b.event("m1", words)), "200 zalo.repeated")
			stop()
			if told := b.post.all(); len(told) != 1 || !strings.Contains(told[0], test.want) || strings.Contains(told[0], "Mã theo dõi") {
				t.Errorf("told %q, want %q in it", told, test.want)
			}
		})
	}
}

// TestAnswersAreDrained: what was acknowledged is answered although the end comes first.
func TestAnswersAreDrained(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(cfg *zalo.Config) { cfg.Queue = 20 })
	b.post.gate = make(chan struct{})
	stop := b.run()
	for i := range 20 {
		b.wants(b.sign(b.event(fmt.Sprint("m", i), words)), "200 zalo.taken")
	}
	b.wants(b.sign(b.event("m20", words)), "503 zalo.busy")
	if n := b.desk.questions(); n != 20 {
		t.Errorf("got %d questions, want 20: one was stored that nobody could be told of", n)
	}
	go func() { close(b.post.gate) }() // ends at once
	stop()
	if n := len(b.post.all()); n != 20 {
		t.Errorf("got %d answers, want 20", n)
	}
	b.wants(b.sign(b.event("m21", words)), "503 zalo.busy")
}

// TestEndWaitsForWhatIsBeingStored: two deliveries of one message are on their way to the
// log when the end comes; both are acknowledged, and one answer is sent.
func TestEndWaitsForWhatIsBeingStored(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		b.desk.hold = make(chan struct{})
		stop := b.run()
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() { b.wants(b.sign(b.event("m1", words)), "200 zalo.taken") })
		}
		synctest.Wait()
		wg.Go(stop)
		synctest.Wait()
		b.wants(b.sign(b.event("m2", words)), "503 zalo.busy")
		close(b.desk.hold)
		wg.Wait()
		if told := b.post.all(); len(told) != 1 || !strings.Contains(told[0], "AAAAA-00000-A") {
			t.Errorf("told %q", told)
		}
	})
}

func TestAnswersAreTriedAgain(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fails []error
		want  int
		took  time.Duration
	}{
		"twice":   {[]error{errBroken, errBroken}, 1, 6 * time.Second},
		"always":  {[]error{errBroken, errBroken, errBroken}, 0, 6 * time.Second},
		"refused": {[]error{&zalo.APIError{Status: 200, Code: -213}}, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, nil)
				b.post.fails = test.fails
				stop, begin := b.run(), time.Now()
				b.wants(b.sign(b.event("m1", words)), "200 zalo.taken")
				synctest.Wait()
				stop()
				if n, took := len(b.post.all()), time.Since(begin); n != test.want || took != test.took {
					t.Errorf("told %d times after %s, want %d after %s", n, took, test.want, test.took)
				}
			})
		})
	}
}

// TestStuckSenderDoesNotHoldTheEnd: Run gives up ten seconds after it was told to end.
func TestStuckSenderDoesNotHoldTheEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		b.post.gate = make(chan struct{})
		stop, begin := b.run(), time.Now()
		for i := range 30 {
			b.wants(b.sign(b.event(fmt.Sprint("m", i), words)), "200 zalo.taken")
		}
		synctest.Wait()
		stop()
		if took := time.Since(begin); took != 10*time.Second {
			t.Errorf("took %s", took)
		}
	})
}

func TestNothingPersonalIsLoggedOrAnswered(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.post.fails = []error{fmt.Errorf("%w: %w", zalo.ErrRefused, errBroken)}
	stop := b.run()
	b.wants(b.sign(b.event("m1", words)), "200 zalo.taken")
	b.desk.refuse(errBroken)
	b.wants(b.sign(b.event("m2", words)), "503 zalo.try_again")
	b.wants(request(t, b.event("m3", words), "mac=00", ""), "401 zalo.bad_signature")
	stop()
	log := b.log.String()
	for _, canary := range []string{person, "canary", secret, "m1", "m2"} {
		if strings.Contains(log, canary) {
			t.Errorf("the log has %q:\n%s", canary, log)
		}
	}
	for _, want := range []string{"zalo answer not sent", "zalo question not stored", "zalo.bad_signature"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log has no %q:\n%s", want, log)
		}
	}
}

func TestRemembersSoManyMessages(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(cfg *zalo.Config) { cfg.Sender = nil })
	for i := range 5000 {
		if got := b.give(b.sign(b.event(fmt.Sprint("m", i), words))); got != "200 zalo.taken" {
			t.Fatal(got)
		}
	}
	b.wants(b.sign(b.event("m4999", words)), "200 zalo.repeated")
	b.wants(b.sign(b.event("m0", words)), "200 zalo.taken") // forgotten here; the key finds the question
	if n := b.desk.questions(); n != 5000 {
		t.Errorf("got %d questions, want 5000", n)
	}
}

func TestHandlerNeedsItsSecrets(t *testing.T) {
	t.Parallel()
	if _, err := zalo.NewHandler(zalo.Config{AppID: appID}); err == nil {
		t.Error("made without a secret")
	}
}
