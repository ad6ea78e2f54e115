package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/demo"
	"github.com/diemcau/diemcau/internal/server"
	"github.com/diemcau/diemcau/signaling/protocol"
)

// asCommand makes this test binary behave as diemcau, so that the tests below run the
// real command in a process of its own without building it a second time.
const asCommand = "TEST_AS_DIEMCAU"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) == "1" {
		main() // ends the process
	}
	goleak.VerifyTestMain(m)
}

// process is diemcau running.
type process struct {
	*testing.T

	command *exec.Cmd
	data    string
	url     string
	out     *lines
	logs    *lines
	ended   chan struct{}
	err     error // of Wait; read after ended
}

// lines keeps what a process writes.
type lines struct {
	textMu sync.Mutex // guards text
	text   bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.textMu.Lock()
	defer l.textMu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.textMu.Lock()
	defer l.textMu.Unlock()
	return l.text.String()
}

func command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), os.Args[0], args...)
	cmd.Env = append(os.Environ(), asCommand+"=1", "GOCOVERDIR="+t.TempDir())
	return cmd
}

// start starts a server on free ports and waits until it says where it serves.
func start(t *testing.T, data string, args ...string) *process {
	t.Helper()
	all := append([]string{
		"serve", "--data=" + data, "--listen=127.0.0.1:0", "--media-port=0", "--metrics-listen=off", "--log-level=debug",
	}, args...)
	p := &process{T: t, command: command(t, all...), data: data, out: &lines{}, logs: &lines{}, ended: make(chan struct{})}
	stdout, err := p.command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.command.Stderr = p.logs
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	serving := make(chan string, 1)
	go func() { // ends with the process
		defer close(p.ended)
		reader := bufio.NewReader(io.TeeReader(stdout, p.out))
		for {
			line, err := reader.ReadString('\n')
			if after, found := strings.CutPrefix(line, "Điểm Cầu: "); found {
				serving <- strings.TrimRight(strings.TrimSpace(after), "/")
			}
			if err != nil {
				break
			}
		}
		p.err = p.command.Wait()
	}()
	t.Cleanup(p.kill)
	select {
	case p.url = <-serving:
	case <-p.ended:
		t.Fatalf("the server ended: %v\n%s", p.err, p.logs)
	}
	return p
}

func (p *process) kill() {
	_ = p.command.Process.Kill()
	<-p.ended
}

// stop sends SIGTERM and wants exit code 0.
func (p *process) stop() {
	p.Helper()
	if err := p.command.Process.Signal(syscall.SIGTERM); err != nil {
		p.Fatal(err)
	}
	<-p.ended
	if p.err != nil {
		p.Errorf("SIGTERM: got %v, want exit 0\n%s", p.err, p.logs)
	}
}

// tool runs another command on the same data.
func (p *process) tool(args ...string) (code int, stdout, stderr string) {
	p.Helper()
	cmd := command(p.T, append(args, "--data="+p.data)...)
	var out, err bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &err
	if err := cmd.Start(); err != nil {
		p.Fatal(err)
	}
	// Every tool ends by itself; one that does not is ended, and its exit code is -1.
	stuck := time.AfterFunc(2*time.Minute, func() { cmd.Process.Kill() }) // ended already, or ends now
	defer stuck.Stop()
	var exit *exec.ExitError
	if failed := cmd.Wait(); errors.As(failed, &exit) {
		return exit.ExitCode(), out.String(), err.String()
	} else if failed != nil {
		p.Fatal(failed)
	}
	return 0, out.String(), err.String()
}

func (p *process) links(args ...string) []server.LinkView {
	p.Helper()
	code, out, err := p.tool(append([]string{"links", "--json"}, args...)...)
	if code != 0 {
		p.Fatalf("links %v: exit %d: %s", args, code, err)
	}
	var links []server.LinkView
	if err := json.Unmarshal([]byte(out), &links); err != nil {
		p.Fatalf("links: %v in %q", err, out)
	}
	return links
}

// browser keeps cookies and calls as a page would.
type browser struct {
	*testing.T

	http *http.Client
}

func newBrowser(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &browser{T: t, http: &http.Client{Jar: jar, Transport: transport}}
}

func (b *browser) call(method, base, path, body string) (int, string) {
	b.Helper()
	request, err := http.NewRequestWithContext(b.Context(), method, base+path, strings.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	request.Header.Set("Origin", base)
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := b.http.Do(request)
	if err != nil {
		b.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		b.Fatal(err)
	}
	return response.StatusCode, string(text)
}

func (b *browser) redeem(base, token string) int {
	b.Helper()
	status, _ := b.call("POST", base, "/api/v1/session", `{"token":"`+token+`"}`)
	return status
}

// hello opens a socket as a role and returns the role it is welcomed as.
func (b *browser) hello(dialer *websocket.Dialer, base string, role protocol.Role) string {
	b.Helper()
	dialer.Jar, dialer.Subprotocols = b.http.Jar, []string{protocol.Subprotocol}
	socket, response, err := dialer.DialContext(b.Context(), "ws"+strings.TrimPrefix(base, "http")+"/api/v1/conferences/"+string(demo.ID)+"/socket",
		http.Header{"Origin": {base}})
	if err != nil {
		b.Fatalf("socket: %v", err)
	}
	defer socket.Close()
	defer response.Body.Close()
	hello := protocol.ClientMessage{Type: "hello", Hello: &protocol.Hello{Protocols: []int{1}, Role: role}}
	if err := socket.WriteJSON(hello); err != nil {
		b.Fatal(err)
	}
	var message protocol.ServerMessage
	if err := socket.ReadJSON(&message); err != nil {
		b.Fatalf("welcome: %v", err)
	}
	if message.Welcome == nil {
		b.Fatalf("got %+v, want a welcome", message)
	}
	return string(message.Welcome.Role)
}

func TestServe_demonstration(t *testing.T) {
	t.Parallel()
	p := start(t, filepath.Join(t.TempDir(), "data"), "--demo", "--tls-listen=127.0.0.1:0")
	b := newBrowser(t)
	if status, body := b.call("GET", p.url, "/readyz", ""); status != http.StatusOK {
		t.Fatalf("not ready: %d %s", status, body)
	}
	// The printed links, one for each role, work again and again.
	printed := regexp.MustCompile(`(?m)http://127\S+/(venue|moderate|stage|screen|desk|admin)#t=(\S+)$`).FindAllStringSubmatch(p.out.String(), -1)
	pages := map[string]int{}
	for _, link := range printed {
		pages[link[1]]++
		for range 2 {
			if status := b.redeem(p.url, link[2]); status != http.StatusNoContent {
				t.Errorf("/%s: a printed link: got %d", link[1], status)
			}
		}
	}
	for page, atLeast := range map[string]int{"venue": 3, "moderate": 1, "stage": 1, "screen": 1, "desk": 1, "admin": 1} {
		if pages[page] < atLeast {
			t.Errorf("got %d printed links for /%s, want %d", pages[page], page, atLeast)
		}
	}
	_, sessions := b.call("GET", p.url, "/api/v1/session", "")
	if !strings.Contains(sessions, `"demo":true`) {
		t.Errorf("sessions are not marked as demo: %s", sessions)
	}
	for _, role := range []protocol.Role{"moderator", "stage", "screen", "admin"} {
		if got := b.hello(&websocket.Dialer{}, p.url, role); got != string(role) {
			t.Errorf("got welcomed as %s, want %s", got, role)
		}
	}
	p.checkTLS(b)
	p.stop()
	if left, err := filepath.Glob(filepath.Join(p.data, "server.json*")); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if strings.Contains(p.logs.String(), printed[0][2]) {
		t.Error("a token is in the log")
	}
}

// checkTLS signs in and opens a socket over https, with the authority trusted.
func (p *process) checkTLS(b *browser) {
	p.Helper()
	var origins struct {
		HTTPS []string `json:"https"`
	}
	_, body := b.call("GET", p.url, "/api/v1/origins", "")
	if err := json.Unmarshal([]byte(body), &origins); err != nil || len(origins.HTTPS) != 1 {
		p.Fatalf("got origins %s, %v", body, err)
	}
	roots := x509.NewCertPool()
	_, ca := b.call("GET", p.url, "/ca.crt", "")
	if !roots.AppendCertsFromPEM([]byte(ca)) {
		p.Fatalf("got no certificate: %q", ca)
	}
	trusting := func() *tls.Config { return &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12} }
	transport := &http.Transport{TLSClientConfig: trusting(), ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	secure := newBrowser(p.T)
	secure.http.Transport = transport
	link := p.links("--role=stage")[0]
	if status := secure.redeem(origins.HTTPS[0], link.Token); status != http.StatusNoContent {
		p.Fatalf("sign in over https: got %d", status)
	}
	if got := secure.hello(&websocket.Dialer{TLSClientConfig: trusting()}, origins.HTTPS[0], "stage"); got != "stage" {
		p.Errorf("over https: got welcomed as %s", got)
	}
}

func TestServe_linksAndConferencesBesideTheServer(t *testing.T) {
	t.Parallel()
	p := start(t, t.TempDir(), "--demo", "--tls-listen=off")
	b := newBrowser(t)
	if links := p.links("--role=venue"); len(links) != 31 {
		t.Errorf("got %d venue links, want one per venue: 31", len(links))
	}
	for alias, path := range map[string]string{"desk": "/desk", "moderator": "/moderate", "moderate": "/moderate", "registrar": "/desk", "screen": "/screen"} {
		link := p.links("--role=" + alias)[0]
		if !strings.HasPrefix(link.URL, p.url+path+"#t=") {
			t.Errorf("--role=%s: got %s", alias, link.URL)
		}
		if first, second := b.redeem(p.url, link.Token), b.redeem(p.url, link.Token); first != http.StatusNoContent || second != http.StatusUnauthorized {
			t.Errorf("--role=%s: got %d, then %d, want 204, then 401", alias, first, second)
		}
	}
	named := p.links("--role=venue", "--venue=ba-vi", "--person=Trần Thị B", "--base-url=https://hop.example.vn/", "--valid=2h")
	if len(named) != 1 || !strings.HasPrefix(named[0].URL, "https://hop.example.vn/venue#t=") || time.Until(named[0].Expires) > 2*time.Hour {
		t.Errorf("got %+v", named)
	}
	for _, wrong := range [][]string{{"--role=venue", "--venue=atlantis"}, {"--role=stage", "--conference=nowhere"}} {
		if code, _, said := p.tool(append([]string{"links"}, wrong...)...); code != exitUsage || strings.Count(said, "\n") != 1 {
			t.Errorf("links %v: got exit %d and %q", wrong, code, said)
		}
	}
	if code, out, said := p.tool("healthcheck"); code != 0 || out != "ready\n" {
		t.Errorf("healthcheck: got %d %q %q", code, out, said)
	}
	file := filepath.Join(t.TempDir(), "c.json")
	info := demo.Conference()
	info.ID = "thu-hai"
	raw, err := json.Marshal(info)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		args []string
		code int
		out  string
	}{
		{[]string{"conference", "create", "--file=" + file}, 0, "created thu-hai\n"},
		{[]string{"conference", "open", "thu-hai"}, 0, "thu-hai is open\n"},
		{[]string{"conference", "open", "thu-hai"}, 1, ""},
		{[]string{"conference", "close", "thu-hai"}, 0, "thu-hai is closed\n"},
		{[]string{"conference", "open", "nowhere"}, 1, ""},
	} {
		if code, out, said := p.tool(step.args...); code != step.code || out != step.out {
			t.Errorf("%v: got exit %d, %q, %q", step.args, code, out, said)
		}
	}
	p.stop()
	// Without a server the same commands work on the log itself.
	if links := p.links("--role=stage", "--conference=dat-dai-2022"); !strings.HasPrefix(links[0].URL, defaultBaseURL) {
		t.Errorf("got %s", links[0].URL)
	}
	if code, out, said := p.tool("conference", "close", string(demo.ID)); code != 0 || out != "dat-dai-2022 is closed\n" {
		t.Errorf("close: got exit %d, %q, %q", code, out, said)
	}
	if code, _, said := p.tool("healthcheck"); code != exitFault || said == "" {
		t.Errorf("healthcheck without a server: got exit %d, %q", code, said)
	}
}

func TestJ9_secondProcessOnTheSameData(t *testing.T) {
	t.Parallel()
	p := start(t, t.TempDir(), "--demo", "--tls-listen=off")
	code, out, said := p.tool("serve", "--listen=127.0.0.1:0", "--media-port=0", "--metrics-listen=off")
	if code != exitFault || strings.Count(said, "\n") != 1 || !strings.Contains(said, "in use") || out != "" {
		t.Errorf("got exit %d, %q, %q: want one clear line", code, out, said)
	}
	b := newBrowser(t)
	if status, _ := b.call("GET", p.url, "/readyz", ""); status != http.StatusOK {
		t.Errorf("the first server is disturbed: %d", status)
	}
	if code, _, said := p.tool("healthcheck"); code != 0 {
		t.Errorf("the first server's note is gone: %q", said)
	}
}

func TestServe_takenPortsAreOneLine(t *testing.T) {
	t.Parallel()
	p := start(t, t.TempDir(), "--tls-listen=off")
	address := strings.TrimPrefix(p.url, "http://")
	for _, flag := range []string{"--listen", "--tls-listen", "--metrics-listen"} {
		args := map[string]string{"--listen": "127.0.0.1:0", "--tls-listen": "off", "--metrics-listen": "off", "--media-port": "0"}
		args[flag] = address
		line := []string{"serve", "--data=" + t.TempDir()}
		for name, value := range args {
			line = append(line, name+"="+value)
		}
		var out, err bytes.Buffer
		if code := run(t.Context(), line, streams{out: &out, err: &err}); code != exitFault {
			t.Errorf("%s: got exit %d", flag, code)
		}
		last := err.String()[strings.LastIndex(strings.TrimSpace(err.String()), "\n")+1:]
		if !strings.HasPrefix(last, "diemcau: "+flag+"=") {
			t.Errorf("%s: got %q", flag, last)
		}
	}
}

// TestServe_killedGoesOnWhereItStopped: what was acknowledged and who was signed in is
// there after kill -9, as after SIGTERM.
func TestServe_killedGoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	b := newBrowser(t)
	p := start(t, data, "--demo", "--tls-listen=off")
	port := p.url[strings.LastIndex(p.url, ":")+1:]
	link := p.links("--role=moderator")[0]
	if status := b.redeem(p.url, link.Token); status != http.StatusNoContent {
		t.Fatalf("sign in: got %d", status)
	}
	var first struct{ Code string }
	ask := func() (int, string) {
		return b.call("POST", p.url, "/api/v1/conferences/"+string(demo.ID)+"/questions",
			`{"idempotencyKey":"a-key-that-stays-the-same","body":"Còn đây không?","topic":"bien-dong"}`)
	}
	status, body := ask()
	if err := json.Unmarshal([]byte(body), &first); err != nil || status != http.StatusCreated {
		t.Fatalf("got %d %s", status, body)
	}
	for _, end := range []func(){func() { p.kill() }, func() { p.stop() }} {
		end()
		p = start(t, data, "--demo", "--tls-listen=off", "--listen=127.0.0.1:"+port)
		var again struct{ Code string }
		status, body := ask()
		if err := json.Unmarshal([]byte(body), &again); err != nil || status != http.StatusCreated || again.Code != first.Code {
			t.Errorf("got %d %s, want code %s", status, body, first.Code)
		}
		if got := b.hello(&websocket.Dialer{}, p.url, "moderator"); got != string(conference.RoleModerator) {
			t.Errorf("the session did not hold: %s", got)
		}
	}
}
