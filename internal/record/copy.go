package record

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog"
)

// Format is the first thing a copy of a record says: which form it has.
const Format = "diemcau-record-1"

// Head is the first line of a copy.
type Head struct {
	Format     string        `json:"format"`
	Conference conference.ID `json:"conference"`
}

// Line is one event of a copy, one JSON object a line.
type Line struct {
	Position uint64 `json:"position"`
	AtUs     int64  `json:"atUs"`   // log time, µs since 1970
	Digest   string `json:"digest"` // of the event, then of its sealed words: two SHA-256 in hex
	// Event is the event in its canonical form, as it was hashed: always for checkpoints and
	// for what is about the recording, for the others in a full copy only. Sealed words are in none.
	Event string `json:"event,omitempty"`
}

// tail is the last line of a copy, so that one that was cut off is known.
type tail struct {
	Events *uint64 `json:"events"`
}

// Writer writes a copy. Not safe for concurrent use.
type Writer struct {
	out    *json.Encoder
	full   bool
	events uint64
}

// NewWriter begins a copy: a public one, which tells of each event its digest only, or a
// full one, with who did what.
func NewWriter(out io.Writer, id conference.ID, full bool) (*Writer, error) {
	w := &Writer{out: json.NewEncoder(out), full: full}
	w.out.SetEscapeHTML(false)
	if err := w.out.Encode(Head{Format: Format, Conference: id}); err != nil {
		return nil, fmt.Errorf("write record: %w", err)
	}
	return w, nil
}

// These begin the canonical forms of events that are in every copy.
const (
	checkpointPrefix = `{"type":"` + EventCheckpoint + `",`
	sealPrefix       = `{"type":"` + EventSealed + `",`
	removedPrefix    = `{"type":"` + EventRemoved + `",`
)

// everybodys reports whether an event is in every copy: it tells nothing of anybody.
func everybodys(canonical []byte) bool {
	for _, prefix := range []string{checkpointPrefix, sealPrefix, removedPrefix} {
		if bytes.HasPrefix(canonical, []byte(prefix)) {
			return true
		}
	}
	return false
}

// Write adds the next event.
func (w *Writer) Write(r eventlog.Record) error {
	line := Line{Position: r.Position, AtUs: r.At.UnixMicro(), Digest: r.Digest}
	if w.full || everybodys(r.Canonical) {
		line.Event = string(r.Canonical)
	}
	if err := w.out.Encode(line); err != nil {
		return fmt.Errorf("write record: %w", err)
	}
	w.events++
	return nil
}

// Close writes the last line. What it wrote to stays open.
func (w *Writer) Close() error {
	if err := w.out.Encode(tail{&w.events}); err != nil {
		return fmt.Errorf("write record: %w", err)
	}
	return nil
}
