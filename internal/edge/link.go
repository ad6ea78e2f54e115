package edge

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
)

const (
	answerWithin = 5 * time.Second
	maxAnswer    = 1 << 20
	maxHops      = 3
	// maxSkew is how far the clocks of an edge and its origin may be apart: the dates of the
	// edge's pictures are what the words beside them keep step with.
	maxSkew = time.Second
	// lostAfter is how long an edge that does not hear of its origin counts as whole.
	lostAfter = 10 * time.Second
)

// LinkConfig is what a Link needs.
type LinkConfig struct {
	Origin string // of the origin, e.g. https://diemcau.example.org
	Token  string // a secret; access.EdgeGrant
	// Self tells how this edge stands now.
	Self   func() Report
	Client *http.Client // nil: one with a timeout
	Now    func() time.Time
	Logger *slog.Logger
}

// Link is an edge's line to its origin. All methods may be called concurrently, Run once.
type Link struct {
	cfg LinkConfig

	knownMu sync.Mutex // guards what follows
	known   []*conference.Info
	heard   time.Time // last answer
	skew    time.Duration
	err     error         // of the last report; nil: it was answered
	back    chan struct{} // closed when an answer comes after none did
}

// NewLink returns a Link that has heard nothing.
func NewLink(cfg LinkConfig) *Link {
	if cfg.Client == nil {
		cfg.Client = &http.Client{Timeout: answerWithin}
	}
	client := *cfg.Client
	// The token goes nowhere by itself: post follows.
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	cfg.Client = &client
	cfg.Origin = strings.TrimRight(cfg.Origin, "/")
	cfg.Logger = cfg.Logger.With(slog.String("part", "edge"))
	return &Link{cfg: cfg, back: make(chan struct{}), err: errNeverHeard}
}

var (
	errNeverHeard = errors.New("the origin has not answered yet")
	errHops       = errors.New("the origin sends from one node to another")
)

// Run reports until ctx ends; then it tells the origin that this edge leaves.
func (l *Link) Run(ctx context.Context) error {
	tick := time.NewTicker(ReportEvery)
	defer tick.Stop()
	for {
		l.note(ctx, l.report(ctx, false))
		select {
		case <-ctx.Done():
			return l.leave(context.WithoutCancel(ctx))
		case <-tick.C:
		}
	}
}

// leave is best effort: one that is not heard of any more is dropped as well.
func (l *Link) leave(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if err := l.report(ctx, true); err != nil {
		l.cfg.Logger.DebugContext(ctx, "the origin was not told that this edge leaves", slog.Any("err", err))
	}
	return nil
}

func (l *Link) report(ctx context.Context, leaving bool) error {
	self := l.cfg.Self()
	self.Leaving = leaving
	raw, err := json.Marshal(self)
	if err != nil {
		return fmt.Errorf("report to the origin: %w", err)
	}
	sent := l.cfg.Now()
	body, err := l.post(ctx, Path, "application/json", raw, http.StatusOK)
	if err != nil {
		return err
	}
	var s Standing
	if err := json.Unmarshal(body, &s); err != nil {
		return fmt.Errorf("read what the origin answers: %w", err)
	}
	known := make([]*conference.Info, len(s.Conferences))
	for i, c := range s.Conferences {
		known[i] = &conference.Info{
			ID: c.ID, Title: c.Title, StartsAt: c.StartsAt, State: conference.StateOpen, Public: true,
			Venues: []conference.Venue{{ID: Main, Main: true}},
		}
	}
	now := l.cfg.Now()
	l.knownMu.Lock()
	defer l.knownMu.Unlock()
	l.known, l.heard = known, now
	l.skew = s.Now.Sub(sent.Add(now.Sub(sent) / 2))
	return nil
}

// note keeps what became of a report, and says once what has changed.
func (l *Link) note(ctx context.Context, err error) {
	l.knownMu.Lock()
	before := l.err
	l.err = err
	if before != nil && err == nil {
		close(l.back)
		l.back = make(chan struct{})
	}
	l.knownMu.Unlock()
	switch {
	case err == nil && before != nil:
		l.cfg.Logger.InfoContext(ctx, "the origin answers", slog.String("origin", l.cfg.Origin))
	case err != nil && (before == nil || errors.Is(before, errNeverHeard)):
		l.cfg.Logger.WarnContext(ctx, "the origin does not answer: it is asked again every second",
			slog.String("origin", l.cfg.Origin), slog.Any("err", err))
	}
}

// Conferences returns the open conferences that are public, as the origin last told; also
// while it is away.
func (l *Link) Conferences() []*conference.Info {
	l.knownMu.Lock()
	defer l.knownMu.Unlock()
	return l.known
}

// Up reports whether the last report was answered, and returns a channel that is closed when
// one is after that.
func (l *Link) Up() (bool, <-chan struct{}) {
	l.knownMu.Lock()
	defer l.knownMu.Unlock()
	return l.err == nil, l.back
}

// Why says why viewers had better not be sent here; "" when all is well.
func (l *Link) Why() string {
	l.knownMu.Lock()
	defer l.knownMu.Unlock()
	switch {
	case l.err != nil && l.cfg.Now().Sub(l.heard) > lostAfter:
		return l.err.Error()
	case l.skew.Abs() > maxSkew:
		return fmt.Sprintf("this edge's clock is %v off the origin's", l.skew.Round(100*time.Millisecond))
	}
	return ""
}

// Ask hands an offer for one size of a programme to the origin; it is an sfu.Ask.
func (l *Link) Ask(ctx context.Context, id conference.ID, rung int, offer string) (string, error) {
	path := "/api/v1/conferences/" + url.PathEscape(string(id)) + "/rungs/" + strconv.Itoa(rung)
	answer, err := l.post(ctx, path, "application/sdp", []byte(offer), http.StatusCreated)
	return string(answer), err
}

// post sends a body to the origin, and on to the node of it that has the media (307): to no
// address that is less safe than the first.
func (l *Link) post(ctx context.Context, path, kind string, body []byte, want int) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	at := l.cfg.Origin + path
	for range maxHops {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, at, bytes.NewReader(body))
		if err != nil {
			return nil, fmt.Errorf("ask the origin: %w", err)
		}
		r.Header.Set("Content-Type", kind)
		r.Header.Set("Authorization", "Bearer "+l.cfg.Token)
		r.Header.Set("Accept-Language", "en")
		response, err := l.cfg.Client.Do(r)
		if err != nil {
			return nil, fmt.Errorf("ask the origin: %w", err)
		}
		answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
		_ = response.Body.Close() // it was read
		switch {
		case err != nil:
			return nil, fmt.Errorf("ask the origin: %w", err)
		case response.StatusCode == http.StatusTemporaryRedirect:
			next, err := response.Location()
			if err != nil || (next.Scheme != "https" && strings.HasPrefix(l.cfg.Origin, "https:")) {
				return nil, errHops
			}
			at = next.String()
		case response.StatusCode != want:
			return nil, refused(response, answer)
		default:
			return answer, nil
		}
	}
	return nil, errHops
}

// refused tells what the origin's problem document says.
func refused(response *http.Response, body []byte) error {
	var problem struct{ Code, Title string }
	if json.Unmarshal(body, &problem) != nil || problem.Code == "" {
		return fmt.Errorf("ask the origin: it answers %s", response.Status) //nolint:err113 // there is nothing to compare with
	}
	return fmt.Errorf("ask the origin: %s (%s)", problem.Code, problem.Title) //nolint:err113 // likewise
}
