package home

import (
	"context"
	"encoding/json"
	"maps"
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
	next time.Time // when to enrol again; Run's goroutine only

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
		maps.DeleteFunc(roll, func(_ string, e enrolled) bool { return e.Until < now.Unix() })
		roll[k.cfg.Self.Name] = enrolled{k.cfg.Self, now.Add(enrolFor).Unix()}
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
	defer k.peers.rollMu.Unlock()
	k.peers.roll = others
}
