package redislog

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/diemcau/diemcau/internal/eventlog"
)

// refusals are the beginnings of Redis's answers after which it is certain that the
// script wrote nothing: it was not started, or its first write was refused.
const refusals = "OOM MISCONF NOREPLICAS READONLY LOADING MASTERDOWN CLUSTERDOWN TRYAGAIN MOVED ASK BUSY NOAUTH WRONGPASS NOPERM NOSCRIPT WRONGTYPE EXECABORT"

// outcome wraps the error of an append by what is known of it: ErrUnavailable when
// certainly nothing was written, ErrUnknownOutcome otherwise.
func outcome(what string, err error) error {
	if notSent(err) || refused(err) {
		return unavailable(what, err)
	}
	return fmt.Errorf("%s: %w: %w", what, eventlog.ErrUnknownOutcome, err)
}

// notSent reports whether the call never left this process.
func notSent(err error) bool {
	if errors.Is(err, eventlog.ErrUnavailable) { // a new connection's server did not say what it is
		return true
	}
	if errors.Is(err, redis.ErrPoolTimeout) || errors.Is(err, redis.ErrPoolExhausted) || errors.Is(err, redis.ErrClosed) {
		return true
	}
	var network *net.OpError
	return errors.As(err, &network) && network.Op == "dial"
}

func refused(err error) bool {
	var answer redis.Error
	if !errors.As(err, &answer) {
		return false
	}
	text := answer.Error()
	// The script's own complaints come before its first write, with the line's number.
	if strings.Contains(text, "batch ends too early") || strings.Contains(text, "batch has no number") ||
		strings.Contains(text, "batch is too long") || strings.Contains(text, "batch names an entity") {
		return true
	}
	if strings.HasPrefix(text, "ERR max number of clients") || strings.Contains(text, "ID specified in XADD") {
		return true
	}
	code, _, _ := strings.Cut(text, " ")
	for refusal := range strings.FieldsSeq(refusals) {
		if code == refusal {
			return true
		}
	}
	return false
}

// unavailable wraps an error after which it is certain that nothing was written.
func unavailable(what string, err error) error {
	return fmt.Errorf("%s: %w: %w", what, eventlog.ErrUnavailable, err)
}

// ended returns the error of a ctx that has ended, as of a call that was not made.
func ended(ctx context.Context, what string) error {
	if err := ctx.Err(); err != nil {
		return unavailable(what, err)
	}
	return nil
}
