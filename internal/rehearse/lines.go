package rehearse

import (
	"context"
	"time"

	"github.com/pion/sdp/v3"

	"github.com/diemcau/diemcau/internal/rehearse/clips"
	"github.com/diemcau/diemcau/signaling/protocol"
)

// levelURI is the header extension that tells how loud a packet of sound is (RFC 6464).
const levelURI = sdp.AudioLevelURI

// humLevel is what it says of the tone: a sine of toneLevel has −15 dBov; there is a voice.
const humLevel = 0x80 | 15

// reportEvery is how often a venue tells of its line, as its page would.
const reportEvery = 5 * time.Second

// levelID is the extension's id, by the answer; 0: the server does not take it.
func (p *peer) levelID() uint8 {
	for _, h := range p.voice.GetParameters().HeaderExtensions {
		if h.URI == levelURI {
			return uint8(h.ID) // 1–14
		}
	}
	return 0
}

// tellLine reports on the line until ctx ends. A report that is refused or lost is followed
// by another one.
func (v *venue) tellLine(ctx context.Context) {
	for pause(ctx, reportEvery) {
		_, _ = v.socket.command(ctx, "line.report", v.line(), nil)
	}
}

// line is what the venue's page would see.
func (v *venue) line() protocol.LineReport {
	height := 0
	for i, layer := range clips.Layers() {
		if v.pub.layers[i].sent.Load() > 0 {
			height = max(height, layer.Height)
		}
	}
	return protocol.LineReport{
		Height: height, WantedHeight: height, Width: height * 16 / 9, WindowMs: reportEvery.Milliseconds(),
		Limited: "none", Encoder: "rehearsal", Camera: "rehearsal", Mic: "rehearsal", Level: 75,
	}
}
