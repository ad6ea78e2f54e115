package main

import (
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/diemcau/diemcau/internal/demo"
	"github.com/diemcau/diemcau/signaling/protocol"
)

// first reads what a role's socket says first: the welcome, the snapshot, and on until it
// has said what was said last.
func (b *browser) first(base string, role protocol.Role, last string) string {
	b.Helper()
	dialer := &websocket.Dialer{Jar: b.http.Jar, Subprotocols: []string{protocol.Subprotocol}}
	path := "/api/v1/conferences/" + string(demo.ID) + "/socket"
	socket, response, err := dialer.DialContext(b.Context(), "ws"+strings.TrimPrefix(base, "http")+path, http.Header{"Origin": {base}})
	if err != nil {
		b.Fatalf("socket: %v", err)
	}
	defer socket.Close()
	defer response.Body.Close()
	if err := socket.WriteJSON(protocol.ClientMessage{Type: "hello", Hello: &protocol.Hello{Protocols: []int{1}, Role: role}}); err != nil {
		b.Fatal(err)
	}
	var said strings.Builder
	// The snapshot may be a moment old; what has happened since follows.
	for n := 0; n < 2 || !strings.Contains(said.String(), last); n++ {
		_, message, err := socket.ReadMessage()
		if err != nil {
			b.Fatalf("socket of %s: %v", role, err)
		}
		said.Write(message)
	}
	return said.String()
}

// freeAddress returns an address nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // only asks for a free port
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return address
}

// TestQ11_CanariesStayHome: the words and the name of a question nobody has approved yet
// reach the roles that screen it, and no other role, public answer, metric, log line or
// file of the data folder.
func TestQ11_CanariesStayHome(t *testing.T) {
	t.Parallel()
	metrics := freeAddress(t)
	data := t.TempDir()
	p := start(t, data, "--demo", "--tls-listen=off", "--metrics-listen="+metrics)
	b := newBrowser(t)
	const words, name = "Chim-hoàng-yến-trong-lời", "Chim-hoàng-yến-trong-tên"
	status, receipt := b.call("POST", p.url, "/api/v1/conferences/"+string(demo.ID)+"/questions",
		`{"idempotencyKey":"0123456789abcdef-canary","body":"`+words+`","topic":"cap-giay-lan-dau","name":"`+name+`"}`)
	if status != http.StatusCreated {
		t.Fatalf("got %d %s", status, receipt)
	}
	told := func(where, said string, may bool) {
		t.Helper()
		for _, canary := range []string{words, name} {
			if strings.Contains(said, canary) != may {
				t.Errorf("%s tells %q: %v, want %v", where, canary, !may, may)
			}
		}
	}
	told("the receipt", receipt, false)
	for _, path := range []string{"/", "/c/" + string(demo.ID), "/api/v1/conferences", "/readyz"} {
		_, body := b.call("GET", p.url, path, "")
		told(path, body, false)
	}
	told("a citizen's socket", b.first(p.url, "", ""), false)
	for role, may := range map[protocol.Role]bool{
		"moderator": true, "stage": true, "admin": true, "screen": false, "registrar": false, "official": false, "venue": false,
	} {
		args := []string{"--role=" + string(role)}
		if role == "venue" {
			args = append(args, "--venue=ba-dinh")
		}
		staff := newBrowser(t)
		if status := staff.redeem(p.url, p.links(args...)[0].Token); status != http.StatusNoContent {
			t.Fatalf("%s: got %d", role, status)
		}
		told("the socket of "+string(role), staff.first(p.url, role, ""), may)
	}
	_, scraped := b.call("GET", "http://"+metrics, "/metrics", "")
	if !strings.Contains(scraped, "diemcau_questions_submitted_total") {
		t.Errorf("no metrics: %.200s", scraped)
	}
	told("the metrics", scraped, false)
	p.stop()
	told("the log", p.logs.String()+p.out.String(), false)
	err := filepath.WalkDir(data, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		told(entry.Name(), string(raw), false)
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
