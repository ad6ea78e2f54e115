package server_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/diemcau/diemcau/internal/oneport"
	"github.com/diemcau/diemcau/internal/server"
)

// secureEcho answers over the split TLS port with the protocol, whether the request came
// over TLS, and the address it seems to come from.
func secureEcho(t *testing.T) (address string, roots *x509.CertPool) {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ca, err := server.OpenAuthority(t.TempDir(), time.Now, func() []netip.Addr { return nil })
	if err != nil {
		t.Fatal(err)
	}
	proxies := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	port := oneport.New(oneport.Config{Listener: server.BehindProxies(l, proxies), TLS: ca.TLSConfig()})
	answer := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		secure := "plain"
		if r.TLS != nil {
			secure = "tls"
		}
		_, _ = io.WriteString(w, strings.Join([]string{r.Proto, secure, r.RemoteAddr}, " "))
	})
	runAll(t, server.NewListener(port.HTTP(), answer, nil, slog.New(slog.DiscardHandler)), port)
	roots = x509.NewCertPool()
	roots.AppendCertsFromPEM(ca.CertPEM())
	return l.Addr().String(), roots
}

func TestM6_HTTPSBehindAProxyOverTheSplitPort(t *testing.T) {
	t.Parallel()
	address, roots := secureEcho(t)
	for _, test := range []struct {
		name, header, want string
		protocols          []string
	}{
		{"HTTP/1.1", "", "HTTP/1.1 tls 127.0.0.1", []string{"http/1.1"}},
		{"no protocol named", "", "HTTP/1.1 tls 127.0.0.1", nil},
		{"PROXY", "PROXY TCP4 203.0.113.9 198.51.100.1 56324 443\r\n", "HTTP/1.1 tls 203.0.113.9", []string{"http/1.1"}},
		{"PROXY, no protocol named", "PROXY TCP4 203.0.113.9 198.51.100.1 56324 443\r\n", "HTTP/1.1 tls 203.0.113.9", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			raw, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			defer raw.Close()
			if err := raw.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(raw, test.header); err != nil {
				t.Fatal(err)
			}
			c := tls.Client(raw, &tls.Config{RootCAs: roots, ServerName: "localhost", NextProtos: test.protocols})
			if _, err := io.WriteString(c, plainRequest); err != nil {
				t.Fatal(err)
			}
			got, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer got.Body.Close()
			body, _ := io.ReadAll(got.Body)
			if !strings.HasPrefix(string(body), test.want) {
				t.Errorf("got %q, want %q", body, test.want)
			}
		})
	}
}

func TestM6_HTTP2OverTheSplitPort(t *testing.T) {
	t.Parallel()
	address, roots := secureEcho(t)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: "localhost"}, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+address+"/", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	got, err := (&http.Client{Transport: transport, Timeout: 20 * time.Second}).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	body, _ := io.ReadAll(got.Body)
	if want := "HTTP/2.0 tls 127.0.0.1"; !strings.HasPrefix(string(body), want) {
		t.Errorf("got %q, want %q", body, want)
	}
}
