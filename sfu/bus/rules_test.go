package bus_test

import (
	"slices"
	"testing"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/sfu/bus"
)

// still is the slate as a camera: it films while the bus needs it.
func still(until time.Duration) []sent {
	c := newCamera(bus.Slate)
	c.frame, c.packets, c.every, c.delay = 100*time.Millisecond, 1, 2, 0
	return c.film(0, until)
}

func TestSilentVenueIsLeftAndComesBack(t *testing.T) {
	t.Parallel()
	const until = 24 * time.Second
	main, hall := newCamera("main"), newCamera("hall")
	arrivals := slices.Concat(
		still(until),
		main.film(0, 17*time.Second), main.film(21*time.Second, 24*time.Second),
		hall.film(0, 3*time.Second), hall.film(5*time.Second, 6500*time.Millisecond), hall.film(8500*time.Millisecond, 14*time.Second),
	)
	all := run(newBus(), arrivals, []step{take(time.Second, "hall")}, until)
	check(t, all, false)
	for _, c := range []struct {
		at   time.Duration
		want conference.VenueID
		why  string
	}{
		{900 * time.Millisecond, "main", "nobody else was taken"},
		{2 * time.Second, "hall", "it was taken"},
		{3900 * time.Millisecond, "hall", "it has been silent for less than a second"},
		{4700 * time.Millisecond, "main", "the hall is silent"},
		{5400 * time.Millisecond, "main", "the hall came back but has not stayed"},
		{6400 * time.Millisecond, "hall", "the hall has been back for half a second and more"},
		{8400 * time.Millisecond, "main", "the hall is silent again"},
		{11 * time.Second, "main", "the hall comes and goes: it must stay for longer now"},
		{13500 * time.Millisecond, "hall", "the hall has been back for more than three seconds"},
		{15800 * time.Millisecond, "main", "the hall is silent again"},
		{19500 * time.Millisecond, bus.Slate, "nobody is alive"},
		{22500 * time.Millisecond, "main", "City Hall is back"},
	} {
		if got := onAirAt(all, c.at); got != c.want {
			t.Errorf("at %v: got %q on air, want %q: %s", c.at, got, c.want, c.why)
		}
	}
}

func TestTakeBringsASilentVenueBackAtOnce(t *testing.T) {
	t.Parallel()
	const until = 10 * time.Second
	hall := newCamera("hall")
	arrivals := slices.Concat(
		newCamera("main").film(0, until),
		hall.film(0, 2*time.Second), hall.film(4*time.Second, 5500*time.Millisecond), hall.film(7*time.Second, until),
	)
	// Gone twice in a short time, the hall would have to wait until 10 s.
	all := run(newBus(), arrivals, []step{take(time.Second, "hall"), take(7500*time.Millisecond, "hall")}, until)
	if got := onAirAt(all, 8500*time.Millisecond); got != "hall" {
		t.Errorf("got %q on air a second after the take, want the hall", got)
	}
}

func TestSlateCoversAndUncovers(t *testing.T) {
	t.Parallel()
	const until = 6 * time.Second
	b := newBus()
	arrivals := slices.Concat(still(until), newCamera("main").film(0, until))
	all := run(b, arrivals, []step{setSlate(2*time.Second, true), setSlate(4*time.Second, false)}, until)
	check(t, all, false)
	for at, want := range map[time.Duration]conference.VenueID{
		1900 * time.Millisecond: "main", 2300 * time.Millisecond: bus.Slate,
		3900 * time.Millisecond: bus.Slate, 4700 * time.Millisecond: "main",
	} {
		if got := onAirAt(all, at); got != want {
			t.Errorf("at %v: got %q on air, want %q", at, got, want)
		}
	}
	if b.SlateNeeded() {
		t.Error("the slate is still needed though City Hall is on air")
	}
}

func TestSlateIsNeededFromTheStart(t *testing.T) {
	t.Parallel()
	if b := newBus(); !b.SlateNeeded() {
		t.Error("a bus with nothing on air does not ask for the slate")
	}
}

func TestHighestLayerIsShown(t *testing.T) {
	t.Parallel()
	const until = 12 * time.Second
	var layers [bus.Layers]*camera
	for i := range layers {
		layers[i] = newCamera("main")
		layers[i].source.Layer = uint8(i)
		layers[i].seq, layers[i].ts = uint16(i*20_000), uint32(i*1_000_000)
	}
	// A browser begins with the lowest layer and drops the highest when the line is bad.
	arrivals := slices.Concat(
		layers[2].film(0, until),
		layers[1].film(time.Second, until),
		layers[0].film(2*time.Second, 6*time.Second),
		layers[0].film(8*time.Second, until),
	)
	b := newBus()
	all := run(b, arrivals, nil, until)
	check(t, all, false)
	layerAt := func(at time.Duration) uint8 {
		layer := uint8(255)
		for _, s := range all {
			if s.at > at {
				break
			}
			layer = s.Source.Layer
		}
		return layer
	}
	for _, c := range []struct {
		at   time.Duration
		want uint8
	}{{900 * time.Millisecond, 2}, {2900 * time.Millisecond, 1}, {4 * time.Second, 0}, {7500 * time.Millisecond, 1}, {11 * time.Second, 0}} {
		if got := layerAt(c.at); got != c.want {
			t.Errorf("at %v: got layer %d, want %d", c.at, got, c.want)
		}
	}
}

// A layer that ends while others go on is left for the keyframe that the lower one sent
// since, at once; a venue whose pictures are few is not taken for one.
func TestM5_ALayerThatEndsIsLeftAtOnce(t *testing.T) {
	t.Parallel()
	const until, ends = 6 * time.Second, 3 * time.Second
	var layers [bus.Layers]*camera
	for i := range layers {
		layers[i] = newCamera("main")
		layers[i].source.Layer = uint8(i)
		layers[i].seq, layers[i].ts = uint16(i*20_000), uint32(i*1_000_000)
		layers[i].every = 1000 // keyframes only where told
	}
	arrivals := slices.Concat(
		layers[0].film(0, ends),
		layers[1].film(0, ends+50*time.Millisecond), layers[1].film(ends+50*time.Millisecond, until),
		layers[2].film(0, until),
	)
	all := run(newBus(), arrivals, nil, until)
	check(t, all, false)
	first := slices.IndexFunc(all, func(s shown) bool { return s.Cut && s.at > ends })
	if first < 0 || all[first].Source.Layer != 1 || all[first].at > ends+300*time.Millisecond {
		t.Errorf("the cut to the lower layer's keyframe is no. %d of %d, want within 300 ms", first, len(all))
	}

	for i := range layers {
		layers[i] = newCamera("main")
		layers[i].source.Layer = uint8(i)
		layers[i].frame, layers[i].every = 350*time.Millisecond, 3
	}
	all = run(newBus(), slices.Concat(layers[0].film(0, until), layers[1].film(0, until), layers[2].film(0, until)), nil, until)
	for _, s := range all {
		if s.at > 3*time.Second && s.Source.Layer != 0 {
			t.Fatalf("at %v: layer %d is shown of a venue that sends all, three pictures a second", s.at, s.Source.Layer)
		}
	}
}

// A rung shows its own layer, the next lower one while that does not come, and a higher one
// when there is nothing else.
func TestM5_ARungShowsItsLayer(t *testing.T) {
	t.Parallel()
	const until = 12 * time.Second
	var layers [bus.Layers]*camera
	for i := range layers {
		layers[i] = newCamera("main")
		layers[i].source.Layer = uint8(i)
		layers[i].seq, layers[i].ts = uint16(i*20_000), uint32(i*1_000_000)
	}
	arrivals := slices.Concat(
		layers[0].film(0, until),
		layers[1].film(2*time.Second, 5*time.Second),
		layers[1].film(8*time.Second, until),
		layers[2].film(0, 6*time.Second),
	)
	for _, tt := range []struct {
		rung uint8
		want map[time.Duration]uint8
	}{
		{0, map[time.Duration]uint8{time.Second: 0, 4 * time.Second: 0, 11 * time.Second: 0}},
		{1, map[time.Duration]uint8{1900 * time.Millisecond: 2, 4 * time.Second: 1, 5900 * time.Millisecond: 2, 7500 * time.Millisecond: 0, 11 * time.Second: 1}},
		{2, map[time.Duration]uint8{1900 * time.Millisecond: 2, 4 * time.Second: 2, 7500 * time.Millisecond: 0, 11 * time.Second: 1}},
	} {
		b := bus.New(bus.Config{Main: "main", Rung: tt.rung, Epoch: epoch})
		all := run(b, arrivals, nil, until)
		check(t, all, false)
		for at, want := range tt.want {
			layer := uint8(255)
			for _, s := range all {
				if s.at <= at {
					layer = s.Source.Layer
				}
			}
			if layer != want {
				t.Errorf("rung %d at %v: got layer %d, want %d", tt.rung, at, layer, want)
			}
		}
	}
}

func TestWantsAKeyframeUntilTheCut(t *testing.T) {
	t.Parallel()
	b := newBus()
	main, hall := newCamera("main"), newCamera("hall")
	hall.every = 1000 // no keyframe but the first
	wants := map[time.Duration]bus.Source{}
	probe := func(at time.Duration) step {
		return step{at: at, do: func(b *bus.Bus, now time.Time) {
			if s, ok := b.Wants(now); ok {
				wants[at] = s
			}
		}}
	}
	film := hall.film(0, 8*time.Second)
	for i := range film {
		if film[i].arrival > 3*time.Second && film[i].index == 0 && film[i].frame == 120 { // 3.96 s
			film[i].packet.Keyframe, film[i].key = true, true
		}
	}
	run(b, slices.Concat(main.film(0, 8*time.Second), film),
		[]step{probe(time.Second), take(2*time.Second, "hall"), probe(3 * time.Second), probe(5 * time.Second)}, 8*time.Second)
	if s, ok := wants[time.Second]; ok {
		t.Errorf("wants a keyframe of %v though nothing was taken", s)
	}
	if got := wants[3*time.Second]; got != single("hall") {
		t.Errorf("got %v wanted during the take, want the hall", got)
	}
	if s, ok := wants[5*time.Second]; ok {
		t.Errorf("wants a keyframe of %v after the cut", s)
	}
	if got := b.OnAir(); got != single("hall") {
		t.Errorf("got %v on air, want the hall", got)
	}
}

func TestForgottenVenueBeginsAnew(t *testing.T) {
	t.Parallel()
	const until = 8 * time.Second
	first, second := newCamera("main"), newCamera("main")
	second.seq, second.ts = 40_000, 7_000_000
	forget := step{at: 3 * time.Second, do: func(b *bus.Bus, _ time.Time) { b.Forget("main") }}
	arrivals := slices.Concat(first.film(0, 3*time.Second-100*time.Millisecond), second.film(3100*time.Millisecond, until))
	for i := range arrivals { // two sessions of one venue: their frames are not the same
		if arrivals[i].arrival > 3*time.Second {
			arrivals[i].frame += 1000
		}
	}
	all := run(newBus(), arrivals, []step{forget}, until)
	check(t, all, true)
	if n := len(all); n == 0 || all[n-1].at < until-time.Second {
		t.Error("the venue's second session is not shown")
	}
}

func BenchmarkVideo(b *testing.B) {
	m := newBus()
	c := newCamera("main")
	c.frame, c.packets = 33*time.Millisecond, 8
	film := c.film(0, 10*time.Second)
	var outs []bus.Out
	for _, s := range film {
		outs = m.Video(outs[:0], s.source, s.packet, epoch.Add(s.arrival))
	}
	s := film[len(film)-1]
	b.ReportAllocs()
	for b.Loop() {
		s.packet.Seq++
		if s.packet.Seq%8 == 0 {
			s.packet.Timestamp += 2970
			s.arrival += 33 * time.Millisecond
		}
		outs = m.Video(outs[:0], s.source, s.packet, epoch.Add(s.arrival))
	}
}

// delimited is a film of the hall whose keyframes begin with a packet before the parameter
// sets (an access unit delimiter) that comes late.
func delimited(late time.Duration) []sent {
	hall := newCamera("hall").film(0, 4*time.Second)
	for i := range hall {
		if hall[i].key && hall[i].index < 2 {
			hall[i].packet.Keyframe = hall[i].index == 1
		}
		if hall[i].key && hall[i].index == 0 {
			hall[i].arrival += late
		}
	}
	return hall
}

func cutToDelimited(t *testing.T, late time.Duration) []shown {
	t.Helper()
	arrivals := slices.Concat(newCamera("main").film(0, 4*time.Second), delimited(late))
	all := run(newBus(), arrivals, []step{take(time.Second, "hall")}, 4*time.Second)
	if got := onAirAt(all, 4*time.Second); got != "hall" {
		t.Fatalf("got %q on air, want the hall", got)
	}
	return all
}

// TestNothingFromBeforeTheCut: what belongs before the packet a cut began with is dropped
// when it comes too late, even if it is of the same frame; its number is taken.
func TestNothingFromBeforeTheCut(t *testing.T) {
	t.Parallel()
	given := map[uint16]bool{}
	for _, s := range cutToDelimited(t, 60*time.Millisecond) {
		if given[s.Seq] {
			t.Errorf("sequence number %d was given twice", s.Seq)
		}
		given[s.Seq] = true
	}
}

// TestCutWaitsForTheBeginningOfTheKeyframe that is on its way.
func TestCutWaitsForTheBeginningOfTheKeyframe(t *testing.T) {
	t.Parallel()
	for _, s := range cutToDelimited(t, 10*time.Millisecond) {
		if s.Cut && s.Source.Venue == "hall" && s.from.index != 0 {
			t.Errorf("the cut begins with packet %d of the keyframe, want the first", s.from.index)
		}
	}
}
