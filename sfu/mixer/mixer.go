package mixer

import (
	"fmt"
	"time"

	"github.com/thesyncim/gopus"

	"github.com/diemcau/diemcau/internal/conference"
)

// The shape of the sound.
const (
	Rate         = 48_000 // samples/s; also RTP ticks/s of Opus (RFC 7587 §4.1)
	FrameSamples = 960
	Frame        = 20 * time.Millisecond
	// Inputs is how many microphones may be open at once.
	Inputs = 4
	// Delay is the jitter buffer: a frame leaves this long after it was captured. An input
	// whose packets come later than that is put back by up to MaxLate rather than be torn
	// to pieces; Late tells by how much, so that its picture can be put back too.
	Delay   = 60 * time.Millisecond
	MaxLate = 240 * time.Millisecond
	// Fade is how long an input takes to come in or go.
	Fade = 40 * time.Millisecond

	defaultBitrate = 64_000
	maxOpusBytes   = 1500
	maxBehind      = 200 * time.Millisecond // a ticker later than this is not caught up with
)

// Config is what a Mixer needs.
type Config struct {
	// Epoch is any instant before the first packet; use the bus's.
	Epoch time.Time
	// Bitrate of the output in bits/s; 0 means 64,000.
	Bitrate int
}

// Output is one frame of the mix.
type Output struct {
	// At is the instant, on the server clock, of the first sample a decoder gives for it;
	// bus.Stamp wants it.
	At time.Time
	// Payload is one Opus packet, valid until the next call of Next.
	Payload []byte
}

// Mixer mixes the open microphones of one conference. Not safe for concurrent use.
type Mixer struct {
	cfg     Config
	inputs  [Inputs]input
	encoder *gopus.Encoder
	started bool
	pos     int64 // first sample of the next frame, since the epoch
	gains   map[conference.VenueID]float64
	muted   bool
	master  ramp
	limit   limiter
	mix     [FrameSamples]float32
	packet  [maxOpusBytes]byte
}

// New returns a Mixer with every input closed.
func New(cfg Config) (*Mixer, error) {
	if cfg.Bitrate == 0 {
		cfg.Bitrate = defaultBitrate
	}
	enc, err := gopus.NewEncoder(gopus.EncoderConfig{
		SampleRate: Rate, Channels: 1, Application: gopus.ApplicationAudio,
	})
	if err != nil {
		return nil, fmt.Errorf("make the mix's encoder: %w", err)
	}
	if err := enc.SetBitrate(cfg.Bitrate); err != nil {
		return nil, fmt.Errorf("set the mix's bitrate %d: %w", cfg.Bitrate, err)
	}
	m := &Mixer{
		cfg: cfg, encoder: enc, gains: make(map[conference.VenueID]float64),
		master: newRamp(1), limit: newLimiter(),
	}
	for i := range m.inputs {
		if err := m.inputs[i].init(); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// Open lets a venue be heard from its next packet on. It reports false when all inputs
// are taken. Opening an open venue changes nothing.
func (m *Mixer) Open(id conference.VenueID) bool {
	if in := m.input(id); in != nil {
		in.open()
		return true
	}
	for i := range m.inputs {
		if in := &m.inputs[i]; in.id == "" {
			in.id = id
			in.loud = newLoudness(m.gains[id])
			in.open()
			return true
		}
	}
	return false
}

// Close fades a venue out over sound that has already been put in; later packets of it
// are ignored.
func (m *Mixer) Close(id conference.VenueID) {
	if in := m.input(id); in != nil {
		in.close()
	}
}

// Reset makes an open venue begin anew, because its session was replaced and its
// timestamps with it.
func (m *Mixer) Reset(id conference.VenueID) {
	if in := m.input(id); in != nil {
		in.restart()
	}
}

// Late returns how far an open venue's sound is put back, 0 – MaxLate.
func (m *Mixer) Late(id conference.VenueID) time.Duration {
	if in := m.input(id); in != nil {
		return position(in.late.delay)
	}
	return 0
}

// SetMuted silences the whole mix, because the slate covers the programme.
func (m *Mixer) SetMuted(on bool) {
	m.muted = on
	m.master.to(gain(!on), Fade)
}

// Push takes one Opus packet of a venue: its RTP timestamp and the instant it was
// captured on the server clock (bus.Sound). The payload is copied. Packets of venues
// that are not open, and more than 16 waiting packets of one venue, are dropped.
func (m *Mixer) Push(id conference.VenueID, timestamp uint32, at time.Time, payload []byte) {
	if in := m.input(id); in != nil && !in.closing {
		in.push(timestamp, m.samples(at), m.pos, payload)
	}
}

// Next returns the next frame once it is due at now, Delay after its capture; the caller
// calls it every 20 ms until it reports false. There is always a frame, silent when
// nobody speaks.
func (m *Mixer) Next(now time.Time) (Output, bool, error) {
	due := m.samples(now.Add(-Delay))
	if !m.started || due-m.pos > samples(maxBehind) {
		m.started = true
		m.pos = due - due%FrameSamples
	}
	if m.pos > due {
		return Output{}, false, nil
	}
	// What a decoder gives for this packet begins with the end of the one before.
	at := m.cfg.Epoch.Add(position(m.pos - int64(m.encoder.Lookahead())))
	clear(m.mix[:])
	for i := range m.inputs {
		if in := &m.inputs[i]; in.id != "" {
			m.gains[in.id] = in.loud.gain // for the next time it speaks
			in.mixInto(&m.mix, m.pos)
		}
	}
	m.pos += FrameSamples
	m.master.apply(m.mix[:])
	m.limit.apply(m.mix[:])
	n, err := m.encoder.Encode(m.mix[:], m.packet[:])
	if err != nil {
		return Output{}, false, fmt.Errorf("encode the mix: %w", err)
	}
	return Output{At: at, Payload: m.packet[:n]}, true, nil
}

func (m *Mixer) input(id conference.VenueID) *input {
	if id == "" {
		return nil
	}
	for i := range m.inputs {
		if m.inputs[i].id == id {
			return &m.inputs[i]
		}
	}
	return nil
}

func (m *Mixer) samples(at time.Time) int64 { return samples(at.Sub(m.cfg.Epoch)) }

// samples and position convert without overflow.
func samples(d time.Duration) int64 {
	return int64(d/time.Second)*Rate + int64(d%time.Second)*Rate/int64(time.Second)
}

func position(n int64) time.Duration {
	return time.Duration(n/Rate)*time.Second + time.Duration(n%Rate)*time.Second/Rate
}
