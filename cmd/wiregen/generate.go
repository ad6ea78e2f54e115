package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"reflect"
	"sort"
	"strconv"
	"strings"
)

const header = `// Made by cmd/wiregen from signaling/protocol. Do not edit: change the Go types and run
// "go generate ./signaling/protocol".

/** An instant: RFC 3339, UTC. */
export type Instant = string;
`

// generator holds what one run has read and written.
type generator struct {
	pkgs     *packages
	wire     *source
	unions   map[string]string // TypeScript name → its text
	commands []command
	out      strings.Builder
}

// command is one entry of Commands.
type command struct{ name, body string }

// field is one field of a struct as the wire has it.
type field struct {
	goName, wireName, ts, doc string
	optional                  bool
}

// generate returns the TypeScript of the package in a folder.
func generate(dir string) ([]byte, error) {
	pkgs, err := openModule(dir)
	if err != nil {
		return nil, err
	}
	wire, err := pkgs.parse(dir)
	if err != nil {
		return nil, err
	}
	g := &generator{pkgs: pkgs, wire: wire, unions: map[string]string{}}
	g.out.WriteString(header)
	for _, decl := range wire.decls {
		if err := g.decl(decl); err != nil {
			return nil, fmt.Errorf("%s: %w", pkgs.fset.Position(decl.Pos()), err)
		}
	}
	g.writeUnions()
	g.writeCommands()
	return []byte(g.out.String()), nil
}

func (g *generator) decl(decl *ast.GenDecl) error {
	for _, spec := range decl.Specs {
		switch spec := spec.(type) {
		case *ast.ValueSpec:
			if decl.Tok == token.CONST && spec.Type == nil {
				if err := g.constant(spec); err != nil {
					return err
				}
			}
		case *ast.TypeSpec:
			doc := spec.Doc
			if doc == nil {
				doc = decl.Doc
			}
			if err := g.typeDecl(spec, doc); err != nil {
				return fmt.Errorf("type %s: %w", spec.Name.Name, err)
			}
		}
	}
	return nil
}

// constant writes an untyped constant; those with a type belong to a union.
func (g *generator) constant(spec *ast.ValueSpec) error {
	for i, name := range spec.Names {
		if !name.IsExported() {
			continue
		}
		value, err := types.Eval(g.pkgs.fset, nil, token.NoPos, types.ExprString(spec.Values[i]))
		if err != nil || value.Value == nil {
			return fmt.Errorf("constant %s is no constant expression", name.Name)
		}
		if kind := value.Value.Kind(); kind != constant.Int && kind != constant.String {
			return fmt.Errorf("constant %s is neither a whole number nor a string", name.Name)
		}
		writeDoc(&g.out, "", text(spec.Doc, spec.Comment))
		fmt.Fprintf(&g.out, "export const %s = %s;\n", name.Name, value.Value.ExactString())
	}
	return nil
}

func (g *generator) typeDecl(spec *ast.TypeSpec, doc *ast.CommentGroup) error {
	name := spec.Name.Name
	switch typ := spec.Type.(type) {
	case *ast.SelectorExpr:
		_, err := g.named(g.wire, name)
		return err
	case *ast.Ident:
		if name == commandName {
			return nil // keyof Commands, written at the end
		}
		_, err := g.named(g.wire, name)
		return err
	case *ast.StructType:
		fields, err := g.fields(typ)
		if err != nil {
			return err
		}
		for _, args := range directives(doc, "command") {
			g.commands = append(g.commands, command{name: args[0], body: name})
		}
		writeDoc(&g.out, "\n", text(doc, nil))
		if cases := directives(doc, "case"); len(cases) > 0 {
			return g.tagged(name, fields, cases)
		}
		if len(fields) == 0 {
			fmt.Fprintf(&g.out, "export type %s = Record<string, never>;\n", name)
			return nil
		}
		fmt.Fprintf(&g.out, "export interface %s {\n", name)
		for _, f := range fields {
			writeDoc(&g.out, "  ", f.doc)
			g.out.WriteString("  " + f.member(f.optional) + ";\n")
		}
		g.out.WriteString("}\n")
		return nil
	}
	return errors.New("neither a struct nor a named string")
}

// tagged writes a struct as a union of the cases its comment lists.
func (g *generator) tagged(name string, fields []field, cases [][]string) error {
	byName := map[string]field{}
	for _, f := range fields {
		byName[f.goName] = f
	}
	fmt.Fprintf(&g.out, "export type %s =", name)
	for _, args := range cases {
		fmt.Fprintf(&g.out, "\n  | { type: %q", args[0])
		for _, want := range args[1:] {
			want, optional := strings.CutSuffix(want, "?")
			f, ok := byName[want]
			if !ok {
				return fmt.Errorf("wire:case %s names no field %s", args[0], want)
			}
			g.out.WriteString("; " + f.member(optional))
		}
		g.out.WriteString(" }")
	}
	g.out.WriteString(";\n")
	return nil
}

func (f field) member(optional bool) string {
	mark := ""
	if optional {
		mark = "?"
	}
	return f.wireName + mark + ": " + f.ts
}

func (g *generator) fields(typ *ast.StructType) ([]field, error) {
	var fields []field
	for _, f := range typ.Fields.List {
		if len(f.Names) == 0 || f.Tag == nil {
			return nil, fmt.Errorf("field %s has no name or no json tag", types.ExprString(f.Type))
		}
		tag, err := strconv.Unquote(f.Tag.Value)
		if err != nil {
			return nil, err
		}
		wireName, options, _ := strings.Cut(reflect.StructTag(tag).Get("json"), ",")
		if wireName == "" || len(f.Names) != 1 {
			return nil, fmt.Errorf("field %s needs a json name of its own", f.Names[0].Name)
		}
		ts, err := g.typeOf(f.Type)
		if err != nil {
			return nil, fmt.Errorf("field %s: %w", f.Names[0].Name, err)
		}
		optional := strings.Contains(options, "omitempty") || strings.Contains(options, "omitzero")
		if _, pointer := f.Type.(*ast.StarExpr); pointer && !optional {
			ts += " | null"
		}
		fields = append(fields, field{
			goName: f.Names[0].Name, wireName: wireName, ts: ts,
			doc: text(f.Doc, f.Comment), optional: optional,
		})
	}
	return fields, nil
}

// typeOf returns the TypeScript of a Go type, or an error: there is no fallback.
func (g *generator) typeOf(expr ast.Expr) (string, error) {
	switch t := expr.(type) {
	case *ast.StarExpr:
		return g.typeOf(t.X)
	case *ast.ArrayType:
		if id, ok := t.Elt.(*ast.Ident); t.Len != nil || (ok && id.Name == "byte") {
			break
		}
		elem, err := g.typeOf(t.Elt)
		if err != nil {
			return "", err
		}
		return elem + "[]", nil
	case *ast.MapType:
		key, err := g.typeOf(t.Key)
		if err != nil {
			return "", err
		}
		value, err := g.typeOf(t.Value)
		if err != nil {
			return "", err
		}
		return "Record<" + key + ", " + value + ">", nil
	case *ast.Ident:
		switch t.Name {
		case "string":
			return "string", nil
		case "bool":
			return "boolean", nil
		case "int", "int32", "int64", "uint32", "uint64", "float64":
			return "number", nil
		}
		return g.named(g.wire, t.Name)
	case *ast.SelectorExpr:
		switch name := types.ExprString(t); name {
		case "time.Time":
			return "Instant", nil
		case "json.RawMessage":
			return "unknown", nil
		}
	}
	return "", fmt.Errorf("type %s is unknown on the wire", types.ExprString(expr))
}

func (g *generator) writeUnions() {
	names := make([]string, 0, len(g.unions))
	for name := range g.unions {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		g.out.WriteString(g.unions[name])
	}
}

func (g *generator) writeCommands() {
	if len(g.commands) == 0 {
		return
	}
	writeDoc(&g.out, "\n", "Commands maps the name of each command to its body.")
	g.out.WriteString("export interface Commands {\n")
	for _, c := range g.commands {
		fmt.Fprintf(&g.out, "  %q: %s;\n", c.name, c.body)
	}
	g.out.WriteString("}\n\nexport type CommandName = keyof Commands;\n")
}
