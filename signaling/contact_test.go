package signaling_test

import (
	"context"
	"strings"
	"testing"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/limits"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/moderation"
	"github.com/diemcau/diemcau/signaling/protocol"
)

// TestQ11_ContactByCode: over the socket, whom to call back is told to a registrar and an
// administrator who have the tracking code, and to no other role; guessing codes is counted.
func TestQ11_ContactByCode(t *testing.T) {
	t.Parallel()
	conf := newFakeConference()
	conf.put("q1", moderation.StateReturned, "Bao giờ có sổ?")
	conf.questions["q1"].Name = "Bà Hoa"
	conf.questions["q1"].Contact = &moderation.Contact{Phone: "0912345678", Organisation: "HTX"}
	conf.put("q2", moderation.StatePending, "Câu của chính người dân")
	conf.questions["q2"].Name = "Ông Ba"
	everyRole(t, conf, func(role conference.Role, p *peer) {
		r := p.command(commandID(), "question.contact", protocol.QuestionCode{Code: "CODE-q1"})
		if role != conference.RoleRegistrar && role != conference.RoleAdmin {
			if r.Error == nil || r.Error.Code != "access.denied" || r.OK != nil {
				t.Errorf("%s: got %s, want access.denied", role, mustJSON(r))
			}
			return
		}
		if r.OK == nil || r.OK.Contact == nil || r.OK.Contact.Phone != "0912345678" || r.OK.Contact.Organisation != "HTX" || r.OK.Contact.Name != "Bà Hoa" {
			t.Errorf("%s: got %s", role, mustJSON(r))
		}
		r = p.command(commandID(), "question.contact", protocol.QuestionCode{Code: "CODE-q2"})
		if r.OK == nil || r.OK.Contact == nil || r.OK.Contact.Name != "" {
			t.Errorf("%s, of a question without a number: got %s", role, mustJSON(r))
		}
	})
	h := serve(t, conf, limited(func(cfg *limits.Config) { cfg.Scale = 0.1 })) // 6 guesses at once
	p := h.join(conference.RoleRegistrar, "", "")
	p.snapshot()
	p.wantGuessesCounted("question.contact")
}

// TestQ11_ContactLeavesATrace: who looked up a number, or the list of them, is in the
// server's log by session; the number, the name and the code are not.
func TestQ11_ContactLeavesATrace(t *testing.T) {
	t.Parallel()
	conf := newFakeConference()
	conf.put("q1", moderation.StatePending, "Bao giờ có sổ?")
	conf.questions["q1"].Name = "Bà Hoa"
	conf.questions["q1"].Contact = &moderation.Contact{Phone: "0912345678"}
	h := serve(t, conf)
	p := h.join(conference.RoleRegistrar, "", "")
	p.snapshot()
	p.command(commandID(), "question.contact", protocol.QuestionCode{Code: "CODE-q1"})
	p.command(commandID(), "question.calls", protocol.Nothing{})
	text := h.log.String()
	const who = `,"role":"registrar","session":"`
	for _, want := range []string{`"question":"q1"` + who, `"listed":1` + who} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in %s", want, text)
		}
	}
	for _, secret := range []string{"0912345678", "Bà Hoa", "CODE-q1"} {
		if strings.Contains(text, secret) {
			t.Errorf("the log holds %q: %s", secret, text)
		}
	}
}

// TestQ11_ContactComesIn: what staff type in with a question reaches the rules as it is.
func TestQ11_ContactComesIn(t *testing.T) {
	t.Parallel()
	conf := newFakeConference()
	got := make(chan live.SubmitQuestion, 1)
	conf.handle(func(_ context.Context, command conference.Command) (live.Outcome, error) {
		body, _ := command.Body.(live.SubmitQuestion)
		got <- body
		return live.Outcome{Code: "CODE-q1"}, nil
	})
	h := serve(t, conf)
	p := h.join(conference.RoleRegistrar, "", "")
	p.snapshot()
	p.command(commandID(), "question.submit", protocol.QuestionSubmit{
		IdempotencyKey: commandID(), Body: "x", Topic: "land", Phone: "0912 345 678", Organisation: "HTX",
	})
	if submit := <-got; submit.Phone != "0912 345 678" || submit.Organisation != "HTX" || submit.Channel != moderation.ChannelDesk {
		t.Errorf("got %+v", submit)
	}
}
