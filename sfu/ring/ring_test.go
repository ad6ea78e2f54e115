package ring_test

import (
	"bytes"
	"encoding/binary"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/diemcau/diemcau/sfu/ring"
)

func payload(seq uint64) []byte { return binary.BigEndian.AppendUint64(nil, seq) }

func TestPutAndGet(t *testing.T) {
	t.Parallel()
	r := ring.New(8)
	for seq := uint64(100); seq < 120; seq++ {
		if p := r.Put(ring.Meta{Seq: seq, TS: uint32(seq) * 3}, payload(seq)); p == nil {
			t.Fatalf("packet %d was refused", seq)
		}
	}
	for _, tt := range []struct {
		name string
		seq  uint64
		want bool
	}{{"newest", 119, true}, {"oldest kept", 112, true}, {"overwritten", 111, false}, {"never put", 120, false}} {
		p := r.Get(tt.seq)
		if (p != nil) != tt.want {
			t.Errorf("%s: got %v, want found %v", tt.name, p, tt.want)
		}
		if p == nil {
			continue
		}
		if p.Seq != tt.seq || p.TS != uint32(tt.seq)*3 || !bytes.Equal(p.Payload, payload(tt.seq)) {
			t.Errorf("%s: got %+v", tt.name, p)
		}
		p.Release()
	}
}

func TestPutRefuses(t *testing.T) {
	t.Parallel()
	r := ring.New(8)
	r.Put(ring.Meta{Seq: 100}, payload(100))
	for _, tt := range []struct {
		name    string
		seq     uint64
		payload []byte
		want    bool
	}{
		{"duplicate", 100, payload(100), false},
		{"late", 95, payload(95), true},
		{"too late", 92, payload(92), false},
		{"too long", 101, make([]byte, ring.MaxPayload+1), false},
		{"longest", 101, make([]byte, ring.MaxPayload), true},
		{"far ahead", 1 << 40, nil, true},
		{"what was near", 102, nil, false},
	} {
		if got := r.Put(ring.Meta{Seq: tt.seq}, tt.payload) != nil; got != tt.want {
			t.Errorf("%s: got taken %v, want %v", tt.name, got, tt.want)
		}
	}
}

// A packet that is being read is not overwritten, however many come after it.
func TestReaderKeepsItsPacket(t *testing.T) {
	t.Parallel()
	r := ring.New(2)
	r.Put(ring.Meta{Seq: 1}, payload(1))
	p := r.Get(1)
	for seq := uint64(2); seq < 50; seq++ {
		r.Put(ring.Meta{Seq: seq}, payload(seq))
	}
	if p.Seq != 1 || !bytes.Equal(p.Payload, payload(1)) {
		t.Errorf("got %d %x, want the packet as it was", p.Seq, p.Payload)
	}
	p.Release()
}

// Readers at full speed never see a torn packet; meant for the race detector.
func TestConcurrentReaders(t *testing.T) {
	t.Parallel()
	r := ring.New(16)
	const last = 20_000
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for range 3 {
		wg.Go(func() {
			for seq := uint64(0); ; seq = (seq + 7) % last {
				select {
				case <-stop:
					return
				default:
				}
				if p := r.Get(seq); p != nil {
					if p.Seq != seq || !bytes.Equal(p.Payload, payload(seq)) {
						t.Errorf("got %d %x for %d", p.Seq, p.Payload, seq)
					}
					p.Release()
				}
			}
		})
	}
	for seq := range uint64(last) {
		r.Put(ring.Meta{Seq: seq}, payload(seq))
	}
	close(stop)
	wg.Wait()
}

func TestPutAllocatesNothing(t *testing.T) { //nolint:paralleltest // AllocsPerRun
	r, seq, b := ring.New(64), uint64(0), make([]byte, 1200)
	if n := testing.AllocsPerRun(1000, func() {
		seq++
		r.Put(ring.Meta{Seq: seq}, b)
		r.Get(seq).Release()
	}); n > 0.1 { // the first round fills the ring
		t.Errorf("got %v allocations per packet, want 0", n)
	}
}

// Against a plain map: whatever the order of arrival, what is found is what was put, and
// the last size numbers are never missing.
func TestRingAgainstModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		const size = 8
		r, model := ring.New(size), map[uint64]byte{}
		base, head, started := uint64(1000), uint64(0), false
		for i := range rapid.IntRange(1, 200).Draw(t, "packets") {
			seq := base + uint64(rapid.IntRange(0, 12).Draw(t, "step"))
			base += uint64(rapid.IntRange(0, 2).Draw(t, "on"))
			_, known := model[seq]
			want := !known && (!started || seq+size > head)
			if got := r.Put(ring.Meta{Seq: seq}, []byte{byte(i)}) != nil; got != want {
				t.Fatalf("put %d with head %d: got %v, want %v", seq, head, got, want)
			}
			if want {
				model[seq] = byte(i)
				if !started || seq > head {
					head, started = seq, true
				}
			}
			for back := range uint64(size) {
				value, known := model[head-back]
				p := r.Get(head - back)
				if (p != nil) != known {
					t.Fatalf("get %d: got %v, want found %v", head-back, p, known)
				}
				if p != nil {
					if p.Payload[0] != value {
						t.Fatalf("get %d: got %d, want %d", head-back, p.Payload[0], value)
					}
					p.Release()
				}
			}
		}
	})
}

func TestUnwrapper(t *testing.T) {
	t.Parallel()
	var u ring.Unwrapper
	for _, tt := range []struct {
		seq  uint16
		want uint64
	}{
		{65534, 65536 + 65534},
		{65535, 65536 + 65535},
		{1, 2*65536 + 1},
		{0, 2 * 65536},
		{65530, 65536 + 65530},
		{2, 2*65536 + 2},
	} {
		if got := u.Extend(tt.seq); got != tt.want {
			t.Errorf("extend %d: got %d, want %d", tt.seq, got, tt.want)
		}
	}
	if got := u.Highest(); got != 2*65536+2 {
		t.Errorf("got highest %d", got)
	}
}

// Whatever the numbers, the extended one keeps its lower half and stays near the highest.
func FuzzM8_Unwrapper(f *testing.F) {
	f.Add([]byte{0xff, 0xff, 0, 0, 0x80, 0, 0x7f, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		var u ring.Unwrapper
		for ; len(b) >= 2; b = b[2:] {
			seq := binary.BigEndian.Uint16(b)
			before := u.Highest()
			got := u.Extend(seq)
			if uint16(got) != seq {
				t.Fatalf("got %d for %d", got, seq)
			}
			if before != 0 && (got > before+1<<15 || got+1<<15 < before) {
				t.Fatalf("got %d, far from %d", got, before)
			}
		}
	})
}

// The ring takes any sequence of packets without a panic and never returns the wrong one.
func FuzzM8_Ring(f *testing.F) {
	f.Add([]byte{1, 2, 3, 200, 3, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		r := ring.New(4)
		for i, step := range b {
			seq := uint64(1000 + i/2 + int(int8(step)))
			r.Put(ring.Meta{Seq: seq}, payload(seq))
			for _, look := range []uint64{seq, seq - 1, seq + 1, seq - 4} {
				if p := r.Get(look); p != nil {
					if p.Seq != look || !bytes.Equal(p.Payload, payload(look)) {
						t.Fatalf("got %d for %d", p.Seq, look)
					}
					p.Release()
				}
			}
		}
	})
}

func TestNewest(t *testing.T) {
	t.Parallel()
	r := ring.New(8)
	if seq, ok := r.Newest(); ok {
		t.Fatalf("got %d of an empty ring", seq)
	}
	for _, seq := range []uint64{3, 5, 4, 20, 19} {
		r.Put(ring.Meta{Seq: seq}, []byte{1})
	}
	if seq, ok := r.Newest(); !ok || seq != 20 {
		t.Errorf("got %d %v, want 20", seq, ok)
	}
	var wg sync.WaitGroup
	done := make(chan struct{})
	wg.Go(func() {
		last := uint64(0)
		for {
			seq, _ := r.Newest()
			if seq+8 < last {
				t.Errorf("got %d after %d", seq, last)
			}
			last = max(last, seq)
			select {
			case <-done:
				return
			default:
			}
		}
	})
	for seq := uint64(21); seq < 20_000; seq++ {
		r.Put(ring.Meta{Seq: seq}, []byte{1})
	}
	close(done)
	wg.Wait()
}
