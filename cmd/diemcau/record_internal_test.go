package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
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

// TestP6_TheRecordCoversTheRecording: what was recorded of a conference is noted in its log,
// a public copy proves it, and one bit of one segment that was changed is found.
func TestP6_TheRecordCoversTheRecording(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := start(t, dir, "--demo", "--tls-listen=off")
	_, key, _ := p.tool("record", "key")
	folder := filepath.Join(dir, "live", "dat-dai-2022")
	segments := func() []string {
		found, err := filepath.Glob(filepath.Join(folder, "sound-*.m4s"))
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	wait := func(what string, done func() bool) {
		t.Helper()
		late := time.NewTimer(3 * time.Minute)
		defer late.Stop()
		for !done() {
			select {
			case <-late.C:
				t.Fatalf("there is no %s", what)
			case <-time.After(200 * time.Millisecond): // between two looks at another process
			}
		}
	}
	wait("recording", func() bool { return len(segments()) > 1 })
	if code, _, said := p.tool("conference", "close", "dat-dai-2022"); code != exitOK {
		t.Fatalf("close: %s", said)
	}
	var said string
	wait("seal", func() bool {
		_, said, _ = p.tool("record", "copy", "dat-dai-2022")
		return strings.Contains(said, `recording.sealed`) && strings.Count(said, "log.checkpoint") > 0
	})
	p.stop()
	copied := filepath.Join(dir, "copy.jsonl")
	if err := os.WriteFile(copied, []byte(said), 0o600); err != nil {
		t.Fatal(err)
	}
	verify := func() (int, string) {
		var out, problems strings.Builder
		code := run(t.Context(), []string{"record", "verify", copied, "--key=" + strings.TrimSpace(key), "--recording=" + folder}, streams{out: &out, err: &problems})
		return code, out.String() + problems.String()
	}
	if code, text := verify(); code != exitOK || !strings.Contains(text, "as they were noted") || !strings.Contains(text, "; 0 not noted yet") {
		t.Fatalf("got exit %d, %q", code, text)
	}
	first := segments()[0]
	was, err := os.ReadFile(first)
	if err != nil {
		t.Fatal(err)
	}
	other := bytes.Clone(was)
	other[len(other)-1] ^= 1
	if err := os.WriteFile(first, other, 0o600); err != nil {
		t.Fatal(err)
	}
	if code, text := verify(); code != exitFault || !strings.Contains(text, "not what was noted") {
		t.Errorf("a changed bit: got exit %d, %q", code, text)
	}
	if err := os.Remove(first); err != nil {
		t.Fatal(err)
	}
	if code, text := verify(); code != exitFault || !strings.Contains(text, "missing") {
		t.Errorf("a segment removed: got exit %d, %q", code, text)
	}
}
