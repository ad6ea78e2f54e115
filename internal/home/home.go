package home

import (
	"cmp"
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
)

const (
	// leaseFor is how long a lease outlives its last renewal. A conference whose node dies is
	// without media for what is left of it and two looks: 3–5 s.
	leaseFor   = 3 * time.Second
	renewEvery = time.Second
	// vacantLooks is how many looks in a row must find the lease gone: a store that lost it
	// in a failover is given to its holder again, not to whoever looks first.
	vacantLooks = 2

	// A closed conference may still have pages, but no hurry: there are more of them every
	// week, and each look costs the store a round trip.
	closedFor   = time.Minute
	closedEvery = 20 * time.Second
	// atOnce is how many leases are looked at together. With half a second to the store and
	// one after the other, leases would lapse from the seventh conference on.
	atOnce = 32

	leasePrefix = "home/lease/"
	freed       = "home/freed" // on which a node says whose lease it gave back
	endWithin   = 2 * time.Second
)

// Node is one process that can hold media.
type Node struct {
	// Name is the same after a restart, so that a node that comes back takes what is its own.
	Name string `json:"name"`
	// Run is another one after every start.
	Run string `json:"run"`
	// Public is the origin that browsers reach the node at, e.g. "https://a.example.org".
	Public string `json:"public"`
	// Peer is the origin that other nodes reach it at.
	Peer string `json:"peer"`
}

// Store is what a Keeper needs of eventlog.Ephemeral, which says what each method does.
type Store interface {
	Get(ctx context.Context, key string) ([]byte, error)
	CompareAndSet(ctx context.Context, key string, old, value []byte, ttl time.Duration) (bool, error)
	Publish(ctx context.Context, channel string, payload []byte) error
	Subscribe(ctx context.Context, channel string) (<-chan []byte, error)
}

// Conference is one whose media need a home.
type Conference struct {
	ID     conference.ID
	Closed bool
}

// Config is what a Keeper needs.
type Config struct {
	// Store is shared by all nodes; nil: this node is alone and holds everything.
	Store       Store
	Self        Node
	Conferences func() []Conference
	Logger      *slog.Logger
}

// Keeper takes leases for this node and knows who holds the others. All methods may be
// called concurrently.
type Keeper struct {
	cfg  Config
	self []byte // Self as it stands in a lease
	// peers are the nodes that were seen alive; see roll.go.
	peers peers

	leasesMu sync.Mutex // guards leases
	leases   map[conference.ID]*lease
}

// lease is what this node believes of one conference.
type lease struct {
	holder Node
	known  bool
	vacant int // looks in a row that found nobody
	// closed: it is looked at again at next.
	closed  bool
	next    time.Time
	changed chan struct{}
}

// New returns a Keeper that holds nothing before Run, or everything when it is alone.
func New(cfg Config) *Keeper {
	self, err := json.Marshal(cfg.Self)
	if err != nil {
		panic(err) // four strings
	}
	return &Keeper{cfg: cfg, self: self, leases: make(map[conference.ID]*lease)}
}

// Run keeps the leases until ctx ends, then gives them back.
func (k *Keeper) Run(ctx context.Context) error {
	if k.cfg.Store == nil {
		<-ctx.Done()
		return nil
	}
	tick := time.NewTicker(renewEvery)
	defer tick.Stop()
	news := k.subscribe(ctx)
	for {
		k.pass(ctx)
		select {
		case <-ctx.Done():
			k.giveBack(context.WithoutCancel(ctx))
			return nil
		case id, open := <-news:
			if !open {
				news = nil // subscribed again below; until then the ticker looks
				continue
			}
			// A node that stops gives back all it has at once.
			together(&sync.WaitGroup{}, heard(news, conference.ID(id)), func(id conference.ID) { k.look(ctx, id, true) })
		case <-tick.C:
			if news == nil {
				news = k.subscribe(ctx)
			}
		}
	}
}

// pass looks at all leases that are due, and at the roll.
func (k *Keeper) pass(ctx context.Context) {
	now, all := time.Now(), k.cfg.Conferences()
	var due []conference.ID
	k.leasesMu.Lock()
	for _, c := range all {
		l := k.of(c.ID)
		was := l.closed
		if l.closed = c.Closed; was && l.closed && now.Before(l.next) {
			continue // one that has just closed is looked at: its lease becomes a longer one
		}
		l.next = now.Add(closedEvery)
		due = append(due, c.ID)
	}
	k.leasesMu.Unlock()
	var wg sync.WaitGroup
	wg.Go(func() { k.enrol(ctx) })
	together(&wg, due, func(id conference.ID) { k.look(ctx, id, false) })
}

// heard returns the first of the news with those that are there already, ≤ atOnce.
func heard(news <-chan []byte, first conference.ID) []conference.ID {
	all := []conference.ID{first}
	for len(all) < atOnce {
		select {
		case id, open := <-news:
			if !open {
				return all
			}
			all = append(all, conference.ID(id))
		default:
			return all
		}
	}
	return all
}

// together calls do for each, atOnce at a time, and waits for all and for wg.
func together(wg *sync.WaitGroup, ids []conference.ID, do func(conference.ID)) {
	places := make(chan struct{}, atOnce)
	for _, id := range ids {
		places <- struct{}{}
		wg.Go(func() { // ends with its look
			defer func() { <-places }()
			do(id)
		})
	}
	wg.Wait()
}

func (k *Keeper) subscribe(ctx context.Context) <-chan []byte {
	news, err := k.cfg.Store.Subscribe(ctx, freed)
	if err != nil {
		return nil
	}
	return news
}

// Holder returns who holds the conference's media; known is false while nobody does.
func (k *Keeper) Holder(id conference.ID) (holder Node, known bool) {
	if k.cfg.Store == nil {
		return k.cfg.Self, true
	}
	k.leasesMu.Lock()
	defer k.leasesMu.Unlock()
	l := k.of(id)
	return l.holder, l.known
}

// Here reports whether this node holds the conference's media, and returns a channel that
// is closed when that may have changed.
func (k *Keeper) Here(id conference.ID) (bool, <-chan struct{}) {
	k.leasesMu.Lock()
	defer k.leasesMu.Unlock()
	l := k.of(id)
	return k.cfg.Store == nil || k.ours(l), l.changed
}

// of returns the lease of a conference; with leasesMu held.
func (k *Keeper) of(id conference.ID) *lease {
	l := k.leases[id]
	if l == nil {
		l = &lease{changed: make(chan struct{})}
		k.leases[id] = l
	}
	return l
}

// look renews this node's lease, or learns whose it is, or takes it when nobody has it;
// at once when its holder gave it back.
func (k *Keeper) look(ctx context.Context, id conference.ID, givenBack bool) {
	key, ttl := leasePrefix+string(id), k.lasts(id)
	renewed, err := k.cfg.Store.CompareAndSet(ctx, key, k.self, k.self, ttl)
	if err != nil {
		k.unreachable(ctx, id, err)
		return
	}
	if renewed {
		k.believe(ctx, id, k.cfg.Self)
		return
	}
	found, err := k.cfg.Store.Get(ctx, key)
	if err != nil {
		k.unreachable(ctx, id, err)
		return
	}
	var holder Node
	if found != nil && json.Unmarshal(found, &holder) != nil {
		found = nil // nobody can renew what cannot be read; its time runs out
	}
	first, ours, vacant := k.saw(id, found != nil)
	switch {
	case found == nil && (first || ours || givenBack || vacant >= vacantLooks):
	case found != nil && first && holder.Name == k.cfg.Self.Name: // our own, of the run before
	case found != nil:
		k.believe(ctx, id, holder)
		return
	default:
		return // gone, but perhaps not for long
	}
	if taken, err := k.cfg.Store.CompareAndSet(ctx, key, found, k.self, ttl); err == nil && taken {
		k.believe(ctx, id, k.cfg.Self)
	}
}

// lasts returns how long a conference's lease outlives its last renewal.
func (k *Keeper) lasts(id conference.ID) time.Duration {
	k.leasesMu.Lock()
	defer k.leasesMu.Unlock()
	if k.of(id).closed {
		return closedFor
	}
	return leaseFor
}

// saw counts a look. first: there was none before that told anything; ours: this node was
// the holder as far as it knows.
func (k *Keeper) saw(id conference.ID, held bool) (first, ours bool, vacant int) {
	k.leasesMu.Lock()
	defer k.leasesMu.Unlock()
	l := k.of(id)
	first, ours = !l.known && l.vacant == 0, k.ours(l)
	if held {
		l.vacant = 0
	} else {
		l.vacant++
	}
	return first, ours, l.vacant
}

func (k *Keeper) ours(l *lease) bool { return l.known && l.holder.Run == k.cfg.Self.Run }

// believe notes who holds the conference's media.
func (k *Keeper) believe(ctx context.Context, id conference.ID, holder Node) {
	k.leasesMu.Lock()
	l := k.of(id)
	same := l.known && l.holder == holder
	l.holder, l.known, l.vacant = holder, true, 0
	if !same {
		close(l.changed)
		l.changed = make(chan struct{})
	}
	k.leasesMu.Unlock()
	if !same {
		k.cfg.Logger.InfoContext(ctx, "media have a home", slog.String("conference", string(id)),
			slog.String("node", holder.Name), slog.Bool("here", holder.Run == k.cfg.Self.Run))
	}
}

func (k *Keeper) unreachable(ctx context.Context, id conference.ID, err error) {
	if ctx.Err() == nil {
		k.cfg.Logger.WarnContext(ctx, "media lease cannot be renewed", slog.String("conference", string(id)), slog.Any("err", err))
	}
}

// giveBack lets the other nodes take over without waiting.
func (k *Keeper) giveBack(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, endWithin)
	defer cancel()
	k.leasesMu.Lock()
	var ours []conference.ID
	for id, l := range k.leases {
		if k.ours(l) {
			ours = append(ours, id)
		}
	}
	k.leasesMu.Unlock()
	var wg sync.WaitGroup
	together(&wg, ours, func(id conference.ID) {
		given, err := k.cfg.Store.CompareAndSet(ctx, leasePrefix+string(id), k.self, nil, 0)
		if err == nil && given {
			err = k.cfg.Store.Publish(ctx, freed, []byte(id))
		}
		if err != nil {
			k.unreachable(ctx, id, err) // it lapses
		}
	})
	k.leave(ctx)
}

// compareNodes orders nodes by name, then by run.
func compareNodes(a, b Node) int {
	return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Run, b.Run))
}
