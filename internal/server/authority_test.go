package server_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/diemcau/diemcau/internal/server"
)

func readAll(t *testing.T, response *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func get(t *testing.T, address string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func lanAddresses() []netip.Addr { return []netip.Addr{netip.MustParseAddr("192.168.1.5")} }

// leafOf shakes hands over a pipe and returns the certificate that was shown.
func leafOf(t *testing.T, a *server.Authority) *x509.Certificate {
	t.Helper()
	pair, err := a.TLSConfig().GetCertificate(&tls.ClientHelloInfo{})
	if err != nil {
		t.Fatal(err)
	}
	return pair.Leaf
}

func TestAuthority_isKeptAndSignsForThisMachine(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "ca")
	now := time.Now()
	clock := func() time.Time { return now }
	first, err := server.OpenAuthority(dir, clock, lanAddresses)
	if err != nil {
		t.Fatal(err)
	}
	again, err := server.OpenAuthority(dir, clock, lanAddresses)
	if err != nil {
		t.Fatal(err)
	}
	if string(first.CertPEM()) != string(again.CertPEM()) {
		t.Error("a restart made another authority: every machine would have to trust it anew")
	}
	info, err := os.Stat(filepath.Join(dir, "ca.key"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got key mode %v and error %v, want 0600", info.Mode(), err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(first.CertPEM()) {
		t.Fatal("the certificate is not PEM")
	}
	for _, name := range []string{"localhost", "127.0.0.1", "::1", "192.168.1.5"} {
		_, err := leafOf(t, again).Verify(x509.VerifyOptions{Roots: roots, DNSName: name, CurrentTime: now})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	old := leafOf(t, again)
	now = now.Add(70 * 24 * time.Hour)
	if renewed := leafOf(t, again); !renewed.NotAfter.After(old.NotAfter) {
		t.Error("the leaf is not renewed in time")
	}
	now = now.Add(5 * 365 * 24 * time.Hour)
	later, err := server.OpenAuthority(dir, clock, lanAddresses)
	if err != nil || string(later.CertPEM()) == string(first.CertPEM()) {
		t.Errorf("an authority about to expire is used on, error %v", err)
	}
}

func TestAuthority_refusesAKeyThatIsNotIts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := server.OpenAuthority(dir, time.Now, lanAddresses); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "ca.key"), []byte("noise"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := server.OpenAuthority(dir, time.Now, lanAddresses); err == nil {
		t.Error("got no error for a damaged key")
	}
}

func TestListener_servesTLSAndHTTP2(t *testing.T) {
	t.Parallel()
	authority, err := server.OpenAuthority(t.TempDir(), time.Now, func() []netip.Addr { return nil })
	if err != nil {
		t.Fatal(err)
	}
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Proto) })
	listener := server.NewListener(l, handler, authority.TLSConfig(), slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- listener.Run(ctx) }() // ends with cancel
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority.CertPEM())
	for _, test := range []struct {
		proto string
		http2 bool
	}{{"HTTP/2.0", true}, {"HTTP/1.1", false}} { // a WebSocket needs the second
		transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: test.http2}
		response, err := (&http.Client{Transport: transport}).Do(get(t, "https://"+listener.Addr().String()+"/"))
		if err != nil {
			t.Fatal(err)
		}
		if got := readAll(t, response); got != test.proto {
			t.Errorf("got %s, want %s", got, test.proto)
		}
		response.Body.Close()
		transport.CloseIdleConnections()
	}
	old := &tls.Dialer{Config: &tls.Config{RootCAs: roots, MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}}
	if conn, err := old.DialContext(t.Context(), "tcp", listener.Addr().String()); err == nil {
		conn.Close()
		t.Error("TLS 1.1 was accepted")
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("stop: %v", err)
	}
	var refused *net.OpError
	if _, err := new(net.Dialer).DialContext(t.Context(), "tcp", listener.Addr().String()); !errors.As(err, &refused) {
		t.Errorf("after the stop: got %v, want a refused connection", err)
	}
}

func TestToTLS_sendsPeopleOverAndLetsProgramsThrough(t *testing.T) {
	t.Parallel()
	next := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	handler := server.ToTLS(next, "https://hop.example.vn")
	for _, test := range []struct {
		from, path string
		status     int
		location   string
	}{
		{"203.0.113.9:1000", "/venue", 308, "https://hop.example.vn/venue"},
		{"203.0.113.9:1000", "//evil.example/x", 308, "https://hop.example.vn/evil.example/x"},
		{"203.0.113.9:1000", "/readyz", 204, ""},
		{"127.0.0.1:1000", "/api/v1/conferences", 204, ""},
		{"[::1]:1000", "/api/v1/conferences", 204, ""},
		{"noise", "/", 308, "https://hop.example.vn/"},
	} {
		w := newRecorder(t, handler, test.from, test.path)
		if w.Code != test.status || w.Header().Get("Location") != test.location {
			t.Errorf("%s %s: got %d %q, want %d %q", test.from, test.path, w.Code, w.Header().Get("Location"), test.status, test.location)
		}
		if strings.Contains(w.Header().Get("Location"), "\n") {
			t.Error("a header was split")
		}
	}
}
