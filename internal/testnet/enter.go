package testnet

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

// entered marks a process that Enter started.
const entered = "TESTNET_ENTERED"

// Enter is called first in a TestMain. As root it does nothing. Otherwise it runs the same
// test binary as root of a new user namespace and ends this process with its exit code;
// where the kernel refuses that, it returns, and New says what is missing.
func Enter() {
	if os.Geteuid() == 0 || os.Getenv(entered) != "" {
		return
	}
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...) //nolint:gosec,noctx // itself, to its end
	cmd.Env = append(os.Environ(), entered+"=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
		Pdeathsig:   syscall.SIGKILL,
	}
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		os.Exit(0) //nolint:forbidigo // the other process was the test
	case errors.As(err, &exit):
		os.Exit(max(exit.ExitCode(), 1)) //nolint:forbidigo // likewise
	default:
		fmt.Fprintf(os.Stderr, "testnet: no user namespace for the tests: %v\n", err)
	}
}
