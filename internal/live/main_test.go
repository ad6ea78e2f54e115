package live_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain also is the process that TestQ1 kills: see runServer.
func TestMain(m *testing.M) {
	if where := os.Getenv(serverWhere); where != "" {
		os.Exit(runServer(where)) //nolint:forbidigo // this process is the server
	}
	goleak.VerifyTestMain(m)
}
