package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
)

// commandName is the named string that becomes the keys of Commands.
const commandName = "CommandName"

// packages reads packages of one module, each once.
type packages struct {
	fset   *token.FileSet
	root   string // folder of go.mod
	module string
	read   map[string]*source // by folder
}

// source is one parsed package without its tests.
type source struct {
	name    string
	decls   []*ast.GenDecl
	imports map[string]string // local name → path
}

// openModule finds the module a folder belongs to.
func openModule(dir string) (*packages, error) {
	root, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	for {
		mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
		if err == nil {
			first, _, _ := strings.Cut(string(mod), "\n")
			module := strings.TrimSpace(strings.TrimPrefix(first, "module"))
			return &packages{token.NewFileSet(), root, module, map[string]*source{}}, nil
		}
		if filepath.Dir(root) == root {
			return nil, fmt.Errorf("%s is in no module", dir)
		}
		root = filepath.Dir(root)
	}
}

// parse reads the package in a folder, files in alphabetical order.
func (p *packages) parse(dir string) (*source, error) {
	if s := p.read[dir]; s != nil {
		return s, nil
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	sort.Strings(files)
	s := &source{imports: map[string]string{}}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(p.fset, name, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		s.name = file.Name.Name
		for _, decl := range file.Decls {
			if gen, ok := decl.(*ast.GenDecl); ok {
				s.decls = append(s.decls, gen)
			}
		}
		for _, spec := range file.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return nil, err
			}
			s.imports[path[strings.LastIndex(path, "/")+1:]] = path
		}
	}
	if s.name == "" {
		return nil, fmt.Errorf("no Go package in %s", dir)
	}
	p.read[dir] = s
	return s, nil
}

// imported reads a package of the same module that from imports under a name.
func (p *packages) imported(from *source, name string) (*source, error) {
	path, ok := strings.CutPrefix(from.imports[name], p.module+"/")
	if !ok {
		return nil, fmt.Errorf("package %s is not of this module", name)
	}
	return p.parse(filepath.Join(p.root, filepath.FromSlash(path)))
}

// named returns the TypeScript of a type of the wire package by name, and remembers its
// union if it is a string with constants. An alias takes its constants from where it points.
func (g *generator) named(in *source, name string) (string, error) {
	spec, doc := in.lookup(name)
	if spec == nil {
		return "", fmt.Errorf("type %s is unknown", name)
	}
	values, err := in.constants(name)
	switch typ := spec.Type.(type) {
	case *ast.StructType:
		return name, nil
	case *ast.SelectorExpr:
		other, err2 := g.pkgs.imported(in, types.ExprString(typ.X))
		if err2 != nil {
			return "", err2
		}
		target, _ := other.lookup(typ.Sel.Name)
		if target == nil || types.ExprString(target.Type) != "string" {
			return "", fmt.Errorf("%s is no named string", types.ExprString(typ))
		}
		values, err = other.constants(typ.Sel.Name)
	case *ast.Ident:
		if typ.Name != "string" {
			return "", fmt.Errorf("type %s is neither a string nor a struct", name)
		}
	default:
		return "", fmt.Errorf("type %s is neither a string nor a struct", name)
	}
	if err != nil || name == commandName {
		return name, err
	}
	if len(values) == 0 {
		return "string", nil
	}
	var out strings.Builder
	writeDoc(&out, "\n", text(doc, nil))
	fmt.Fprintf(&out, "export type %s =\n  | %s;\n", name, strings.Join(values, "\n  | "))
	g.unions[name] = out.String()
	return name, nil
}

// lookup returns the declaration of a type and its comment; nil when there is none.
func (s *source) lookup(name string) (*ast.TypeSpec, *ast.CommentGroup) {
	for _, decl := range s.decls {
		for _, spec := range decl.Specs {
			if t, ok := spec.(*ast.TypeSpec); ok && t.Name.Name == name {
				if t.Doc != nil {
					return t, t.Doc
				}
				return t, decl.Doc
			}
		}
	}
	return nil, nil
}

// constants returns the values of the constants of a named string, quoted, in order.
func (s *source) constants(typ string) ([]string, error) {
	var values []string
	for _, decl := range s.decls {
		for _, spec := range decl.Specs {
			v, ok := spec.(*ast.ValueSpec)
			if !ok || decl.Tok != token.CONST || v.Type == nil || types.ExprString(v.Type) != typ {
				continue
			}
			for _, value := range v.Values {
				lit, ok := value.(*ast.BasicLit)
				if !ok || lit.Kind != token.STRING {
					return nil, fmt.Errorf("constants of %s are no string literals", typ)
				}
				values = append(values, lit.Value)
			}
		}
	}
	return values, nil
}

// directives returns the arguments of each //wire:NAME line of a comment.
func directives(doc *ast.CommentGroup, name string) [][]string {
	var all [][]string
	if doc == nil {
		return nil
	}
	for _, line := range doc.List {
		if args, ok := strings.CutPrefix(line.Text, "//wire:"+name+" "); ok {
			all = append(all, strings.Fields(args))
		}
	}
	return all
}

// text joins the comment above and the comment behind, without directives.
func text(above, behind *ast.CommentGroup) string {
	// CommentGroup.Text drops lines like //wire:case by itself.
	return strings.TrimSpace(above.Text() + "\n" + behind.Text())
}

// writeDoc writes a comment; "\n" as indent stands for an empty line before it.
func writeDoc(out *strings.Builder, indent, doc string) {
	if indent == "\n" {
		out.WriteString("\n")
		indent = ""
	}
	if doc == "" {
		return
	}
	lines := strings.Split(strings.ReplaceAll(doc, "*/", "* /"), "\n")
	if len(lines) == 1 {
		fmt.Fprintf(out, "%s/** %s */\n", indent, doc)
		return
	}
	fmt.Fprintf(out, "%s/**\n", indent)
	for _, line := range lines {
		out.WriteString(strings.TrimRight(indent+" * "+line, " ") + "\n")
	}
	fmt.Fprintf(out, "%s */\n", indent)
}
