package bandwidth

import (
	"cmp"
	"slices"
	"time"
)

// How probes are sent.
const (
	probeOver    = 100 * time.Millisecond
	probeTimes   = 3.0 // the estimate
	probeBeyond  = 1.2 // what is wanted
	probeLost    = 0.25
	probeSlower  = 0.85 // arrived so much slower than sent: the bottleneck was found
	probePackets = 5
	probeWithin  = time.Second // its feedback must come
	firstWait    = 200 * time.Millisecond
	nextWait     = 100 * time.Millisecond
	backOffFrom  = time.Second
	backOffTo    = 4 * time.Second
)

// Probe is padding to be sent beside what is sent anyway: Bytes in all, evenly over Over.
type Probe struct {
	Bytes int
	Over  time.Duration
}

// prober measures one probe at a time: everything that is sent between its begin and its
// end belongs to it.
type prober struct {
	id      uint8
	open    bool   // sent, and waiting for the feedback
	until   uint32 // the last number of the probe; 0: still being sent
	began   int64
	next    int64 // when the next one may begin
	wait    time.Duration
	missing int
	came    []arrival // in the order they were told of
}

// arrival is a packet of a probe that came.
type arrival struct {
	sent int64
	at   time.Duration
	size int
}

// Probe returns the padding to be sent now, if it is time to find out whether the line
// takes more: wanted is what would be sent if it did, bits/s. Call Probed when it is sent.
func (e *Estimator) Probe(wanted int, now int64) (Probe, bool) {
	p := &e.probe
	if p.open && now-p.began > int64(probeWithin) {
		p.failed(now)
	}
	queue, _ := e.queue(now)
	switch {
	case p.open, now < p.next, !e.known, float64(wanted) <= e.bits, e.bits >= float64(e.cfg.Max):
		return Probe{}, false
	case now-e.last.at < int64(steady), queue > queueLow:
		return Probe{}, false
	}
	rate := min(probeTimes*e.bits, max(probeBeyond*float64(wanted), 1.5*e.bits), float64(e.cfg.Max))
	*p = prober{id: p.id%255 + 1, open: true, began: now, wait: p.wait, came: p.came[:0]}
	e.history.probe.Store(uint32(p.id))
	padding := rate
	if delivered := e.delivered(now); delivered < e.bits { // what is sent anyway counts too
		padding = max(rate-delivered, rate/2)
	}
	return Probe{Bytes: int(padding * probeOver.Seconds() / 8), Over: probeOver}, true
}

// Probed says that the padding was sent.
func (e *Estimator) Probed() {
	e.history.probe.Store(0)
	e.probe.until = e.history.last.Load()
}

func (p *prober) got(r record, at time.Duration) {
	if !p.open || r.probe != p.id {
		return
	}
	p.came = append(p.came, arrival{r.at, at, r.size})
}

// rates returns how fast the second half of the probe was sent and arrived, in bits/s: the
// first half passes a bottleneck that lets a burst through after a pause (a token bucket).
func (p *prober) rates() (sent, arrived float64) {
	slices.SortFunc(p.came, func(a, b arrival) int { return cmp.Compare(a.sent, b.sent) })
	whole := 0
	for _, a := range p.came {
		whole += a.size
	}
	first, before := 0, 0
	for first < len(p.came)-2 && before+p.came[first].size <= whole/2 {
		before += p.came[first].size
		first++
	}
	from, to := p.came[first], p.came[first]
	bytes := 0
	for _, a := range p.came[first+1:] { // the first one's time is the beginning
		bytes += a.size
		to.sent, to.at = max(to.sent, a.sent), max(to.at, a.at)
	}
	sent = float64(bytes) * 8 / max(time.Duration(to.sent-from.sent), probeOver/4).Seconds()
	return sent, float64(bytes) * 8 / max(to.at-from.at, time.Millisecond).Seconds()
}

func (p *prober) lost(r record) {
	if p.open && r.probe == p.id {
		p.missing++
	}
}

// result returns what a probe has shown, in bits/s, once the receiver has told of all of it.
func (p *prober) result(highest uint32, mostLost float64, now int64) (bits float64, ok bool) {
	if !p.open || p.until == 0 || highest < p.until || now-p.began < int64(probeOver+late) {
		return 0, false
	}
	if n := len(p.came); n < probePackets || float64(p.missing) > mostLost*float64(n+p.missing) {
		p.failed(now)
		return 0, false
	}
	sent, arrived := p.rates()
	if arrived < probeSlower*sent {
		p.failed(now)
		return arrived * fall, true
	}
	p.open, p.wait, p.next = false, firstWait, now+int64(nextWait)
	return min(sent, arrived), true
}

// failed lets the next one wait longer.
func (p *prober) failed(now int64) {
	p.open = false
	p.wait = min(max(2*p.wait, backOffFrom), backOffTo)
	p.next = now + int64(p.wait)
}

func (p *prober) abandon() { p.open = false }
