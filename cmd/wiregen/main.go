package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	in := flag.String("in", ".", "folder of the Go package to read")
	out := flag.String("out", "", "TypeScript file to write; empty: standard output")
	flag.Parse()
	if err := run(*in, *out); err != nil {
		fmt.Fprintln(os.Stderr, "wiregen:", err)
		os.Exit(1)
	}
}

func run(in, out string) error {
	source, err := generate(in)
	if err != nil {
		return err
	}
	if out == "" {
		_, err = os.Stdout.Write(source)
		return err
	}
	return os.WriteFile(out, source, 0o644)
}
