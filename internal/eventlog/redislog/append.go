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
// ends, or a connection that breaks, after the script was sent gives ErrUnknownOutcome;
// so does an event that too few replicas have confirmed in time.
func (l *Log) Append(ctx context.Context, seen eventlog.Position, commands []eventlog.Command) ([]eventlog.Result, eventlog.Position, error) {
	what := "append to " + string(l.id)
	if err := eventlog.CheckBatch(commands); err != nil {
		return nil, eventlog.Position{}, fmt.Errorf("%s: %w", what, err)
	}
	return l.execute(ctx, what, l.arguments(seen, "", commands), len(commands))
}

// Renew gives a log that no longer holds lost a new epoch; see eventlog.Log.
func (l *Log) Renew(ctx context.Context, lost eventlog.Position, epoch string, note eventlog.Command) (eventlog.Position, error) {
	what := "renew " + string(l.id)
	if err := eventlog.CheckNote(epoch, note); err != nil {
		return eventlog.Position{}, fmt.Errorf("%s: %w", what, err)
	}
	note.Checks = nil
	_, end, err := l.execute(ctx, what, l.arguments(lost, epoch, []eventlog.Command{note}), 1)
	return end, err
}

// execute runs the script and waits for the replicas.
func (l *Log) execute(ctx context.Context, what string, args []any, commands int) ([]eventlog.Result, eventlog.Position, error) {
	if err := ended(ctx, what); err != nil {
		return nil, eventlog.Position{}, err
	}
	reply, confirmed, err := l.run(ctx, args)
	if err != nil {
		return nil, eventlog.Position{}, outcome(what, err)
	}
	results, end, err := parseReply(reply, commands)
	if err == nil {
		err = confirmed()
	}
	if err != nil {
		return nil, eventlog.Position{}, fmt.Errorf("%s: %w", what, err)
	}
	return results, end, nil
}

// run sends the script, and the wait for replicas behind it, in a pipeline of its own:
// one connection's, because WAIT counts for the writes of its own connection only. The
// function returned tells whether enough replicas have what the script wrote.
func (l *Log) run(ctx context.Context, args []any) (reply []any, confirmed func() error, err error) {
	names := []string{l.keys.events, l.keys.meta, l.keys.versions, l.keys.sealed}
	send := func(script func(pipe redis.Pipeliner) *redis.Cmd) error {
		pipe := l.store.calls.Pipeline()
		cmd := script(pipe)
		confirmed = l.store.watch.waiting().wait(ctx, pipe)
		_, failed := pipe.Exec(ctx)
		reply, err = cmd.Slice()
		if cmd.Err() == nil && cmd.Val() == nil && failed != nil {
			err = failed // it was never sent
		}
		return err
	}
	err = send(func(pipe redis.Pipeliner) *redis.Cmd {
		return pipe.EvalSha(ctx, l.store.append.Hash(), names, args...)
	})
	if redis.HasErrorPrefix(err, "NOSCRIPT") { // a new or restarted server: send the text once
		err = send(func(pipe redis.Pipeliner) *redis.Cmd { return pipe.Eval(ctx, appendScript, names, args...) })
	}
	return reply, confirmed, err
}

// arguments lays a batch out as append.lua reads it. epoch is the new one of Renew, or "".
func (l *Log) arguments(seen eventlog.Position, epoch string, commands []eventlog.Command) []any {
	entities, numbers := list(commands)
	args := make([]any, 0, len(entities)+16*len(commands)+7)
	args = append(args, seen.Epoch, seen.Pos, seen.Hash, epoch, flag(l.store.watch.replication.want > 0), len(entities))
	args = append(append(args, entities...), len(commands))
	for i := range commands {
		command := &commands[i]
		args = append(args, command.ID, len(command.Checks))
		for _, check := range command.Checks {
			args = append(args, numbers[check.Entity], check.Version)
		}
		args = append(args, len(command.Drafts))
		for j := range command.Drafts {
			args = appendDraft(args, numbers, &command.Drafts[j])
		}
	}
	return args
}

// list returns the entities of a batch, each once, and the place of each, from 1.
func list(commands []eventlog.Command) (entities []any, numbers map[conference.Entity]int) {
	numbers = make(map[conference.Entity]int, len(commands)+1)
	add := func(entity conference.Entity) {
		if numbers[entity] == 0 {
			entities = append(entities, string(entity))
			numbers[entity] = len(entities)
		}
	}
	for i := range commands {
		for _, check := range commands[i].Checks {
			add(check.Entity)
		}
		for j := range commands[i].Drafts {
			for _, entity := range commands[i].Drafts[j].Bumps {
				add(entity)
			}
		}
	}
	return entities, numbers
}

func appendDraft(args []any, numbers map[conference.Entity]int, draft *eventlog.Draft) []any {
	args = append(args, draft.ID, draft.Canonical, draft.Sum(), len(draft.Bumps))
	for _, entity := range draft.Bumps {
		args = append(args, numbers[entity])
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
	case "HELD":
		return nil, end, eventlog.ErrHeld
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
