package slate

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"time"

	"github.com/pion/rtp/codecs"
)

// The shape of the still.
const (
	Width     = 1280
	Height    = 720
	Rate      = 90_000 // RTP ticks/s
	FrameTime = 100 * time.Millisecond

	mtu        = 1180
	frameTicks = Rate / 10
	maxBehind  = time.Second
)

//go:embed slate.h264
var clip string

// Silence returns 20 ms of silence: one Opus packet at 48 kHz, mono (RFC 6716 §3.1).
func Silence() []byte { return []byte{0xf8, 0xff, 0xfe} }

// Packet is one RTP packet of the slate.
type Packet struct {
	Seq       uint16
	Timestamp uint32
	Marker    bool
	Keyframe  bool   // begins the keyframe (its SPS)
	Payload   []byte // shared by all who play: read only
}

// Player plays the still. Not safe for concurrent use.
type Player struct {
	frames [][][]byte // access unit → packets' payloads
	index  int
	seq    uint16
	ts     uint32
	due    time.Time
	out    []Packet
}

// New returns a Player that begins with the keyframe.
func New() (*Player, error) {
	units, err := accessUnits([]byte(clip))
	if err != nil {
		return nil, fmt.Errorf("read the slate: %w", err)
	}
	p := &Player{}
	payloader := &codecs.H264Payloader{}
	for _, u := range units {
		p.frames = append(p.frames, payloader.Payload(mtu, u))
	}
	return p, nil
}

// Restart begins again with the keyframe at the next call of Next.
func (p *Player) Restart() {
	p.index = 0
	p.due = time.Time{}
}

// Next returns the packets that are due at now: none between two frames. The slice is
// valid until the next call; sequence numbers and timestamps go on for ever.
func (p *Player) Next(now time.Time) []Packet {
	p.out = p.out[:0]
	if p.due.IsZero() || now.Sub(p.due) > maxBehind {
		p.due = now
	}
	for !now.Before(p.due) {
		payloads := p.frames[p.index]
		for i, payload := range payloads {
			p.out = append(p.out, Packet{
				Seq: p.seq, Timestamp: p.ts, Payload: payload,
				Marker: i == len(payloads)-1, Keyframe: p.index == 0 && i == 0,
			})
			p.seq++
		}
		p.index = (p.index + 1) % len(p.frames)
		p.ts += frameTicks
		p.due = p.due.Add(FrameTime)
	}
	return p.out
}

var (
	errNoUnit     = errors.New("no access unit")
	errNoKeyframe = errors.New("does not begin with SPS, PPS and a keyframe")
)

// accessUnits splits an Annex B stream of one slice per picture.
func accessUnits(stream []byte) ([][]byte, error) {
	startCode := []byte{0, 0, 1}
	var units [][]byte
	begin, first := -1, byte(0)
	for i := bytes.Index(stream, startCode); i >= 0 && i+3 < len(stream); {
		kind := stream[i+3] & 0x1f
		if begin < 0 {
			begin, first = i, kind
		}
		next := bytes.Index(stream[i+3:], startCode)
		end := len(stream)
		if next >= 0 {
			end = i + 3 + next
		}
		if kind == 1 || kind == 5 { // a slice ends the unit
			units = append(units, bytes.TrimRight(stream[begin:end], "\x00"))
			if len(units) == 1 && (first != 7 || kind != 5) {
				return nil, errNoKeyframe
			}
			begin = -1
		}
		if next < 0 {
			break
		}
		i = end
	}
	if len(units) == 0 {
		return nil, errNoUnit
	}
	return units, nil
}
