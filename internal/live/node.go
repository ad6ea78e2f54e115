package live

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog"
	"github.com/diemcau/diemcau/internal/record"
	"github.com/diemcau/diemcau/internal/secret"
	"github.com/diemcau/diemcau/moderation/similar"
)

const (
	lookEvery  = 2 * time.Second // for conferences made by other nodes that were not heard of
	newChannel = "live/new"      // on which nodes tell each other of new conferences
	probeKey   = "live/probe"    // written to learn whether the store can be written
	probeTTL   = 10 * time.Second
)

// Config is what a Node needs. All fields are required but those that say otherwise.
type Config struct {
	Store  eventlog.Store
	Secret *secret.Keys
	Logger *slog.Logger
	// Now is this machine's clock. Rules are given the log's: the store's own if it has one.
	Now func() time.Time
	// Screen returns the name of the rule that asks for a closer look at a citizen's words,
	// or "". nil: none. It may be called concurrently.
	Screen func(words string) string
	// Erasures remembers who was erased, for when the log is restored; nil: nobody does.
	Erasures Erasures
	// Letters: people who give an e-mail address are written to (internal/mail).
	Letters bool
	// LogTimeout bounds one append to a log and one read from it; 0: 5 s.
	LogTimeout time.Duration
}

// Node runs all conferences of this process. All methods may be called concurrently.
type Node struct {
	cfg    Config
	sealer *secret.Sealer
	signer *record.Signer
	clock  *clock
	asks   *asks
	// lexicon is how all conferences read words for likeness.
	lexicon *similar.Lexicon
	look    chan chan error // asks Run to look for new conferences, and for the result

	nodeMu      sync.RWMutex  // guards running, conferences, failed, looked
	running     chan struct{} // closed when Run ends; nil while it does not run
	conferences map[conference.ID]*Conference
	failed      map[conference.ID]error
	looked      error // result of the last look
}

var errNotLooked = errors.New("conferences are still being opened")

// New returns a Node that runs nothing yet.
func New(cfg Config) *Node {
	cfg.LogTimeout = cmp.Or(cfg.LogTimeout, logTimeout)
	n := &Node{
		cfg: cfg, sealer: cfg.Secret.Sealer(), signer: record.NewSigner(cfg.Secret.Derive(record.KeyPurpose, record.SeedBytes)),
		clock: newClock(cfg.Store, cfg.Now), look: make(chan chan error), looked: errNotLooked,
		conferences: make(map[conference.ID]*Conference), failed: make(map[conference.ID]error),
		lexicon: similar.NewLexicon(),
	}
	n.asks = newAsks(cfg.Store.Ephemeral(), n.here)
	return n
}

// Run opens every conference of the store, follows the store for new ones, and runs
// them until ctx ends. It returns when all it started has ended. A store that cannot be
// reached is tried again and again (see Ready). Error: ErrOtherSecret.
func (n *Node) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	wg.Go(func() { n.asks.run(ctx) }) // ends when ctx does
	n.begin()
	defer n.end()
	err := n.follow(ctx, &wg)
	cancel()
	wg.Wait()
	return err
}

// follow looks for conferences until ctx ends, and runs each in wg.
func (n *Node) follow(ctx context.Context, wg *sync.WaitGroup) error {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	news := n.subscribe(ctx)
	var asked chan error
	for {
		n.clock.compare(ctx)
		err := n.open(ctx, wg)
		if ctx.Err() != nil {
			return nil
		}
		n.noteLook(err)
		if asked != nil {
			asked <- err
			asked = nil
		}
		if errors.Is(err, ErrOtherSecret) {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case _, ok := <-news:
			if !ok {
				news = nil // the ticker goes on looking
			}
		case <-ticker.C:
			if news == nil {
				news = n.subscribe(ctx)
			}
		case asked = <-n.look:
		}
	}
}

func (n *Node) subscribe(ctx context.Context) <-chan []byte {
	news, err := n.cfg.Store.Ephemeral().Subscribe(ctx, newChannel)
	if err != nil {
		return nil
	}
	return news
}

// open opens the conferences that are not running yet.
func (n *Node) open(ctx context.Context, wg *sync.WaitGroup) error {
	ids, err := n.cfg.Store.Conferences(ctx)
	if err != nil {
		return fmt.Errorf("list conferences: %w", err)
	}
	var errs []error
	for _, id := range ids {
		if n.known(id) {
			continue
		}
		c, err := n.load(ctx, id)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		n.add(c)
		// The conference ends when ctx does; Run waits for it.
		wg.Go(func() {
			if err := c.run(ctx); err != nil {
				c.logger.ErrorContext(ctx, "conference has stopped", slog.Any("err", err))
				n.drop(c.id, err)
			}
		})
	}
	return errors.Join(errs...)
}

// load brings a conference's state up to its log's end.
func (n *Node) load(ctx context.Context, id conference.ID) (*Conference, error) {
	log, err := n.cfg.Store.Log(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("open log of %s: %w", id, err)
	}
	created, err := n.created(ctx, id, log)
	if err != nil {
		return nil, err
	}
	if created == nil {
		return nil, fmt.Errorf("log of %s is empty: %w", id, errBroken)
	}
	if created.Secret != n.cfg.Secret.ID() {
		return nil, fmt.Errorf("conference %s: secret %s, log's %s: %w", id, n.cfg.Secret.ID(), created.Secret, ErrOtherSecret)
	}
	keys, err := openKeyring(ctx, n.cfg.Store.Ephemeral(), n.sealer, id, false)
	if err != nil {
		return nil, err
	}
	if keys.check() != created.Key {
		return nil, fmt.Errorf("conference %s: %w", id, ErrKeyMissing)
	}
	c := &Conference{
		id: id, log: log, keys: keys, sealer: n.sealer, leases: n.cfg.Store.Ephemeral(), screen: n.cfg.Screen, likes: likes{lexicon: n.lexicon}, now: n.clock.now, limit: n.cfg.LogTimeout,
		logger: n.cfg.Logger.With(slog.String("part", "live"), slog.String("conference", string(id))),
		inbox:  make(chan *request, inboxRequests), news: make(chan news),
		stopped: make(chan struct{}), more: make(chan struct{}), state: newState(keys),
		signer: n.signer, attestable: make(chan struct{}, 1), erasures: n.cfg.Erasures, written: n.cfg.Letters,
	}
	if n.clock.store != nil {
		c.ledger = newLedger(c.logger, c.now)
	}
	s := newState(keys)
	if err := c.load(ctx, s); err != nil {
		return nil, err
	}
	c.state = s
	if err := c.remember(s); err != nil {
		return nil, err
	}
	c.turns.ask = n.asks.of(c)
	return c, nil
}

// created returns the first event of a log, or nil when it is empty.
func (n *Node) created(ctx context.Context, id conference.ID, log eventlog.Log) (*conference.Created, error) {
	records, _, err := log.Read(ctx, 0, 1)
	if err != nil {
		return nil, fmt.Errorf("read log of %s: %w", id, err)
	}
	if len(records) == 0 {
		return nil, nil
	}
	return decodeCreated(records[0])
}

// promising is a store on a machine of its own, which may change behind it: Ready returns
// an error while it promises less than at the start.
type promising interface {
	Ready(ctx context.Context) error
}

// Ready returns nil when Run has caught up with every log, the log can be written and this
// machine's clock is right.
func (n *Node) Ready(ctx context.Context) error {
	if err := errors.Join(n.health(), n.clock.check()); err != nil {
		return err
	}
	if _, err := n.cfg.Store.Ephemeral().Increment(ctx, probeKey, 1, probeTTL); err != nil {
		return fmt.Errorf("write to the store: %w", err)
	}
	if store, can := n.cfg.Store.(promising); can {
		return store.Ready(ctx)
	}
	return nil
}

func (n *Node) health() error {
	n.nodeMu.RLock()
	defer n.nodeMu.RUnlock()
	if n.looked != nil {
		return n.looked
	}
	for id, err := range n.failed {
		return fmt.Errorf("conference %s has stopped: %w", id, err)
	}
	return nil
}

// Ephemeral returns the small store that all nodes share.
func (n *Node) Ephemeral() eventlog.Ephemeral { return n.cfg.Store.Ephemeral() }

// RecordKey returns the public key that the records of this installation are signed with.
func (n *Node) RecordKey() ed25519.PublicKey { return n.signer.Public() }

// Opened returns nil when all conferences of the store are running here. Refusal:
// server.not_ready (KindUnavailable): just after a start, or while the store is away.
func (n *Node) Opened() error {
	if n.health() != nil {
		return conference.Refuse(conference.KindUnavailable, "server.not_ready", "")
	}
	return nil
}

// Conference returns a running conference. Refusals: conference.unknown; server.not_ready
// while it cannot be told whether there is one: pages must come back, not give up.
func (n *Node) Conference(id conference.ID) (*Conference, error) {
	n.nodeMu.RLock()
	c, found := n.conferences[id]
	n.nodeMu.RUnlock()
	if found {
		return c, nil
	}
	if err := n.Opened(); err != nil {
		return nil, err
	}
	return nil, conference.Refuse(conference.KindNotFound, "conference.unknown", string(id))
}

// Conferences returns all conferences by start time.
func (n *Node) Conferences() []*conference.Info {
	all := n.all()
	infos := make([]*conference.Info, len(all))
	for i, c := range all {
		infos[i] = c.info()
	}
	slices.SortFunc(infos, func(a, b *conference.Info) int {
		return cmp.Or(a.StartsAt.Compare(b.StartsAt), cmp.Compare(a.ID, b.ID))
	})
	return infos
}

// Lookup finds a question by its tracking code in any conference. Refusals:
// question.unknown_code, server.not_ready.
func (n *Node) Lookup(code string) (Standing, error) {
	for _, c := range n.all() {
		if standing, err := c.Standing(code); err == nil {
			return standing, nil
		}
	}
	if err := n.Opened(); err != nil {
		return Standing{}, err
	}
	return Standing{}, unknownCode()
}

func (n *Node) all() []*Conference {
	n.nodeMu.RLock()
	defer n.nodeMu.RUnlock()
	all := make([]*Conference, 0, len(n.conferences))
	for _, c := range n.conferences {
		all = append(all, c)
	}
	return all
}

func (n *Node) known(id conference.ID) bool {
	n.nodeMu.RLock()
	defer n.nodeMu.RUnlock()
	return n.conferences[id] != nil || n.failed[id] != nil
}

// here returns a conference that runs on this node, or nil.
func (n *Node) here(id conference.ID) *Conference {
	n.nodeMu.RLock()
	defer n.nodeMu.RUnlock()
	return n.conferences[id]
}

func (n *Node) add(c *Conference) {
	n.nodeMu.Lock()
	defer n.nodeMu.Unlock()
	n.conferences[c.id] = c
}

func (n *Node) drop(id conference.ID, err error) {
	n.nodeMu.Lock()
	defer n.nodeMu.Unlock()
	delete(n.conferences, id)
	n.failed[id] = err
}

func (n *Node) noteLook(err error) {
	n.nodeMu.Lock()
	changed := (err == nil) != (n.looked == nil) && !errors.Is(n.looked, errNotLooked) || err != nil && errors.Is(n.looked, errNotLooked)
	n.looked = err
	n.nodeMu.Unlock()
	if changed && err != nil {
		n.cfg.Logger.Warn("conferences cannot be opened", slog.String("part", "live"), slog.Any("err", err))
	}
}

func (n *Node) begin() {
	n.nodeMu.Lock()
	defer n.nodeMu.Unlock()
	n.running = make(chan struct{})
}

func (n *Node) end() {
	n.nodeMu.Lock()
	defer n.nodeMu.Unlock()
	close(n.running)
	n.running = nil
	n.conferences = make(map[conference.ID]*Conference)
	n.looked = errNotLooked
}

// ended is closed when Run ends; nil while it does not run.
func (n *Node) ended() <-chan struct{} {
	n.nodeMu.RLock()
	defer n.nodeMu.RUnlock()
	return n.running
}
