package signaling_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"go.uber.org/goleak"
)

// These, when set, make this binary another process: see TestMain.
const (
	crowdOrder = "SIGNALING_TEST_CROWD" // JSON of an order: many clients
	nodeFolder = "SIGNALING_TEST_NODE"  // a folder: the server on the log in it
)

// TestMain also is the crowds of the benchmarks and the server that TestQ5 kills.
func TestMain(m *testing.M) {
	if order := os.Getenv(crowdOrder); order != "" {
		os.Exit(runCrowd(order)) //nolint:forbidigo // this process is the crowd
	}
	if folder := os.Getenv(nodeFolder); folder != "" {
		os.Exit(runNode(folder)) //nolint:forbidigo // this process is the server
	}
	goleak.VerifyTestMain(m)
}

// process is this binary as another process, which is told and tells lines of JSON.
type process struct {
	tb    testing.TB
	cmd   *exec.Cmd
	input io.WriteCloser
	lines *bufio.Scanner
}

// start starts this binary as another process; it ends with the test.
func startProcess(tb testing.TB, variable, value string) *process {
	tb.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(tb.Context()), os.Args[0]) // killed at the cleanup
	cmd.Env = append(os.Environ(), variable+"="+value)
	cmd.Stderr = os.Stderr
	input, err := cmd.StdinPipe()
	if err != nil {
		tb.Fatal(err)
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	p := &process{tb: tb, cmd: cmd, input: input, lines: bufio.NewScanner(output)}
	tb.Cleanup(p.kill)
	return p
}

// tell sends a line.
func (p *process) tell(v any) {
	p.tb.Helper()
	if _, err := io.WriteString(p.input, mustJSON(v)+"\n"); err != nil {
		p.tb.Fatalf("tell a process: %v", err)
	}
}

// hear waits for the next line.
func (p *process) hear(into any) {
	p.tb.Helper()
	if !p.lines.Scan() {
		p.tb.Fatalf("a process has ended: %v", p.lines.Err())
	}
	if err := json.Unmarshal(p.lines.Bytes(), into); err != nil {
		p.tb.Fatalf("a process said %s: %v", p.lines.Bytes(), err)
	}
}

// kill ends the process at once, as kill -9 does; again and again is no error.
func (p *process) kill() {
	if p.cmd.ProcessState != nil {
		return
	}
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// end lets the process end by itself.
func (p *process) end() error {
	_ = p.input.Close()
	for p.lines.Scan() { // to the end of what it says
		continue
	}
	return p.cmd.Wait()
}

// say writes a line to whoever started this process.
func say(v any) {
	fmt.Fprintln(os.Stdout, mustJSON(v))
}

// mostFiles lets this process have as many files and sockets open as it may.
func mostFiles() error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	limit.Cur = limit.Max
	return syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit)
}
