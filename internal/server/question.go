package server

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/diemcau/diemcau/internal/access"
	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/moderation"
)

// submitQuestion takes a citizen's question; no session is needed:
// POST /api/v1/conferences/{conference}/questions → 201 {"code","state"}.
// The same idempotencyKey gives the same answer, whoever repeats it.
func (s *Server) submitQuestion(c echo.Context) error {
	if err := s.limits.submit.take(c); err != nil {
		return err
	}
	running, _, err := s.info(c)
	if err != nil {
		return err
	}
	var body struct {
		IdempotencyKey string             `json:"idempotencyKey"`
		Body           string             `json:"body"`
		Topic          conference.TopicID `json:"topic"`
		Venue          conference.VenueID `json:"venue"`
	}
	if err := readJSON(c, maxBody, &body); err != nil {
		return err
	}
	outcome, err := running.Do(c.Request().Context(), conference.Command{
		ID:    access.NewID(), // repeating is by the idempotency key, not by the command
		Actor: conference.Actor{Role: conference.RoleCitizen},
		Body: live.SubmitQuestion{
			IdempotencyKey: body.IdempotencyKey, Body: body.Body, Topic: body.Topic, Venue: body.Venue,
			Channel: moderation.ChannelWeb,
		},
	})
	if err != nil {
		return err
	}
	return answer(c, http.StatusCreated, struct {
		Code  string           `json:"code"`
		State moderation.State `json:"state"`
	}{outcome.Code, outcome.State})
}

// standingView is what the holder of a tracking code may know; the same shape as the
// socket's "standing".
type standingView struct {
	Conference  conference.ID      `json:"conference"`
	Code        string             `json:"code"`
	State       moderation.State   `json:"state"`
	Body        string             `json:"body"`
	Text        string             `json:"text,omitempty"`
	Topic       conference.TopicID `json:"topic,omitempty"`
	Venue       conference.VenueID `json:"venue,omitempty"`
	SubmittedAt time.Time          `json:"submittedAt"`
	ChangedAt   time.Time          `json:"changedAt"`
	Refusal     *refusalView       `json:"refusal,omitempty"`
	Ahead       *int               `json:"ahead,omitempty"`
}

type refusalView struct {
	Reason   string `json:"reason"`
	Text     string `json:"text,omitempty"`
	NextDoor string `json:"nextDoor"`
}

// lookupQuestion tells where a question stands: POST /api/v1/questions/lookup {"code"}.
func (s *Server) lookupQuestion(c echo.Context) error {
	if err := s.limits.lookup.take(c); err != nil {
		return err
	}
	var body struct {
		Code string `json:"code"`
	}
	if err := readJSON(c, maxBody, &body); err != nil {
		return err
	}
	standing, err := s.cfg.Live.Lookup(body.Code)
	if err != nil {
		return err
	}
	return answer(c, http.StatusOK, viewOfStanding(&standing))
}

func viewOfStanding(standing *live.Standing) standingView {
	q := standing.Question
	view := standingView{
		Conference: standing.Conference, Code: standing.Code, State: q.State, Body: q.Body,
		Topic: q.Topic, Venue: q.Venue, SubmittedAt: q.SubmittedAt, ChangedAt: q.ChangedAt,
	}
	if q.Short != "" && q.Short != q.Body {
		view.Text = q.Short
	}
	if q.Refusal != nil {
		view.Refusal = &refusalView{Reason: q.Refusal.Reason, Text: q.Refusal.Text, NextDoor: q.Refusal.NextDoor}
	}
	if standing.Ahead >= 0 {
		view.Ahead = &standing.Ahead
	}
	return view
}
