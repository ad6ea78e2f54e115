package rehearse

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/nack"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"github.com/diemcau/diemcau/internal/conference"
)

// encoder is a WHIP publisher of one layer with a clock of its own: what it sends bears the
// time it was captured at to the tick, whenever its turn on the processor comes.
type encoder struct {
	venue  conference.VenueID
	every  time.Duration      // of pictures
	units  [][][]byte         // access units
	choose func(n int) int    // the unit of the n-th picture; nil: one after the other, again from the first at a request
	sound  func(n int) []byte // the n-th 20 ms
	skew   time.Duration      // of its clock
	late   time.Duration      // of sound: it is sent so long after it was captured
	from   time.Time          // it begins a whole number of seconds after this, if set

	pc           *webrtc.PeerConnection
	video, audio *webrtc.TrackLocalStaticRTP
	ssrc         [2]uint32
	base         [2]uint32 // first timestamps
	needKey      atomic.Bool
}

// publish connects an encoder for a venue and lets it send until the test ends.
func (h *house) publish(e *encoder) {
	h.Helper()
	media := &webrtc.MediaEngine{}
	if err := media.RegisterDefaultCodecs(); err != nil {
		h.Fatal(err)
	}
	registry := &interceptor.Registry{}
	responder, err := nack.NewResponderInterceptor()
	if err != nil {
		h.Fatal(err)
	}
	registry.Add(responder)
	settings := webrtc.SettingEngine{LoggerFactory: silent()}
	settings.SetIncludeLoopbackCandidate(true)
	api := webrtc.NewAPI(webrtc.WithMediaEngine(media), webrtc.WithInterceptorRegistry(registry), webrtc.WithSettingEngine(settings))
	if e.pc, err = api.NewPeerConnection(webrtc.Configuration{}); err != nil {
		h.Fatal(err)
	}
	h.Cleanup(func() { _ = e.pc.GracefulClose() }) // it is over either way
	connected := make(chan struct{})
	stands := sync.OnceFunc(func() { close(connected) })
	e.pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		if s == webrtc.PeerConnectionStateConnected {
			stands()
		}
	})
	e.offer(h)
	select {
	case <-connected:
	case <-time.After(inTime):
		h.Fatalf("the encoder of %s is not connected", e.venue)
	}
	h.running.Go(func() error { return e.run(h.live) }) // stops with live
}

// offer makes the tracks and the session.
func (e *encoder) offer(h *house) {
	h.Helper()
	for i, track := range []struct {
		to   **webrtc.TrackLocalStaticRTP
		mime string
	}{{&e.video, webrtc.MimeTypeH264}, {&e.audio, webrtc.MimeTypeOpus}} {
		t, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: track.mime}, track.mime[:5], "encoder")
		if err != nil {
			h.Fatal(err)
		}
		*track.to = t
		tr, err := e.pc.AddTransceiverFromTrack(t, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
		if err != nil {
			h.Fatal(err)
		}
		e.ssrc[i], e.base[i] = uint32(tr.Sender().GetParameters().Encodings[0].SSRC), rand.Uint32()
		h.running.Go(func() error { e.obey(tr.Sender()); return nil }) // stops with the connection
	}
	p := &peer{pc: e.pc}
	if err := p.connect(h.live, func(offer string) (string, error) {
		token, err := h.tokens()(houseID, conference.RoleVenue, e.venue)
		if err != nil {
			return "", err
		}
		request, err := http.NewRequestWithContext(h.live, http.MethodPost,
			"http://"+h.listen+"/api/v1/conferences/"+string(houseID)+"/whip/"+string(e.venue), strings.NewReader(offer))
		if err != nil {
			return "", err
		}
		request.Header.Set("Content-Type", "application/sdp")
		request.Header.Set("Authorization", "Bearer "+token)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return "", err
		}
		defer response.Body.Close()
		raw, err := io.ReadAll(response.Body)
		if err == nil && response.StatusCode != http.StatusCreated {
			err = fmt.Errorf("whip: %s %s", response.Status, raw)
		}
		return string(raw), err
	}); err != nil {
		h.Fatal(err)
	}
}

// obey makes a keyframe the next picture when one is asked for.
func (e *encoder) obey(sender *webrtc.RTPSender) {
	for {
		all, _, err := sender.ReadRTCP()
		if err != nil {
			return
		}
		for _, p := range all {
			if _, ok := p.(*rtcp.PictureLossIndication); ok {
				e.needKey.Store(true)
			}
		}
	}
}

const clockEvery = 500 * time.Millisecond

// run sends until ctx ends.
func (e *encoder) run(ctx context.Context) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	start := time.Now()
	if !e.from.IsZero() {
		start = e.from.Add(time.Since(e.from).Truncate(time.Second) + time.Second)
	}
	var sounds, pictures, reports, unit int
	var seq [2]uint16
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		elapsed := time.Since(start)
		for ; time.Duration(sounds)*soundTime+e.late <= elapsed; sounds++ {
			h := rtp.Header{Version: 2, SequenceNumber: seq[1], Timestamp: e.base[1] + uint32(sounds*soundSamples)} // modulo on purpose
			seq[1]++
			if err := e.audio.WriteRTP(&rtp.Packet{Header: h, Payload: e.sound(sounds)}); err != nil {
				return nil // the connection was closed
			}
		}
		for ; time.Duration(pictures)*e.every <= elapsed; pictures++ {
			if e.choose != nil {
				unit = e.choose(pictures)
			} else if e.needKey.Swap(false) || unit >= len(e.units) {
				unit = 0
			}
			at := e.base[0] + uint32(time.Duration(pictures)*e.every*90_000/time.Second) // modulo on purpose
			payloads := packetize(withMark(e.units[unit], mark{venue: e.venue, frame: uint64(pictures)}), mtu)
			unit++
			for n, payload := range payloads {
				h := rtp.Header{Version: 2, SequenceNumber: seq[0], Timestamp: at, Marker: n == len(payloads)-1}
				seq[0]++
				if err := e.video.WriteRTP(&rtp.Packet{Header: h, Payload: payload}); err != nil {
					return nil // the connection was closed
				}
			}
		}
		if time.Duration(reports)*clockEvery <= elapsed {
			reports++
			if err := e.report(start, elapsed); err != nil {
				return nil // the connection was closed
			}
		}
	}
}

// report tells the time by the encoder's own clock.
func (e *encoder) report(start time.Time, elapsed time.Duration) error {
	at := start.Add(elapsed + e.skew).UnixNano()
	ntp := uint64(at/int64(time.Second)+2_208_988_800)<<32 | uint64(at%int64(time.Second))<<32/uint64(time.Second)
	var all []rtcp.Packet
	for i, rate := range []int64{90_000, soundRate} {
		all = append(all, &rtcp.SenderReport{
			SSRC: e.ssrc[i], NTPTime: ntp, RTPTime: e.base[i] + uint32(elapsed.Nanoseconds()*rate/int64(time.Second)), // modulo on purpose
		})
	}
	return e.pc.WriteRTCP(all)
}

// filmed lets ffmpeg encode what it makes itself, and returns the access units. None has an
// access unit delimiter; a slice with first_mb_in_slice 0 begins a picture.
func filmed(tb testing.TB, args ...string) [][][]byte {
	tb.Helper()
	var out, problems bytes.Buffer
	cmd := exec.CommandContext(tb.Context(), "ffmpeg", append(append([]string{"-v", "error"}, args...),
		"-bf", "0", "-bsf:v", "filter_units=remove_types=6|9", "-f", "h264", "-")...)
	cmd.Stdout, cmd.Stderr = &out, &problems
	if err := cmd.Run(); err != nil {
		tb.Fatalf("encode a film: %v\n%s", err, problems.String())
	}
	var units [][][]byte
	var unit [][]byte
	sliced := false
	for nal := range bytes.SplitSeq(out.Bytes(), []byte{0, 0, 1}) {
		if nal = bytes.TrimRight(nal, "\x00"); len(nal) == 0 {
			continue
		}
		kind := nal[0] & nalTypeMask
		slice := kind == 1 || kind == 5
		if first := slice && nal[1]&0x80 != 0; sliced && (first || !slice) {
			units, unit, sliced = append(units, unit), nil, false
		}
		unit, sliced = append(unit, nal), sliced || slice
	}
	return append(units, unit)
}
