package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

const reportHead = "# Soak results\n\nWritten by `make soak`; each line carries the commit it was run on.\n"

var reportLine = regexp.MustCompile(`^## ([A-Z]\d+): `)

// writeSoakReport puts the result in its place in the report. The other promises keep what
// the report told of them, in the order of the list; what is no longer promised goes.
func writeSoakReport(path string, promises []promise, result soakResult) error {
	raw, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("write soak report: %w", err)
	}
	parts := splitReport(string(raw))
	parts[result.ID] = result.section()
	var b strings.Builder
	b.WriteString(reportHead)
	for _, p := range promises {
		if part, found := parts[p.ID]; found {
			b.WriteString("\n" + part)
		}
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return fmt.Errorf("write soak report: %w", err)
	}
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		return fmt.Errorf("write soak report: %w", err)
	}
	return nil
}

func (r soakResult) section() string {
	verdict := "held"
	if !r.Passed {
		verdict = "DID NOT HOLD"
	}
	return fmt.Sprintf("## %s: %s\n\nCommit %s, %s, took %s: `%s`\n\n```\n%s\n```\n",
		r.ID, verdict, r.Commit, r.At.Format(time.DateTime), r.Took, r.Command, r.Tail)
}

// splitReport returns the report's sections by id. A heading within a fence is a line that
// a test printed.
func splitReport(report string) map[string]string {
	parts := map[string]string{}
	id, fenced := "", false
	for line := range strings.Lines(report) {
		if m := reportLine.FindStringSubmatch(line); m != nil && !fenced {
			id = m[1]
		}
		if strings.TrimRight(line, "\n") == "```" {
			fenced = !fenced
		}
		if id != "" {
			parts[id] += line
		}
	}
	for id, part := range parts {
		parts[id] = strings.TrimRight(part, "\n") + "\n"
	}
	return parts
}
