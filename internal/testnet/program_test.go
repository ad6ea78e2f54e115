package testnet_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/diemcau/diemcau/internal/testnet"
)

// serveEcho answers every TCP connection to the address of its argument with what it says.
func serveEcho() {
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp4", os.Args[1])
	if err != nil {
		panic(err)
	}
	fmt.Fprintln(os.Stdout, "ready")
	for {
		c, err := l.Accept()
		if err != nil {
			panic(err)
		}
		go func() {
			_, _ = io.Copy(c, c)
			_ = c.Close()
		}()
	}
}

// echo starts an echo server as a child in a host and returns its address.
func echo(t *testing.T, h *testnet.Host, port string) string {
	t.Helper()
	address := net.JoinHostPort(h.Addr().String(), port)
	cmd := program("echo", address)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Start(cmd); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		t.Fatalf("the echo server said %q: %v", line, err)
	}
	return address
}

// A child process serves in one host, TCP crosses a bad line from the other: every byte
// comes back, and not faster than asked.
func TestNet_tcpThroughABadLineToAChild(t *testing.T) {
	t.Parallel()
	n := testnet.New(t, testnet.Config{Hosts: []string{"server", "client"}, Seed: 1})
	address := echo(t, n.Host("server"), "7000")
	client := n.Host("client")
	client.SetBoth(testnet.Line{Loss: 0.02, Delay: 5 * time.Millisecond, Jitter: 3 * time.Millisecond, Reorder: 0.01})
	c, err := client.Dial(t.Context(), "tcp4", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	said := bytes.Repeat([]byte("Điểm Cầu "), 30_000)
	var writing sync.WaitGroup
	writing.Go(func() { _, _ = c.Write(said) }) // what is missing is missed below
	heard := make([]byte, len(said))
	if _, err := io.ReadFull(c, heard); err != nil {
		t.Fatal(err)
	}
	writing.Wait()
	if sha256.Sum256(heard) != sha256.Sum256(said) {
		t.Error("the echo differs")
	}
	if up, down := client.Counts(); up.Lost == 0 || down.Lost == 0 {
		t.Errorf("nothing was lost: up %+v, down %+v", up, down)
	}
}

func TestNet_firewalls(t *testing.T) {
	t.Parallel()
	rec := newRecord()
	n := testnet.New(t, testnet.Config{Hosts: []string{"server", "client"}, Watch: rec.watch})
	server, client := n.Host("server"), n.Host("client")
	other, https := echo(t, server, "7000"), echo(t, server, "443")
	udp, from := listen(t, server), listen(t, client)
	for i, tc := range []struct {
		name                 string
		wall                 testnet.Firewall
		udp, other, raw, tls bool
	}{
		{"open", testnet.Open, true, true, true, true},
		{"no UDP", testnet.NoUDP, false, true, true, true},
		{"only TCP 443", testnet.OnlyTCP443, false, false, true, true},
		{"only TLS on 443", testnet.OnlyTLS443, false, false, false, true},
	} {
		client.SetFirewall(tc.wall)
		if _, err := from.WriteTo([]byte("hello"), udp.LocalAddr()); err != nil {
			t.Fatal(err)
		}
		if got := rec.wait(t, i+1)[i].Verdict == testnet.Delivered; got != tc.udp {
			t.Errorf("%s: UDP passed %v, want %v", tc.name, got, tc.udp)
		}
		for _, try := range []struct {
			what, address, says string
			want                bool
		}{
			{"TCP 7000", other, "x", tc.other},
			{"raw TCP on 443", https, "\x00\x14\x00\x01", tc.raw},
			{"TLS on 443", https, "\x16\x03\x01", tc.tls},
		} {
			if got := answers(t, client, try.address, try.says, try.want); got != try.want {
				t.Errorf("%s: %s passed %v, want %v", tc.name, try.what, got, try.want)
			}
		}
	}
}

// answers reports whether an echo comes back. It waits long for one that is expected, and
// only shortly for a firewall's silence.
func answers(t *testing.T, from *testnet.Host, address, says string, expected bool) bool {
	t.Helper()
	silence := 400 * time.Millisecond
	if expected {
		silence = patience
	}
	var c net.Conn
	var err error
	dialer := net.Dialer{Timeout: silence}
	if err := from.Do(func() { c, err = dialer.DialContext(t.Context(), "tcp4", address) }); err != nil {
		t.Fatal(err)
	}
	if err != nil {
		return false
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(silence)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, says); err != nil {
		return false
	}
	heard := make([]byte, len(says))
	_, err = io.ReadFull(c, heard)
	return err == nil && string(heard) == says
}

// The host is alone: no way to this machine's own interfaces, nor from there in.
func TestNet_hostsAreApart(t *testing.T) {
	t.Parallel()
	n := testnet.New(t, testnet.Config{Hosts: []string{"a"}})
	var inside []net.Addr
	var err error
	if err := n.Host("a").Do(func() { inside, err = net.InterfaceAddrs() }); err != nil {
		t.Fatal(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range inside {
		ip := netip.MustParsePrefix(a.String()).Addr()
		if !ip.IsLoopback() && !ip.IsLinkLocalUnicast() && ip != n.Host("a").Addr() {
			t.Errorf("the host has the address %v", a)
		}
	}
	if len(inside) < 2 {
		t.Errorf("the host has only %v", inside)
	}
	outside, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range outside {
		if strings.HasPrefix(a.String(), "10.77.") {
			t.Errorf("%v leaked out of its namespace", a)
		}
	}
}

// beVictim makes a network with a child in it, says so and waits to be killed.
func beVictim() {
	testing.Init()
	testing.Main(func(string, string) (bool, error) { return true, nil }, []testing.InternalTest{{
		Name: "victim", F: func(t *testing.T) {
			t.Helper()
			n := testnet.New(t, testnet.Config{Hosts: []string{"a", "b"}})
			child := program("echo", net.JoinHostPort(n.Host("a").Addr().String(), "7000"))
			child.Stdout = os.Stdout // its end is the child's end
			if err := n.Host("a").Start(child); err != nil {
				t.Error(err)
			}
			<-make(chan struct{})
		},
	}}, nil, nil)
}

// A test that is killed leaves no child behind, and the child was the last who held the
// namespace: the pipe both write to ends.
func TestNet_killedTestLeavesNothing(t *testing.T) {
	t.Parallel()
	victim := program("victim")
	out, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	victim.Stdout = w
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	reader := bufio.NewReader(out)
	if line, err := reader.ReadString('\n'); line != "ready\n" {
		t.Errorf("the victim's child said %q: %v", line, err)
	}
	if err := victim.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = victim.Wait() // killed, as asked
	if err := out.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, reader); err != nil {
		t.Errorf("somebody survived the kill: %v", err)
	}
}

// A command that does not exist is an error, not a hang.
func TestHost_startOfNothing(t *testing.T) {
	t.Parallel()
	n := testnet.New(t, testnet.Config{Hosts: []string{"a"}})
	if err := n.Host("a").Start(exec.Command("/nonexistent")); err == nil { //nolint:noctx // never starts
		t.Error("started nothing without an error")
	}
}
