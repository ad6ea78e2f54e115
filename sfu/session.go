package sfu

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/sfu/bandwidth"
)

// role is what a session is for.
type role uint8

const (
	roleVenue role = iota
	roleStage
	roleEncoder // WHIP
)

// SlotKind is what a receive slot is for.
type SlotKind string

// The kinds of slots.
const (
	SlotProgramme SlotKind = "programme" // video and audio in one msid stream
	SlotReturn    SlotKind = "return"    // video: City Hall for the venues, the holder for City Hall
	SlotVoice     SlotKind = "voice"     // audio of one open microphone, never one's own
	SlotTile      SlotKind = "tile"      // video, lowest layer, stage
)

// Slot tells what a MID of the session carries now. Venue "" means: empty, nothing is sent
// (programme: always running). Paused: nothing is sent because the line takes no more.
type Slot struct {
	MID    string
	Kind   SlotKind
	Venue  conference.VenueID
	Paused bool
	Stage  bool // of the kind voice: the stage talks to this venue alone; Venue is ""
}

// Look tells how a slot is shown: Height is that of the picture in lines of the screen.
// What is Hidden is not sent; sound has no height.
type Look struct {
	Height int
	Hidden bool
}

// Session is one PeerConnection. All methods may be called concurrently.
type Session struct {
	id    string
	plane *Plane
	role  role
	venue conference.VenueID
	page  Page // Resume is the session's own token
	pc    *webrtc.PeerConnection
	lines []line     // of the join's offer; every later offer has the same
	pub   *publisher // nil: sends nothing
	talk  *publisher // of a stage that offers a microphone; no venue's
	slots []*slot    // in the offer's order; never changed after the join
	line  *downlink  // nil: nothing is sent

	negotiation chan struct{} // holds one token: nobody negotiates
	offer       *offer        // the last one; belongs to who has the token
	connected   atomic.Bool   // once
	lost        atomic.Int64  // since when nothing comes, ns; 0: media stands
	estimate    atomic.Int64  // bits/s the peer can receive; 0: nobody has estimated it
	replaced    atomic.Bool
	done        chan struct{}
	closing     sync.Once

	holdMu   sync.Mutex // guards turn, parkedAt
	turn     uint64     // counts the sockets that held the session
	parkedAt time.Time  // zero: one holds it, or none ever did

	viewMu sync.Mutex // guards view, send, change, tiles, looks, etag
	view   []Slot
	send   []string // the camera's layers that are wanted; nil: all
	change chan struct{}
	tiles  []conference.VenueID
	looks  map[string]Look
	etag   string

	soundOnly bool               // guarded by the plane's planeMu
	talksTo   conference.VenueID // likewise; "": nobody
}

func newSession(p *Plane, r role, page Page, o *offer) *Session {
	page.Resume = token()
	s := &Session{
		id: token(), plane: p, role: r, venue: page.Venue, page: page, offer: o, lines: o.lines,
		negotiation: make(chan struct{}, 1), done: make(chan struct{}), change: make(chan struct{}),
	}
	s.negotiation <- struct{}{}
	if r != roleEncoder {
		s.line = newDownlink(p.now, p.changed)
	}
	s.allot()
	return s
}

// token returns 128 random bits in base32.
func token() string {
	var b [16]byte
	rand.Read(b[:])
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b[:]))
}

// allot gives every m-line its purpose, by the order of docs/protocol.md.
func (s *Session) allot() {
	var videos, audios int
	for _, l := range s.lines {
		switch {
		case l.up && (s.role == roleVenue || s.role == roleEncoder):
			if s.pub == nil {
				s.pub = newPublisher(s.venue, len(s.rids()), s.plane.counters.venue(s.venue))
			}
		case l.up && l.media == webrtc.RTPCodecTypeAudio && s.role == roleStage && s.talk == nil:
			s.talk = newPublisher("", 0, &venueCounters{})
		case !l.down || s.role == roleEncoder:
		case l.media == webrtc.RTPCodecTypeVideo:
			kind, index := s.videoSlot(videos)
			s.addSlot(l, kind, index)
			videos++
		case l.media == webrtc.RTPCodecTypeAudio:
			if audios == 0 {
				s.addSlot(l, SlotProgramme, 0)
			} else {
				s.addSlot(l, SlotVoice, audios-1)
			}
			audios++
		}
	}
}

func (s *Session) videoSlot(n int) (kind SlotKind, index int) {
	switch {
	case n == 0:
		return SlotProgramme, 0
	case s.role == roleVenue && n == 1:
		return SlotReturn, 0
	case s.role == roleVenue:
		return SlotTile, n - 2
	default:
		return SlotTile, n - 1
	}
}

func (s *Session) addSlot(l line, kind SlotKind, index int) {
	s.slots = append(s.slots, newSlot(l, kind, index, &s.plane.counters, s.line))
}

// sends reports whether the session's offer sends the medium.
func (o *offer) sends(media webrtc.RTPCodecType) bool {
	return slices.ContainsFunc(o.lines, func(l line) bool { return l.media == media && l.up })
}

// receives reports whether the session's offer receives the medium.
func (o *offer) receives(media webrtc.RTPCodecType) bool {
	return slices.ContainsFunc(o.lines, func(l line) bool { return l.media == media && l.down })
}

// run reports to the receivers once a second and ends the session when it never connects;
// then it takes the session down. It is the session's own goroutine.
func (s *Session) run() {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	patience := time.NewTimer(connectWithin)
	defer patience.Stop()
	var probes chan bandwidth.Probe // nil: none ever
	if s.line != nil {
		probes = s.line.probes
	}
	for {
		select {
		case <-s.done:
			s.plane.remove(s)
			s.plane.node.door.leave(s)
			_ = s.pc.GracefulClose() // it is over either way
			return
		case <-patience.C:
			if !s.connected.Load() {
				s.Close()
			}
		case <-ticker.C:
			if s.over(s.plane.now()) {
				s.Close()
			}
			s.report()
		case p := <-probes:
			s.probe(p)
		}
	}
}

// connectWithin is how long a session may take from its offer to its first packet.
const connectWithin = 30 * time.Second

// maxReports is how many sender reports fit one packet: 28 bytes each.
const maxReports = 30

func (s *Session) report() {
	now := s.plane.now().UnixNano()
	var reports []rtcp.Packet
	for _, slot := range s.slots {
		if r := slot.report(now); r != nil {
			reports = append(reports, r)
		}
	}
	for batch := range slices.Chunk(reports, maxReports) {
		if err := s.pc.WriteRTCP(batch); err != nil {
			return // not connected, or no more
		}
	}
}

// listen wires the PeerConnection's events; before the first description is set.
func (s *Session) listen() {
	s.pc.OnConnectionStateChange(s.steady)
	s.pc.OnTrack(s.receive)
}

// receive takes a track of the publisher. Tracks nobody asked for are left unread; pion
// bounds what it keeps of them.
func (s *Session) receive(track *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
	pub := s.pub
	if pub == nil {
		pub = s.talk
	}
	if pub == nil || s.ended() {
		return
	}
	l, ok := s.upLine(receiver.RTPTransceiver().Mid())
	if !ok || pub == s.talk && l.media != webrtc.RTPCodecTypeAudio {
		return
	}
	u := &upTrack{session: s, pub: pub, track: track, payload: l.codec.payload, ask: s.packetsFrom(uint32(track.SSRC()))}
	reports := receiver.Read
	var taken bool
	if l.media == webrtc.RTPCodecTypeVideo {
		u.rank = min(rank(track.RID(), l.rids), maxRIDs-1)
		u.feed = newVideoFeed(s.plane.ids.next(), ringOf(u.rank))
		u.feed.keys.send = s.keyframeFrom(uint32(track.SSRC()))
		taken = pub.addLayer(&cameraLayer{rid: track.RID(), rank: u.rank, feed: u.feed})
		if rid := track.RID(); rid != "" {
			reports = readSimulcast(receiver, rid)
		}
	} else {
		u.feed = newAudioFeed(s.plane.ids.next())
		u.levelID = extensionID(receiver.GetParameters().HeaderExtensions, sdp.AudioLevelURI)
		taken = pub.setMic(u.feed)
	}
	if !taken {
		return
	}
	s.plane.node.spawn(u.read)
	s.plane.node.spawn(func() { u.readReports(reports) })
}

// keyframeFrom returns what asks the publisher for a keyframe of a layer.
func (s *Session) keyframeFrom(ssrc uint32) func() {
	return func() {
		if s.pc.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: ssrc}}) == nil {
			s.plane.counters.plis.Add(1)
		}
	}
}

// packetsFrom returns what asks the publisher to send packets of a layer again.
func (s *Session) packetsFrom(ssrc uint32) func([]uint16) {
	return func(seqs []uint16) {
		_ = s.pc.WriteRTCP([]rtcp.Packet{&rtcp.TransportLayerNack{ // it is asked for again
			MediaSSRC: ssrc, Nacks: rtcp.NackPairsFromSequenceNumbers(seqs),
		}})
	}
}

// upLine returns the first m-line of the medium the client sends, if mid is it.
func (s *Session) upLine(mid string) (line, bool) {
	for i, l := range s.lines {
		if l.mid != mid || !l.up {
			continue
		}
		first := slices.IndexFunc(s.lines, func(o line) bool { return o.up && o.media == l.media })
		return l, first == i
	}
	return line{}, false
}

// ID returns the session's id (128 random bits, base32).
func (s *Session) ID() string { return s.id }

// Slots returns the map of slots, the layers of the page's own camera that are wanted (by
// rid; nil: all), and a channel that is closed when either changes.
func (s *Session) Slots() ([]Slot, []string, <-chan struct{}) {
	s.viewMu.Lock()
	defer s.viewMu.Unlock()
	return slices.Clone(s.view), slices.Clone(s.send), s.change
}

// see sets the map of slots and the layers that are wanted.
func (s *Session) see(view []Slot, send []string) {
	s.viewMu.Lock()
	defer s.viewMu.Unlock()
	if slices.Equal(view, s.view) && slices.Equal(send, s.send) {
		return
	}
	s.view, s.send = view, send
	close(s.change)
	s.change = make(chan struct{})
}

// rids are those of the camera, high to low.
func (s *Session) rids() []string {
	for _, l := range s.lines {
		if l.up && l.media == webrtc.RTPCodecTypeVideo {
			return l.rids
		}
	}
	return nil
}

// Look tells how slots are shown, by MID. What is not named is as before, at first as
// large as its kind usually is.
func (s *Session) Look(looks map[string]Look) {
	s.viewMu.Lock()
	next := make(map[string]Look, len(s.looks)+len(looks))
	for _, slot := range s.slots {
		look, told := looks[slot.mid]
		if !told {
			look, told = s.looks[slot.mid]
		}
		if told {
			next[slot.mid] = look
		}
	}
	s.looks = next
	s.viewMu.Unlock()
	s.plane.route()
}

// Tiles chooses the venues shown in the tile slots, in order; stage sessions only. Until
// it is called all venues are shown, City Hall first.
func (s *Session) Tiles(venues []conference.VenueID) {
	if s.role != roleStage {
		return
	}
	s.viewMu.Lock()
	s.tiles = append([]conference.VenueID{}, venues...)
	s.viewMu.Unlock()
	s.plane.route()
}

func (s *Session) hasTiles() bool {
	return slices.ContainsFunc(s.slots, func(slot *slot) bool { return slot.kind == SlotTile })
}

func (s *Session) shown() ([]conference.VenueID, map[string]Look) {
	s.viewMu.Lock()
	defer s.viewMu.Unlock()
	return s.tiles, s.looks
}

// Replaced reports whether another session of the same venue took the place of this one.
func (s *Session) Replaced() bool { return s.replaced.Load() }

// Close ends the session. Done is closed when a session has ended, by whomever.
func (s *Session) Close() { s.closing.Do(func() { close(s.done) }) }

// Done is closed when the session has ended.
func (s *Session) Done() <-chan struct{} { return s.done }

func (s *Session) ended() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

// acquire waits for the right to negotiate.
func (s *Session) acquire(ctx context.Context) error {
	select {
	case <-s.negotiation:
		return nil
	case <-s.done:
		return conference.Refuse(conference.KindNotFound, "media.unknown_session", "ended")
	case <-ctx.Done():
		return fmt.Errorf("wait for the session: %w", ctx.Err())
	}
}

func (s *Session) release() { s.negotiation <- struct{}{} }
