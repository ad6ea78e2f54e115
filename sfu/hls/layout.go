package hls

import (
	"encoding/binary"
	"errors"
	"io"
)

// layout is a movie's boxes before the samples, but for its tables, which have a length and
// are made when they are written.
type layout struct {
	boxes

	tables []made
	more   int64 // bytes of the tables so far
}

// made is a table that is made when it is written.
type made struct {
	at    int   // in boxes
	bytes int64 // of all of it
	write func(s *sink) error
}

// grow is box for one that has tables in it.
func (l *layout) grow(name string, f func()) {
	at, before := len(l.b), l.more
	l.box(name, f)
	l.put32(at, uint32(int64(len(l.b)-at)+l.more-before))
}

// table writes a full box of count rows.
func (l *layout) table(name string, count, bytes int64, write func(s *sink) error) {
	l.grow(name, func() {
		l.u32(0)
		if name == "stsz" {
			l.u32(0) // each sample has its own
		}
		l.u32(uint32(count))
		l.tables = append(l.tables, made{len(l.b), bytes, write})
		l.more += bytes
	})
}

// write writes all of it.
func (l *layout) write(s *sink) error {
	from := 0
	for _, t := range l.tables {
		s.put(l.b[from:t.at])
		from = t.at
		if s.passes(t.bytes) {
			continue
		}
		if err := t.write(s); err != nil {
			return err
		}
	}
	s.put(l.b[from:])
	return s.err
}

// sink takes a file from its beginning and hands on the bytes from..to of it.
type sink struct {
	w        io.Writer
	from, to int64
	at       int64
	err      error
	buf      []byte
}

// errEnough says that all that was asked for has been written.
var errEnough = errors.New("enough")

// passes skips the next n bytes if nobody asked for them.
func (s *sink) passes(n int64) bool {
	if s.at+n > s.from && s.at < s.to {
		return false
	}
	s.at += n
	return true
}

// Write is put, for io.Copy.
func (s *sink) Write(b []byte) (int, error) {
	s.put(b)
	return len(b), s.err
}

func (s *sink) put(b []byte) {
	if s.err != nil {
		return
	}
	at := s.at
	s.at += int64(len(b))
	lo, hi := max(s.from-at, 0), min(s.to-at, int64(len(b)))
	if lo < hi {
		_, s.err = s.w.Write(b[lo:hi])
	}
	if s.err == nil && s.at >= s.to {
		s.err = errEnough
	}
}

// row gathers the values of a table and hands them on now and then.
func (s *sink) row(values ...uint32) {
	for _, v := range values {
		s.buf = binary.BigEndian.AppendUint32(s.buf, v)
	}
	if len(s.buf) >= 16<<10 {
		s.flush()
	}
}

func (s *sink) flush() {
	s.put(s.buf)
	s.buf = s.buf[:0]
}

// layOut makes the boxes before the samples.
func (m *Movie) layOut() {
	l := &m.head
	created := uint64(m.created.Unix() + since1904)
	l.box("ftyp", func() {
		l.text("isom")
		l.u32(0x200)
		l.text("isomiso2avc1mp41")
	})
	l.grow("moov", func() {
		l.full("mvhd", 1, 0, func() {
			l.u64(created)
			l.u64(created)
			l.u32(videoRate)
			l.u64(uint64(max(m.picture.end, m.sound.ends())))
			l.u32(0x10000) // rate
			l.u16(0x100)   // volume
			l.zeros(10)
			l.matrix()
			l.zeros(24)
			l.u32(3) // next track
		})
		m.trak(l, &m.picture, 1, created)
		m.trak(l, &m.sound, 2, created)
	})
	// The samples: as long as they are, the head says it in 8 bytes.
	bytes := m.picture.bytes + m.sound.bytes
	l.u32(1)
	l.text("mdat")
	l.u64(uint64(bytes + 16))
	m.size = int64(len(l.b)) + l.more + bytes
}

// ends is where the track ends, in ticks of the movie.
func (r *reel) ends() int64 { return r.inMovie(r.end) }

func (r *reel) inMovie(ticks int64) int64 { return ticks * videoRate / r.rate }

func (r *reel) handler() string {
	if r.sound {
		return "soun"
	}
	return "vide"
}

func (m *Movie) trak(l *layout, r *reel, number uint32, created uint64) {
	begins := r.pieces[0].at
	l.grow("trak", func() {
		l.full("tkhd", 1, 3, func() {
			l.u64(created)
			l.u64(created)
			l.u32(number)
			l.u32(0)
			l.u64(uint64(r.ends()))
			l.zeros(12)
			l.u16(volume(r.handler()))
			l.u16(0)
			l.matrix()
			l.u32(uint32(r.width) << 16)
			l.u32(uint32(r.height) << 16)
		})
		if begins > 0 { // it begins later than the other
			l.box("edts", func() {
				l.full("elst", 1, 0, func() {
					l.u32(2)
					l.u64(uint64(r.inMovie(begins)))
					l.u64(1<<64 - 1)
					l.u32(0x10000)
					l.u64(uint64(r.ends() - r.inMovie(begins)))
					l.u64(0)
					l.u32(0x10000)
				})
			})
		}
		l.grow("mdia", func() {
			l.full("mdhd", 1, 0, func() {
				l.u64(created)
				l.u64(created)
				l.u32(uint32(r.rate))
				l.u64(uint64(r.end - begins))
				l.u16(0x15<<10 | 0x0e<<5 | 0x04) // "und"
				l.u16(0)
			})
			handler(&l.boxes, r.handler())
			l.grow("minf", func() {
				kind(&l.boxes, r.handler())
				l.grow("stbl", func() { m.tables(l, r) })
			})
		})
	})
}

// tables writes the tables of a track, but for what is in them.
func (m *Movie) tables(l *layout, r *reel) {
	l.full("stsd", 0, 0, func() {
		l.u32(uint32(len(r.entries)))
		for _, e := range r.entries {
			l.bytes(e)
		}
	})
	l.table("stts", r.runs, 8*r.runs, func(s *sink) error {
		return m.each(s, r, func(i int, t *table) {
			eachRun(t.rows, func(count, duration uint32) { s.row(count, duration) })
			s.row(1, uint32(r.lasts(i)))
		})
	})
	if !r.sound {
		m.keys(l, r)
	}
	n := int64(len(r.pieces))
	l.table("stsc", n, 12*n, func(s *sink) error {
		for i, p := range r.pieces {
			s.row(uint32(i+1), p.count, p.entry)
		}
		s.flush()
		return s.err
	})
	l.table("stsz", r.samples, 4*r.samples, func(s *sink) error {
		return m.each(s, r, func(_ int, t *table) {
			for rows := t.rows; len(rows) > 0; rows = rows[row:] {
				s.row(binary.BigEndian.Uint32(rows[4:]))
			}
		})
	})
	l.table("co64", n, 8*n, func(s *sink) error {
		at := m.size - m.picture.bytes - m.sound.bytes
		for i := range r.pieces {
			here := at
			if r.sound {
				here += m.picture.pieces[i].size
			}
			s.row(uint32(here>>32), uint32(here))
			at += m.picture.pieces[i].size + m.sound.pieces[i].size
		}
		s.flush()
		return s.err
	})
}

// keys writes the table of the pictures that a player may begin with.
func (m *Movie) keys(l *layout, r *reel) {
	l.table("stss", r.keys, 4*r.keys, func(s *sink) error {
		number := uint32(0)
		return m.each(s, r, func(_ int, t *table) {
			for rows := t.rows; len(rows) > 0; rows = rows[row:] {
				if number++; isKey(rows) {
					s.row(number)
				}
			}
		})
	})
}

// each reads the tables of a track's pieces again.
func (m *Movie) each(s *sink, r *reel, do func(i int, t *table)) error {
	for i := range r.pieces {
		t, err := m.tableOf(i, r.sound)
		if err != nil {
			return err
		}
		if t.bytes != r.pieces[i].size || t.header.Samples != int(r.pieces[i].count) {
			return errChanged
		}
		do(i, &t)
		if s.err != nil {
			return s.err
		}
	}
	s.flush()
	return s.err
}

// errChanged says that a segment is not the one that it was.
var errChanged = errors.New("a segment was changed")

// Write writes the bytes from..to of the file, of 0..Size. Errors: those of the shelf and of
// the writer; a segment that has changed.
func (m *Movie) Write(w io.Writer, from, to int64) error {
	s := &sink{w: w, from: from, to: min(to, m.size)}
	if s.from >= s.to {
		return nil
	}
	err := m.head.write(s)
	buf := make([]byte, 64<<10)
	for i := 0; err == nil && i < len(m.picture.pieces); i++ {
		for _, r := range []*reel{&m.picture, &m.sound} {
			if err == nil && !s.passes(r.pieces[i].size) {
				err = m.copy(s, r, i, buf)
			}
		}
	}
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// copy writes the samples of a piece.
func (m *Movie) copy(s *sink, r *reel, i int, buf []byte) error {
	kept, size, err := m.shelf.Open(i, r.sound)
	if err != nil {
		return err //nolint:wrapcheck // says which
	}
	defer kept.Close() //nolint:errcheck // only read
	p := r.pieces[i]
	if size != p.data+p.size {
		return errChanged
	}
	_, err = io.CopyBuffer(s, io.NewSectionReader(kept, p.data, p.size), buf)
	return err //nolint:wrapcheck // errEnough, the writer's or the file's
}
