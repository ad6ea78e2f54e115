package eventlogtest_test

import (
	"flag"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain has rapid draw 500 sequences of calls, in a soak 10,000.
func TestMain(m *testing.M) {
	flag.Parse()
	chosen := false
	flag.Visit(func(f *flag.Flag) { chosen = chosen || f.Name == "rapid.checks" })
	sequences := "500"
	if os.Getenv("DIEMCAU_SOAK") == "1" {
		sequences = "10000"
	}
	if !chosen {
		if err := flag.Set("rapid.checks", sequences); err != nil {
			panic(err) // rapid no longer has the flag
		}
	}
	goleak.VerifyTestMain(m)
}
