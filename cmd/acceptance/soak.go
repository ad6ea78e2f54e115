package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
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
	command := "DIEMCAU_SOAK=1 node --test --test-concurrency=1 --test-name-pattern=" + id + " e2e/*.test.mjs"
	fmt.Println("soak", id, "…")
	start := time.Now()
	cmd := exec.CommandContext(ctx, "bash", "-c", "cd web && "+command)
	out, err := cmd.CombinedOutput()
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return soakResult{
		ID: id, Commit: commit, Passed: err == nil, At: start.UTC(), Took: time.Since(start).Round(time.Second).String(),
		Command: command, Tail: strings.Join(lines[max(0, len(lines)-60):], "\n"),
	}
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
