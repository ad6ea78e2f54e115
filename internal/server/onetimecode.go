package server

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/limits"
	"github.com/diemcau/diemcau/internal/live"
)

// Codes proves telephone numbers by one-time codes.
type Codes interface {
	// Send sends a code. Refusals: verification.country, verification.too_many,
	// verification.exhausted, verification.unsent.
	Send(ctx context.Context, id conference.ID, phone, lang string) error
	// Check returns nil for the right code. Refusals: verification.needed,
	// verification.wrong, verification.too_many.
	Check(ctx context.Context, id conference.ID, phone, code string) error
}

func (s *Server) verify(ctx context.Context, id conference.ID, typed, code string) error {
	phone, err := live.PhoneOf(typed)
	if err != nil {
		return err
	}
	if s.cfg.Codes == nil {
		return conference.Refuse(conference.KindUnavailable, "verification.unsent", "no sender is set up")
	}
	return s.cfg.Codes.Check(ctx, id, phone, code)
}

// sendCode sends a one-time code: POST …/registrations/code {"phone"} → 202. It tells
// nothing about the number.
func (s *Server) sendCode(c echo.Context) error {
	var body struct {
		Phone string `json:"phone"`
	}
	if err := s.sendCodeTo(c, func() error { return readJSON(c, maxBody, &body) }, &body.Phone); err != nil {
		return err
	}
	return c.NoContent(http.StatusAccepted)
}

// formCode sends a one-time code and shows the form again.
func (s *Server) formCode(c echo.Context, filled slip) error {
	lang := pageLanguage(c.Request())
	if err := s.sendCodeTo(c, func() error { return nil }, &filled.Phone); err != nil {
		problem := s.problem(c.Request(), err)
		comeBack(c.Response().Header(), err, problem)
		return s.showForm(c, shown{
			status: problem.Status, filled: filled, code: problem.Code, problem: sentence(lang, problem.Code, problem.Status),
		})
	}
	return s.showForm(c, shown{status: http.StatusOK, filled: filled, said: text{
		"Đã gửi mã xác nhận. Hãy nhập mã rồi bấm Đăng ký.", "A code was sent. Enter it and press Register.",
	}.in(lang)})
}

// sendCodeTo sends a code to the number that read fills in: only where one is asked for, and
// while people register. Nobody's telephone rings for a conference that has no use for it.
func (s *Server) sendCodeTo(c echo.Context, read func() error, typed *string) error {
	ctx := c.Request().Context()
	if err := s.cfg.Limits.Take(ctx, limits.SendCode, s.asker(c)); err != nil {
		return err
	}
	_, info, err := s.info(c)
	if err != nil {
		return err
	}
	if err := read(); err != nil {
		return err
	}
	phone, err := live.PhoneOf(*typed)
	set, now := info.Registration, s.cfg.Now()
	switch {
	case err != nil:
		return err
	case set == nil || !set.VerifyPhone || s.cfg.Codes == nil:
		return conference.Refuse(conference.KindConflict, "verification.off", "")
	case phone == "":
		return conference.Refuse(conference.KindInvalid, "registration.no_phone", "")
	case now.Before(set.OpensAt):
		return conference.Refuse(conference.KindConflict, "registration.not_yet", "")
	case !now.Before(set.ClosesAt), info.State == conference.StateClosed:
		return conference.Refuse(conference.KindConflict, "registration.closed", "")
	}
	return s.cfg.Codes.Send(ctx, info.ID, phone, readerLanguage(c.Request()))
}
