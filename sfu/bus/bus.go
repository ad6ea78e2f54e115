package bus

import (
	"time"

	"github.com/diemcau/diemcau/internal/conference"
)

// Slate is the venue id under which the slate's packets are put in (no venue has such an id).
const Slate conference.VenueID = ":slate"

// Layers is how many simulcast layers a venue may have.
const Layers = 3

// The times after which the bus acts.
const (
	// SilentAfter is how long a venue may send no picture before the programme leaves it.
	SilentAfter = time.Second
	// ReturnAfter is how long a venue that was left must have sent again, without such a
	// pause, before the programme comes back to it by itself; UnsteadyAfter if it was left
	// less than UnsteadyFor after its last return: a line that comes and goes is not shown
	// coming and going. Take comes back at once.
	ReturnAfter   = 500 * time.Millisecond
	UnsteadyAfter = 3 * time.Second
	UnsteadyFor   = 15 * time.Second
	// HoldFor is how long a cut waits for the missing first packet of the keyframe it cuts
	// to, FrameFor for the rest of the frame on air: half a frame is a broken picture for
	// whoever decodes, and a packet of it may be on its way as a repair.
	HoldFor  = 20 * time.Millisecond
	FrameFor = 120 * time.Millisecond

	layerSilentAfter = 400 * time.Millisecond // a layer of the venue on air
	layerEndedAfter  = 200 * time.Millisecond // … while other layers go on
	layerSteadyAfter = time.Second            // before the bus moves up to a layer
	layerPatience    = 700 * time.Millisecond // waiting for the best layer's keyframe
)

// Source is one simulcast layer of a venue. Layer 0 is the highest; a single-layer
// publisher and the slate use 0.
type Source struct {
	Venue conference.VenueID
	Layer uint8 // 0 … Layers-1
}

// Packet is what the bus needs to know of one RTP packet of a candidate.
type Packet struct {
	// Ref is the caller's own handle of the packet (an index into its ring); it comes back in Out.
	Ref       uint64
	Seq       uint16
	Timestamp uint32 // RTP ticks of 90 kHz
	Marker    bool
	// Keyframe is true for the packet that decoding can start at: it carries the SPS of an
	// IDR access unit (or is its first packet, when the caller puts SPS and PPS in itself).
	// SPS, PPS and IDR of one access unit share their timestamp.
	Keyframe bool
	// Captured is when the picture was taken, on the server clock, if the caller keeps
	// such a clock; zero: the bus maps Timestamp by the reports it was given.
	Captured time.Time
}

// Out is one packet of the programme: send Ref with these header values.
type Out struct {
	Ref       uint64
	Source    Source
	Seq       uint16
	Timestamp uint32
	Marker    bool
	// Cut is true for the first packet after a cut.
	Cut bool
}

// Config is what a Bus needs.
type Config struct {
	// Main is City Hall: on air when nobody else is wanted or alive.
	Main conference.VenueID
	// Rung is the layer that is preferred, 0 the highest; a venue that does not send it is
	// shown in the next lower one, or else the next higher one it sends.
	Rung uint8
	// Pulled says that the venues are programmes of other nodes (Clock.BySound).
	Pulled bool
	// Epoch is any instant before the first packet; T is measured from it.
	Epoch time.Time
	// The first numbers; random (RFC 3550 §5.1).
	VideoSeq, AudioSeq             uint16
	VideoTimestamp, AudioTimestamp uint32
}

// Bus is the programme bus of one conference. Not safe for concurrent use.
type Bus struct {
	cfg    Config
	venues map[conference.VenueID]*venue

	wanted   conference.VenueID // by Take; "" = main
	lost     bool               // wanted was on air and went silent
	returned time.Duration      // when it last came back from that
	unsteady bool               // … and went again soon after
	slate    bool               // by SetSlate
	target   conference.VenueID // where the programme is to be, by the rules
	targetAt time.Duration      // since when

	onAir Source        // Venue "" = nothing yet
	air   *layer        // of onAir
	airAt time.Duration // its newest picture was captured
	hold  hold
	video writer
	audio writer
}

// New returns a Bus with nothing on air: Tick makes it ask for the slate.
func New(cfg Config) *Bus {
	return &Bus{
		cfg:    cfg,
		venues: map[conference.VenueID]*venue{},
		target: Slate,
		video:  newWriter(VideoRate, cfg.VideoSeq, cfg.VideoTimestamp),
		audio:  newWriter(AudioRate, cfg.AudioSeq, cfg.AudioTimestamp),
	}
}

// Take puts a venue on air as soon as it sends a keyframe; "" and the main venue mean
// City Hall. Taking what is already wanted again is how a manager brings back a venue
// that had gone silent.
func (b *Bus) Take(id conference.VenueID, now time.Time) {
	b.wanted, b.lost, b.returned = id, false, 0
	b.decide(b.since(now))
}

// SetSlate covers the programme with the slate, or uncovers it at the next keyframe.
func (b *Bus) SetSlate(on bool, now time.Time) {
	b.slate = on
	b.decide(b.since(now))
}

// Forget drops what is known of a venue, because its session ended or was replaced.
// If it is on air its last picture stays until the rules leave it.
func (b *Bus) Forget(id conference.VenueID) {
	delete(b.venues, id)
	if b.hold.active && b.hold.source.Venue == id {
		b.hold.clear()
	}
}

// Report takes the NTP and RTP time of a sender report of the venue's picture.
func (b *Bus) Report(s Source, ntp uint64, rtp uint32) {
	if s.Layer < Layers {
		b.venue(s.Venue).clock.Report(Video(s.Layer), ntp, rtp)
	}
}

// ReportSound takes the NTP and RTP time of a sender report of the venue's sound.
func (b *Bus) ReportSound(id conference.VenueID, ntp uint64, rtp uint32) {
	b.venue(id).clock.Report(Audio, ntp, rtp)
}

// Lag puts a venue's pictures back by d from now on: by as much as the mixer puts its sound
// back (Mixer.Late), so that they stay together.
func (b *Bus) Lag(id conference.VenueID, d time.Duration) { b.venue(id).lag = d }

// Video takes one packet of a candidate's picture and appends to dst the packets the
// programme sends because of it: none, itself, or several when a cut is carried out.
func (b *Bus) Video(dst []Out, s Source, p Packet, now time.Time) []Out {
	if s.Layer >= Layers || s.Venue == "" {
		return dst
	}
	t := b.since(now)
	v := b.venue(s.Venue)
	l := &v.layers[s.Layer]
	q, ok := l.accept(p, t)
	if !ok {
		return dst
	}
	v.heard(t)
	switch {
	case !p.Captured.IsZero():
		q.at = b.since(p.Captured)
	case s.Venue == Slate:
		q.at = t
	default:
		q.at = v.clock.Observe(Video(s.Layer), p.Timestamp, t)
	}
	q.at += v.lag
	b.decide(t)
	if b.hold.active && b.hold.source == s {
		b.hold.add(q)
		return b.release(dst, t)
	}
	if s == b.onAir && l == b.air {
		dst = b.forward(dst, q)
		return b.release(dst, t)
	}
	l.remember(q)
	if b.mayCut(s, q, t) {
		b.hold.start(s, l, t)
		return b.release(dst, t)
	}
	return dst
}

// Sound tells when, on the server clock, the Opus packet with the RTP timestamp was
// captured; it is what the mixer's Push wants.
func (b *Bus) Sound(id conference.VenueID, timestamp uint32, now time.Time) time.Time {
	t := b.venue(id).clock.Observe(Audio, timestamp, b.since(now))
	return b.cfg.Epoch.Add(t)
}

// Stamp gives the next packet of the programme's sound its header values; at is the
// instant, on the server clock, of the frame's first sample (the mixer returns it).
func (b *Bus) Stamp(at time.Time) Out {
	seq, ts := b.audio.next(b.since(at))
	return Out{Seq: seq, Timestamp: ts}
}

// Tick carries out what time alone decides: it leaves silent venues and releases held
// packets. Call it at least every 20 ms.
func (b *Bus) Tick(dst []Out, now time.Time) []Out {
	t := b.since(now)
	b.decide(t)
	b.fall(t)
	return b.release(dst, t)
}

// OnAir returns the source that is on air; Venue is "" before the first picture.
func (b *Bus) OnAir() Source { return b.onAir }

// SlateNeeded reports whether the slate's packets are to be put in with Video(…,
// Source{Venue: Slate}, …). When it turns true the slate starts again with its keyframe.
func (b *Bus) SlateNeeded() bool { return b.target == Slate || b.onAir.Venue == Slate }

// Wants returns the source the bus waits for a keyframe of; the caller asks for one
// (PLI), throttled.
func (b *Bus) Wants(now time.Time) (Source, bool) { return b.wants(b.since(now)) }

// VideoTime returns the picture's RTP timestamp at an instant of the server clock, for
// the programme's sender reports.
func (b *Bus) VideoTime(at time.Time) uint32 { return b.video.stamp(b.since(at)) }

// AudioTime returns the sound's RTP timestamp at an instant of the server clock.
func (b *Bus) AudioTime(at time.Time) uint32 { return b.audio.stamp(b.since(at)) }

func (b *Bus) since(now time.Time) time.Duration { return now.Sub(b.cfg.Epoch) }

func (b *Bus) venue(id conference.VenueID) *venue {
	v := b.venues[id]
	if v == nil {
		v = &venue{clock: Clock{BySound: b.cfg.Pulled}}
		b.venues[id] = v
	}
	return v
}
