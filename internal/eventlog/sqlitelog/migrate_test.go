package sqlitelog_test

import (
	"database/sql"
	_ "embed"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/diemcau/diemcau/internal/eventlog"
	"github.com/diemcau/diemcau/internal/eventlog/eventlogtest"
)

//go:embed testdata/first_layout.sql
var firstLayout string

// TestJ10_SQLiteFirstLayout: a folder that was written before events had keys of their own
// is read to the byte, erased fields stay erased, and the log goes on.
func TestJ10_SQLiteFirstLayout(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	store := open(t, dir)
	log, end := openLog(t, store)
	commands := eventlogtest.Questions(t, 600) // more than are moved at once
	for i := range commands {
		if i%3 == 0 {
			commands[i].Drafts[0].Sealed = map[string][]byte{"body": []byte(fmt.Sprint("words ", i)), "name": {}}
		}
	}
	for batch := 0; batch < len(commands); batch += 300 {
		var err error
		if _, end, err = log.Append(t.Context(), end, commands[batch:batch+300]); err != nil {
			t.Fatal(err)
		}
	}
	if err := log.Erase(t.Context(), []eventlog.Erasure{{EventID: commands[3].Drafts[0].ID, Field: "body"}}); err != nil {
		t.Fatal(err)
	}
	want, wantEnd, err := eventlogtest.ReadAll(t.Context(), log, eventlog.MaxRead)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}

	old := t.TempDir()
	writeFirstLayout(t, filepath.Join(old, "events.db"), want, wantEnd)
	for range 2 { // the second time there is nothing to move
		moved := open(t, old)
		log, _ := openLog(t, moved)
		got, gotEnd, err := eventlogtest.ReadAll(t.Context(), log, eventlog.MaxRead)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" || gotEnd != wantEnd {
			t.Fatalf("after moving (end %+v, want %+v): -want +got\n%s", gotEnd, wantEnd, diff)
		}
		if _, wantEnd, err = log.Append(t.Context(), gotEnd, eventlogtest.Questions(t, 1)); err != nil {
			t.Fatal(err)
		}
		wantWhole(t, log)
		if want, _, err = eventlogtest.ReadAll(t.Context(), log, eventlog.MaxRead); err != nil {
			t.Fatal(err)
		}
		if err := moved.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// writeFirstLayout writes a log as the first version of the store kept it.
func writeFirstLayout(t *testing.T, path string, records []eventlog.Record, end eventlog.Position) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1) // one transaction
	exec := func(text string, args ...any) {
		t.Helper()
		if _, err := db.ExecContext(t.Context(), text, args...); err != nil {
			t.Fatal(err)
		}
	}
	exec(firstLayout)
	exec(`BEGIN`)
	exec(`INSERT INTO log VALUES ('other', 'e', 0, '', 0)`) // begun, but empty
	exec(`INSERT INTO log VALUES (?, ?, ?, ?, ?)`, crashed, end.Epoch, end.Pos, end.Hash, records[len(records)-1].At.UnixMicro())
	for _, r := range records {
		exec(`INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?)`, crashed, r.Position, r.At.UnixMicro(), r.ID, r.Cause, r.Canonical, r.Digest, r.Hash)
		for field, ciphertext := range r.Sealed {
			exec(`INSERT INTO sealed VALUES (?, ?, ?, ?)`, crashed, r.ID, field, ciphertext)
		}
	}
	exec(`COMMIT`)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}
