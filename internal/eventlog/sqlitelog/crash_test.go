package sqlitelog_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/diemcau/diemcau/internal/eventlog"
	"github.com/diemcau/diemcau/internal/eventlog/eventlogtest"
	"github.com/diemcau/diemcau/internal/eventlog/sqlitelog"
)

const (
	childDir = "SQLITELOG_TEST_CHILD" // set: this process is the child and works in that folder
	crashed  = "crashed"              // the conference it writes
)

// runChild appends from several goroutines until it is killed, and prints each event's
// id once it is acknowledged.
func runChild(dir string) int {
	err := appendForEver(context.Background(), dir)
	fmt.Fprintln(os.Stderr, err)
	if errors.Is(err, sqlitelog.ErrLocked) {
		return 3
	}
	return 1
}

func appendForEver(ctx context.Context, dir string) error {
	store, err := sqlitelog.Open(ctx, dir, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	log, err := store.Log(ctx, crashed)
	if err != nil {
		return err
	}
	_, end, err := log.Read(ctx, 0, 0)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	for range 8 {
		group.Go(func() error {
			var t testing.T // Questions fails it only when encoding does
			for {
				commands := eventlogtest.Questions(&t, 2)
				if _, _, err := log.Append(ctx, end, commands); err != nil {
					return err
				}
				// One write call per line: lines of different goroutines do not mix.
				if _, err := fmt.Fprintf(os.Stdout, "%s\n%s\n", commands[0].Drafts[0].ID, commands[1].Drafts[0].ID); err != nil {
					return err
				}
			}
		})
	}
	return group.Wait()
}

func child(t *testing.T, dir string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	return cmd
}

// TestJ10_SQLiteKilled kills a writing process with SIGKILL, again and again: what it
// acknowledged is there, once, in a log without a gap.
func TestJ10_SQLiteKilled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	acked := make(map[string]bool)
	for round := range 4 {
		for _, id := range writeAndKill(t, dir, 150*(round+1)) {
			acked[id] = true
		}
		records := checkWhole(t, dir)
		found := make(map[string]int)
		for _, record := range records {
			found[record.ID]++
		}
		for id := range acked {
			if found[id] != 1 {
				t.Fatalf("round %d: acknowledged event %s is there %d times, want once", round, id, found[id])
			}
		}
		t.Logf("round %d: %d acknowledged, %d written", round, len(acked), len(records))
	}
}

// writeAndKill lets a child write until it has acknowledged at least n events, kills it,
// and returns all that it has acknowledged.
func writeAndKill(t *testing.T, dir string, n int) (acked []string) {
	t.Helper()
	cmd := child(t, dir)
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var complaint strings.Builder
	cmd.Stderr = &complaint
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(output)
	for killed := false; ; {
		line, err := lines.ReadString('\n')
		if err != nil {
			break // the end of the pipe; an unfinished line was not acknowledged in full
		}
		acked = append(acked, strings.TrimSpace(line))
		if len(acked) >= n && !killed {
			killed = true
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil || len(acked) < n {
		t.Fatalf("child acknowledged %d and ended with %v: %s", len(acked), err, complaint.String())
	}
	return acked
}

func checkWhole(t *testing.T, dir string) []eventlog.Record {
	t.Helper()
	store := open(t, dir)
	log, err := store.Log(t.Context(), crashed)
	if err != nil {
		t.Fatal(err)
	}
	records, end, err := eventlogtest.ReadAll(t.Context(), log, 1000)
	if err != nil {
		t.Fatal(err)
	}
	if last, err := eventlog.Verify(eventlog.Position{Epoch: end.Epoch}, records); err != nil || last != end {
		t.Fatalf("verified to %+v of %+v: %v", last, end, err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	return records
}

// TestJ9_SecondProcessOnTheSameData: it ends at once with one clear sentence, and the
// first is not disturbed.
func TestJ9_SecondProcessOnTheSameData(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	store := open(t, dir)
	second := child(t, dir)
	var said bytes.Buffer
	second.Stderr = &said
	acked, err := second.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Start(); err != nil {
		t.Fatal(err)
	}
	// It writes for ever once it is let in: its first acknowledgement is enough.
	wrote, err := acked.Read(make([]byte, 1))
	if wrote > 0 {
		second.Process.Kill() // ended already, or ends now
	} else if !errors.Is(err, io.EOF) {
		t.Error(err)
	}
	var exit *exec.ExitError
	if err := second.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 3 {
		t.Fatalf("second process ended with %v and wrote %t, want the code for ErrLocked: %s", err, wrote > 0, &said)
	}
	if text := strings.TrimSpace(said.String()); strings.Contains(text, "\n") || !strings.Contains(text, dir) {
		t.Errorf("want one line that names the folder, got %q", text)
	}
	if _, err := sqlitelog.Open(t.Context(), dir, slog.New(slog.DiscardHandler)); !errors.Is(err, sqlitelog.ErrLocked) {
		t.Errorf("second store in this process: got %v, want %v", err, sqlitelog.ErrLocked)
	}
	log, err := store.Log(t.Context(), crashed)
	if err != nil {
		t.Fatal(err)
	}
	_, end, err := log.Read(t.Context(), 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := log.Append(t.Context(), end, eventlogtest.Questions(t, 3)); err != nil {
		t.Errorf("first process: %v", err)
	}
}
