package line

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/diemcau/diemcau/internal/conference"
)

// Sign is something about a venue's microphone or camera that a person should look at.
type Sign string

// The signs. Those before SignSilent come from the venue's page, the others are found here.
const (
	SignBlack         Sign = "black"         // the camera's picture is black
	SignFrozen        Sign = "frozen"        // the camera's picture does not move at all
	SignCameraMuted   Sign = "cameraMuted"   // the system gives no picture (a shutter, another program)
	SignMicMuted      Sign = "micMuted"      // the system has muted the microphone
	SignVirtualCamera Sign = "virtualCamera" // the camera is a program
	SignVirtualMic    Sign = "virtualMic"    // the microphone is a program
	SignDeviceChanged Sign = "deviceChanged" // not the device the operator has chosen
	SignTestPicture   Sign = "testPicture"   // the test card is sent instead of a camera
	SignTestSound     Sign = "testSound"     // the test tone is sent instead of a microphone
	SignHidden        Sign = "hidden"        // the page is not in front: browsers slow it down
	SignSilent        Sign = "silent"        // an open or ready microphone that gives no sound
	SignEcho          Sign = "echo"          // the microphone gives back what the hall hears
)

// reported are the signs a page may tell.
func reported() []Sign {
	return []Sign{
		SignBlack, SignFrozen, SignCameraMuted, SignMicMuted, SignVirtualCamera, SignVirtualMic, SignDeviceChanged,
		SignTestPicture, SignTestSound, SignHidden,
	}
}

// Limit is why an encoder holds back, in the words of W3C's qualityLimitationReason.
type Limit string

// The limits.
const (
	LimitNone      Limit = "none"
	LimitBandwidth Limit = "bandwidth"
	LimitCPU       Limit = "cpu"
	LimitOther     Limit = "other"
)

// Way is how media gets through.
type Way string

// The ways.
const (
	WayUDP Way = "udp"
	WayTCP Way = "tcp"
	WayTLS Way = "tls" // relayed
)

// Report is what a venue's page tells of the last seconds. Zero is "not known".
type Report struct {
	UpBits   int64   // bits/s sent, all layers and the microphone
	DownBits int64   // bits/s received
	LossUp   float64 // share of the camera's packets, 0–1
	LossDown float64
	RTTMs    int64
	JitterMs int64 // of what arrives
	Freezes  int   // times the programme's picture stood still
	FrozenMs int64 // for how long
	WindowMs int64 // the time Freezes and FrozenMs are counted in

	Width, Height int // largest picture that is sent now
	WantedHeight  int // what the camera gives
	FPS           int // of the largest picture
	Layers        int // that are sent
	Limited       Limit
	Encoder       string // ≤ 60 characters, as the browser names it
	Way           Way

	Level  int    // loudest of the microphone, 0–100 on a scale of 60 dB
	Camera string // ≤ 80 characters, as the system names it
	Mic    string
	Signs  []Sign
}

// Bounds of a report.
const (
	maxBits    = 1_000_000_000
	maxMs      = 60_000
	maxPixels  = 8192
	maxEncoder = 60 // characters
	maxDevice  = 80
)

// CodeBadReport refuses a report that no page makes.
const CodeBadReport = "line.bad_report"

// Check refuses a report that is out of bounds (line.bad_report) and cleans its words.
func (r *Report) Check() error {
	within := func(n, most int64) bool { return n >= 0 && n <= most }
	share := func(f float64) bool { return f >= 0 && f <= 1 } // NaN is not
	limits, ways := []Limit{"", LimitNone, LimitBandwidth, LimitCPU, LimitOther}, []Way{"", WayUDP, WayTCP, WayTLS}
	bad := ""
	switch {
	case !within(r.UpBits, maxBits) || !within(r.DownBits, maxBits):
		bad = "bits"
	case !share(r.LossUp) || !share(r.LossDown):
		bad = "loss"
	case !within(r.RTTMs, maxMs) || !within(r.JitterMs, maxMs) || !within(r.FrozenMs, maxMs) || !within(r.WindowMs, maxMs):
		bad = "milliseconds"
	case !within(int64(r.Width), maxPixels) || !within(int64(r.Height), maxPixels) || !within(int64(r.WantedHeight), maxPixels):
		bad = "size"
	case !within(int64(r.Freezes), 1000) || !within(int64(r.FPS), 240) || !within(int64(r.Layers), 8) || !within(int64(r.Level), 100):
		bad = "counts"
	case !slices.Contains(limits, r.Limited) || !slices.Contains(ways, r.Way):
		bad = "limited, way"
	case len(r.Signs) > len(reported()) || slices.ContainsFunc(r.Signs, func(s Sign) bool { return !slices.Contains(reported(), s) }):
		bad = "signs"
	}
	if bad != "" {
		return conference.Refuse(conference.KindInvalid, CodeBadReport, bad)
	}
	r.Encoder, r.Camera, r.Mic = words(r.Encoder, maxEncoder), words(r.Camera, maxDevice), words(r.Mic, maxDevice)
	r.Signs = slices.Compact(slices.Sorted(slices.Values(r.Signs))) // the caller's stay as they are
	return nil
}

// words leaves the printable characters of a device's name, at most so many.
func words(s string, most int) string {
	if !utf8.ValidString(s) {
		return ""
	}
	s = strings.TrimSpace(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, s))
	for i := range s {
		if most == 0 {
			return s[:i]
		}
		most--
	}
	return s
}
