//go:build linux

package load_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	_ "net/http/pprof"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/sfu"
)

// The roles a process of this test binary can have.
const (
	roleVariable = "DIEMCAU_LOAD"
	roleServer   = "server"
	roleTick     = "server-tick"
	roleWhole    = "server-whole-frames"
	roleLimit    = "limit"
)

func TestMain(m *testing.M) {
	var err error
	switch role := os.Getenv(roleVariable); role {
	case "":
		m.Run()
		return
	case roleServer:
		err = serve(sfu.FlushAuto, os.Stdout)
	case roleTick:
		err = serve(sfu.FlushTick, os.Stdout)
	case roleWhole:
		err = serve(sfu.FlushFrames, os.Stdout)
	case roleLimit:
		err = limit(os.Stdin, os.Stdout)
	default:
		err = fmt.Errorf("%s=%s: unknown role", roleVariable, role)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1) //nolint:forbidigo // a child process of the test
	}
}

// figures are the server's counters.
type figures struct {
	Packets uint64 // RTP packets sent
	Calls   uint64 // system calls for them
	Dropped uint64
	Viewers int
	Keys    uint64 // keyframes asked of the source
	Mallocs uint64
	Heap    uint64 // bytes in use
	Stacks  uint64 // bytes of goroutines
}

// serve is the server: the media plane, and offers over HTTP.
func serve(flush sfu.Flush, out io.Writer) error {
	node, err := sfu.New(sfu.Config{Flush: flush})
	if err != nil {
		return err
	}
	plane := node.Plane("c", "hall")
	answer := func(how func(context.Context, conference.VenueID, string) (string, error)) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			offer, err := io.ReadAll(r.Body)
			var text string
			if err == nil {
				text, err = how(r.Context(), "hall", string(offer))
			}
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			w.WriteHeader(http.StatusCreated)
			_, _ = io.WriteString(w, text)
		}
	}
	http.HandleFunc("/whip", answer(func(ctx context.Context, v conference.VenueID, offer string) (string, error) {
		_, text, err := plane.Publish(ctx, v, offer)
		return text, err
	}))
	http.HandleFunc("/whep", answer(func(ctx context.Context, _ conference.VenueID, offer string) (string, error) {
		_, text, err := plane.Watch(ctx, "", offer)
		return text, err
	}))
	http.HandleFunc("/figures", func(w http.ResponseWriter, _ *http.Request) {
		var mem runtime.MemStats
		runtime.ReadMemStats(&mem)
		s, p := plane.Stats(), node.PortStats()
		_ = json.NewEncoder(w).Encode(figures{
			Packets: s.PacketsOut, Calls: p.Calls, Dropped: p.Dropped + s.ViewersDropped, Viewers: s.Viewers,
			Keys: s.KeyframesAsked, Mallocs: mem.Mallocs, Heap: mem.HeapAlloc, Stacks: mem.StackInuse,
		})
	})
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	go func() { _ = http.Serve(listener, nil) }()
	fmt.Fprintln(out, "http://"+listener.Addr().String())
	return node.Run(ctx)
}

// child starts this binary in a role on the given CPUs.
func child(tb testing.TB, role string, cpus unix.CPUSet) (*exec.Cmd, io.WriteCloser, *bufio.Reader) {
	tb.Helper()
	cmd := exec.Command(os.Args[0]) //nolint:noctx // ended by the test
	cmd.Env = append(os.Environ(), roleVariable+"="+role)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // a stopped server outlives nobody
	in, err := cmd.StdinPipe()
	check(tb, err)
	out, err := cmd.StdoutPipe()
	check(tb, err)
	// The child inherits the CPUs of the thread that starts it.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var before unix.CPUSet
	check(tb, unix.SchedGetaffinity(0, &before))
	check(tb, unix.SchedSetaffinity(0, &cpus))
	err = cmd.Start()
	check(tb, unix.SchedSetaffinity(0, &before))
	check(tb, err)
	return cmd, in, bufio.NewReader(out)
}

func check(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// server is the server process as the benchmark sees it.
type server struct {
	url string
	cmd *exec.Cmd
}

func startServer(tb testing.TB, role string, cpus unix.CPUSet) *server {
	tb.Helper()
	cmd, _, out := child(tb, role, cpus)
	line, err := out.ReadString('\n')
	check(tb, err)
	tb.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGCONT)
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			tb.Errorf("the server ended with %v", err)
		}
	})
	return &server{url: strings.TrimSpace(line), cmd: cmd}
}

// cpu returns the CPU time the process has used, in microseconds.
func (s *server) cpu(tb testing.TB) float64 {
	tb.Helper()
	tasks, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", s.cmd.Process.Pid))
	check(tb, err)
	var sum float64
	for _, task := range tasks {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/schedstat", s.cmd.Process.Pid, task.Name()))
		if err != nil {
			continue // the thread has ended
		}
		nanos, err := strconv.ParseFloat(strings.Fields(string(b))[0], 64)
		check(tb, err)
		sum += nanos / 1000
	}
	return sum
}

// rss returns the resident memory of the process, in KiB.
func (s *server) rss(tb testing.TB) float64 {
	tb.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	check(tb, err)
	_, rest, _ := strings.Cut(string(b), "VmRSS:")
	kib, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
	check(tb, err)
	return kib
}

func (s *server) figures(tb testing.TB) figures {
	tb.Helper()
	resp, err := http.Get(s.url + "/figures") //nolint:noctx // a test
	check(tb, err)
	defer resp.Body.Close()
	var f figures
	check(tb, json.NewDecoder(resp.Body).Decode(&f))
	return f
}
