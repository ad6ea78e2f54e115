package sfu_test

import (
	"encoding/binary"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"
)

// mark is written into every test payload, so that a receiver can tell whose picture it is.
type mark byte

// camera sends a picture every 33 ms on every layer until stopped; every keyEvery-th is a
// keyframe, and every picture after a keyframe was asked for.
type camera struct {
	peer   *peer
	mark   mark
	layers []*layerSender
	noSets bool // keyframes without SPS and PPS after the first
	bframe bool
	fat    int // packets of 1,000 bytes in every picture but keyframes; half as many in each lower layer
}

type layerSender struct {
	track *webrtc.TrackLocalStaticRTP
	rid   string
	ssrc  uint32
	seq   uint16
	ts    uint32
	n     int
	drop  atomic.Bool // stop this layer
}

// film starts the camera; it ends with the test or with the returned stop.
func film(t *testing.T, p *peer, m mark, options ...func(*camera)) (c *camera, stop func()) {
	t.Helper()
	c = &camera{peer: p, mark: m}
	encodings := p.vsend.GetParameters().Encodings
	for i, track := range p.video {
		c.layers = append(c.layers, &layerSender{
			track: track, rid: track.RID(), ssrc: uint32(encodings[i].SSRC),
			seq: uint16(65500 + i*1000), ts: uint32(i) * 7_000_000,
		})
	}
	for _, o := range options {
		o(c)
	}
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		c.run(end)
	}()
	var stopped atomic.Bool
	stop = func() {
		if stopped.CompareAndSwap(false, true) {
			close(end)
			<-ended
		}
	}
	t.Cleanup(stop)
	return c, stop
}

const keyEvery = 300

func (c *camera) run(end <-chan struct{}) {
	tick := time.NewTicker(33 * time.Millisecond)
	defer tick.Stop()
	asked := map[uint32]bool{}
	for {
		select {
		case <-end:
			return
		case ssrc := <-c.peer.plis:
			asked[ssrc] = true
		case <-tick.C:
			for i, l := range c.layers {
				if l.drop.Load() {
					continue
				}
				c.picture(l, i, asked[l.ssrc] || l.n%keyEvery == 0)
				asked[l.ssrc] = false
			}
		}
	}
}

// picture sends one access unit: on a keyframe SPS, PPS and an IDR in two packets, else a
// slice in two packets.
func (c *camera) picture(l *layerSender, index int, key bool) {
	body := []byte{0, byte(c.mark), byte(index), 0, 0, 0, 0}
	binary.BigEndian.PutUint32(body[3:], uint32(l.n))
	ts := l.ts
	if c.bframe && l.n%3 == 1 {
		ts += 6000
	}
	if c.bframe && l.n%3 == 2 {
		ts -= 3000
	}
	if key {
		if !c.noSets || l.n == 0 {
			c.send(l, ts, false, stap(byte(c.mark), byte(index)))
		}
		c.send(l, ts, false, append([]byte{0x7c, 0x85}, body...))
		c.send(l, ts, true, append([]byte{0x7c, 0x45}, body...))
	} else {
		c.send(l, ts, false, append([]byte{0x7c, 0x81}, body...))
		for range c.fat >> index {
			c.send(l, ts, false, append([]byte{0x7c, 0x01}, make([]byte, 1000)...))
		}
		c.send(l, ts, true, append([]byte{0x7c, 0x41}, body...))
	}
	l.ts += 3000
	l.n++
}

func stap(m, index byte) []byte {
	sps := []byte{0x67, 0x42, 0xe0, 0x1f, m, index}
	pps := []byte{0x68, 0xce, m, index}
	b := []byte{0x78, 0, byte(len(sps))}
	b = append(b, sps...)
	b = append(b, 0, byte(len(pps)))
	return append(b, pps...)
}

func (c *camera) send(l *layerSender, ts uint32, marker bool, payload []byte) {
	h := rtp.Header{Version: 2, SequenceNumber: l.seq, Timestamp: ts, Marker: marker}
	l.seq++
	if l.rid != "" {
		for _, e := range c.peer.vsend.GetParameters().HeaderExtensions {
			switch e.URI {
			case sdp.SDESMidURI:
				_ = h.SetExtension(uint8(e.ID), []byte(c.peer.midOf(c.peer.vsend)))
			case sdp.SDESRTPStreamIDURI:
				_ = h.SetExtension(uint8(e.ID), []byte(l.rid))
			}
		}
	}
	_ = l.track.WriteRTP(&rtp.Packet{Header: h, Payload: payload})
}

func (p *peer) midOf(s *webrtc.RTPSender) string {
	for _, tr := range p.pc.GetTransceivers() {
		if tr.Sender() == s {
			return tr.Mid()
		}
	}
	return ""
}

// speak sends a 20 ms packet, made by next, every 20 ms until the test ends.
func speak(t *testing.T, p *peer, next func() []byte) (stop func()) {
	t.Helper()
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		seq, ts := uint16(100), uint32(4_294_900_000)
		for {
			select {
			case <-end:
				return
			case <-tick.C:
				_ = p.audio.WriteRTP(&rtp.Packet{
					Header:  rtp.Header{Version: 2, SequenceNumber: seq, Timestamp: ts},
					Payload: next(),
				})
				seq++
				ts += 960
			}
		}
	}()
	var stopped atomic.Bool
	stop = func() {
		if stopped.CompareAndSwap(false, true) {
			close(end)
			<-ended
		}
	}
	t.Cleanup(stop)
	return stop
}

// words is a valid Opus packet (CELT, 20 ms, mono) that carries a mark.
func words(m mark) func() []byte {
	return func() []byte { return []byte{0xf8, 0xff, byte(m)} }
}

// from reports whose picture a packet is, and of which layer; ok is false for parameter sets.
func from(p rtp.Packet) (m mark, layer int, ok bool) {
	if len(p.Payload) != 9 || p.Payload[0] != 0x7c || p.Payload[2] != 0 {
		return 0, 0, false
	}
	return mark(p.Payload[3]), int(p.Payload[4]), true
}
