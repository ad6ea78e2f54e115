package testnet_test

import (
	"os"
	"os/exec"
	"testing"

	"go.uber.org/goleak"

	"github.com/diemcau/diemcau/internal/testnet"
)

func TestMain(m *testing.M) {
	switch os.Getenv(asProgram) {
	case "echo":
		serveEcho()
	case "victim":
		beVictim()
	}
	testnet.Enter()
	goleak.VerifyTestMain(m)
}

// asProgram makes this test binary behave as a program that tests run inside a host.
const asProgram = "TESTNET_AS"

func program(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...) //nolint:noctx // dies with its network
	cmd.Env = append(os.Environ(), asProgram+"="+name)
	cmd.Stderr = os.Stderr
	return cmd
}
