package mail

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/internal/outbox"
	"github.com/diemcau/diemcau/internal/ticket/issue"
)

// Times and limits of letters.
const (
	lookEvery   = time.Second
	atOnce      = 20              // letters before it is looked again what is most urgent
	letterRetry = time.Minute     // after the first temporary refusal, then ever longer
	letterMost  = 2 * time.Hour   // at most
	serverRetry = 5 * time.Second // after trouble with the server
	serverMost  = 10 * time.Minute
	tiredAfter  = 72 * time.Hour // a letter that is refused for so long has failed
	// suspicious is how many letters may be refused in a row before it is taken for trouble
	// with the server: one that refuses all must not use them up.
	suspicious = 5
	// perAddress bounds what one address is sent a day: nobody fills a stranger's box.
	perAddress = 50
	day        = 24 * time.Hour
	noteRetry  = time.Second // when the log is away
)

// Conferences are those whose people are written to; a *live.Node.
type Conferences interface {
	Conferences() []*conference.Info
	Conference(id conference.ID) (*live.Conference, error)
}

// Config is what a Postman needs. All fields are required but those that say otherwise.
type Config struct {
	Conferences Conferences
	Server      *Server
	Sender      Sender
	// Base returns the origin of the pages that letters lead to.
	Base func() string
	// PerMinute bounds how many letters go, whoever is waiting.
	PerMinute int
	// Store is shared by all nodes.
	Store Store
	// Alone: there is no other node that could send.
	Alone  bool
	Key    []byte // ≥ 16 secret bytes, the same on all nodes
	Now    func() time.Time
	Logger *slog.Logger
	// Haste divides the times between tries; 0: 1. For tests.
	Haste int
}

// Stats is what this node has done since it started.
type Stats struct {
	Sent    uint64
	Refused map[outbox.Stage]uint64 // tries
	Trouble bool                    // letters stand still because of the server
}

// Postman writes letters and gives them to the mail server. Safe for concurrent use.
type Postman struct {
	cfg    Config
	lease  *lease
	notice *notice

	stopOnce sync.Once
	stopping chan struct{} // closed by Drain
	ended    chan struct{} // closed when Run has ended
	troubled atomic.Bool

	statsMu sync.Mutex // guards stats
	stats   Stats

	// Run's goroutine only.
	tries  map[letterKey]try
	server try
	next   time.Time // before which no letter goes
	streak int       // letters refused in a row
}

type letterKey struct {
	conference conference.ID
	id         conference.RegistrationID
	about      uint64
}

// try is how often something was tried, and when it is to be again.
type try struct {
	count int
	at    time.Time
}

// New returns a Postman; nothing is sent before Run.
func New(cfg Config) *Postman {
	cfg.Haste = max(1, cfg.Haste)
	cfg.Logger = cfg.Logger.With(slog.String("part", "mail"))
	return &Postman{
		cfg: cfg, lease: newLease(cfg.Store, cfg.Alone, cfg.Now), notice: &notice{store: cfg.Store, there: true},
		stopping: make(chan struct{}), ended: make(chan struct{}),
		tries: make(map[letterKey]try), stats: Stats{Refused: make(map[outbox.Stage]uint64)},
	}
}

// Run sends what is due until ctx ends or Drain is called.
func (p *Postman) Run(ctx context.Context) error {
	defer close(p.ended)
	defer p.cfg.Server.close()
	for p.pause(ctx, lookEvery/time.Duration(p.cfg.Haste)) {
		held, err := p.lease.keep(ctx)
		if err != nil && ctx.Err() == nil {
			p.cfg.Logger.WarnContext(ctx, "who sends letters cannot be told", slog.Any("err", err))
		}
		if !held || p.cfg.Now().Before(p.server.at) {
			continue
		}
		for _, one := range p.plan() {
			if !p.pause(ctx, p.next.Sub(p.cfg.Now())) || !p.send(ctx, one) {
				break
			}
		}
		p.cfg.Server.close() // no letter waits for it
	}
	giveBack, cancel := context.WithTimeout(context.WithoutCancel(ctx), byeWithin)
	defer cancel()
	p.lease.end(giveBack)
	return nil
}

// Drain sends nothing more, and waits until what is on its way is noted, or ctx ends.
func (p *Postman) Drain(ctx context.Context) {
	p.stopOnce.Do(func() { close(p.stopping) })
	select {
	case <-p.ended:
	case <-ctx.Done():
	}
}

// Stats returns what this node has done.
func (p *Postman) Stats() Stats {
	p.statsMu.Lock()
	defer p.statsMu.Unlock()
	return Stats{Sent: p.stats.Sent, Refused: maps.Clone(p.stats.Refused), Trouble: p.troubled.Load()}
}

// Trouble returns what is wrong with the mail server, on whichever node it was noticed; nil:
// nothing is.
func (p *Postman) Trouble(ctx context.Context) (*outbox.Trouble, error) { return p.notice.read(ctx) }

// pause waits; it reports false when nothing more is to be done.
func (p *Postman) pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(max(0, d))
	defer timer.Stop()
	select {
	case <-timer.C:
		select {
		case <-p.stopping:
			return false
		default:
			return ctx.Err() == nil
		}
	case <-p.stopping:
	case <-ctx.Done():
	}
	return false
}

// planned is a letter that is due, of a conference.
type planned struct {
	outbox.Due

	of *live.Conference
}

func (l planned) key() letterKey { return letterKey{l.of.ID(), l.Registration, l.About} }

// plan returns the letters to be sent next: offers first, which have an end, then the oldest.
func (p *Postman) plan() []planned {
	var due []planned
	tries, now := make(map[letterKey]try), p.cfg.Now()
	for _, info := range p.cfg.Conferences.Conferences() {
		running, err := p.cfg.Conferences.Conference(info.ID)
		if err != nil {
			continue // it is just stopping
		}
		for _, d := range running.Due() {
			one := planned{d, running}
			if t, tried := p.tries[one.key()]; tried {
				tries[one.key()] = t
				if now.Before(t.at) {
					continue
				}
			}
			due = append(due, one)
		}
	}
	p.tries = tries // what is not due any more is forgotten
	urgent := func(l planned) int {
		if l.Reason == outbox.ReasonOffered {
			return 0
		}
		return 1
	}
	slices.SortFunc(due, func(a, b planned) int {
		return cmp.Or(cmp.Compare(urgent(a), urgent(b)), a.At.Compare(b.At), cmp.Compare(a.About, b.About), cmp.Compare(a.Registration, b.Registration))
	})
	return due[:min(len(due), atOnce)]
}

// send sends one letter, and reports whether more may follow at once.
func (p *Postman) send(ctx context.Context, one planned) bool {
	if held, err := p.lease.keep(ctx); !held || err != nil {
		return false
	}
	to, err := one.of.Addressee(one.Registration)
	if err != nil || to.Letter.Due == nil { // settled, erased or closed meanwhile
		return true
	}
	one.Due = *to.Letter.Due
	ready, fault, err := p.ready(one.Due, &issue.Ticket{TicketStanding: to.TicketStanding, Info: to.Info})
	switch {
	case err != nil:
		p.cfg.Logger.ErrorContext(ctx, "a letter cannot be written", slog.String("conference", string(to.Info.ID)), slog.Any("err", err))
		p.later(one.key(), letterMost)
		return true
	case fault != nil:
		return p.refused(ctx, one, &trouble{Fault: *fault})
	}
	address := to.Registration.Person.Email
	if full, err := p.fill(ctx, address, 1); full || err != nil {
		p.later(one.key(), letterMost)
		return err == nil
	}
	p.next = p.cfg.Now().Add(time.Minute / time.Duration(p.cfg.PerMinute))
	// What is on its way is finished, though the node stops.
	lasting := context.WithoutCancel(ctx)
	if t := p.cfg.Server.deliver(lasting, ready); t != nil {
		if _, err := p.fill(lasting, address, -1); err != nil {
			p.cfg.Logger.WarnContext(ctx, "letters to an address cannot be counted", slog.Any("err", err))
		}
		return p.refused(lasting, one, t)
	}
	p.taken(lasting)
	p.note(ctx, func(ctx context.Context) error { return one.of.LetterSent(ctx, one.Registration, one.About) })
	return true
}

// ready writes a letter.
func (p *Postman) ready(due outbox.Due, ticket *issue.Ticket) (*envelope, *outbox.Fault, error) {
	now := p.cfg.Now()
	told := occasion{Ticket: *ticket, due: due, base: p.cfg.Base(), now: now}
	written, err := told.write()
	if err != nil {
		return nil, nil, err
	}
	// The same letter has the same id, should it go twice.
	id := fmt.Sprintf("%s.%d.%s", due.Registration, due.About, ticket.Info.ID)
	return fold(written, p.cfg.Sender, ticket.Registration.Person.Email, id, now)
}

// fill counts a letter to an address, or takes one back, and reports whether it is too many.
func (p *Postman) fill(ctx context.Context, address string, by int64) (full bool, err error) {
	n, err := p.cfg.Store.Increment(ctx, addressKey(p.cfg.Key, address), by, day)
	if err != nil || n <= perAddress || by < 0 {
		return false, err
	}
	_, err = p.cfg.Store.Increment(ctx, addressKey(p.cfg.Key, address), -1, day)
	return true, err
}

// taken notes that the server takes letters.
func (p *Postman) taken(ctx context.Context) {
	p.statsMu.Lock()
	p.stats.Sent++
	p.statsMu.Unlock()
	p.streak, p.server = 0, try{}
	if p.troubled.Swap(false) {
		p.cfg.Logger.InfoContext(ctx, "letters go again")
	}
	p.notice.clear(ctx)
}

// refused decides what becomes of a letter that was not taken, and reports whether another
// may follow at once.
func (p *Postman) refused(ctx context.Context, one planned, t *trouble) bool {
	p.statsMu.Lock()
	p.stats.Refused[t.Stage]++
	p.statsMu.Unlock()
	if t.ours() {
		if t.begun { // it may be this letter that the server cannot bear: another goes first
			p.again(one.key())
		}
		p.standStill(ctx, t.Fault)
		return false
	}
	if t.Stage != outbox.StageAddress {
		p.streak++
	}
	switch {
	case t.permanent() || t.Stage == outbox.StageAddress:
		p.cfg.Logger.WarnContext(ctx, "a letter was refused", slog.String("conference", string(one.of.ID())), slog.String("registration", string(one.Registration)), faultAttr(t.Fault))
		p.note(ctx, func(ctx context.Context) error {
			return one.of.LetterFailed(ctx, one.Registration, one.About, t.Fault)
		})
	case p.cfg.Now().Sub(one.At) > tiredAfter:
		late := t.Fault
		late.Stage = outbox.StageLate
		p.note(ctx, func(ctx context.Context) error { return one.of.LetterFailed(ctx, one.Registration, one.About, late) })
	default:
		p.again(one.key())
	}
	if p.streak >= suspicious {
		p.standStill(ctx, t.Fault)
		return false
	}
	return true
}

// standStill sends nothing for a while.
func (p *Postman) standStill(ctx context.Context, why outbox.Fault) {
	p.server.count++
	p.server.at = p.cfg.Now().Add(p.wait(p.server.count, serverRetry, serverMost))
	if !p.troubled.Swap(true) {
		p.cfg.Logger.WarnContext(ctx, "letters stand still: the mail server does not take them", faultAttr(why))
	}
	p.notice.put(ctx, outbox.Trouble{Fault: why, Since: p.cfg.Now().UTC(), Next: p.server.at.UTC()})
}

func faultAttr(f outbox.Fault) slog.Attr {
	return slog.Group("err", slog.String("stage", string(f.Stage)), slog.Int("code", f.Code), slog.String("status", f.Status))
}

// again has a letter tried later, each time after a longer while.
func (p *Postman) again(key letterKey) {
	t := p.tries[key]
	t.count++
	t.at = p.cfg.Now().Add(p.wait(t.count, letterRetry, letterMost))
	p.tries[key] = t
}

func (p *Postman) later(key letterKey, after time.Duration) {
	p.tries[key] = try{p.tries[key].count, p.cfg.Now().Add(after)}
}

// wait doubles with every try up to a most; each time is within a quarter of that, so that
// what failed together does not come back together.
func (p *Postman) wait(count int, first, most time.Duration) time.Duration {
	const doublings = 16 // no overflow
	d := min(first<<min(count-1, doublings), most) / time.Duration(p.cfg.Haste)
	return d*3/4 + rand.N(d/2+1) //nolint:gosec // no secret
}

// note writes to the log what became of a letter, until it is there: nothing else is sent
// before. When the node stops first, the letter may go once more.
func (p *Postman) note(ctx context.Context, write func(context.Context) error) {
	for {
		err := write(context.WithoutCancel(ctx))
		if err == nil {
			return
		}
		if refusal, is := errors.AsType[*conference.Error](err); is && refusal.Kind != conference.KindUnavailable && refusal.Kind != conference.KindPending {
			p.cfg.Logger.ErrorContext(ctx, "what became of a letter cannot be noted", slog.Any("err", err))
			return
		}
		if !p.pause(ctx, noteRetry/time.Duration(p.cfg.Haste)) {
			p.cfg.Logger.WarnContext(ctx, "what became of a letter was not noted: it may go once more", slog.Any("err", err))
			return
		}
	}
}
