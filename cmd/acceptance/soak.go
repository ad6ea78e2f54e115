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
	"syscall"
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

// runSoak runs the promises marked soak at their full figures, one at a time: those of
// the ids, or all when none is named. What already held for the current commit is not run
// again; what the report tells of other ids stays as it is.
func runSoak(ctx context.Context, list, report string, ids []string) error {
	promises, err := readPromises(list)
	if err != nil {
		return err
	}
	chosen, err := choose(promises, ids)
	if err != nil {
		return err
	}
	head, err := exec.CommandContext(ctx, "git", "rev-parse", "--short", "HEAD").Output()
	if err != nil {
		return fmt.Errorf("name the commit: %w", err)
	}
	commit := strings.TrimSpace(string(head))
	var broken []string
	for _, id := range chosen {
		kept := filepath.Join("artifacts", "soak", id+".json")
		result, err := loadSoak(kept)
		if err != nil {
			return err
		}
		if result.Commit != commit || !result.Passed {
			if result, err = soakOne(ctx, id, commit); err != nil {
				return err
			}
			if err := saveSoak(kept, result); err != nil {
				return err
			}
		}
		if !result.Passed {
			broken = append(broken, id)
		}
		if err := writeSoakReport(report, promises, result); err != nil {
			return err
		}
	}
	if len(broken) > 0 {
		return fmt.Errorf("did not hold: %s", strings.Join(broken, ", "))
	}
	return nil
}

// choose returns the ids to soak in the order of the list.
func choose(promises []promise, ids []string) ([]string, error) {
	var all []string
	for _, p := range promises {
		if strings.Contains(p.By, "soak") {
			all = append(all, p.ID)
		}
	}
	for _, id := range ids {
		if !slices.Contains(all, id) {
			return nil, fmt.Errorf("%s has no soak: choose from %s", id, strings.Join(all, " "))
		}
	}
	if len(ids) == 0 {
		return all, nil
	}
	return slices.DeleteFunc(all, func(id string) bool { return !slices.Contains(ids, id) }), nil
}

// soakOne runs one id; an error means that the run was stopped and says nothing of the id.
func soakOne(ctx context.Context, id, commit string) (soakResult, error) {
	command, unknown := soakCommand(id)
	if unknown != nil {
		return soakResult{ID: id, Commit: commit, At: time.Now().UTC(), Tail: unknown.Error()}, nil //nolint:nilerr // it is the result
	}
	fmt.Println("soak", id, "…")
	start := time.Now()
	out, err := inGroup(ctx, command).CombinedOutput()
	if ctx.Err() != nil {
		return soakResult{}, fmt.Errorf("soak %s: %w", id, ctx.Err())
	}
	here, pathErr := os.Getwd()
	if pathErr != nil {
		return soakResult{}, fmt.Errorf("soak %s: %w", id, pathErr)
	}
	told := strings.ReplaceAll(strings.TrimSpace(string(out)), here+"/", "")
	lines := withoutSkipped(strings.Split(told, "\n"))
	return soakResult{
		ID: id, Commit: commit, Passed: err == nil, At: start.UTC(), Took: time.Since(start).Round(time.Second).String(),
		Command: command, Tail: strings.Join(lines[max(0, len(lines)-60):], "\n"),
	}, nil
}

// inGroup is a shell command that ends with all it has started when ctx does.
func inGroup(ctx context.Context, command string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "bash", "-o", "pipefail", "-c", command)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	return cmd
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
		parts = append(parts, "DIEMCAU_SOAK=1 go test -count=1 -v -timeout 3h -run "+id+"_ "+strings.Join(packages, " ")+" | grep -Ev '^=== |^ +--- PASS: Fuzz'")
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
			fuzz = append(fuzz, "go test -run '^$' -fuzz '^"+string(each[1])+"$' -fuzztime 60s -fuzzminimizetime 2s "+folder+" | tail -2")
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
