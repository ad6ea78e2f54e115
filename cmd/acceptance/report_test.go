package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func soakPromises() []promise {
	return []promise{{ID: "J6", By: "test, soak"}, {ID: "Q5", By: "soak"}, {ID: "Q7", By: "bench"}, {ID: "Q10", By: "soak"}}
}

func TestSoak_runsTheIdsThatWereChosen(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		ids     []string
		want    []string
		wantErr string
	}{
		{"all", nil, []string{"J6", "Q5", "Q10"}, ""},
		{"two, in the order of the list", []string{"Q10", "J6"}, []string{"J6", "Q10"}, ""},
		{"one without a soak", []string{"Q7"}, nil, "Q7 has no soak: choose from J6 Q5 Q10"},
		{"one nobody promised", []string{"J6", "X1"}, nil, "X1 has no soak: choose from J6 Q5 Q10"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := choose(soakPromises(), tt.ids)
			if !slices.Equal(got, tt.want) || errText(err) != tt.wantErr {
				t.Errorf("got %q, %v, want %q, %q", got, err, tt.want, tt.wantErr)
			}
		})
	}
}

func TestSoakReport_keepsWhatWasNotRun(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "results", "soak.md")
	at := time.Date(2026, 11, 25, 22, 17, 52, 0, time.UTC)
	result := func(id, commit string, passed bool) soakResult {
		return soakResult{ID: id, Commit: commit, Passed: passed, At: at, Took: "8s", Command: "go test -run " + id + "_", Tail: "## Q5: a line the test printed\nok"}
	}
	for _, r := range []soakResult{
		result("Q10", "aaaaaaa", true), result("Z9", "aaaaaaa", true), result("J6", "aaaaaaa", true),
		result("Q5", "bbbbbbb", false), result("J6", "ccccccc", true),
	} {
		if err := writeSoakReport(path, soakPromises(), r); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := reportHead + "\n" + result("J6", "ccccccc", true).section() + "\n" +
		result("Q5", "bbbbbbb", false).section() + "\n" + result("Q10", "aaaaaaa", true).section()
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestSoak_aStoppedRunIsNoResult(t *testing.T) {
	t.Chdir("../..")
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if result, err := soakOne(ctx, "J7", "aaaaaaa"); err == nil || result.ID != "" || !strings.Contains(err.Error(), "soak J7") {
		t.Errorf("got %+v, %v, want an error and no result", result, err)
	}
}

// TestSoak_endsWithAllItStarted: a stopped soak leaves nothing running that would keep its
// output open.
func TestSoak_endsWithAllItStarted(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	cmd := inGroup(ctx, "sleep 600 & echo started; wait")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	stop()
	if _, err := io.ReadAll(out); err != nil { // ends when nobody holds it open
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Error("got no error of a stopped command")
	}
}
