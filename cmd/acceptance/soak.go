package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// soakResult is one finished soak line; kept in artifacts/soak so that a stopped soak
// goes on where it was.
type soakResult struct {
	ID      string
	Commit  string
	Passed  bool
	At      time.Time
	Took    string
	Command string
	Tail    string // the last lines the test printed
}

// runSoak runs every promise marked soak at its full figures, one at a time, skipping
// those that already have a result for the current commit.
func runSoak(ctx context.Context, list, report string) error {
	promises, err := readPromises(list)
	if err != nil {
		return err
	}
	head, err := exec.CommandContext(ctx, "git", "rev-parse", "--short", "HEAD").Output()
	if err != nil {
		return fmt.Errorf("name the commit: %w", err)
	}
	commit := strings.TrimSpace(string(head))
	var results []soakResult
	for _, p := range promises {
		if !strings.Contains(p.By, "soak") {
			continue
		}
		kept := filepath.Join("artifacts", "soak", p.ID+".json")
		result, err := loadSoak(kept)
		if err != nil {
			return err
		}
		if result.Commit != commit || !result.Passed {
			result = soakOne(ctx, p.ID, commit)
			if err := saveSoak(kept, result); err != nil {
				return err
			}
		}
		results = append(results, result)
		if err := writeSoakReport(report, results); err != nil {
			return err
		}
	}
	for _, r := range results {
		if !r.Passed {
			return fmt.Errorf("%s did not hold", r.ID)
		}
	}
	return nil
}

func soakOne(ctx context.Context, id, commit string) soakResult {
	command, err := soakCommand(id)
	if err != nil {
		return soakResult{ID: id, Commit: commit, At: time.Now().UTC(), Tail: err.Error()}
	}
	fmt.Println("soak", id, "…")
	start := time.Now()
	out, err := exec.CommandContext(ctx, "bash", "-o", "pipefail", "-c", command).CombinedOutput()
	lines := withoutSkipped(strings.Split(strings.TrimSpace(string(out)), "\n"))
	return soakResult{
		ID: id, Commit: commit, Passed: err == nil, At: start.UTC(), Took: time.Since(start).Round(time.Second).String(),
		Command: command, Tail: strings.Join(lines[max(0, len(lines)-60):], "\n"),
	}
}

// soakCommand runs the Go packages and the browser tests that have a test with the id in
// its name, at their full figures, and each of its fuzz targets for a minute.
func soakCommand(id string) (string, error) {
	packages, fuzz, err := goTests(id)
	if err != nil {
		return "", fmt.Errorf("look for tests of %s: %w", id, err)
	}
	var parts []string
	if len(packages) > 0 {
		parts = append(parts, "DIEMCAU_SOAK=1 go test -count=1 -v -timeout 3h -run "+id+"_ "+strings.Join(packages, " ")+" | grep -v '^=== '")
	}
	pages, err := filepath.Glob("web/e2e/*.test.mjs")
	if err != nil {
		return "", fmt.Errorf("look for tests of %s: %w", id, err)
	}
	for _, page := range pages {
		source, err := os.ReadFile(page)
		if err != nil {
			return "", fmt.Errorf("look for tests of %s: %w", id, err)
		}
		if regexp.MustCompile(`(?m)^test\((['"` + "`" + `])` + id + ` `).Match(source) {
			parts = append(parts, "(cd web && DIEMCAU_SOAK=1 node --test --test-reporter=tap --test-name-pattern='^"+id+" ' e2e/"+filepath.Base(page)+")")
		}
	}
	parts = append(parts, fuzz...)
	if len(parts) == 0 {
		return "", fmt.Errorf("no test bears the id %s", id)
	}
	return strings.Join(parts, " && "), nil
}

// goTests returns the packages that have a test of the id, and the commands that run its
// fuzz targets.
func goTests(id string) (packages, fuzz []string, err error) {
	test := regexp.MustCompile(`(?m)^func (?:Test|Fuzz)\w*` + id + `_`)
	target := regexp.MustCompile(`(?m)^func (Fuzz` + id + `_\w+)\(`)
	found := map[string]bool{}
	err = filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			if err == nil && entry.Name() == "node_modules" {
				return fs.SkipDir
			}
			return err
		}
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		source, err := os.ReadFile(path)
		folder := "./" + filepath.Dir(path)
		if test.Match(source) {
			found[folder] = true
		}
		for _, each := range target.FindAllSubmatch(source, -1) {
			fuzz = append(fuzz, "go test -run '^$' -fuzz '^"+string(each[1])+"$' -fuzztime 60s "+folder+" | tail -2")
		}
		return err
	})
	return slices.Sorted(maps.Keys(found)), fuzz, err
}

// withoutSkipped leaves out what TAP tells of tests that were not asked for.
func withoutSkipped(lines []string) []string {
	var kept []string
	skipping := false
	for i, line := range lines {
		next := i+1 < len(lines) && strings.Contains(lines[i+1], "# SKIP")
		switch {
		case strings.HasPrefix(line, "# Subtest:") && next, strings.Contains(line, "# SKIP"):
			skipping = true
		case skipping && strings.HasPrefix(line, "  "):
		default:
			skipping = false
			kept = append(kept, line)
		}
	}
	return kept
}

func loadSoak(path string) (soakResult, error) {
	var r soakResult
	raw, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return r, nil
	}
	if err != nil {
		return r, fmt.Errorf("load soak result: %w", err)
	}
	if err := json.Unmarshal(raw, &r); err != nil {
		return r, fmt.Errorf("load soak result %s: %w", path, err)
	}
	return r, nil
}

func saveSoak(path string, r soakResult) error {
	raw, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("save soak result: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return fmt.Errorf("save soak result: %w", err)
	}
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		return fmt.Errorf("save soak result: %w", err)
	}
	return nil
}

func writeSoakReport(path string, results []soakResult) error {
	var b strings.Builder
	b.WriteString("# Soak results\n\nWritten by `make soak`.\n")
	for _, r := range results {
		verdict := "held"
		if !r.Passed {
			verdict = "DID NOT HOLD"
		}
		fmt.Fprintf(&b, "\n## %s: %s\n\nCommit %s, %s, took %s: `%s`\n\n```\n%s\n```\n",
			r.ID, verdict, r.Commit, r.At.Format(time.DateTime), r.Took, r.Command, r.Tail)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return fmt.Errorf("write soak report: %w", err)
	}
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		return fmt.Errorf("write soak report: %w", err)
	}
	return nil
}
