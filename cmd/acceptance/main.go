// Command acceptance turns test results into the acceptance table.
//
//	acceptance go OUT.json -- go test -json …   runs the tests, prints what failed, keeps the events
//	acceptance table docs/acceptance.md RESULTS  prints id → pass | fail | soak | bench
//	acceptance soak docs/acceptance.md OUT.md [ID …]
//	                                             runs the soak lines (all, or those named) that have no
//	                                             result for this commit; the report keeps the others
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "acceptance:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	switch {
	case len(args) > 3 && args[0] == "go" && args[2] == "--":
		return runGoTests(ctx, args[1], args[3:])
	case len(args) == 3 && args[0] == "table":
		return printTable(os.Stdout, args[1], args[2])
	case len(args) >= 3 && args[0] == "soak":
		return runSoak(ctx, args[1], args[2], args[3:])
	}
	return fmt.Errorf("unknown call %q: see the package comment", args)
}
