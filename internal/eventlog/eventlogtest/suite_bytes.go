package eventlogtest

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/google/go-cmp/cmp"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog"
)

func testResume(b *bench) {
	const length = 30
	for range length / 3 {
		commands := Questions(b, 3)
		commands[1].Drafts[0].Sealed = map[string][]byte{"body": []byte("sealed " + commands[1].ID)}
		b.must(commands...)
	}
	all := b.whole(b.log)
	for after := range uint64(length + 3) {
		for _, limit := range []int{-1, 0, 1, 7, length, 100000} {
			records, end, err := b.log.Read(b.ctx, after, limit)
			if err != nil {
				b.Fatalf("read %d after %d: %v", limit, after, err)
			}
			if end.Pos != length || end.Hash != all[length-1].Hash {
				b.Errorf("read %d after %d: end %+v", limit, after, end)
			}
			from := min(after, length)
			want := all[from:min(from+uint64(max(limit, 0)), length)]
			if len(want) != len(records) || len(want) > 0 && !cmp.Equal(want, records) {
				b.Errorf("read %d after %d (-want +got):\n%s", limit, after, cmp.Diff(want, records))
			}
		}
	}
}

func testErase(b *bench) {
	secrets := map[string][]byte{"body": []byte("sealed words"), "phone": []byte("sealed number")}
	commands := Questions(b, 3)
	commands[0].Drafts[0].Sealed = secrets
	commands[1].Drafts[0].Sealed = secrets
	b.must(commands...)
	for _, record := range b.whole(b.log) {
		if eventlog.Erased(record) {
			b.Errorf("event at %d counts as erased", record.Position)
		}
	}
	event := commands[0].Drafts[0].ID
	err := b.log.Erase(b.ctx, []eventlog.Erasure{
		{EventID: event, Field: "body"},
		{EventID: event, Field: "unknown"},
		{EventID: "unknown", Field: "body"},
	})
	if err != nil {
		b.Fatalf("erase: %v", err)
	}
	if err := b.log.Erase(b.ctx, nil); err != nil {
		b.Errorf("erase nothing: %v", err)
	}
	b.must(Questions(b, 1)...) // the chain goes on
	records := b.whole(b.open(b.two, b.id))
	want := []map[string][]byte{{"phone": secrets["phone"]}, secrets, nil, nil}
	for i, record := range records {
		if diff := cmp.Diff(want[i], record.Sealed); diff != "" {
			b.Errorf("sealed fields of %d (-want +got):\n%s", record.Position, diff)
		}
		if got := eventlog.Erased(record); got != (i == 0) {
			b.Errorf("event at %d erased: %v", record.Position, got)
		}
	}
	if err := b.log.Erase(b.ctx, []eventlog.Erasure{{EventID: event, Field: "phone"}, {EventID: event, Field: "body"}}); err != nil {
		b.Fatalf("erase the rest: %v", err)
	}
	if records := b.whole(b.log); records[0].Sealed != nil || !eventlog.Erased(records[0]) {
		b.Errorf("after erasing all: %v", records[0].Sealed)
	}
}

// testAnyBytes stores what storage tends to mangle.
func testAnyBytes(b *bench) {
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	commands := []eventlog.Command{
		MakeCommand(b, Sample{Entity: "question:ề'\"\x00\r\n{}", Note: "Đất đai ấp Bà Điểm \u2028 <b>'\"\x00\r\n", Sealed: map[string][]byte{
			"every": every, "empty": {}, "long": bytes.Repeat(every, 512), "nil": nil,
		}}),
	}
	b.must(commands...)
	record := b.whole(b.log)[0]
	if !bytes.Equal(record.Canonical, commands[0].Drafts[0].Canonical) {
		b.Errorf("canonical: got %q, want %q", record.Canonical, commands[0].Drafts[0].Canonical)
	}
	for field, want := range commands[0].Drafts[0].Sealed {
		got, ok := record.Sealed[field]
		if !ok || !bytes.Equal(got, want) {
			b.Errorf("field %s: %d bytes (there: %v), want %d", field, len(got), ok, len(want))
		}
	}
	if eventlog.Erased(record) {
		b.Error("the sealed fields do not give their digest")
	}
	results, _, err := b.log.Append(b.ctx, b.end(b.log), []eventlog.Command{{
		ID: NewID(), Checks: []eventlog.Check{{Entity: "question:ề'\"\x00\r\n{}", Version: 1}},
	}})
	if err != nil || results[0].Stale != nil {
		b.Errorf("check of an odd entity: %+v, %v", results, err)
	}
}

// goldenHash is the chain's end after goldenCommands, on whatever adapter. Changing it
// breaks every log there is.
const goldenHash = "c777a5a2a3bc8d89d2206843cc807215e97165b1"

func goldenCommands(b *bench) []eventlog.Command {
	var commands []eventlog.Command
	for i := range 12 {
		sample := Sample{
			Command: fmt.Sprintf("command-%d", i), Event: fmt.Sprintf("event-%d", i),
			Entity: conference.Entity(fmt.Sprintf("question:%d", i)), Note: strings.Repeat("ề", i),
		}
		if i%3 == 0 {
			sample.Sealed = map[string][]byte{"phone": {byte(i)}, "body": []byte("b"), "name": nil}
		}
		commands = append(commands, MakeCommand(b, sample))
	}
	return commands
}

func testSameBytes(b *bench) {
	_, end := b.must(goldenCommands(b)...)
	if end.Hash != goldenHash {
		b.Errorf("chain ends with %s, want %s", end.Hash, goldenHash)
	}
	b.wantLength(12)
}

func testLimits(b *bench) {
	full := Questions(b, eventlog.MaxBatchDrafts)
	_, _, err := b.log.Append(b.ctx, b.end(b.log), append(full, Questions(b, 1)...))
	b.wantErr(err, eventlog.ErrTooLarge)
	heavy := Questions(b, 2)
	for i := range heavy {
		heavy[i].Drafts[0].Sealed = map[string][]byte{"body": make([]byte, eventlog.MaxBatchBytes/2)}
	}
	_, _, err = b.log.Append(b.ctx, b.end(b.log), heavy)
	b.wantErr(err, eventlog.ErrTooLarge)
	b.wantLength(0)
	b.must(full...)
	b.must(heavy[0])
	b.wantLength(eventlog.MaxBatchDrafts + 1)
}

func testMalformed(b *bench) {
	for name, spoil := range map[string]func(*eventlog.Command){
		"no command id":   func(c *eventlog.Command) { c.ID = "" },
		"no entity":       func(c *eventlog.Command) { c.Checks[0].Entity = "" },
		"no event id":     func(c *eventlog.Command) { c.Drafts[0].ID = "" },
		"bad event id":    func(c *eventlog.Command) { c.Drafts[0].ID = "a/b" },
		"no content":      func(c *eventlog.Command) { c.Drafts[0].Canonical = nil },
		"bumps no entity": func(c *eventlog.Command) { c.Drafts[0].Bumps = []conference.Entity{""} },
		"bad field":       func(c *eventlog.Command) { c.Drafts[0].Sealed = map[string][]byte{"a,b": nil} },
	} {
		commands := Questions(b, 2)
		spoil(&commands[1])
		if _, _, err := b.log.Append(b.ctx, b.end(b.log), commands); err == nil {
			b.Errorf("%s: written", name)
		}
	}
	b.wantLength(0)
}

func testEndedContext(b *bench) {
	start := b.end(b.log)
	ctx, cancel := context.WithCancel(b.ctx)
	cancel()
	_, _, err := b.log.Append(ctx, start, Questions(b, 1))
	b.wantErr(err, eventlog.ErrUnavailable)
	b.wantErr(err, context.Canceled)
	b.wantErr(b.log.Wait(ctx, 0), context.Canceled)
	b.wantLength(0)
}
