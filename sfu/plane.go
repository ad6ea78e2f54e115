package sfu

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/sfu/speaker"
)

// maxSessions is how many PeerConnections (venues, stages, encoders) one conference takes;
// further ones are told media.full. Viewers are counted apart: Config.MaxViewers.
const maxSessions = 1000

// Plane is the media of one conference. All methods may be called concurrently.
type Plane struct {
	node      *Node
	id        conference.ID
	main      conference.VenueID
	log       *slog.Logger
	counters  counters
	ids       feedIDs
	programme *programme
	broken    error // the programme could not be made

	kick    chan struct{} // holds one token: look at the routes
	startMu sync.Once
	stop    context.CancelFunc
	ended   <-chan struct{}

	planeMu   sync.Mutex // guards what follows
	floor     Floor
	sessions  map[string]*Session
	heard     map[conference.VenueID]*publisher // who publishes each venue, as last routed
	published map[conference.VenueID]Publisher
	change    chan struct{}                    // closed when published changes
	audiences map[conference.VenueID]*audience // "": of the programme; they stay
	viewers   map[string]*Viewer
	speakers  speaker.Floor
	taken     map[string]time.Time // tokens of pages whose place another one took, and when
}

// Floor is what the media plane obeys.
type Floor struct {
	Holder  conference.VenueID // "" = City Hall alone
	Preview conference.VenueID
	Slate   bool
	Beside  bool // City Hall's picture stands beside the holder's, in a second slot
}

func newPlane(n *Node, id conference.ID, main conference.VenueID) *Plane {
	ctx, stop := context.WithCancel(context.Background())
	p := &Plane{
		node: n, id: id, main: main, log: n.log.With(slog.String("conference", string(id))),
		kick: make(chan struct{}, 1), stop: stop, ended: ctx.Done(),
		sessions:  make(map[string]*Session),
		heard:     make(map[conference.VenueID]*publisher),
		published: make(map[conference.VenueID]Publisher),
		audiences: make(map[conference.VenueID]*audience),
		viewers:   make(map[string]*Viewer),
		taken:     make(map[string]time.Time),
		change:    make(chan struct{}),
	}
	p.programme, p.broken = newProgramme(main, &p.ids, n.cfg)
	if p.programme != nil {
		p.programme.changed = p.changed
	}
	return p
}

// start lets the plane's two goroutines run as parts of the node.
func (p *Plane) start() {
	p.startMu.Do(func() {
		p.node.spawn(p.routes)
		if p.programme != nil {
			p.node.spawn(p.onAir)
		}
	})
}

// onAir runs the programme until the plane is closed.
func (p *Plane) onAir() {
	if err := p.programme.run(p.ended); err != nil {
		p.log.Error("programme ended", slog.Any("err", err))
	}
	for { // commands do not wait for what has ended
		select {
		case <-p.ended:
			return
		case <-p.programme.inbox:
		}
	}
}

func (p *Plane) now() time.Time { return p.node.cfg.Now() }

// changed says that routes may have to change. It never blocks: the packet path calls it.
func (p *Plane) changed() {
	select {
	case p.kick <- struct{}{}:
	default:
	}
}

// routes is the goroutine that decides who is shown where.
func (p *Plane) routes() {
	for {
		select {
		case <-p.ended:
			return
		case <-p.kick:
			p.route()
		}
	}
}

// SetFloor switches: audio of venues that are neither main nor holder is dropped from
// the next packet on; the programme cuts at the holder's next keyframe.
func (p *Plane) SetFloor(f Floor) {
	if f.Holder == p.main {
		f.Holder = ""
	}
	p.planeMu.Lock()
	old := p.floor
	p.floor = f
	p.permit()
	p.planeMu.Unlock()
	if old == f {
		return
	}
	p.route()
	if p.programme != nil {
		p.programme.command(p.ended, entry{kind: entryFloor, floor: f, at: p.now()})
	}
}

// permit tells every publisher whether it may be heard; with planeMu held.
func (p *Plane) permit() {
	for _, s := range p.sessions {
		if s.pub != nil {
			s.pub.speaks.Store(p.heard[s.venue] == s.pub && p.mayHear(s.venue))
		}
	}
}

// mayHear reports whether the floor lets a venue be heard; with planeMu held.
func (p *Plane) mayHear(v conference.VenueID) bool { return v == p.main || v == p.floor.Holder }

// Session returns a session by its id. Refusal: media.unknown_session.
func (p *Plane) Session(id string) (*Session, error) {
	p.planeMu.Lock()
	defer p.planeMu.Unlock()
	if s := p.sessions[id]; s != nil {
		return s, nil
	}
	return nil, conference.Refuse(conference.KindNotFound, "media.unknown_session", "")
}

// Publisher tells what a venue sends right now.
type Publisher struct {
	Venue   conference.VenueID
	Video   bool
	Audio   bool
	Layers  int    // simulcast layers that arrive, 0–3
	Profile string // H.264 profile-level-id of the camera, e.g. "42e01f"
	Note    string // code of a refusal while connected, e.g. "media.b_frames"; "" when well
}

// Publishers returns who publishes now, and a channel that is closed when that changes.
func (p *Plane) Publishers() (map[conference.VenueID]Publisher, <-chan struct{}) {
	p.planeMu.Lock()
	defer p.planeMu.Unlock()
	return maps.Clone(p.published), p.change
}

// Stats returns the plane's counters.
func (p *Plane) Stats() Stats {
	s := p.counters.snapshot()
	p.planeMu.Lock()
	s.Sessions = len(p.sessions)
	for _, a := range p.audiences {
		s.Viewers += int(a.size.Load())
	}
	s.Downlinks = make(map[conference.VenueID]Downlink)
	for _, session := range p.sessions {
		if session.role != roleVenue || session.line == nil {
			continue
		}
		if bits, known := session.line.bits(); known {
			s.Downlinks[session.venue] = Downlink{Bits: bits, SoundOnly: session.soundOnly}
		}
	}
	p.planeMu.Unlock()
	return s
}

// admit lets a session in and ends the one it replaces; before is the one its page had, or
// nil. A session whose asker has gone is not let in: it must not take the place from the one
// that its page has made since.
func (p *Plane) admit(ctx context.Context, s, before *Session) error {
	p.planeMu.Lock()
	if err := ctx.Err(); err != nil {
		p.planeMu.Unlock()
		return fmt.Errorf("let a page in: %w", err)
	}
	replaced, err := p.predecessor(s, before)
	if err != nil {
		p.planeMu.Unlock()
		return err
	}
	if replaced != nil {
		delete(p.sessions, replaced.id)
		if replaced != before {
			p.took(replaced, p.now())
		}
	}
	p.sessions[s.id] = s
	p.planeMu.Unlock()
	p.programme.awake.Store(true)
	if replaced != nil {
		replaced.replaced.Store(replaced != before)
		replaced.Close()
	}
	p.route()
	return nil
}

// predecessor returns the session that makes room for s, if there is one; with planeMu held.
func (p *Plane) predecessor(s, before *Session) (*Session, error) {
	if before != nil {
		if _, taken := p.taken[before.page.Resume]; taken { // while the offer was answered
			return nil, errReplaced
		}
		if p.sessions[before.id] == before && s.role == roleStage {
			s.tiles, _ = before.shown() // nobody else knows the new session yet
			return before, nil
		}
	}
	var replaced *Session
	for _, other := range p.sessions {
		if other.venue != s.venue || other.role != s.role || s.role == roleStage {
			continue
		}
		if s.role == roleEncoder {
			if sends := other.pub.tell(p.now()); sends.Video || sends.Audio || sends.Note != "" {
				return nil, conference.Refuse(conference.KindConflict, "media.already_publishing", "")
			}
		}
		replaced = other
	}
	if replaced == nil && len(p.sessions) >= maxSessions {
		return nil, conference.Refuse(conference.KindUnavailable, "media.full", "")
	}
	return replaced, nil
}

// remove forgets a session that has ended.
func (p *Plane) remove(s *Session) {
	p.planeMu.Lock()
	delete(p.sessions, s.id)
	for _, slot := range s.slots {
		slot.cut.detach()
	}
	p.planeMu.Unlock()
	p.route()
}

// housekeep does what time alone decides; every 100 ms.
func (p *Plane) housekeep() {
	p.planeMu.Lock()
	busy := len(p.sessions)+len(p.viewers) > 0
	p.listen()
	p.planeMu.Unlock()
	if p.programme != nil {
		p.programme.awake.Store(busy || p.programme.taps.Load() > 0)
	}
	if busy {
		p.route()
	}
}

// EndSessions ends every session: the conference's media are on another node now.
func (p *Plane) EndSessions() {
	p.planeMu.Lock()
	sessions, viewers := maps.Clone(p.sessions), maps.Clone(p.viewers)
	p.planeMu.Unlock()
	for _, s := range sessions {
		s.Close()
	}
	for _, v := range viewers {
		v.Close()
	}
}

// close ends every session; Run waits for them.
func (p *Plane) close() {
	p.EndSessions()
	p.stop()
}
