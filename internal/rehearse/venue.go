package rehearse

import (
	"context"
	"errors"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/sfu/floor"
	"github.com/diemcau/diemcau/signaling/protocol"
)

const (
	joinWithin    = 15 * time.Second
	restartWithin = 4 * time.Second
	resumeWithin  = time.Minute // the server keeps a lost session for as long
	rejoinAfter   = 300 * time.Millisecond
	rejoinSpread  = 700 * time.Millisecond

	lookForNetwork = 500 * time.Millisecond // for another address; a browser is told by its system
	keyframeEvery  = 500 * time.Millisecond // how often one is asked for while there is no picture
)

// venue is one hall: its page's socket, what it publishes, what it sees and hears.
type venue struct {
	id     conference.VenueID
	index  int // its tone
	main   bool
	socket *socket
	host   string // of the server
	pub    *publisher
	videos int // slots for pictures
	tones  []int
	start  time.Time
	by     relays               // servers only once nothing else got through
	relays []protocol.ICEServer // by the last answer
	token  atomic.Value         // string: what the media session is got back with
	// frame and sound are told of every decodable frame and every packet of sound, by mid;
	// for who wants to know more than the counts below.
	repair time.Duration // how long a missing packet may be repaired; 0: repairTime
	goOn   time.Duration // … when a whole keyframe has come after it; 0: as long
	frame  func(mid string, m mark)
	sound  func(mid string, q *rtp.Packet)

	mu          sync.Mutex // guards all below
	slots       map[string]protocol.Slot
	seen        map[string]map[conference.VenueID]time.Time // by mid: last decodable frame of a venue
	heard       map[string]map[int]time.Time                // by mid: last time a tone was heard
	pictures    map[string]bool                             // by mid: it is a slot for pictures
	unpaused    map[protocol.SlotKind]time.Time             // when one of the kind was last sent again
	stats       watchStats
	joins       int
	offers      int           // sent; one for a join, one for each restart of ICE
	ready       time.Duration // from run to the first consent that was taken; 0: none yet
	ran         time.Time
	connectedAt time.Time // zero: not connected
	way         string    // of the last connection that stood
	began       time.Time // of the attempt under way; zero: media stands
	stood       time.Duration
	again       chan struct{} // join anew
	resumed     chan struct{} // the socket is back, and the media session with it
}

func newVenue(ctx context.Context, r *rehearsal, id conference.VenueID, index int, main bool) (*venue, error) {
	jar, err := r.place.signIn(ctx, r.cfg.Tokens, conference.RoleVenue, id)
	if err != nil {
		return nil, err
	}
	v := &venue{
		id: id, index: index, main: main, host: hostOf(r.place.base), tones: r.tones, videos: receiveVideos, start: time.Now(),
		socket: newSocket(r.place, jar, protocol.Hello{Role: conference.RoleVenue, Venue: string(id)}),
		slots:  map[string]protocol.Slot{}, pictures: map[string]bool{}, unpaused: map[protocol.SlotKind]time.Time{}, seen: map[string]map[conference.VenueID]time.Time{},
		heard: map[string]map[int]time.Time{}, again: make(chan struct{}, 1), resumed: make(chan struct{}, 1),
		frame: func(string, mark) {}, sound: func(string, *rtp.Packet) {},
		by: relays{dialer: relayDialer{r.place.network, r.cfg.TLS}},
	}
	v.socket.told = v.told
	v.token.Store("")
	v.socket.mediaToken = v.mediaToken
	if v.pub, err = newPublisher(id, index, len(r.tones), r.films); err != nil {
		return nil, err
	}
	return v, nil
}

// told takes what the socket says of the media.
func (v *venue) told(m *protocol.ServerMessage) {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch {
	case m.Slots != nil && !m.Slots.Ended:
		v.pub.obey(m.Slots.Send)
		was := maps.Clone(v.slots)
		clear(v.slots)
		for _, s := range m.Slots.Slots {
			if before := was[s.MID]; before.Paused && !s.Paused {
				v.unpaused[s.Kind] = time.Now()
			}
			v.slots[s.MID] = s
		}
	case m.Welcome != nil && m.Welcome.Media:
		notify(v.resumed)
	case m.Slots != nil, m.Welcome != nil:
		if !v.connectedAt.IsZero() {
			notify(v.again)
		}
	}
}

func notify(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

func (v *venue) mediaToken() string {
	token, _ := v.token.Load().(string)
	return token
}

// run keeps the venue's media connected until ctx ends.
func (v *venue) run(ctx context.Context) error {
	v.mu.Lock()
	v.ran = time.Now()
	v.mu.Unlock()
	for v.socket.connected(ctx) {
		joins := v.joinCount()
		err := v.session(ctx)
		var r *refusal
		if errors.As(err, &r) && r.Kind == conference.KindInvalid {
			return err
		}
		if errors.Is(err, errRelay) {
			continue
		}
		again := jitter(rejoinAfter)
		if v.joinCount() == joins { // it never came to be: others may be in the same need
			again = rejoinAfter + jitter(rejoinSpread)
		}
		if !pause(ctx, again) {
			break
		}
	}
	return nil
}

// session joins once and publishes until the connection has ended.
func (v *venue) session(ctx context.Context) error {
	v.begin()
	p, err := newPeer(ctx, v.host, rids(), v.videos, v.by)
	if err != nil {
		return err
	}
	var readers sync.WaitGroup
	// The readers stop when the peer is closed.
	defer readers.Wait()
	defer p.close()
	p.pc.OnTrack(func(track *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
		readers.Add(1)
		defer readers.Done()
		v.receive(p, track, receiver.RTPTransceiver().Mid())
	})
	joining, cancel := context.WithTimeout(ctx, joinWithin)
	defer cancel()
	if err := p.connect(joining, v.asks(joining, "media.join")); err != nil {
		return err
	}
	if err := v.stand(joining, p); err != nil {
		return err
	}
	for i := range p.camera {
		readers.Go(func() { v.pub.feedback(p.sender, i) })
	}
	readers.Go(func() { repairs(p.voice) })
	live, stop := context.WithCancel(ctx)
	defer stop()
	v.joined()
	defer v.left()
	// Stops with live.
	readers.Go(func() {
		defer stop()
		v.keep(live, p)
	})
	readers.Go(func() { v.tellLine(live) }) // likewise
	return v.pub.run(live, p)
}

// asks carries an offer to the server.
func (v *venue) asks(ctx context.Context, name protocol.CommandName) func(offer string) (string, error) {
	return func(offer string) (string, error) {
		v.mu.Lock()
		v.offers++
		v.mu.Unlock()
		body := protocol.MediaOffer{SDP: offer}
		if name == "media.join" {
			body.MediaToken = v.mediaToken()
		}
		ok, err := v.socket.command(ctx, name, body, nil)
		if err != nil {
			return "", err
		}
		v.relays = ok.ICEServers
		if ok.MediaToken != "" {
			v.token.Store(ok.MediaToken)
		}
		return ok.SDP, nil
	}
}

// keep returns when the connection is to be made anew, or ctx has ended. When nothing comes
// any more, the socket is asked too: if it answers, ICE is restarted, again and again for as
// long as the server keeps the session; if not, the socket is made anew and says whether it
// still does. The connection may come back by itself meanwhile.
func (v *venue) keep(ctx context.Context, p *peer) {
	network := time.NewTicker(lookForNetwork)
	defer network.Stop()
	var lost, tried time.Time
	for {
		var try bool
		select {
		case <-network.C:
			try = p.lost.Load() && time.Since(tried) > restartWithin
		case <-v.again:
			return
		case <-ctx.Done():
			return
		case <-p.ended:
			return
		case <-p.unsteady:
			try = true
		case <-v.resumed:
			try = p.lost.Load()
		}
		if p.moved(ctx, v.socket.place.network, v.host) {
			v.socket.cut() // it hangs on the old address too
			return
		}
		if !p.lost.Load() {
			lost = time.Time{}
			continue
		}
		if lost.IsZero() {
			lost = time.Now()
		}
		if time.Since(lost) > resumeWithin {
			return
		}
		if !try || !v.socket.answers(ctx) {
			continue
		}
		if tried = time.Now(); !v.restart(ctx, p) {
			return
		}
	}
}

// restart restarts ICE; false: the server does not know the session any more.
func (v *venue) restart(ctx context.Context, p *peer) bool {
	ctx, cancel := context.WithTimeout(ctx, restartWithin)
	defer cancel()
	var r *refusal
	return !errors.As(p.restart(ctx, v.asks(ctx, "media.restart")), &r)
}

func (v *venue) begin() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.began.IsZero() {
		v.began = time.Now()
	}
}

func (v *venue) joined() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.joins++
	v.connectedAt = time.Now()
	for _, before := range []chan struct{}{v.again, v.resumed} {
		select {
		case <-before: // of the session before
		default:
		}
	}
}

func (v *venue) joinCount() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.joins
}

func (v *venue) left() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.connectedAt = time.Time{}
}

// receive watches or listens to one slot until the peer is closed.
func (v *venue) receive(p *peer, track *webrtc.TrackRemote, mid string) {
	if track.Kind() == webrtc.RTPCodecTypeVideo {
		v.look(p, track, mid)
		return
	}
	lost := losses{ssrc: uint32(track.SSRC())}
	e, err := newEar(v.tones)
	if err != nil {
		return // the tones were made with the same codec
	}
	for {
		q, _, err := track.ReadRTP()
		if err != nil {
			return
		}
		lost.got(p, q.SequenceNumber)
		v.sound(mid, q)
		e.listen(q.SequenceNumber, q.Payload, func(tone int) {
			v.mu.Lock()
			defer v.mu.Unlock()
			if v.heard[mid] == nil {
				v.heard[mid] = map[int]time.Time{}
			}
			v.heard[mid][tone] = time.Now()
		})
	}
}

// look watches a slot, and asks for a keyframe when the picture is broken, as a browser does.
func (v *venue) look(p *peer, track *webrtc.TrackRemote, mid string) {
	w := newWatch(func(m mark) {
		v.frame(mid, m)
		v.mu.Lock()
		defer v.mu.Unlock()
		if v.seen[mid] == nil {
			v.seen[mid] = map[conference.VenueID]time.Time{}
		}
		v.seen[mid][m.venue] = time.Now()
	})
	if v.repair > 0 {
		w.patience = v.repair
	}
	w.keyAfter = v.goOn
	v.mu.Lock()
	v.pictures[mid] = true
	v.mu.Unlock()
	lost := losses{ssrc: uint32(track.SSRC())}
	var asked time.Duration
	for {
		q, _, err := track.ReadRTP()
		if err != nil {
			break
		}
		now := time.Since(v.start)
		lost.got(p, q.SequenceNumber)
		w.push(q.SequenceNumber, q.Timestamp, q.Marker, q.Payload, now)
		if !w.chain && now-asked > keyframeEvery {
			asked = now
			// Lost with the connection, of which the reader hears by itself.
			_ = p.pc.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: uint32(track.SSRC())}})
		}
	}
	w.sweep(time.Since(v.start))
	v.mu.Lock()
	defer v.mu.Unlock()
	v.stats.add(w.stats)
}

// consent says ready whenever the venue is connected and has not said so.
func (v *venue) consent(ctx context.Context) error {
	for {
		var state floor.State
		changed := v.socket.view.look(func(w *view) { state = w.venues[string(v.id)].State })
		if state == floor.StateConnected {
			_, err := v.socket.command(ctx, "venue.ready", protocol.Nothing{}, nil)
			var r *refusal
			if err != nil && !errors.As(err, &r) {
				return nil // ctx has ended
			}
			if err == nil {
				v.consented()
			}
			if !pause(ctx, rejoinAfter) {
				return nil
			}
			continue
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil
		}
	}
}

// consented notes the first time the venue was ready.
func (v *venue) consented() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.ready == 0 {
		v.ready = time.Since(v.ran)
	}
}

// connectedSince returns since when the media has been connected; zero: it is not.
func (v *venue) connectedSince() time.Time {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.connectedAt
}

// sawSince reports whether a venue's picture was seen in a slot of the kind since t.
func (v *venue) sawSince(kind protocol.SlotKind, id conference.VenueID, t time.Time) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	for mid, s := range v.slots {
		if s.Kind == kind && v.seen[mid][id].After(t) {
			return true
		}
	}
	return false
}

// heardSince reports whether a tone was heard in a slot of the kind since t.
func (v *venue) heardSince(kind protocol.SlotKind, tone int, t time.Time) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	for mid, s := range v.slots {
		if s.Kind == kind && v.heard[mid][tone].After(t) {
			return true
		}
	}
	return false
}
