package redislog

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/diemcau/diemcau/internal/eventlog"
)

// The address's own parameters; all others are go-redis's.
const (
	paramReplicas = "replicas"
	paramPatience = "replica_timeout"

	maxReplicas     = 16
	replicaPatience = time.Second
)

// replication is what an acknowledgement waits for beyond the server itself.
type replication struct {
	want     int           // replicas that must have the event
	patience time.Duration // how long one append waits for them
	// fsync: the replicas must have it on disk (WAITAOF, Redis 7.2), not only in memory (WAIT).
	fsync bool
	local int // with fsync: 1 if the server itself keeps an append-only file
}

// takeReplication takes our parameters out of an address's.
func takeReplication(query url.Values) (replication, error) {
	r := replication{patience: replicaPatience}
	var err error
	if text := query.Get(paramReplicas); text != "" {
		if r.want, err = strconv.Atoi(text); err != nil || r.want < 0 || r.want > maxReplicas {
			return r, fmt.Errorf("%s must be 0–%d", paramReplicas, maxReplicas)
		}
	}
	if text := query.Get(paramPatience); text != "" {
		if r.patience, err = time.ParseDuration(text); err != nil || r.patience < time.Millisecond {
			return r, fmt.Errorf("%s must be a duration such as 1s", paramPatience)
		}
	}
	query.Del(paramReplicas)
	query.Del(paramPatience)
	return r, nil
}

// check refuses a patience that the connection's own would end first.
func (r replication) check(readTimeout time.Duration) error {
	if r.want > 0 && r.patience >= readTimeout {
		return fmt.Errorf("the address of redis: %s=%v must be shorter than read_timeout=%v", paramPatience, r.patience, readTimeout)
	}
	return nil
}

// wait adds the wait for the replicas to the pipeline that writes. The function returned
// is to be called after Exec; error: ErrUnknownOutcome.
func (r replication) wait(ctx context.Context, pipe redis.Pipeliner) (confirmed func() error) {
	switch {
	case r.want == 0:
		return func() error { return nil }
	case r.fsync:
		cmd := pipe.Do(ctx, "WAITAOF", r.local, r.want, r.patience.Milliseconds())
		return func() error { return r.enoughOnDisk(cmd.Int64Slice()) }
	}
	cmd := pipe.Do(ctx, "WAIT", r.want, r.patience.Milliseconds())
	return func() error { return r.enough(cmd.Int64()) }
}

func (r replication) enoughOnDisk(acked []int64, err error) error {
	if err == nil && len(acked) != 2 {
		err = errors.New("reply of WAITAOF is malformed")
	}
	if err == nil && acked[0] < int64(r.local) {
		err = errors.New("the server has not written it to disk")
	}
	if err != nil {
		return r.enough(0, err)
	}
	return r.enough(acked[1], nil)
}

func (r replication) enough(acked int64, err error) error {
	switch {
	case err != nil:
		return fmt.Errorf("wait for %d replicas: %w: %w", r.want, eventlog.ErrUnknownOutcome, err)
	case acked < int64(r.want):
		return fmt.Errorf("%w: on %d of %d replicas after %v", eventlog.ErrUnknownOutcome, acked, r.want, r.patience)
	}
	return nil
}
