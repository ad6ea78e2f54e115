package h264

// Order finds B-frames: pictures sent after one that is shown later, so that timestamps go
// back while sequence numbers go on. One such step may be an encoder's restart; a second
// within Window pictures is not.
type Order struct {
	ts      uint32
	started bool
	since   int // pictures since the last step back
	back    bool
}

// Window is how many pictures a step back is remembered for.
const Window = 90

// Observe takes the timestamp of the next packet in the order of sequence numbers and
// reports whether the source sends B-frames.
func (o *Order) Observe(ts uint32) bool {
	if !o.started {
		o.ts, o.started, o.since = ts, true, Window
		return false
	}
	step := int32(ts - o.ts) // modulo 2^32 on purpose
	o.ts = ts
	switch {
	case step == 0:
		return false
	case step > 0:
		o.since = min(o.since+1, Window)
		if o.since == Window {
			o.back = false
		}
		return false
	}
	if o.back && o.since < Window {
		o.since = 0
		return true
	}
	o.back, o.since = true, 0
	return false
}
