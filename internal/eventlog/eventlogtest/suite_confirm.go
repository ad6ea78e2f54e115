package eventlogtest

import (
	"errors"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/diemcau/diemcau/internal/eventlog"
)

// testFence: an Append without commands writes no event and returns the log's end, also
// when another node has written meanwhile; it knows a lost position.
func testFence(b *bench) {
	b.must(Questions(b, 2)...)
	seen := b.end(b.log)
	other := b.open(b.two, b.id)
	if _, _, err := other.Append(b.ctx, seen, Questions(b, 3)); err != nil {
		b.Fatal(err)
	}
	results, end, err := b.log.Append(b.ctx, seen, nil)
	if err != nil || len(results) != 0 || end != b.end(b.log) || end.Pos != 5 {
		b.Errorf("fence: %+v, %+v, %v; want the end at 5", results, end, err)
	}
	for _, lost := range []eventlog.Position{
		{Epoch: seen.Epoch, Pos: 6, Hash: end.Hash},
		{Epoch: seen.Epoch, Pos: 1, Hash: end.Hash},
	} {
		_, _, err := b.log.Append(b.ctx, lost, nil)
		b.wantErr(err, eventlog.ErrRolledBack)
	}
	b.wantLength(5)
}

// testRenew: of many that notice a rollback one gives the log a new epoch and notes it;
// whoever holds what is not lost changes nothing.
func testRenew(b *bench) {
	const nodes = 8
	b.must(Questions(b, 4)...)
	end := b.end(b.log)
	lost := eventlog.Position{Epoch: end.Epoch, Pos: 9, Hash: end.Hash}
	_, err := b.log.Renew(b.ctx, end, eventlog.NewEpoch(), note(b))
	b.wantErr(err, eventlog.ErrHeld)
	for name, call := range map[string]func() error{
		"no note":  func() error { _, err := b.log.Renew(b.ctx, lost, "x", eventlog.Command{ID: "c"}); return err },
		"no epoch": func() error { _, err := b.log.Renew(b.ctx, lost, "", note(b)); return err },
	} {
		if err := call(); !errors.Is(err, eventlog.ErrMalformed) {
			b.Errorf("%s: got %v, want %v", name, err, eventlog.ErrMalformed)
		}
	}
	if now := b.end(b.log); now != end {
		b.Fatalf("log ends at %+v, want %+v", now, end)
	}
	logs := []eventlog.Log{b.log, b.open(b.two, b.id)}
	errs := make([]error, nodes)
	ends := make([]eventlog.Position, nodes)
	notes := make([]eventlog.Command, nodes)
	for i := range nodes {
		notes[i] = note(b)
		notes[i].Checks = []eventlog.Check{{Entity: "log", Version: 7}} // not asked for
	}
	var group errgroup.Group
	for i := range nodes {
		group.Go(func() error {
			ends[i], errs[i] = logs[i%2].Renew(b.ctx, lost, eventlog.NewEpoch(), notes[i])
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		b.Fatal(err)
	}
	won := -1
	for i, err := range errs {
		switch {
		case err == nil && won < 0:
			won = i
		case !errors.Is(err, eventlog.ErrEpoch):
			b.Errorf("node %d: got %v, want one winner and %v", i, err, eventlog.ErrEpoch)
		}
	}
	if won < 0 {
		b.Fatal("nobody renewed the log")
	}
	now := b.end(b.log)
	if now != ends[won] || now.Epoch == end.Epoch || now.Pos != end.Pos+1 {
		b.Errorf("log ends at %+v, winner was told %+v; want one event in another epoch than %s", now, ends[won], end.Epoch)
	}
	records := b.whole(b.log)
	if last := records[len(records)-1]; last.Cause != notes[won].ID {
		b.Errorf("last event is of %s, want the note of %s", last.Cause, notes[won].ID)
	}
	_, _, err = b.log.Append(b.ctx, end, Questions(b, 1))
	b.wantErr(err, eventlog.ErrEpoch)
	b.must(Questions(b, 1)...)
	b.must(MakeCommand(b, Sample{Entity: "log", Checks: []eventlog.Check{{Entity: "log", Version: 1}}}))
}

func note(tb testing.TB) eventlog.Command {
	tb.Helper()
	return MakeCommand(tb, Sample{Entity: "log", Note: "rolled back"})
}
