package protocol

import "time"

// Replay is the answer of GET /api/v1/conferences/{conference}/replay: what was on air when,
// and where that is in the recording.
type Replay struct {
	Conference Conference `json:"conference"`
	Recording  Recording  `json:"recording"`
	// Questions that were on air and that everybody may read, in the order in which they
	// first were.
	Questions []ReplayQuestion `json:"questions"`
	// Turns of the venues that were given the floor, oldest first.
	Turns []ReplayTurn `json:"turns"`
}

// RecordingState is whether there is something to replay.
type RecordingState string

// The states of a recording.
const (
	RecordingNone    RecordingState = "none"    // nothing was recorded, or not yet
	RecordingLive    RecordingState = "live"    // the conference is on air now
	RecordingKept    RecordingState = "kept"    // it may be played
	RecordingRemoved RecordingState = "removed" // it was kept for long enough
)

// Recording is what is kept of the programme.
type Recording struct {
	State RecordingState `json:"state"`
	// URL is the path of the HLS playlist, MP4 of the whole as one file. Kept only.
	URL      string `json:"url,omitempty"`
	MP4      string `json:"mp4,omitempty"`
	LengthMs int64  `json:"lengthMs,omitempty"`
	// Stretches are its parts without a gap, oldest first.
	Stretches []Stretch `json:"stretches,omitempty"`
	RemovedAt string    `json:"removedAt,omitempty"` // RFC 3339
}

// Stretch is a part of a recording without a gap.
type Stretch struct {
	At       time.Time `json:"at"`     // when it was on air
	FromMs   int64     `json:"fromMs"` // where that is in the recording
	LengthMs int64     `json:"lengthMs"`
}

// Moment is from when to when something was on air. FromMs and ToMs are where that is in the
// recording, absent where nothing of it was kept, or not yet.
type Moment struct {
	At     time.Time `json:"at"`
	Until  string    `json:"until,omitempty"` // RFC 3339; absent while it is on air
	FromMs *int64    `json:"fromMs,omitempty"`
	ToMs   *int64    `json:"toMs,omitempty"`
}

// ReplayQuestion is a question that was on air.
type ReplayQuestion struct {
	Question Question `json:"question"` // as it stands now
	Moments  []Moment `json:"moments"`  // several when it was recalled and asked again
	// MP4 is the path of a file with these moments; absent where nothing was kept of them.
	MP4 string `json:"mp4,omitempty"`
}

// ReplayTurn is a time for which a venue had the floor.
type ReplayTurn struct {
	Venue  string `json:"venue"`
	Moment Moment `json:"moment"`
}
