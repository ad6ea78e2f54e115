package record

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"strconv"
	"time"
)

// Every is after how many events a checkpoint is due.
const Every = 1000

// Tally is the running SHA-256 over a log: over one line an event,
//
//	position SP log time in µs since 1970 SP digest LF
//
// where digest is eventlog.Digest: hex SHA-256 of the event and of its sealed words. Sum
// may be called concurrently with itself, Add with nothing.
type Tally struct {
	sum  hash.Hash
	line []byte
	// boundary and atBoundary are the last multiple of Every that was added, and the sum there.
	boundary   uint64
	atBoundary string
}

// NewTally returns the tally of an empty log.
func NewTally() *Tally { return &Tally{sum: sha256.New()} }

// Add takes the next event in.
func (t *Tally) Add(position uint64, at time.Time, digest string) {
	t.line = appendLine(t.line[:0], position, at.UnixMicro(), digest)
	t.sum.Write(t.line) // a hash never returns an error
	if position%Every == 0 {
		t.boundary, t.atBoundary = position, t.Sum()
	}
}

// Sum returns the hex SHA-256 of all that was added.
func (t *Tally) Sum() string {
	var some [sha256.Size]byte
	return hex.EncodeToString(t.sum.Sum(some[:0]))
}

// Boundary returns the last multiple of Every that was added, and the sum there; 0 and ""
// before the first.
func (t *Tally) Boundary() (position uint64, sum string) { return t.boundary, t.atBoundary }

func appendLine(out []byte, position uint64, micros int64, digest string) []byte {
	out = append(strconv.AppendUint(out, position, 10), ' ')
	out = append(strconv.AppendInt(out, micros, 10), ' ')
	return append(append(out, digest...), '\n')
}
