package sfu

import (
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"github.com/diemcau/diemcau/sfu/speaker"
)

func TestAudioLevel(t *testing.T) {
	t.Parallel()
	packet := func(profile uint16, set map[uint8][]byte) []byte {
		h := rtp.Header{Version: 2, CSRC: []uint32{7}, Extension: true, ExtensionProfile: profile}
		for _, id := range []uint8{1, 2, 3} {
			if value, is := set[id]; is {
				if err := h.SetExtension(id, value); err != nil {
					t.Fatal(err)
				}
			}
		}
		b, err := (&rtp.Packet{Header: h, Payload: []byte{1, 2, 3}}).Marshal()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	others := map[uint8][]byte{1: []byte("mid"), 2: {0x80 | 42}}
	for _, test := range []struct {
		name  string
		bytes []byte
		id    uint8
		want  uint8
		ok    bool
	}{
		{"one byte", packet(0xBEDE, others), 2, 42, true},
		{"two bytes", packet(0x1000, others), 2, 42, true},
		{"another's", packet(0xBEDE, others), 3, 0, false},
		{"not negotiated", packet(0xBEDE, others), 0, 0, false},
		{"cut off", packet(0xBEDE, others)[:22], 2, 0, false},
		{"no extension", []byte{0x80, 111, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 9}, 1, 0, false},
		{"empty", nil, 1, 0, false},
	} {
		if got, ok := audioLevel(test.bytes, test.id); got != test.want || ok != test.ok {
			t.Errorf("%s: got %d, %v, want %d, %v", test.name, got, ok, test.want, test.ok)
		}
	}
}

// FuzzAudioLevel: whatever the bytes, nothing is read beyond them.
func FuzzAudioLevel(f *testing.F) {
	f.Add([]byte{0x90, 111, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0xBE, 0xDE, 0, 1, 0x10, 0x80, 0, 0}, uint8(1))
	f.Add([]byte{0x9f, 111}, uint8(1))
	f.Fuzz(func(t *testing.T, b []byte, id uint8) {
		if below, ok := audioLevel(b, id); ok && below > 127 {
			t.Errorf("got %d", below)
		}
	})
}

// TestMeter: the mean of a step; a pause in the packets is bridged for a moment only.
func TestMeter(t *testing.T) {
	t.Parallel()
	var m meter
	if m.take() != speaker.Unknown || m.takePeak() != -1 {
		t.Error("a level before any was told")
	}
	m.add(20)
	m.add(30)
	if got := m.take(); got != 102 {
		t.Errorf("got %d, want the mean of 107 and 97", got)
	}
	for range maxHold {
		if got := m.take(); got != 102 {
			t.Errorf("got %d between packets", got)
		}
	}
	if got := m.take(); got != 0 {
		t.Errorf("got %d after nothing came for long", got)
	}
	m.add(127)
	m.take()
	if got := m.takePeak(); got != 58 {
		t.Errorf("got a peak of %d, want 58: −25 dBov", got)
	}
	if got := m.takePeak(); got != 0 {
		t.Errorf("got %d, want the peak since it was last asked", got)
	}
}

// TestReceipt: the time there and back is what RFC 3550 §6.4.1 makes of a report.
func TestReceipt(t *testing.T) {
	t.Parallel()
	sent := time.Date(2022, 10, 28, 1, 0, 0, 999_000_000, time.UTC).UnixNano()
	var r receipt
	r.take(&rtcp.ReceptionReport{
		FractionLost: 128, LastSenderReport: uint32(toNTP(sent) >> 16), Delay: 65536 / 4,
	}, sent+int64(330*time.Millisecond))
	if got := time.Duration(r.rtt.Load()).Round(time.Millisecond); got != 80*time.Millisecond {
		t.Errorf("got %v, want 80 ms", got)
	}
	r.take(&rtcp.ReceptionReport{LastSenderReport: 1}, sent) // answers nothing of ours
	if got := time.Duration(r.rtt.Load()).Round(time.Millisecond); got != 80*time.Millisecond {
		t.Errorf("got %v of a report that makes no sense", got)
	}
}

// TestUpCounters_jitter: packets in time have none, however the clock is set.
func TestUpCounters_jitter(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		late func(i int) time.Duration
		min  time.Duration
		max  time.Duration
	}{
		{"in time", func(int) time.Duration { return 0 }, 0, time.Millisecond},
		{"every second one 40 ms late", func(i int) time.Duration { return time.Duration(i%2) * 40 * time.Millisecond }, 35 * time.Millisecond, 41 * time.Millisecond},
		{"once a minute late", func(i int) time.Duration { return time.Duration(i/400) * time.Minute }, 0, time.Millisecond},
	} {
		var a upCounters
		for i := range 800 {
			at := time.Duration(i)*20*time.Millisecond + test.late(i)
			p := packet{ts: uint32(i) * 960}
			a.arrive(uint64(i+70_000), uint64(i+69_999), &p, 48000, int64(at))
		}
		if got := time.Duration(a.jitter.Load()); got < test.min || got > test.max {
			t.Errorf("%s: got %v, want %v–%v", test.name, got, test.min, test.max)
		}
		if a.gaps.Load() != 0 || a.packets.Load() != 800 {
			t.Errorf("%s: got %d gaps of %d packets", test.name, a.gaps.Load(), a.packets.Load())
		}
	}
}
