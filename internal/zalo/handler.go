package zalo

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
)

// Defaults of a Config.
const (
	// DefaultBudget is how long Submit may take; Zalo waits two seconds.
	DefaultBudget = 1500 * time.Millisecond
	// DefaultMaxAge is how old an event may be: Zalo repeats one for up to twelve hours.
	DefaultMaxAge = 13 * time.Hour
	// DefaultQueue is how many answers may wait to be sent.
	DefaultQueue = 1000

	maxAhead    = 5 * time.Minute // clocks differ
	remembered  = 4096            // messages that are known to be done
	minSecret   = 16
	retryAfterS = "30"
)

// Submission is a message that is to become a question.
type Submission struct {
	// Key is the idempotency key, 44 characters, derived from the message's id: the same
	// message has the same key on every node.
	Key string
	// Body is what the person typed; it is not yet normalised or measured.
	Body string
	// Asker is a pseudonym of the Zalo account, 40 hexadecimal characters, for limits; it
	// cannot be turned back into the account's id.
	Asker string
	At    time.Time // when it was written, by Zalo's clock
}

// Submitter makes a message a question and returns its tracking code once it is durable.
//
// It returns when ctx ends, at the latest. A *conference.Error of a kind that repeating
// cannot mend (invalid, conflict, not found, too large, rate limited …) is told to the
// asker; any other error makes Zalo send the message again. The same key gives the same
// code, whoever repeats it.
type Submitter interface {
	Submit(ctx context.Context, submission Submission) (code string, err error)
}

// Sender writes a text to a Zalo account. ErrRefused says that trying again is of no use.
type Sender interface {
	Send(ctx context.Context, to, text string) error
}

// ErrRefused is wrapped by a Sender for what repeating cannot mend.
var ErrRefused = errors.New("zalo refused the message")

// Config is what a Handler needs; AppID, OASecret, Secret, Submitter, Now and Log are required.
type Config struct {
	AppID    string // of the application the webhook belongs to
	OASecret string // of the Official Account, not of the application
	// Secret, at least 16 bytes, keys idempotency keys and pseudonyms; all nodes have the same.
	Secret    []byte
	Submitter Submitter
	Sender    Sender // nil: nobody is answered
	PublicURL string // "https://doithoai.example.vn": where /q#CODE is; "" leaves the link out
	Budget    time.Duration
	MaxAge    time.Duration
	Queue     int
	Now       func() time.Time
	Log       *slog.Logger
}

// Handler is the webhook: POST with Zalo's JSON. Any number of requests may run at once.
//
// It answers 200 (done, or nothing to do), 400, 401, 403, 405, 413 (never worth repeating)
// or 503 with Retry-After (nothing was promised); the body is {"code"}.
type Handler struct {
	cfg   Config
	queue chan answer

	gateMu  sync.Mutex // guards closed, and that none is added to pending after it
	closed  bool
	pending sync.WaitGroup // places taken in the queue

	doneMu sync.Mutex // guards done and ring
	done   map[string]bool
	ring   []string
	places chan struct{} // one for every answer that waits or may come to wait
}

// NewHandler returns a handler; its answers are sent by Run.
func NewHandler(cfg Config) (*Handler, error) {
	if cfg.AppID == "" || cfg.OASecret == "" || len(cfg.Secret) < minSecret || cfg.Submitter == nil || cfg.Now == nil || cfg.Log == nil {
		return nil, errors.New("zalo: app id, account secret, a secret of at least 16 bytes, submitter, clock and log are needed")
	}
	if cfg.Budget <= 0 {
		cfg.Budget = DefaultBudget
	}
	if cfg.MaxAge <= 0 {
		cfg.MaxAge = DefaultMaxAge
	}
	if cfg.Queue <= 0 {
		cfg.Queue = DefaultQueue
	}
	cfg.PublicURL = strings.TrimRight(cfg.PublicURL, "/")
	return &Handler{
		cfg: cfg, queue: make(chan answer, cfg.Queue), places: make(chan struct{}, cfg.Queue), done: map[string]bool{},
	}, nil
}

// ServeHTTP answers one event.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	status, code := http.StatusMethodNotAllowed, "request.bad_method"
	if r.Method == http.MethodPost {
		status, code = h.receive(r)
	} else {
		w.Header().Set("Allow", http.MethodPost)
	}
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", retryAfterS)
	}
	if status != http.StatusOK { // anybody can cause it: debug
		h.cfg.Log.LogAttrs(r.Context(), slog.LevelDebug, "zalo event not taken", slog.String("code", code))
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"code": code}) //nolint:errchkjson // whoever asked has gone
}

// receive returns the status and the code of the answer to one event.
func (h *Handler) receive(r *http.Request) (status int, code string) {
	body, err := io.ReadAll(io.LimitReader(r.Body, MaxBodyBytes+1))
	if err != nil {
		return http.StatusBadRequest, "zalo.cut_short"
	}
	m, err := Parse(body)
	if err != nil {
		return refusalStatus(err)
	}
	if m.Kind == KindProbe {
		return http.StatusOK, "zalo.probe"
	}
	if !h.signed(&m, body, r.Header.Get(HeaderSignature), r.Header.Get(HeaderTimestamp)) {
		return http.StatusUnauthorized, "zalo.bad_signature"
	}
	if age := h.cfg.Now().Sub(m.At); age > h.cfg.MaxAge || age < -maxAhead {
		return http.StatusForbidden, "zalo.too_old"
	}
	switch m.Kind {
	case KindText, KindOther:
		return h.take(r.Context(), m)
	case KindEvent, KindProbe:
	}
	return http.StatusOK, "zalo.ignored"
}

// take handles what a person sent. A place for the answer is taken before anything is
// submitted, so that no question is acknowledged whose code could not be told.
func (h *Handler) take(ctx context.Context, m Message) (status int, code string) {
	key := "zalo" + h.derive("message", m.ID)
	if h.isDone(key) {
		return http.StatusOK, "zalo.repeated"
	}
	if !h.reserve() {
		h.cfg.Log.LogAttrs(ctx, slog.LevelWarn, "zalo answers wait", slog.String("code", "zalo.busy"))
		return http.StatusServiceUnavailable, "zalo.busy"
	}
	say := textOnly()
	if m.Kind == KindText {
		ctx, cancel := context.WithTimeout(ctx, h.cfg.Budget)
		defer cancel()
		tracking, err := h.cfg.Submitter.Submit(ctx, Submission{
			Key: key, Body: m.Text, Asker: h.derive("asker", m.Sender), At: m.At,
		})
		if err != nil && !isFinal(err) {
			h.release()
			h.cfg.Log.LogAttrs(ctx, slog.LevelWarn, "zalo question not stored", slog.String("err", codeOf(err)))
			return http.StatusServiceUnavailable, "zalo.try_again"
		}
		say = received(tracking, h.cfg.PublicURL)
		if err != nil {
			say = refused(err)
		}
	}
	if !h.markDone(key) || h.cfg.Sender == nil {
		h.release()
		return http.StatusOK, "zalo.taken"
	}
	h.queue <- answer{to: m.Sender, text: say} // never waits: a place was taken
	return http.StatusOK, "zalo.taken"
}

func (h *Handler) isDone(key string) bool {
	h.doneMu.Lock()
	defer h.doneMu.Unlock()
	return h.done[key]
}

// markDone remembers a message as done; false when it was already, by a second delivery.
func (h *Handler) markDone(key string) bool {
	h.doneMu.Lock()
	defer h.doneMu.Unlock()
	if h.done[key] {
		return false
	}
	if len(h.ring) >= remembered {
		delete(h.done, h.ring[0])
		h.ring = h.ring[1:]
	}
	h.done[key] = true
	h.ring = append(h.ring, key)
	return true
}

// isFinal reports whether repeating the same submission cannot help.
func isFinal(err error) bool {
	var refusal *conference.Error
	if !errors.As(err, &refusal) {
		return false
	}
	switch refusal.Kind {
	case conference.KindUnavailable, conference.KindPending, conference.KindInternal:
		return false
	case conference.KindInvalid, conference.KindUnauthorised, conference.KindForbidden, conference.KindNotFound,
		conference.KindConflict, conference.KindTooLarge, conference.KindRateLimited:
	}
	return true
}

func refusalStatus(err error) (status int, code string) {
	var refusal *conference.Error
	if errors.As(err, &refusal) && refusal.Kind == conference.KindTooLarge {
		return http.StatusRequestEntityTooLarge, refusal.Code
	}
	return http.StatusBadRequest, codeOf(err)
}

// codeOf is what may be logged of an error: its code; the words of others may hold anything.
func codeOf(err error) string {
	var refusal *conference.Error
	switch {
	case errors.As(err, &refusal):
		return refusal.Code
	case errors.Is(err, context.DeadlineExceeded):
		return "deadline exceeded"
	case errors.Is(err, context.Canceled):
		return "canceled"
	}
	return "internal"
}
