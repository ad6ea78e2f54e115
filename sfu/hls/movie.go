package hls

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"
)

// Shelf has segments that a Packager made, in the order in which they are to be played: the
// picture's and the sound's, piece by piece. Between two of them others may be missing.
type Shelf interface {
	// Pieces is how many there are of each.
	Pieces() int
	// Init returns the initialization segment that is in force at a piece.
	Init(piece int, sound bool) ([]byte, error)
	// Open opens a piece's segment and tells how many bytes it has.
	Open(piece int, sound bool) (Kept, int64, error)
}

// Kept is an open segment.
type Kept interface {
	io.ReaderAt
	io.Closer
}

// Movie is a progressive MP4 (ISO/IEC 14496-12) of a Shelf's segments: the same samples, in
// one file that begins with its index. What is missing between two pieces is left out, for
// picture and sound alike, so they stay together. Every format has a sample description of
// its own.
//
// It holds some 100 bytes a piece, whatever is in it, and reads tables and samples again as
// it writes. Nothing in it changes: it may be written several times at once.
type Movie struct {
	shelf   Shelf
	created time.Time
	picture reel
	sound   reel
	head    layout
	size    int64
}

// reel is one track of a movie.
type reel struct {
	sound   bool
	rate    int64
	entries [][]byte // distinct sample entries
	width   int
	height  int
	pieces  []piece
	end     int64 // ticks, where the last sample ends
	samples int64
	keys    int64
	runs    int64 // entries of stts
	bytes   int64
}

// piece is one segment in it.
type piece struct {
	at    int64  // ticks of the movie
	tail  int64  // ticks from there to the last sample
	data  int64  // where the samples are in the segment
	size  int64  // bytes of the samples
	entry uint32 // of entries, from 1
	count uint32 // samples
}

const (
	// hole is how much time without both tracks is left out.
	hole = 100 * time.Millisecond
	// back is how far a piece may begin before the one in front of it ended: rungs are cut
	// at their own keyframes.
	back = time.Second
	// headBytes is more than the table of samples of a usual segment takes.
	headBytes = 4 << 10
)

var errNothing = errors.New("there is nothing to put into a movie")

// NewMovie reads the tables of all pieces. Errors: those of the shelf; a segment that is not
// what a Packager made; no piece at all.
func NewMovie(shelf Shelf) (*Movie, error) {
	if shelf.Pieces() == 0 {
		return nil, errNothing
	}
	m := &Movie{shelf: shelf, picture: reel{rate: videoRate}, sound: reel{sound: true, rate: soundRate}}
	var shift, ended int64 // nanoseconds: of the movie's clock, and where all before ended
	for i := range shelf.Pieces() {
		v, err := m.read(i, false)
		if err != nil {
			return nil, err
		}
		s, err := m.read(i, true)
		if err != nil {
			return nil, err
		}
		begins := min(v.start, s.start)
		if i == 0 {
			shift, m.created = begins, time.Unix(0, begins)
		} else if d := time.Duration(begins - ended); d > hole || d < -back {
			shift += int64(d)
		}
		ended = max(v.end, s.end)
		m.picture.add(v, shift)
		m.sound.add(s, shift)
	}
	m.layOut()
	return m, nil
}

// Size is how many bytes the file has.
func (m *Movie) Size() int64 { return m.size }

// Length is how long it plays.
func (m *Movie) Length() time.Duration {
	return time.Duration(max(nanosOf(m.picture.end, m.picture.rate), nanosOf(m.sound.end, m.sound.rate)))
}

// told is what a segment's own bytes tell.
type told struct {
	table
	track      *Track
	start, end int64 // nanoseconds since 1970
}

// read reads a piece's table.
func (m *Movie) read(i int, sound bool) (told, error) {
	var t told
	init, err := m.shelf.Init(i, sound)
	if err != nil {
		return t, fmt.Errorf("put piece %d into a movie: %w", i, err)
	}
	track, err := ReadInit(init)
	if err == nil {
		t.track = &track
		t.table, err = m.tableOf(i, sound)
	}
	if err != nil {
		return t, fmt.Errorf("put piece %d into a movie: %w", i, err)
	}
	epoch := track.Epoch.UnixNano()
	t.start = epoch + nanosOf(t.header.Start, track.Rate)
	t.end = epoch + nanosOf(t.header.End, track.Rate)
	return t, nil
}

// tableOf reads a piece's table of samples.
func (m *Movie) tableOf(i int, sound bool) (table, error) {
	var t table
	kept, size, err := m.shelf.Open(i, sound)
	if err != nil {
		return t, err //nolint:wrapcheck // the caller says what for
	}
	defer kept.Close() //nolint:errcheck // only read
	for _, n := range []int64{headBytes, 64 * headBytes} {
		head := make([]byte, min(n, size))
		if _, err = kept.ReadAt(head, 0); err != nil {
			return t, err //nolint:wrapcheck // the caller says what for
		}
		if t, err = readTable(head, size); err == nil {
			break
		}
	}
	return t, err
}

// add puts a piece at the end of the track.
func (r *reel) add(t told, shift int64) {
	p := piece{
		at: (&track{rate: r.rate}).ticks(t.start - shift), data: t.data, size: t.bytes,
		count: uint32(t.header.Samples), entry: r.entry(t.track),
	}
	p.tail = t.header.End - t.header.Start - int64(binary.BigEndian.Uint32(t.rows[len(t.rows)-row:]))
	if n := len(r.pieces); n > 0 { // the sample before has to last at least a tick
		p.at = max(p.at, r.pieces[n-1].at+r.pieces[n-1].tail+1)
	}
	r.pieces = append(r.pieces, p)
	r.end = p.at + t.header.End - t.header.Start
	r.samples += int64(p.count)
	r.bytes += p.size
	r.runs += 1 + int64(countRuns(t.rows))
	for rows := t.rows; len(rows) > 0; rows = rows[row:] {
		if isKey(rows) {
			r.keys++
		}
	}
}

// entry returns which sample description a piece has.
func (r *reel) entry(t *Track) uint32 {
	r.width, r.height = max(r.width, t.Width), max(r.height, t.Height)
	for i, known := range r.entries {
		if bytes.Equal(known, t.entry) {
			return uint32(i + 1)
		}
	}
	r.entries = append(r.entries, t.entry)
	return uint32(len(r.entries))
}

// lasts is how many ticks the last sample of a piece lasts: until the next piece begins.
func (r *reel) lasts(i int) int64 {
	until := r.end
	if i+1 < len(r.pieces) {
		until = r.pieces[i+1].at
	}
	return until - r.pieces[i].at - r.pieces[i].tail
}

func isKey(row []byte) bool { return binary.BigEndian.Uint32(row[8:]) == flagsKey }

// countRuns is how many runs of samples of equal length there are before the last sample.
func countRuns(rows []byte) int {
	n := 0
	eachRun(rows, func(uint32, uint32) { n++ })
	return n
}

// eachRun calls each with the runs of samples of equal length, but for the last sample.
func eachRun(rows []byte, each func(count, duration uint32)) {
	var count, duration uint32
	for ; len(rows) > row; rows = rows[row:] {
		d := binary.BigEndian.Uint32(rows)
		if count > 0 && d != duration {
			each(count, duration)
			count = 0
		}
		count, duration = count+1, d
	}
	if count > 0 {
		each(count, duration)
	}
}
