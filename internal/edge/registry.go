package edge

import (
	"cmp"
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
)

// Store is where the nodes of an origin share what edges report; see eventlog.Ephemeral.
type Store interface {
	Get(ctx context.Context, key string) ([]byte, error)
	CompareAndSet(ctx context.Context, key string, old, value []byte, ttl time.Duration) (bool, error)
}

const (
	storeKey   = "edge/list"
	storeTries = 8
	readEvery  = time.Second
	maxEdges   = 64
)

// RegistryConfig is what a Registry needs.
type RegistryConfig struct {
	// Store is shared with the other nodes; nil: this one is alone.
	Store Store
	// Allowed are the origins an edge may have; none: any.
	Allowed []string
	Now     func() time.Time
	Logger  *slog.Logger
}

// Registry is the origin's list of its edges. All methods may be called concurrently.
type Registry struct {
	cfg RegistryConfig

	edgesMu sync.Mutex // guards edges, sent
	edges   map[string]listed
	sent    map[string]int // viewers sent since an edge last told how many it has
}

// listed is one edge, by its origin.
type listed struct {
	Report

	Until int64 `json:"until"` // Unix milliseconds
}

// NewRegistry returns a Registry without an edge.
func NewRegistry(cfg RegistryConfig) *Registry {
	cfg.Logger = cfg.Logger.With(slog.String("part", "edge"))
	return &Registry{cfg: cfg, edges: map[string]listed{}, sent: map[string]int{}}
}

// Run reads what edges have reported to other nodes, until ctx ends.
func (r *Registry) Run(ctx context.Context) error {
	tick := time.NewTicker(readEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if r.cfg.Store == nil {
			r.note(func(map[string]listed) {})
			continue
		}
		// While the store is away those that are known are forgotten by their time.
		if raw, err := r.cfg.Store.Get(ctx, storeKey); err == nil {
			r.merge(decode(raw))
		}
	}
}

// Report takes an edge's report. Refusals: edge.bad_report, edge.not_allowed (KindForbidden),
// edge.too_many (KindUnavailable).
func (r *Registry) Report(ctx context.Context, report Report) error {
	if err := report.check(); err != nil {
		return err
	}
	if !r.allows(report.URL) {
		return conference.Refuse(conference.KindForbidden, "edge.not_allowed", report.URL)
	}
	now := r.cfg.Now()
	mine := listed{report, now.Add(KeptFor).UnixMilli()}
	change := func(edges map[string]listed) {
		if report.Leaving {
			if edges[report.URL].Run == report.Run {
				delete(edges, report.URL)
			}
			return
		}
		edges[report.URL] = mine
	}
	r.edgesMu.Lock()
	before, known := r.edges[report.URL]
	full := !known && !report.Leaving && len(r.edges) >= maxEdges
	r.edgesMu.Unlock()
	switch {
	case full:
		return conference.Refuse(conference.KindUnavailable, "edge.too_many", "")
	case known && before.Run != report.Run && !report.Leaving:
		r.cfg.Logger.InfoContext(ctx, "an edge has started again, or two have one address", slog.String("edge", report.URL))
	case !known && !report.Leaving:
		r.cfg.Logger.InfoContext(ctx, "an edge has come", slog.String("edge", report.URL), slog.Int("capacity", report.Capacity))
	}
	r.note(change)
	r.edgesMu.Lock()
	delete(r.sent, report.URL)
	r.edgesMu.Unlock()
	r.share(ctx, change)
	return nil
}

// allows reports whether an edge may have an origin.
func (r *Registry) allows(origin string) bool {
	return len(r.cfg.Allowed) == 0 || slices.Contains(r.cfg.Allowed, origin)
}

// share writes the change for the other nodes. Nodes that write at the same time try again;
// who never wins comes back with the next report.
func (r *Registry) share(ctx context.Context, change func(map[string]listed)) {
	if r.cfg.Store == nil {
		return
	}
	for range storeTries {
		raw, err := r.cfg.Store.Get(ctx, storeKey)
		if err != nil {
			return
		}
		edges := decode(raw)
		change(edges)
		r.prune(edges)
		after, err := json.Marshal(edges)
		if err != nil {
			return
		}
		if done, err := r.cfg.Store.CompareAndSet(ctx, storeKey, raw, after, time.Minute); err != nil || done {
			return
		}
	}
}

func decode(raw []byte) map[string]listed {
	edges := map[string]listed{}
	if raw != nil && json.Unmarshal(raw, &edges) != nil {
		return map[string]listed{}
	}
	return edges
}

// prune drops those that were not heard of for too long.
func (r *Registry) prune(edges map[string]listed) {
	now := r.cfg.Now().UnixMilli()
	maps.DeleteFunc(edges, func(_ string, e listed) bool { return e.Until < now })
}

// note changes what this node knows.
func (r *Registry) note(change func(map[string]listed)) {
	r.edgesMu.Lock()
	defer r.edgesMu.Unlock()
	before := maps.Clone(r.edges)
	change(r.edges)
	r.prune(r.edges)
	for url := range before {
		if _, still := r.edges[url]; !still {
			delete(r.sent, url)
			r.cfg.Logger.Warn("an edge has gone: no viewer is sent there", slog.String("edge", url))
		}
	}
}

// merge takes what all nodes have heard. What one has heard later counts; who has left is
// forgotten by its time, for what was read may be older than what was heard here since.
func (r *Registry) merge(all map[string]listed) {
	r.note(func(edges map[string]listed) {
		for url, e := range all { // a node that was not restarted yet may take those that are allowed no more
			if e.Until > edges[url].Until && r.allows(url) {
				edges[url] = e
				delete(r.sent, url)
			}
		}
	})
}

// Want is what a viewer needs of an edge.
type Want struct {
	Conference conference.ID
	Secure     bool // the viewer's page came over TLS: so must the edge
	HLS        bool // instead of WebRTC
}

// Pick returns the origin of the edge a viewer is best sent to: the one with the most room
// for its size. "": there is none with room, so the viewer stays here.
func (r *Registry) Pick(w Want) string {
	r.edgesMu.Lock()
	defer r.edgesMu.Unlock()
	now := r.cfg.Now().UnixMilli()
	best, least := "", 1.0
	for _, url := range slices.SortedFunc(maps.Keys(r.edges), cmp.Compare[string]) {
		e := r.edges[url]
		if e.Until < now || !slices.Contains(e.Shows, w.Conference) || (w.Secure && !strings.HasPrefix(url, "https://")) {
			continue
		}
		taken := e.Viewers + r.sent[url] // and who is on the way
		load := float64(taken) / float64(max(1, e.Capacity))
		takes := !e.Full && taken < e.Capacity
		if w.HLS {
			takes = e.HLS
		}
		if takes && (best == "" || load < least) {
			best, least = url, load
		}
	}
	if best != "" && !w.HLS {
		r.sent[best]++
	}
	return best
}

// Origins returns the origins viewers may be sent to, in order.
func (r *Registry) Origins() []string {
	r.edgesMu.Lock()
	defer r.edgesMu.Unlock()
	all := slices.Concat(r.cfg.Allowed, slices.Collect(maps.Keys(r.edges)))
	slices.Sort(all)
	return slices.Compact(all)
}

// Edges returns what the edges that are alive have last told, in order.
func (r *Registry) Edges() []Report {
	r.edgesMu.Lock()
	defer r.edgesMu.Unlock()
	all := make([]Report, 0, len(r.edges))
	for _, url := range slices.Sorted(maps.Keys(r.edges)) {
		all = append(all, r.edges[url].Report)
	}
	return all
}
