package mixer

import (
	"time"

	"github.com/thesyncim/gopus"
)

func gain(on bool) float32 {
	if on {
		return 1
	}
	return 0
}

// ramp is a gain that moves in a straight line.
type ramp struct{ now, target, step float32 }

func newRamp(at float32) ramp { return ramp{now: at, target: at} }

// to starts moving so that a whole fade takes d.
func (r *ramp) to(target float32, d time.Duration) {
	r.target = target
	r.step = 1 / float32(samples(d))
}

func (r *ramp) silent() bool { return r.now == 0 && r.target == 0 }

func (r *ramp) apply(pcm []float32) {
	if r.now == 1 && r.target == 1 {
		return
	}
	for i := range pcm {
		pcm[i] *= r.advance()
	}
}

func (r *ramp) advance() float32 {
	switch {
	case r.now < r.target:
		r.now = min(r.now+r.step, r.target)
	case r.now > r.target:
		r.now = max(r.now-r.step, r.target)
	}
	return r.now
}

// The limiter's figures: full scale is 1.
const (
	ceiling = 0.9
	release = 1.0 / (Rate / 2) // gain per sample: half a second from silence to full
	attack  = FrameSamples / 4 // samples
)

// limiter turns the mix down when several voices add up to more than the ceiling, and
// slowly up again; what the 5 ms of attack let through is rounded off, not clipped.
type limiter struct {
	gain float32
	clip [1]float32
}

func newLimiter() limiter { return limiter{gain: 1} }

func (l *limiter) apply(pcm []float32) {
	var peak float32
	for _, s := range pcm {
		peak = max(peak, s, -s)
	}
	if peak*l.gain > ceiling {
		to := ceiling / peak
		step := (l.gain - to) / attack
		for i := range pcm {
			l.gain = max(to, l.gain-step)
			pcm[i] *= l.gain
		}
	} else if l.gain < 1 {
		top := float32(1)
		if peak > 0 {
			top = min(1, ceiling/peak)
		}
		for i := range pcm {
			l.gain = min(top, l.gain+release)
			pcm[i] *= l.gain
		}
	}
	gopus.PCMSoftClip(pcm, 1, l.clip[:])
}
