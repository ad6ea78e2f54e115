package eventlogtest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// redisPatience is how long redis-server may take to read its file and open its port.
const redisPatience = 30 * time.Second

// Redis is a real redis-server of the test's own: a free port on 127.0.0.1, a temporary
// folder, appendonly yes, appendfsync always, noeviction. Not safe for concurrent use.
type Redis struct {
	// URL is redis://127.0.0.1:PORT/0; it stays the same over Restart.
	URL string
	// Dir is the folder of its data.
	Dir string

	tb      testing.TB
	program string
	port    int
	cmd     *exec.Cmd
	output  sync.WaitGroup // whoever reads the process's output
}

// StartRedis starts a redis-server for the test and kills it at the test's end. Extra
// arguments are added to its command line ("--maxmemory", "8mb"). It fails the test,
// naming the package, when redis-server is not installed; it never skips.
func StartRedis(tb testing.TB, arguments ...string) *Redis {
	tb.Helper()
	return StartServer(tb, "redis-server", arguments...)
}

// StartServer is StartRedis with another program that speaks as Redis does.
func StartServer(tb testing.TB, program string, arguments ...string) *Redis {
	tb.Helper()
	if _, err := exec.LookPath(program); err != nil {
		tb.Fatalf("%s is missing: install the package %[1]s (apt-get install %[1]s): %v", program, err)
	}
	r := &Redis{tb: tb, program: program, Dir: tb.TempDir()}
	tb.Cleanup(r.Kill)
	var err error
	for range 5 { // somebody else may take the free port between our look and redis's
		if r.port, err = freePort(tb.Context()); err != nil {
			tb.Fatalf("find a free port: %v", err)
		}
		if err = r.start(arguments); err == nil {
			r.URL = fmt.Sprintf("redis://127.0.0.1:%d/0", r.port)
			return r
		}
		r.Kill()
	}
	tb.Fatalf("start %s: %v", program, err)
	return nil
}

// Kill ends the server as kill -9 does and waits until it is gone. It may be called twice.
func (r *Redis) Kill() {
	if r.cmd == nil {
		return
	}
	if err := r.cmd.Process.Kill(); err != nil {
		r.tb.Errorf("kill redis-server: %v", err)
	}
	r.output.Wait()
	if err := r.cmd.Wait(); err != nil {
		// "signal: killed" is what was asked for.
		if _, asked := errors.AsType[*exec.ExitError](err); !asked {
			r.tb.Errorf("wait for redis-server: %v", err)
		}
	}
	r.cmd = nil
}

// Restart starts a killed server again on the same data and port and returns when it
// answers.
func (r *Redis) Restart(arguments ...string) {
	r.tb.Helper()
	r.Kill()
	if err := r.start(arguments); err != nil {
		r.tb.Fatalf("restart redis-server: %v", err)
	}
}

// Pause stops the server's process (SIGSTOP) as a machine that hangs does; Resume lets it go on.
func (r *Redis) Pause() { r.signal(syscall.SIGSTOP) }

// Resume undoes Pause.
func (r *Redis) Resume() { r.signal(syscall.SIGCONT) }

// LimitFiles lets no file of the server grow beyond so many bytes, as a full disk, until it
// is called with more or the server is restarted.
func (r *Redis) LimitFiles(bytes uint64) {
	r.tb.Helper()
	pid, limit := strconv.Itoa(r.cmd.Process.Pid), strconv.FormatUint(bytes, 10)
	said, err := exec.CommandContext(r.tb.Context(), "prlimit", "--pid", pid, "--fsize="+limit+":").CombinedOutput() //nolint:gosec // two numbers
	if err != nil {
		r.tb.Fatalf("limit the files of redis-server: %v: %s", err, said)
	}
}

// LogBytes is how long the append-only file is that the server writes.
func (r *Redis) LogBytes() (bytes uint64) {
	r.tb.Helper()
	_, size := r.logFile()
	return uint64(size)
}

// Tear cuts bytes off the end of a killed server's append-only file, as a crash in the
// middle of a write does.
func (r *Redis) Tear(bytes int64) {
	r.tb.Helper()
	file, size := r.logFile()
	if err := os.Truncate(file, size-bytes); err != nil {
		r.tb.Fatalf("tear the append-only file: %v", err)
	}
}

func (r *Redis) logFile() (path string, bytes int64) {
	r.tb.Helper()
	files, err := filepath.Glob(filepath.Join(r.Dir, "appendonlydir", "*.incr.aof"))
	if err != nil || len(files) != 1 {
		r.tb.Fatalf("append-only files %q: %v, want one", files, err)
	}
	info, err := os.Stat(files[0])
	if err != nil {
		r.tb.Fatalf("measure the append-only file: %v", err)
	}
	return files[0], info.Size()
}

func (r *Redis) signal(signal syscall.Signal) {
	r.tb.Helper()
	if err := r.cmd.Process.Signal(signal); err != nil {
		r.tb.Fatalf("send %v to redis-server: %v", signal, err)
	}
}

func (r *Redis) start(arguments []string) error {
	return r.run("Ready to accept connections", append([]string{
		"--bind", "127.0.0.1", "--port", strconv.Itoa(r.port), "--dir", r.Dir,
		"--appendonly", "yes", "--appendfsync", "always", "--save", "",
		"--maxmemory-policy", "noeviction", "--daemonize", "no", "--logfile", "",
	}, arguments...))
}

// run starts the program and returns when it has said that it is ready.
func (r *Redis) run(whenReady string, arguments []string) error {
	// What a full disk does to it is an error of its writes, not the signal of LimitFiles.
	all := append([]string{"-c", `trap "" XFSZ; exec "$0" "$@"`, r.program}, arguments...)
	cmd := exec.Command("sh", all...) //nolint:gosec,noctx // the test's own arguments; Kill ends it, not a ctx
	// When the test binary dies without cleaning up, the kernel ends the server too.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	output, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	r.cmd = cmd
	ready := make(chan error, 1)
	r.output.Go(func() { ready <- watch(output, whenReady); drain(output) }) // ends with the process: Kill waits for it
	select {
	case err := <-ready:
		return err
	case <-time.After(redisPatience):
		return fmt.Errorf("redis-server was not ready after %v", redisPatience)
	}
}

// watch reads the server's log until it says what it says when it is ready. Reading it to the end
// afterwards is drain's: a full pipe would stop the server.
func watch(output io.Reader, whenReady string) error {
	var said []string
	lines := bufio.NewReader(output)
	for {
		line, err := lines.ReadString('\n')
		if strings.Contains(line, whenReady) {
			return nil
		}
		said = append(said, line)
		if err != nil {
			return fmt.Errorf("redis-server ended: %s", strings.Join(said, ""))
		}
	}
}

func drain(output io.Reader) {
	// The pipe ends when the process does; an error then says no more than that.
	_, _ = io.Copy(io.Discard, output)
}

func freePort(ctx context.Context) (int, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	port := listener.Addr().(*net.TCPAddr).Port //nolint:forcetypeassert // a TCP listener has no other
	return port, listener.Close()
}
