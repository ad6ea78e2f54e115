package line

import (
	"math"
	"reflect"
	"slices"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
)

// Reading is what the media plane measures of one venue. Counters are since the venue's
// session began; zero is "not known" but where it says otherwise.
type Reading struct {
	Venue          conference.VenueID
	Picture, Sound bool // arrive now
	Layers         int
	Packets        uint64 // of the camera, that came
	Gaps           uint64 // that did not come in their turn
	Repaired       uint64 // of these, that came later
	Bytes          uint64 // of camera and microphone
	JitterUp       time.Duration
	JitterDown     time.Duration
	RTT            time.Duration
	LossDown       float64 // 0–1, by the venue's last report
	Estimate       int64   // bits/s the venue can receive, by congestion control
	Level          int     // loudest of the microphone since the last reading, 0–100; -1 not known
	Echo           bool    // the microphone gives back what the hall hears
}

// Place is where a venue stands on the floor, as far as its line matters.
type Place struct {
	Open  bool // its microphone is heard
	Ready bool // it may be given the floor
}

// Row is one venue's line as it is shown. Numbers are rounded, so that a line that does not
// change does not cost a message.
type Row struct {
	Venue  string
	Grade  Grade
	Causes []Cause // the worst first
	Signs  []Sign

	UpBits, DownBits   int64
	LossUp, LossDown   float64 // share, 0–1
	RTTMs, JitterMs    int64
	FrozenMs           int64 // the programme in the hall, of the report's window
	Width, Height      int   // largest picture sent
	WantedHeight       int
	FPS, Layers, Level int
	Limited            Limit
	Encoder            string
	Way                Way
	Camera, Mic        string
	Page               bool  // a page tells of the line; false: an encoder, or a page that has stopped
	StillAtMs          int64 // when the latest still came, ms since 1970; 0: there is none
}

// Sample is one point of a venue's history.
type Sample struct {
	At               time.Time
	Grade            Grade
	UpBits, DownBits int64
	LossUp, LossDown float64
	RTTMs, JitterMs  int64
	FrozenMs         int64
	Height, Level    int
}

// History is kept for half an hour.
const (
	SampleEvery = 5 * time.Second
	KeptSamples = 360
)

// history is a ring of samples.
type history struct {
	ring []Sample
	next int
}

// add keeps a sample, in the place of the oldest when there are KeptSamples.
func (h *history) add(s Sample) {
	if h.ring == nil {
		h.ring = make([]Sample, 0, KeptSamples)
	}
	if len(h.ring) < KeptSamples {
		h.ring = append(h.ring, s)
		return
	}
	h.ring[h.next] = s
	h.next = (h.next + 1) % KeptSamples
}

// newest returns when the last sample was taken; zero before the first.
func (h *history) newest() time.Time {
	if len(h.ring) == 0 {
		return time.Time{}
	}
	return h.ring[(h.next+len(h.ring)-1)%len(h.ring)].At
}

// samples returns a copy, oldest first.
func (h *history) samples() []Sample {
	return append(slices.Clone(h.ring[h.next:]), h.ring[:h.next]...)
}

// Silence: how loud a microphone must be now and then, and how long it may be quiet. A hall
// that waits may well be quiet; one that has the floor is not.
const (
	soundFrom       = 8 // of 100: −55 dB
	silentOpenAfter = 15 * time.Second
	silentReadyFor  = 90 * time.Second
)

// smooth is how much of a new share of loss counts beside the ones before.
const smooth = 0.5

// hall is what is known of one venue. It belongs to its Book.
type hall struct {
	report     Report
	reportedAt time.Time // zero: never
	last       Reading
	lastAt     time.Time // zero: no reading yet
	lossUp     float64
	leftUp     float64
	upBits     int64
	soundAt    time.Time // when it was last heard, or began to be listened to
	steady     Steady
	past       history
	still      []byte
	stillAt    time.Time

	row     Row
	shown   bool
	version uint64 // of the book, when row changed or went
}

// measure takes a reading and what it says beside the one before.
func (h *hall) measure(r Reading, now time.Time) {
	before, seconds := h.last, now.Sub(h.lastAt).Seconds()
	again := h.lastAt.IsZero() || r.Packets < before.Packets || r.Bytes < before.Bytes || r.Gaps < before.Gaps
	h.last, h.lastAt = r, now
	if again || seconds <= 0 {
		h.lossUp, h.leftUp, h.upBits = 0, 0, 0
		return
	}
	h.upBits = int64(float64(r.Bytes-before.Bytes) * 8 / seconds)
	gaps, came := float64(r.Gaps-before.Gaps), float64(r.Packets-before.Packets)
	repaired := float64(r.Repaired) - float64(before.Repaired)
	loss, left := 0.0, 0.0
	if due := came - repaired + gaps; due > 0 {
		loss, left = min(1, gaps/due), max(0, min(1, (gaps-repaired)/due))
	}
	h.lossUp += smooth * (loss - h.lossUp)
	h.leftUp += smooth * (left - h.leftUp)
}

// facts are what Judge is told. A report that has grown old tells nothing any more.
func (h *hall) facts(now time.Time) Facts {
	f := Facts{
		Picture: h.last.Picture, Sound: h.last.Sound, LossUp: h.lossUp, LeftUp: h.leftUp,
		LossDown: h.last.LossDown, RTT: h.last.RTT, JitterUp: h.last.JitterUp, JitterDown: h.last.JitterDown,
		Estimate: h.last.Estimate,
	}
	if !h.reportedAt.IsZero() {
		if f.Quiet = now.Sub(h.reportedAt); f.Quiet < unheardAfter {
			f.Report = h.report
		}
	}
	return f
}

// signs are the page's and those found here.
func (h *hall) signs(f *Facts, at Place, now time.Time) []Sign {
	signs := slices.Clone(f.Report.Signs)
	level := max(h.last.Level, f.Report.Level)
	listens := (at.Open || at.Ready) && f.Sound && (h.last.Level >= 0 || !h.reportedAt.IsZero())
	if !listens || level >= soundFrom || h.soundAt.IsZero() {
		h.soundAt = now
	}
	patience := silentReadyFor
	if at.Open {
		patience = silentOpenAfter
	}
	if now.Sub(h.soundAt) >= patience {
		signs = append(signs, SignSilent)
	}
	if h.last.Echo {
		signs = append(signs, SignEcho)
	}
	return signs
}

// judge makes the row.
func (h *hall) judge(venue conference.VenueID, at Place, now time.Time) Row {
	f := h.facts(now)
	r := &f.Report
	row := Row{
		Venue: string(venue), Signs: h.signs(&f, at, now),
		UpBits: round(max(h.upBits, 0), 10_000), DownBits: round(r.DownBits, 10_000),
		LossUp: share(f.LossUp), LossDown: share(max(f.LossDown, r.LossDown)),
		RTTMs:    round(max(f.RTT.Milliseconds(), r.RTTMs), 5),
		JitterMs: round(max(f.JitterUp.Milliseconds(), f.JitterDown.Milliseconds(), r.JitterMs), 5),
		FrozenMs: r.FrozenMs, Width: r.Width, Height: r.Height, WantedHeight: r.WantedHeight, FPS: r.FPS,
		Layers: h.last.Layers, Level: max(h.last.Level, r.Level, 0), Limited: r.Limited, Encoder: r.Encoder,
		Way: r.Way, Camera: r.Camera, Mic: r.Mic, Page: !h.reportedAt.IsZero() && f.Quiet < unheardAfter,
	}
	if now.Sub(h.stillAt) >= stillFor {
		h.still = nil
	}
	if h.still != nil {
		row.StillAtMs = h.stillAt.UnixMilli()
	}
	row.Grade, row.Causes = h.steady.Take(Judge(&f))
	return row
}

// remember keeps a sample every SampleEvery.
func (h *hall) remember(row *Row, now time.Time) {
	if now.Sub(h.past.newest()) < SampleEvery {
		return
	}
	h.past.add(Sample{
		At: now, Grade: row.Grade, UpBits: row.UpBits, DownBits: row.DownBits, LossUp: row.LossUp, LossDown: row.LossDown,
		RTTMs: row.RTTMs, JitterMs: row.JitterMs, FrozenMs: row.FrozenMs, Height: row.Height, Level: row.Level,
	})
}

func round(n, to int64) int64 { return (n + to/2) / to * to }

// share rounds to a tenth of a hundredth.
func share(f float64) float64 { return math.Round(f*1000) / 1000 }

// same reports whether two rows say the same.
func same(a, b *Row) bool { return reflect.DeepEqual(a, b) }
