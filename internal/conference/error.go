package conference

// Kind sorts refusals by what the one who asked can do about it.
type Kind string

// The kinds, with the HTTP status each is shown as.
const (
	KindInvalid      Kind = "invalid"      // 400: mend the input
	KindUnauthorised Kind = "unauthorised" // 401: sign in
	KindForbidden    Kind = "forbidden"    // 403: not for this role
	KindNotFound     Kind = "notFound"     // 404
	KindConflict     Kind = "conflict"     // 409: somebody was faster; look again
	KindTooLarge     Kind = "tooLarge"     // 413
	KindRateLimited  Kind = "rateLimited"  // 429: wait, then again
	KindUnavailable  Kind = "unavailable"  // 503: nothing was written; try again
	KindPending      Kind = "pending"      // 503: outcome unknown; repeat the same command id
	KindInternal     Kind = "internal"     // 500: a fault of ours; never made by a rule
)

// Error is an expected refusal. Code is stable and is what pages translate
// ("question.already_approved"); Detail is for programmers, English, without personal data.
type Error struct {
	Kind   Kind
	Code   string
	Detail string
}

// Error returns the code and the detail.
func (e *Error) Error() string {
	if e.Detail == "" {
		return e.Code
	}
	return e.Code + ": " + e.Detail
}

// Is reports whether target is an *Error with the same code, so that
// errors.Is(err, &Error{Code: "…"}) works.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// Refuse returns an *Error.
func Refuse(kind Kind, code, detail string) *Error {
	return &Error{Kind: kind, Code: code, Detail: detail}
}
