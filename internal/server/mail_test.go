package server_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/outbox"
	"github.com/diemcau/diemcau/internal/server"
)

// fakeMail stands still because of a password.
type fakeMail struct{}

func (fakeMail) Trouble(context.Context) (*outbox.Trouble, error) {
	return &outbox.Trouble{Fault: outbox.Fault{Stage: outbox.StageLogin, Code: 535, Status: "5.7.8"}, Since: time.Now(), Next: time.Now()}, nil
}

func withMail(cfg *server.Config) { cfg.Mail = fakeMail{} }

type letters struct {
	On        bool
	Due, Sent int
	Trouble   *struct{ Stage string }
	Failed    []struct {
		Stage, Status string
		Code, Count   int
	}
}

// TestMail: administrators see how many letters wait and fail, and why, without a name, and have
// them sent again; the desk does so for one person.
func TestMail(t *testing.T) {
	t.Parallel()
	h := registering(t, nil, withMail)
	made := h.register(1)
	admin, desk := h.token(conference.RoleAdmin), h.token(conference.RoleRegistrar)
	to := func(path, bearer, body string) answer {
		return h.do(request{method: "POST", path: api + path, bearer: bearer, body: body})
	}
	named := `{"code":"` + made.Code + `"}`
	type person struct {
		Registration string
		Mail         *struct {
			State   string
			Failure *struct{ Stage string }
		}
	}
	asked := decode[person](h, h.want(to("/registrations/mail", desk, named), http.StatusOK))
	if asked.Mail == nil || asked.Mail.State != "due" {
		t.Fatalf("asked for: %+v", asked)
	}
	running, err := h.live.Conference(place)
	if err != nil {
		t.Fatal(err)
	}
	due := running.Due()
	if len(due) != 1 {
		t.Fatalf("due: %+v", due)
	}
	why := outbox.Fault{Stage: outbox.StageRecipient, Code: 550, Status: "5.1.1"}
	if err := running.LetterFailed(t.Context(), due[0].Registration, due[0].About, why); err != nil {
		t.Fatal(err)
	}
	got := h.want(h.do(request{method: "GET", path: api + "/mail", bearer: admin}), http.StatusOK)
	view := decode[letters](h, got)
	if !view.On || view.Due != 0 || view.Trouble == nil || view.Trouble.Stage != "login" || len(view.Failed) != 1 || view.Failed[0].Count != 1 || view.Failed[0].Status != "5.1.1" {
		t.Errorf("got %s", got.body)
	}
	list := h.want(h.do(request{method: "GET", path: api + "/registrations", bearer: desk}), http.StatusOK)
	if rows := decode[[]person](h, list); rows[0].Mail == nil || rows[0].Mail.State != "failed" || rows[0].Mail.Failure.Stage != "recipient" {
		t.Errorf("the list: %s", list.body)
	}
	again := `{"id":"0123456789abcdef-again"}`
	if view := decode[letters](h, h.want(to("/mail/again", admin, again), http.StatusOK)); view.Due != 1 || len(view.Failed) != 0 {
		t.Errorf("again: %+v", view)
	}
	h.want(to("/mail/again", admin, again), http.StatusOK) // repeated, it is the same
	h.wantProblem(to("/mail/again", admin, `{"id":"0123456789abcdef-more"}`), http.StatusConflict, "mail.none_failed")
	h.want(h.do(request{method: "GET", path: api + "/mail", bearer: desk}), http.StatusForbidden)
	if said := h.logs.String(); strings.Contains(said, "hoa@example.vn") {
		t.Error("the log tells an address")
	}
}

// TestMail_off: with no mail server no page promises a letter, and nobody can ask for one.
func TestMail_off(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		options []option
		on      bool
		says    string
	}{
		{"off", nil, false, "Để ban tổ chức liên hệ với bạn."},
		{"on", []option{withMail}, true, "Vé và mọi thay đổi sẽ được gửi đến địa chỉ này."},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h := registering(t, nil, test.options...)
			info := decode[struct{ Mail bool }](h, h.do(request{method: "GET", path: api + "/registration"}))
			page := h.do(request{method: "GET", path: "/c/" + place + "/register"})
			if info.Mail != test.on || !strings.Contains(page.body, test.says) {
				t.Errorf("says %v, no %q on the page", info.Mail, test.says)
			}
			if test.on {
				return
			}
			made := h.register(1)
			got := h.do(request{method: "POST", path: api + "/registrations/mail", bearer: h.token(conference.RoleRegistrar), body: `{"code":"` + made.Code + `"}`})
			h.wantProblem(got, http.StatusConflict, "mail.off")
			if view := decode[letters](h, h.do(request{method: "GET", path: api + "/mail", bearer: h.token(conference.RoleAdmin)})); view.On {
				t.Error("the administrator is told that letters go")
			}
		})
	}
}
