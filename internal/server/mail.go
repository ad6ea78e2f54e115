package server

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/diemcau/diemcau/internal/access"
	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/outbox"
)

// Mail writes to people who registered and gave an e-mail address.
type Mail interface {
	// Trouble returns why no letter goes at the moment; nil: they go.
	Trouble(ctx context.Context) (*outbox.Trouble, error)
}

// mailView is how the letters of a conference stand; nobody is named.
type mailView struct {
	On     bool       `json:"on"`
	Due    int        `json:"due"`
	Sent   uint64     `json:"sent"`
	Oldest *time.Time `json:"oldest,omitempty"` // since when the first of those that are due is
	// Trouble is why none goes at the moment.
	Trouble *outbox.Trouble `json:"trouble,omitempty"`
	Failed  []mailFault     `json:"failed"`
}

// mailFault is how many letters are not tried any more, and why.
type mailFault struct {
	outbox.Fault

	Count int `json:"count"`
}

// getMail tells how letters stand: GET /api/v1/conferences/{conference}/mail.
func (s *Server) getMail(c echo.Context) error {
	running, info, err := s.info(c)
	if err != nil {
		return err
	}
	if _, err := s.authorise(c, info.ID, access.ActionMailRead); err != nil {
		return err
	}
	counts := running.Letters()
	view := mailView{On: s.cfg.Mail != nil, Due: counts.Due, Sent: counts.Sent, Failed: []mailFault{}}
	if !counts.Oldest.IsZero() {
		view.Oldest = &counts.Oldest
	}
	if view.On {
		if view.Trouble, err = s.cfg.Mail.Trouble(c.Request().Context()); err != nil {
			return err
		}
	}
	for fault, n := range counts.Failed {
		view.Failed = append(view.Failed, mailFault{fault, n})
	}
	slices.SortFunc(view.Failed, func(a, b mailFault) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Stage, b.Stage), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Status, b.Status))
	})
	return answer(c, http.StatusOK, view)
}

// resendMail has all letters that failed tried again: POST …/mail/again {"id"} → as getMail. id
// is the command's.
func (s *Server) resendMail(c echo.Context) error {
	actor, running, err := s.staff(c, access.ActionMailResend)
	if err != nil {
		return err
	}
	if s.cfg.Mail == nil {
		return mailOff()
	}
	var body struct {
		ID string `json:"id"`
	}
	if err := readJSON(c, maxBody, &body); err != nil {
		return err
	}
	if _, err := running.Do(c.Request().Context(), conference.Command{ID: body.ID, Actor: actor, Body: outbox.Resend{}}); err != nil {
		return err
	}
	return s.getMail(c)
}

func mailOff() error { return conference.Refuse(conference.KindConflict, "mail.off", "") }

// letterView is how somebody's letters stand, for staff.
type letterView struct {
	State   string        `json:"state"` // due, failed or sent
	SentAt  *time.Time    `json:"sentAt,omitempty"`
	Failure *outbox.Fault `json:"failure,omitempty"`
}

// letterViewOf returns nil when nobody was ever written to.
func letterViewOf(l outbox.Letter) *letterView {
	view := &letterView{State: "sent"}
	if !l.SentAt.IsZero() {
		view.SentAt = &l.SentAt
	}
	switch {
	case l.Due != nil:
		view.State = "due"
	case l.Failure != nil:
		view.State, view.Failure = "failed", &l.Failure.Fault
	case l.SentAt.IsZero():
		return nil
	}
	return view
}
