package rehearse

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/pion/webrtc/v4"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/sfu/floor"
	"github.com/diemcau/diemcau/signaling/protocol"
)

const (
	joinWithin   = 15 * time.Second
	rejoinAfter  = 300 * time.Millisecond
	rejoinSpread = 700 * time.Millisecond
)

// venue is one hall: its page's socket, what it publishes, what it sees and hears.
type venue struct {
	id     conference.VenueID
	index  int // its tone
	main   bool
	socket *socket
	host   string // of the server
	pub    *publisher
	tones  []int
	start  time.Time

	mu          sync.Mutex // guards all below
	slots       map[string]protocol.Slot
	seen        map[string]map[conference.VenueID]time.Time // by mid: last decodable frame of a venue
	heard       map[string]map[int]time.Time                // by mid: last time a tone was heard
	stats       watchStats
	joins       int
	connectedAt time.Time // zero: not connected
	again       chan struct{}
}

func newVenue(ctx context.Context, r *rehearsal, id conference.VenueID, index int, main bool) (*venue, error) {
	jar, err := r.place.signIn(ctx, r.cfg.Tokens, conference.RoleVenue, id)
	if err != nil {
		return nil, err
	}
	v := &venue{
		id: id, index: index, main: main, host: hostOf(r.place.base), tones: r.tones, start: time.Now(),
		socket: newSocket(r.place, jar, protocol.Hello{Role: conference.RoleVenue, Venue: string(id)}),
		slots:  map[string]protocol.Slot{}, seen: map[string]map[conference.VenueID]time.Time{},
		heard: map[string]map[int]time.Time{}, again: make(chan struct{}, 1),
	}
	v.socket.told = v.told
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
		clear(v.slots)
		for _, s := range m.Slots.Slots {
			v.slots[s.MID] = s
		}
	case m.Slots != nil, m.Welcome != nil && !m.Welcome.Media:
		if !v.connectedAt.IsZero() {
			select {
			case v.again <- struct{}{}:
			default:
			}
		}
	}
}

// run keeps the venue's media connected until ctx ends.
func (v *venue) run(ctx context.Context) error {
	select {
	case <-v.socket.up:
	case <-ctx.Done():
		return nil
	}
	for ctx.Err() == nil {
		err := v.session(ctx)
		var r *refusal
		if errors.As(err, &r) && r.Kind == conference.KindInvalid {
			return err
		}
		if !pause(ctx, rejoinAfter+jitter(rejoinSpread)) {
			break
		}
	}
	return nil
}

// session joins once and publishes until the connection has ended.
func (v *venue) session(ctx context.Context) error {
	p, err := newPeer(ctx, v.host, rids())
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
		v.receive(track, receiver.RTPTransceiver().Mid())
	})
	joining, cancel := context.WithTimeout(ctx, joinWithin)
	defer cancel()
	err = p.connect(joining, func(offer string) (string, error) {
		ok, err := v.socket.command(joining, "media.join", protocol.MediaOffer{SDP: offer}, nil)
		if err != nil {
			return "", err
		}
		return ok.SDP, nil
	})
	if err != nil {
		return err
	}
	for i := range p.camera {
		readers.Go(func() { v.pub.feedback(p.sender, i) })
	}
	live, stop := context.WithCancel(ctx)
	defer stop()
	v.joined()
	defer v.left()
	// Stops with live.
	readers.Go(func() {
		select {
		case <-v.again:
			stop()
		case <-live.Done():
		}
	})
	return v.pub.run(live, p)
}

func (v *venue) joined() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.joins++
	v.connectedAt = time.Now()
	select {
	case <-v.again: // of the session before
	default:
	}
}

func (v *venue) left() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.connectedAt = time.Time{}
}

// receive watches or listens to one slot until the peer is closed.
func (v *venue) receive(track *webrtc.TrackRemote, mid string) {
	if track.Kind() == webrtc.RTPCodecTypeVideo {
		v.look(track, mid)
		return
	}
	e, err := newEar(v.tones)
	if err != nil {
		return // the tones were made with the same codec
	}
	for {
		q, _, err := track.ReadRTP()
		if err != nil {
			return
		}
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

func (v *venue) look(track *webrtc.TrackRemote, mid string) {
	w := newWatch(func(id conference.VenueID) {
		v.mu.Lock()
		defer v.mu.Unlock()
		if v.seen[mid] == nil {
			v.seen[mid] = map[conference.VenueID]time.Time{}
		}
		v.seen[mid][id] = time.Now()
	})
	for {
		q, _, err := track.ReadRTP()
		if err != nil {
			break
		}
		w.push(q.SequenceNumber, q.Timestamp, q.Marker, q.Payload, time.Since(v.start))
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
