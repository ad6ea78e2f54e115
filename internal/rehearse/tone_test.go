package rehearse_test

import (
	"testing"

	"github.com/diemcau/diemcau/internal/rehearse"
)

// TestEveryToneIsToldFromTheOthers with as many venues as a conference has.
func TestEveryToneIsToldFromTheOthers(t *testing.T) {
	t.Parallel()
	const venues = 30
	var tones []int
	for i := range venues {
		tones = append(tones, rehearse.ToneOf(i, venues))
	}
	for i := range venues {
		packets, err := rehearse.Hum(tones[i])
		if err != nil {
			t.Fatal(err)
		}
		ear, err := rehearse.NewEar(tones)
		if err != nil {
			t.Fatal(err)
		}
		heard := map[int]int{}
		for n := range 300 {
			ear.Listen(uint16(65_400+n), packets[n%len(packets)], func(tone int) { heard[tone]++ })
		}
		if heard[i] < 9 || len(heard) != 1 {
			t.Errorf("tone %d (%d Hz): heard %v in 6 s, want it alone, about ten times", i, tones[i], heard)
		}
	}
}

func TestSilenceHasNoTone(t *testing.T) {
	t.Parallel()
	ear, err := rehearse.NewEar([]int{300, 1000})
	if err != nil {
		t.Fatal(err)
	}
	for n := range 200 {
		ear.Listen(uint16(n), []byte{0xf8, 0xff, 0xfe}, func(tone int) { t.Errorf("heard tone %d in silence", tone) })
	}
}
