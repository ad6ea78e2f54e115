package bus

import "time"

// The rates of RTP timestamps, ticks per second.
const (
	VideoRate = 90_000
	AudioRate = 48_000
)

// Medium is one RTP stream of a venue: Audio, or Video of a layer.
type Medium uint8

// Audio is the venue's microphone.
const Audio Medium = Layers

// Video is the medium of one layer of the venue's camera.
func Video(layer uint8) Medium { return Medium(layer) }

// windowLength is how long an offset is remembered: at least one, at most two of them.
const windowLength = 10 * time.Second

// offsetJump is a change of the offset that is no jitter: the venue's clock was set.
const offsetJump = 2 * time.Second

// Clock maps one venue's RTP timestamps to the server clock. A sender report ties an RTP
// timestamp to the venue's wall clock (RFC 3550 §6.4.1); the smallest arrival − capture
// of the last 10–20 s ties that wall clock to ours. It is ONE offset for all media of the
// venue, so that picture and sound stay together by construction, whatever they took on
// the way. Until a medium's first report it is placed by its own arrivals alone.
//
// The zero Clock is ready. Not safe for concurrent use.
type Clock struct {
	// BySound says that the venue is another node's programme. Its sound comes steadily; its
	// pictures are stamped ahead of themselves by what a venue's sound was put back there (Bus.Lag).
	// So the offset is the sound's alone: by the pictures' it would seem late by as much.
	BySound bool

	offset minimum
	media  [Layers + 1]mediumClock
}

type mediumClock struct {
	unwrap   unwrap32
	offset   minimum // used until the first report
	reported bool
	ntp      time.Duration // of the last report, since 1900
	rtp      int64
}

// Report takes a sender report: NTP timestamp format (RFC 3550 §4) and RTP ticks.
func (c *Clock) Report(m Medium, ntp uint64, rtp uint32) {
	if ntp == 0 {
		return
	}
	k := &c.media[m]
	k.ntp = time.Duration(ntp>>32)*time.Second + time.Duration((ntp&0xffff_ffff)*uint64(time.Second)>>32)
	k.rtp = k.unwrap.peek(rtp)
	k.reported = true
}

// Observe takes the timestamp of a packet that arrived at now and returns when it was
// captured; both are times of the server clock. The result is never after now, but for
// pictures of a clock BySound.
func (c *Clock) Observe(m Medium, timestamp uint32, now time.Duration) time.Duration {
	k := &c.media[m]
	rate := int64(VideoRate)
	if m == Audio {
		rate = AudioRate
	}
	ts := k.unwrap.next(timestamp)
	follows := c.BySound && m != Audio
	if !k.reported || follows && !c.offset.set {
		capture := duration(ts, rate)
		return capture + k.offset.add(now-capture, now)
	}
	capture := k.ntp + duration(ts-k.rtp, rate)
	if follows {
		return capture + c.offset.value()
	}
	return capture + c.offset.add(now-capture, now)
}

// minimum is the smallest of the values of the last one to two windows.
type minimum struct {
	set               bool
	start             time.Duration
	current, previous time.Duration
}

func (m *minimum) add(value, now time.Duration) time.Duration {
	switch {
	case !m.set || now-m.start >= 2*windowLength || value-m.current > offsetJump:
		m.set, m.start, m.current, m.previous = true, now, value, value
	case now-m.start >= windowLength:
		m.start, m.previous, m.current = now, m.current, value
	default:
		m.current = min(m.current, value)
	}
	return m.value()
}

func (m *minimum) value() time.Duration { return min(m.current, m.previous) }

// duration and ticks convert without overflow for any length of conference.
func duration(ticks, rate int64) time.Duration {
	return time.Duration(ticks/rate)*time.Second + time.Duration(ticks%rate)*time.Second/time.Duration(rate)
}

func ticks(d time.Duration, rate int64) int64 {
	return int64(d/time.Second)*rate + int64(d%time.Second)*rate/int64(time.Second)
}

// unwrap32 and unwrap16 turn wrapping counters into ones that do not wrap, taking each
// value as the nearest to the last.
type unwrap32 struct {
	set  bool
	last int64
}

func (u *unwrap32) peek(v uint32) int64 {
	if !u.set {
		u.set, u.last = true, int64(v)
	}
	return u.last + int64(int32(v-uint32(u.last)))
}

func (u *unwrap32) next(v uint32) int64 {
	x := u.peek(v)
	u.last = max(u.last, x)
	return x
}

type unwrap16 struct {
	set  bool
	last int64
}

func (u *unwrap16) next(v uint16) int64 {
	if !u.set {
		u.set, u.last = true, int64(v)
	}
	x := u.last + int64(int16(v-uint16(u.last)))
	u.last = max(u.last, x)
	return x
}
