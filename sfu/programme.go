package sfu

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/sfu/bus"
	"github.com/diemcau/diemcau/sfu/mixer"
	"github.com/diemcau/diemcau/sfu/ring"
	"github.com/diemcau/diemcau/sfu/slate"
)

const (
	programmeInbox = 2048                  // packets; more are dropped, and the bus sees a loss
	programmeTick  = 10 * time.Millisecond // half of what the bus and the mixer need
	programmeRefs  = 4096                  // packets the bus may hold at once
)

// programme runs the vision mixers and the sound mixer of a conference. One goroutine owns
// them; the readers of candidates put references into its inbox, one per packet of a
// candidate however many watch. Its output are feeds like any other: a picture for each
// rung, and one sound.
type programme struct {
	now   func() time.Time
	inbox chan entry
	main  conference.VenueID
	rungs [rungs]rung
	// beside is the second picture, which is not always there.
	beside second
	all    [rungs + 1]*rung // the rungs and beside
	audio  *feed
	// candidates are the publishers whose packets are wanted: City Hall, the holder, the
	// next one.
	candidates atomic.Pointer[map[*publisher]bool]
	onAir      atomic.Pointer[bus.Source]
	awake      atomic.Bool   // somebody is connected; nothing is mixed for nobody
	taps       atomic.Int32  // open ones
	changed    func()        // tells the plane that somebody else is on air
	lost       atomic.Uint64 // packets dropped because the inbox was full

	// Owned by run.
	floor     Floor
	mixer     *mixer.Mixer
	still     *slate.Player
	stillFeed *feed
	stillOn   bool
	stillSeq  ring.Unwrapper
	refs      [programmeRefs]reference
	ref       uint64
	outs      []bus.Out
	audioSeq  ring.Unwrapper
	sources   map[bus.Source]*feed
}

type reference struct {
	feed *feed
	seq  uint64
}

// entry is one thing the programme is told.
type entry struct {
	kind   entryKind
	source bus.Source
	feed   *feed
	seq    uint64
	at     time.Time
	ntp    uint64
	rtp    uint32
	floor  Floor
}

type entryKind uint8

const (
	entryVideo entryKind = iota
	entryAudio
	entryVideoReport
	entryAudioReport
	entryFloor
	entryForget
	entryNeedKey
)

func newProgramme(main conference.VenueID, ids *feedIDs, cfg Config) (*programme, error) {
	var random [12]byte
	rand.Read(random[:])
	epoch := cfg.Now().Add(-time.Second)
	mix, err := mixer.New(mixer.Config{Epoch: epoch})
	if err != nil {
		return nil, fmt.Errorf("make the sound mixer: %w", err)
	}
	still, err := slate.New()
	if err != nil {
		return nil, fmt.Errorf("make the slate: %w", err)
	}
	p := &programme{
		now: cfg.Now, main: main,
		inbox:     make(chan entry, programmeInbox),
		audio:     newAudioFeed(ids.next()),
		stillFeed: newVideoFeed(ids.next(), videoRing),
		mixer:     mix, still: still,
		sources: make(map[bus.Source]*feed),
	}
	buses := bus.Config{
		Main: main, Epoch: epoch, Pulled: cfg.Edge,
		VideoSeq: binary.BigEndian.Uint16(random[0:]), AudioSeq: binary.BigEndian.Uint16(random[2:]),
		VideoTimestamp: binary.BigEndian.Uint32(random[4:]), AudioTimestamp: binary.BigEndian.Uint32(random[8:]),
	}
	for i := range p.rungs {
		buses.Rung = uint8(i)
		p.rungs[i] = rung{video: newVideoFeed(ids.next(), ringOf(i)), bus: bus.New(buses)}
		p.all[i] = &p.rungs[i]
	}
	p.beside.begin(newVideoFeed(ids.next(), ringOf(besideRung)), buses)
	p.all[rungs] = &p.beside.rung
	for i, r := range p.all {
		r.video.keys.send = func() { p.tell(entry{kind: entryNeedKey, source: bus.Source{Layer: uint8(i)}}) }
	}
	p.candidates.Store(&map[*publisher]bool{})
	mix.Open(main)
	return p, nil
}

// pictures are the sizes of the programme's picture, the largest first.
func (p *programme) pictures() []*feed {
	all := make([]*feed, rungs)
	for i := range all {
		all[i] = p.rungs[i].video
	}
	return all
}

// tell puts an entry in the inbox. It never blocks: a full inbox loses the packet.
func (p *programme) tell(e entry) {
	select {
	case p.inbox <- e:
	default:
		p.lost.Add(1)
	}
}

// command puts an entry in that must not be lost; only the plane calls it, never the packet path.
func (p *programme) command(ended <-chan struct{}, e entry) {
	select {
	case p.inbox <- e:
	case <-ended:
	}
}

// shows returns the venue on air, "" for the slate.
func (p *programme) shows() conference.VenueID {
	if s := p.onAir.Load(); s != nil && s.Venue != bus.Slate {
		return s.Venue
	}
	return ""
}

func sourceOf(v conference.VenueID, rank int) bus.Source {
	return bus.Source{Venue: v, Layer: uint8(rank)}
}

// wants reports whether the publisher's packets are to be told.
func (p *programme) wants(pub *publisher) bool { return (*p.candidates.Load())[pub] }

// run owns the mixers until ended is closed.
func (p *programme) run(ended <-chan struct{}) error {
	ticker := time.NewTicker(programmeTick)
	defer ticker.Stop()
	for {
		select {
		case <-ended:
			return nil
		case e := <-p.inbox:
			p.take(e)
		case <-ticker.C:
			if !p.awake.Load() {
				continue
			}
			p.drain() // what came before the tick is older than it, also on a machine that is late
			if err := p.tick(p.now()); err != nil {
				return err
			}
		}
	}
}

// drain takes what is in the inbox by now.
func (p *programme) drain() {
	for range len(p.inbox) {
		p.take(<-p.inbox)
	}
}

func (p *programme) take(e entry) {
	switch e.kind {
	case entryVideo:
		q := e.feed.store.Get(e.seq)
		if q == nil {
			return
		}
		p.sources[e.source] = e.feed
		p.show(e.source, bus.Packet{
			Ref: p.remember(e.feed, e.seq), Seq: uint16(e.seq), // modulo 2^16
			Timestamp: q.TS, Marker: q.Marker, Keyframe: q.Key,
		}, e.at)
		q.Release()
	case entryAudio:
		q := e.feed.store.Get(e.seq)
		if q == nil {
			return
		}
		var at time.Time
		for i, r := range p.all { // picture and sound have one clock on each
			if t := r.bus.Sound(p.soundOf(r, e.source.Venue), q.TS, e.at); i == 0 {
				at = t
			}
		}
		p.mixer.Push(e.source.Venue, q.TS, at, q.Payload)
		q.Release()
		for _, r := range p.all {
			r.bus.Lag(p.soundOf(r, e.source.Venue), p.mixer.Late(e.source.Venue))
		}
	case entryVideoReport:
		for _, r := range p.all {
			r.bus.Report(e.source, e.ntp, e.rtp)
		}
	case entryAudioReport:
		for _, r := range p.all {
			r.bus.ReportSound(p.soundOf(r, e.source.Venue), e.ntp, e.rtp)
		}
	case entryFloor:
		p.obey(e.floor, e.at)
	case entryForget:
		p.forget(e.source.Venue)
	case entryNeedKey:
		p.needKey(p.all[e.source.Layer])
	}
}

func (p *programme) forget(v conference.VenueID) {
	for _, r := range p.all {
		r.bus.Forget(v)
	}
	p.mixer.Reset(v)
	for s := range p.sources {
		if s.Venue == v {
			delete(p.sources, s)
		}
	}
}

func (p *programme) needKey(r *rung) {
	if r.pause != nil {
		p.keyBeside(p.now())
	} else if f := p.sources[r.bus.OnAir()]; f != nil {
		f.keys.ask(p.now().UnixNano())
	} else if p.stillOn {
		p.still.Restart()
	}
}

// obey takes a new floor. What did not change is not said again: to take a venue once
// more means to bring it back after it was silent.
func (p *programme) obey(f Floor, at time.Time) {
	if f.Slate != p.floor.Slate {
		p.mixer.SetMuted(f.Slate)
		for i := range p.rungs {
			p.rungs[i].bus.SetSlate(f.Slate, at)
		}
	}
	if f.Holder != p.floor.Holder {
		if p.floor.Holder != "" {
			p.mixer.Close(p.floor.Holder)
		}
		if f.Holder != "" {
			p.mixer.Open(f.Holder)
		}
		for i := range p.rungs {
			p.rungs[i].bus.Take(f.Holder, at)
		}
	}
	p.floor = f
}

func (p *programme) remember(f *feed, seq uint64) uint64 {
	p.ref++
	p.refs[p.ref%programmeRefs] = reference{feed: f, seq: seq}
	return p.ref
}

func (p *programme) tick(now time.Time) error {
	if m := p.rungs[0].video.clock.at.Load(); m != nil && now.UnixNano()-m.nanos > int64(keepTimeFor) {
		p.synchronise(now)
	}
	p.slate(now)
	for i := range p.rungs {
		r := &p.rungs[i]
		p.emit(r, r.bus.Tick(p.outs[:0], now))
		// Nobody is asked for what nobody sees; but the first rung tells who is on air.
		if s, ok := r.bus.Wants(now); ok && (i == 0 || p.watched(r)) {
			if f := p.sources[s]; f != nil {
				f.keys.askNow(now.UnixNano())
			}
		}
		r.video.arrives(now.UnixNano())
	}
	p.tickBeside(now)
	p.audio.arrives(now.UnixNano())
	for {
		out, ok, err := p.mixer.Next(now)
		if err != nil {
			return fmt.Errorf("mix the programme's sound: %w", err)
		}
		if !ok {
			return nil
		}
		p.sound(out)
	}
}

func (p *programme) sound(out mixer.Output) {
	stamp := p.clock().Stamp(out.At)
	if p.audio.clock.at.Load() == nil {
		p.synchronise(p.now())
	}
	p.audio.put(ring.Meta{
		Seq: p.audioSeq.Extend(stamp.Seq), TS: stamp.Timestamp, Key: true,
		Capture: p.audio.clock.capture(stamp.Timestamp, p.audio.rate),
	}, out.Payload)
}

// slate plays the still while a bus needs it.
func (p *programme) slate(now time.Time) {
	needed := false
	for i := range p.rungs {
		needed = needed || p.rungs[i].bus.SlateNeeded()
	}
	if needed && !p.stillOn {
		p.still.Restart()
	}
	p.stillOn = needed
	if !needed {
		return
	}
	for _, s := range p.still.Next(now) {
		seq := p.stillSeq.Extend(s.Seq)
		if p.stillFeed.store.Put(ring.Meta{
			Seq: seq, TS: s.Timestamp, Marker: s.Marker, Key: s.Keyframe,
		}, s.Payload) == nil {
			continue
		}
		p.show(bus.Source{Venue: bus.Slate}, bus.Packet{
			Ref: p.remember(p.stillFeed, seq), Seq: s.Seq,
			Timestamp: s.Timestamp, Marker: s.Marker, Keyframe: s.Keyframe,
		}, now)
	}
}
