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

	// Of every dutyPackets the ear decodes the first dutySettle + loopPackets/5: a window
	// every 600 ms is enough to know who is heard, at half the work.
	dutyPackets = 30
	dutySettle  = 4 // until the decoder has caught up after the pause
)

// toneOf returns the frequency venue i of n hums at, in Hz.
func toneOf(i, n int) int { return lowestTone + (highestTone-lowestTone)*i/max(n, 1) }

// hum returns a second of a tone as Opus packets, to be played in a loop.
func hum(hertz int) ([][]byte, error) {
	enc, err := gopus.NewEncoder(gopus.EncoderConfig{SampleRate: soundRate, Channels: 1, Application: gopus.ApplicationAudio})
	if err != nil {
		return nil, fmt.Errorf("make an encoder: %w", err)
	}
	if err := enc.SetBitrate(24_000); err != nil {
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

// ear decodes one Opus stream now and then and tells which tones are in it. Owned by the
// reader of the stream.
type ear struct {
	decoder *gopus.Decoder
	tones   []int
	set     bool
	seq     uint16
	n       int // packets so far
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
	turn := e.n % dutyPackets
	e.n++
	if turn >= dutySettle+loopPackets/5 {
		return
	}
	n, err := e.decoder.Decode(payload, e.pcm[:])
	if err != nil || turn < dutySettle {
		e.window, e.sum, e.phase = e.window[:0], 0, 0
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
			e.tell(heard)
			e.window = e.window[:0]
		}
	}
}

// tell looks for every tone in a full window. A Hann window keeps a loud tone from
// spilling into its neighbours.
func (e *ear) tell(heard func(tone int)) {
	loud := false
	for i, s := range e.window {
		loud = loud || s > heardLevel || s < -heardLevel
		e.window[i] = s * (1 - math.Cos(2*math.Pi*float64(i)/windowSamples))
	}
	if !loud {
		return
	}
	for i, hertz := range e.tones {
		if level(e.window, float64(hertz)) > heardLevel {
			heard(i)
		}
	}
}

// level is the amplitude of one frequency in a window (Goertzel).
func level(window []float64, hertz float64) float64 {
	w := 2 * math.Cos(2*math.Pi*hertz*decimation/soundRate)
	var a, b float64
	for _, s := range window {
		a, b = s+w*a-b, a
	}
	return 2 * math.Sqrt(max(0, a*a+b*b-w*a*b)) / float64(len(window))
}
