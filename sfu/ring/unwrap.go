package ring

// Unwrapper extends 16-bit sequence numbers (RFC 3550 §A.1) so that they never wrap.
// The zero value is ready; the first number is extended to 65536 + itself, so that
// packets from just before it are still positive.
type Unwrapper struct {
	highest uint64
	started bool
}

// Extend returns the extended number nearest to the highest one seen so far.
func (u *Unwrapper) Extend(seq uint16) uint64 {
	if !u.started {
		u.started = true
		u.highest = 1<<16 + uint64(seq)
		return u.highest
	}
	diff := int64(int16(seq - uint16(u.highest))) // modulo 2^16 on purpose
	if diff < 0 && uint64(-diff) > u.highest {
		return u.highest
	}
	ext := uint64(int64(u.highest) + diff)
	u.highest = max(u.highest, ext)
	return ext
}

// Highest returns the highest extended number, 0 before the first.
func (u *Unwrapper) Highest() uint64 { return u.highest }
