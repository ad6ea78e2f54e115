package protocol

import "github.com/diemcau/diemcau/internal/line"

// LineGrade is what a venue's line is worth, in one word.
type LineGrade = line.Grade

// LineCause is why a line is not good.
type LineCause = line.Cause

// LineSign is something about a microphone or camera that a person should look at.
type LineSign = line.Sign

// LineLimit is why an encoder holds back (W3C's qualityLimitationReason).
type LineLimit = line.Limit

// LineWay is how media gets through.
type LineWay = line.Way

// LineReport is "line.report" (venue, while its media are connected): what the page sees of
// its own line over the last seconds; every 5 s or so, at most one a second. Shares are 0–1,
// rates bits/s; what is absent is not known. Signs are those from black to hidden.
//
//wire:command line.report
type LineReport struct {
	UpBits   int64   `json:"upBits,omitempty"`   // all layers and the microphone
	DownBits int64   `json:"downBits,omitempty"` // all that arrives
	LossUp   float64 `json:"lossUp,omitempty"`
	LossDown float64 `json:"lossDown,omitempty"`
	RTTMs    int64   `json:"rttMs,omitempty"`
	JitterMs int64   `json:"jitterMs,omitempty"` // of what arrives
	// Freezes is how often the programme's picture stood still, FrozenMs for how long, of WindowMs.
	Freezes  int   `json:"freezes,omitempty"`
	FrozenMs int64 `json:"frozenMs,omitempty"`
	WindowMs int64 `json:"windowMs,omitempty"`
	// Width and Height are of the largest picture sent now, WantedHeight is what the camera gives.
	Width        int       `json:"width,omitempty"`
	Height       int       `json:"height,omitempty"`
	WantedHeight int       `json:"wantedHeight,omitempty"`
	FPS          int       `json:"fps,omitempty"`    // pictures a second of the largest
	Layers       int       `json:"layers,omitempty"` // that are sent
	Limited      LineLimit `json:"limited,omitempty"`
	Encoder      string    `json:"encoder,omitempty"` // ≤ 60 characters
	Way          LineWay   `json:"way,omitempty"`
	// Level is the loudest of the microphone, 0–100 on a scale of 60 dB.
	Level  int        `json:"level,omitempty"`
	Camera string     `json:"camera,omitempty"` // ≤ 80 characters, as the system names it
	Mic    string     `json:"mic,omitempty"`
	Signs  []LineSign `json:"signs,omitempty"`
}

// VenueLine is one venue's line: what its page tells and what the server measures.
type VenueLine struct {
	Venue        string      `json:"venue"`
	Grade        LineGrade   `json:"grade"`
	Causes       []LineCause `json:"causes,omitempty"` // the worst first
	Signs        []LineSign  `json:"signs,omitempty"`
	UpBits       int64       `json:"upBits,omitempty"`
	DownBits     int64       `json:"downBits,omitempty"`
	LossUp       float64     `json:"lossUp,omitempty"` // before repair
	LossDown     float64     `json:"lossDown,omitempty"`
	RTTMs        int64       `json:"rttMs,omitempty"`
	JitterMs     int64       `json:"jitterMs,omitempty"`
	FrozenMs     int64       `json:"frozenMs,omitempty"`
	Width        int         `json:"width,omitempty"`
	Height       int         `json:"height,omitempty"`
	WantedHeight int         `json:"wantedHeight,omitempty"`
	FPS          int         `json:"fps,omitempty"`
	Layers       int         `json:"layers,omitempty"` // that arrive
	Level        int         `json:"level,omitempty"`
	Limited      LineLimit   `json:"limited,omitempty"`
	Encoder      string      `json:"encoder,omitempty"`
	Way          LineWay     `json:"way,omitempty"`
	Camera       string      `json:"camera,omitempty"`
	Mic          string      `json:"mic,omitempty"`
	// Page: a page tells of the line; without it the server's own measurements are all there is.
	Page bool `json:"page,omitempty"`
	// StillAtMs is when the venue's latest still came, ms since 1970; absent: there is none.
	StillAtMs int64 `json:"stillAtMs,omitempty"`
}

// Lines are the venues' lines: stage and admin get all, a venue its own. Whole replaces what
// the client holds; otherwise Rows replace those of their venues and Gone are taken away.
// They come at most every LinesEveryMs, and only what has changed.
type Lines struct {
	Whole bool        `json:"whole,omitempty"`
	Rows  []VenueLine `json:"rows"`
	Gone  []string    `json:"gone,omitempty"`
}

// Speaking is who is heard now, for the stage: Now speaks among the open microphones (absent:
// nobody), Loud are closed microphones that have sound.
type Speaking struct {
	Now  string   `json:"now,omitempty"`
	Loud []string `json:"loud,omitempty"`
}
