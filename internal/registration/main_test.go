package registration_test

import (
	"flag"
	"os"
	"testing"
)

// TestMain draws more lives than rapid's default of 100; a soak draws 10,000.
func TestMain(m *testing.M) {
	flag.Parse()
	chosen := false
	flag.Visit(func(f *flag.Flag) { chosen = chosen || f.Name == "rapid.checks" })
	lives := "500"
	if os.Getenv("DIEMCAU_SOAK") == "1" {
		lives = "10000"
	}
	if !chosen {
		if err := flag.Set("rapid.checks", lives); err != nil {
			panic(err) // rapid no longer has the flag
		}
	}
	m.Run() // its result ends the process
}
