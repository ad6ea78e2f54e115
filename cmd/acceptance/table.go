package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// promise is one line of the acceptance list.
type promise struct {
	ID   string
	By   string // "test", "soak", "bench", or several
	Text string
}

// tally counts the tests that bear an id.
type tally struct{ passed, failed int }

var (
	promiseLine = regexp.MustCompile(`^\| ([A-Z]\d+) \| ([a-z, ]+) \| (.*) \|$`)
	idInName    = regexp.MustCompile(`(?:^|[^A-Za-z0-9])(?:Test|Fuzz|Benchmark)?([A-Z]\d+)(?:[^A-Za-z0-9]|$)`)
	tapLine     = regexp.MustCompile(`^\s*(not )?ok \d+ - (.*)$`)
)

func readPromises(path string) ([]promise, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read acceptance list: %w", err)
	}
	var promises []promise
	for line := range strings.Lines(string(raw)) {
		if m := promiseLine.FindStringSubmatch(strings.TrimSpace(line)); m != nil {
			promises = append(promises, promise{ID: m[1], By: m[2], Text: m[3]})
		}
	}
	if len(promises) == 0 {
		return nil, fmt.Errorf("%s lists no promise", path)
	}
	return promises, nil
}

// printTable prints the table and returns an error when a promise shown by a test has
// failed or has no test at all.
func printTable(out io.Writer, list, results string) error {
	promises, err := readPromises(list)
	if err != nil {
		return err
	}
	ids, total, err := readResults(results)
	if err != nil {
		return err
	}
	var broken []string
	fmt.Fprintf(out, "\n%-5s %-12s %-14s %s\n", "id", "result", "tests", "promise")
	for _, p := range promises {
		t := ids[p.ID]
		verdict := "pass"
		switch {
		case !strings.Contains(p.By, "test"):
			verdict = p.By
		case t.failed > 0:
			verdict = "fail"
		case t.passed == 0:
			verdict = "fail (none)"
		}
		if strings.HasPrefix(verdict, "fail") {
			broken = append(broken, p.ID)
		}
		fmt.Fprintf(out, "%-5s %-12s %-14s %s\n", p.ID, verdict, fmt.Sprintf("%d of %d", t.passed, t.passed+t.failed), clip(p.Text, 90))
	}
	fmt.Fprintf(out, "\n%d passed, %d failed\n", total.passed, total.failed)
	if len(broken) > 0 {
		return fmt.Errorf("promises not kept: %s", strings.Join(broken, ", "))
	}
	if total.failed > 0 {
		return fmt.Errorf("%d tests failed", total.failed)
	}
	return nil
}

func clip(text string, runes int) string {
	if r := []rune(text); len(r) > runes {
		return string(r[:runes-1]) + "…"
	}
	return text
}

// readResults reads go.json (go test -json), *.tap and vitest.json of the folder.
func readResults(folder string) (map[string]tally, tally, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil {
		return nil, tally{}, fmt.Errorf("list results: %w", err)
	}
	ids, total := map[string]tally{}, tally{}
	note := func(name string, ok bool) {
		total = total.add(ok)
		found := map[string]bool{}
		for _, m := range idInName.FindAllStringSubmatch(strings.ReplaceAll(name, "_", " "), -1) {
			found[m[1]] = true
		}
		for id := range maps.Keys(found) {
			ids[id] = ids[id].add(ok)
		}
	}
	if len(files) == 0 {
		return nil, tally{}, errors.New("no results: run the tests first")
	}
	slices.Sort(files)
	for _, file := range files {
		if err := readResultFile(file, note); err != nil {
			return nil, tally{}, err
		}
	}
	return ids, total, nil
}

func (t tally) add(ok bool) tally {
	if ok {
		t.passed++
	} else {
		t.failed++
	}
	return t
}

func readResultFile(path string, note func(name string, ok bool)) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("read results: %w", err)
	}
	defer file.Close() //nolint:errcheck // only read
	if filepath.Base(path) == "vitest.json" {
		return readVitest(file, note)
	}
	lines := bufio.NewScanner(file)
	lines.Buffer(make([]byte, 1<<20), 16<<20)
	for lines.Scan() {
		switch filepath.Ext(path) {
		case ".json":
			var e goEvent
			if json.Unmarshal(lines.Bytes(), &e) != nil {
				continue
			}
			if e.Action == "fail" || e.Action == "pass" && e.Test != "" {
				note(e.Test, e.Action == "pass") // a failed package counts even without a failed test
			}
		case ".tap":
			if m := tapLine.FindStringSubmatch(lines.Text()); m != nil {
				note(m[2], m[1] == "")
			}
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read results %s: %w", path, err)
	}
	return nil
}

func readVitest(in io.Reader, note func(name string, ok bool)) error {
	var report struct {
		TestResults []struct {
			AssertionResults []struct {
				FullName string `json:"fullName"`
				Status   string `json:"status"`
			} `json:"assertionResults"`
		} `json:"testResults"`
	}
	if err := json.NewDecoder(in).Decode(&report); err != nil {
		return fmt.Errorf("read vitest results: %w", err)
	}
	for _, file := range report.TestResults {
		for _, test := range file.AssertionResults {
			note(test.FullName, test.Status == "passed")
		}
	}
	return nil
}
