package bandwidth

import (
	"math"
	"slices"
	"time"

	"github.com/pion/rtcp"
)

// How the estimate moves.
const (
	lately       = 300 * time.Millisecond // what is looked at for a queue, and as long before
	flat         = time.Second            // a way that was so long the same is a long one
	recently     = 500 * time.Millisecond // … for loss and for what arrives
	longRecently = 2 * time.Second        // … for loss that is not sure at once
	remembered   = 10 * time.Second       // … for the shortest way
	lossAlways   = 5 * time.Second        // … for what the line loses in any case
	settle       = 700 * time.Millisecond // after a fall, until its effect can be seen
	steady       = time.Second            // after a fall, until more is tried
	late         = 120 * time.Millisecond // a packet may be told of later than those after it
	outage       = 400 * time.Millisecond // nothing arrived for so long: the line was down, not full
	queueHigh    = 70 * time.Millisecond
	queueLow     = 35 * time.Millisecond
	queueSteep   = 100 * time.Millisecond // that grew by queueHigh within lately: the line is full by far
	trend        = 12 * time.Millisecond  // ways that differ less are the same
	lossSame     = 0.03
	lossHigh     = 0.10
	lossLow      = 0.05
	beyond       = 2   // times what is always lost
	mostAlways   = 0.4 // a line that loses more than that and lossHigh is full
	lossEnough   = 15  // packets that say something about loss
	fall         = 0.88
	risePerSec   = 0.08
	riseHeadroom = 1.2 // an estimate this far above what arrives is not in use
	riseFloor    = 20_000
)

// Config is what an Estimator needs; bits/s.
type Config struct {
	Start, Min, Max int
}

// Estimator estimates one line. One goroutine at a time may call it; only its History is
// for many.
type Estimator struct {
	cfg     Config
	history *History
	clock   clock

	bits     float64
	known    bool     // there was feedback
	highest  uint32   // number the receiver has told of
	lastGot  record   // newest packet that arrived
	missing  []record // told as not arrived; they may be late
	reports  []report
	bases    minima // shortest way
	losses   minima // least loss
	rose     int64
	flatFrom int64 // the way is long and the same since then; 0: it is not

	last fell

	probe prober
}

// fell is the last fall of the estimate.
type fell struct {
	at        int64         // 0: never, or taken back
	from      float64       // the estimate before the falls in a row
	way       time.Duration // the shortest then
	loss      float64       // the share then
	offered   float64       // what was sent then, bits/s
	delivered float64       // what arrived then, bits/s
	row       int           // falls in a row, with this one
}

// report is what one feedback message said, the instants and ways by two clocks that
// need not agree: only differences are used.
type report struct {
	now       int64
	got, lost int
	bytes     int           // that arrived
	gone      int           // bytes that did not
	way       time.Duration // shortest
	arrival   time.Duration // newest
}

// New returns an Estimator that is told of packets by their History.
func New(cfg Config, h *History) *Estimator {
	return &Estimator{
		cfg: cfg, history: h, bits: float64(cfg.Start), probe: prober{wait: firstWait},
		bases: minima{keep: remembered}, losses: minima{keep: lossAlways},
	}
}

// Bits returns what may be sent, in bits/s of IP packets.
func (e *Estimator) Bits() int { return int(e.bits) }

// Known reports whether the receiver has said anything.
func (e *Estimator) Known() bool { return e.known }

// Feedback takes a message of the receiver; now is in nanoseconds, of the clock of
// History.Send.
func (e *Estimator) Feedback(m *rtcp.TransportLayerCC, now int64) {
	r := report{now: now}
	visit(m, e.clock.at(m.ReferenceTime), func(seq uint16, arrived bool, at time.Duration) {
		e.packet(&r, seq, arrived, at)
	})
	e.count(&r)
	if r.got > 0 || r.lost > 0 {
		e.known = true
		e.reports = append(e.reports, r)
	}
	for len(e.reports) > 0 && now-e.reports[0].now > int64(longRecently) {
		e.reports = e.reports[1:]
	}
	if r.got > 0 {
		e.bases.add(now, float64(r.way))
		e.judge(now)
	}
	if bits, ok := e.probe.result(e.highest, probeLost+e.losses.least(), now); ok && bits > e.bits {
		e.bits = min(bits, float64(e.cfg.Max))
	}
}

// packet takes what the receiver says of one packet.
func (e *Estimator) packet(r *report, seq uint16, arrived bool, at time.Duration) {
	n := e.history.extend(seq)
	p, ok := e.history.find(n, arrived)
	if !ok {
		return
	}
	if !arrived {
		if n > e.highest {
			e.highest = n
			e.missing = append(e.missing, p)
		}
		return
	}
	if n > e.highest {
		e.highest = n
	}
	if e.lastGot.at != 0 && p.at-e.lastGot.at > int64(outage) {
		// What was lost while nothing at all arrived says nothing about how much the line takes.
		e.missing = e.missing[:0]
	}
	if p.at > e.lastGot.at {
		e.lastGot = p
	}
	way := at - time.Duration(p.at)
	if r.got == 0 || way < r.way {
		r.way = way
	}
	r.got++
	r.bytes += p.size
	r.arrival = max(r.arrival, at)
	e.probe.got(p, at)
}

// count takes those for lost that are missing for longer than packets overtake each other.
func (e *Estimator) count(r *report) {
	e.missing = slices.DeleteFunc(e.missing, func(p record) bool {
		if _, still := e.history.find(p.number, false); !still {
			return true // it was late
		}
		if e.lastGot.at-p.at < int64(late) {
			return false
		}
		r.lost++
		r.gone += p.size
		e.probe.lost(p)
		return true
	})
}

// judge moves the estimate.
func (e *Estimator) judge(now int64) {
	if len(e.losses.steps) == 0 {
		e.losses.add(now, 0)
	}
	loss, least := e.loss(now, recently)
	longer, atLeast := e.loss(now, longRecently)
	always := min(beyond*e.losses.least(), mostAlways)
	if now-max(e.reports[0].now, e.last.at+int64(settle)/3) > int64(longRecently*3/4) {
		e.losses.add(now, longer)
	}
	full := max(least, atLeast) > lossHigh+always
	queue, queued := e.queued(atLeast > lossLow+always, now)
	switch {
	case full || queued:
		if now-e.last.at >= int64(settle) && !e.mistaken(loss, now) {
			e.fallTo(fell{at: now, way: e.way(now), loss: loss, offered: e.offered(now), delivered: e.delivered(now)})
		}
	case queue < queueLow && longer < lossLow+always && now-e.last.at >= int64(steady):
		e.rise(now)
		return
	}
	e.rose = now
}

// queued reports whether a queue stands before the bottleneck that we make: it grows, or
// something is lost of it. One that drains needs no further fall, and a way that has become
// longer once and stays so is a longer way: that is what is compared with from then on.
func (e *Estimator) queued(loses bool, now int64) (queue time.Duration, ours bool) {
	queue, whole := e.queue(now)
	before, known := e.wayWithin(now-2*int64(lately), now-int64(lately))
	grows := e.way(now) - before
	if whole && known && queue > queueSteep && grows > queueHigh {
		e.flatFrom = 0
		return queue, true
	}
	if !whole || !known || queue < queueHigh || before-time.Duration(e.bases.least()) < queueLow {
		e.flatFrom = 0
		return queue, false
	}
	if grows > trend || loses && grows > -trend {
		e.flatFrom = 0
		return queue, true
	}
	switch {
	case grows < -trend:
		e.flatFrom = 0
	case e.flatFrom == 0:
		e.flatFrom = now
	case now-e.flatFrom >= int64(flat):
		e.bases.reset(now, float64(e.way(now)))
		e.flatFrom = 0
	}
	return queue, false
}

// mistaken reports whether the last fall was for nothing, and takes it back: much less was
// sent since then, and neither has the way become shorter, as it does when a queue drains,
// nor is a smaller part lost, while what arrives shrank with what was sent. So the way is
// a longer one, or the line always loses as much. Of loss the first fall in a row does not
// tell: what arrived then came in part before the line changed.
func (e *Estimator) mistaken(loss float64, now int64) bool {
	last := e.last
	switch {
	case last.at == 0 || now-last.at > int64(3*settle) || last.offered == 0 || last.delivered == 0:
		return false
	case loss > lossHigh && (last.row < 2 || now-last.at > int64(2*settle)):
		return false
	}
	less := e.offered(now) / last.offered
	switch way := e.way(now); {
	case less > 0.8, e.delivered(now)/last.delivered > (1+less)/2:
		return false
	case way < last.way-trend || way > last.way+trend:
		return false
	case loss < 0.7*last.loss-lossSame || loss > 1.3*last.loss+lossSame:
		return false
	default:
		e.bases.reset(now, float64(way))
	}
	e.losses.reset(now, loss)
	e.bits, e.last = last.from, fell{}
	return true
}

// fallTo lets the estimate fall to what arrives.
func (e *Estimator) fallTo(f fell) {
	f.from, f.row = e.bits, 1
	if e.last.at != 0 && f.at-e.last.at <= int64(3*settle) {
		f.from, f.row = e.last.from, e.last.row+1
	}
	e.bits = max(min(e.bits, fall*f.delivered), float64(e.cfg.Min))
	e.last = f
	e.probe.abandon()
}

func (e *Estimator) rise(now int64) {
	elapsed := min(float64(now-e.rose)/float64(time.Second), 0.5)
	e.rose = now
	if e.bits >= riseHeadroom*e.delivered(now)+riseFloor {
		return
	}
	e.bits = min(e.bits*(1+risePerSec*elapsed), float64(e.cfg.Max))
}

// way is the shortest way of late.
func (e *Estimator) way(now int64) time.Duration {
	way, _ := e.wayWithin(now-int64(lately), now)
	return way
}

// wayWithin is the shortest way of a time, and false when nothing arrived then.
func (e *Estimator) wayWithin(from, to int64) (least time.Duration, known bool) {
	for _, r := range e.reports {
		if r.got > 0 && r.now > from && r.now <= to && (!known || r.way < least) {
			least, known = r.way, true
		}
	}
	return least, known
}

// queue is how much longer the shortest way of late is than the shortest there was. Whole
// is false while too little was heard to say.
func (e *Estimator) queue(now int64) (queue time.Duration, whole bool) {
	var span int64
	for _, r := range e.reports {
		if r.got > 0 && now-r.now < int64(lately) {
			span = max(span, now-r.now)
		}
	}
	return e.way(now) - time.Duration(e.bases.least()), span >= int64(lately/3)
}

// loss is the share that was lost of what was sent of late, since the last fall at most,
// and what it is at least when luck is taken off: few packets say little.
func (e *Estimator) loss(now int64, within time.Duration) (share, least float64) {
	from := now - int64(within)
	if e.last.at != 0 {
		from = max(from, e.last.at+int64(settle)/3)
	}
	got, lost := 0, 0
	for _, r := range e.reports {
		if r.now > from {
			got += r.got
			lost += r.lost
		}
	}
	n := float64(got + lost)
	if n < lossEnough {
		return 0, 0
	}
	share = float64(lost) / n
	return share, share - 2*math.Sqrt(share*(1-share)/n)
}

// delivered is what arrived recently, in bits/s.
func (e *Estimator) delivered(now int64) float64 {
	var from, to time.Duration
	bytes, first := 0, true
	for _, r := range e.reports {
		switch {
		case r.got == 0:
		case first || now-r.now >= int64(recently):
			from, to, bytes, first = r.arrival, r.arrival, 0, false
		default:
			bytes += r.bytes
			to = max(to, r.arrival)
		}
	}
	if to-from < recently/5 {
		return e.bits // too short to say
	}
	return float64(bytes) * 8 / (to - from).Seconds()
}

// offered is what was sent recently, in bits/s, arrived or not.
func (e *Estimator) offered(now int64) float64 {
	from, bytes, first := now, 0, true
	for _, r := range e.reports {
		switch {
		case now-r.now >= int64(recently):
		case first:
			from, first = r.now, false
		default:
			bytes += r.bytes + r.gone
		}
	}
	return float64(bytes) * 8 / max(time.Duration(now-from), recently/5).Seconds()
}

// minima is a minimum over the last while, in steps.
type minima struct {
	keep  time.Duration
	steps []step
}

type step struct {
	from  int64
	value float64
}

const minimaSteps = 10

func (m *minima) add(now int64, value float64) {
	length := int64(m.keep / minimaSteps)
	if n := len(m.steps); n > 0 && now-m.steps[n-1].from < length {
		m.steps[n-1].value = min(m.steps[n-1].value, value)
	} else {
		m.steps = append(m.steps, step{now, value})
	}
	for len(m.steps) > 0 && now-m.steps[0].from >= int64(m.keep) {
		m.steps = m.steps[1:]
	}
}

func (m *minima) reset(now int64, value float64) { m.steps = append(m.steps[:0], step{now, value}) }

// least returns the minimum, 0 before the first value.
func (m *minima) least() float64 {
	if len(m.steps) == 0 {
		return 0
	}
	least := m.steps[0].value
	for _, s := range m.steps[1:] {
		least = min(least, s.value)
	}
	return least
}
