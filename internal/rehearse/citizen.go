package rehearse

import (
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"time"

	"github.com/diemcau/diemcau/signaling/protocol"
)

// How often of a hundred questions a citizen has bad luck.
const (
	cutsOf100        = 20 // the line breaks while the question is on its way
	strangersOf100   = 5  // it is asked again from another device with the same key
	mismatchesOf100  = 2  // the key comes again with other words
	questionsEach    = 3  // how many questions a citizen asks in a short rehearsal
	shortestInterval = 4 * time.Second
	longestInterval  = 20 * time.Second
)

// citizen is one phone: it watches, asks, and follows what it asked.
type citizen struct {
	socket *socket
	ledger *ledger
	place  *place

	mu        sync.Mutex // guards standings
	standings map[string]protocol.QuestionState
}

func newCitizen(at *place, l *ledger) *citizen {
	c := &citizen{
		socket: newSocket(at, nil, protocol.Hello{}), ledger: l, place: at,
		standings: map[string]protocol.QuestionState{},
	}
	c.socket.told = c.told
	return c
}

func (c *citizen) told(m *protocol.ServerMessage) {
	if m.Standing == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.standings[m.Standing.Code] = m.Standing.State
}

// standing returns the last state the citizen was told of a question it asked.
func (c *citizen) standing(code string) (protocol.QuestionState, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	state, ok := c.standings[code]
	return state, ok
}

// follows returns the codes the citizen follows.
func (c *citizen) follows() []string {
	c.socket.mu.Lock()
	defer c.socket.mu.Unlock()
	var codes []string
	for code := range c.socket.follows {
		codes = append(codes, code)
	}
	return codes
}

// play asks questions until ctx ends; what is on its way then is finished within work.
func (c *citizen) play(ctx, work context.Context, every time.Duration) error {
	if !pause(ctx, jitter(every)) {
		return nil
	}
	for {
		if err := c.ask(work); err != nil {
			if work.Err() != nil {
				return nil //nolint:nilerr // the rehearsal is over; the question stays unacknowledged
			}
			return err
		}
		if !pause(ctx, every/2+jitter(every)) {
			return nil
		}
	}
}

// ask submits one question, with the luck of the day.
func (c *citizen) ask(ctx context.Context) error {
	topic, err := c.topic(ctx)
	if err != nil {
		return err
	}
	e := c.ledger.add(rand.Text())
	body := protocol.QuestionSubmit{IdempotencyKey: e.key, Body: e.text, Topic: topic}
	var cut func()
	if chance(cutsOf100) {
		cut = c.socket.cut
	}
	start := time.Now()
	ok, err := c.socket.command(ctx, "question.submit", body, cut)
	if err != nil {
		return c.refused(err)
	}
	c.ledger.acknowledged(e, ok.Code, time.Since(start), false)
	c.socket.follow(ok.Code)
	if chance(strangersOf100) {
		if err := c.elsewhere(ctx, func(s *socket) error {
			again, err := s.command(ctx, "question.submit", body, nil)
			if err != nil {
				return c.refused(err)
			}
			c.ledger.acknowledged(e, again.Code, 0, true)
			return nil
		}); err != nil {
			return err
		}
	}
	if chance(mismatchesOf100) {
		body.Body += " (khác)"
		_, err := c.socket.command(ctx, "question.submit", body, nil)
		if err != nil && !refused(err, "idempotency_mismatch") {
			return c.refused(err)
		}
		c.ledger.mismatch(err != nil)
	}
	return nil
}

// refused notes a refusal: a rehearsal's questions are all good ones.
func (c *citizen) refused(err error) error {
	if r, ok := errors.AsType[*refusal](err); ok {
		c.ledger.problem("a good question was refused: %s", r.Error())
		return nil
	}
	return err
}

// elsewhere lends a socket of another device, without any cookie.
func (c *citizen) elsewhere(ctx context.Context, f func(*socket) error) error {
	other := newSocket(c.place, nil, protocol.Hello{})
	live, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	var ran error
	// Stops with live.
	wg.Go(func() { ran = other.run(live) })
	err := f(other)
	stop()
	wg.Wait()
	return errors.Join(err, ran)
}

// topic waits until the page knows the conference, and chooses one of its topics.
func (c *citizen) topic(ctx context.Context) (topic string, err error) {
	for {
		changed := c.socket.view.look(func(v *view) {
			if n := len(v.conference.Topics); n > 0 {
				topic = v.conference.Topics[int(jitter(time.Duration(n)))].ID
			}
		})
		if topic != "" {
			return topic, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return "", ctx.Err() //nolint:wrapcheck // the caller's own
		}
	}
}

// chance is true in n of a hundred cases.
func chance(n int) bool { return jitter(100) < time.Duration(n) }
