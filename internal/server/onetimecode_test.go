package server_test

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/onetime"
	"github.com/diemcau/diemcau/internal/server"
)

// codesBy are one-time codes that go to a box.
func codesBy(s *server.Config, box *telephone) *onetime.Codes {
	return onetime.New(onetime.Config{
		Ephemeral: s.Live.Ephemeral(), Key: []byte(aSecret), Sender: box, Logger: slog.New(slog.DiscardHandler), Countries: []string{"+84"},
	})
}

// TestNumbersAreNotTold: where numbers are proved nobody learns whether a number is registered
// but who holds it: a free one and one that is taken are answered alike, word for word.
func TestNumbersAreNotTold(t *testing.T) {
	t.Parallel()
	box := &telephone{}
	h := registering(t, func(r *conference.Registration) { r.VerifyPhone = true }, func(c *server.Config) { c.Codes = codesBy(c, box) })
	const taken, free = "0912345601", "0912345609"
	send := func(phone string) answer {
		return h.do(request{method: "POST", path: api + "/registrations/code", body: `{"phone":"` + phone + `"}`})
	}
	h.want(send(taken), http.StatusAccepted)
	made := h.register(1, "code", box.last())
	for name, ask := range map[string]func(phone string) answer{
		"a code is sent": send,
		"no code": func(phone string) answer {
			return h.do(request{method: "POST", path: api + "/registrations", body: slipOf(2, "phone", phone)})
		},
		"a wrong code": func(phone string) answer {
			return h.do(request{method: "POST", path: api + "/registrations", body: slipOf(2, "phone", phone, "code", "abcdef")})
		},
		"a form": func(phone string) answer {
			return h.do(request{
				method: "POST", path: api + "/registrations", contentType: "application/x-www-form-urlencoded",
				body: "idempotencyKey=0123456789abcdef-form&name=A&venue=ba-dinh&consentPrivacy=2022-10&phone=" + phone,
			})
		},
		"corrected by who holds a ticket": func(phone string) answer {
			return h.do(request{method: "POST", path: "/api/v1/registrations/correct", body: `{"code":"` + made.Code + `","phone":"` + taken + `","person":{"phone":"` + phone + `"}}`})
		},
	} {
		a, b := ask(taken), ask(free)
		if a.status != b.status || a.problem != b.problem || strings.ReplaceAll(a.body, taken, free) != b.body {
			t.Errorf("%s: a number that is taken gets %d %s, a free one %d %s", name, a.status, a.body, b.status, b.body)
		}
	}
	h.want(send(taken), http.StatusAccepted)
	if got := h.do(request{method: "POST", path: api + "/registrations", body: slipOf(2, "phone", taken, "code", box.last())}); got.problem.Code != "registration.phone_taken" {
		t.Errorf("who holds the number: %d %s", got.status, got.body)
	}
	if got := send("+44 7700 900123"); got.status != http.StatusBadRequest || got.problem.Code != "verification.country" || !strings.Contains(got.problem.Title, "+84") {
		t.Errorf("a foreign number: %d %s", got.status, got.body)
	}
}

// TestCodesOnlyWhereAsked: neither the form nor a program has a stranger's telephone rung by a
// conference that asks for no code, or takes nobody now.
func TestCodesOnlyWhereAsked(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(*conference.Registration)
		status int
		code   string
	}{
		{"asks for none", nil, http.StatusConflict, "verification.off"},
		{"not yet", func(r *conference.Registration) {
			r.VerifyPhone, r.OpensAt = true, time.Now().Add(time.Minute)
		}, http.StatusConflict, "registration.not_yet"},
		{"closed", func(r *conference.Registration) {
			r.VerifyPhone, r.ClosesAt = true, time.Now().Add(-time.Minute)
		}, http.StatusConflict, "registration.closed"},
		{"now", func(r *conference.Registration) { r.VerifyPhone = true }, http.StatusAccepted, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			box := &telephone{}
			h := registering(t, c.change, func(s *server.Config) {
				s.Codes = codesBy(s, box)
			})
			program := h.do(request{method: "POST", path: api + "/registrations/code", body: `{"phone":"0912345601"}`})
			if program.status != c.status || program.problem.Code != c.code {
				t.Errorf("a program: got %d %s, want %d %s", program.status, program.body, c.status, c.code)
			}
			status := c.status
			if status == http.StatusAccepted {
				status = http.StatusOK // the form again
			}
			form, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.http.URL+api+"/registrations", strings.NewReader("do=code&phone=0912345601"))
			if err != nil {
				t.Fatal(err)
			}
			form.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			answered, err := h.http.Client().Do(form)
			if err != nil {
				t.Fatal(err)
			}
			defer answered.Body.Close()
			if answered.StatusCode != status {
				t.Errorf("the form: got %d, want %d", answered.StatusCode, status)
			}
			want := 0
			if c.code == "" {
				want = 2
			}
			if len(box.texts) != want {
				t.Errorf("%d texts were sent, want %d", len(box.texts), want)
			}
		})
	}
}
