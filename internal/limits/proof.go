package limits

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/pow"
)

// ProofMode says when submissions need a proof of work.
type ProofMode string

// The modes.
const (
	ProofAuto   ProofMode = "auto" // while a conference is flooded
	ProofAlways ProofMode = "always"
	ProofOff    ProofMode = "off"
)

// How hard a proof is: numbers to search, half of them on average. A phone does some
// 100,000 a second: a quarter of a second at least, some five at most.
const (
	EasiestProof int64 = 50_000
	HardestProof int64 = 1_000_000
)

// The demand of a conference: submissions asked for, refused ones included, less what
// may come every second. Above proofOn a proof is needed, until it is below proofOff.
const (
	demandRate = 200.0 // a second
	proofOn    = 2_000.0
	proofOff   = 500.0
	demandMost = 20_000.0 // the hardest proof; also how long it takes to calm down: 97 s

	demandEach   = 64 // told to the other nodes in portions
	demandWindow = 5 * time.Second

	// easedBy is how much easier than asked for now a proof may be: it has got harder since.
	easedBy = 4

	proofAfter = 5 * time.Second
	maxUsed    = 300_000
)

// gauge measures the demand of a conference; Limits guards it.
type gauge struct {
	level  float64
	at     time.Time
	on     bool
	untold int
}

func (g *gauge) drain(scale float64, now time.Time) {
	if passed := now.Sub(g.at); passed > 0 {
		g.level = max(0, g.level-passed.Seconds()*demandRate*scale)
		g.at = now
	}
	g.on = g.level >= proofOn*scale || (g.on && g.level > proofOff*scale)
}

func (g *gauge) add(n, scale float64, now time.Time) {
	g.drain(scale, now)
	g.level = min(g.level+n, demandMost*scale)
	g.drain(scale, now)
}

// hardness rises with the demand from EasiestProof to HardestProof.
func (g *gauge) hardness(scale float64) int64 {
	above := (g.level/scale - proofOn) / (demandMost - proofOn)
	return EasiestProof + int64(min(max(above, 0), 1)*float64(HardestProof-EasiestProof))
}

// usedProof is who used a proof: the hash of the submission's idempotency key, so that a
// submission that is repeated because its answer was lost keeps its proof.
type usedProof struct {
	by    string
	until time.Time
}

// Submit lets one submission of a conference through, after Take. While proofs are on,
// proof has to be a fresh solution; staff (asker.Session) need none. submission is the
// idempotency key: the same one may come again with the same proof.
// Refusals: *Error with CodeProof and a challenge, or with CodeLimited.
func (l *Limits) Submit(ctx context.Context, asker Asker, proof, submission string) error {
	if l.cfg.Off {
		return nil
	}
	if hardness, on := l.demand(ctx, asker.Conference); on && asker.Session == "" && l.issuer != nil {
		if why := l.checkProof(ctx, asker.Conference, proof, submission, hardness); why != "" {
			return l.challenge(asker.Conference, hardness, why)
		}
	}
	return l.take(ctx, asker.all(Submission))
}

// ProofOn reports whether submissions of a conference need a proof now.
func (l *Limits) ProofOn(id conference.ID) bool {
	l.gaugesMu.Lock()
	defer l.gaugesMu.Unlock()
	g := l.gauges[id]
	if g != nil {
		g.drain(l.cfg.Scale, l.cfg.Now())
	}
	return l.proofOn(g != nil && g.on)
}

func (l *Limits) proofOn(flooded bool) bool {
	return l.cfg.Proof == ProofAlways || (l.cfg.Proof == ProofAuto && flooded)
}

// demand counts one submission asked for and returns how hard a proof has to be.
func (l *Limits) demand(ctx context.Context, id conference.ID) (hardness int64, on bool) {
	hardness, flooded, tell := l.count(id, 1, true)
	if tell > 0 && l.share != nil {
		name := l.share.name(key{kind: "demand", scope: scopeAll, id: string(id)})
		if total, ok := l.share.count(ctx, name, tell, demandWindow); ok {
			all := float64(total) - demandRate*l.cfg.Scale*demandWindow.Seconds()
			hardness, flooded, _ = l.count(id, all, false)
		}
	}
	return hardness, l.proofOn(flooded)
}

// count adds to the demand, or raises it to what all nodes together have seen. tell > 0:
// so many are to be told to them.
func (l *Limits) count(id conference.ID, n float64, own bool) (hardness int64, flooded bool, tell int) {
	now, scale := l.cfg.Now(), l.cfg.Scale
	l.gaugesMu.Lock()
	defer l.gaugesMu.Unlock()
	g := l.gauges[id]
	if g == nil {
		g = &gauge{at: now}
		l.gauges[id] = g
	}
	if !own {
		n = max(0, n-g.level)
	} else if g.untold++; g.untold >= demandEach {
		tell, g.untold = g.untold, 0
	}
	g.add(n, scale, now)
	return g.hardness(scale), g.on, tell
}

// checkProof returns why a proof does not do; "": it does.
func (l *Limits) checkProof(ctx context.Context, id conference.ID, proof, submission string, hardness int64) string {
	if proof == "" {
		return "there is none"
	}
	solved, err := l.issuer.Check(string(id), proof)
	if err != nil {
		return err.Error()
	}
	if solved.MaxNumber < max(EasiestProof, hardness/easedBy) {
		return "the challenge was too easy"
	}
	hash := sha256.Sum256([]byte(submission))
	if !l.use(ctx, &solved, hex.EncodeToString(hash[:16])) {
		return "the proof was used before"
	}
	return ""
}

// use notes that a proof was used and reports whether it was fresh, or used for the same
// submission. This node's own memory is asked first, so that a replay costs no round trip.
// When the Ephemeral is away it is all there is: then a proof is good once on each node.
func (l *Limits) use(ctx context.Context, solved *pow.Solved, by string) bool {
	l.usedMu.Lock()
	prior, known := l.used[solved.ID]
	if !known && len(l.used) < maxUsed {
		prior, known = usedProof{by: by, until: solved.Expires}, true
		l.used[solved.ID] = prior
	}
	l.usedMu.Unlock()
	if known && prior.by != by {
		return false
	}
	if l.cfg.Ephemeral == nil {
		return known // nobody remembers it: it could come again and again
	}
	within, cancel := context.WithTimeout(ctx, shareWithin)
	defer cancel()
	name := "limit:proof:" + solved.ID
	fresh, err := l.cfg.Ephemeral.CompareAndSet(within, name, nil, []byte(by), pow.Valid)
	if err != nil || fresh {
		return true
	}
	other, err := l.cfg.Ephemeral.Get(within, name)
	return err != nil || other == nil || string(other) == by
}

func (l *Limits) challenge(id conference.ID, hardness int64, why string) error {
	made, err := l.issuer.Issue(string(id), hardness)
	if err != nil {
		return fmt.Errorf("ask for a proof: %w", err)
	}
	r := l.refuse(CodeProof, why, proofAfter)
	r.Challenge = &made
	return r
}

func (l *Limits) sweepProofs(now time.Time) {
	l.usedMu.Lock()
	for id, u := range l.used {
		if !now.Before(u.until) {
			delete(l.used, id)
		}
	}
	l.usedMu.Unlock()
	l.gaugesMu.Lock()
	defer l.gaugesMu.Unlock()
	for id, g := range l.gauges {
		if g.drain(l.cfg.Scale, now); g.level == 0 {
			delete(l.gauges, id)
		}
	}
}
