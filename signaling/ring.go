package signaling

import (
	"encoding/json"
	"fmt"
	"sort"
	"sync"

	"github.com/gorilla/websocket"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/signaling/protocol"
)

// Bounds of a ring and of how far a socket may lag behind it.
const (
	maxBehind   = 1024
	ringSize    = maxBehind // what is further back no socket may be sent
	maxBacklog  = 1 << 20   // bytes
	eventsChunk = 128       // events in one message at most
)

// entry is one message of a ring.
type entry struct {
	message   *websocket.PreparedMessage
	from, to  uint64 // log positions before and after it
	size      int
	endOffset uint64 // bytes of the ring up to and including it
}

// ring is what one role sees of one conference: prepared messages in order, each naming
// the cursor of the one before, so that filtering leaves no false gap. A socket is an
// index into it; there is no queue per socket.
//
// The room's goroutine appends; writers read.
type ring struct {
	role   conference.Role
	last   string // cursor after the last message
	socks  map[*conn]struct{}
	cached *cachedSnapshot

	mu      sync.RWMutex // guards all below
	entries []entry      // index i is at i % ringSize
	first   uint64       // oldest index kept
	head    uint64       // index of the next message
	at      uint64       // log position of last
	bytes   uint64       // endOffset of the newest
}

func newRing(role conference.Role) *ring {
	return &ring{role: role, socks: map[*conn]struct{}{}}
}

// reset forgets all messages and goes on from a position; indexes go on rising.
func (g *ring) reset(position uint64, cursor string) {
	g.last, g.cached = cursor, nil
	g.mu.Lock()
	defer g.mu.Unlock()
	g.first, g.at = g.head, position
	if g.entries == nil {
		g.entries = make([]entry, ringSize)
	}
	clear(g.entries)
}

// append adds one message with events up to a position.
func (g *ring) append(events []protocol.Event, position uint64, cursor string) error {
	return g.push(chain(g.last, cursor, events), position, cursor)
}

// watermark adds a message without events, with the votes that have changed.
func (g *ring) watermark(position uint64, cursor string, votes map[string]int) error {
	return g.push(watermark(g.last, cursor, votes), position, cursor)
}

func (g *ring) push(m *protocol.ServerMessage, position uint64, cursor string) error {
	message, size, err := prepare(m)
	if err != nil {
		return err
	}
	g.last = cursor
	g.mu.Lock()
	defer g.mu.Unlock()
	g.bytes += uint64(size)
	g.entries[g.head%ringSize] = entry{message, g.at, position, size, g.bytes}
	g.at = position
	g.head++
	if g.head-g.first > ringSize {
		g.first = g.head - ringSize
	}
	return nil
}

// get returns the message at an index; tooSlow when the reader lags more than allowed.
func (g *ring) get(index uint64) (message *websocket.PreparedMessage, tooSlow bool) {
	g.mu.RLock()
	defer g.mu.RUnlock()
	if index >= g.head {
		return nil, false
	}
	if index < g.first || g.head-index > maxBehind {
		return nil, true
	}
	e := &g.entries[index%ringSize]
	if g.head-index > 1 && g.bytes-e.endOffset > maxBacklog {
		return nil, true
	}
	return e.message, false
}

// after returns the index of the message that follows a position, if the ring has a
// boundary there and a socket may start at it.
func (g *ring) after(position uint64) (uint64, bool) {
	g.mu.RLock()
	defer g.mu.RUnlock()
	if position == g.at {
		return g.head, true
	}
	n := int(g.head - g.first)
	i := sort.Search(n, func(i int) bool {
		return g.entries[(g.first+uint64(i))%ringSize].from >= position
	})
	index := g.first + uint64(i)
	if i == n || g.entries[index%ringSize].from != position {
		return 0, false
	}
	e := &g.entries[index%ringSize]
	return index, g.head-index <= maxBehind/2 && g.bytes-e.endOffset <= maxBacklog/2
}

func (g *ring) position() (index, at uint64) {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return g.head, g.at
}

// chain is the message that leads from one cursor to another.
func chain(prev, cursor string, events []protocol.Event) *protocol.ServerMessage {
	if len(events) == 0 {
		return watermark(prev, cursor, nil)
	}
	return &protocol.ServerMessage{
		Type:   typeEvents,
		Events: &protocol.Events{Prev: prev, Cursor: cursor, Events: events},
	}
}

// The types of what the server sends.
const (
	typeWelcome   = "welcome"
	typeSnapshot  = "snapshot"
	typeEvents    = "events"
	typeReply     = "reply"
	typeStanding  = "standing"
	typeSlots     = "slots"
	typeWatermark = "watermark"
	typeLines     = "lines"
	typeSpeaking  = "speaking"
	typeBye       = "bye"
)

// prepare encodes a message once for many sockets.
func prepare(m *protocol.ServerMessage) (*websocket.PreparedMessage, int, error) {
	data, err := json.Marshal(m)
	if err != nil {
		return nil, 0, fmt.Errorf("encode %s: %w", m.Type, err)
	}
	prepared, err := websocket.NewPreparedMessage(websocket.TextMessage, data)
	if err != nil {
		return nil, 0, fmt.Errorf("prepare %s: %w", m.Type, err)
	}
	return prepared, len(data), nil
}

func watermark(prev, cursor string, votes map[string]int) *protocol.ServerMessage {
	return &protocol.ServerMessage{
		Type:      typeWatermark,
		Watermark: &protocol.Watermark{Prev: prev, Cursor: cursor, Votes: votes},
	}
}
