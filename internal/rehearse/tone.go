package rehearse

import (
	"fmt"
	"math"

	"github.com/thesyncim/gopus"
)

// The shape of the sound.
const (
	soundRate    = 48_000
	soundSamples = 960 // 20 ms
	loopPackets  = 50  // a second, so that every whole frequency begins again in phase
	toneLevel    = 0.25

	lowestTone, highestTone = 300, 2700 // Hz

	decimation    = 8 // tones are looked for at 6 kHz
	windowSamples = soundRate / 5 / decimation
	heardLevel    = 0.05
)

// toneOf returns the frequency venue i of n hums at, in Hz.
func toneOf(i, n int) int { return lowestTone + (highestTone-lowestTone)*i/max(n, 1) }

// hum returns a second of a tone as Opus packets, to be played in a loop.
func hum(hertz int) ([][]byte, error) {
	enc, err := gopus.NewEncoder(gopus.EncoderConfig{SampleRate: soundRate, Channels: 1, Application: gopus.ApplicationAudio})
	if err != nil {
		return nil, fmt.Errorf("make an encoder: %w", err)
	}
	if err := enc.SetBitrate(32_000); err != nil {
		return nil, fmt.Errorf("set the bitrate: %w", err)
	}
	var packets [][]byte
	pcm, packet := make([]float32, soundSamples), make([]byte, 1500)
	for i := range 2 * loopPackets { // the first second settles the encoder
		for j := range pcm {
			at := float64(i*soundSamples+j) / soundRate
			pcm[j] = toneLevel * float32(math.Sin(2*math.Pi*float64(hertz)*at))
		}
		n, err := enc.Encode(pcm, packet)
		if err != nil {
			return nil, fmt.Errorf("encode a tone: %w", err)
		}
		if i >= loopPackets {
			packets = append(packets, append([]byte(nil), packet[:n]...))
		}
	}
	return packets, nil
}

// ear decodes one Opus stream and tells which tones are in it, five times a second.
// Owned by the reader of the stream.
type ear struct {
	decoder *gopus.Decoder
	tones   []int
	set     bool
	seq     uint16
	pcm     [5760]float32
	sum     float32
	phase   int
	window  []float64
}

func newEar(tones []int) (*ear, error) {
	dec, err := gopus.NewDecoder(gopus.DefaultDecoderConfig(soundRate, 1))
	if err != nil {
		return nil, fmt.Errorf("make a decoder: %w", err)
	}
	return &ear{decoder: dec, tones: tones}, nil
}

// listen takes a packet; when a window is full it calls heard with the index of every
// tone in it. Late packets are left out.
func (e *ear) listen(seq uint16, payload []byte, heard func(tone int)) {
	if e.set && int16(seq-e.seq) <= 0 || len(payload) == 0 {
		return
	}
	e.set, e.seq = true, seq
	n, err := e.decoder.Decode(payload, e.pcm[:])
	if err != nil {
		return
	}
	for _, s := range e.pcm[:n] {
		e.sum += s
		if e.phase++; e.phase < decimation {
			continue
		}
		e.window = append(e.window, float64(e.sum/decimation))
		e.sum, e.phase = 0, 0
		if len(e.window) == windowSamples {
			for i, hertz := range e.tones {
				if level(e.window, float64(hertz)) > heardLevel {
					heard(i)
				}
			}
			e.window = e.window[:0]
		}
	}
}

// level is the amplitude of one frequency in a window (Goertzel, Hann window so that a
// loud tone does not spill into its neighbours).
func level(window []float64, hertz float64) float64 {
	w := 2 * math.Cos(2*math.Pi*hertz*decimation/soundRate)
	var a, b float64
	n := float64(len(window))
	for i, s := range window {
		s *= 1 - math.Cos(2*math.Pi*float64(i)/n)
		a, b = s+w*a-b, a
	}
	return 2 * math.Sqrt(max(0, a*a+b*b-w*a*b)) / n
}
