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

func refuse(code, detail string, after time.Duration) *Error {
	return &Error{cause: conference.Refuse(conference.KindRateLimited, code, detail), After: after}
}
