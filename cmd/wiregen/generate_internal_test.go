package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const protocolDir = "../../signaling/protocol"

// TestGenerated_isCurrent: the committed TypeScript is what the Go types make.
func TestGenerated_isCurrent(t *testing.T) {
	t.Parallel()
	got, err := generate(protocolDir)
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("../../web/src/wire/wire.gen.ts")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("run go generate ./signaling/protocol (-committed +now):\n%s", diff)
	}
}

func TestRun_writesTheFile(t *testing.T) {
	t.Parallel()
	out := filepath.Join(t.TempDir(), "wire.ts")
	if err := run(protocolDir, out); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(out)
	if err != nil || !strings.HasPrefix(string(data), "// Made by cmd/wiregen") {
		t.Errorf("got %.40q, %v", data, err)
	}
}

// module writes a small module with a wire package and one it imports.
func module(t *testing.T, wire string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":         "module example.org/m\n\ngo 1.26\n",
		"other/other.go": "package other\n\n// State is a state.\ntype State string\n\nconst (\n\tOpen State = \"open\"\n\tShut State = \"shut\"\n)\n\ntype Number int\n\ntype Name string\n\ntype Odd string\n\nconst Sum Odd = \"a\" + \"b\"\n",
		"wire/wire.go":   "package wire\n\nimport (\n\t\"encoding/json\"\n\t\"time\"\n\n\t\"example.org/m/other\"\n)\n\nvar _ json.RawMessage\nvar _ time.Time\nvar _ other.State\n\n" + wire,
		"wire/x_test.go": "package wire\n\nthis is not Go\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "wire")
}

func TestGenerate_everyConstruct(t *testing.T) {
	t.Parallel()
	got, err := generate(module(t, `
// Limits.
const (
	Max = 8 << 10 // bytes
	hidden = 1
	Name = "n"
)

// State points elsewhere.
type State = other.State

// Plain has no constants.
type Plain string

// A is a struct.
//
//wire:command a.do
//wire:command a.undo
type A struct {
	// One is first.
	// It has two lines.
	One string `+"`json:\"one\"`"+`
	Two *int64 `+"`json:\"two,omitempty\"`"+` // second
	Three *B `+"`json:\"three\"`"+`
	Four []B `+"`json:\"four\"`"+`
	Five State `+"`json:\"five\"`"+`
	Six Plain `+"`json:\"six\"`"+`
	Seven json.RawMessage `+"`json:\"seven\"`"+`
	Eight time.Time `+"`json:\"eight\"`"+`
	Nine *[]string `+"`json:\"nine,omitempty\"`"+`
	Ten bool `+"`json:\"ten\"`"+`
	Eleven CommandName `+"`json:\"eleven\"`"+`
}

type CommandName string

type B struct{}

// U is tagged.
//
//wire:case one One
//wire:case both One Two?
//wire:case none
type U struct {
	Type string `+"`json:\"type\"`"+`
	One string `+"`json:\"one,omitempty\"`"+`
	Two int `+"`json:\"two,omitempty\"`"+`
}
`))
	if err != nil {
		t.Fatal(err)
	}
	want := header + `/** bytes */
export const Max = 8192;
export const Name = "n";

/** A is a struct. */
export interface A {
  /**
   * One is first.
   * It has two lines.
   */
  one: string;
  /** second */
  two?: number;
  three: B | null;
  four: B[];
  five: State;
  six: string;
  seven: unknown;
  eight: Instant;
  nine?: string[];
  ten: boolean;
  eleven: CommandName;
}

export type B = Record<string, never>;

/** U is tagged. */
export type U =
  | { type: "one"; one: string }
  | { type: "both"; one: string; two?: number }
  | { type: "none" };

/** State points elsewhere. */
export type State =
  | "open"
  | "shut";

/** Commands maps the name of each command to its body. */
export interface Commands {
  "a.do": A;
  "a.undo": A;
}

export type CommandName = keyof Commands;
`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestGenerate_unknownIsAnError: nothing becomes "any".
func TestGenerate_unknownIsAnError(t *testing.T) {
	t.Parallel()
	field := func(typ string) string { return "type A struct {\n\tX " + typ + " `json:\"x\"`\n}\n" }
	for name, wire := range map[string]string{
		"map of unknowns":      field("map[string]chan int"),
		"map with odd keys":    field("map[chan int]string"),
		"any":                  field("any"),
		"bytes":                field("[]byte"),
		"array":                field("[3]int"),
		"channel":              field("chan int"),
		"function":             field("func()"),
		"number elsewhere":     "type N = other.Number\n",
		"selector in a field":  field("other.State"),
		"unknown name":         field("Nowhere"),
		"unknown elsewhere":    "type N = other.Nowhere\n",
		"outside the module":   "type N = json.Number\n",
		"computed constants":   "type N = other.Odd\n",
		"no json name":         "type A struct {\n\tX string\n}\n",
		"embedded":             "type B struct{}\ntype A struct {\n\tB\n}\n",
		"two fields, one name": "type A struct {\n\tX, Y string `json:\"x\"`\n}\n",
		"case without field":   "//wire:case a Nowhere\ntype A struct{}\n",
		"named number":         "type N int\n",
		"interface":            "type N interface{}\n",
		"float constant":       "const X = 1.5\n",
	} {
		if got, err := generate(module(t, wire)); err == nil {
			t.Errorf("%s: no error, got\n%s", name, got)
		}
	}
	if _, err := generate(t.TempDir()); err == nil {
		t.Error("a folder without module is no error")
	}
}
