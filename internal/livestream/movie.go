package livestream

import (
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/sfu/hls"
)

// Movie is an MP4 of kept groups, with the largest picture. Nothing in it changes.
type Movie struct {
	*hls.Movie

	// ETag is quoted; it is another one for other groups.
	ETag string
}

// Recording returns what is kept of a conference's programme on this node, nil for nothing.
// While it is live, that grows.
func (s *Station) Recording(info *conference.Info) *Recording {
	c := (*s.shown.Load())[info.ID]
	if c == nil {
		return nil
	}
	if r := c.reel.shown.Load(); r != nil && len(r.cuts) > 0 {
		return r
	}
	return nil
}

// Movie makes an MP4 of what is kept of the spans, one after the other; no spans: of all.
// Refusal: live.none.
func (s *Station) Movie(info *conference.Info, spans []Span) (*Movie, error) {
	r := s.Recording(info)
	if r == nil {
		return nil, errNone
	}
	cuts := r.cuts
	if len(spans) > 0 {
		cuts = r.within(spans)
	}
	if len(cuts) == 0 {
		return nil, errNone
	}
	movie, err := movieOf(filepath.Join(s.cfg.Folder, string(info.ID)), cuts)
	if err != nil {
		return nil, fmt.Errorf("make a movie of %s: %w", info.ID, err)
	}
	return movie, nil
}

// movieOf makes an MP4 of groups in a folder.
func movieOf(dir string, cuts []cut) (*Movie, error) {
	movie, err := hls.NewMovie(&shelf{dir: dir, cuts: cuts})
	if err != nil {
		return nil, err //nolint:wrapcheck // the caller says what of
	}
	h := fnv.New64a()
	for i := range cuts {
		_, _ = fmt.Fprintf(h, "%d,", cuts[i].sequence) // never fails
	}
	return &Movie{Movie: movie, ETag: fmt.Sprintf(`"%016x-%x"`, h.Sum64(), movie.Size())}, nil
}

// shelf is kept groups for a movie. NewMovie asks for inits in order: the last are at hand.
type shelf struct {
	dir   string
	cuts  []cut
	inits [2]initOf
}

type initOf struct {
	sequence uint64
	data     []byte
}

func (s *shelf) Pieces() int { return len(s.cuts) }

func (s *shelf) Init(piece int, sound bool) ([]byte, error) {
	name, at := trackOf(sound)
	known, seq := &s.inits[at], s.cuts[piece].init
	if known.data != nil && known.sequence == seq {
		return known.data, nil
	}
	data, err := os.ReadFile(filepath.Join(s.dir, hls.InitFile(name, seq)))
	if err != nil {
		return nil, fmt.Errorf("read the recording: %w", err)
	}
	*known = initOf{seq, data}
	return data, nil
}

func (s *shelf) Open(piece int, sound bool) (hls.Kept, int64, error) {
	name, _ := trackOf(sound)
	file, err := os.Open(filepath.Join(s.dir, hls.SegmentFile(name, s.cuts[piece].sequence)))
	if err != nil {
		return nil, 0, fmt.Errorf("read the recording: %w", err)
	}
	info, err := file.Stat()
	if err != nil {
		_ = file.Close() // the first error is what matters
		return nil, 0, fmt.Errorf("read the recording: %w", err)
	}
	return file, info.Size(), nil
}

func trackOf(sound bool) (name string, at int) {
	if sound {
		return hls.SoundName, 1
	}
	return hls.VideoName(0), 0
}
