package live

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/diemcau/diemcau/internal/eventlog"
)

const (
	maxRounds  = 100 // of deciding a request again after STALE; somebody wins every round
	maxUnknown = 3   // appends of unknown outcome before the askers are told
	intake     = 4 * eventlog.MaxBatchDrafts
	intakeBusy = 32 // while an append is under way: its end must be noticed at once
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
	// attest ends when ctx does.
	wg.Go(func() { c.attest(ctx) })
	// forget ends when ctx does.
	wg.Go(func() { c.forget(ctx) })
	appends := make(chan *flight, 1)
	// write ends when serve has closed appends.
	wg.Go(func() { c.write(context.WithoutCancel(ctx), appends) })
	err := c.serve(ctx, appends)
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

// serve takes commands and news until ctx ends or the log cannot be followed. What has
// been taken is finished even then.
func (c *Conference) serve(ctx context.Context, appends chan<- *flight) error {
	defer close(appends)
	p := &pipe{Conference: c, appends: appends}
	lasting := context.WithoutCancel(ctx)
	for {
		err := p.proceed(lasting)
		if err == nil {
			if p.flight == nil && ctx.Err() != nil {
				return nil
			}
			err = p.next(ctx, lasting)
		}
		if err != nil {
			p.abandon()
			return err
		}
	}
}

// next waits for what happens next and takes it. While an append is under way the log is
// not read: what it writes would be met twice.
func (p *pipe) next(ctx, lasting context.Context) error {
	inbox, news, stop := p.inbox, p.news, ctx.Done()
	var landed <-chan struct{}
	if p.flight != nil {
		landed, news = p.flight.landed, nil
	}
	if len(p.waiting) > 0 { // ahead is full
		inbox = nil
	}
	if ctx.Err() != nil {
		inbox, stop = nil, nil
	}
	select {
	case <-landed:
		return p.land(lasting)
	default:
	}
	select {
	case <-stop:
	case <-landed:
		return p.land(lasting)
	case n := <-news:
		if err := p.hear(lasting, n); fatal(err) {
			return err
		}
		p.ledger.retry()
	case r := <-inbox:
		p.waiting = p.drain(append(p.waiting, r), p.room())
	}
	return nil
}

// write appends what serve sends, one batch at a time, until serve has ended.
func (c *Conference) write(ctx context.Context, appends <-chan *flight) {
	for f := range appends {
		limited, cancel := context.WithTimeout(ctx, c.limit)
		f.results, f.end, f.err = c.log.Append(limited, f.seen, f.batch.commands())
		cancel()
		close(f.landed)
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

// drain adds what else waits, in order of arrival, up to so many in all.
func (c *Conference) drain(requests []*request, most int) []*request {
	for len(requests) < most {
		select {
		case r := <-c.inbox:
			requests = append(requests, r)
		default:
			return requests
		}
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
