package mixer_test

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"os/exec"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/thesyncim/gopus"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/sfu/mixer"
)

// meter is the integrated loudness of one channel at 48 kHz by ITU-R BS.1770-4: K-weighting,
// blocks of 400 ms every 100 ms, an absolute and a relative gate.
func meter(pcm []float64) float64 {
	weighted := filter(filter(pcm, [3]float64{1.53512485958697, -2.69169618940638, 1.19839281085285}, [2]float64{-1.69065929318241, 0.73248077421585}),
		[3]float64{1, -2, 1}, [2]float64{-1.99004745483398, 0.99007225036621})
	const hop = mixer.Rate / 10
	var blocks []float64
	for from := 0; from+4*hop <= len(weighted); from += hop {
		sum := 0.0
		for _, s := range weighted[from : from+4*hop] {
			sum += s * s
		}
		blocks = append(blocks, sum/(4*hop))
	}
	gated := func(above float64) float64 {
		sum, n := 0.0, 0
		for _, b := range blocks {
			if inLUFS(b) > above {
				sum, n = sum+b, n+1
			}
		}
		return inLUFS(sum / float64(max(1, n)))
	}
	return gated(gated(-70) - 10)
}

func inLUFS(energy float64) float64 { return 10*math.Log10(max(energy, 1e-20)) - 0.691 }

func filter(pcm []float64, b [3]float64, a [2]float64) []float64 {
	out := make([]float64, len(pcm))
	var x1, x2, y1, y2 float64
	for i, x := range pcm {
		y := b[0]*x + b[1]*x1 + b[2]*x2 - a[0]*y1 - a[1]*y2
		x1, x2, y1, y2 = x, x1, y, y1
		out[i] = y
	}
	return out
}

// speech is somebody who speaks in sentences: a voice of 120 Hz with its overtones, in
// syllables, with breaths between sentences.
func speech(d time.Duration, seed uint64) []float64 {
	random := rand.New(rand.NewPCG(seed, 1))
	pcm := make([]float64, int(d.Seconds()*mixer.Rate))
	for i := 0; i < len(pcm); {
		sentence := i + mixer.Rate*(15+random.IntN(20))/10
		for i < min(sentence, len(pcm)) {
			n, strength, pitch := mixer.Rate*(10+random.IntN(14))/100, 0.4+0.6*random.Float64(), 100+60*random.Float64()
			for j := 0; j < n && i+j < len(pcm); j++ {
				for k := 1.0; k < 16; k++ {
					pcm[i+j] += strength / k * math.Sin(2*math.Pi*pitch*k*float64(i+j)/mixer.Rate) * math.Sin(math.Pi*float64(j)/float64(n))
				}
			}
			i += n + mixer.Rate*(3+random.IntN(6))/100
		}
		i += mixer.Rate * (5 + random.IntN(6)) / 10
	}
	return pcm
}

// rustle is the noise of a hall.
func rustle(d time.Duration, seed uint64) []float64 {
	random := rand.New(rand.NewPCG(seed, 2))
	pcm := make([]float64, int(d.Seconds()*mixer.Rate))
	for i := range pcm {
		pcm[i] = random.NormFloat64()
	}
	return pcm
}

// at scales a sound to a loudness.
func at(pcm []float64, loud float64) []float64 {
	gain := math.Pow(10, (loud-meter(pcm))/20)
	out := make([]float64, len(pcm))
	for i, s := range pcm {
		out[i] = s * gain
	}
	return out
}

func plus(a, b []float64) []float64 {
	out := make([]float64, len(a))
	for i := range a {
		out[i] = a[i] + b[i]
	}
	return out
}

// room is a mixer and its time.
type room struct {
	*mixer.Mixer

	now time.Time
}

func newRoom(t *testing.T) *room {
	t.Helper()
	return &room{newMixer(t), epoch.Add(time.Second)}
}

// mixed lets halls be mixed, and returns what is heard: as long, later by the mixer's delay.
func mixed(t *testing.T, m *room, halls map[conference.VenueID][]float64) []float64 {
	t.Helper()
	l := newListener(t)
	encoders := map[conference.VenueID]*gopus.Encoder{}
	frames := 0
	for id, pcm := range halls {
		enc, err := gopus.NewEncoder(gopus.EncoderConfig{SampleRate: mixer.Rate, Channels: 1, Application: gopus.ApplicationAudio})
		if err != nil {
			t.Fatal(err)
		}
		encoders[id], frames = enc, len(pcm)/mixer.FrameSamples
		m.Open(id)
	}
	var in [mixer.FrameSamples]float32
	var packet [1500]byte
	for n := range frames {
		for id, pcm := range halls {
			for i := range in {
				in[i] = float32(pcm[n*mixer.FrameSamples+i])
			}
			size, err := encoders[id].Encode(in[:], packet[:])
			if err != nil {
				t.Fatal(err)
			}
			m.Push(id, uint32(n*mixer.FrameSamples), m.now, packet[:size])
		}
		m.now = m.now.Add(mixer.Frame)
		for {
			out, ok, err := m.Next(m.now)
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				break
			}
			l.hear(t, out)
		}
	}
	return l.heard
}

var integrated = regexp.MustCompile(`I:\s+(-?[\d.]+) LUFS`)

// ebur128 is the integrated loudness as ffmpeg's meter reads it: the judge of ours and of the mix.
func ebur128(t *testing.T, pcm []float64) float64 {
	t.Helper()
	var raw bytes.Buffer
	for _, s := range pcm {
		_ = binary.Write(&raw, binary.LittleEndian, float32(s))
	}
	cmd := exec.CommandContext(t.Context(), "ffmpeg", "-hide_banner", "-nostats", "-f", "f32le", "-ar", "48000", "-ac", "1", "-i", "-", "-af", "ebur128", "-f", "null", "-")
	cmd.Stdin = &raw
	out, err := cmd.CombinedOutput()
	all := integrated.FindAllSubmatch(out, -1)
	if err != nil || len(all) == 0 {
		t.Fatalf("ffmpeg: %v\n%s", err, out)
	}
	read, err := strconv.ParseFloat(string(all[len(all)-1][1]), 64)
	if err != nil {
		t.Fatal(err)
	}
	return read
}

// The meter reads what ffmpeg's reads.
func TestTheMeterIsBS1770(t *testing.T) {
	t.Parallel()
	for name, pcm := range map[string][]float64{
		"speech":               at(speech(12*time.Second, 3), -27),
		"speech after silence": append(make([]float64, 8*mixer.Rate), at(speech(12*time.Second, 4), -20)...),
		"noise":                at(rustle(5*time.Second, 5), -35),
	} {
		if got, want := meter(pcm), ebur128(t, pcm); math.Abs(got-want) > 0.15 {
			t.Errorf("%s: the meter reads %.2f LUFS, ffmpeg %.2f", name, got, want)
		}
	}
}

// settled is how long the gain may take.
const settled = 9 * time.Second

// Whoever speaks, however loud, is heard near -23 LUFS before long, and is not turned up
// further in the pauses; where the hall is noisy, the noise between the words stays down.
func TestSpeechIsBroughtToTheTarget(t *testing.T) {
	t.Parallel()
	const long = 24 * time.Second
	for _, hall := range []struct {
		name          string
		speech, noise float64 // LUFS
		least, most   float64 // of what is heard
	}{
		{"quiet", -39, -75, -25, -21.5},
		{"usual", -23, -65, -24, -22},
		{"loud", -11, -60, -24.5, -21.5},
		{"far too quiet", -50, -90, -32, -27}, // 20 dB are given, no more
		{"noisy", -36, -48, -30, -25},         // 8 dB would bring the noise to -40
		{"very noisy", -30, -37, -31, -28},
	} {
		t.Run(hall.name, func(t *testing.T) {
			t.Parallel()
			pcm := plus(at(speech(long, 7), hall.speech), at(rustle(long, 8), hall.noise))
			heard := mixed(t, newRoom(t), map[conference.VenueID][]float64{"hall": pcm})
			if got := ebur128(t, heard[int(settled.Seconds()*mixer.Rate):]); got < hall.least || got > hall.most {
				t.Errorf("speech of %.0f LUFS over noise of %.0f is heard at %.1f, want %.1f to %.1f", hall.speech, hall.noise, got, hall.least, hall.most)
			}
			for _, s := range heard {
				if math.Abs(s) > 1 {
					t.Fatalf("got sample %.3f", s)
				}
			}
		})
	}
}

// Where nobody speaks nothing is turned up: noise alone, and the pause after a speech, for as
// long as it lasts; a tone is not either. Who spoke before has the same gain again.
func TestNobodySpeaksNothingIsTurnedUp(t *testing.T) {
	t.Parallel()
	const pause = 16 * time.Second
	for _, noise := range []float64{-65, -50, -38} {
		pcm := at(rustle(8*time.Second, 9), noise)
		if got := meter(mixed(t, newRoom(t), map[conference.VenueID][]float64{"hall": pcm})); math.Abs(got-noise) > 1.5 {
			t.Errorf("noise of %.0f LUFS is heard at %.1f", noise, got)
		}
	}
	m := newRoom(t)
	hall := at(rustle(pause, 10), -58)
	said := plus(at(speech(pause, 11), -35), hall)
	spoke := mixed(t, m, map[conference.VenueID][]float64{"hall": append(append([]float64(nil), said...), hall...)})
	before, after := spoke[int(settled.Seconds()*mixer.Rate):int(pause.Seconds()*mixer.Rate)], spoke[int((pause+2*time.Second).Seconds()*mixer.Rate):]
	gain := meter(before) + 35
	if got := meter(after); gain < 8 || math.Abs(got-(-58+gain)) > 2 {
		t.Errorf("the speech was turned up by %.1f dB, the pause after it is at %.1f LUFS, want %.1f", gain, got, -58+gain)
	}
	m.Close("hall")
	mixed(t, m, map[conference.VenueID][]float64{"another": at(rustle(time.Second, 12), -70)})
	if got := meter(mixed(t, m, map[conference.VenueID][]float64{"hall": said[:6*mixer.Rate]})); math.Abs(got-mixer.Target) > 2.5 {
		t.Errorf("when it has the floor again the hall is heard at %.1f LUFS at once, want %.0f", got, mixer.Target)
	}
}

// A quiet hall and a loud one are heard alike, one after the other and at once.
func TestAQuietHallBesideALoudOne(t *testing.T) {
	t.Parallel()
	const long = 44 * time.Second
	quiet, loud := at(speech(long, 13), -38), at(speech(long, 14), -14)
	turn := 11 * mixer.Rate
	for i := range quiet { // they take turns of 11 s
		if i/turn%2 == 0 {
			loud[i] = 0
		} else {
			quiet[i] = 0
		}
	}
	heard := mixed(t, newRoom(t), map[conference.VenueID][]float64{"quiet": quiet, "loud": loud})
	one, other := meter(heard[2*turn+mixer.Rate:3*turn]), meter(heard[3*turn+mixer.Rate:])
	if math.Abs(one-other) > 2.5 {
		t.Errorf("the quiet hall is heard at %.1f LUFS and the loud one at %.1f", one, other)
	}
}
