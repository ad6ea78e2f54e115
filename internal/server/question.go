package server

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/diemcau/diemcau/internal/access"
	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/limits"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/moderation"
	"github.com/diemcau/diemcau/signaling"
)

// submitQuestion takes a citizen's question; no session is needed:
// POST /api/v1/conferences/{conference}/questions → 201 {"code","state"}.
// The same idempotencyKey gives the same answer, whoever repeats it. While the conference
// is flooded, a proof of work goes with it.
func (s *Server) submitQuestion(c echo.Context) error {
	ctx, asker := c.Request().Context(), s.asker(c)
	if err := s.cfg.Limits.Take(ctx, limits.Submission, asker); err != nil {
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
		Name           string             `json:"name"`
		MayName        bool               `json:"mayName"`
		Proof          string             `json:"proof"`
	}
	if err := readJSON(c, maxBody, &body); err != nil {
		return err
	}
	if err := s.cfg.Limits.Submit(ctx, asker, body.Proof, body.IdempotencyKey); err != nil {
		return err
	}
	outcome, err := running.Do(ctx, conference.Command{
		ID:    access.NewID(), // repeating is by the idempotency key, not by the command
		Actor: conference.Actor{Role: conference.RoleCitizen},
		Body: live.SubmitQuestion{
			IdempotencyKey: body.IdempotencyKey, Body: body.Body, Topic: body.Topic, Venue: body.Venue,
			Channel: moderation.ChannelWeb, Name: body.Name, MayName: body.MayName,
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

// lookupQuestion tells where a question stands: POST /api/v1/questions/lookup {"code"}
// → the socket's "standing".
func (s *Server) lookupQuestion(c echo.Context) error {
	ctx, asker := c.Request().Context(), s.asker(c)
	if err := s.cfg.Limits.Take(ctx, limits.Lookup, asker); err != nil {
		return err
	}
	if err := s.cfg.Limits.Peek(limits.Miss, asker); err != nil {
		return err
	}
	var body struct {
		Code string `json:"code"`
	}
	if err := readJSON(c, maxBody, &body); err != nil {
		return err
	}
	standing, err := s.cfg.Live.Lookup(body.Code)
	if errors.Is(err, &conference.Error{Code: "question.unknown_code"}) {
		_ = s.cfg.Limits.Take(ctx, limits.Miss, asker) // who guesses too often is told so the next time
		return err
	}
	if err != nil {
		return err
	}
	return answer(c, http.StatusOK, signaling.Standing(standing))
}
