package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// goEvent is one line of `go test -json` (cmd/test2json).
type goEvent struct {
	Action  string
	Package string
	Test    string
	Output  string
	Elapsed float64
}

// runGoTests runs a `go test -json` command, keeps its events in the file, and prints
// one line per package and the whole output of what failed.
func runGoTests(ctx context.Context, path string, argv []string) error {
	file, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("keep test events: %w", err)
	}
	defer file.Close() //nolint:errcheck // every write was checked
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("run %s: %w", argv[0], err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("run %s: %w", argv[0], err)
	}
	if err := digestGoEvents(io.TeeReader(out, file), os.Stdout); err != nil {
		return err
	}
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("run %s: %w", strings.Join(argv, " "), err)
	}
	return nil
}

func digestGoEvents(in io.Reader, out io.Writer) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 1<<20), 16<<20)
	kept := map[string][]string{} // package/test → its output so far
	var passed, failed int
	for lines.Scan() {
		var e goEvent
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			fmt.Fprintln(out, lines.Text()) // the toolchain's own words, e.g. a build error
			continue
		}
		key := e.Package + "/" + e.Test
		switch e.Action {
		case "output", "build-output":
			kept[key] = append(kept[key], e.Output)
			if e.Action == "build-output" {
				fmt.Fprint(out, e.Output)
			}
		case "pass", "fail", "skip":
			if e.Test == "" {
				fmt.Fprintf(out, "%-5s %s (%.1fs)\n", e.Action, e.Package, e.Elapsed)
			} else if e.Action == "pass" {
				passed++
			}
			if e.Action == "fail" {
				failed++ // a package too: one that was killed has no failed test
				fmt.Fprint(out, strings.Join(kept[key], ""))
			}
			delete(kept, key)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read test events: %w", err)
	}
	fmt.Fprintf(out, "go tests: %d passed, %d failed\n", passed, failed)
	return nil
}
