package sfu

import "sync/atomic"

// gate lets exactly one source at a time write to an output, and never makes a packet
// wait: whoever finds it busy goes on and comes back with its next packet. The word is
// the holder's id and one bit for "inside".
type gate struct{ word atomic.Uint64 }

// enter goes in if id holds the gate and nobody is inside.
func (g *gate) enter(id uint32) bool {
	return g.word.CompareAndSwap(uint64(id)<<1, uint64(id)<<1|1)
}

// take makes id the holder and goes in, unless somebody is inside.
func (g *gate) take(id uint32) bool {
	w := g.word.Load()
	return w&1 == 0 && g.word.CompareAndSwap(w, uint64(id)<<1|1)
}

// leave goes out; id remains the holder.
func (g *gate) leave(id uint32) { g.word.Store(uint64(id) << 1) }
