package rehearse

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/rehearse/clips"
)

const (
	mtu       = 1180
	soundTime = 20 * time.Millisecond
	soundBits = 65_000 // with all that is around it
)

// films are all clips, loaded once and shared.
type films [clips.Count][]*clips.Clip

func loadFilms() (*films, error) {
	var f films
	for i := range f {
		for _, layer := range clips.Layers() {
			clip, err := clips.Load(i+1, layer)
			if err != nil {
				return nil, err
			}
			f[i] = append(f[i], clip)
		}
	}
	return &f, nil
}

// publisher is what a venue sends: its clip in three sizes and its tone. Frames are
// counted over all its sessions.
type publisher struct {
	venue  conference.VenueID
	clips  []*clips.Clip // high to low
	sound  [][]byte
	layers []layer
	frame  uint64                   // next mark, the same for all layers
	wanted atomic.Pointer[[]string] // rids somebody needs; nil: all
	whole  bool                     // all of them go, whatever the line takes
}

// layer is one encoding of the camera.
type layer struct {
	needKey atomic.Bool  // the server asked for a keyframe
	sent    atomic.Int64 // packets
	on      bool         // was sent last time
	index   int          // next frame of the clip
	seq     uint16
	at      uint32 // timestamp of the last picture
	bits    int    // it takes
}

func newPublisher(venue conference.VenueID, index, count int, f *films) (*publisher, error) {
	sound, err := hum(toneOf(index, count))
	if err != nil {
		return nil, err
	}
	p := &publisher{venue: venue, clips: f[index%clips.Count], sound: sound, layers: make([]layer, len(clips.Layers()))}
	for i, clip := range p.clips {
		bytes := 0
		for _, unit := range clip.Units {
			for _, nal := range unit {
				bytes += len(nal) + len(nal)/mtu*aroundPayload
			}
			bytes += aroundPayload
		}
		p.layers[i].bits = int(float64(bytes) * 8 / (clips.Frames * clips.FrameTime).Seconds())
	}
	return p, nil
}

// obey takes the layers somebody needs; nil: all.
func (p *publisher) obey(rids []string) {
	if rids == nil {
		p.wanted.Store(nil)
		return
	}
	p.wanted.Store(&rids)
}

// choose decides which layers go: those somebody needs, from the lowest up, as the line
// takes them. More is what the next one would need; 0: nothing is left out.
func (p *publisher) choose(bits int) (on []bool, more int) {
	on = make([]bool, len(p.layers))
	wanted := p.wanted.Load()
	sum := soundBits
	for i := len(p.layers) - 1; i >= 0; i-- {
		if wanted != nil && !slices.Contains(*wanted, p.clips[i].Layer.Name) {
			continue
		}
		sum += p.layers[i].bits
		need := sum
		if !p.layers[i].on {
			need += need / 10
		}
		if need > bits && !p.whole {
			return on, need
		}
		on[i] = true
	}
	return on, 0
}

func rids() []string {
	var names []string
	for _, l := range clips.Layers() {
		names = append(names, l.Name)
	}
	return names
}

// run sends until ctx ends or the peer has ended; while the peer is lost, into the void.
func (p *publisher) run(ctx context.Context, to *peer) error {
	tick := time.NewTicker(soundTime)
	defer tick.Stop()
	start := time.Now()
	ext, level := to.extensions(), to.levelID()
	for i := range p.layers {
		p.layers[i].index, p.layers[i].on = 0, false
	}
	sounds, pictures := 0, 0
	pad := padding{to: to}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-to.ended:
			return nil
		case <-tick.C:
		}
		elapsed := time.Since(start)
		for ; time.Duration(sounds)*soundTime <= elapsed; sounds++ {
			if err := p.hum(to, sounds, level); err != nil && !to.lost.Load() {
				return err
			}
		}
		for ; time.Duration(pictures)*clips.FrameTime <= elapsed; pictures++ {
			at := uint32(time.Duration(pictures) * clips.FrameTime * 90_000 / time.Second) // modulo on purpose
			more, err := p.pictures(to, at, ext)
			if err != nil {
				return err
			}
			pad.begin(more)
		}
		if err := p.pad(&pad, ext); err != nil {
			return fmt.Errorf("send padding: %w", err)
		}
	}
}

// pictures sends the next frame of every layer the line takes; more is what one layer more
// would take.
func (p *publisher) pictures(to *peer, at uint32, ext extensions) (more int, err error) {
	on, more := p.choose(to.up.bits())
	for i := range p.layers {
		if on[i] && !p.layers[i].on {
			p.layers[i].needKey.Store(true) // as an encoder that begins
		}
		if p.layers[i].on = on[i]; !on[i] {
			continue
		}
		if err := p.picture(to, i, at, ext); err != nil && !to.lost.Load() {
			return 0, fmt.Errorf("send picture: %w", err)
		}
	}
	p.frame++
	return more, nil
}

// hum sends the n-th packet of sound; levelID is the extension that tells how loud it is.
func (p *publisher) hum(to *peer, n int, levelID uint8) error {
	h := rtp.Header{Version: 2, SequenceNumber: uint16(n), Timestamp: uint32(n * soundSamples)} // modulo on purpose
	if levelID != 0 {
		_ = h.SetExtension(levelID, []byte{humLevel}) // it is short enough
	}
	if err := to.mic.WriteRTP(&rtp.Packet{Header: h, Payload: p.sound[n%len(p.sound)]}); err != nil {
		return fmt.Errorf("send sound: %w", err)
	}
	return nil
}

// picture sends the next frame of one layer; a keyframe at once when one was asked for.
func (p *publisher) picture(to *peer, i int, at uint32, ext extensions) error {
	l, clip := &p.layers[i], p.clips[i]
	if l.needKey.Swap(false) {
		l.index = 0
	}
	unit := withMark(clip.Units[l.index], mark{venue: p.venue, frame: p.frame, layer: i})
	l.index = (l.index + 1) % len(clip.Units)
	payloads := packetize(unit, mtu)
	for n, payload := range payloads {
		h := rtp.Header{Version: 2, SequenceNumber: l.seq, Timestamp: at, Marker: n == len(payloads)-1}
		l.seq++
		if err := ext.name(&h, clip.Layer.Name); err != nil {
			return err
		}
		if err := to.camera[i].WriteRTP(&rtp.Packet{Header: h, Payload: payload}); err != nil {
			return err
		}
	}
	l.at = at
	l.sent.Add(int64(len(payloads)))
	return nil
}

// padding is a probe under way: padding of the lowest layer.
type padding struct {
	to    *peer
	left  int
	steps int
}

const mostPadding = 255 // bytes of one packet

func (d *padding) begin(more int) {
	if d.left > 0 || more == 0 {
		return
	}
	if probe, due := d.to.up.probe(more); due {
		d.left, d.steps = probe.Bytes, max(1, int(probe.Over/soundTime))
	}
}

// pad sends a tick's part of the padding.
func (p *publisher) pad(d *padding, ext extensions) error {
	if d.left == 0 {
		return nil
	}
	i := len(p.layers) - 1
	l := &p.layers[i]
	for part := d.left / max(1, d.steps); part > 0; part -= mostPadding + aroundPayload {
		h := rtp.Header{Version: 2, SequenceNumber: l.seq, Timestamp: l.at, Padding: true, PaddingSize: mostPadding}
		l.seq++
		if err := ext.name(&h, p.clips[i].Layer.Name); err != nil {
			return err
		}
		if err := d.to.camera[i].WriteRTP(&rtp.Packet{Header: h, PaddingSize: mostPadding}); err != nil {
			return err
		}
		d.left = max(0, d.left-mostPadding-aroundPayload)
	}
	if d.steps--; d.steps <= 0 || d.left == 0 {
		d.left = 0
		d.to.up.probed()
	}
	return nil
}

// withMark puts the mark before the first slice.
func withMark(unit [][]byte, m mark) [][]byte {
	first := slices.IndexFunc(unit, func(nal []byte) bool {
		kind := nal[0] & nalTypeMask
		return kind == 1 || kind == 5
	})
	return slices.Insert(slices.Clone(unit), first, m.nal())
}

// repairs lets pion answer the server's requests for lost sound, which it does while
// somebody reads them, until the peer ends.
func repairs(sender *webrtc.RTPSender) {
	buf := make([]byte, 1600)
	for {
		if _, _, err := sender.Read(buf); err != nil {
			return
		}
	}
}

// feedback obeys the server's requests for keyframes until the peer ends.
func (p *publisher) feedback(sender *webrtc.RTPSender, i int) {
	for {
		packets, _, err := sender.ReadSimulcastRTCP(p.clips[i].Layer.Name)
		if err != nil {
			return
		}
		for _, q := range packets {
			switch q.(type) {
			case *rtcp.PictureLossIndication, *rtcp.FullIntraRequest:
				p.layers[i].needKey.Store(true)
			}
		}
	}
}
