package rehearse_test

import (
	"slices"
	"testing"
	"time"

	"github.com/diemcau/diemcau/internal/rehearse"
)

// film is what a slot receives: frames of a venue, a keyframe first and every ten.
type film struct {
	packets []filmed
	seq     uint16
	ts      uint32
}

type filmed struct {
	seq     uint16
	ts      uint32
	marker  bool
	payload []byte
}

func (f *film) shoot(venue string, from, count int) {
	for n := from; n < from+count; n++ {
		unit := [][]byte{rehearse.NewMark(venue, uint64(n)).NAL(), slices.Repeat([]byte{0x41}, 2500)}
		if (n-from)%10 == 0 {
			unit = [][]byte{{0x67, 0x42}, {0x68, 0xce}, unit[0], slices.Repeat([]byte{0x65}, 3000)}
		}
		payloads := rehearse.Packetize(unit, 1200)
		for i, p := range payloads {
			f.packets = append(f.packets, filmed{f.seq, f.ts, i == len(payloads)-1, p})
			f.seq++
		}
		f.ts += 6000
	}
}

func see(packets []filmed) *rehearse.Watch {
	w := rehearse.NewWatch()
	for i, p := range packets {
		w.Push(p.seq, p.ts, p.marker, p.payload, time.Duration(i+1)*5*time.Millisecond)
	}
	end := time.Duration(len(packets)) * 5 * time.Millisecond
	w.Sweep(end)
	w.Sweep(end + 2*time.Second)
	return w
}

func TestWatch(t *testing.T) {
	t.Parallel()
	newFilm := func() *film { return &film{seq: 65_500, ts: 1<<32 - 30_000} }
	for _, c := range []struct {
		name           string
		make           func() []filmed
		frames, broken int
		lost, cuts     int
	}{
		{"all well", func() []filmed { f := newFilm(); f.shoot("a", 0, 40); return f.packets }, 40, 0, 0, 0},
		{"a cut at a keyframe", func() []filmed {
			f := newFilm()
			f.shoot("a", 0, 20)
			f.shoot("b", 500, 20)
			return f.packets
		}, 40, 0, 0, 1},
		{"reordered within the time of repair", func() []filmed {
			f := newFilm()
			f.shoot("a", 0, 40)
			for i := 3; i+2 < len(f.packets); i += 5 {
				f.packets[i], f.packets[i+2] = f.packets[i+2], f.packets[i]
			}
			return f.packets
		}, 40, 0, 0, 0},
		{"doubled", func() []filmed {
			f := newFilm()
			f.shoot("a", 0, 40)
			return slices.Concat(f.packets[:50], f.packets[20:50], f.packets[50:])
		}, 40, 0, 0, 0},
		{"a packet lost breaks its frame and those up to the keyframe", func() []filmed {
			f := newFilm()
			f.shoot("a", 0, 40)
			i := slices.IndexFunc(f.packets, func(p filmed) bool { return p.ts == f.packets[0].ts+14*6000 }) + 1
			return slices.Delete(f.packets, i, i+1)
		}, 40, 6, 1, 0},
		{"the server leaves a frame out and closes the gap", func() []filmed {
			f := newFilm()
			f.shoot("a", 0, 14)
			f.shoot("a", 15, 0)
			g := &film{seq: f.seq, ts: f.ts}
			g.shoot("a", 10, 20) // its frame 14 is a keyframe's follower
			kept := slices.DeleteFunc(g.packets, func(p filmed) bool { return p.ts < f.ts+5*6000 })
			for i := range kept {
				kept[i].seq = f.seq + uint16(i)
			}
			return append(f.packets, kept...)
		}, 14 + 15, 5, 0, 0},
		{"begins without a keyframe", func() []filmed {
			f := newFilm()
			first := f.ts
			f.shoot("a", 0, 20)
			return slices.DeleteFunc(f.packets, func(p filmed) bool { return p.ts == first })
		}, 19, 9, 0, 0},
		{"another venue's frames without a keyframe", func() []filmed {
			f := newFilm()
			f.shoot("a", 0, 10)
			g := &film{seq: f.seq, ts: f.ts - 6000}
			g.shoot("b", 0, 10)
			kept := slices.DeleteFunc(g.packets, func(p filmed) bool { return p.ts == f.ts-6000 })
			for i := range kept {
				kept[i].seq = f.seq + uint16(i)
			}
			return append(f.packets, kept...)
		}, 19, 9, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := see(c.make())
			if w.Frames() != c.frames || w.Broken() != c.broken || w.Lost() != c.lost || w.Cuts() != c.cuts {
				t.Errorf("got %d frames, %d broken, %d packets lost, %d cuts; want %d, %d, %d, %d",
					w.Frames(), w.Broken(), w.Lost(), w.Cuts(), c.frames, c.broken, c.lost, c.cuts)
			}
		})
	}
}

// A player does not wait for the repair of what a whole keyframe makes needless.
func TestWatchGoesOnWithAWholeKeyframe(t *testing.T) {
	t.Parallel()
	f := &film{seq: 65_500, ts: 1<<32 - 30_000}
	f.shoot("a", 0, 60)
	lost := slices.IndexFunc(f.packets, func(p filmed) bool { return p.ts == f.packets[0].ts+4*6000 })
	w := rehearse.NewWatch()
	w.GoOn(400 * time.Millisecond)
	for i, p := range slices.Delete(f.packets, lost, lost+1) {
		if now := time.Duration(i) * 5 * time.Millisecond; now < 900*time.Millisecond {
			w.Push(p.seq, p.ts, p.marker, p.payload, now)
		}
	}
	// The first four, and those from the keyframe after the half second on; patience is a second.
	if w.Frames() < 20 || w.Lost() != 1 {
		t.Errorf("got %d frames and %d packets lost within 0.9 s, want 20 or more and 1", w.Frames(), w.Lost())
	}
}

// M4: a player waits for every missing packet since it was missed, not since the wait for
// another one was over: or it falls behind by all of them.
func TestM4_WaitsDoNotAddUp(t *testing.T) {
	t.Parallel()
	const each = 5 * time.Millisecond
	f := &film{seq: 7}
	f.shoot("a", 0, 150)
	w := rehearse.NewWatch()
	for i, p := range f.packets {
		switch now := time.Duration(i+1) * each; {
		case i == 20, i == 100: // lost at 100 and at 500 ms
		case now < 1600*time.Millisecond:
			w.Push(p.seq, p.ts, p.marker, p.payload, now)
		}
	}
	if len(f.packets) < 320 {
		t.Fatalf("the film has %d packets, which is too short", len(f.packets))
	}
	if came := 150*320/len(f.packets) - 3; w.Lost() != 2 || w.Frames() < came {
		t.Errorf("after 1.6 s %d packets are given up and %d frames judged, want 2 and %d", w.Lost(), w.Frames(), came)
	}
}
