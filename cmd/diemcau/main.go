// Command diemcau runs the conference server and the tools around it; `diemcau --help`
// is the reference, docs/operations.md the manual.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// version is set by the linker (-X main.version).
var version = "dev" // the linker can set nothing else; nothing writes to it

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], streams{out: os.Stdout, err: os.Stderr})
	stop()
	os.Exit(code)
}
