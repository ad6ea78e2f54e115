package sfu

import (
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"

	"github.com/diemcau/diemcau/sfu/h264"
	"github.com/diemcau/diemcau/sfu/repair"
	"github.com/diemcau/diemcau/sfu/ring"
)

// upTrack reads one RTP stream of a publisher into its feed.
type upTrack struct {
	session *Session
	pub     *publisher
	feed    *feed
	track   *webrtc.TrackRemote
	payload uint8 // payload type of the media; others are junk
	rank    int   // of the layer, 0 the highest
	levelID uint8 // of the header extension that tells how loud it is; 0: none

	unwrap ring.Unwrapper
	sets   h264.Sets
	order  h264.Order
	shifts shifts
	aggr   []byte
	lost   repair.Asker
	asked  []uint16
	ask    func(seqs []uint16) // asks the publisher to send packets again
}

// shifts tells how many packets were put in front of a sequence number. The last ones are
// remembered, so that a late packet gets the place that was left for it.
type shifts struct {
	n   uint64
	at  [8]uint64 // sequence numbers in front of which a packet was put, newest last
	len int
}

func (s *shifts) insertBefore(seq uint64) {
	if s.len == len(s.at) {
		copy(s.at[:], s.at[1:])
		s.len--
	}
	s.at[s.len] = seq
	s.len++
	s.n++
}

func (s *shifts) of(seq uint64) uint64 {
	n := s.n
	for i := s.len - 1; i >= 0 && seq < s.at[i]; i-- {
		n--
	}
	return n
}

// read forwards until the track ends. It is the goroutine of the feed.
func (u *upTrack) read() {
	buf := make([]byte, 1600)
	counters := &u.session.plane.counters
	for {
		n, _, err := u.track.Read(buf)
		if err != nil && n == 0 {
			return
		}
		counters.in.Add(1)
		if err != nil || !u.take(buf[:n], u.session.plane.now().UnixNano()) {
			counters.junk.Add(1)
			if u.session.ended() {
				return
			}
		}
	}
}

// take takes one RTP packet; false: it is junk.
func (u *upTrack) take(b []byte, now int64) bool {
	p, ok := parsePacket(b)
	if !ok || p.payloadType != u.payload {
		return false
	}
	if u.feed.isVideo() {
		u.video(p, now)
		return true
	}
	if below, told := audioLevel(b, u.levelID); told {
		u.pub.meter.add(below)
	}
	u.audio(p, now)
	return true
}

// audio drops the packet at once when the venue may not be heard.
func (u *upTrack) audio(p packet, now int64) {
	first := u.feed.arrived.Swap(now) == 0
	highest := u.unwrap.Highest()
	seq := u.unwrap.Extend(p.seq)
	u.feed.up.arrive(seq, highest, &p, u.feed.rate, now)
	u.repair(seq, now)
	if !u.pub.speaks.Load() {
		u.pub.audio.dropped.Add(1)
	} else {
		u.feed.clock.start(p.ts, now)
		u.pub.audio.forwarded.Add(1)
		u.store(ring.Meta{
			Seq: seq, TS: p.ts, Marker: p.marker, Key: true,
			Capture: u.feed.clock.capture(p.ts, u.feed.rate),
		}, p.payload, now)
	}
	if first {
		u.session.plane.changed()
	}
}

// repair asks for what is missing; while a queue stands, for few pictures: they would keep
// the keyframe of a smaller layer waiting. Not for none: a server that has no processor sees
// a queue too.
func (u *upTrack) repair(seq uint64, now int64) {
	u.lost.Got(seq, now)
	if u.feed.isVideo() && u.feed.up.queue.stands() {
		u.lost.Hold(now)
	}
	if u.asked = u.lost.Due(u.asked[:0], now); len(u.asked) > 0 {
		u.ask(u.asked)
	}
}

// store puts the packet into the feed, and tells the programme if it is a candidate's.
func (u *upTrack) store(m ring.Meta, payload []byte, now int64) {
	if !u.feed.put(m, payload) {
		return
	}
	programme := u.session.plane.programme
	if !programme.wants(u.pub) {
		return
	}
	e := entry{source: sourceOf(u.pub.venue, u.rank), feed: u.feed, seq: m.Seq, at: time.Unix(0, now)}
	if !u.feed.isVideo() {
		e.kind = entryAudio
	}
	programme.tell(e)
}

func (u *upTrack) video(p packet, now int64) {
	if was := u.feed.arrived.Swap(now); was == 0 || now-was > int64(layerAlive) {
		u.session.plane.changed()
	}
	if u.pub.bframes.Load() {
		return
	}
	u.feed.clock.start(p.ts, now)
	highest := u.unwrap.Highest()
	seq := u.unwrap.Extend(p.seq)
	u.feed.up.arrive(seq, highest, &p, u.feed.rate, now)
	u.repair(seq, now)
	m := ring.Meta{
		TS: p.ts, Marker: p.marker, Capture: u.feed.clock.capture(p.ts, u.feed.rate),
	}
	if seq > highest {
		if u.order.Observe(p.ts) {
			u.pub.bframes.Store(true)
			u.session.plane.changed()
			return
		}
		m.Key = u.start(seq, p, m, now)
	}
	m.Seq = seq + u.shifts.of(seq)
	u.store(m, p.payload, now)
}

// start looks for the beginning of a keyframe, and puts the parameter sets in front of one
// that lacks them.
func (u *upTrack) start(seq uint64, p packet, m ring.Meta, now int64) bool {
	c := h264.Inspect(p.payload)
	if c.Junk {
		u.session.plane.counters.junk.Add(1)
	}
	v := u.sets.Observe(p.ts, c)
	if c.SPS != nil {
		u.noteProfile()
	}
	if c.IDR || v.Start {
		u.feed.keys.satisfied()
	}
	if !v.Insert {
		return v.Start
	}
	u.aggr = u.sets.STAPA(u.aggr[:0])
	m.Seq, m.Marker, m.Key = seq+u.shifts.of(seq), false, true
	u.store(m, u.aggr, now)
	u.shifts.insertBefore(seq)
	return false
}

func (u *upTrack) noteProfile() {
	profile := u.sets.ProfileLevelID()
	if old := u.pub.profile.Load(); old == nil || *old != profile {
		u.pub.profile.Store(&profile)
		u.session.plane.changed()
	}
}

// reportReader reads the RTCP of one track.
type reportReader func([]byte) (int, interceptor.Attributes, error)

func readSimulcast(r *webrtc.RTPReceiver, rid string) reportReader {
	return func(b []byte) (int, interceptor.Attributes, error) { return r.ReadSimulcast(b, rid) }
}

// readReports takes the publisher's sender reports until the track ends: they tell when a
// timestamp was captured.
func (u *upTrack) readReports(read reportReader) {
	buf := make([]byte, 1600)
	for {
		n, _, err := read(buf)
		if err != nil {
			return
		}
		u.heed(buf[:n], uint32(u.track.SSRC()))
	}
}

// heed takes the sender reports of a source out of RTCP.
func (u *upTrack) heed(b []byte, ssrc uint32) {
	packets, err := rtcp.Unmarshal(b)
	if err != nil {
		u.session.plane.counters.junk.Add(1)
		return
	}
	for _, p := range packets {
		if sr, ok := p.(*rtcp.SenderReport); ok && sr.SSRC == ssrc && sr.NTPTime != 0 {
			u.report(sr, u.session.plane.now())
		}
	}
}

func (u *upTrack) report(sr *rtcp.SenderReport, now time.Time) {
	captured := fromNTP(sr.NTPTime)
	d := u.pub.offset.observe(now.UnixNano(), captured)
	u.feed.clock.set(moment{ts: sr.RTPTime, nanos: captured + d})
	e := entry{
		kind: entryVideoReport, source: sourceOf(u.pub.venue, u.rank), ntp: sr.NTPTime, rtp: sr.RTPTime,
	}
	if !u.feed.isVideo() {
		e.kind = entryAudioReport
	}
	u.session.plane.programme.tell(e)
}
