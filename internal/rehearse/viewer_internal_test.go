package rehearse

import (
	"bytes"
	"cmp"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
	"github.com/thesyncim/gopus"

	"github.com/diemcau/diemcau/sfu/ring"
)

// viewer is a WHEP viewer that keeps all it is sent, and when.
type viewer struct {
	testing.TB

	peer    *peer
	place   string // the session's address
	readers sync.WaitGroup
	offers  atomic.Int32 // times the connection wanted to negotiate once it stood

	gotMu  sync.Mutex // guards tracks
	tracks []*track
}

// track is one stream as it came.
type track struct {
	kind    webrtc.RTPCodecType
	ssrc    uint32
	rate    time.Duration // of a tick
	gotMu   sync.Mutex    // guards what follows
	unwrap  ring.Unwrapper
	packets []arrived
	reports []*rtcp.SenderReport
	seen    map[uint64]bool
	marks   map[string]time.Time // when a venue's picture first came since forget
}

// arrived is a packet and when it came.
type arrived struct {
	*rtp.Packet

	seq uint64
	at  time.Time
}

// view lets somebody watch the programme by WHEP, and keep it.
func (h *house) view() *viewer {
	h.Helper()
	return h.watches(false)
}

// watches is view; a patient one asks again until it is answered.
func (h *house) watches(patient bool) *viewer {
	h.Helper()
	client := &http.Client{Transport: &http.Transport{DialContext: h.network.Dial}, Timeout: inTime}
	h.Cleanup(client.CloseIdleConnections)
	s := &spectator{house: h, client: client, peer: &peer{}, patient: patient}
	v := &viewer{TB: h, peer: s.peer}
	s.connect(h.network, v.receive)
	v.place = s.location
	s.peer.pc.OnNegotiationNeeded(func() { v.offers.Add(1) })
	h.Cleanup(func() {
		_, _, _ = s.ask(http.MethodDelete, s.location, "") // it may have ended
		s.peer.close()
		v.readers.Wait()
	})
	return v
}

// receive keeps one stream until the connection is closed.
func (v *viewer) receive(from *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
	t := &track{
		kind: from.Kind(), ssrc: uint32(from.SSRC()), rate: time.Second / time.Duration(from.Codec().ClockRate),
		seen: map[uint64]bool{}, marks: map[string]time.Time{},
	}
	v.gotMu.Lock()
	v.tracks = append(v.tracks, t)
	v.gotMu.Unlock()
	v.readers.Go(func() { // ends with the connection
		for {
			all, _, err := receiver.ReadRTCP()
			if err != nil {
				return
			}
			t.report(all)
		}
	})
	v.readers.Add(1)
	defer v.readers.Done()
	lost := losses{ssrc: t.ssrc}
	for {
		q, _, err := from.ReadRTP()
		if err != nil {
			return
		}
		lost.got(v.peer, q.SequenceNumber)
		t.take(q, time.Now())
	}
}

func (t *track) report(all []rtcp.Packet) {
	t.gotMu.Lock()
	defer t.gotMu.Unlock()
	for _, p := range all {
		if r, ok := p.(*rtcp.SenderReport); ok && r.SSRC == t.ssrc {
			t.reports = append(t.reports, r)
		}
	}
}

// take keeps one packet once; padding is none of the picture but has its number.
func (t *track) take(q *rtp.Packet, at time.Time) {
	t.gotMu.Lock()
	defer t.gotMu.Unlock()
	seq := t.unwrap.Extend(q.SequenceNumber)
	if t.seen[seq] {
		return
	}
	t.seen[seq] = true
	q.Payload = bytes.Clone(q.Payload)
	t.packets = append(t.packets, arrived{q, seq, at})
	if c := inspect(q.Payload); t.kind == webrtc.RTPCodecTypeVideo && c.marked && t.marks[string(c.mark.venue)].IsZero() {
		t.marks[string(c.mark.venue)] = at
	}
}

// track returns the only stream of a kind.
func (v *viewer) track(kind webrtc.RTPCodecType) *track {
	v.gotMu.Lock()
	defer v.gotMu.Unlock()
	var found *track
	for _, t := range v.tracks {
		if t.kind == kind {
			if found != nil {
				v.Errorf("there is a second stream of %s: SSRC %d and %d", kind, found.ssrc, t.ssrc)
			}
			found = t
		}
	}
	return found
}

// forget makes shows tell of pictures from now on.
func (t *track) forget() {
	t.gotMu.Lock()
	defer t.gotMu.Unlock()
	clear(t.marks)
}

// shows reports whether a venue's picture came since forget.
func (t *track) shows(venue string) bool {
	t.gotMu.Lock()
	defer t.gotMu.Unlock()
	return !t.marks[venue].IsZero()
}

// longest returns the longest time between two packets that came after a moment.
func (t *track) longest(since time.Time) time.Duration {
	t.gotMu.Lock()
	defer t.gotMu.Unlock()
	var most time.Duration
	for i := 1; i < len(t.packets); i++ {
		if t.packets[i].at.After(since) {
			most = max(most, t.packets[i].at.Sub(t.packets[i-1].at))
		}
	}
	return most
}

// newest is when the last packet came.
func (t *track) newest() time.Time {
	t.gotMu.Lock()
	defer t.gotMu.Unlock()
	if len(t.packets) == 0 {
		return time.Time{}
	}
	return t.packets[len(t.packets)-1].at
}

// isStill reports whether for the last pictures there was nobody's: that is the slate.
func (t *track) isStill() bool {
	const pictures = 20
	t.gotMu.Lock()
	defer t.gotMu.Unlock()
	n := 0
	for i := len(t.packets) - 1; i >= 0 && n < pictures; i-- {
		if inspect(t.packets[i].Payload).marked {
			return false
		}
		if t.packets[i].Marker {
			n++
		}
	}
	return n == pictures
}

// all returns the packets by number.
func (t *track) all() []arrived {
	t.gotMu.Lock()
	defer t.gotMu.Unlock()
	all := slices.Clone(t.packets)
	slices.SortFunc(all, func(a, b arrived) int { return cmp.Compare(a.seq, b.seq) })
	return all
}

// count is how many packets came.
func (t *track) count() int {
	t.gotMu.Lock()
	defer t.gotMu.Unlock()
	return len(t.packets)
}

// captured returns when a timestamp was captured by the sender reports: by the nearest one.
func (t *track) captured(ts uint32) time.Duration {
	t.gotMu.Lock()
	defer t.gotMu.Unlock()
	best := time.Duration(0)
	near := int64(1 << 40)
	for _, r := range t.reports {
		d := int64(int32(ts - r.RTPTime)) // modulo 2^32 on purpose
		if max(d, -d) < near {
			near = max(d, -d)
			whole, part := r.NTPTime>>32, r.NTPTime&0xffff_ffff
			best = time.Duration(whole-clockEpoch)*time.Second + time.Duration(part*uint64(time.Second)>>32) + time.Duration(d)*t.rate
		}
	}
	return best
}

// clockEpoch keeps NTP times of these years small: 2020, in seconds of NTP (RFC 5905).
const clockEpoch = 3_786_825_600

// oneStream wants one SSRC, no gap, and timestamps that rise from frame to frame, and that
// nobody asked to negotiate again. Cuts is how often the source changed: few of those, none
// in the soak, may fall into a stall of the machine, which loses packets and ends of frames.
func (v *viewer) oneStream(cuts int) {
	v.Helper()
	for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeVideo, webrtc.RTPCodecTypeAudio} {
		t := v.track(kind)
		if t == nil {
			v.Fatalf("there is no stream of %s", kind)
		}
		all := t.all()
		gaps, halves := 0, 0
		for i := 1; i < len(all); i++ {
			before, q := all[i-1], all[i]
			step := int32(q.Timestamp - before.Timestamp) // modulo 2^32 on purpose
			begins := kind == webrtc.RTPCodecTypeAudio || before.Marker
			switch whole := q.seq == before.seq+1; {
			case !whole:
				gaps++
			case !begins && step > 0:
				halves++
			}
			padding := len(q.Payload) == 0 // of the picture before it, by which a hall's line is tried
			if step < 0 || begins && step == 0 && !padding {
				v.Errorf("%s: packet %d of %d bytes is %d ticks after the one before it, of which the marker is %v",
					kind, q.seq, len(q.Payload), step, before.Marker)
			}
			if q.SSRC != t.ssrc {
				v.Errorf("%s: packet %d is of SSRC %d, the stream of %d", kind, q.seq, q.SSRC, t.ssrc)
			}
		}
		if gaps+halves > few(max(10, cuts)) {
			v.Errorf("%s: %d gaps and %d frames without an end among %d packets and %d cuts", kind, gaps, halves, len(all), cuts)
		}
	}
	if n := v.offers.Load(); n > 0 {
		v.Errorf("the connection wanted to negotiate %d times", n)
	}
}

// pcm decodes the sound from packet from on; at returns the timestamp of a sample.
func (t *track) pcm(tb testing.TB, from int) (samples []float64, at func(i int) uint32) {
	tb.Helper()
	dec, err := gopus.NewDecoder(gopus.DefaultDecoderConfig(soundRate, 1))
	if err != nil {
		tb.Fatal(err)
	}
	type begin struct {
		sample int
		ts     uint32
	}
	var begins []begin
	buf := make([]float32, 5760)
	for _, q := range t.all()[from:] {
		n, err := dec.Decode(q.Payload, buf)
		if err != nil {
			tb.Fatalf("decode packet %d of the sound: %v", q.seq, err)
		}
		begins = append(begins, begin{len(samples), q.Timestamp})
		for _, s := range buf[:n] {
			samples = append(samples, float64(s))
		}
	}
	return samples, func(i int) uint32 {
		n, _ := slices.BinarySearchFunc(begins, i, func(b begin, i int) int { return cmp.Compare(b.sample, i+1) })
		b := begins[max(0, n-1)]
		return b.ts + uint32(i-b.sample) // modulo 2^32 on purpose
	}
}
