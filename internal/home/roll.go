package home

import (
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"net/netip"
	"net/url"
	"slices"
	"sync"
	"time"
)

const (
	rollKey = "home/roll"
	// enrolFor is how long a node that died stays on the roll.
	enrolFor   = time.Minute
	enrolEvery = 20 * time.Second
	rollTries  = 8
)

// enrolled is one node on the roll.
type enrolled struct {
	Node

	Until int64 `json:"until"` // Unix seconds, by the node's own clock
}

// peers is the roll: every node that is alive. Pages must know at their loading which
// origins they may be sent to.
type peers struct {
	next     time.Time // when to enrol again; one pass at a time
	enrolled bool      // this run has stood on the roll; likewise

	rollMu sync.Mutex // guards roll
	roll   []Node
}

// Peers returns the other nodes that are alive, by name.
func (k *Keeper) Peers() []Node {
	k.peers.rollMu.Lock()
	defer k.peers.rollMu.Unlock()
	return k.peers.roll
}

// enrol writes this node on the roll and reads the others, from time to time.
func (k *Keeper) enrol(ctx context.Context) {
	now := time.Now()
	if now.Before(k.peers.next) {
		return
	}
	k.peers.next = now.Add(enrolEvery)
	k.write(ctx, func(roll map[string]enrolled) {
		if twin := roll[k.cfg.Self.Name]; k.peers.enrolled && twin.Run != "" && twin.Run != k.cfg.Self.Run {
			k.cfg.Logger.ErrorContext(ctx, "another node has this node's name: its data folder is a copy, delete the file node in one of the two",
				slog.String("node", k.cfg.Self.Name), slog.String("other", twin.Public))
		}
		maps.DeleteFunc(roll, func(_ string, e enrolled) bool { return e.Until < now.Unix() })
		roll[k.cfg.Self.Name] = enrolled{k.cfg.Self, now.Add(enrolFor).Unix()}
		k.peers.enrolled = true
	})
}

// leave takes this node off the roll.
func (k *Keeper) leave(ctx context.Context) {
	k.write(ctx, func(roll map[string]enrolled) { delete(roll, k.cfg.Self.Name) })
}

// write changes the roll. Nodes that write at the same time try again; who never wins
// comes back at the next turn.
func (k *Keeper) write(ctx context.Context, change func(map[string]enrolled)) {
	for range rollTries {
		before, err := k.cfg.Store.Get(ctx, rollKey)
		if err != nil {
			return
		}
		roll := map[string]enrolled{}
		if before != nil && json.Unmarshal(before, &roll) != nil {
			roll = map[string]enrolled{}
		}
		change(roll)
		k.note(roll)
		after, err := json.Marshal(roll)
		if err != nil {
			return
		}
		if done, err := k.cfg.Store.CompareAndSet(ctx, rollKey, before, after, enrolFor); err != nil || done {
			return
		}
	}
}

func (k *Keeper) note(roll map[string]enrolled) {
	others := make([]Node, 0, len(roll))
	for name, e := range roll {
		if name != k.cfg.Self.Name {
			others = append(others, e.Node)
		}
	}
	slices.SortFunc(others, compareNodes)
	k.peers.rollMu.Lock()
	same := slices.Equal(k.peers.roll, others)
	k.peers.roll = others
	k.peers.rollMu.Unlock()
	if !same && len(others) > 0 {
		k.warnLoopback(append([]Node{k.cfg.Self}, others...))
	}
}

// warnLoopback tells of nodes that only their own machine can reach. Nodes that are tried out
// on one machine are such.
func (k *Keeper) warnLoopback(all []Node) {
	for _, n := range all {
		if loopback(n.Public) || loopback(n.Peer) {
			k.cfg.Logger.Warn("nodes and pages on other machines cannot reach a node: start it with --public-url",
				slog.String("node", n.Name), slog.String("public", n.Public), slog.String("peer", n.Peer))
		}
	}
}

// loopback reports whether an origin leads to the machine that asks.
func loopback(origin string) bool {
	at, err := url.Parse(origin)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(at.Hostname())
	return at.Hostname() == "localhost" || (err == nil && (ip.IsLoopback() || ip.IsUnspecified()))
}
