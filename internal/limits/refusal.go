package limits

import (
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/pow"
)

// Codes of refusals; all are of conference.KindRateLimited.
const (
	CodeLimited = "rate.limited"
	CodeProof   = "proof.required"
	CodeSockets = "socket.too_many"
)

// Error is a refusal; it says when to come back. It unwraps to its *conference.Error.
type Error struct {
	cause *conference.Error
	// After is how long to wait before the same again, > 0.
	After time.Duration
	// Challenge is what to solve, with CodeProof only. The solution goes as "proof" with the
	// same submission, at once.
	Challenge *pow.Challenge
}

// Error returns the code.
func (r *Error) Error() string { return r.cause.Error() }

// Unwrap returns the *conference.Error.
func (r *Error) Unwrap() error { return r.cause }

func (l *Limits) refuse(code, detail string, after time.Duration) *Error {
	switch code {
	case CodeProof:
		l.refused.proof.Add(1)
	case CodeSockets:
		l.refused.sockets.Add(1)
	default:
		l.refused.rate.Add(1)
	}
	return &Error{cause: conference.Refuse(conference.KindRateLimited, code, detail), After: after}
}

// Refused is how many refusals there were since the start, by what they were for.
type Refused struct{ Rate, Proof, Sockets uint64 }

// Refused returns the refusals since the start.
func (l *Limits) Refused() Refused {
	return Refused{Rate: l.refused.rate.Load(), Proof: l.refused.proof.Load(), Sockets: l.refused.sockets.Load()}
}

// Flooded returns how many conferences ask for a proof of work now, because of the demand.
func (l *Limits) Flooded() int {
	now := l.cfg.Now()
	l.gaugesMu.Lock()
	defer l.gaugesMu.Unlock()
	flooded := 0
	for _, g := range l.gauges {
		if g.drain(l.cfg.Scale, now); g.on {
			flooded++
		}
	}
	return flooded
}
