package mixer

import "math"

// Target is what an open microphone's speech is brought to, in LUFS (EBU R 128), as one channel.
const Target = -23.0

// The rules of the automatic gain, in LU and dB. It follows people, not syllables, and holds
// still while nobody speaks: silence, noise and tones are never turned up.
const (
	mostGain     = 20.0 // either way
	riseStep     = 0.3  // dB in a step of 100 ms
	fallStep     = 0.6
	voiceOver    = 10.0  // above the noise: somebody speaks
	voiceAtLeast = -55.0 // LUFS
	noiseAtMost  = -40.0 // LUFS: what is between words is not turned up to more
	levelSteps   = 30    // the speech's level is that of about so many steps of it
	floorSteps   = 50    // the noise is the quietest of so many
	momentary    = 4     // steps: 400 ms (ITU-R BS.1770)
	stepFrames   = 5     // of 20 ms
	digital      = -90.0 // LUFS: no more than this is no microphone, and says nothing of the hall's noise
	unheard      = -120.0
)

// biquad is a filter of second order, in the direct form II transposed.
type biquad struct {
	b0, b1, b2, a1, a2 float64
	z1, z2             float64
}

func (f *biquad) next(x float64) float64 {
	y := f.b0*x + f.z1
	f.z1 = f.b1*x - f.a1*y + f.z2
	f.z2 = f.b2*x - f.a2*y
	return y
}

// weighting are the two filters of ITU-R BS.1770-4, annex 1, at 48 kHz.
func weighting() [2]biquad {
	return [2]biquad{
		{b0: 1.53512485958697, b1: -2.69169618940638, b2: 1.19839281085285, a1: -1.69065929318241, a2: 0.73248077421585},
		{b0: 1, b1: -2, b2: 1, a1: -1.99004745483398, a2: 0.99007225036621},
	}
}

// loudness is the slow automatic gain of one microphone.
//
//	frame ─▶ K-weighting ─▶ energy of 100 ms ─┬▶ quietest of 5 s = noise
//	                                          └▶ 400 ms, well above it = speech ─▶ level ─▶ gain
type loudness struct {
	filter [2]biquad
	energy float64 // of the step at hand
	frames int

	steps [floorSteps]float64 // energies of the last ones, a ring
	n     int
	level float64 // energy of speech, smoothed; 0: nobody has spoken
	heard int     // steps of speech so far, at most levelSteps
	gain  float64 // dB
	now   float32 // factor at the end of the last frame
}

func newLoudness(gain float64) loudness {
	return loudness{filter: weighting(), gain: gain, now: factor(gain)}
}

func factor(db float64) float32 { return float32(math.Pow(10, db/20)) }

// lufs is the loudness of a mean square, K-weighted, of one channel.
func lufs(energy float64) float64 {
	if energy <= 0 {
		return unheard
	}
	return max(unheard, 10*math.Log10(energy)-0.691)
}

// measure takes a frame as it came and returns the gain at its beginning and its end.
func (l *loudness) measure(frame []float32) (from, to float32) {
	for _, s := range frame {
		w := l.filter[1].next(l.filter[0].next(float64(s)))
		l.energy += w * w
	}
	if l.frames++; l.frames == stepFrames {
		energy := l.energy / float64(stepFrames*len(frame))
		l.energy, l.frames = 0, 0
		if lufs(energy) > digital {
			l.steps[l.n%floorSteps] = energy
			l.n++
			l.step()
		}
	}
	from = l.now
	if want := factor(l.gain); want != l.now { // a step's change over a step's frames
		l.now += (want - l.now) / stepFrames
	}
	return from, l.now
}

// step moves the gain if somebody speaks.
func (l *loudness) step() {
	if l.n < momentary {
		return
	}
	noise, energy := math.Inf(1), 0.0
	for i := range min(l.n, floorSteps) {
		noise = min(noise, l.steps[i])
	}
	for i := range momentary {
		energy += l.steps[(l.n-1-i)%floorSteps] / momentary
	}
	floor := lufs(noise)
	if at := lufs(energy); at < max(voiceAtLeast, floor+voiceOver) || l.level > 0 && at < lufs(l.level)-voiceOver {
		return // BS.1770's relative gate keeps the ends of sentences out
	}
	l.heard = min(l.heard+1, levelSteps)
	l.level += (energy - l.level) / float64(l.heard)
	want := Target - lufs(l.level)
	want = min(want, max(0, noiseAtMost-floor))
	want = max(-mostGain, min(want, mostGain))
	l.gain += max(-fallStep, min(want-l.gain, riseStep))
}
