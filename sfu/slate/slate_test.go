package slate_test

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/pion/rtp/codecs"
	"github.com/thesyncim/gopus"

	"github.com/diemcau/diemcau/sfu/slate"
)

var start = time.Date(2022, 10, 28, 1, 0, 0, 0, time.UTC)

func newPlayer(t *testing.T) *slate.Player {
	t.Helper()
	p, err := slate.New()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPlaysForEver(t *testing.T) {
	t.Parallel()
	p := newPlayer(t)
	var (
		last   slate.Packet
		n      int
		frames int
		keys   int
	)
	for now := start; now.Before(start.Add(30 * time.Second)); now = now.Add(20 * time.Millisecond) {
		for _, q := range p.Next(now) {
			if n > 0 && q.Seq != last.Seq+1 {
				t.Fatalf("packet %d: got sequence number %d after %d", n, q.Seq, last.Seq)
			}
			if n > 0 && last.Marker != (q.Timestamp != last.Timestamp) {
				t.Fatalf("packet %d: a new timestamp and the marker before it do not agree", n)
			}
			if q.Keyframe {
				keys++
			}
			if q.Marker {
				frames++
			}
			last = q
			n++
		}
	}
	if frames != 300 || keys != 15 {
		t.Errorf("got %d frames and %d keyframes in 30 s, want 300 and 15", frames, keys)
	}
}

func TestRestartBeginsWithTheKeyframe(t *testing.T) {
	t.Parallel()
	p := newPlayer(t)
	p.Next(start)
	p.Next(start.Add(slate.FrameTime))
	p.Restart()
	got := p.Next(start.Add(slate.FrameTime + time.Millisecond))
	if len(got) == 0 || !got[0].Keyframe {
		t.Fatalf("got %d packets after a restart, want them to begin with the keyframe", len(got))
	}
	if kind := got[0].Payload[0] & 0x1f; kind != 24 {
		t.Errorf("got NAL type %d first, want a STAP-A (24) with SPS and PPS", kind)
	}
}

func TestALateTickerIsNotCaughtUpWith(t *testing.T) {
	t.Parallel()
	p := newPlayer(t)
	p.Next(start)
	frames := 0
	for _, q := range p.Next(start.Add(time.Hour)) {
		if q.Marker {
			frames++
		}
	}
	if frames != 1 {
		t.Errorf("got %d frames at once after an hour, want 1", frames)
	}
}

// TestDecodes lets ffmpeg decode what a receiver puts together from the packets.
func TestDecodes(t *testing.T) {
	t.Parallel()
	p := newPlayer(t)
	var stream bytes.Buffer
	depacketizer := &codecs.H264Packet{}
	for now := start; now.Before(start.Add(5 * time.Second)); now = now.Add(slate.FrameTime) {
		for _, q := range p.Next(now) {
			nal, err := depacketizer.Unmarshal(q.Payload)
			if err != nil {
				t.Fatal(err)
			}
			stream.Write(nal)
		}
	}
	cmd := exec.CommandContext(t.Context(), "ffmpeg", "-v", "error", "-f", "h264", "-i", "-", "-f", "framemd5", "-")
	cmd.Stdin = &stream
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	if err := cmd.Run(); err != nil || problems.Len() > 0 {
		t.Fatalf("decode: %v %s", err, problems.String())
	}
	if got := strings.Count(out.String(), "\n0,"); got != 50 {
		t.Errorf("got %d pictures, want 50", got)
	}
}

func TestSilenceIsSilent(t *testing.T) {
	t.Parallel()
	dec, err := gopus.NewDecoder(gopus.DefaultDecoderConfig(48_000, 1))
	if err != nil {
		t.Fatal(err)
	}
	var pcm [5760]float32
	n, err := dec.Decode(slate.Silence(), pcm[:])
	if err != nil || n != 960 {
		t.Fatalf("got %d samples, %v, want 960", n, err)
	}
	for _, s := range pcm[:n] {
		if s > 0.0001 || s < -0.0001 {
			t.Fatalf("got sample %v, want silence", s)
		}
	}
}
