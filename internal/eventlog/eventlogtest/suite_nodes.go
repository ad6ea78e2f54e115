package eventlogtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog"
)

// testRetryByCause plays a lost reply: the node does not know that its commands were
// written and appends them again. Nothing is written twice, and the causes are found.
func testRetryByCause(b *bench) {
	before := b.end(b.log)
	commands := Questions(b, 4)
	if _, _, err := b.log.Append(b.ctx, before, commands[:3]); err != nil {
		b.Fatalf("append: %v", err)
	}
	results, _, err := b.log.Append(b.ctx, before, commands) // the fourth is new
	if err != nil {
		b.Fatalf("append again: %v", err)
	}
	for i, result := range results {
		if written := result.Stale == nil; written != (i == 3) {
			b.Errorf("command %d, second time: written %v", i, written)
		}
	}
	causes := make(map[string]int)
	for _, record := range b.whole(b.log) {
		causes[record.Cause]++
	}
	for _, command := range commands {
		if causes[command.ID] != 1 {
			b.Errorf("command %s is there %d times, want once", command.ID, causes[command.ID])
		}
	}
}

// testTwoNodes lets two nodes race for one entity: each version has one winner.
func testTwoNodes(b *bench) {
	const rounds = 40
	logs := []eventlog.Log{b.log, b.open(b.two, b.id)}
	if one, two := b.end(logs[0]), b.end(logs[1]); one != two {
		b.Fatalf("nodes see different logs: %+v and %+v", one, two)
	}
	start := b.end(b.log)
	group, ctx := errgroup.WithContext(b.ctx)
	wins := make([]int, len(logs))
	for node, log := range logs {
		group.Go(func() error {
			for version := uint64(0); version < rounds; {
				command := MakeCommand(b, Sample{Entity: "onAir", Checks: []eventlog.Check{{Entity: "onAir", Version: version}}})
				results, _, err := log.Append(ctx, start, []eventlog.Command{command})
				if err != nil {
					return fmt.Errorf("node %d: %w", node, err)
				}
				if stale := results[0].Stale; stale != nil {
					version = stale.Actual
					continue
				}
				wins[node]++
				version++
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		b.Fatal(err)
	}
	if wins[0]+wins[1] != rounds {
		b.Errorf("%d + %d wins, want %d", wins[0], wins[1], rounds)
	}
	b.wantLength(rounds)
	if diff := cmp.Diff(b.whole(logs[0]), b.whole(logs[1])); diff != "" {
		b.Errorf("nodes read different logs:\n%s", diff)
	}
}

func testConcurrentAppends(b *bench) {
	const submitters, batches, size = 16, 10, 3
	start := b.end(b.log)
	logs := []eventlog.Log{b.log, b.open(b.two, b.id)}
	group, ctx := errgroup.WithContext(b.ctx)
	acked := make([][]eventlog.Command, submitters)
	for i := range submitters {
		group.Go(func() error {
			for range batches {
				commands := Questions(b, size)
				results, end, err := logs[i%2].Append(ctx, start, commands)
				if err != nil {
					return err
				}
				// One batch is never torn apart by another.
				if results[size-1].First != results[0].First+size-1 || end.Pos < results[size-1].First {
					return fmt.Errorf("batch lies at %+v, end %d", results, end.Pos)
				}
				acked[i] = append(acked[i], commands...)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		b.Fatal(err)
	}
	b.wantLength(submitters * batches * size)
	WantOnce(b, b.whole(b.log), acked...)
}

// WantOnce fails the test unless every event of the commands is in the records once.
func WantOnce(tb testing.TB, records []eventlog.Record, commands ...[]eventlog.Command) {
	tb.Helper()
	times := make(map[string]int)
	for _, record := range records {
		times[record.ID]++
	}
	for _, each := range commands {
		for _, command := range each {
			for _, draft := range command.Drafts {
				if times[draft.ID] != 1 {
					tb.Errorf("event %s is there %d times, want once", draft.ID, times[draft.ID])
				}
			}
		}
	}
}

func testEpoch(b *bench) {
	b.must(Questions(b, 2)...)
	seen := b.end(b.log)
	if again := b.end(b.open(b.two, b.id)); again != seen {
		b.Errorf("second handle sees %+v, want %+v", again, seen)
	}
	for _, epoch := range []string{"", "0123456789abcdef"} {
		other := seen
		other.Epoch = epoch
		_, _, err := b.log.Append(b.ctx, other, Questions(b, 1))
		b.wantErr(err, eventlog.ErrEpoch)
	}
	if other := b.end(b.open(b.one, NewConference())); other.Epoch == seen.Epoch {
		b.Error("two logs have the same epoch")
	}
	b.wantLength(2)
}

func testRolledBack(b *bench) {
	b.must(Questions(b, 5)...)
	end, records := b.end(b.log), b.whole(b.log)
	at := func(pos uint64, hash string) eventlog.Position {
		return eventlog.Position{Epoch: end.Epoch, Pos: pos, Hash: hash}
	}
	for _, seen := range []eventlog.Position{
		at(6, end.Hash),        // more than there is
		at(1000000, end.Hash),  //
		at(5, records[3].Hash), // other event at the end
		at(2, records[2].Hash), // other event in the middle
		at(2, ""),
	} {
		_, _, err := b.log.Append(b.ctx, seen, Questions(b, 1))
		b.wantErr(err, eventlog.ErrRolledBack)
	}
	b.wantLength(5)
	// Old but true positions are welcome: the checks decide.
	for i, record := range records {
		if _, _, err := b.log.Append(b.ctx, at(record.Position, record.Hash), Questions(b, 1)); err != nil {
			b.Errorf("seen %d: %v", i+1, err)
		}
	}
	b.wantLength(10)
}

func testConferencesApart(b *bench) {
	other := NewConference()
	logs := []eventlog.Log{b.log, b.open(b.one, other)}
	for i, log := range logs {
		results, _, err := log.Append(b.ctx, b.end(log), []eventlog.Command{
			MakeCommand(b, Sample{Entity: "floor", Checks: []eventlog.Check{{Entity: "floor"}}}),
		})
		if err != nil || results[0].Stale != nil || results[0].First != 1 {
			b.Errorf("log %d: %+v, %v; want position 1", i, results, err)
		}
	}
	ids, err := b.two.Conferences(b.ctx)
	if err != nil || !slices.Contains(ids, b.id) || !slices.Contains(ids, other) {
		b.Errorf("second node lists %v, %v", ids, err)
	}
	if _, err := b.one.Log(b.ctx, conference.ID("Not An Id")); !errors.Is(err, eventlog.ErrMalformed) {
		b.Errorf("bad conference id: got %v, want %v", err, eventlog.ErrMalformed)
	}
}

func testWaitWakes(b *bench) {
	other := b.open(b.two, b.id)
	group, ctx := errgroup.WithContext(b.ctx)
	heard := make(chan uint64)
	group.Go(func() error { return follow(ctx, other, 5, heard) })
	for want := uint64(1); want <= 5; want++ {
		b.must(Questions(b, 1)...)
		select {
		case got := <-heard:
			if got != want {
				b.Fatalf("woken for %d, want %d", got, want)
			}
		case <-ctx.Done():
			b.Fatalf("waiter: %v", group.Wait())
		}
	}
	if err := group.Wait(); err != nil {
		b.Fatal(err)
	}
	if err := b.log.Wait(b.ctx, 4); err != nil {
		b.Errorf("wait for what is there: %v", err)
	}
}

// follow reports the positions of a log as they come, until the last.
func follow(ctx context.Context, log eventlog.Log, last uint64, heard chan<- uint64) error {
	for after := uint64(0); after < last; {
		if err := log.Wait(ctx, after); err != nil {
			return err
		}
		records, _, err := log.Read(ctx, after, 10)
		if err != nil {
			return err
		}
		for _, record := range records {
			after = record.Position
			select {
			case heard <- after:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	return nil
}

func testWaitEnds(b *bench) {
	ctx, cancel := context.WithCancel(b.ctx)
	waiting := make(chan struct{})
	var group errgroup.Group
	group.Go(func() error {
		close(waiting)
		return follow(ctx, b.log, 1, nil)
	})
	<-waiting
	cancel()
	b.wantErr(group.Wait(), context.Canceled)
}
