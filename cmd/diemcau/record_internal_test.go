package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRecord_copiedAndChecked: a copy through the running server and one from the log
// itself after the close check out with the printed key; the second begins with the first;
// one byte changed, another key, or the wrong order, and the exit code is 1 with one line.
func TestRecord_copiedAndChecked(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := start(t, dir, "--demo", "--tls-listen=off")
	_, key, _ := p.tool("record", "key")
	key = strings.TrimSpace(key)
	copied := func(name string, flags ...string) string {
		t.Helper()
		code, out, said := p.tool(append([]string{"record", "copy", "dat-dai-2022"}, flags...)...)
		if code != exitOK {
			t.Fatalf("copy: exit %d, %s", code, said)
		}
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(out), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	early := copied("early.jsonl")
	if code, _, said := p.tool("conference", "close", "dat-dai-2022"); code != exitOK {
		t.Fatalf("close: %s", said)
	}
	p.stop()
	late := copied("late.jsonl", "--full")
	raw, err := os.ReadFile(late)
	if err != nil {
		t.Fatal(err)
	}
	forged := filepath.Join(dir, "forged.jsonl")
	if err := os.WriteFile(forged, []byte(strings.Replace(string(raw), `conference.closed`, `conference.opened`, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name  string
		args  []string
		code  int
		wants string
	}{
		{"early", []string{early, "--key=" + key}, exitOK, "dat-dai-2022: "},
		{"late", []string{late, "--key=" + key, "--older=" + early}, exitOK, "unchanged since they were signed"},
		{"forged", []string{forged, "--key=" + key}, exitFault, "the record was changed"},
		{"wrong order", []string{early, "--key=" + key, "--older=" + late}, exitFault, "the older copy goes on"},
		{"no key", []string{early, "--key=abc"}, exitUsage, "64 hex characters"},
		{"no file", []string{filepath.Join(dir, "none"), "--key=" + key}, exitUsage, "read the copy"},
	} {
		var out, said strings.Builder
		code := run(t.Context(), append([]string{"record", "verify"}, test.args...), streams{out: &out, err: &said})
		if text := out.String() + said.String(); code != test.code || !strings.Contains(text, test.wants) {
			t.Errorf("%s: got exit %d, %q, want %d, %q", test.name, code, text, test.code, test.wants)
		}
	}
}
