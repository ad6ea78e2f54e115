package speaker_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/sfu/speaker"
)

// quiet is a room's own noise, loud a voice at a microphone; levels above −127 dBov.
const (
	quiet = 50
	loud  = 100
)

// play steps through levels by venue, all open, and returns who spoke after each step.
func play(f *speaker.Floor, steps int, levels map[conference.VenueID]func(i int) int) []conference.VenueID {
	var now []conference.VenueID
	for i := range steps {
		var heard []speaker.Heard
		for venue, level := range levels {
			heard = append(heard, speaker.Heard{Venue: venue, Level: level(i), Open: true})
		}
		f.Step(heard)
		now = append(now, f.Now())
	}
	return now
}

func steady(level int) func(int) int { return func(int) int { return level } }

func TestFloor_oneSpeaks(t *testing.T) {
	t.Parallel()
	var f speaker.Floor
	now := play(&f, 60, map[conference.VenueID]func(int) int{
		"main": steady(quiet),
		"phu-loc": func(i int) int {
			if i >= 20 && i < 40 {
				return loud
			}
			return quiet
		},
	})
	began, ended := slices.Index(now, "phu-loc"), len(now)-1-slices.Index(reversed(now), "phu-loc")
	if began < 20 || began > 22 {
		t.Errorf("it was told after %d steps that somebody speaks, who began at 20", began)
	}
	if ended < 45 || ended > 58 {
		t.Errorf("it was told until step %d, the voice ended at 40", ended)
	}
}

func reversed(v []conference.VenueID) []conference.VenueID {
	out := slices.Clone(v)
	slices.Reverse(out)
	return out
}

// TestFloor_doesNotFlicker: pauses between words and a cough elsewhere change nothing.
func TestFloor_doesNotFlicker(t *testing.T) {
	t.Parallel()
	var f speaker.Floor
	now := play(&f, 200, map[conference.VenueID]func(int) int{
		"main": func(i int) int { // words of 800 ms, pauses of 500 ms
			if i%13 < 8 {
				return loud
			}
			return quiet
		},
		"phu-loc": func(i int) int { // a cough of 200 ms now and then
			if i%37 < 2 {
				return loud + 10
			}
			return quiet
		},
	})
	for i, venue := range now[10:] {
		if venue != "main" {
			t.Fatalf("step %d: got %q, want main all the time", i+10, venue)
		}
	}
}

// TestFloor_louderTakesOver: who goes on speaking louder is shown, equals are not swapped.
func TestFloor_louderTakesOver(t *testing.T) {
	t.Parallel()
	var f speaker.Floor
	both := play(&f, 100, map[conference.VenueID]func(int) int{
		"main":    func(i int) int { return loud - 2*((i/5)%2) },
		"phu-loc": func(i int) int { return loud - 2*((i/5+1)%2) },
	})
	if changes := countChanges(both); changes > 1 {
		t.Errorf("two equal voices: the hint changed %d times", changes)
	}
	after := play(&f, 20, map[conference.VenueID]func(int) int{"main": steady(85), "phu-loc": steady(loud)})
	if got := after[len(after)-1]; got != "phu-loc" {
		t.Errorf("got %q, want the one who is louder", got)
	}
}

func countChanges(now []conference.VenueID) int {
	n := 0
	for i := 1; i < len(now); i++ {
		if now[i] != now[i-1] {
			n++
		}
	}
	return n
}

// TestFloor_closedMicrophones: they never speak, but their sound is told.
func TestFloor_closedMicrophones(t *testing.T) {
	t.Parallel()
	var f speaker.Floor
	step := func(n, level int, open bool) {
		for range n {
			f.Step([]speaker.Heard{{Venue: "phu-loc", Level: level, Open: open}, {Venue: "a-luoi", Level: speaker.Unknown}})
		}
	}
	step(30, loud, false)
	if f.Now() != "" || !slices.Equal(f.Loud(), []conference.VenueID{"phu-loc"}) {
		t.Errorf("got %q, loud %v", f.Now(), f.Loud())
	}
	step(5, loud, true)
	if f.Now() != "phu-loc" || len(f.Loud()) != 0 {
		t.Errorf("opened: got %q, loud %v", f.Now(), f.Loud())
	}
	step(1, loud, false)
	if f.Now() != "" {
		t.Errorf("closed again: got %q", f.Now())
	}
	step(60, quiet, false)
	if len(f.Loud()) != 0 {
		t.Errorf("silent again: loud %v", f.Loud())
	}
	f.Step(nil)
	if f.Now() != "" || len(f.Loud()) != 0 || f.Echo("phu-loc") {
		t.Error("something is told of a venue that has left")
	}
}

// TestFloor_steadyNoise: a fan is no voice, unless it is as loud as one.
func TestFloor_steadyNoise(t *testing.T) {
	t.Parallel()
	var f speaker.Floor
	if now := play(&f, 600, map[conference.VenueID]func(int) int{"main": steady(66)}); now[len(now)-1] != "" {
		t.Error("a fan speaks")
	}
	if now := play(&f, 60, map[conference.VenueID]func(int) int{"main": steady(95)}); now[len(now)-1] != "main" {
		t.Error("a loud tone is not noticed")
	}
}

// voice is somebody talking: words and pauses of random length, seeded.
func voice(seed uint64, steps int) []int {
	r := rand.New(rand.NewPCG(seed, 1))
	out := make([]int, 0, steps)
	for len(out) < steps {
		for range 3 + r.IntN(9) {
			out = append(out, loud-r.IntN(12))
		}
		for range 1 + r.IntN(6) {
			out = append(out, quiet+r.IntN(4))
		}
	}
	return out[:steps]
}

func TestFloor_echo(t *testing.T) {
	t.Parallel()
	const steps = 300
	speech, other := voice(1, steps), voice(2, steps)
	noise := rand.New(rand.NewPCG(3, 1))
	heard := func(delay, down int) []int {
		out := make([]int, steps)
		for i := range out {
			out[i] = quiet + noise.IntN(4)
			if i >= delay {
				out[i] = max(out[i], speech[i-delay]-down+noise.IntN(4))
			}
		}
		return out
	}
	tests := []struct {
		name string
		mic  []int
		open bool
		want bool
	}{
		{"gives back after 300 ms", heard(3, 20), false, true},
		{"gives back after 1 s", heard(10, 25), false, true},
		{"an open one gives back", heard(4, 20), true, true},
		{"says something else", other, false, false},
		{"is quiet", heard(steps, 0), false, false},
		{"hums", slices.Repeat([]int{90}, steps), false, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var f speaker.Floor
			for i := range steps {
				f.Step([]speaker.Heard{
					{Venue: "main", Level: speech[i], Open: true}, {Venue: "phu-loc", Level: test.mic[i], Open: test.open},
				})
			}
			if got := f.Echo("phu-loc"); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
			if f.Echo("main") {
				t.Error("whoever speaks is told to be an echo")
			}
		})
	}
}

// TestFloor_echoEnds: the word goes when the loudspeakers are turned down.
func TestFloor_echoEnds(t *testing.T) {
	t.Parallel()
	const steps = 400
	speech := voice(4, steps)
	var f speaker.Floor
	told := false
	for i := range steps {
		mic := quiet
		if i >= 4 && i < 200 {
			mic = max(quiet, speech[i-4]-20)
		}
		f.Step([]speaker.Heard{{Venue: "main", Level: speech[i], Open: true}, {Venue: "phu-loc", Level: mic}})
		told = told || f.Echo("phu-loc")
	}
	if !told || f.Echo("phu-loc") {
		t.Errorf("told %v, still told %v", told, f.Echo("phu-loc"))
	}
}
