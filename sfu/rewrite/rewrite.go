package rewrite

// Rewriter maps the packets of the present source to the outgoing stream. A run is the
// time from one Switch to the next. Packets may be lost, late or doubled: within a run
// the mapping is a plain shift, so a late packet gets the number that was left for it.
type Rewriter struct {
	first  uint64 // first sequence number of the run, of the source
	shift  uint64 // outgoing = incoming + shift, modulo 2^64
	tsOff  uint32 // outgoing = incoming + tsOff, modulo 2^32
	next   uint64 // the sequence number after the highest sent
	lastTS uint32 // highest timestamp sent
	sent   bool
	run    bool
}

// New returns a rewriter whose first packet has the sequence number seq and the timestamp ts.
func New(seq uint16, ts uint32) Rewriter {
	return Rewriter{next: 1<<16 + uint64(seq), lastTS: ts}
}

// Switch begins a run with the packet seq, ts of the new source. Elapsed is the time since
// the last packet sent, in ticks; at least one tick is taken, so that timestamps rise.
func (r *Rewriter) Switch(seq uint64, ts, elapsed uint32) {
	r.first = seq
	r.shift = r.next - seq
	start := r.lastTS
	if r.sent {
		start += min(max(elapsed, 1), 1<<30)
	}
	r.tsOff = start - ts
	r.run = true
}

// Rewrite returns the outgoing numbers of a packet of the present source; ok is false for
// packets from before the switch. Duplicates get the same numbers again.
func (r *Rewriter) Rewrite(seq uint64, ts uint32) (outSeq uint64, outTS uint32, ok bool) {
	if !r.run || seq < r.first {
		return 0, 0, false
	}
	outSeq, outTS = seq+r.shift, ts+r.tsOff
	if outSeq >= r.next {
		r.next = outSeq + 1
	}
	if !r.sent || int32(outTS-r.lastTS) > 0 { // modulo 2^32 on purpose
		r.lastTS = outTS
	}
	r.sent = true
	return outSeq, outTS, true
}

// Next returns the sequence number the next switch will begin with.
func (r *Rewriter) Next() uint64 { return r.next }

// Shift returns what is added to the source's sequence numbers in this run, modulo 2^64.
func (r *Rewriter) Shift() uint64 { return r.shift }

// TSOffset returns what is added to the source's timestamps in this run, modulo 2^32.
func (r *Rewriter) TSOffset() uint32 { return r.tsOff }
