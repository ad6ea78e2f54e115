package rehearse

import (
	"fmt"
	"testing"
	"time"

	"github.com/diemcau/diemcau/internal/rehearse/clips"
	"github.com/diemcau/diemcau/internal/testnet"
	"github.com/diemcau/diemcau/signaling/protocol"
)

// weather is what the hall's line is like for a while.
type weather struct {
	loss  float64
	delay time.Duration // each way
	up    bool
	down  bool
}

func (w weather) String() string {
	where := map[bool]string{true: "both ways"}[w.up && w.down]
	switch {
	case where != "":
	case w.up:
		where = "up"
	default:
		where = "down"
	}
	return fmt.Sprintf("%g %% lost, %v %s", 100*w.loss, w.delay, where)
}

// weathers are the lines of the test: a few that lose both ways in CI, all of them in the soak.
func weathers() []weather {
	if !soak() {
		return []weather{
			{0.01, 20 * time.Millisecond, true, true},
			{0.05, 100 * time.Millisecond, true, true},
			{0.10, 50 * time.Millisecond, true, true},
			{0.20, 150 * time.Millisecond, true, true},
		}
	}
	var all []weather
	for _, loss := range []float64{0.01, 0.05, 0.10, 0.20} {
		for _, delay := range []time.Duration{20 * time.Millisecond, 100 * time.Millisecond, 300 * time.Millisecond} {
			all = append(all, weather{loss, delay, true, false}, weather{loss, delay, false, true}, weather{loss, delay, true, true})
		}
	}
	return all
}

// M4: the hall has the floor over a line that loses, delays and jitters. Uplink: what City
// Hall sees and hears of the hall. Downlink: what the hall sees and hears of City Hall.
// Every picture bears its number, so what was frozen is counted in pictures that could
// not be shown after repair, whatever a busy machine does to clocks.
func TestM4_LossDelayAndJitter(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.ready()
	r.onAir()
	line := r.network.Host("hall")
	joins := r.main.joinCount() + r.hall.joinCount()
	frozen := map[string]*tally{"up": {}, "down": {}} // over all lines that lose up to 5 %
	for _, w := range weathers() {
		// One picture that could not be repaired costs those until the next keyframe too: it
		// takes some hundred pictures to tell that from a line that freezes.
		pictures := uint64(8 * time.Second / clips.FrameTime)
		if w.loss <= 0.05 {
			pictures = uint64(20 * time.Second / clips.FrameTime)
		}
		if soak() {
			pictures = uint64(40 * time.Second / clips.FrameTime)
		}
		bad := testnet.Line{Loss: w.loss, Delay: w.delay, Jitter: 30 * time.Millisecond}
		line.SetUp(testnet.Line{})
		line.SetDown(testnet.Line{})
		if w.up {
			line.SetUp(bad)
		}
		if w.down {
			line.SetDown(bad)
		}
		r.seen("a picture both ways with " + w.String()) // what was before the change has arrived
		r.main.forget()
		r.hall.forget()
		long := func(f frames) bool { return f.count > 0 && f.last-f.first >= pictures }
		r.until(fmt.Sprintf("%d pictures both ways with %v", pictures, w), func() bool {
			if w.loss > 0.10 { // what is promised there is that nobody is disconnected
				_, up := r.main.voice(theHall)
				_, down := r.hall.voice(cityHall)
				return min(up, down) >= int(time.Duration(pictures)*clips.FrameTime/soundTime)
			}
			return long(r.main.picture(protocol.SlotProgramme, theHall)) && long(r.hall.picture(protocol.SlotReturn, cityHall))
		})
		r.judge(w, frozen)
		if now := r.main.joinCount() + r.hall.joinCount(); now != joins {
			t.Errorf("%v: somebody was disconnected: %d joins, there were %d", w, now, joins)
			joins = now
		}
	}
	for way, n := range frozen {
		if n.sent == 0 || float64(n.frozen) >= mostFrozen()*float64(n.sent) {
			t.Errorf("up to 5 %% lost, %slink: %d of %d pictures frozen, want less than %g %%", way, n.frozen, n.sent, 100*mostFrozen())
		}
	}
	if up, down := line.Counts(); up.Lost == 0 || down.Lost == 0 {
		t.Errorf("the line lost nothing: up %+v, down %+v", up, down)
	}
}

// mostFrozen and leastSound are the shares that were promised. The few hundred packets of
// CI, on a machine that is busy with other tests, get some room: one repair that came too
// late weighs a percent or more there, and one picture that is never whole those until the
// next keyframe.
func mostFrozen() float64 {
	if soak() {
		return 0.01
	}
	return 0.10
}

func leastSound() float64 {
	if soak() {
		return 1
	}
	return 0.95
}

// tally counts pictures.
type tally struct{ frozen, sent uint64 }

// judge holds what came through against what was promised for the weather, and counts
// what was frozen.
func (r *rig) judge(w weather, frozen map[string]*tally) {
	r.Helper()
	for _, way := range []struct {
		name    string
		picture frames
		hears   *hall
		whom    *hall
	}{
		{"up", r.main.picture(protocol.SlotProgramme, theHall), r.main, r.hall},
		{"down", r.hall.picture(protocol.SlotReturn, cityHall), r.hall, r.main},
	} {
		got, sent := way.hears.voice(way.whom.id)
		r.Logf("%v, %slink: %.2f %% of %d pictures frozen, %d of %d packets of sound",
			w, way.name, 100*way.picture.missing(), way.picture.last-way.picture.first+1, got, sent)
		if w.loss <= 0.05 {
			sent := way.picture.last - way.picture.first + 1
			frozen[way.name].sent += sent
			frozen[way.name].frozen += uint64(way.picture.missing()*float64(sent) + 0.5)
		}
		if w.loss <= 0.10 && (sent == 0 || float64(got) < leastSound()*float64(sent)) {
			r.Errorf("%v, %slink: %d of %d packets of sound came, want %g %%", w, way.name, got, sent, 100*leastSound())
		}
	}
}
