package main

import (
	"crypto/tls"
	"net/http"
	"testing"
)

// The relay is told by the name the client used itself: the certificate is for that one.
func TestM6_TheRelaysAddress(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, port, host string
		secure           bool
		want             string
	}{
		{"https", "443", "hop.example.gov.vn", true, "turns:hop.example.gov.vn:443?transport=tcp"},
		{"https behind a balancer", "8443", "hop.example.gov.vn", true, "turns:hop.example.gov.vn:443?transport=tcp"},
		{"https on another port", "443", "192.0.2.1:9443", true, "turns:192.0.2.1:9443?transport=tcp"},
		{"plain http", "8443", "localhost:8080", false, "turns:localhost:8443?transport=tcp"},
		{"IPv6", "8443", "[2001:db8::1]", true, "turns:[2001:db8::1]:443?transport=tcp"},
		{"no TLS port", "", "localhost:8080", false, ""},
		{"no host", "443", "", true, ""},
		{"a host that is none", "443", "a>;b", true, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := &http.Request{Host: test.host}
			if test.secure {
				r.TLS = &tls.ConnectionState{}
			}
			if got := (relays{port: test.port}).URL(r); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
