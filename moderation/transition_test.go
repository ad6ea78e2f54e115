package moderation_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/diemcau/diemcau/moderation"
)

// TestDrawing holds docs/questions.md and the table together.
func TestDrawing(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docs/questions.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), "```mermaid\nstateDiagram-v2\n")
	drawing, _, closed := strings.Cut(rest, "```")
	if !found || !closed {
		t.Fatal("docs/questions.md has no state drawing")
	}
	var drawn []string
	for line := range strings.Lines(drawing) {
		drawn = append(drawn, strings.TrimSpace(line))
	}
	want := arrows()
	slices.Sort(drawn)
	slices.Sort(want)
	want = slices.Compact(want)
	if diff := cmp.Diff(want, drawn); diff != "" {
		t.Errorf("drawing differs from the table (-table +drawing):\n%s", diff)
	}
}

// arrows draws the table.
func arrows() []string {
	var lines []string
	leaves := make(map[moderation.State]bool)
	for _, arrow := range moderation.Transitions() {
		name := arrow.Command
		if name == "" {
			name = "by itself"
		}
		if len(arrow.From) == 0 {
			lines = append(lines, "[*] --> "+string(arrow.To)+" : "+name)
		}
		if arrow.To == "" {
			continue // what leaves a question where it is, is not drawn
		}
		for _, from := range arrow.From {
			leaves[from] = true
			lines = append(lines, string(from)+" --> "+string(arrow.To)+" : "+name)
		}
	}
	for _, state := range moderation.States() {
		if !leaves[state] {
			lines = append(lines, string(state)+" --> [*]")
		}
	}
	return lines
}
