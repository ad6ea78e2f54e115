package rehearse_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/diemcau/diemcau/internal/access"
	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/rehearse"
	"github.com/diemcau/diemcau/internal/secret"
	"github.com/diemcau/diemcau/internal/testnet"
)

func TestMain(m *testing.M) {
	testnet.Enter()
	goleak.VerifyTestMain(m)
}

// server is a real one: the binary, on ports of its own.
type server struct {
	t       testing.TB
	binary  string
	data    string
	listen  string
	process *exec.Cmd
	log     bytes.Buffer
}

func startServer(tb testing.TB) *server {
	tb.Helper()
	s := buildServer(tb)
	if err := s.start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		s.kill()
		if tb.Failed() {
			tb.Logf("server:\n%s", s.log.String())
		}
	})
	return s
}

// buildServer makes the binary and an empty data folder.
func buildServer(tb testing.TB) *server {
	tb.Helper()
	s := &server{t: tb, binary: filepath.Join(tb.TempDir(), "diemcau"), data: tb.TempDir(), listen: "127.0.0.1:0"}
	build := exec.CommandContext(tb.Context(), "go", "build", "-o", s.binary, "github.com/diemcau/diemcau/cmd/diemcau")
	if out, err := build.CombinedOutput(); err != nil {
		tb.Fatalf("build the server: %v\n%s", err, out)
	}
	return s
}

func (s *server) start() error {
	s.process = exec.CommandContext(context.WithoutCancel(s.t.Context()), s.binary, "serve", "--demo", "--data="+s.data,
		"--listen="+s.listen, "--tls-listen=off", "--metrics-listen=off", "--media-port=0")
	s.process.Stderr = &s.log
	if err := s.process.Start(); err != nil {
		return err
	}
	return s.ready()
}

// ready waits until the server answers and keeps its address for the next start.
func (s *server) ready() error {
	deadline := time.After(30 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if url := s.url(); url != "" {
			if s.answers(url) {
				s.listen = url[len("http://"):]
				return nil
			}
		}
		select {
		case <-tick.C:
		case <-deadline:
			return errors.New("the server did not become ready")
		}
	}
}

func (s *server) answers(url string) bool {
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, url+"/readyz", http.NoBody)
	if err != nil {
		return false
	}
	defer http.DefaultClient.CloseIdleConnections()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode == http.StatusOK
}

func (s *server) url() string {
	raw, err := os.ReadFile(filepath.Join(s.data, "server.json"))
	if err != nil {
		return ""
	}
	var now struct {
		PID int    `json:"pid"`
		URL string `json:"url"`
	}
	if json.Unmarshal(raw, &now) != nil || now.PID != s.process.Process.Pid {
		return ""
	}
	return now.URL
}

// kill is kill -9.
func (s *server) kill() {
	_ = s.process.Process.Kill()
	_ = s.process.Wait()
}

func (s *server) tokens() rehearse.Tokens {
	s.t.Helper()
	keys, err := secret.Open(filepath.Join(s.data, "secret"), false)
	if err != nil {
		s.t.Fatal(err)
	}
	signer := access.NewSigner(keys)
	return func(id conference.ID, role conference.Role, venue conference.VenueID) (string, error) {
		return signer.Sign(access.Grant{
			ID: access.NewID(), Conference: id, Role: role, Venue: venue, Person: "Diễn tập", Expires: time.Now().Add(time.Hour),
		}), nil
	}
}

func TestJ7_RecordOfARehearsal(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	report, err := rehearse.Run(t.Context(), rehearse.Config{
		URL: "http://" + s.listen, Citizens: 40, For: 8 * time.Second, Tokens: s.tokens(), Out: t.Output(),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := report.Write(t.Output()); err != nil {
		t.Fatal(err)
	}
	if len(report.Failures) > 0 {
		t.Errorf("got failures %q, want none", report.Failures)
	}
	if rec := report.Record; rec.Acknowledged < 20 || rec.Acknowledged != rec.Asked || rec.Decided == 0 {
		t.Errorf("got %d asked, %d acknowledged, %d decided; want ≥ 20, all of them, and some", rec.Asked, rec.Acknowledged, rec.Decided)
	}
}

// TestEndedEarlyIsCheckedAllTheSame: SIGINT ends the play, not the checking.
func TestEndedEarlyIsCheckedAllTheSame(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ctx, interrupt := context.WithCancel(t.Context())
	progress := make(lines, 16)
	go func() {
		for range progress { // the first line says that all are connected
			interrupt()
		}
	}()
	report, err := rehearse.Run(ctx, rehearse.Config{
		URL: "http://" + s.listen, Citizens: 5, For: time.Hour, Tokens: s.tokens(), Out: progress,
	})
	close(progress)
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Failures) > 0 || report.For >= time.Minute || report.Record.Citizens != 5 {
		t.Errorf("got failures %q after %s with %d citizens, want none, soon, and five", report.Failures, report.For, report.Record.Citizens)
	}
}

// TestJ6_RecordOverAKill kills the server while questions are on their way.
func TestJ6_RecordOverAKill(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	questions := make(lines, 16)
	killed := make(chan error, 1)
	go func() {
		for line := range questions {
			if bytes.Contains(line, []byte("connected to")) {
				s.kill()
				killed <- s.start()
				break
			}
		}
		for range questions { // drained until the rehearsal is over
		}
	}()
	report, err := rehearse.Run(t.Context(), rehearse.Config{
		URL: "http://" + s.listen, Citizens: 20, For: 6 * time.Second, Tokens: s.tokens(), Out: questions,
	})
	close(questions)
	if err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-killed:
		if err != nil {
			t.Error(err)
		}
	default:
		t.Error("the server was not killed during the rehearsal")
	}
	if len(report.Failures) > 0 {
		t.Errorf("got failures %q, want none", report.Failures)
	}
	if rec := report.Record; rec.Acknowledged == 0 || rec.Reconnects < 20 {
		t.Errorf("got %d acknowledged, %d reconnections; want some, and every socket back", rec.Acknowledged, rec.Reconnects)
	}
}

// lines hands out what is written to it.
type lines chan []byte

func (l lines) Write(b []byte) (int, error) {
	l <- bytes.Clone(b)
	return len(b), nil
}

func TestWhatIsNotThereIsSaid(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"", "ftp://x", "127.0.0.1:8080"} {
		_, err := rehearse.Run(t.Context(), rehearse.Config{URL: url})
		if _, ok := errors.AsType[*rehearse.UsageError](err); !ok {
			t.Errorf("%q: got %v, want a usage error", url, err)
		}
	}
	_, err := rehearse.Run(t.Context(), rehearse.Config{URL: "http://127.0.0.1:1"})
	if err == nil {
		t.Error("got no error from a server that is not there")
	}
}

func TestReportFailsOnWhatWasPromised(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(*rehearse.Report)
		want   int
	}{
		{"all well", func(*rehearse.Report) {}, 0},
		{"missing", func(r *rehearse.Report) { r.Record.Missing = 1 }, 1},
		{"twice", func(r *rehearse.Report) { r.Record.Twice = 1 }, 1},
		{"unseen", func(r *rehearse.Report) { r.Record.Unseen = 1 }, 1},
		{"shown too early", func(r *rehearse.Report) { r.Record.Leaked = 1 }, 1},
		{"another code", func(r *rehearse.Report) { r.Record.OtherCodes = 1 }, 1},
		{"0.5 % of frames broken", func(r *rehearse.Report) { r.Media.Venues, r.Media.Frames, r.Media.Broken = 1, 1000, 5 }, 0},
		{"0.6 % of frames broken", func(r *rehearse.Report) { r.Media.Venues, r.Media.Frames, r.Media.Broken = 1, 1000, 6 }, 1},
		{"a blind venue", func(r *rehearse.Report) { r.Media.Venues, r.Media.Blind = 2, 1 }, 1},
		{"raw loss is only told", func(r *rehearse.Report) { r.Media.Venues, r.Media.Packets, r.Media.Lost = 1, 1000, 500 }, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := &rehearse.Report{Record: rehearse.Record{Citizens: 1, Acknowledged: 1}}
			c.change(r)
			r.Judge()
			if len(r.Failures) != c.want {
				t.Errorf("got failures %q, want %d", r.Failures, c.want)
			}
			var out bytes.Buffer
			if err := r.Write(&out); err != nil || out.Len() == 0 {
				t.Errorf("got %d bytes, %v", out.Len(), err)
			}
			if got := bytes.Contains(out.Bytes(), []byte("FAILED")); got != (c.want > 0) {
				t.Errorf("the table says FAILED: %v\n%s", got, out.String())
			}
		})
	}
}
