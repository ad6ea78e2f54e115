package burst

import "slices"

// Limits of a run.
const (
	MaxPackets = 48
	MaxPad     = 12 // bytes a packet may be padded by; RTP counts the last of them (RFC 3550 §5.1)
	maxPayload = 60000
)

// Piece is one packet of a run.
type Piece struct {
	Index int // into the sizes given to Plan; sounds are counted after the pictures
	Pad   int // bytes of padding, 0 to MaxPad
}

// Run is packets that go out together: all of Size bytes of payload, padding included, but
// the last, which may be shorter.
type Run struct {
	Pieces []Piece
	Size   int
}

// Planner makes plans without allocating once it has grown. It belongs to one goroutine.
type Planner struct {
	pieces []Piece
	spans  []span
	runs   []Run
}

// span is a run while it grows.
type span struct {
	from, to int
	size     int  // of its packets but the last
	least    int  // smallest size before padding
	closed   bool // its last packet is shorter
}

// Plan divides pictures (payload sizes in order) into runs, in order, and adds each sound
// to the tail of a run that is open, or else as a run of its own at the end. Alone is how
// many sounds found no run. The result is valid until the next Plan.
func (p *Planner) Plan(pictures, sounds []int) (runs []Run, alone int) {
	p.pieces, p.spans = p.pieces[:0], p.spans[:0]
	for i, size := range pictures {
		p.add(i, size)
	}
	next := 0 // in order: a sound never overtakes the one before it
	for s := range p.spans {
		if next < len(sounds) && p.attach(s, len(pictures)+next, sounds[next]) {
			next++
		}
	}
	alone = len(sounds) - next
	for ; next < len(sounds); next++ {
		p.open(len(pictures)+next, sounds[next])
	}
	p.runs = p.runs[:0]
	for _, s := range p.spans {
		p.runs = append(p.runs, Run{Pieces: p.pieces[s.from:s.to], Size: s.size})
	}
	return p.runs, alone
}

func (p *Planner) open(index, size int) {
	at := len(p.pieces)
	p.pieces = append(p.pieces, Piece{Index: index})
	p.spans = append(p.spans, span{from: at, to: at + 1, size: size, least: size})
}

// add puts the next picture packet into the last run, or begins one.
func (p *Planner) add(index, size int) {
	if len(p.spans) == 0 {
		p.open(index, size)
		return
	}
	s := &p.spans[len(p.spans)-1]
	wide := max(s.size, size)
	room := s.to-s.from < MaxPackets && (s.to-s.from+1)*wide <= maxPayload
	switch {
	case s.closed || !room || size-s.least > MaxPad:
		p.open(index, size)
	case size > s.size: // all before it grow
		for i := s.from; i < s.to; i++ {
			p.pieces[i].Pad += size - s.size
		}
		s.size = size
		p.put(s, Piece{Index: index})
	case s.size-size <= MaxPad:
		s.least = min(s.least, size)
		p.put(s, Piece{Index: index, Pad: s.size - size})
	default:
		s.closed = true
		p.put(s, Piece{Index: index})
	}
}

func (p *Planner) put(s *span, piece Piece) {
	p.pieces = append(p.pieces, piece)
	s.to++
}

// attach makes a sound the tail of a run, if the run is open and it fits.
func (p *Planner) attach(at, index, size int) bool {
	s := &p.spans[at]
	if s.closed || size > s.size || s.to-s.from >= MaxPackets {
		return false
	}
	p.pieces = slices.Insert(p.pieces, s.to, Piece{Index: index})
	s.to++
	s.closed = true
	for i := at + 1; i < len(p.spans); i++ {
		p.spans[i].from++
		p.spans[i].to++
	}
	return true
}
