package record

import (
	"bufio"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog"
)

// maxLine is more than any event has in a copy.
const maxLine = 2 << 20

// Report is what a copy was found to hold.
type Report struct {
	Conference  conference.ID
	Events      uint64
	Checkpoints int
	// Covered is the last position that a checkpoint vouches for; what comes after it is as
	// good as whoever gave the copy.
	Covered uint64
	SHA256  string // of all lines of the copy
	// Recording is what the events say of it, with those that no checkpoint covers yet.
	Recording Recording
}

// ErrChanged says that a copy is not what was signed, or not a whole record.
var ErrChanged = errors.New("the record was changed")

// Verify reads a copy to its end and checks it against the public key: positions without a
// gap, time that does not go back, events that fit their digests, checkpoints that fit what
// stands before them, signed for this conference, and fewer than 2 × Every events behind the
// last one. older, if not nil, is a copy taken before: this one must begin with it.
//
// Errors: ErrChanged with the place; those of reading.
func Verify(copied io.Reader, key ed25519.PublicKey, older io.Reader) (Report, error) {
	v := verifier{key: key, tally: NewTally(), sums: make(map[uint64]string)}
	in, head, err := open(copied)
	if err != nil {
		return v.report, err
	}
	v.report.Conference = head.Conference
	var before *bufio.Scanner
	if older != nil {
		var was Head
		if before, was, err = open(older); err != nil {
			return v.report, fmt.Errorf("the older copy: %w", err)
		}
		if was.Conference != head.Conference {
			return v.report, fmt.Errorf("%w: the older copy is of %s, this one of %s", ErrChanged, was.Conference, head.Conference)
		}
	}
	whole := false
	for in.Scan() {
		line, end, err := parseLine(in.Bytes())
		switch {
		case err != nil:
			return v.report, fmt.Errorf("%w after %d: %w", ErrChanged, v.report.Events, err)
		case whole:
			return v.report, fmt.Errorf("%w: something follows its end", ErrChanged)
		case end != nil:
			if whole = *end == v.report.Events; !whole {
				return v.report, fmt.Errorf("%w: it says it has %d events and has %d", ErrChanged, *end, v.report.Events)
			}
			continue
		}
		if err := v.next(line); err != nil {
			return v.report, err
		}
		if err := sameAs(before, line); err != nil {
			return v.report, err
		}
	}
	if err := in.Err(); err != nil {
		return v.report, fmt.Errorf("read record: %w", err)
	}
	if !whole {
		return v.report, fmt.Errorf("%w: it ends in the middle, after %d: take the copy again", ErrChanged, v.report.Events)
	}
	if more, err := goesOn(before); more || err != nil {
		return v.report, fmt.Errorf("%w: the older copy goes on after %d, where this one ends", ErrChanged, v.report.Events)
	}
	v.report.SHA256 = v.tally.Sum()
	return v.report, v.enough()
}

// verifier is how far a copy was read.
type verifier struct {
	key    ed25519.PublicKey
	tally  *Tally
	sums   map[uint64]string // after each event that no checkpoint covers yet
	last   Line
	report Report
}

func open(copied io.Reader) (*bufio.Scanner, Head, error) {
	in := bufio.NewScanner(copied)
	in.Buffer(make([]byte, 64<<10), maxLine)
	var head Head
	if !in.Scan() || json.Unmarshal(in.Bytes(), &head) != nil || head.Format != Format {
		return nil, head, fmt.Errorf("this is no copy of a record: its first line must say %q", Format)
	}
	return in, head, nil
}

// parseLine reads an event's line, or how many there were from the last one.
func parseLine(text []byte) (line Line, end *uint64, err error) {
	var all struct {
		Line
		tail
	}
	if err := json.Unmarshal(text, &all); err != nil {
		return line, nil, fmt.Errorf("a line is not JSON: %w", err)
	}
	return all.Line, all.Events, nil
}

// next takes a line in.
func (v *verifier) next(line Line) error {
	switch {
	case line.Position != v.report.Events+1:
		return fmt.Errorf("%w: %d follows %d", ErrChanged, line.Position, v.report.Events)
	case line.AtUs < v.last.AtUs:
		return fmt.Errorf("%w: time goes back at %d", ErrChanged, line.Position)
	case !isDigest(line.Digest):
		return fmt.Errorf("%w: the digest at %d is malformed", ErrChanged, line.Position)
	case line.Event != "" && hexSum(line.Event) != line.Digest[:2*sha256.Size]:
		return fmt.Errorf("%w: the event at %d does not fit its digest", ErrChanged, line.Position)
	}
	if strings.HasPrefix(line.Event, checkpointPrefix) {
		if err := v.checkpoint(line); err != nil {
			return err
		}
	}
	if strings.HasPrefix(line.Event, sealPrefix) || strings.HasPrefix(line.Event, removedPrefix) {
		if err := v.recording(line); err != nil {
			return err
		}
	}
	v.last = line
	v.report.Events = line.Position
	v.tally.Add(line.Position, time.UnixMicro(line.AtUs), line.Digest)
	v.sums[line.Position] = v.tally.Sum()
	return nil
}

// enough returns an error when more stands behind the last checkpoint than a running
// conference ever leaves there.
func (v *verifier) enough() error {
	if open := v.report.Events - v.report.Covered; open >= 2*Every {
		return fmt.Errorf("%w: no checkpoint covers the last %d events, though one is due every %d", ErrChanged, open, Every)
	}
	return nil
}

func (v *verifier) checkpoint(line Line) error {
	event, err := eventlog.Decode(eventlog.Record{Position: line.Position, Canonical: []byte(line.Event)})
	if err != nil {
		return fmt.Errorf("%w: checkpoint at %d: %w", ErrChanged, line.Position, err)
	}
	var c Checkpoint
	if err := json.Unmarshal(event.Data, &c); err != nil {
		return fmt.Errorf("%w: checkpoint at %d: %w", ErrChanged, line.Position, err)
	}
	if c.Position <= v.report.Covered {
		return fmt.Errorf("%w: the checkpoint at %d covers no more than one before it", ErrChanged, line.Position)
	}
	if sum, known := v.sums[c.Position]; !known || c.SHA256 != sum {
		return fmt.Errorf("%w: of the events %d–%d at least one is not what was signed at %d",
			ErrChanged, v.report.Covered+1, c.Position, line.Position)
	}
	if err := c.check(v.report.Conference, v.key); err != nil {
		return fmt.Errorf("%w: checkpoint at %d: %w", ErrChanged, line.Position, err)
	}
	for position := range v.sums {
		if position <= c.Position {
			delete(v.sums, position)
		}
	}
	v.report.Covered = c.Position
	v.report.Checkpoints++
	return nil
}

// recording takes in what an event says of the recording.
func (v *verifier) recording(line Line) error {
	event, err := eventlog.Decode(eventlog.Record{Position: line.Position, Canonical: []byte(line.Event)})
	if err == nil {
		event.At = time.UnixMicro(line.AtUs).UTC()
		err = v.report.Recording.Apply(event)
	}
	if err != nil {
		return fmt.Errorf("%w: the event at %d: %w", ErrChanged, line.Position, err)
	}
	return nil
}

// sameAs compares a line with the next one of the older copy, if it has one.
func sameAs(before *bufio.Scanner, line Line) error {
	if before == nil || !before.Scan() {
		return nil
	}
	was, end, err := parseLine(before.Bytes())
	if err != nil || end != nil {
		return err // it ends here
	}
	if was.Position != line.Position || was.AtUs != line.AtUs || was.Digest != line.Digest {
		return fmt.Errorf("%w: the event at %d is another one in the older copy", ErrChanged, line.Position)
	}
	return nil
}

// goesOn reports whether the older copy has an event that was not compared.
func goesOn(before *bufio.Scanner) (bool, error) {
	if before == nil || !before.Scan() {
		return false, nil
	}
	_, end, err := parseLine(before.Bytes())
	return end == nil, err
}

func isDigest(text string) bool {
	raw, err := hex.DecodeString(text)
	return err == nil && len(raw) == 2*sha256.Size && strings.ToLower(text) == text
}

func hexSum(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
