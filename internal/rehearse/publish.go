package rehearse

import (
	"context"
	"fmt"
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
}

// layer is one encoding of the camera.
type layer struct {
	needKey atomic.Bool // the server asked for a keyframe
	index   int         // next frame of the clip
	frame   uint64      // next mark
	seq     uint16
	sent    int
}

func newPublisher(venue conference.VenueID, index, count int, f *films) (*publisher, error) {
	sound, err := hum(toneOf(index, count))
	if err != nil {
		return nil, err
	}
	return &publisher{venue: venue, clips: f[index%clips.Count], sound: sound, layers: make([]layer, len(clips.Layers()))}, nil
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
	ext := to.extensions()
	for i := range p.layers {
		p.layers[i].index = 0
	}
	sounds, pictures := 0, 0
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
			err := to.mic.WriteRTP(&rtp.Packet{
				Header: rtp.Header{
					Version: 2, SequenceNumber: uint16(sounds), Timestamp: uint32(sounds * soundSamples), // modulo on purpose
				},
				Payload: p.sound[sounds%len(p.sound)],
			})
			if err != nil && !to.lost.Load() {
				return fmt.Errorf("send sound: %w", err)
			}
		}
		for ; time.Duration(pictures)*clips.FrameTime <= elapsed; pictures++ {
			at := uint32(time.Duration(pictures) * clips.FrameTime * 90_000 / time.Second) // modulo on purpose
			for i := range p.layers {
				if err := p.picture(to, i, at, ext); err != nil && !to.lost.Load() {
					return fmt.Errorf("send picture: %w", err)
				}
			}
		}
	}
}

// picture sends the next frame of one layer; a keyframe at once when one was asked for.
func (p *publisher) picture(to *peer, i int, at uint32, ext extensions) error {
	l, clip := &p.layers[i], p.clips[i]
	if l.needKey.Swap(false) {
		l.index = 0
	}
	unit := withMark(clip.Units[l.index], mark{venue: p.venue, frame: l.frame})
	l.index = (l.index + 1) % len(clip.Units)
	l.frame++
	payloads := packetize(unit, mtu)
	for n, payload := range payloads {
		h := rtp.Header{Version: 2, SequenceNumber: l.seq, Timestamp: at, Marker: n == len(payloads)-1}
		l.seq++
		if ext.ridID != 0 {
			if err := h.SetExtension(ext.midID, ext.mid); err != nil {
				return err
			}
			if err := h.SetExtension(ext.ridID, []byte(clip.Layer.Name)); err != nil {
				return err
			}
		}
		if err := to.camera[i].WriteRTP(&rtp.Packet{Header: h, Payload: payload}); err != nil {
			return err
		}
	}
	l.sent += len(payloads)
	return nil
}

// withMark puts the mark before the slice.
func withMark(unit [][]byte, m mark) [][]byte {
	out := make([][]byte, 0, len(unit)+1)
	out = append(out, unit[:len(unit)-1]...)
	return append(out, m.nal(), unit[len(unit)-1])
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
