package main

import (
	"net"
	"net/http"
	"strconv"
	"strings"

	"github.com/diemcau/diemcau/sfu"
)

// relays tells clients how to reach the TURN server, which is on the TLS port.
type relays struct {
	node *sfu.Node
	port string // of TLS as seen from outside; "": there is none
}

func (a *app) relays() relays {
	r := relays{node: a.media}
	switch {
	case a.bound.secure == nil:
	case a.flags.PublicTLSPort != 0:
		r.port = strconv.Itoa(a.flags.PublicTLSPort)
	default:
		_, r.port = splitAddr(a.bound.secure.Addr())
	}
	return r
}

// URL returns the address by the name the client itself has used, because the certificate
// is for that one, and over TLS by its port as well.
func (r relays) URL(request *http.Request) string {
	host, port, err := net.SplitHostPort(request.Host)
	if err != nil {
		host, port = strings.Trim(request.Host, "[]"), "443"
	}
	if request.TLS == nil {
		port = r.port
	}
	if r.port == "" || host == "" || strings.IndexFunc(host, notInHost) >= 0 {
		return ""
	}
	return "turns:" + net.JoinHostPort(host, port) + "?transport=tcp"
}

// notInHost finds what no name or address has.
func notInHost(c rune) bool {
	return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '.' && c != '-' && c != ':'
}

// Credentials are for one session of somebody who has shown who it is.
func (r relays) Credentials(session string) (username, credential string) {
	return r.node.RelayCredentials(session)
}

// PublicCredentials are for one session of anybody who watches.
func (r relays) PublicCredentials(session string) (username, credential string) {
	return r.node.PublicRelayCredentials(session)
}
