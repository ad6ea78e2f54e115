package rehearse

import (
	"time"

	"github.com/diemcau/diemcau/internal/conference"
)

// The parts that tests look at from outside.
type (
	Watch = watch
	Mark  = mark
)

var (
	Packetize = packetize
	Hum       = hum
	ToneOf    = toneOf
	NewEar    = newEar
	ReadMark  = readMark
)

func NewWatch() *Watch { return newWatch(func(Mark) {}) }

func (e *ear) Listen(seq uint16, payload []byte, heard func(int)) { e.listen(seq, payload, heard) }

func NewMark(venue string, frame uint64) Mark {
	return mark{venue: conference.VenueID(venue), frame: frame}
}

func (m mark) NAL() []byte               { return m.nal() }
func (m mark) Venue() string             { return string(m.venue) }
func (m mark) Frame() uint64             { return m.frame }
func (w *watch) Frames() int             { return w.stats.frames }
func (w *watch) Broken() int             { return w.stats.broken }
func (w *watch) Lost() int               { return w.stats.lost }
func (w *watch) Cuts() int               { return w.stats.cuts }
func (w *watch) Keyframes() int          { return w.stats.keyframes }
func (w *watch) Sweep(now time.Duration) { w.sweep(now) }
func (w *watch) Push(seq uint16, ts uint32, marker bool, payload []byte, now time.Duration) {
	w.push(seq, ts, marker, payload, now)
}

// GoOn sets how long repairs are waited for when a whole keyframe has come.
func (w *watch) GoOn(after time.Duration) { w.keyAfter = after }
