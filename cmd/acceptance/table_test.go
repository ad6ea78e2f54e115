package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestPrintTable(t *testing.T) {
	t.Parallel()
	const list = "| id | shown by | promise |\n|---|---|---|\n| J1 | test | one |\n| J2 | bench | two |\n| J3 | test, soak | three |\n"
	tests := []struct {
		name, file, content, wantErr, wantLine string
	}{
		{
			"all kept", "go.json",
			`{"Action":"pass","Package":"p","Test":"TestJ1_One/sub"}` + "\n" + `{"Action":"pass","Package":"p","Test":"TestJ3_Three"}` + "\n",
			"", "J1    pass",
		},
		{
			"one failed", "go.json",
			`{"Action":"fail","Package":"p","Test":"TestJ1_One"}` + "\n" + `{"Action":"pass","Package":"p","Test":"TestJ3_Three"}` + "\n",
			"promises not kept: J1", "J1    fail",
		},
		{"none shown", "e2e.tap", "ok 1 - J1 the whole dialogue\n", "promises not kept: J3", "J3    fail (none)"},
		{"nested tap", "e2e.tap", "    not ok 1 - J1 a\nok 2 - J3 b\n", "promises not kept: J1", "J1    fail"},
		{
			"another id is not this id", "vitest.json",
			`{"testResults":[{"assertionResults":[{"fullName":"J10 log","status":"passed"},{"fullName":"J3 x","status":"passed"}]}]}`,
			"promises not kept: J1", "J1    fail (none)",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			results := filepath.Join(dir, "results")
			if err := os.Mkdir(results, 0o750); err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(dir, "list.md"), list)
			write(t, filepath.Join(results, tt.file), tt.content)
			var out bytes.Buffer
			err := printTable(&out, filepath.Join(dir, "list.md"), results)
			if got := errText(err); got != tt.wantErr {
				t.Errorf("got error %q, want %q", got, tt.wantErr)
			}
			if !strings.Contains(out.String(), tt.wantLine) {
				t.Errorf("got table\n%s\nwant a line with %q", out.String(), tt.wantLine)
			}
		})
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestSoak_leavesOutWhatWasSkipped(t *testing.T) {
	t.Parallel()
	got := withoutSkipped([]string{
		"TAP version 13", "# Subtest: J6 kill", "ok 1 - J6 kill", "  ---", "  duration_ms: 2", "  ...",
		"# Subtest: J1 other", "ok 2 - J1 other # SKIP", "  ---", "  duration_ms: 0", "  ...", "1..2", "# figures",
	})
	want := []string{
		"TAP version 13", "# Subtest: J6 kill", "ok 1 - J6 kill", "  ---", "  duration_ms: 2", "  ...", "1..2", "# figures",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

func TestSoak_findsTheTests(t *testing.T) {
	t.Chdir("../..")
	for id, parts := range map[string][]string{
		"J6": {"./internal/live", "e2e/crash.test.mjs", "DIEMCAU_SOAK=1"},
		"J7": {"e2e/rehearse.test.mjs"},
		"Q1": {"-run Q1_", "./internal/live"},
		"Q6": {"./internal/eventlog/eventlogtest", "./moderation ", "-fuzz '^FuzzQ6_Cursor$'", "-fuzz '^FuzzQ6_ImportXLSX$'"},
	} {
		command, err := soakCommand(id)
		for _, part := range parts {
			if err != nil || !strings.Contains(command, part) {
				t.Errorf("%s: got %q, %v, want %s in it", id, command, err, part)
			}
		}
	}
	if command, err := soakCommand("X9"); err == nil {
		t.Errorf("an id nobody bears: got %q", command)
	}
}
