//go:build linux

package load_test

import (
	"context"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
	"github.com/thesyncim/gopus"
)

// What the source sends: 720p30 with 1.5 Mbit/s and Opus, as a browser does.
const (
	frameBytes  = 6250                     // 1.5 Mbit/s at 30 pictures a second
	keyBytes    = 30_000                   // a keyframe
	maxPayload  = 1150                     // of a packet; a picture is split evenly (libwebrtc)
	paceEvery   = 5 * time.Millisecond     // libwebrtc's pacer
	paceBytes   = 3_750_000 / 8 * 5 / 1000 // 2.5 × the bitrate in that time
	soundEvery  = 20 * time.Millisecond
	soundRate   = 48000
	sourceStart = 65_000 // sequence numbers soon roll over
	fragment    = 0x7c   // first byte of an FU-A (RFC 6184 §5.8)
)

// source is a WHIP publisher with a synthetic camera.
type source struct {
	pc     *webrtc.PeerConnection
	video  *webrtc.TrackLocalStaticRTP
	audio  *webrtc.TrackLocalStaticRTP
	plis   atomic.Uint64
	key    atomic.Bool
	opus   [][]byte
	random *rand.Rand
	queue  []rtp.Packet
	seq    uint16
	held   atomic.Bool // sends nothing while set
}

func publish(ctx context.Context, url string) (*source, error) {
	media := &webrtc.MediaEngine{}
	if err := media.RegisterDefaultCodecs(); err != nil {
		return nil, err
	}
	settings := webrtc.SettingEngine{}
	settings.SetIncludeLoopbackCandidate(true)
	pc, err := webrtc.NewAPI(webrtc.WithMediaEngine(media), webrtc.WithSettingEngine(settings),
		webrtc.WithInterceptorRegistry(&interceptor.Registry{})).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return nil, err
	}
	s := &source{pc: pc, random: rand.New(rand.NewPCG(7, 7)), seq: sourceStart}
	if s.opus, err = tone(); err != nil {
		return nil, err
	}
	if s.video, err = webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeH264}, "video", "up"); err != nil {
		return nil, err
	}
	if s.audio, err = webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus}, "audio", "up"); err != nil {
		return nil, err
	}
	for _, track := range []*webrtc.TrackLocalStaticRTP{s.video, s.audio} {
		tr, err := pc.AddTransceiverFromTrack(track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
		if err != nil {
			return nil, err
		}
		go s.feedback(tr.Sender())
	}
	connected := make(chan struct{})
	pc.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		if state == webrtc.PeerConnectionStateConnected {
			close(connected)
		}
	})
	offer, err := pc.CreateOffer(nil)
	if err != nil {
		return nil, err
	}
	gathered := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(offer); err != nil {
		return nil, err
	}
	<-gathered
	answer, err := post(ctx, url+"/whip", pc.LocalDescription().SDP)
	if err != nil {
		return nil, err
	}
	if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}); err != nil {
		return nil, err
	}
	select {
	case <-connected:
		return s, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// tone is a second of Opus.
func tone() ([][]byte, error) {
	enc, err := gopus.NewEncoder(gopus.EncoderConfig{SampleRate: soundRate, Channels: 1, Application: gopus.ApplicationAudio})
	if err != nil {
		return nil, err
	}
	var all [][]byte
	for f := range 50 {
		pcm := make([]float32, soundRate/50)
		for i := range pcm {
			at := float64(f*len(pcm)+i) / soundRate
			pcm[i] = float32(0.3*math.Sin(2*math.Pi*300*at) + 0.1*math.Sin(2*math.Pi*1700*at*at))
		}
		packet := make([]byte, 1275)
		n, err := enc.Encode(pcm, packet)
		if err != nil {
			return nil, err
		}
		all = append(all, packet[:n])
	}
	return all, nil
}

func (s *source) feedback(sender *webrtc.RTPSender) {
	for {
		packets, _, err := sender.ReadRTCP()
		if err != nil {
			return
		}
		for _, p := range packets {
			if _, ok := p.(*rtcp.PictureLossIndication); ok {
				s.plis.Add(1)
				s.key.Store(true)
			}
		}
	}
}

// run sends until ctx ends: pictures are put into a queue, and the pacer empties it.
func (s *source) run(ctx context.Context) {
	tick := time.NewTicker(paceEvery)
	defer tick.Stop()
	start := time.Now()
	s.key.Store(true)
	frames, sounds, budget := 0, 0, 0
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if s.held.Load() {
			start = start.Add(paceEvery)
			continue
		}
		since := time.Since(start)
		for ; time.Duration(sounds)*soundEvery <= since; sounds++ {
			_ = s.audio.WriteRTP(&rtp.Packet{
				Header:  rtp.Header{Version: 2, SequenceNumber: uint16(sounds), Timestamp: uint32(sounds * soundRate / 50)},
				Payload: s.opus[sounds%len(s.opus)],
			})
		}
		for ; time.Duration(frames)*time.Second/30 <= since; frames++ {
			s.picture(frames)
		}
		budget = min(budget+paceBytes, paceBytes)
		for len(s.queue) > 0 && budget > 0 {
			p := &s.queue[0]
			budget -= len(p.Payload)
			if p.Payload[0] == fragment {
				binary.BigEndian.PutUint64(p.Payload[stampAt:], uint64(time.Now().UnixNano()))
			}
			_ = s.video.WriteRTP(p)
			s.queue = s.queue[1:]
		}
	}
}

// picture queues one: delta pictures vary by a fifth, and split evenly.
func (s *source) picture(n int) {
	ts, size, kind := uint32(n*3000), frameBytes+s.random.IntN(frameBytes/5*2)-frameBytes/5, byte(1)
	if s.key.Swap(false) {
		size, kind = keyBytes, 5
		s.put(ts, false, []byte{0x78, 0, 6, 0x67, 0x42, 0xe0, 0x1f, 1, 1, 0, 4, 0x68, 0xce, 1, 1})
	}
	packets := (size + maxPayload - 1) / maxPayload
	for i := range packets {
		// The last ones are a byte longer (RtpPacketizer::SplitAboutEqually).
		length := (size + i) / packets
		payload := make([]byte, length)
		payload[0], payload[1] = fragment, kind
		if i == 0 {
			payload[1] |= 0x80
		}
		if i == packets-1 {
			payload[1] |= 0x40
		}
		s.put(ts, i == packets-1, payload)
	}
}

func (s *source) put(ts uint32, marker bool, payload []byte) {
	s.queue = append(s.queue, rtp.Packet{
		Header:  rtp.Header{Version: 2, SequenceNumber: s.seq, Timestamp: ts, Marker: marker},
		Payload: payload,
	})
	s.seq++
}
