package server_test

import (
	"bufio"
	"context"
	"encoding/hex"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/diemcau/diemcau/internal/server"
)

// echoServer answers every request with the address it seems to come from.
func echoServer(t *testing.T, proxies ...string) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var ranges []netip.Prefix
	for _, p := range proxies {
		ranges = append(ranges, netip.MustParsePrefix(p))
	}
	answer := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.RemoteAddr) })
	runAll(t, server.NewListener(server.BehindProxies(l, ranges), answer, nil, slog.New(slog.DiscardHandler)))
	return l.Addr().String()
}

// runAll runs what lives long until the test ends.
func runAll(t *testing.T, all ...interface {
	Run(ctx context.Context) error
},
) {
	t.Helper()
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, len(all))
	for _, each := range all {
		go func() { ended <- each.Run(ctx) }() // ends with stop
	}
	t.Cleanup(func() {
		stop()
		for range all {
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
	})
}

const plainRequest = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

// say sends bytes and returns the answer's body, "" when it was refused.
func say(t *testing.T, address, text string) string {
	t.Helper()
	c, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, text); err != nil {
		return ""
	}
	answer, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return ""
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		return ""
	}
	return string(body)
}

func binary(t *testing.T, text string) string {
	t.Helper()
	raw, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestBehindProxies_readsTheHeader(t *testing.T) {
	t.Parallel()
	const signature = "0d0a0d0a000d0a515549540a "
	address := echoServer(t, "127.0.0.0/8")
	for _, test := range []struct{ name, header, want string }{
		{"none", "", "127.0.0.1:"},
		{"version 1", "PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n", "192.0.2.7:56324"},
		{"version 1, IPv6", "PROXY TCP6 2001:db8::7 2001:db8::1 56324 443\r\n", "[2001:db8::7]:56324"},
		{"version 1, the proxy itself", "PROXY UNKNOWN\r\n", "127.0.0.1:"},
		{"version 2", binary(t, signature+"21 11 000c c0000207 c6336401 dc04 01bb"), "192.0.2.7:56324"},
		{"version 2, IPv6", binary(t, signature+"21 21 0024 20010db8000000000000000000000007 20010db8000000000000000000000001 dc04 01bb"), "[2001:db8::7]:56324"},
		{"version 2 with an extension", binary(t, signature+"21 11 0012 c0000207 c6336401 dc04 01bb 04 0003 616263"), "192.0.2.7:56324"},
		{"version 2, the proxy itself", binary(t, signature+"20 00 0000"), "127.0.0.1:"},
		{"version 2, a family without addresses", binary(t, signature+"21 31 0002 abcd"), "127.0.0.1:"},
		{"version 1, cut", "PROXY TCP4 192.0.2.7\r\n", ""},
		{"version 1, no address", "PROXY TCP4 a b c d\r\n", ""},
		{"version 1, no end", "PROXY TCP4 " + strings.Repeat("1", 600), ""},
		{"version 2, of tomorrow", binary(t, signature+"31 11 000c c0000207 c6336401 dc04 01bb"), ""},
		{"version 2, shorter than its addresses", binary(t, signature+"21 11 0004 c0000207"), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := say(t, address, test.header+plainRequest)
			if !strings.HasPrefix(got, test.want) || (test.want == "") != (got == "") {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestBehindProxies_othersAreNotBelieved(t *testing.T) {
	t.Parallel()
	const header = "PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n"
	for _, proxies := range [][]string{nil, {"10.0.0.0/8"}} {
		address := echoServer(t, proxies...)
		if got := say(t, address, plainRequest); !strings.HasPrefix(got, "127.0.0.1:") {
			t.Errorf("proxies %v: got %q", proxies, got)
		}
		if got := say(t, address, header+plainRequest); strings.Contains(got, "192.0.2.7") {
			t.Errorf("proxies %v: a stranger's header was believed", proxies)
		}
	}
}

func TestBehindProxies_postIsNoHeader(t *testing.T) {
	t.Parallel()
	address := echoServer(t, "127.0.0.0/8")
	got := say(t, address, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
	if !strings.HasPrefix(got, "127.0.0.1:") {
		t.Errorf("got %q", got)
	}
}

func FuzzReadProxyHeader(f *testing.F) {
	f.Add([]byte("PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\nGET /"))
	f.Add([]byte("PROXY UNKNOWN\r\n"))
	f.Add([]byte("PROXY \r\n"))
	f.Add([]byte("\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c\xc0\x00\x02\x07\xc6\x33\x64\x01\xdc\x04\x01\xbb"))
	f.Add([]byte("GET / HTTP/1.1\r\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := bufio.NewReaderSize(strings.NewReader(string(data)), 512)
		from, err := server.ReadProxyHeader(r)
		if err != nil {
			return
		}
		if from == nil && !strings.HasPrefix(string(data), "PROXY ") && !strings.HasPrefix(string(data), "\r\n\r\n\x00\r\nQUIT\n") {
			rest, err := io.ReadAll(r)
			if err != nil || string(rest) != string(data) {
				t.Errorf("%q: without a header %q is left", data, rest)
			}
		}
	})
}
