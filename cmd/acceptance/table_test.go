package main

import (
	"bytes"
	"os"
	"path/filepath"
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
