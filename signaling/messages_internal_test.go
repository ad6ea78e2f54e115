package signaling

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/moderation"
	"github.com/diemcau/diemcau/signaling/protocol"
)

// refusalCodes finds the codes of all refusals a socket can meet: string literals in
// calls of Refuse and its short forms, and constants named code….
var capital = regexp.MustCompile(`[A-Z]`)

func refusalCodes(t *testing.T) map[string]string {
	t.Helper()
	codes := map[string]string{}
	isCode := regexp.MustCompile(`^[a-zA-Z_]+(\.[a-z0-9_]+)?$`)
	add := func(expr ast.Expr, where string) {
		lit, ok := expr.(*ast.BasicLit)
		if !ok || lit.Kind != token.STRING {
			return
		}
		if code, err := strconv.Unquote(lit.Value); err == nil && isCode.MatchString(code) {
			codes[code] = where
		}
	}
	fset := token.NewFileSet()
	for _, dir := range []string{"../moderation", "../sfu/floor", "../sfu", "../internal/live", "../internal/conference", "../internal/line", "."} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no Go files in %s: %v", dir, err)
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(fset, name, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.CallExpr:
					called := n.Fun
					if s, ok := called.(*ast.SelectorExpr); ok {
						called = s.Sel
					}
					id, ok := called.(*ast.Ident)
					if !ok || len(n.Args) == 0 {
						break
					}
					switch id.Name {
					case "Refuse":
						if len(n.Args) == 3 {
							add(n.Args[1], name)
						}
					case "invalid", "conflict", "notFound":
						add(n.Args[0], name)
					}
				case *ast.ValueSpec:
					for i, id := range n.Names {
						if strings.HasPrefix(id.Name, "code") && i < len(n.Values) {
							add(n.Values[i], name)
						}
					}
				}
				return true
			})
		}
	}
	for _, transition := range moderation.Transitions() {
		if transition.NotYet != "" {
			codes[transition.NotYet] = "moderation.Transitions"
		}
	}
	for _, state := range moderation.States() {
		snake := capital.ReplaceAllStringFunc(string(state), func(c string) string { return "_" + strings.ToLower(c) })
		codes["question.already_"+snake] = "moderation.alreadyCode"
	}
	for _, state := range []conference.State{conference.StatePlanned, conference.StateOpen, conference.StateClosed} {
		codes["conference.already_"+string(state)] = "conference.decideState"
	}
	return codes
}

// TestMessages_everyCodeInBothLanguages: whatever refuses, the page has a sentence for it.
func TestMessages_everyCodeInBothLanguages(t *testing.T) {
	t.Parallel()
	codes := refusalCodes(t)
	for _, must := range []string{"question.too_long", "floor.changed", "media.bad_sdp", "log.pending", "idempotency_mismatch", "internal"} {
		if codes[must] == "" {
			t.Errorf("the search does not find %s any more", must)
		}
	}
	for code, where := range codes {
		sentences, ok := codeText(code)
		if !ok || sentences.vi == "" || sentences.en == "" || sentences.vi == sentences.en {
			t.Errorf("%s (%s) has no sentence in both languages", code, where)
			continue
		}
		for _, s := range []string{sentences.vi, sentences.en} {
			if !strings.HasSuffix(s, ".") || strings.ToUpper(s[:1]) != s[:1] && s[0] < 0x80 {
				t.Errorf("%s: %q is no sentence", code, s)
			}
		}
	}
}

func TestMessages_unknownCodesSpeakByKind(t *testing.T) {
	t.Parallel()
	for _, kind := range []conference.Kind{
		conference.KindInvalid, conference.KindUnauthorised, conference.KindForbidden, conference.KindNotFound,
		conference.KindConflict, conference.KindTooLarge, conference.KindRateLimited, conference.KindUnavailable,
		conference.KindPending, conference.KindInternal, "new",
	} {
		refusal := conference.Refuse(kind, "of.tomorrow", "")
		vi, en := sentence(refusal, protocol.LangVi), sentence(refusal, protocol.LangEn)
		if vi == "" || en == "" || vi == en {
			t.Errorf("%s: %q, %q", kind, vi, en)
		}
	}
}
