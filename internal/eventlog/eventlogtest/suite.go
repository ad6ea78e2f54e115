package eventlogtest

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog"
)

// Open returns two stores on the same data, as two nodes have them, closed at the end
// of the test. An adapter for one process returns the same store twice.
type Open func(tb testing.TB) (one, two eventlog.Store)

// RunLog is the conformance suite of eventlog.Store and eventlog.Log.
func RunLog(t *testing.T, open Open) {
	t.Helper()
	for _, test := range []struct {
		name string
		run  func(*bench)
	}{
		{"Append", testAppend},
		{"StaleOneOfMany", testStaleOneOfMany},
		{"VersionsWithinBatch", testVersionsWithinBatch},
		{"NothingToWrite", testNothingToWrite},
		{"RetryByCause", testRetryByCause},
		{"TwoNodes", testTwoNodes},
		{"ConcurrentAppends", testConcurrentAppends},
		{"ResumeFromEveryPosition", testResume},
		{"ErasedField", testErase},
		{"AnyBytes", testAnyBytes},
		{"SameBytesOnEveryAdapter", testSameBytes},
		{"OtherEpoch", testEpoch},
		{"RolledBack", testRolledBack},
		{"Fence", testFence},
		{"Renew", testRenew},
		{"Limits", testLimits},
		{"Malformed", testMalformed},
		{"EndedContext", testEndedContext},
		{"ConferencesApart", testConferencesApart},
		{"WaitWakes", testWaitWakes},
		{"WaitEnds", testWaitEnds},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			one, two := open(t)
			b := &bench{T: t, ctx: t.Context(), id: NewConference(), one: one, two: two}
			b.log = b.open(one, b.id)
			test.run(b)
		})
	}
}

// bench is what one test of the suite works on.
type bench struct {
	*testing.T
	ctx      context.Context //nolint:containedctx // lives as long as its test
	id       conference.ID
	one, two eventlog.Store
	log      eventlog.Log // of id, on one
}

func (b *bench) open(store eventlog.Store, id conference.ID) eventlog.Log {
	b.Helper()
	log, err := store.Log(b.ctx, id)
	if err != nil {
		b.Fatalf("open log: %v", err)
	}
	return log
}

func (b *bench) end(log eventlog.Log) eventlog.Position {
	b.Helper()
	_, end, err := log.Read(b.ctx, 0, 0)
	if err != nil {
		b.Fatalf("read end: %v", err)
	}
	return end
}

// must appends after the log's end and fails unless everything was written.
func (b *bench) must(commands ...eventlog.Command) ([]eventlog.Result, eventlog.Position) {
	b.Helper()
	results, end, err := b.log.Append(b.ctx, b.end(b.log), commands)
	if err != nil {
		b.Fatalf("append: %v", err)
	}
	for i, result := range results {
		if result.Stale != nil {
			b.Fatalf("command %d is stale: %+v", i, *result.Stale)
		}
	}
	return results, end
}

// whole reads the log and fails unless its chain is whole and ends at the log's end.
func (b *bench) whole(log eventlog.Log) []eventlog.Record {
	b.Helper()
	records, end, err := ReadAll(b.ctx, log, 100)
	if err != nil {
		b.Fatalf("read all: %v", err)
	}
	verified, err := eventlog.Verify(eventlog.Position{Epoch: end.Epoch}, records)
	if err != nil {
		b.Fatalf("verify: %v", err)
	}
	if diff := cmp.Diff(end, verified); diff != "" {
		b.Fatalf("end of the chain (-told +verified):\n%s", diff)
	}
	return records
}

// wantErr fails unless err is target.
func (b *bench) wantErr(err, target error) {
	b.Helper()
	if !errors.Is(err, target) {
		b.Fatalf("got error %v, want %v", err, target)
	}
}

// wantLength fails unless the log has so many events.
func (b *bench) wantLength(want int) {
	b.Helper()
	if got := len(b.whole(b.log)); got != want {
		b.Fatalf("log has %d events, want %d", got, want)
	}
}

func testAppend(b *bench) {
	if ids := b.conferences(); slices.Contains(ids, b.id) {
		b.Errorf("a log without events is listed: %v", ids)
	}
	first := b.end(b.log)
	if first.Pos != 0 || first.Hash != "" || len(first.Epoch) != 16 {
		b.Fatalf("empty log ends at %+v", first)
	}
	commands := Questions(b, 3)
	commands[1].Drafts = append(commands[1].Drafts, MakeDraft(b, Sample{Command: commands[1].ID, Entity: "queue"}))
	results, end := b.must(commands...)
	var firsts []uint64
	for _, result := range results {
		firsts = append(firsts, result.First)
	}
	if diff := cmp.Diff([]uint64{1, 2, 4}, firsts); diff != "" {
		b.Errorf("first positions (-want +got):\n%s", diff)
	}
	if end.Pos != 4 || end.Epoch != first.Epoch {
		b.Errorf("log ends at %+v, want position 4 of epoch %s", end, first.Epoch)
	}
	records := b.whole(b.log)
	var want []eventlog.Record
	for _, command := range commands {
		for _, draft := range command.Drafts {
			want = append(want, eventlog.Record{
				Position: uint64(len(want) + 1), At: results[0].At, ID: draft.ID, Cause: command.ID, Canonical: draft.Canonical,
				Digest: eventlog.Digest(draft.Canonical, nil),
			})
		}
	}
	if diff := cmp.Diff(want, records, cmpopts.IgnoreFields(eventlog.Record{}, "Hash")); diff != "" {
		b.Errorf("records (-want +got):\n%s", diff)
	}
	if ids := b.conferences(); !slices.Contains(ids, b.id) {
		b.Errorf("the log is not listed: %v", ids)
	}
	event, err := eventlog.Decode(records[0])
	if err != nil || event.Position != 1 || !event.At.Equal(results[0].At) || event.Cause != commands[0].ID {
		b.Errorf("decoded %+v, %v", event, err)
	}
}

func (b *bench) conferences() []conference.ID {
	b.Helper()
	ids, err := b.one.Conferences(b.ctx)
	if err != nil {
		b.Fatalf("list conferences: %v", err)
	}
	return ids
}

func testStaleOneOfMany(b *bench) {
	b.must(MakeCommand(b, Sample{Entity: "onAir"}))
	commands := Questions(b, 5)
	// The third rests on an onAir that was changed since; its second draft must not
	// remain either.
	commands[2].Checks = append(commands[2].Checks, eventlog.Check{Entity: "onAir"})
	commands[2].Drafts = append(commands[2].Drafts, MakeDraft(b, Sample{Command: commands[2].ID, Entity: "onAir"}))
	results, end, err := b.log.Append(b.ctx, b.end(b.log), commands)
	if err != nil {
		b.Fatalf("append: %v", err)
	}
	want := []eventlog.Result{{First: 2}, {First: 3}, {Stale: &eventlog.Stale{Entity: "onAir", Actual: 1}}, {First: 4}, {First: 5}}
	if diff := cmp.Diff(want, results, cmpopts.IgnoreFields(eventlog.Result{}, "At")); diff != "" {
		b.Errorf("results (-want +got):\n%s", diff)
	}
	if end.Pos != 5 {
		b.Errorf("log ends at %d, want 5", end.Pos)
	}
	for _, record := range b.whole(b.log) {
		if record.Cause == commands[2].ID {
			b.Errorf("the stale command wrote position %d", record.Position)
		}
	}
	// Decided anew on the true version, it is written.
	commands[2].Checks[1].Version = 1
	if results, _ := b.must(commands[2]); results[0].First != 6 {
		b.Errorf("second try at %d, want 6", results[0].First)
	}
}

func testVersionsWithinBatch(b *bench) {
	check := func(version uint64) []eventlog.Check {
		return []eventlog.Check{{Entity: "floor", Version: version}}
	}
	twice := MakeCommand(b, Sample{Command: NewID(), Entity: "floor", Checks: check(1)})
	twice.Drafts = append(twice.Drafts, MakeDraft(b, Sample{Command: twice.ID, Entity: "floor"}))
	results, _, err := b.log.Append(b.ctx, b.end(b.log), []eventlog.Command{
		MakeCommand(b, Sample{Entity: "floor", Checks: check(0)}),
		MakeCommand(b, Sample{Entity: "floor", Checks: check(0)}), // stale by the first
		twice, // sees the first
		MakeCommand(b, Sample{Entity: "floor", Checks: check(3)}),
	})
	if err != nil {
		b.Fatalf("append: %v", err)
	}
	want := []eventlog.Result{{First: 1}, {Stale: &eventlog.Stale{Entity: "floor", Actual: 1}}, {First: 2}, {First: 4}}
	if diff := cmp.Diff(want, results, cmpopts.IgnoreFields(eventlog.Result{}, "At")); diff != "" {
		b.Errorf("results (-want +got):\n%s", diff)
	}
	b.wantLength(4)
}

func testNothingToWrite(b *bench) {
	b.must(Questions(b, 2)...)
	before := b.end(b.log)
	results, end, err := b.log.Append(b.ctx, before, nil)
	if err != nil || len(results) != 0 || end != before {
		b.Errorf("empty batch: %v, %+v, %v; want end %+v", results, end, err, before)
	}
	// A command without drafts is a question: do the checks hold?
	results, end, err = b.log.Append(b.ctx, before, []eventlog.Command{
		{ID: NewID(), Checks: []eventlog.Check{{Entity: "floor"}}},
		{ID: NewID(), Checks: []eventlog.Check{{Entity: "floor", Version: 7}}},
	})
	if err != nil || end != before {
		b.Fatalf("no drafts: end %+v, %v; want %+v", end, err, before)
	}
	if results[0].Stale != nil || results[1].Stale == nil {
		b.Errorf("no drafts: got %+v, want the second to be stale", results)
	}
	b.wantLength(2)
}
