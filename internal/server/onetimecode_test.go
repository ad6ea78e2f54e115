package server_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/onetime"
	"github.com/diemcau/diemcau/internal/server"
)

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
			box := &outbox{}
			h := registering(t, c.change, func(s *server.Config) {
				s.Codes = onetime.New(onetime.Config{Ephemeral: s.Live.Ephemeral(), Key: []byte(aSecret), Sender: box})
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
