package eventlogtest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog"
	"github.com/diemcau/diemcau/internal/eventlog/eventlogtest"
	"github.com/diemcau/diemcau/internal/eventlog/redislog"
	"github.com/diemcau/diemcau/internal/eventlog/sqlitelog"
)

// model is the port in the plainest words: a slice and a map, and the batch played on a
// copy of the map.
type model struct {
	records  []eventlog.Record
	versions map[conference.Entity]uint64
}

func (m *model) hash(pos uint64) string {
	if pos == 0 {
		return ""
	}
	return m.records[pos-1].Hash
}

func (m *model) append(commands []eventlog.Command) []eventlog.Result {
	var results []eventlog.Result
	for _, command := range commands {
		result := eventlog.Result{First: uint64(len(m.records) + 1)}
		for _, check := range command.Checks {
			if m.versions[check.Entity] != check.Version {
				result = eventlog.Result{Stale: &eventlog.Stale{Entity: check.Entity, Actual: m.versions[check.Entity]}}
				break
			}
		}
		if results = append(results, result); result.Stale != nil {
			continue
		}
		for _, draft := range command.Drafts {
			digest, pos := eventlog.Digest(draft.Canonical, draft.Sealed), uint64(len(m.records)+1)
			record := eventlog.Record{
				Position: pos, ID: draft.ID, Cause: command.ID, Canonical: draft.Canonical,
				Digest: digest, Hash: eventlog.Hash(m.hash(pos-1), pos, digest),
			}
			if len(draft.Sealed) > 0 {
				record.Sealed = make(map[string][]byte)
				maps.Copy(record.Sealed, draft.Sealed)
			}
			m.records = append(m.records, record)
			for _, entity := range draft.Bumps {
				m.versions[entity]++
			}
		}
	}
	return results
}

func (m *model) erase(fields []eventlog.Erasure) {
	for _, each := range fields {
		for i := range m.records {
			if m.records[i].ID == each.EventID {
				delete(m.records[i].Sealed, each.Field)
			}
		}
	}
}

// machine drives the model and one log per adapter through the same calls.
type machine struct {
	ctx   context.Context //nolint:containedctx // lives as long as its test
	model model
	logs  map[string]eventlog.Log
	epoch map[string]string
}

var (
	entities = []conference.Entity{"queue", "onAir", "floor", "question:a", "question:b"}
	fields   = []string{"body", "name", "phone"}
)

func (m *machine) drawCommands(t *rapid.T) []eventlog.Command {
	commands := make([]eventlog.Command, rapid.IntRange(0, 6).Draw(t, "commands"))
	for i := range commands {
		commands[i].ID = eventlogtest.NewID()
		for range rapid.IntRange(0, 3).Draw(t, "checks") {
			entity := rapid.SampledFrom(entities).Draw(t, "checked")
			// Mostly right before the batch; wrong when the batch bumps it first.
			version := m.model.versions[entity] + uint64(rapid.SampledFrom([]int{0, 0, 0, 0, 1, 2}).Draw(t, "off"))
			commands[i].Checks = append(commands[i].Checks, eventlog.Check{Entity: entity, Version: version})
		}
		for range rapid.IntRange(0, 3).Draw(t, "drafts") {
			commands[i].Drafts = append(commands[i].Drafts, drawDraft(t, commands[i].ID))
		}
	}
	return commands
}

func drawDraft(t *rapid.T, cause string) eventlog.Draft {
	event := conference.Event{
		ID: eventlogtest.NewID(), Type: "question.submitted", V: 1, Cause: cause,
		Bumps: rapid.SliceOfN(rapid.SampledFrom(entities), 0, 3).Draw(t, "bumps"),
		Actor: conference.Actor{Role: conference.RoleModerator, Person: rapid.String().Draw(t, "person")},
	}
	canonical, err := eventlog.Encode(event)
	if err != nil {
		t.Fatalf("encode: %v", err)
	}
	draft := eventlog.Draft{ID: event.ID, Canonical: canonical, Bumps: event.Bumps}
	for _, field := range rapid.SliceOfNDistinct(rapid.SampledFrom(fields), 0, 3, rapid.ID).Draw(t, "fields") {
		if draft.Sealed == nil {
			draft.Sealed = make(map[string][]byte)
		}
		draft.Sealed[field] = rapid.SliceOf(rapid.Byte()).Draw(t, "ciphertext")
	}
	return draft
}

func (m *machine) Append(t *rapid.T) {
	commands := m.drawCommands(t)
	pos := rapid.Uint64Range(0, uint64(len(m.model.records))).Draw(t, "seen")
	seenHash := m.model.hash(pos)
	want := m.model.append(commands)
	length := uint64(len(m.model.records))
	for name, log := range m.logs {
		seen := eventlog.Position{Epoch: m.epoch[name], Pos: pos, Hash: seenHash}
		got, end, err := log.Append(m.ctx, seen, commands)
		if err != nil {
			t.Fatalf("%s: append: %v", name, err)
		}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(eventlog.Result{}, "At"), cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("%s: results (-want +got):\n%s", name, diff)
		}
		if wantEnd := (eventlog.Position{Epoch: m.epoch[name], Pos: length, Hash: m.model.hash(length)}); end != wantEnd {
			t.Fatalf("%s: end %+v, want %+v", name, end, wantEnd)
		}
	}
}

func (m *machine) AppendOnAnotherHistory(t *rapid.T) {
	length := uint64(len(m.model.records))
	seen := eventlog.Position{Pos: rapid.Uint64Range(1, length+2).Draw(t, "seen"), Hash: eventlog.Hash("", 1, "another")}
	for name, log := range m.logs {
		seen.Epoch = m.epoch[name]
		if _, _, err := log.Append(m.ctx, seen, m.drawCommands(t)); !errors.Is(err, eventlog.ErrRolledBack) {
			t.Fatalf("%s: got %v, want %v", name, err, eventlog.ErrRolledBack)
		}
		seen.Epoch = "other"
		if _, _, err := log.Append(m.ctx, seen, nil); !errors.Is(err, eventlog.ErrEpoch) {
			t.Fatalf("%s: got %v, want %v", name, err, eventlog.ErrEpoch)
		}
	}
}

func (m *machine) Erase(t *rapid.T) {
	var erasures []eventlog.Erasure
	for range rapid.IntRange(0, 3).Draw(t, "erasures") {
		id := "unknown"
		if len(m.model.records) > 0 {
			id = m.model.records[rapid.IntRange(0, len(m.model.records)-1).Draw(t, "event")].ID
		}
		erasures = append(erasures, eventlog.Erasure{EventID: id, Field: rapid.SampledFrom(fields).Draw(t, "field")})
	}
	m.model.erase(erasures)
	for name, log := range m.logs {
		if err := log.Erase(m.ctx, erasures); err != nil {
			t.Fatalf("%s: erase: %v", name, err)
		}
	}
}

func (m *machine) Read(t *rapid.T) {
	length := len(m.model.records)
	after, limit := rapid.IntRange(0, length+1).Draw(t, "after"), rapid.IntRange(-1, 10).Draw(t, "limit")
	from := min(after, length)
	m.compare(t, after, limit, m.model.records[from:min(from+max(limit, 0), length)])
}

// Check compares the newest records after every step; everything is compared at the end.
func (m *machine) Check(t *rapid.T) {
	after := max(0, len(m.model.records)-10)
	m.compare(t, after, eventlog.MaxRead, m.model.records[after:])
}

func (m *machine) compare(t *rapid.T, after, limit int, want []eventlog.Record) {
	for name, log := range m.logs {
		got, end, err := log.Read(m.ctx, uint64(after), limit)
		if err != nil {
			t.Fatalf("%s: read: %v", name, err)
		}
		if !slices.EqualFunc(want, got, sameButTime) {
			ignoreTime := cmpopts.IgnoreFields(eventlog.Record{}, "At")
			t.Fatalf("%s: %d records after %d (-want +got):\n%s", name, limit, after, cmp.Diff(want, got, ignoreTime))
		}
		if after > 0 || len(got) != len(m.model.records) {
			continue
		}
		if last, err := eventlog.Verify(eventlog.Position{Epoch: m.epoch[name]}, got); err != nil || last != end {
			t.Fatalf("%s: verified to %+v of %+v: %v", name, last, end, err)
		}
	}
}

// sameButTime compares by hand: go-cmp would take most of the test's time.
func sameButTime(a, b eventlog.Record) bool {
	return a.Position == b.Position && a.ID == b.ID && a.Cause == b.Cause && a.Digest == b.Digest && a.Hash == b.Hash &&
		bytes.Equal(a.Canonical, b.Canonical) && maps.EqualFunc(a.Sealed, b.Sealed, bytes.Equal)
}

// TestQ6_SQLiteRedisModel: whatever is asked of them, SQLite, Redis and the
// plain model answer alike and hold the same bytes.
func TestQ6_SQLiteRedisModel(t *testing.T) {
	t.Parallel()
	discard := slog.New(slog.DiscardHandler)
	embedded, err := sqlitelog.Open(t.Context(), t.TempDir(), discard)
	if err != nil {
		t.Fatal(err)
	}
	// Durability is not in question here: the server need not write.
	server := eventlogtest.StartRedis(t, "--appendonly", "no")
	production, err := redislog.Open(t.Context(), server.URL, discard)
	if err != nil {
		t.Fatal(err)
	}
	stores := map[string]eventlog.Store{"sqlite": embedded, "redis": production}
	rapid.Check(t, func(rt *rapid.T) {
		id := eventlogtest.NewConference()
		m := &machine{
			ctx: t.Context(), model: model{versions: make(map[conference.Entity]uint64)},
			logs: make(map[string]eventlog.Log), epoch: make(map[string]string),
		}
		for name, store := range stores {
			log, err := store.Log(m.ctx, id)
			if err != nil {
				rt.Fatalf("%s: open: %v", name, err)
			}
			_, end, err := log.Read(m.ctx, 0, 0)
			if err != nil {
				rt.Fatalf("%s: read: %v", name, err)
			}
			m.logs[name], m.epoch[name] = log, end.Epoch
		}
		rt.Repeat(rapid.StateMachineActions(m))
		m.compare(rt, 0, eventlog.MaxRead, m.model.records)
	})
	if err := errors.Join(embedded.Close(), production.Close()); err != nil {
		t.Error(fmt.Errorf("close: %w", err))
	}
}
