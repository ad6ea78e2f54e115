package redislog

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog"
)

//go:embed append.lua
var appendScript string

// Append writes the commands in order, each all or nothing; see eventlog.Log. A ctx that
// ends, or a connection that breaks, after the script was sent gives ErrUnknownOutcome.
func (l *Log) Append(ctx context.Context, seen eventlog.Position, commands []eventlog.Command) ([]eventlog.Result, eventlog.Position, error) {
	what := "append to " + string(l.id)
	if err := eventlog.CheckBatch(commands); err != nil {
		return nil, eventlog.Position{}, fmt.Errorf("%s: %w", what, err)
	}
	if err := ended(ctx, what); err != nil {
		return nil, eventlog.Position{}, err
	}
	reply, err := l.run(ctx, arguments(seen, commands))
	if err != nil {
		return nil, eventlog.Position{}, outcome(what, err)
	}
	results, end, err := parseReply(reply, len(commands))
	if err != nil {
		return nil, eventlog.Position{}, fmt.Errorf("%s: %w", what, err)
	}
	return results, end, nil
}

// run sends the script in a pipeline of its own. The pipeline is one connection's: WAIT
// or WAITAOF, which count the acknowledgements of their own connection's writes, will be
// added to it here, before Exec.
func (l *Log) run(ctx context.Context, args []any) ([]any, error) {
	names := []string{l.keys.events, l.keys.meta, l.keys.versions, l.keys.sealed}
	pipe := l.store.calls.Pipeline()
	cmd := pipe.EvalSha(ctx, l.store.append.Hash(), names, args...)
	_, err := pipe.Exec(ctx)
	if redis.HasErrorPrefix(err, "NOSCRIPT") { // a new or restarted server: send the text once
		pipe = l.store.calls.Pipeline()
		cmd = pipe.Eval(ctx, appendScript, names, args...)
		_, err = pipe.Exec(ctx)
	}
	if err != nil {
		return nil, err
	}
	return cmd.Slice()
}

// arguments lays a batch out as append.lua reads it.
func arguments(seen eventlog.Position, commands []eventlog.Command) []any {
	args := make([]any, 0, 16*len(commands)+4)
	args = append(args, seen.Epoch, seen.Pos, seen.Hash, len(commands))
	for i := range commands {
		command := &commands[i]
		args = append(args, command.ID, len(command.Checks))
		for _, check := range command.Checks {
			args = append(args, string(check.Entity), check.Version)
		}
		args = append(args, len(command.Drafts))
		for j := range command.Drafts {
			args = appendDraft(args, &command.Drafts[j])
		}
	}
	return args
}

func appendDraft(args []any, draft *eventlog.Draft) []any {
	args = append(args, draft.ID, draft.Canonical, eventlog.Digest(draft.Canonical, draft.Sealed), len(draft.Bumps))
	for _, entity := range draft.Bumps {
		args = append(args, string(entity))
	}
	args = append(args, len(draft.Sealed))
	for field, ciphertext := range draft.Sealed {
		args = append(args, field, ciphertext)
	}
	return args
}

// errReply says that the script's answer was not understood: it ran, so the outcome is
// looked up in the log.
var errReply = fmt.Errorf("%w: reply of append.lua is malformed", eventlog.ErrUnknownOutcome)

func parseReply(reply []any, commands int) ([]eventlog.Result, eventlog.Position, error) {
	var end eventlog.Position
	if len(reply) == 0 {
		return nil, end, errReply
	}
	switch reply[0] {
	case "EPOCH":
		return nil, end, eventlog.ErrEpoch
	case "ROLLED_BACK":
		return nil, end, eventlog.ErrRolledBack
	case "OK":
	default:
		return nil, end, errReply
	}
	if len(reply) != 5+commands {
		return nil, end, errReply
	}
	var errs [3]error
	end.Epoch, errs[0] = asText(reply[1])
	end.Pos, errs[1] = asNumber(reply[2])
	end.Hash, errs[2] = asText(reply[3])
	at, err := asNumber(reply[4])
	if err = errors.Join(err, errs[0], errs[1], errs[2]); err != nil {
		return nil, end, err
	}
	results := make([]eventlog.Result, commands)
	for i, each := range reply[5:] {
		if results[i], err = parseResult(each, instant(int64(at))); err != nil {
			return nil, end, err
		}
	}
	return results, end, nil
}

func parseResult(each any, at time.Time) (eventlog.Result, error) {
	parts, ok := each.([]any)
	if !ok || len(parts) == 0 || len(parts) > 2 {
		return eventlog.Result{}, errReply
	}
	if len(parts) == 1 {
		first, err := asNumber(parts[0])
		return eventlog.Result{First: first, At: at}, err
	}
	entity, err := asText(parts[0])
	if err != nil {
		return eventlog.Result{}, err
	}
	actual, err := asNumber(parts[1])
	return eventlog.Result{Stale: &eventlog.Stale{Entity: conference.Entity(entity), Actual: actual}}, err
}

func asText(value any) (string, error) {
	text, ok := value.(string)
	if !ok {
		return "", errReply
	}
	return text, nil
}

func asNumber(value any) (uint64, error) {
	text, err := asText(value)
	if err != nil {
		return 0, err
	}
	number, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, errReply
	}
	return number, nil
}

// instant converts log time, which has microseconds.
func instant(micros int64) time.Time { return time.UnixMicro(micros).UTC() }
