package live

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog"
)

const (
	maxRounds   = 100 // of deciding one queue again after STALE; somebody wins every round
	maxUnknown  = 3   // appends of unknown outcome before the askers are told
	drainAtOnce = 4 * eventlog.MaxBatchDrafts
)

// errOtherEpoch answers what the node asked itself in an epoch that is over.
var errOtherEpoch = errors.New("the log has another epoch by now")

// run serves the inbox and follows the log until ctx ends or the log cannot be followed.
func (c *Conference) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	// tail ends when ctx does, at the latest when serve has returned.
	wg.Go(func() { c.tail(ctx) })
	// The index follows until ctx ends.
	wg.Go(func() { c.likes.follow(ctx, c) })
	// tend ends when ctx does; what it still asks is answered below.
	wg.Go(func() { c.tend(ctx) })
	err := c.serve(ctx)
	cancel()
	wg.Wait()
	for len(c.inbox) > 0 {
		(<-c.inbox).reply(Outcome{}, unavailable("the conference stops"))
	}
	close(c.stopped)
	return err
}

// news is what tail tells serve: the log holds more than after. The result of reading it
// comes back in read (capacity 1).
type news struct {
	after uint64
	read  chan error
}

// tail tells serve when the log holds more than the state knows.
func (c *Conference) tail(ctx context.Context) {
	for ctx.Err() == nil {
		n := news{after: c.position(), read: make(chan error, 1)}
		err := c.log.Wait(ctx, n.after)
		if err == nil {
			err = c.tell(ctx, n)
		}
		if err != nil && ctx.Err() == nil {
			c.logger.WarnContext(ctx, "log cannot be followed", slog.Any("err", err))
			pause(ctx, followBackoff)
		}
	}
}

func (c *Conference) tell(ctx context.Context, n news) error {
	select {
	case c.news <- n:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-n.read:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *Conference) serve(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case n := <-c.news:
			if err := c.hear(ctx, n); fatal(err) {
				return err
			}
			c.ledger.retry()
			if err := c.carryOut(ctx, nil); err != nil {
				return err
			}
		case r := <-c.inbox:
			if err := c.carryOut(ctx, c.drain([]*request{r})); err != nil {
				return err
			}
		}
	}
}

// hear reads what tail has told of.
func (c *Conference) hear(ctx context.Context, n news) error {
	var err error
	if c.state.at.Pos <= n.after { // else our own append was the news
		err = c.catchUp(ctx)
	}
	n.read <- err
	return err
}

// drain adds what else waits, in order of arrival.
func (c *Conference) drain(requests []*request) []*request {
	for len(requests) < drainAtOnce {
		select {
		case r := <-c.inbox:
			requests = append(requests, r)
		default:
			return requests
		}
	}
	return requests
}

// carryOut decides and writes until every request is answered; before them, what the log
// has lost. Its error is fatal.
func (c *Conference) carryOut(ctx context.Context, waiting []*request) error {
	// What is being written is finished even when the node stops.
	ctx = context.WithoutCancel(ctx)
	t := &turn{conference: c}
	for round := 0; ; round++ {
		waiting = append(c.ledger.lost(), waiting...)
		switch {
		case len(waiting) == 0:
			return nil
		case round == maxRounds:
			t.giveUp(waiting, "others were faster too often")
			return nil
		}
		waited, err := c.waitTurn(ctx)
		if err != nil {
			t.giveUp(waiting, "the log cannot be followed")
			return err
		}
		if waited {
			waiting = c.drain(waiting)
		}
		if waiting, err = t.round(ctx, waiting); err != nil {
			t.giveUp(waiting, "the log cannot be followed")
			return err
		}
	}
}

// turn is one carryOut.
type turn struct {
	conference *Conference
	fresh      bool // the state was the log's end at some moment since the turn began
	unknown    int  // appends of unknown outcome so far
}

// held is a request answered only if what the answer rests on became durable.
type held struct {
	request *request
	verdict verdict
	answer
}

// round decides the waiting requests on one overlay, writes it and answers what can be
// answered. It returns the requests to decide again, in order of arrival.
func (t *turn) round(ctx context.Context, waiting []*request) ([]*request, error) {
	c := t.conference
	b := newBatch(c.state, c.sealer, c.now())
	judged := make([]held, 0, len(waiting))
	var later []*request
	for i, r := range waiting {
		if r.epoch != "" && r.epoch != c.state.at.Epoch {
			r.reply(Outcome{}, errOtherEpoch)
			continue
		}
		verdict, outcome, err := b.decide(r)
		if verdict == full {
			later = waiting[i:]
			break
		}
		r.known = r.known || verdict == settled && err == nil && outcome.Position > 0
		judged = append(judged, held{r, verdict, answer{outcome, err}})
	}
	if len(b.entries) == 0 {
		again, err := t.settle(ctx, judged)
		return append(again, later...), err
	}
	again, err := t.write(ctx, b, judged)
	return append(again, later...), err
}

// settle answers requests that write nothing. A refusal that rests on the state is given
// only when the state is the log's end: another node's event may have made it wrong. And
// what an answer rests on must be confirmed: it may be another node's event, or our own
// whose replicas did not answer in time. One fence tells both.
func (t *turn) settle(ctx context.Context, judged []held) ([]*request, error) {
	c := t.conference
	var open []held
	for _, h := range judged {
		if t.rests(h.answer) {
			c.answer(h)
			continue
		}
		open = append(open, h)
	}
	if len(open) == 0 {
		return nil, nil
	}
	moved, err := c.fence(ctx)
	switch {
	case errors.Is(err, eventlog.ErrEpoch), errors.Is(err, eventlog.ErrRolledBack):
		if err := c.recover(ctx, err); err != nil {
			return nil, t.unreadable(ctx, open, err)
		}
		return requestsOf(open), nil
	case fatal(err):
		return nil, t.unreadable(ctx, open, err)
	case err != nil:
		c.logger.WarnContext(ctx, "what was read is not confirmed", slog.Any("err", err))
		t.giveUp(requestsOf(open), "the log does not confirm what was read")
		return nil, nil
	}
	t.fresh = true
	if moved {
		return requestsOf(open), nil
	}
	for _, h := range open {
		c.answer(h)
	}
	return nil, nil
}

// rests reports whether an answer rests on what is certain.
func (t *turn) rests(a answer) bool {
	switch c := t.conference; {
	case mayChange(a):
		return t.fresh && c.isConfirmed(c.state.at.Pos)
	case a.err == nil:
		return c.isConfirmed(a.outcome.Position)
	}
	return true // wrong in any state
}

// write appends the batch and answers its requests.
func (t *turn) write(ctx context.Context, b *batch, judged []held) ([]*request, error) {
	c := t.conference
	commands := make([]eventlog.Command, len(b.entries))
	for i, e := range b.entries {
		commands[i] = e.command
		e.request.tried = true
	}
	c.turns.try(b)
	limited, cancel := context.WithTimeout(ctx, c.limit)
	results, end, err := c.log.Append(limited, c.state.at, commands)
	cancel()
	switch {
	case err == nil && len(results) != len(commands):
		return requestsOf(judged), fmt.Errorf("append to %s: %d results for %d commands", c.id, len(results), len(commands))
	case err == nil:
		return t.written(ctx, b, judged, results, end)
	case errors.Is(err, eventlog.ErrEpoch), errors.Is(err, eventlog.ErrRolledBack):
		if err := c.recover(ctx, err); err != nil {
			return nil, t.unreadable(ctx, judged, err)
		}
		return requestsOf(judged), nil
	case errors.Is(err, eventlog.ErrUnavailable):
		c.logger.WarnContext(ctx, "log is not available", slog.Any("err", err))
		t.unsent(b)
		t.giveUp(requestsOf(judged), "the log cannot be written")
		return nil, nil
	case errors.Is(err, eventlog.ErrTooLarge), errors.Is(err, eventlog.ErrMalformed):
		for _, h := range judged {
			h.request.reply(Outcome{}, fmt.Errorf("append to %s: %w", c.id, err))
		}
		return nil, nil
	}
	return t.unclear(ctx, judged, err)
}

// unclear goes on after an append of unknown outcome: the log tells what became of it, now
// or when the same command comes again.
func (t *turn) unclear(ctx context.Context, judged []held, err error) ([]*request, error) {
	c := t.conference
	c.logger.WarnContext(ctx, "outcome of an append is unknown", slog.Any("err", err))
	t.unknown++
	if err := c.catchUp(ctx); err != nil {
		return nil, t.unreadable(ctx, judged, err)
	}
	if t.unknown < maxUnknown {
		return requestsOf(judged), nil
	}
	t.giveUp(requestsOf(judged), "the log does not answer")
	return nil, nil
}

// written takes over what an append wrote and answers. If everything was written, right
// after what we knew, every answer given on the overlay is true now.
func (t *turn) written(ctx context.Context, b *batch, judged []held, results []eventlog.Result, end eventlog.Position) ([]*request, error) {
	c := t.conference
	whole := true
	for _, result := range results {
		whole = whole && result.Stale == nil
	}
	if !c.applyOwn(b, results, end) {
		whole = false
		if err := c.catchUp(ctx); err != nil {
			return nil, t.unreadable(ctx, judged, err)
		}
	}
	t.fresh = true
	c.confirmed = end
	c.turns.took(ctx, results)
	var again []*request
	for _, h := range judged {
		outcome, known := c.state.outcomes[h.request.command.ID]
		switch {
		case h.verdict == writes && known && c.isConfirmed(outcome.Position):
			c.answer(held{h.request, h.verdict, answer{outcome, nil}})
		case h.verdict == settled && whole:
			c.answer(h)
		default:
			again = append(again, h.request)
		}
	}
	return again, nil
}

// unsent takes back that the batch's commands may have been written.
func (t *turn) unsent(b *batch) {
	if t.unknown > 0 {
		return // an earlier append may yet come through
	}
	for _, e := range b.entries {
		e.request.tried = false
	}
}

// unreadable answers after an append or a refusal that could not be verified. It returns
// the error if it is fatal.
func (t *turn) unreadable(ctx context.Context, judged []held, err error) error {
	t.giveUp(requestsOf(judged), "the log cannot be read")
	if fatal(err) {
		return err
	}
	t.conference.logger.WarnContext(ctx, "log cannot be read", slog.Any("err", err))
	return nil
}

// giveUp answers with what is certain: nothing was written, or nobody knows.
func (t *turn) giveUp(waiting []*request, why string) {
	for _, r := range waiting {
		if r.tried || r.known {
			r.reply(Outcome{}, unknownOutcome(why))
			continue
		}
		r.reply(Outcome{}, unavailable(why))
	}
}

// mayChange reports whether an answer rests on the state, which others may have changed:
// a lost race, something unknown, or nothing to do.
func mayChange(a answer) bool {
	if a.err == nil {
		return a.outcome.Position == 0
	}
	var refusal *conference.Error
	return errors.As(a.err, &refusal) &&
		(refusal.Kind == conference.KindConflict || refusal.Kind == conference.KindNotFound)
}

func requestsOf(judged []held) []*request {
	requests := make([]*request, len(judged))
	for i, h := range judged {
		requests[i] = h.request
	}
	return requests
}

// pause waits, or returns when ctx ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
