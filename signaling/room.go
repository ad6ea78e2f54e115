package signaling

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/signaling/protocol"
)

// room is one conference's fan-out: one goroutine pulls the changes, encodes them once
// per role that has sockets, and admits new sockets between two pulls.
type room struct {
	id     conference.ID
	conf   Conference
	lines  Lines // nil: none are known
	logger *slog.Logger
	inbox  chan func() // run by the room's goroutine
	done   chan struct{}

	// Owned by the goroutine of run.
	position  uint64
	cursor    string
	public    bool
	votes     map[conference.QuestionID]int // as last told
	votedAt   uint64
	rings     map[conference.Role]*ring
	followers map[conference.QuestionID]map[*conn]struct{}
	// behind has, by the question that stands for them, merged questions that are followed.
	behind map[conference.QuestionID]map[conference.QuestionID]struct{}
	told   told // of the venues' lines
}

// start is where a socket begins.
type start struct {
	ring  *ring
	index uint64
	// snapshot is sent first, when set.
	snapshot *websocket.PreparedMessage
	// resumed: what came after the client's cursor follows. If bridge is set, the socket
	// makes it itself from the changes up to position to, whose cursor is toCursor.
	resumed  bool
	bridge   bool
	to       uint64
	toCursor string
	votes    map[conference.QuestionID]int // at toCursor
	public   bool
	err      error
}

// cachedSnapshot serves all sockets of a role that come within snapshotFor.
type cachedSnapshot struct {
	message *websocket.PreparedMessage
	index   uint64
	made    time.Time
}

const (
	coalesce      = protocol.CoalesceEventsMs * time.Millisecond
	snapshotFor   = 250 * time.Millisecond
	snapshotLag   = maxBehind / 4
	maxBridge     = 1024 // changes
	watermarkEach = protocol.WatermarkEveryMs * time.Millisecond
	tallyEach     = protocol.VotesEveryMs * time.Millisecond
	inboxSize     = 64
	retryFeed     = 100 * time.Millisecond
)

func newRoom(id conference.ID, conf Conference, lines Lines, logger *slog.Logger) *room {
	return &room{
		id: id, conf: conf, lines: lines, logger: logger.With(slog.String("conference", string(id))),
		inbox:     make(chan func(), inboxSize),
		done:      make(chan struct{}),
		rings:     map[conference.Role]*ring{},
		followers: map[conference.QuestionID]map[*conn]struct{}{},
		behind:    map[conference.QuestionID]map[conference.QuestionID]struct{}{},
	}
}

// run pulls and publishes until ctx ends. A panic costs the sockets of the conference a
// reconnect, not the process its life.
func (r *room) run(ctx context.Context) {
	defer close(r.done)
	for !r.serve(ctx) && sleep(ctx, retryRoom) {
		r.logger.WarnContext(ctx, "room starts again")
	}
}

// serve runs until ctx ends; false after a panic.
func (r *room) serve(ctx context.Context) (ended bool) {
	defer func() {
		if p := recover(); p != nil {
			r.logger.ErrorContext(ctx, "panic in a room", slog.Any("err", p), slog.String("stack", string(debug.Stack())))
			for _, g := range r.rings {
				for c := range g.socks {
					c.bye(protocol.CloseInternal, byeInternal, 0)
				}
			}
		}
	}()
	r.rewind()
	if r.lines != nil { // sockets get all there is as they come
		r.told.lines = r.lines.Changes(r.id, 0).Version
		_, r.told.speaking = r.lines.Speaking(r.id)
	}
	watermark := time.NewTicker(watermarkEach)
	defer watermark.Stop()
	tally := time.NewTicker(tallyEach)
	defer tally.Stop()
	lines, speaking := time.NewTicker(linesEach), time.NewTicker(speakingEach)
	defer lines.Stop()
	defer speaking.Stop()
	pace := time.NewTimer(0)
	defer pace.Stop()
	for {
		waiting, pulled := r.pull(), time.Now()
		for published := false; !published; {
			select {
			case f := <-r.inbox:
				f()
			case <-watermark.C:
				r.watermarks()
			case <-tally.C:
				r.tally()
			case <-lines.C:
				r.tellLines()
			case <-speaking.C:
				r.tellSpeaking()
			case <-waiting:
				// Gather for one tick what comes close together.
				waiting = nil
				pace.Reset(max(coalesce-time.Since(pulled), 0))
			case <-pace.C:
				published = waiting == nil
			case <-ctx.Done():
				return true
			}
		}
	}
}

// call runs f in the room's goroutine and waits for it; false when the room has ended.
func (r *room) call(f func()) bool {
	ran := make(chan struct{})
	select {
	case r.inbox <- func() { defer close(ran); f() }:
	case <-r.done:
		return false
	}
	select {
	case <-ran:
		return true
	case <-r.done:
		return false
	}
}

// rewind starts over at the conference's present state, and so do all sockets.
func (r *room) rewind() {
	s := r.conf.Snapshot()
	r.position, r.cursor, r.public = s.Position, s.Cursor, s.Info.Public
	for _, g := range r.rings {
		for c := range g.socks {
			c.bye(protocol.CloseResync, byeResync, 0)
		}
		g.reset(r.position, r.cursor)
	}
	r.tally()
}

// pull publishes all changes there are and returns a channel that is closed when there
// are more.
func (r *room) pull() <-chan struct{} { return r.pullTo(^uint64(0)) }

// pullTo publishes all changes up to a position.
func (r *room) pullTo(limit uint64) <-chan struct{} {
	for {
		changes, more, err := r.conf.Since(r.position)
		if err == nil && len(changes) > 0 && !sameEpoch(r.cursor, changes[0].Cursor) {
			err = live.ErrGap
		}
		if err == nil && len(changes) == 0 {
			// A log that was rolled back may have grown to the very same position.
			_, err = r.conf.Resume(r.cursor)
		}
		if err != nil {
			if !errors.Is(err, live.ErrGap) {
				r.logger.Error("feed cannot be read", slog.Any("err", err))
				return after(retryFeed)
			}
			r.logger.Warn("feed has a gap, all sockets start over")
			r.rewind()
			continue
		}
		n := len(changes)
		for n > 0 && changes[n-1].Event.Position > limit {
			n--
		}
		r.publish(changes[:n])
		if n == 0 || r.position >= limit {
			return more
		}
	}
}

// sameEpoch compares the first part of two cursors "epoch.position.hash8".
func sameEpoch(a, b string) bool {
	x, _, _ := strings.Cut(a, ".")
	y, _, _ := strings.Cut(b, ".")
	return x == y
}

func after(d time.Duration) <-chan struct{} {
	ch := make(chan struct{})
	time.AfterFunc(d, func() { close(ch) })
	return ch
}

// publish appends the changes to the ring of every role that has sockets, and sends the
// followers of a question what became of it.
func (r *room) publish(changes []live.Change) {
	if len(changes) == 0 {
		return
	}
	for i := range changes {
		if changes[i].Info != nil {
			r.public = changes[i].Info.Public
		}
	}
	lastChange := &changes[len(changes)-1]
	r.position, r.cursor = lastChange.Event.Position, lastChange.Cursor
	for _, g := range r.rings {
		if len(g.socks) == 0 {
			continue
		}
		r.appendTo(g, changes)
		for c := range g.socks {
			c.wake()
		}
	}
	r.tellFollowers(changes)
}

func (r *room) appendTo(g *ring, changes []live.Change) {
	who := audience{role: g.role, public: r.public}
	var events []protocol.Event
	for i := range changes {
		if e, ok := who.event(&changes[i]); ok {
			events = append(events, e)
		}
		if len(events) == eventsChunk || (i == len(changes)-1 && len(events) > 0) {
			if err := g.append(events, changes[i].Event.Position, changes[i].Cursor); err != nil {
				r.logger.Error("events cannot be encoded", slog.String("role", string(g.role)), slog.Any("err", err))
			}
			events = nil
		}
	}
}

// watermarks tells every role whose view did not change how far the log has come.
func (r *room) watermarks() {
	for _, g := range r.rings {
		if len(g.socks) == 0 {
			continue
		}
		r.mark(g, true, nil)
		for c := range g.socks {
			c.wake()
		}
	}
}

// mark brings a ring's chain up to the room's position; always: even when it is there.
// votes are the totals that have changed.
func (r *room) mark(g *ring, always bool, votes map[string]int) {
	if _, at := g.position(); at == r.position && !always {
		return
	}
	if err := g.watermark(r.position, r.cursor, votes); err != nil {
		r.logger.Error("watermark cannot be encoded", slog.String("role", string(g.role)), slog.Any("err", err))
	}
}

// admit finds where a socket begins and makes it one of its role's. position is the
// place of the client's cursor when resume is true.
func (r *room) admit(c *conn, position uint64, resume bool) start {
	if resume && position > r.position {
		r.pullTo(position)
	}
	g := r.ring(c.actor.Role)
	g.socks[c] = struct{}{}
	s := start{ring: g, resumed: true, public: r.public}
	if resume && position <= r.position {
		if index, ok := g.after(position); ok {
			s.index = index
			return s
		}
		if r.position-position <= maxBridge {
			r.mark(g, false, nil)
			s.index, s.to = g.position()
			s.bridge, s.toCursor, s.votes = true, r.cursor, r.votes
			return s
		}
	}
	s.resumed = false
	s.snapshot, s.index, s.err = r.snapshot(g)
	return s
}

// ring returns the ring of a role, brought up to now if nobody has been listening.
func (r *room) ring(role conference.Role) *ring {
	g := r.rings[role]
	if g == nil {
		g = newRing(role)
		r.rings[role] = g
	}
	if len(g.socks) == 0 {
		g.reset(r.position, r.cursor)
	}
	return g
}

// snapshot returns a snapshot for a role and the index of the message that follows it.
func (r *room) snapshot(g *ring) (*websocket.PreparedMessage, uint64, error) {
	head, _ := g.position()
	if s := g.cached; s != nil && time.Since(s.made) < snapshotFor && head-s.index < snapshotLag {
		return s.message, s.index, nil
	}
	state := r.conf.Snapshot()
	for r.pullTo(state.Position); r.position != state.Position; r.pullTo(state.Position) {
		// The feed was rewound between the two: take the state again.
		state = r.conf.Snapshot()
	}
	r.mark(g, false, nil)
	view := audience{role: g.role, public: state.Info.Public}.snapshot(state, r.votes)
	message, _, err := prepare(&protocol.ServerMessage{Type: typeSnapshot, Snapshot: &view})
	if err != nil {
		return nil, 0, err
	}
	head, _ = g.position()
	g.cached = &cachedSnapshot{message: message, index: head, made: time.Now()}
	return message, head, nil
}

// leave forgets a socket.
func (r *room) leave(c *conn) {
	for _, g := range r.rings {
		delete(g.socks, c)
	}
	for _, id := range c.follows { // the socket's reader has ended
		r.unfollow(c, id)
	}
}
