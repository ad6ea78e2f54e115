package live

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog"
	"github.com/diemcau/diemcau/internal/record"
	"github.com/diemcau/diemcau/internal/replay"
	"github.com/diemcau/diemcau/internal/secret"
	"github.com/diemcau/diemcau/moderation"
)

// ErrGap says that the changes asked for are older than what is kept in memory, or of
// another epoch: take a Snapshot.
var ErrGap = errors.New("changes are no longer kept")

const (
	inboxRequests = 1024            // a full inbox makes Do wait
	logTimeout    = 5 * time.Second // of one Append or Read, unless Config says otherwise
	followBackoff = time.Second     // after the log could not be watched or read
)

// Conference is one running conference. All methods may be called concurrently.
type Conference struct {
	id     conference.ID
	log    eventlog.Log
	keys   *keyring
	sealer *secret.Sealer
	leases eventlog.Ephemeral
	screen func(words string) string // may be nil
	likes  likes

	erasures Erasures // may be nil
	written  bool     // people are written to
	logger   *slog.Logger
	now      func() time.Time // the log's clock
	limit    time.Duration    // of one Append or Read

	inbox   chan *request
	news    chan news     // from tail to serve
	stopped chan struct{} // closed when run has ended

	stateMu sync.RWMutex // guards state (written by run's goroutine only) and more
	state   *state
	more    chan struct{} // closed, and replaced, when state changes

	signer     *record.Signer
	attestable chan struct{} // capacity 1: something may have to be signed

	cached  atomic.Pointer[Snapshot]
	decided atomic.Uint64 // commands, again and again included; for tests to wait for

	// Run's goroutine only.
	confirmed eventlog.Position // everything up to here is durable on the replicas too
	turns     turns
	ledger    *ledger // nil: nobody can roll the log back under this process
}

// request is one call of Do on its way.
type request struct {
	command conference.Command
	answer  chan answer // capacity 1: answering never blocks
	// made is what was prepared of a submission or registration; nil: nothing.
	made *made
	// tried is true once the command was part of an append: finding it in the log then
	// means that we wrote it, not that it is a repetition.
	tried bool
	// known is true once its outcome was seen in the log, confirmed or not: it can no
	// longer be told that nothing was written.
	known bool
	// behind is true while it waits for what becomes of the same command, or submission, of
	// somebody else: what is not known of that is not known of it.
	behind bool
	// fresh is true once the state has been the log's end at some moment since it came.
	fresh   bool
	rounds  int // how often it was to be decided again
	unknown int // its appends of unknown outcome
	// healed is set for what the node asks itself (see ledger): it gets the answer instead.
	healed func(answer)
	// epoch is set for what the node asks because of what it found beside the log: in
	// another epoch of the log that may have been lost with the events (see tend).
	epoch string
}

type answer struct {
	outcome Outcome
	err     error
}

func (r *request) reply(outcome Outcome, err error) {
	if r.healed != nil {
		r.healed(answer{outcome, err})
		return
	}
	r.answer <- answer{outcome, err}
}

// ID returns the conference's id.
func (c *Conference) ID() conference.ID { return c.id }

// Do carries a command out and returns once its events are durable. The caller has
// checked that the actor may give the command (internal/access). ctx ends the waiting,
// not the command.
//
// Errors: the rules' refusals, log.unavailable (KindUnavailable: nothing was written),
// log.pending (KindPending: repeat the same command id to learn what became of it).
func (c *Conference) Do(ctx context.Context, command conference.Command) (Outcome, error) {
	command, err := c.keys.prepare(command)
	if err != nil {
		return Outcome{}, err
	}
	switch body := command.Body.(type) {
	case KeepCard:
		return c.keepCard(ctx, body, command.Actor)
	case moderation.ClaimCard:
		if body.Lapsed, err = c.lease(ctx, body.ID, command.Actor); err != nil {
			return Outcome{}, err
		}
		command.Body = body
	case moderation.Submit:
		return c.give(ctx, c.submission(command, body))
	case register:
		if body.ask != nil {
			body.ask.Hold = c.screened(body.ask.Body + "\n" + body.ask.Name)
		}
		// Before the first whom a page has promised a letter.
		if err := c.beginLetters(ctx); err != nil {
			return Outcome{}, err
		}
		return c.give(ctx, &request{command: command, answer: make(chan answer, 1), made: c.makeRegistration(command, body)})
	case erase:
		return c.erase(ctx, command)
	case AmendQuestion:
		body.hold = c.screened(body.Body)
		command.Body = body
	}
	return c.give(ctx, &request{command: command, answer: make(chan answer, 1)})
}

// submission returns a submission as a request, with what can be prepared of it.
func (c *Conference) submission(command conference.Command, body moderation.Submit) *request {
	// Of what staff typed in somebody has taken that look.
	if moderation.FromOutside(body.Channel) {
		body.Hold = c.screened(body.Body + "\n" + body.Name)
		if body.Hold != "" {
			command.Body = body
		}
	}
	return &request{command: command, answer: make(chan answer, 1), made: c.make(command, moderation.Submission(body))}
}

// Result is what Do returns.
type Result struct {
	Outcome Outcome
	Err     error
}

// SubmitAll carries out commands whose bodies are SubmitQuestion, in their order, as if each
// were given to Do, and returns a result for each. They share appends: it is the way for
// many at once. Other commands are refused with command.unknown.
func (c *Conference) SubmitAll(ctx context.Context, commands []conference.Command) []Result {
	results, requests := make([]Result, len(commands)), make([]*request, len(commands))
	for i, command := range commands {
		command, err := c.keys.prepare(command)
		body, is := command.Body.(moderation.Submit)
		if err == nil && !is {
			err = invalid("command.unknown", "not a submission")
		}
		if err == nil {
			r := c.submission(command, body)
			if err = c.put(ctx, r); err == nil {
				requests[i] = r
			}
		}
		results[i].Err = err
	}
	for i, r := range requests {
		if r != nil {
			results[i].Outcome, results[i].Err = c.wait(ctx, r)
		}
	}
	return results
}

// give hands a request to run's goroutine and waits for its answer.
func (c *Conference) give(ctx context.Context, r *request) (Outcome, error) {
	if err := c.put(ctx, r); err != nil {
		return Outcome{}, err
	}
	return c.wait(ctx, r)
}

// put hands a request to run's goroutine.
func (c *Conference) put(ctx context.Context, r *request) error {
	select {
	case c.inbox <- r:
		return nil
	case <-c.stopped:
		return unavailable("the conference stops")
	case <-ctx.Done():
		return unavailable("too many commands wait")
	}
}

// wait returns the answer to a request that was put.
func (c *Conference) wait(ctx context.Context, r *request) (Outcome, error) {
	select {
	case a := <-r.answer:
		return a.outcome, a.err
	case <-ctx.Done():
		return Outcome{}, unknownOutcome("the log has not answered yet")
	case <-c.stopped:
	}
	select {
	case a := <-r.answer:
		return a.outcome, a.err
	default:
		// Whatever was taken from the inbox has been answered before stopped was closed.
		return Outcome{}, unavailable("the conference stops")
	}
}

func (c *Conference) screened(words string) string {
	if c.screen == nil {
		return ""
	}
	return c.screen(words)
}

// Snapshot returns the durable state now.
func (c *Conference) Snapshot() *Snapshot {
	c.stateMu.RLock()
	defer c.stateMu.RUnlock()
	if kept := c.cached.Load(); kept != nil && kept.Cursor == cursorOf(c.state.at) {
		return kept
	}
	fresh := c.state.snapshot()
	c.cached.Store(fresh)
	return fresh
}

// Story returns what was on air when, by the log's clock.
func (c *Conference) Story() replay.Story {
	c.stateMu.RLock()
	defer c.stateMu.RUnlock()
	return c.state.story.Story()
}

// Since returns the changes after a position (oldest first, at most 1,024) and a channel
// that is closed when there are more. The last 4,096 changes are kept; all events of one
// command appear at once. After a restore of the log nothing older is kept, so that
// every follower takes a Snapshot. Error: ErrGap.
func (c *Conference) Since(after uint64) ([]Change, <-chan struct{}, error) {
	c.stateMu.RLock()
	defer c.stateMu.RUnlock()
	changes, err := c.state.ring.since(after, maxSince)
	return changes, c.more, err
}

// Resume returns the position a client's cursor stands for. Error: ErrGap when the
// cursor is malformed, of another epoch, of another chain, or older than what is kept.
func (c *Conference) Resume(cursor string) (uint64, error) {
	pos, ok := positionOf(cursor)
	if !ok {
		return 0, ErrGap
	}
	c.stateMu.RLock()
	defer c.stateMu.RUnlock()
	if c.state.ring.cursor(pos) != cursor {
		return 0, ErrGap
	}
	return pos, nil
}

// Standing returns where the question with a tracking code stands. Refusal: question.unknown_code.
func (c *Conference) Standing(code string) (Standing, error) {
	shown, ok := NormaliseCode(code)
	if !ok {
		return Standing{}, unknownCode()
	}
	c.stateMu.RLock()
	defer c.stateMu.RUnlock()
	return c.state.standing(c.state.codes[shown])
}

// StandingOf is Standing by id.
func (c *Conference) StandingOf(id conference.QuestionID) (Standing, error) {
	c.stateMu.RLock()
	defer c.stateMu.RUnlock()
	return c.state.standing(id)
}

// Votes returns how many support each question that the public may read and anybody
// supports, and the position that rests on; nil when nothing changed them after the one given.
func (c *Conference) Votes(after uint64) (map[conference.QuestionID]int, uint64) {
	c.stateMu.RLock()
	defer c.stateMu.RUnlock()
	at := c.state.votedAt
	if at == after {
		return nil, at
	}
	totals := c.state.questions.Votes()
	for id := range totals {
		if !c.state.questions.Question(id).Public() {
			delete(totals, id)
		}
	}
	return totals, at
}

// info returns the conference's durable Info.
func (c *Conference) info() *conference.Info {
	c.stateMu.RLock()
	defer c.stateMu.RUnlock()
	return c.state.info
}

// position returns how far the durable state has come.
func (c *Conference) position() uint64 {
	c.stateMu.RLock()
	defer c.stateMu.RUnlock()
	return c.state.at.Pos
}

// change lets the owner change the durable state and wakes the readers.
func (c *Conference) change(do func() error) error {
	c.stateMu.Lock()
	defer c.stateMu.Unlock()
	before := c.state.at
	err := do()
	if c.state.at != before {
		close(c.more)
		c.more = make(chan struct{})
		if boundary, _ := c.state.vouched.tally.Boundary(); boundary > c.state.vouched.covered {
			select {
			case c.attestable <- struct{}{}:
			default: // it will look anyway
			}
		}
	}
	return err
}
