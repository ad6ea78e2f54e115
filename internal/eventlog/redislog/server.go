package redislog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/redis/go-redis/v9"
)

// checkServer asks the server what it is and logs, in words, what an acknowledgement
// will be worth on it. It reports whether the server keeps an append-only file, and how
// it is asked to wait for replicas. A replica is refused: it cannot be written.
func checkServer(ctx context.Context, client *redis.Client, logger *slog.Logger, r replication) (aof bool, _ replication, err error) {
	info, err := client.Info(ctx).Result()
	if err != nil {
		return false, r, unavailable("ask redis what it is", err)
	}
	facts := parseInfo(info)
	if facts["role"] == "slave" {
		return false, r, unavailable("use redis", errors.New("it is a replica"))
	}
	aof = facts["aof_enabled"] == "1"
	r.fsync = canWaitForDisk(facts["redis_version"])
	if aof {
		r.local = 1
	}
	r.promise(ctx, logger, facts["connected_slaves"])
	settings, err := readSettings(ctx, client)
	if err != nil {
		logger.WarnContext(ctx, "redis does not tell its settings: whether acknowledged means on disk is unknown", slog.Any("err", err))
		return aof, r, nil
	}
	if settings["maxmemory-policy"] != "noeviction" {
		logger.WarnContext(ctx, "redis may throw acknowledged events away when memory is short: set maxmemory-policy noeviction",
			slog.String("code", settings["maxmemory-policy"]))
	}
	switch {
	case !aof:
		logger.WarnContext(ctx, "redis keeps no append-only file: a restart loses acknowledged events; set appendonly yes")
	case settings["appendfsync"] == "always":
		logger.InfoContext(ctx, "redis writes to disk before it answers: acknowledged events survive a power cut")
	case settings["appendfsync"] == "everysec":
		logger.WarnContext(ctx, "redis writes to disk once a second: a power cut may lose the last two seconds of acknowledged events; set appendfsync always")
	default:
		logger.WarnContext(ctx, "redis leaves writing to the operating system: a power cut may lose acknowledged events; set appendfsync always")
	}
	return aof, r, nil
}

// promise logs what an acknowledgement is worth when the server itself is lost.
func (r replication) promise(ctx context.Context, logger *slog.Logger, connected string) {
	replicas := slog.String("code", fmt.Sprintf("%d wanted, %s connected", r.want, connected))
	switch {
	case r.want == 0 && connected != "0":
		logger.WarnContext(ctx, "redis has replicas, but acknowledgements do not wait for them: a failover may lose acknowledged events; set --redis-replicas", replicas)
	case r.want == 0:
	case r.fsync:
		logger.InfoContext(ctx, "acknowledged events are on the disks of the replicas", replicas)
	default:
		logger.InfoContext(ctx, "acknowledged events are in the memory of the replicas; on their disks with redis 7.2 or newer", replicas)
	}
}

// canWaitForDisk reports whether a server of that version has WAITAOF (7.2).
func canWaitForDisk(version string) bool {
	var major, minor int
	if n, err := fmt.Sscanf(version, "%d.%d", &major, &minor); n != 2 || err != nil {
		return false
	}
	return major > 7 || major == 7 && minor >= 2
}

// readSettings reads what INFO does not tell. Managed services often forbid CONFIG.
func readSettings(ctx context.Context, client *redis.Client) (map[string]string, error) {
	settings := make(map[string]string)
	for _, name := range []string{"maxmemory-policy", "appendfsync"} {
		values, err := client.ConfigGet(ctx, name).Result()
		if err != nil {
			return nil, err
		}
		settings[name] = values[name]
	}
	return settings, nil
}

func parseInfo(info string) map[string]string {
	facts := make(map[string]string)
	for line := range strings.Lines(info) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			facts[name] = value
		}
	}
	return facts
}
