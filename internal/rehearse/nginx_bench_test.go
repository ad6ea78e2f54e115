package rehearse_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// nginxPart is the configuration that docs/operations.md gives, word for word.
func nginxPart(tb testing.TB) string {
	tb.Helper()
	page, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		tb.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "```nginx\n")
	part, _, found := strings.Cut(rest, "```")
	if !found {
		tb.Fatal("docs/operations.md has no configuration of nginx")
	}
	return part
}

// nginx is one that caches what a server has.
type nginx struct {
	address string
	pid     int
	log     string // a line for each request that it passed on
}

// startNginx runs it before origin, as the page says, on a port of its own.
func startNginx(tb testing.TB, origin string) *nginx {
	tb.Helper()
	if _, err := exec.LookPath("nginx"); err != nil {
		tb.Fatal("nginx is needed: scripts/need.sh bench")
	}
	dir := tb.TempDir()
	free, err := (&net.ListenConfig{}).Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	n := &nginx{address: free.Addr().String(), log: filepath.Join(dir, "passed.log")}
	if err := free.Close(); err != nil {
		tb.Fatal(err)
	}
	part := nginxPart(tb)
	for _, change := range [][2]string{
		{"/var/cache/nginx/diemcau", filepath.Join(dir, "cache")}, {"127.0.0.1:8080", origin}, {"listen 80;", "listen " + n.address + " backlog=8192;"},
	} {
		if !strings.Contains(part, change[0]) {
			tb.Fatalf("the page's configuration has no %q", change[0])
		}
		part = strings.ReplaceAll(part, change[0], change[1])
	}
	var temporary strings.Builder
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		fmt.Fprintf(&temporary, "%s_temp_path %s/%s;\n", kind, dir, kind)
	}
	config := fmt.Sprintf(`daemon off; master_process off; worker_rlimit_nofile 40000; pid %[1]s/pid; error_log %[1]s/error.log;
events { worker_connections 20000; }
http {
map $upstream_status $passed { "" 0; default 1; }
log_format passed "$upstream_status $uri";
access_log %[2]s passed if=$passed;
%[3]s%[4]s}`, dir, n.log, temporary.String(), part)
	path := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		tb.Fatal(err)
	}
	var said bytes.Buffer
	process := exec.CommandContext(context.WithoutCancel(tb.Context()), "nginx", "-c", path, "-e", filepath.Join(dir, "error.log"))
	process.Stderr = &said
	if err := process.Start(); err != nil {
		tb.Fatal(err)
	}
	n.pid = process.Process.Pid
	tb.Cleanup(func() {
		_ = process.Process.Kill()
		_ = process.Wait() // killed
		if tb.Failed() {
			tb.Logf("nginx:\n%s", said.String())
		}
	})
	n.wait(tb)
	return n
}

// wait returns once it listens.
func (n *nginx) wait(tb testing.TB) {
	tb.Helper()
	var err error
	for range 300 {
		var c net.Conn
		if c, err = (&net.Dialer{}).DialContext(tb.Context(), "tcp", n.address); err == nil {
			_ = c.Close() // it was only to know
			return
		}
		pause(tb.Context(), 100*time.Millisecond)
	}
	tb.Fatalf("nginx does not listen: %v", err)
}

// passed is how many requests it has passed on.
func (n *nginx) passed(tb testing.TB) int {
	tb.Helper()
	log, err := os.ReadFile(n.log)
	if err != nil && !os.IsNotExist(err) {
		tb.Fatal(err)
	}
	return bytes.Count(log, []byte("\n"))
}

var afterName = regexp.MustCompile(`\) (.*)`)

// cpu is how long a process has computed.
func cpu(tb testing.TB, pid int) time.Duration {
	tb.Helper()
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		tb.Fatal(err)
	}
	fields := strings.Fields(afterName.FindStringSubmatch(string(stat))[1])
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond
}

// BenchmarkP5_ViewersBehindNginx puts nginx, as docs/operations.md has it, before a server
// and viewers before that: the server is asked as often for 5,000 as for 50.
func BenchmarkP5_ViewersBehindNginx(b *testing.B) {
	s := startServer(b)
	s.grows(s.grows(1).first + 4)
	alone := func() float64 { // percent of a CPU that making the programme takes
		before, at := cpu(b, s.process.Process.Pid), time.Now()
		pause(b.Context(), 5*time.Second)
		return 100 * float64(cpu(b, s.process.Process.Pid)-before) / float64(time.Since(at))
	}
	few := 0.0
	for _, viewers := range []int{50, 5000} {
		b.Run(strconv.Itoa(viewers), func(b *testing.B) {
			for range b.N {
				idle := alone()
				n := startNginx(b, s.listen)
				a := newAudience("http://" + n.address + "/live/" + demoConference)
				ctx, over := context.WithCancel(b.Context())
				done := make(chan struct{})
				go func() { // ends with ctx
					defer close(done)
					a.run(ctx, viewers)
				}()
				for a.satisfied.Load() < int64(viewers) { // all have come, and hold what they need
					pause(b.Context(), 100*time.Millisecond)
				}
				asked, passed, used, at := a.asked.Load(), n.passed(b), cpu(b, s.process.Process.Pid), time.Now()
				shown, front := a.bytes.Load(), cpu(b, n.pid)
				pause(b.Context(), 15*time.Second)
				took := time.Since(at).Seconds()
				origin := float64(n.passed(b)-passed) / took
				b.ReportMetric(float64(a.asked.Load()-asked)/took, "viewers-req/s")
				b.ReportMetric(float64(a.bytes.Load()-shown)*8/took/1e6, "viewers-Mbit/s")
				b.ReportMetric(origin, "origin-req/s")
				b.ReportMetric(100*float64(cpu(b, s.process.Process.Pid)-used)/1e9/took, "origin-cpu-%")
				b.ReportMetric(idle, "origin-alone-cpu-%")
				b.ReportMetric(100*float64(cpu(b, n.pid)-front)/1e9/took, "nginx-cpu-%")
				b.ReportMetric(0, "ns/op")
				over()
				<-done
				if faults := a.faults(); len(faults) > 0 {
					b.Errorf("%d viewers: %v", viewers, faults)
				}
				if viewers == 50 {
					few = origin
				} else if few > 0 && origin > 1.5*few {
					b.Errorf("the server was asked %.1f times a second for %d viewers, %.1f times for 50", origin, viewers, few)
				}
			}
		})
	}
	http.DefaultClient.CloseIdleConnections()
}
