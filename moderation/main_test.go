package moderation_test

import (
	"flag"
	"testing"
)

// TestMain draws more lives than rapid's default of 100: rare meetings of rules (a second
// turn, a question put before the staged one) do not turn up in fewer.
func TestMain(m *testing.M) {
	flag.Parse()
	chosen := false
	flag.Visit(func(f *flag.Flag) { chosen = chosen || f.Name == "rapid.checks" })
	if !chosen {
		if err := flag.Set("rapid.checks", "500"); err != nil {
			panic(err) // rapid no longer has the flag
		}
	}
	m.Run() // its result ends the process
}
