package redislog

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// cleanKey holds the run id of the server that was last made to rewrite its file.
	cleanKey = "redislog/clean"
	// rewriteLook is how often a rewrite is asked whether it has ended.
	rewriteLook = 20 * time.Millisecond
)

// heal has a server that was started anew rewrite its append-only file, and waits for it.
//
// A crash may tear the transaction that was being written to the file. Redis (7.0) and Valkey
// (8.0) cut the file after the last whole command, which leaves a MULTI without its EXEC, and
// begin to write behind it. At the next start that MULTI swallows the transactions behind it
// and their EXEC carries all of them out, the torn one first: events that nobody was told of
// take the places of acknowledged ones. A file that is written anew from memory has no such end.
func (w *watch) heal(ctx context.Context, client redis.Cmdable) error {
	w.standingMu.Lock()
	now := w.now
	w.standingMu.Unlock()
	if now == nil || now.replica || now.disk == diskNone {
		return nil // a Sentinel; cannot be written; keeps no file
	}
	w.cleanMu.Lock()
	defer w.cleanMu.Unlock()
	if w.clean == now.run {
		return nil
	}
	known, err := client.Get(ctx, cleanKey).Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return unavailable("ask redis whether its file is whole", err)
	}
	if known != now.run {
		if err := w.rewrite(ctx, client); err != nil {
			return err
		}
		if err := client.Set(ctx, cleanKey, now.run, 0).Err(); err != nil {
			return unavailable("note that the file of redis is whole", err)
		}
	}
	w.clean = now.run
	return nil
}

// rewrite has the server rewrite its file and returns when that is done, or cannot be done:
// then the log says so, and the server is used as it is.
func (w *watch) rewrite(ctx context.Context, client redis.Cmdable) error {
	err := client.BgRewriteAOF(ctx).Err()
	switch {
	case err == nil:
	case strings.Contains(err.Error(), "already in progress"): // by another node: as good
	case isReply(err):
		w.logger.WarnContext(ctx, "redis may not be told to rewrite its append-only file: if its end was torn by a crash, "+
			"another crash may lose acknowledged events; allow BGREWRITEAOF", slog.Any("err", err))
		return nil
	default:
		return unavailable("have redis rewrite its file", err)
	}
	for {
		info, err := client.Info(ctx, "persistence").Result()
		if err != nil {
			return unavailable("ask redis for the rewrite", err)
		}
		facts := parseInfo(info)
		if facts["aof_rewrite_in_progress"] != "0" || facts["aof_rewrite_scheduled"] != "0" {
			select {
			case <-time.After(rewriteLook):
				continue
			case <-ctx.Done():
				return unavailable("wait for redis to rewrite its file", ctx.Err())
			}
		}
		if status := facts["aof_last_bgrewrite_status"]; status != "ok" {
			w.logger.ErrorContext(ctx, "redis could not rewrite its append-only file: if its end was torn by a crash, "+
				"another crash may lose acknowledged events; make room on its disk and in memory, then start it again", slog.String("code", status))
		}
		return nil
	}
}

// isReply reports whether the server answered, and refused.
func isReply(err error) bool {
	var refused redis.Error
	return errors.As(err, &refused)
}
