package sfu

import (
	"testing"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/sfu/bus"
	"github.com/diemcau/diemcau/sfu/ring"
)

// desk is a programme whose venues send on a clock of the test.
type desk struct {
	t     *testing.T
	now   time.Time
	p     *programme
	began time.Time
	feeds map[conference.VenueID]*feed
	mic   *feed         // City Hall's
	late  time.Duration // its sound, behind its picture
}

const (
	deskStep  = 10 * time.Millisecond
	deskRate  = 25                    // pictures a second
	deskDelay = 30 * time.Millisecond // of every packet on its way
	deskLate  = 150 * time.Millisecond
)

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{t: t, now: time.Unix(1_666_918_800, 0), feeds: map[conference.VenueID]*feed{}, mic: newAudioFeed(99)}
	d.began = d.now
	var err error
	if d.p, err = newProgramme("main", &feedIDs{}, Config{Now: func() time.Time { return d.now }}); err != nil {
		t.Fatal(err)
	}
	d.p.changed = func() {}
	d.p.taps.Add(1) // all of the programme's sizes
	watches := newAudience("", nil)
	watches.beside.cut.point(d.p.beside.video, false)
	for _, v := range []conference.VenueID{"main", "west"} {
		d.feeds[v] = newVideoFeed(uint32(100+len(d.feeds)), videoRing)
	}
	return d
}

// run lets the venues send for a while.
func (d *desk) run(long time.Duration) {
	d.t.Helper()
	for end := d.now.Add(long); d.now.Before(end); d.now = d.now.Add(deskStep) {
		since := d.now.Sub(d.began)
		if since%(time.Second/deskRate) == 0 {
			for v, f := range d.feeds {
				n := uint64(since / (time.Second / deskRate))
				ts := uint32(n * 90_000 / deskRate)
				f.put(ring.Meta{Seq: 1<<16 + n, TS: ts, Marker: true, Key: n%deskRate == 0}, []byte(v))
				d.p.take(entry{kind: entryVideo, source: bus.Source{Venue: v}, feed: f, seq: 1<<16 + n, at: d.now.Add(deskDelay)})
			}
		}
		if since%(20*time.Millisecond) == 0 {
			d.speak(since)
		}
		if err := d.p.tick(d.now.Add(deskDelay)); err != nil {
			d.t.Fatal(err)
		}
	}
}

// speak sends 20 ms of City Hall's sound that was taken a while ago, and now and then the
// reports that tell when.
func (d *desk) speak(since time.Duration) {
	at, n := d.now.Add(deskDelay), uint64(since/(20*time.Millisecond))
	ticks := func(at time.Duration, rate uint32) uint32 { return uint32(ticksOf(int64(at), rate)) }
	if since%time.Second == 0 {
		ntp := toNTP(d.now.UnixNano())
		d.p.take(entry{kind: entryAudioReport, source: sourceOf("main", 0), ntp: ntp, rtp: ticks(since, 48_000)})
		d.p.take(entry{kind: entryVideoReport, source: sourceOf("main", 0), ntp: ntp, rtp: ticks(since, 90_000)})
	}
	d.mic.put(ring.Meta{Seq: 1<<16 + n, TS: ticks(since-d.late, 48_000)}, []byte{0xf8, 0xff, 0xfe})
	d.p.take(entry{kind: entryAudio, source: sourceOf("main", 0), feed: d.mic, seq: 1<<16 + n, at: at})
}

// placed returns how much later than it was taken the programme puts the newest picture of a feed.
func (d *desk) placed(f *feed, of conference.VenueID) time.Duration {
	d.t.Helper()
	newest, ok := f.store.Newest()
	if !ok {
		d.t.Fatal("nothing was put out")
	}
	p := f.store.Get(newest)
	defer p.Release()
	if string(p.Payload) != string(of) {
		d.t.Fatalf("got a picture of %s, want %s", p.Payload, of)
	}
	taken := d.now.Add(-deskStep).Truncate(time.Second / deskRate)
	return time.Unix(0, f.clock.capture(p.TS, f.rate)).Sub(taken)
}

// The second picture is put as late as the programme's own, on the same clock: also when
// City Hall's sound comes late and takes its pictures along.
func TestP2_BothPicturesHaveTheProgrammesClock(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.run(3 * time.Second)
	alone := d.placed(d.p.rungs[0].video, "main")
	d.p.obey(Floor{Holder: "west", Beside: true}, d.now)
	d.run(3 * time.Second)
	holder, both := d.placed(d.p.rungs[0].video, "west"), d.placed(d.p.beside.video, "main")
	for name, got := range map[string]time.Duration{"the venue's": holder, "City Hall's": both} {
		if off := (got - alone).Abs(); off > time.Millisecond {
			t.Errorf("%s picture is put at %v, City Hall's alone was at %v", name, got, alone)
		}
	}
	d.late = deskLate
	d.run(3 * time.Second)
	back := d.p.mixer.Late("main")
	if late := d.placed(d.p.beside.video, "main") - both; back == 0 || (late-back).Abs() > time.Millisecond {
		t.Errorf("City Hall's picture is put back by %v, its sound by %v", late, back)
	}
	first, _ := d.p.beside.video.clock.timestamp(d.now.UnixNano(), 90_000)
	if own, _ := d.p.rungs[0].video.clock.timestamp(d.now.UnixNano(), 90_000); first != own {
		t.Errorf("the same instant is %d in one slot and %d in the other", own, first)
	}
}

// What a pause lets through has numbers without a gap but what was lost on the way, and
// begins at a keyframe whenever it was closed.
func TestPauseLeavesStretchesOut(t *testing.T) {
	t.Parallel()
	var p pause
	for _, step := range []struct {
		name string
		open bool
		seq  uint64
		key  bool
		want uint64 // 0: left out
	}{
		{"closed", false, 100, true, 0},
		{"opened within a picture", true, 101, false, 0},
		{"the first keyframe", true, 102, true, 102},
		{"what follows", true, 103, false, 103},
		{"after a loss", true, 106, false, 106},
		{"closed again", false, 107, true, 0},
		{"what was lost, too late", false, 104, false, 0},
		{"opened within a picture again", true, 200, false, 0},
		{"a keyframe", true, 210, true, 107},
		{"a repair from before it", true, 209, false, 0},
		{"after another loss", true, 212, false, 109},
		{"the repair of that", true, 211, false, 108},
	} {
		p.set(step.open)
		if got, passes := p.pass(step.seq, step.key); got != step.want || passes != (step.want != 0) {
			t.Errorf("%s: got %d, %v, want %d", step.name, got, passes, step.want)
		}
	}
}
